"""One figure of the catalogue with everything that is needed to check it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.licensing import WITHHELD_TOTAL
from trafford_sv.core.access import can
from trafford_sv.core.parts import Link, SummaryRow, Table
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PermissionView

from ..catalogue import BASIS_WORDS, CATALOGUE, Basis, Unit
from ..selectors.boards import FigureTrace, figure_trace
from ..selectors.figures import rows_page
from ..selectors.narrowed_measures import not_limited, not_limited_words
from ..selectors.star_measures import value_words
from .boards import home_of
from .narrowed import Narrowed, up_to


class FigureDetail(PermissionView):
    """A figure with its rows, evidence, measure editions, formula and rounding."""

    permission = "view_commitments"

    def get(self, request: HttpRequest, key: str, basis: str) -> HttpResponse:
        latest = Quarter.of(self.today).previous
        form, about = Narrowed().read(request, request.user, latest, newest=latest.next)
        asked = about.as_of
        if key.startswith("spend_"):  # not kept by day
            about = replace(about, as_of=None)
        if key not in CATALOGUE or basis not in CATALOGUE[key].bases:
            raise Http404
        if key.startswith("spend_") and not can(request.user, "view_spend"):
            raise Http404
        name = CATALOGUE[key].name
        if form.is_valid():
            for narrowing in not_limited(key, about.scope):
                form.add_error(narrowing.value, not_limited_words(key, about.scope))
        context: dict[str, Any] = {
            "title": f"{name}, {BASIS_WORDS[Basis(basis)]}",
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "has_errors": not form.is_valid(),
            "breadcrumbs": [home_of(request.user), (name, None)],
        }
        if form.is_valid():
            trace = figure_trace(request.user, key, basis, about)
            trace = replace(trace, rows_url=rows_page(request.user, trace.rows_url))
            context |= {
                "trace": trace,
                "period": up_to(about),
                "asked": asked,
                "words": WITHHELD_TOTAL
                if trace.is_withheld
                else value_words(trace.value, trace.figure.unit),
                "facts": facts(trace),
                "editions": editions_table(trace),
                "totals": totals_table(trace),
                "api_url": f"{reverse('api-figures')}?figure={key}&basis={basis}&{about.query()}",
            }
        return render(request, "reporting/figure_detail.html", context)


def totals_table(trace: FigureTrace) -> Table | None:
    """What winners offered, agreement by agreement, in place of their sealed lines."""
    if not trace.totals:
        return None
    return Table(
        caption="Offered by the winners, agreement by agreement",
        headings=("Agreement", "Sealed lines", "Offered"),
        rows=[
            (
                Link(f"{one.reference} {one.title}", reverse("contract-social-value", args=[one.contract])),
                f"{one.rows:,}",
                "Withheld by a licence" if one.is_withheld
                else value_words(one.offered_pounds, Unit.POUNDS, in_full=True) or "Not priced",
            )
            for one in trace.totals
        ],
        numeric=frozenset({1, 2}),
    )  # fmt: skip


def facts(trace: FigureTrace) -> list[SummaryRow]:
    unit = trace.figure.unit
    rows = [
        SummaryRow(
            "Exact value", value_words(trace.value, unit, in_full=True),
            missing=WITHHELD_TOTAL
            if trace.is_withheld
            else "Nothing is recorded, which is not 0",
        ),
        SummaryRow("What is counted", trace.figure.words),
        SummaryRow("What it rests on", BASIS_WORDS[Basis(trace.basis)].capitalize()),
        SummaryRow("Formula", trace.formula),
        SummaryRow("Rounding", trace.rounding),
    ]  # fmt: skip
    if trace.rows is not None:
        rows.append(
            SummaryRow(
                "Rows", f"{trace.rows:,}",
                action=Link("Show the rows", trace.rows_url, trace.figure.name) if trace.rows_url and trace.rows else None,
            )
        )  # fmt: skip
    elif trace.rows_url:
        rows.append(
            SummaryRow("Rows", "In their own list", action=Link("Show the rows", trace.rows_url))
        )
    if trace.rows_words:
        rows.append(SummaryRow("About the rows", trace.rows_words))
    if trace.evidence_files is not None:
        files = trace.evidence_files
        rows.append(
            SummaryRow(
                "Evidence", f"{files:,} {'file' if files == 1 else 'files'} on these rows",
                note="Each opens from its row, for whoever may read the return",
                action=Link("Show the rows", trace.evidence_url, "with evidence") if trace.evidence_url else None,
            )
        )  # fmt: skip
    rows.append(SummaryRow("Completeness", trace.known_words or trace.completeness.sentence))
    return rows


def editions_table(trace: FigureTrace) -> Table | None:
    if not trace.editions:
        return None
    rows: Sequence[Sequence[object]] = [
        (
            one.name,
            f"{one.lines:,}",
            value_words(one.value_pounds, Unit.POUNDS, in_full=True)
            or ("withheld" if one.is_kept_in else "none"),
            one.licence,
        )
        for one in trace.editions
    ]
    return Table(
        "Editions of the measures behind it", ("Edition", "Rows", "Pounds", "Licence"), rows,
        numeric=frozenset({1, 2}), is_stacked=True,
    )  # fmt: skip

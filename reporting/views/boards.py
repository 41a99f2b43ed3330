"""The dashboards of promises and proof: officers, STAR, the Steering Group, suppliers, the public.

Each says one sentence, at most four figures with what is verified first, then pictures with their
tables. The filters are in the address, so that they survive from one board to the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from django import forms
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from action_plan.selectors.plan import count_plan, plan_rows
from contracts.forms.position import PortfolioForm
from contracts.four_figures import Amounts, ValueState
from contracts.selectors.position import EVERYWHERE, Scope
from contracts.selectors.spend import retained_spend_everywhere
from contracts.valuation import Kind
from contracts.views import position_parts as parts
from trafford_sv.core.access import can
from trafford_sv.core.money import exact, percentage, readable
from trafford_sv.core.parts import EmptyState, Figure, Link, State, SummaryRow, Table
from trafford_sv.core.periods import MONTHS, Quarter
from trafford_sv.core.views_base import PermissionView, PublicView

from ..catalogue import BASIS_WORDS, Basis, FigureGone, Unit
from ..selectors.boards import (
    Board,
    BoardScope,
    FigureTrace,
    board,
    figure_trace,
)
from ..selectors.closing import MeasuresOfQuarter, measures_of_quarter
from ..selectors.public_board import public_board, public_quarters
from ..selectors.star_measures import value_words
from .star_measures import target_tag

QUARTERS_OFFERED = 12
BREAKDOWNS = {
    "directorate": ("Directorate", "By directorate"),
    "agreement": ("Kind of agreement", "By kind of agreement"),
    "theme": ("Theme", "By theme"),
}


def up_to(about: BoardScope) -> str:
    last = about.last
    if about.first:
        return f"In {last.label}"
    return (
        f"Everything up to the end of {MONTHS[last.end.month - 1]} {last.end.year} ({last.short})"
    )


class BoardForm(PortfolioForm):
    """And the day as known on which it is shown."""

    as_of = forms.DateField(
        label="As known on", required=False, help_text="Leave empty for what is known now"
    )

    def __init__(
        self, data: Any, *, user: Any, quarters: list[tuple[str, str]], today: Any
    ) -> None:
        super().__init__(data, user=user, quarters=quarters)
        self.today = today

    def clean_as_of(self) -> Any:
        day = self.cleaned_data.get("as_of")
        if day is not None and day > self.today:
            raise forms.ValidationError("This day has not come yet. Choose one that is over.")
        return day


class Narrowed:
    """Reads the filters of a board, a figure's page or the public page from the address."""

    def read(
        self,
        request: HttpRequest,
        user: Any,
        latest: Quarter,
        *,
        newest: Quarter | None = None,
        only: Sequence[Quarter] = (),
    ) -> tuple[BoardForm, BoardScope]:
        """`only`: these quarters alone, as known now."""
        offered = list(only[:QUARTERS_OFFERED]) or [newest or latest]
        while not only and len(offered) < QUARTERS_OFFERED:
            offered.append(offered[-1].previous)
        choices = [(one.code, one.label) for one in offered]
        data = {"quarter": latest.code, "span": "to-date", **request.GET.dict()}
        if only:
            data.pop("as_of", None)
        today = request.today  # type: ignore[attr-defined]
        form = BoardForm(data, user=user, quarters=choices, today=today)
        values = form.cleaned_data if form.is_valid() else {}
        last = Quarter.parse(values.get("quarter") or latest.code)
        scope = Scope(
            agreement=values.get("agreement", ""),
            directorate=int(values["directorate"]) if values.get("directorate") else None,
            division=values.get("division", ""),
            theme=values.get("theme", ""),
            ward=values.get("ward", ""),
        )
        first = last if values.get("span") == "quarter" else None
        return form, BoardScope(scope, first, last, values.get("as_of"))


# --- figures ------------------------------------------------------------------------------


def amount_figure(found: Board, state: ValueState, label: str, of_what: str, said: str) -> Figure:
    """Social value of one state, with local economic value told apart beside it."""
    amounts = found.report.position.figures.get(state) or Amounts()
    social, local = amounts.social_pounds, amounts.local_economic_pounds
    beside = (
        "" if local is None else f"And {readable(local)} of local economic value, counted apart"
    )
    return Figure(
        label,
        None if social is None else readable(social),
        exact="" if social is None else exact(social),
        state=State(state.value),
        of_what=of_what,
        completeness=said,
        change=beside,
        missing=parts.WITHHELD_TOTAL
        if found.report.position.figures.is_withheld(state, Kind.SOCIAL)
        else "None in pounds yet",
        way_in=way_of(found, "social_value", state.value, label),
    )


def way_of(found: Board, key: str, basis: str, label: str) -> Link | None:
    """To the rows as they are now; as known on another day they are not what made the figure."""
    if found.about.as_of is not None:
        return None
    return Link("Show how it is made", trace_url(key, basis, found.about), label)


def restated_table(found: Board) -> Table | None:
    if not found.restated:
        return None

    def pounds(amount: Any) -> str:
        return "none" if amount is None else exact(amount)

    rows = [
        (
            Link(one.label, reverse("return-detail", args=[one.return_pk])),
            one.counted_in.short if one.counted_in else "",
            pounds(one.reported_then), pounds(one.reported_now),
            pounds(one.verified_then), pounds(one.verified_now),
        )
        for one in found.restated
    ]  # fmt: skip
    return Table(
        "Deliveries that count otherwise now",
        ("Delivery", "Counts in", "Reported then", "Reported now", "Verified then", "Verified now"),
        rows, numeric=frozenset({2, 3, 4, 5}), is_stacked=True,
    )  # fmt: skip


def trace_url(key: str, basis: str, about: BoardScope) -> str:
    return f"{reverse('figure-detail', args=[key, basis])}?{about.query()}"


def verified_first(found: Board) -> Iterator[Figure]:
    """Verified of committed, then what is reported and waits, then the promise itself."""
    position = found.report.position
    part = position.figures.delivery_share(Kind.SOCIAL)
    waits = position.counts.lines_undecided
    yield amount_figure(
        found, ValueState.VERIFIED, "Verified social value",
        f"{percentage(part)} of everything committed" if part is not None else "",
        found.report.completeness.sentence,
    )  # fmt: skip
    yield amount_figure(
        found, ValueState.REPORTED, "Reported social value", "Said by suppliers",
        f"{waits:,} of {position.counts.lines:,} deliveries wait to be checked" if waits else "",
    )  # fmt: skip
    number = position.counts.commitments
    yield amount_figure(
        found, ValueState.COMMITTED, "Committed social value",
        f"{number:,} agreed {'commitment' if number == 1 else 'commitments'}", "",
    )  # fmt: skip


def returns_figure(found: Board) -> Figure:
    came = found.report.completeness
    return Figure(
        "Returns received",
        f"{came.received:,}" if came.expected else None,
        of_what=f"of {came.expected:,} that were due for {found.report.quarter.short}",
        completeness=f"{came.missing:,} {'is' if came.missing == 1 else 'are'} missing"
        if came.missing
        else "",
        missing="No return was due",
        way_in=way_of(found, "returns_received", "record", "Returns received"),
    )  # fmt: skip


# --- boards -------------------------------------------------------------------------------


class BoardPage(PermissionView):
    """`by` breaks the figures down; "" for none."""

    title = ""
    audience = ""
    by = ""

    def get(self, request: HttpRequest) -> HttpResponse:
        # The last quarter that is over: nobody owes a return for the one that runs.
        latest = Quarter.of(self.today).previous
        form, about = Narrowed().read(request, request.user, latest, newest=latest.next)
        by = request.GET.get("by", "")
        by = by if by in BREAKDOWNS else self.by
        found = board(request.user, about, by=by)
        heading, caption = BREAKDOWNS.get(by, ("", ""))
        context = {
            "title": self.title,
            "sentence": parts.headline(found.report.position),
            "period": up_to(about),
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "has_errors": not form.is_valid(),
            "figures": list(self.figures(found)),
            "report": found.report,
            "trend": parts.quarters_chart("trend", found.trend),
            "chart": parts.four_chart("four", found.report.position, Kind.SOCIAL, up_to(about)),
            "tables": parts.group_tables(caption, heading, found.groups, found.report.position)
            if by
            else [],
            "by": by,
            "choices": [
                (key, words, address(request, by=key)) for key, (_, words) in BREAKDOWNS.items()
            ]
            if self.by
            else [],
            "boards": boards_open_to(request.user, about.query(), self.audience),
            "is_print": request.GET.get("print") == "yes",
            "print_url": address(request, print="yes"),
            "screen_url": address(request, print=""),
            "empty": self.empty(found),
            "as_of": about.as_of,
            "is_early": about.as_of is not None and about.as_of <= about.last.end,
            "restated": restated_table(found),
            "restated_more": found.restated_more,
            "breadcrumbs": self.crumbs(),
        }
        context |= self.more(found)
        return render(request, "reporting/board.html", context)

    def figures(self, found: Board) -> Iterator[Figure]:
        yield from verified_first(found)
        yield returns_figure(found)

    def more(self, found: Board) -> dict[str, Any]:
        return {}

    def crumbs(self) -> list[tuple[str, str | None]]:
        return [home_of(self.request.user), (self.title, None)]

    @staticmethod
    def empty(found: Board) -> EmptyState | None:
        counts = found.report.position.counts
        if counts.commitments or counts.commitments_varied or counts.lines:
            return None
        return EmptyState(
            "Nothing is promised here yet",
            "Once commitments are agreed, what was committed, reported and verified stands here.",
        )


def address(request: HttpRequest, **more: str) -> str:
    query = request.GET.copy()
    for name, value in more.items():
        if value:
            query[name] = value
        else:
            query.pop(name, None)
    return f"?{query.urlencode()}"


_BOARDS = (
    ("officer", "Promises and proof", "board-officer", "see_dashboard"),
    ("star", "STAR", "board-star", "view_reports"),
    ("steering", "Steering Group", "board-steering", "view_reports"),
)


def boards_open_to(user: Any, query: str = "", current: str = "") -> list[tuple[str, str, bool]]:
    """The boards that this person may open, with the filters that are chosen."""
    return [
        (words, f"{reverse(name)}?{query}" if query else reverse(name), key == current)
        for key, words, name, permission in _BOARDS
        if can(user, permission)
    ]


class OfficerBoard(BoardPage):
    permission = "see_dashboard"
    title, audience, by = "Promises and proof", "officer", "directorate"


class SteeringBoard(BoardPage):
    permission = "view_reports"
    title, audience = "Steering Group: promises, proof and the plan", "steering"

    def figures(self, found: Board) -> Iterator[Figure]:
        yield next(verified_first(found))
        yield returns_figure(found)
        if found.about.as_of is not None:
            return  # the plan is not kept day by day here, and today's would mislead
        counts = count_plan(plan_rows(self.request.user, as_of=self.today))
        yield Figure(
            "Actions of the plan that run",
            f"{counts.live:,}",
            of_what=f"{counts.complete:,} are complete",
            completeness=f"{counts.overdue:,} are overdue, {counts.stale:,} have no update for a quarter",
            way_in=Link("Show the plan", reverse("plan-board")),
        )


class StarBoard(BoardPage):
    permission = "view_reports"
    title, audience = "STAR: promises, proof and the five measures", "star"

    def figures(self, found: Board) -> Iterator[Figure]:
        yield next(verified_first(found))
        position = found.report.position
        share = position.offered_share
        yield Figure(
            "Offered in bids that won",
            None if share is None else percentage(share, 1),
            state=State.OFFERED,
            of_what="of the value of the contracts whose bids are recorded",
            completeness="An offer is no proof: see what is verified",
            missing="No winning bid is recorded",
            way_in=way_of(found, "social_value", "offered", "Offered"),
        )
        yield returns_figure(found)

    def more(self, found: Board) -> dict[str, Any]:
        held = measures_of_quarter(
            found.about.last, with_comments=False, as_known=found.about.as_known
        )
        return {"measure_set": held.measure_set, "five": five_table(held)}


def five_table(held: MeasuresOfQuarter) -> Table | None:
    if not held.lines:
        return None
    rows = []
    for line in held.lines:
        before = line.before
        rows.append(
            (
                Link(
                    line.measure.name,
                    f"{line.measure.get_absolute_url()}?quarter={line.quarter.code}",
                ),
                line.words or (line.reading.reason if line.reading else "") or "Nothing on record",
                (value_words(before.value, line.measure.unit) if before else None) or "Not known",
                value_words(line.measure.target_quantity, line.measure.unit) or "None set",
                target_tag(line).text,
            )
        )
    return Table(
        caption=f"{held.measure_set}",
        headings=("Measure", held.lines[0].quarter.short, "The quarter before", "Target", "State"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        is_stacked=True,
    )


class SupplierBoard(BoardPage):
    permission = "report_delivery"
    title, audience = "Your promises and proof", "supplier"

    def crumbs(self) -> list[tuple[str, str | None]]:
        return [("Your promises", reverse("supplier-home")), (self.title, None)]


class PublicBoard(PublicView):
    """For anyone: closed quarters alone, what is verified of what was promised, and where money went."""

    def get(self, request: HttpRequest) -> HttpResponse:
        closed = public_quarters()
        context: dict[str, Any] = {
            "title": "What was promised, and what is proven",
            "breadcrumbs": [("Home", reverse("home")), ("What is proven", None)],
            "is_public": True,
            "is_print": request.GET.get("print") == "yes",
            "print_url": address(request, print="yes"),
            "screen_url": address(request, print=""),
        }
        if not closed.quarters:
            context["empty"] = EmptyState(
                "No quarter is closed yet",
                "Figures are shown here once a quarter is closed and what was counted in it is locked.",
            )
            return render(request, "reporting/board.html", context)
        form, about = Narrowed().read(request, EVERYWHERE, closed.quarters[0], only=closed.quarters)
        found, why_not = public_board(about, closed.quarters[0])
        context |= {
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "has_errors": not form.is_valid(),
            "period": up_to(about),
            "is_invented": about.last in closed.invented,
            "why_not": why_not,
        }
        if found is not None:
            context |= {
                "report": found.report,
                "sentence": parts.headline(found.report.position),
                "figures": list(self.figures(found)),
                "trend": parts.quarters_chart("trend", found.trend, has_ways=False),
            }
        return render(request, "reporting/board.html", context)

    def figures(self, found: Board) -> Iterator[Figure]:
        for item in (next(verified_first(found)), returns_figure(found)):
            yield _without_way(item)
        if found.about.scope == Scope():
            yield spend_figure(found.about)


def _without_way(item: Figure) -> Figure:
    """Its rows name suppliers' own work; the method stands below for everybody."""
    return replace(item, way_in=Link("How it is counted", "#method", item.label))


def spend_figure(about: BoardScope) -> Figure:
    spend = retained_spend_everywhere(first=about.first, last=about.last)
    kept = spend.retained_share
    return Figure(
        "Spending that stayed in Trafford and Greater Manchester",
        None if kept is None else percentage(kept),
        of_what="of payments whose place is known",
        completeness=f"The place is known for {percentage(spend.known_share)} of them",
        missing="No payment has a known place yet",
        way_in=Link("How it is counted", "#method", "Spending that stayed"),
    )


# --- one figure ---------------------------------------------------------------------------


def home_of(user: Any) -> tuple[str, str]:
    """Where this person's pages begin: suppliers have no dashboard of the council's."""
    if can(user, "see_dashboard"):
        return "Dashboard", reverse("dashboard")
    return "Home", reverse("home")


class FigureDetail(PermissionView):
    """A figure with its rows, evidence, measure editions, formula and rounding."""

    permission = "view_commitments"

    def get(self, request: HttpRequest, key: str, basis: str) -> HttpResponse:
        latest = Quarter.of(self.today).previous
        form, about = Narrowed().read(request, request.user, latest, newest=latest.next)
        asked, about = about.as_of, replace(about, as_of=None)
        if key.startswith("spend_") and not can(request.user, "view_spend"):
            raise Http404
        try:
            trace = figure_trace(request.user, key, basis, about)
        except FigureGone as gone:
            raise Http404(str(gone)) from gone
        unit = trace.figure.unit
        name = trace.figure.name
        context = {
            "title": f"{name}, {BASIS_WORDS[Basis(basis)]}",
            "trace": trace,
            "period": up_to(about),
            "asked": asked,
            "form": form,
            "is_narrowed": any(request.GET.get(name) for name in form.fields),
            "has_errors": not form.is_valid(),
            "words": value_words(trace.value, unit),
            "facts": facts(trace),
            "editions": editions_table(trace),
            "totals": totals_table(trace),
            "api_url": f"{reverse('api-figures')}?figure={key}&basis={basis}&{about.query()}",
            "breadcrumbs": [home_of(request.user), (name, None)],
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
            missing="Nothing is recorded, which is not 0",
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
            value_words(one.value_pounds, Unit.POUNDS, in_full=True) or "none",
            one.licence,
        )
        for one in trace.editions
    ]
    return Table(
        "Editions of the measures behind it", ("Edition", "Rows", "Pounds", "Licence"), rows,
        numeric=frozenset({1, 2}), is_stacked=True,
    )  # fmt: skip

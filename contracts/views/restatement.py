"""The same deliveries under two editions: what changed, and why, to the penny."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import render

from trafford_sv.core.exports import ExportColumn, export_response
from trafford_sv.core.money import exact
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PermissionView

from ..forms.restatement import PINNED, RestatementForm
from ..licensing import TEXT_WITHHELD, WITHHELD, WITHHELD_TOTAL, TotalReader
from ..models import Contract, MeasureEdition
from ..restatement import Restatement
from ..selectors.measures import Sight, visible_editions
from ..selectors.restated import MeasureChange, Restated, Side, TooManyLines, restated
from ..valuation import Kind
from .measures import crumbs, library_pages

NAMES = {Kind.SOCIAL: "Social value", Kind.LOCAL_ECONOMIC: "Local economic value"}


BOTH = "Social and local economic value together"


class RestatementPage(PermissionView):
    permission = "see_dashboard"

    def get(self, request: HttpRequest) -> HttpResponseBase:
        editions = {edition.key: edition for edition in visible_editions(request.user)}
        form = RestatementForm(request.GET or None, editions=editions.values(), today=self.today)
        is_asked = form.is_bound
        if not is_asked and editions:
            # A first answer shows what the page is for.
            form = RestatementForm(form.initial, editions=editions.values(), today=self.today)
        context: dict[str, Any] = {
            "title": "The same deliveries under two editions",
            "form": form,
            "pages": library_pages(request),
            "breadcrumbs": crumbs(("The same deliveries under two editions", None)),
        }
        if form.is_bound and form.is_valid():
            kind = request.GET.get("format", "")
            result = self.result(form, editions, outward=kind in ("csv", "xlsx"))
            if result is not None:
                if kind in ("csv", "xlsx"):
                    return export_response(
                        kind, COLUMNS, result.measures, name="restatement", title="Restated"
                    )
                if kind:
                    raise Http404
                context |= self.shown(result, urlencode(form.data))
                context["period"] = _period(form)
        if form.errors and not is_asked:
            # Nobody has asked yet, so nothing is theirs to correct.
            context["form"] = form = RestatementForm(editions=editions.values(), today=self.today)
        context["has_errors"] = bool(form.errors)
        return render(request, "contracts/measure_restatement.html", context)

    def result(
        self, form: RestatementForm, editions: dict[str, MeasureEdition], *, outward: bool
    ) -> Restated | None:
        said = form.cleaned_data
        contract = None
        if said["reference"]:
            contract = (
                Contract.objects.visible_to(self.request.user)
                .filter(reference__iexact=said["reference"].strip())
                .values_list("pk", flat=True)
                .first()
            )
            if contract is None:
                form.add_error(
                    "reference",
                    "You have no contract with this reference. Check how it is written.",
                )
                return None
        sides = [
            Side(
                edition=None if said[name] == PINNED else editions[said[name]],
                day=said[f"{name}_day"] or self.today,
                is_verified=said[f"{name}_basis"] == "verified",
            )
            for name in ("before", "after")
        ]
        try:
            return restated(
                self.request.user,
                first=Quarter.parse(said["first"]),
                last=Quarter.parse(said["last"]),
                before=sides[0],
                after=sides[1],
                contract=contract,
                sight=Sight.of(self.request.user, outward=outward),
            )
        except TooManyLines as error:
            form.add_error(None, str(error))
            return None

    def shown(self, result: Restated, query: str) -> dict[str, Any]:
        totals = [(NAMES[kind], one) for kind, one in result.by_kind.items() if _is_priced(one)]
        # Nothing priced is not £0.00.
        silent = [
            f"No line here adds to {NAMES[kind].lower()}, either way."
            for kind, one in result.by_kind.items()
            if not _is_priced(one)
        ]
        if result.combined is not None:
            totals.append((BOTH, result.combined))
        # Divided by its quantities, a total over few withheld measures would tell their values.
        told = [(name, one) for name, one in totals if _may_be_told(result, name)]
        silent += [f"{name}: {WITHHELD_TOTAL}." for name, one in totals if (name, one) not in told]
        totals = told
        return {
            "result": result,
            "totals": [(name, _amounts(one)) for name, one in totals],
            "sentences": [*(_sentence(name, one) for name, one in totals), *silent],
            "rows": [
                (NAMES[Kind(row.kind)], row, None if row.is_withheld else _amounts(row))
                for row in result.measures
            ],
            "is_withheld": any(row.is_withheld for row in result.measures),
            "withheld": WITHHELD,
            "has_totals": bool(totals),
            "exports": [
                (text, f"{self.request.path}?{query}&format={name}")
                for text, name in (("CSV", "csv"), ("Excel", "xlsx"))
            ],
        }


def _may_be_told(result: Restated, name: str) -> bool:
    """`name`: of a kind of value, or of both together. The rows say what this reader may not see."""
    held = [
        row
        for row in result.measures
        if row.is_withheld
        and (row.before_pounds or row.after_pounds)
        and name in (NAMES[Kind(row.kind)], BOTH)
    ]
    return TotalReader().may_have(len(held))


def _period(form: RestatementForm) -> str:
    first, last = (Quarter.parse(form.cleaned_data[name]) for name in ("first", "last"))
    return first.label if first == last else f"{first.label} to {last.label}"


def _is_priced(one: Restatement) -> bool:
    return any(
        line.before_pounds is not None or line.after_pounds is not None for line in one.per_line
    )


def signed(amount: Decimal) -> str:
    """+£3.00, −£3.00, £0.00."""
    return f"+{exact(amount)}" if amount > 0 else exact(amount)


def _amounts(row: MeasureChange | Restatement) -> list[str]:
    return [
        exact(row.before_pounds),
        signed(row.delivery_pounds),
        signed(row.value_pounds),
        signed(row.scope_pounds),
        exact(row.after_pounds),
    ]


def _sentence(name: str, one: Restatement) -> str:
    change = one.change_pounds
    if not change:
        return f"{name} is the same under both: {exact(one.after_pounds)}."
    way = "higher" if change > 0 else "lower"
    return (
        f"{name} is {exact(abs(change))} {way} the second way: "
        f"{signed(one.delivery_pounds)} by delivery, {signed(one.value_pounds)} by the value of "
        f"one unit, {signed(one.scope_pounds)} by scope."
    )


def _kept(name: str) -> Any:
    return lambda row: WITHHELD if row.is_withheld else getattr(row, name)


COLUMNS = (
    ExportColumn("Code", "code"),
    ExportColumn("Title", lambda row: TEXT_WITHHELD if row.words_withheld else row.title),
    ExportColumn("Kind", lambda row: NAMES[Kind(row.kind)]),
    ExportColumn("Lines", "lines"),
    ExportColumn("Before, pounds", _kept("before_pounds")),
    ExportColumn("Change by delivery, pounds", _kept("delivery_pounds")),
    ExportColumn("Change by value of one unit, pounds", _kept("value_pounds")),
    ExportColumn("Change by scope, pounds", _kept("scope_pounds")),
    ExportColumn("After, pounds", _kept("after_pounds")),
)

"""One measure with its history of values, and two editions side by side."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import NoReverseMatch, reverse

from trafford_sv.core.access import can
from trafford_sv.core.charts import Chart, Series, line_chart
from trafford_sv.core.exports import ExportColumn, export_response
from trafford_sv.core.parts import Link, SummaryRow
from trafford_sv.core.views_base import PublicView

from ..edition_compare import Change
from ..forms.measures import CompareForm
from ..licensing import WITHHELD
from ..measure_sections import measure_sections
from ..measure_words import unit_value
from ..models import Measure
from ..selectors.edition_compare import compare_editions
from ..selectors.measures import (
    MeasureDetail,
    Sight,
    ValueLine,
    measure_detail,
    visible_editions,
    visible_measures,
)
from .measures import KIND_TAGS, UNCONFIRMED, crumbs, library_pages

YEARS_DRAWN = 18


class MeasurePage(PublicView):
    def get(self, request: HttpRequest, key: str, code: str) -> HttpResponse:
        measure = get_object_or_404(
            visible_measures(request.user).select_related("edition", "outcome__theme"),
            edition__key=key,
            code=code,
        )
        detail = measure_detail(measure, request.user, self.today)
        context = {
            "title": measure.title,
            "measure": measure,
            "edition": measure.edition,
            "kind_tag": KIND_TAGS[Measure.Kind(measure.kind)],
            "unconfirmed": UNCONFIRMED,
            "is_unconfirmed": measure.confidence != "confirmed",
            "headline": _headline(detail),
            "current": detail.current,
            "withheld": WITHHELD if detail.value_is_withheld else "",
            "lines": [(line, _amount(line)) for line in detail.values],
            "shows_area": any(line.area for line in detail.values),
            "chart": _chart(measure, detail, self.today),
            "facts": _facts(measure),
            "exclusive_with": detail.exclusive_with,
            "frameworks": _frameworks(detail),
            "elsewhere": detail.elsewhere,
            "sections": measure_sections(measure, request.user, self.today),
            "breadcrumbs": crumbs(
                (measure.edition.name, measure.edition.get_absolute_url()), (measure.code, None)
            ),
        }
        return render(request, "contracts/measure_detail.html", context)


def _amount(line: ValueLine) -> str:
    return unit_value(line.value_pounds) if line.value_pounds is not None else ""


def _headline(detail: MeasureDetail) -> str:
    measure, current = detail.measure, detail.current
    if measure.kind == Measure.Kind.RECORD_ONLY:
        return "It is counted and shown, and is not turned into pounds."
    if detail.value_is_withheld:
        return WITHHELD
    if current is None or current.value_pounds is None:
        return "It has no value in this edition today."
    since = f"since {current.valid_from:%-d %B %Y}"
    return f"One unit is worth {unit_value(current.value_pounds)} today, {since}."


def _facts(measure: Measure) -> list[SummaryRow]:
    try:
        counting_url = reverse("counting-rules")
    except NoReverseMatch:
        counting_url = ""
    return [
        SummaryRow("Theme", measure.outcome.theme.title),
        SummaryRow("Outcome", measure.outcome.title),
        SummaryRow("Unit", measure.unit),
        SummaryRow(
            "How it is counted",
            measure.get_counting_display(),
            action=Link("See how", counting_url, "measures are counted") if counting_url else None,
            note="A return must say which share of the effect this contract claims"
            if measure.needs_attribution
            else "",
        ),
        SummaryRow("Evidence asked", measure.evidence_asked, missing="None named"),
        SummaryRow(
            "Charter principle",
            f"Principle {measure.charter_principle}" if measure.charter_principle else None,
            missing="None named",
        ),
    ]


def _frameworks(detail: MeasureDetail) -> list[tuple[str, bool, list[str]]]:
    """(framework, is every link confirmed, the links in words)."""
    found: dict[str, list] = {}
    for link in detail.crosswalks:
        found.setdefault(link.framework, []).append(link)
    return [
        (
            name,
            all(link.is_confirmed for link in links),
            [f"{x.reference} {x.title}" for x in links],
        )
        for name, links in found.items()
    ]


def _chart(measure: Measure, detail: MeasureDetail, today: datetime.date) -> Chart | None:
    """The general value at the end of each year as steps; None where there is nothing to compare."""
    lines = [line for line in detail.values if not line.area and line.value_pounds is not None]
    if len(lines) < 2:
        return None
    last = max(today.year, max(line.valid_from for line in lines).year)
    years = list(range(min(line.valid_from for line in lines).year, last + 1))[-YEARS_DRAWN:]
    values = [_held_on(lines, datetime.date(year, 12, 31)) for year in years]
    first, now = next((v for v in values if v is not None), None), _held_on(lines, today)
    change = "The value of one unit changed over the years"
    if first is not None and now is not None and first != now:
        verb = "rose" if now > first else "fell"
        change = f"The value of one unit {verb} from {unit_value(first)} to {unit_value(now)}"
    return line_chart(
        key="value-history",
        title=change,
        subtitle=f"Pounds for one of: {measure.unit}, in force at the end of each year",
        heading="Year",
        points=[str(year) for year in years],
        text=unit_value,
        series=[Series("Value", values)],
        missing="No value",
        stepped=True,
        note="Years to come are as published now." if last > today.year else "",
    )


def _held_on(lines: list[ValueLine], day: datetime.date) -> Decimal | None:
    for line in lines:
        if line.valid_from <= day and (line.until is None or line.until >= day):
            return line.value_pounds
    return None


class ComparePage(PublicView):
    """Two editions side by side: what is new, what is gone, what changed."""

    def get(self, request: HttpRequest) -> HttpResponseBase:
        editions = [
            edition
            for edition in visible_editions(request.user)
            if edition.text_may_be_published or can(request.user, "view_measures")
        ]
        data = request.GET if request.GET else None
        form = CompareForm(data, editions=editions, day=self.today)
        context = {
            "title": "Compare two editions",
            "form": form,
            "too_few": len(editions) < 2,
            "pages": library_pages(request),
            "breadcrumbs": crumbs(("Compare two editions", None)),
        }
        if data is not None and form.is_valid():
            by_key = {edition.key: edition for edition in editions}
            a, b = by_key[form.cleaned_data["a"]], by_key[form.cleaned_data["b"]]
            day = form.cleaned_data["day"] or self.today
            kind = request.GET.get("format", "")
            sight = Sight.of(request.user, outward=kind in ("csv", "xlsx"))
            comparison = compare_editions(a, b, day=day, sight=sight)
            if kind in ("csv", "xlsx"):
                return export_response(
                    kind, _COLUMNS, comparison.changes, name="editions-compared", title="Compared"
                )
            if kind:
                raise Http404
            query = request.GET.copy()
            context |= {
                "a": a,
                "b": b,
                "day": day,
                "comparison": comparison,
                "exports": [
                    (text, f"{request.path}?{query.urlencode()}&format={name}")
                    for text, name in (("CSV", "csv"), ("Excel", "xlsx"))
                ],
            }
        return render(request, "contracts/measure_compare.html", context)


def _both(change: Change) -> str:
    return ", ".join(change.what)


_COLUMNS = (
    ExportColumn("Code", "code"),
    ExportColumn("What changed", _both),
    ExportColumn("Title in the first", "before.title"),
    ExportColumn("Title in the second", "after.title"),
    ExportColumn("Unit in the first", "before.unit"),
    ExportColumn("Unit in the second", "after.unit"),
    ExportColumn("Kind in the first", "before.kind_words"),
    ExportColumn("Kind in the second", "after.kind_words"),
    ExportColumn("Value in the first, pounds", "before.value"),
    ExportColumn("Value in the second, pounds", "after.value"),
)

"""Measures: what each says of a quarter, and how it came about."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import capfirst

from trafford_sv.core.access import can
from trafford_sv.core.charts import Bar, column_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.exports import ExportColumn
from trafford_sv.core.lists import Column, ListPage, Sort
from trafford_sv.core.parts import EmptyState, Figure, Link, State, SummaryRow, Table, Tag, Tone
from trafford_sv.core.periods import Quarter
from trafford_sv.core.selectors.history import history_of
from trafford_sv.core.services.quarters import closed_quarters
from trafford_sv.core.views_base import PermissionView

from ..catalogue import CATALOGUE, Basis, Unit
from ..filters import StarMeasureFilter
from ..forms.star_measures import (
    QuarterForm,
)
from ..models import MeasureReading, StarMeasure
from ..selectors.figures import rows_behind, rows_page
from ..selectors.star_measures import (
    MeasureLine,
    approved_sets_of,
    figure_words,
    limits_of,
    measure_lines,
    measures_on_record,
    published_figures,
    quarters_until,
    restatements,
    set_in_force,
    value_words,
)
from ..star_measures import PERIOD_WORDS, TARGET_WORDS, Period, TargetState

QUARTERS_OFFERED = 12
_TONES = {
    TargetState.MET: Tone.GOOD,
    TargetState.NOT_MET: Tone.WARNING,
    TargetState.NO_TARGET: Tone.NEUTRAL,
    TargetState.NOT_KNOWN: Tone.NEUTRAL,
}
_STATES = {
    Basis.OFFERED: State.OFFERED,
    Basis.COMMITTED: State.COMMITTED,
    Basis.REPORTED: State.REPORTED,
    Basis.VERIFIED: State.VERIFIED,
}
_PAINTS = {
    Basis.OFFERED: Paint.OFFERED,
    Basis.COMMITTED: Paint.COMMITTED,
    Basis.REPORTED: Paint.REPORTED,
    Basis.VERIFIED: Paint.VERIFIED,
}
Crumbs = list[tuple[str, str | None]]


def crumbs(*more: tuple[str, str | None]) -> Crumbs:
    return [("Measures and reports", reverse("report-home")), *more]


def last_ended(today: datetime.date) -> Quarter:
    return Quarter.of(today).previous


def end_of(day: datetime.date | None) -> datetime.datetime | None:
    """The last moment of a day here."""
    if day is None:
        return None
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time.max))


class Reads(PermissionView):
    permission = "view_reports"

    def asked(self) -> tuple[QuarterForm, Quarter, datetime.date | None]:
        """The form, the quarter it names and the day as known on which it is shown."""
        latest = last_ended(self.today)
        offered = quarters_until(Quarter.of(self.today), QUARTERS_OFFERED)[::-1]
        data = {"quarter": latest.code, **self.request.GET.dict()}
        if "as_of" in data:  # as dashboards and programs call it
            data.setdefault("as_known_on", data["as_of"])
        form = QuarterForm(data, quarters=offered)
        if not form.is_valid():
            return form, latest, None
        return form, form.chosen(latest), form.cleaned_data["as_known_on"]


class ReportHome(Reads):
    """The set in force with its five, beside the figures that were published elsewhere."""

    def get(self, request: HttpRequest) -> HttpResponse:
        form, quarter, as_known_on = self.asked()
        held = set_in_force(quarter.end)
        measures = list(held.measures.order_by("places__place")) if held else []
        lines = measure_lines(measures, quarter, as_known=end_of(as_known_on))
        context = {
            "title": "Measures and reports",
            "form": form,
            "quarter": quarter,
            "as_known_on": as_known_on,
            "measure_set": held,
            "lines": [(line, figure_of(line), target_tag(line)) for line in lines],
            "published": [
                (one, value_words(one.value_quantity, one.unit)) for one in published_figures()
            ],
            "may_change": can(request.user, "change_star_measures"),
            "is_closed": quarter in closed_quarters(),
        }
        return render(request, "reporting/report_home.html", context)


def figure_of(line: MeasureLine) -> Figure:
    reading = line.reading
    return Figure(
        label=line.measure.name,
        number=line.words,
        exact=value_words(reading.value, line.measure.unit, in_full=True) or "" if reading else "",
        state=_STATES.get(line.measure.numerator_basis, State.PLAIN),  # type: ignore[call-overload]
        of_what=capfirst(PERIOD_WORDS[Period(line.measure.period)]),
        completeness=completeness_of(line),
        change=change_words(line),
        way_in=Link("Show how", line.measure.get_absolute_url() + f"?quarter={line.quarter.code}"),
        missing=(reading.reason if reading else "") or "Nothing on record for this quarter",
        local_economic=line.measure.numerator == "local_economic_value",
    )


def completeness_of(line: MeasureLine) -> str:
    """How much of what the figure rests on is known."""
    if line.reading is None:
        return ""
    if shows_returns(line):
        return line.reading.completeness.sentence
    return line.reading.evidence if line.measure.numerator.startswith("spend_") else ""


def shows_returns(line: MeasureLine) -> bool:
    """Whether returns are what this figure waits for."""
    return line.measure.numerator_basis in (Basis.REPORTED, Basis.VERIFIED)


def change_words(line: MeasureLine) -> str:
    before, now = line.before, line.reading
    if now is None or before is None or now.value is None or before.value is None:
        return ""
    difference = now.value - before.value
    if not difference:
        return f"The same as in {before.quarter.short}"
    more = "more" if difference > 0 else "less"
    if line.measure.unit == Unit.SHARE:
        points = abs(difference * 100).quantize(Decimal("0.1"))
        return f"{points} percentage points {more} than in {before.quarter.short}"
    return (
        f"{value_words(abs(difference), line.measure.unit)} {more} than in {before.quarter.short}"
    )


def target_tag(line: MeasureLine) -> Tag:
    return Tag(TARGET_WORDS[line.target], _TONES[line.target])


class StarMeasureList(ListPage):
    """Every measure that was ever defined."""

    permission = "view_reports"
    title = "Measure definitions"
    introduction = "A measure says in words and by its figures what is counted. Five at a time are approved as a set."
    noun = "measure"
    filterset_class = StarMeasureFilter
    row_template = "reporting/_star_measure_rows.html"
    columns = (
        Column("Measure", sort="name"),
        Column("How it comes about"),
        Column("Period"),
        Column("Target", numeric=True),
    )
    sorts = {"name": Sort("Name", ("name",))}
    default_sort = "name"
    export_columns = (
        ExportColumn("Measure", "name"),
        ExportColumn("Definition", "words"),
        ExportColumn("Source", lambda one: one.get_source_display()),
        ExportColumn("Numerator", "numerator"),
        ExportColumn("Numerator basis", "numerator_basis"),
        ExportColumn("Denominator", "denominator"),
        ExportColumn("Denominator basis", "denominator_basis"),
        ExportColumn("Period", "period"),
        ExportColumn("Unit", "unit"),
        ExportColumn("Target", "target_quantity"),
    )
    empty_state = EmptyState(
        "No measures yet", "They come with the reference data, or an officer defines one."
    )

    def get_queryset(self) -> Any:
        return measures_on_record()

    def get_main_action(self) -> Link | None:
        if can(self.request.user, "change_star_measures"):
            return Link("Define a measure", reverse("star-measure-create"))
        return None

    def get_context(self) -> dict[str, Any]:
        for one in self.page.object_list:
            one.target_words = value_words(one.target_quantity, one.unit)
            one.period_words = capfirst(PERIOD_WORDS[Period(one.period)])
        return {"breadcrumbs": crumbs(("Measure definitions", None))}


def measure_of(key: str) -> StarMeasure:
    found: StarMeasure = get_object_or_404(
        StarMeasure.objects.select_related("directorate"), key=key
    )
    return found


class StarMeasureDetail(Reads):
    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        measure = measure_of(key)
        form, quarter, as_known_on = self.asked()
        (line,) = measure_lines([measure], quarter, as_known=end_of(as_known_on))
        may_change = can(request.user, "change_star_measures")
        earlier = restatements(measure, quarter)
        is_closed = quarter in closed_quarters()
        may_write = may_change and not is_closed
        context = {
            "title": measure.name,
            "measure": measure,
            "form": form,
            "quarter": quarter,
            "as_known_on": as_known_on,
            "line": line,
            "figure": figure_of(line),
            "target": target_tag(line),
            "facts": _facts(line.measure),
            "working": working(line, request.user),
            "chart": trend_chart(line),
            "restatements": restatement_table(measure, earlier) if len(earlier) > 1 else None,
            "published": list(measure.published.all()),
            "history": history_of(measure, limit=10) if may_change else None,
            "may_change": may_change,
            "approved_in": approved_sets_of(measure),
            "is_closed": is_closed,
            "may_comment": may_write,
            "may_supply": may_write and measure.source == StarMeasure.Source.SUPPLIED,
            "breadcrumbs": crumbs(
                ("Measure definitions", reverse("star-measure-list")), (measure.name, None)
            ),
        }
        return render(request, "reporting/star_measure_detail.html", context)


def _facts(measure: StarMeasure) -> list[SummaryRow]:
    rows = [
        SummaryRow("In words", measure.words),
        SummaryRow("Where its values come from", measure.get_source_display()),
        SummaryRow("Period", capfirst(PERIOD_WORDS[Period(measure.period)])),
    ]
    if measure.numerator:
        rows.append(SummaryRow("Counted", figure_words(measure.numerator, measure.numerator_basis)))
    if measure.denominator:
        rows.append(
            SummaryRow("Divided by", figure_words(measure.denominator, measure.denominator_basis))
        )
    limits = ", ".join(limits_of(measure))
    rows.append(SummaryRow("Limited to", limits or "The whole council"))
    target = value_words(measure.target_quantity, measure.unit)
    better = "higher is better" if measure.direction == "higher" else "lower is better"
    rows.append(SummaryRow("Target", f"{target}; {better}" if target else None, missing="None set"))
    if measure.note:
        rows.append(SummaryRow("What to know", measure.note))
    return rows


def working(line: MeasureLine, user: Any) -> list[SummaryRow]:
    """How the value came about, step by step, each with the rows behind it."""
    measure, reading = line.measure, line.reading
    if reading is None:
        return []
    if measure.source == StarMeasure.Source.SUPPLIED:
        return [
            SummaryRow("Value", value_words(reading.value, measure.unit, in_full=True)),
            SummaryRow("Where it comes from", reading.evidence),
            SummaryRow("Put on record by", reading.by_name),
        ]
    rows = []
    for key, basis, value in (
        (measure.numerator, measure.numerator_basis, reading.numerator),
        (measure.denominator, measure.denominator_basis, reading.denominator),
    ):
        if not key:
            continue
        unit = measure.unit if not measure.is_ratio else _unit_of(key)
        address = rows_page(user, rows_behind(measure, key, basis, line.quarter))
        rows.append(
            SummaryRow(
                figure_words(key, basis),
                value_words(value, unit, in_full=True),
                action=Link("Show the rows", address, figure_words(key, basis))
                if address
                else None,
                missing="Nothing recorded",
            )
        )
    if measure.is_ratio:
        exact = value_words(reading.value, measure.unit, in_full=True)
        rows.append(
            SummaryRow(
                "The first divided by the second", exact, missing=reading.reason,
                note="Rounded half up to four places, shown in per cent",
            )
        )  # fmt: skip
    if measure.numerator.startswith("spend_"):
        rows.append(SummaryRow("How much is known", reading.evidence))
    else:
        rows.append(SummaryRow("Returns", reading.completeness.sentence))
    return rows


def _unit_of(key: str) -> str:
    held = CATALOGUE.get(key)
    return held.unit if held else Unit.COUNT


def trend_chart(line: MeasureLine) -> Any:
    known = [(one, reading) for one, reading in line.trend if reading and reading.value is not None]
    if len(known) < 2:
        return None
    (first, oldest), (last, newest) = known[0], known[-1]
    assert oldest.value is not None and newest.value is not None
    moved = "rose" if newest.value > oldest.value else "fell"
    title = (
        f"It stayed at {value_words(newest.value, line.measure.unit)}"
        if newest.value == oldest.value
        else f"It {moved} from {value_words(oldest.value, line.measure.unit)} in {first.short} "
        f"to {value_words(newest.value, line.measure.unit)} in {last.short}"
    )
    paint = _PAINTS.get(line.measure.numerator_basis, Paint.OTHER)  # type: ignore[call-overload]
    return column_chart(
        key="trend",
        title=title,
        subtitle=f"{line.measure.name}, {PERIOD_WORDS[Period(line.measure.period)]}",
        bars=[
            Bar(
                one.short,
                reading.value if reading else None,
                value_words(reading.value, line.measure.unit) or "" if reading else "",
                paint,
            )
            for one, reading in line.trend
        ],
        headings=("Quarter", "Value"),
    )


def restatement_table(measure: StarMeasure, rows: list[MeasureReading]) -> Table:
    return Table(
        caption="Everything that was on record for this quarter, newest first",
        headings=("Known since", "Value", "Returns", "By"),
        rows=[
            (
                f"{timezone.localtime(row.known_at):%-d %B %Y, %H:%M}",
                value_words(row.value_quantity, measure.unit, in_full=True)
                or row.reason
                or "Not available",
                f"{row.returns_received} of {row.returns_expected}",
                row.by_name or "Worked out by the system",
            )
            for row in rows
        ],
        is_stacked=True,
    )

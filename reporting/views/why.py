"""Why a measure moved between two quarters, with the rows behind each part."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from contracts.selectors.position_scope import total_reader
from trafford_sv.core.charts import Chart, Step, Total, waterfall_chart
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.parts import Link, Table
from trafford_sv.core.periods import Quarter
from trafford_sv.core.views_base import PermissionView

from ..catalogue import Basis, FigureGone, Unit
from ..models import StarMeasure
from ..movements import Part
from ..selectors.movements import MovedLine, WhyItMoved, why_it_moved
from ..selectors.star_measures import ReadingLine, quarters_until, reading_lines, value_words
from ..star_measures import PERIOD_WORDS, Period
from .star_measures import QUARTERS_OFFERED, crumbs, last_ended, measure_of

_PAINTS = {
    Basis.OFFERED: Paint.OFFERED,
    Basis.COMMITTED: Paint.COMMITTED,
    Basis.REPORTED: Paint.REPORTED,
    Basis.VERIFIED: Paint.VERIFIED,
}
_NOTES = {
    Part.DELIVERY: "",
    Part.NEW: "Nothing of these agreements counted by the end of the earlier quarter.",
    Part.VALUES: "What the new value of one unit adds to these lines over the old one.",
    Part.LATE: "About an earlier quarter than the one in which they count.",
    Part.BASE_NEW: "",
    Part.BASE_REST: "",
}


class CompareForm(forms.Form):
    """Two quarters. What names none of those offered is the usual."""

    compare = forms.ChoiceField(label="From", required=False)
    quarter = forms.ChoiceField(label="To", required=False)

    def __init__(self, data: Any, *, quarters: list[Quarter]) -> None:
        super().__init__(data)
        choices = [(one.code, one.label) for one in quarters]
        for name in ("compare", "quarter"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or {}
        first, second = cleaned.get("compare"), cleaned.get("quarter")
        if first and second and Quarter.parse(first) >= Quarter.parse(second):
            self.add_error("compare", "Choose a quarter that comes before the other one.")
        return cleaned


class WhyItMovedPage(PermissionView):
    permission = "view_reports"

    def get(self, request: HttpRequest, key: str) -> HttpResponse:
        measure = measure_of(key)
        latest = last_ended(self.today)
        asked = request.GET.get("quarter", "")
        offered = quarters_until(Quarter.of(self.today), QUARTERS_OFFERED + 1)[::-1]
        known = {one.code: one for one in offered}
        second = known.get(asked, latest)
        data = {"compare": second.previous.code, "quarter": second.code, **request.GET.dict()}
        form = CompareForm(data, quarters=offered)
        context: dict[str, Any] = {
            "title": f"Why it moved: {measure.name}",
            "measure": measure,
            "form": form,
            "breadcrumbs": crumbs(
                ("Measure definitions", reverse("star-measure-list")),
                (measure.name, f"{measure.get_absolute_url()}?quarter={second.code}"),
                ("Why it moved", None),
            ),
        }
        if form.is_valid():
            first = known[form.cleaned_data["compare"] or second.previous.code]
            context |= self.found(measure, first, second)
        return render(request, "reporting/why_it_moved.html", context)

    def found(self, measure: StarMeasure, first: Quarter, second: Quarter) -> dict[str, Any]:
        try:
            reader = total_reader(self.request.user, outward=False)
            why = why_it_moved(measure, first, second, reader=reader)
        except FigureGone as gone:
            why = WhyItMoved(measure, first, second, None, None, reason=str(gone))
        records = reading_lines([measure.pk], [first, second])
        return {
            "why": why,
            "first": first,
            "second": second,
            "sentence": sentence(why),
            "period": PERIOD_WORDS[Period(measure.period)],
            "chart": chart_of(why),
            "table": table_of(why) if why.parts else None,
            "agreements": agreements_of(why),
            "notes": [(part.name, _NOTES[part.part]) for part in why.parts if _NOTES[part.part]],
            "since": since_words(why, records.get((measure.pk, second))),
        }


def signed(amount: Decimal, unit: str, *, in_full: bool = False) -> str:
    """With its sign: +£1,200 or −3.1 percentage points."""
    sign = "−" if amount < 0 else "+" if amount > 0 else ""
    if unit == Unit.SHARE:
        points = abs(amount * 100).quantize(Decimal("0.01" if in_full else "0.1"))
        return f"{sign}{points} points"
    words = value_words(abs(amount), unit, in_full=in_full) or ""
    return f"{sign}{words}"


def sentence(why: WhyItMoved) -> str:
    """The answer: by how much, and mostly because of what."""
    change, unit = why.change, why.measure.unit
    if change is None:
        return why.reason or "It cannot be said: one of the two quarters has no value."
    before, after = value_words(why.before, unit), value_words(why.after, unit)
    if not change:
        told = f"It stayed at {after}."
    else:
        told = f"It {'rose' if change > 0 else 'fell'} from {before} to {after}."
    part = why.largest
    if part is None:
        return told
    moved = "more" if part.change > 0 else "less"
    amount = signed(part.change, unit).lstrip("+−")
    return f"{told} The largest part: {part.name[:1].lower()}{part.name[1:]}, {amount} {moved}."


def chart_of(why: WhyItMoved) -> Chart | None:
    if not why.parts or why.before is None or why.after is None:
        return None
    unit = why.measure.unit
    paint = _PAINTS.get(why.measure.numerator_basis, Paint.OTHER)  # type: ignore[call-overload]
    return waterfall_chart(
        key="why",
        title=f"From {value_words(why.before, unit)} to {value_words(why.after, unit)}, part by part",
        subtitle=f"{why.measure.name}, {why.first.short} to {why.second.short}",
        before=Total(why.first.short, why.before, value_words(why.before, unit) or "", paint),
        steps=[
            Step(part.name, part.change, signed(part.change, unit), part.rows_after)
            for part in why.parts
        ],
        after=Total(why.second.short, why.after, value_words(why.after, unit) or "", paint),
        headings=("Part", "Change"),
        note="What adds is filled, what takes away is an outline.",
    )


def table_of(why: WhyItMoved) -> Table:
    unit = why.measure.unit
    return Table(
        caption="The parts add up to the change exactly",
        headings=("Part", "Change", "Rows now", "Rows before"),
        rows=[
            (
                part.name,
                signed(part.change, unit, in_full=True),
                rows_link(part, part.rows_after, "in the later quarter"),
                "None"
                if part.part in (Part.NEW, Part.VALUES)
                else rows_link(part, part.rows_before, "in the earlier quarter"),
            )
            for part in why.parts
        ],
        numeric=frozenset({1}),
        total=("Together", signed(why.change or Decimal(0), unit, in_full=True), "", ""),
        is_stacked=True,
    )


def rows_link(part: MovedLine, url: str, when: str) -> Any:
    return Link("Show the rows", url, f"{part.name}, {when}") if url else "No list of them"


def agreements_of(why: WhyItMoved) -> Table | None:
    if not why.agreements:
        return None
    rows: list[tuple[Any, ...]] = [
        (
            Link(one.label, reverse("contract-social-value", args=[one.pk])),
            value_words(one.before, Unit.POUNDS, in_full=True),
            value_words(one.after, Unit.POUNDS, in_full=True),
            signed(one.change, Unit.POUNDS, in_full=True),
        )
        for one in why.agreements
    ]
    if why.others:
        rows.append(("All others together", "", "", signed(why.others, Unit.POUNDS, in_full=True)))
    return Table(
        caption="Agreements that moved most",
        headings=("Agreement", why.first.short, why.second.short, "Change"),
        rows=rows,
        numeric=frozenset({1, 2, 3}),
        is_stacked=True,
    )


def since_words(why: WhyItMoved, reading: ReadingLine | None) -> str:
    """Where what is on record differs from the rows as they are: they changed since."""
    if reading is None or why.after is None or reading.value == why.after:
        return ""
    held = value_words(reading.value, why.measure.unit, in_full=True) or "no value"
    return (
        f"On record for {why.second.label} is {held}, put there on "
        f"{reading.known_at:%-d %B %Y}. The rows have changed since, and the parts are of the rows "
        "as they are now."
    )

"""Measures with what each says of a quarter, for programs."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any, ClassVar

from django.db.models import F, OuterRef, QuerySet, Subquery
from django.urls import URLPattern, URLResolver, path
from django.utils import timezone
from rest_framework import serializers

from trafford_sv.core.api.columns import Column, Row, choice, text, whole
from trafford_sv.core.api.views import ListView
from trafford_sv.core.periods import Quarter

from ..filters import StarMeasureFilter, StarReadingFilter
from ..models import MeasureReading, StarMeasure
from ..selectors.star_measures import measures_on_record


def number(name: str, help_text: str, source: str = "") -> Column:
    """Text with four decimals; null where there is none."""
    schema = serializers.DecimalField(
        max_digits=20, decimal_places=4, help_text=help_text, read_only=True, allow_null=True
    )
    path_of = source or name

    def plain(row: Row) -> str | None:
        value = row[path_of]
        return None if value is None else f"{Decimal(value).quantize(Decimal('0.0001')):f}"

    return Column(name, schema, path_of, make=plain)


class StarMeasures(ListView):
    """Definitions: words, numerator, denominator, basis, period, target."""

    permission = "view_reports"
    tag, noun, file_name = "reports", "star_measures", "star-measures"
    filterset_class = StarMeasureFilter
    columns: ClassVar[tuple[Column, ...]] = (
        text("key", "What `measure` is in the list of readings."),
        text("name", "Its name."),
        text("definition", "In words.", "words"),
        choice("source", "Worked out here, or supplied with evidence.", StarMeasure.Source.choices),
        text("unit", "pounds, count, share (of 1) or ratio (pounds for each pound)."),
        text("numerator", "Key of the figure that is counted; empty for a supplied measure."),
        text("numerator_basis", "What that figure rests on."),
        text("denominator", "Key of the figure it is divided by; empty where it is not a ratio."),
        text("denominator_basis", "What the second figure rests on."),
        text("period", "quarter, year_to_date or cumulative."),
        number("target_quantity", "The target in the measure's unit; null where none is set."),
        text("direction", "Which way is better: higher or lower."),
        text("note", "What a reader must know."),
        whole("version", "Counts changes."),
    )

    def rows(self) -> QuerySet[StarMeasure]:
        return measures_on_record()  # type: ignore[no-any-return]


class StarReadings(ListView):
    """What each measure says of each quarter: the latest on record, or as known on `as_of`."""

    permission = "view_reports"
    tag, noun, file_name = "reports", "star_readings", "star-readings"
    filterset_class = StarReadingFilter
    parameters: ClassVar[dict[str, str]] = {
        "as_of": "A day (2026-11-22): the values as they were known at its end. Today unless given."
    }
    envelope_schema: ClassVar[dict[str, Any]] = {"as_of": {"type": "string", "format": "date"}}
    more_sources = ("financial_year",)
    columns: ClassVar[tuple[Column, ...]] = (
        text("measure", "The measure's key.", "measure__key"),
        text("name", "Its name.", "measure__name"),
        Column(
            "quarter",
            serializers.CharField(help_text="For example 2026-27-Q1.", read_only=True),
            "quarter",
            make=lambda row: Quarter(row["financial_year"], row["quarter"]).code,
        ),
        text("unit", "pounds, count, share (of 1) or ratio.", "measure__unit"),
        number(
            "value",
            "In that unit; null with a `reason` where it is not available.",
            "value_quantity",
        ),
        number("numerator_quantity", "What was counted."),
        number("denominator_quantity", "What it was divided by; null where it is not a ratio."),
        text("reason", "Why there is no value; empty where there is one."),
        whole("returns_expected", "Returns that were due for the quarter."),
        whole("returns_received", "Those of them that came in."),
        text("evidence", "Where a supplied value comes from."),
        Column(
            "known_at",
            serializers.DateTimeField(help_text="Since when it is on record.", read_only=True),
            "known_at",
        ),
    )

    def rows(self) -> QuerySet[MeasureReading]:
        self.as_of = self.day_parameter("as_of") or self.today
        until = timezone.make_aware(datetime.datetime.combine(self.as_of, datetime.time.max))
        latest = (
            MeasureReading.objects.filter(
                measure=OuterRef("measure"),
                financial_year=OuterRef("financial_year"),
                quarter=OuterRef("quarter"),
                known_at__lte=until,
            )
            .order_by("-known_at", "-pk")
            .values("pk")[:1]
        )
        return MeasureReading.objects.annotate(latest=Subquery(latest)).filter(pk=F("latest"))

    def envelope(self) -> dict[str, Any]:
        return {"as_of": self.as_of.isoformat()}


urlpatterns: list[URLPattern | URLResolver] = [
    path("star-measures/", StarMeasures.as_view(), name="api-star-measures"),
    path("star-readings/", StarReadings.as_view(), name="api-star-readings"),
]

"""Filters of this app's lists, shared by page and API."""

from __future__ import annotations

from typing import Any

import django_filters

from contracts.filters_deliveries import QuarterText
from trafford_sv.core.periods import Quarter

from .catalogue import CATALOGUE
from .editions import kinds
from .models import MeasureReading, ReportEdition, StarMeasure


class StarMeasureFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of its name or definition"
    )
    source = django_filters.ChoiceFilter(
        label="Where its values come from", empty_label="Either", choices=StarMeasure.Source.choices
    )
    figure = django_filters.ChoiceFilter(
        method="made_from",
        label="Made from the figure",
        empty_label="Any figure",
        choices=[(one.key, one.name) for one in CATALOGUE.values()],
    )

    class Meta:
        model = StarMeasure
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(name__icontains=word) | rows.filter(words__icontains=word)
        return rows

    def made_from(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(numerator=value) | rows.filter(denominator=value)


class StarReadingFilter(django_filters.FilterSet):
    measure = django_filters.CharFilter(
        field_name="measure__key", label="Measure", help_text="Its key, for example spend-retained"
    )
    quarter = QuarterText(method="in_quarter", label="Quarter", help_text="For example, 2026-27-Q1")

    class Meta:
        model = MeasureReading
        fields: list[str] = []

    def in_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(financial_year=quarter.start_year, quarter=quarter.number)


class EditionFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(
        label="Report",
        empty_label="Any report",
        choices=lambda: [(one.key, one.name) for one in kinds()],
    )
    quarter = QuarterText(method="in_quarter", label="Quarter", help_text="For example, 2026-27-Q1")
    standing = django_filters.ChoiceFilter(
        method="that_stand",
        label="Corrected ones",
        empty_label="Shown",
        choices=[("true", "Left out: only what stands now")],
    )

    class Meta:
        model = ReportEdition
        fields: list[str] = []

    def in_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(financial_year=quarter.start_year, quarter=quarter.number)

    def that_stand(self, rows: Any, name: str, value: str) -> Any:
        return rows.standing()

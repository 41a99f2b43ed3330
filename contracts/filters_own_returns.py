"""What a supplier's list of its own returns, and the API's list, can be narrowed by."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from trafford_sv.core.periods import PeriodError, Quarter

from .filters_returns import owed_scope
from .models import Contract, DeliveryReturn
from .quarter_filters import QuarterText
from .selectors.position_report import came_in

QUARTERS_OFFERED = 12


class _QuarterField(forms.ChoiceField):
    """Offers the latest quarters and accepts any."""

    def valid_value(self, value: Any) -> bool:
        try:
            Quarter.parse(str(value))
        except PeriodError:
            return False
        return True


class QuarterFilter(django_filters.Filter):
    field_class = _QuarterField


class OwnReturnFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Title or reference of the agreement"
    )
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=DeliveryReturn.State.choices, widget=forms.CheckboxSelectMultiple
    )
    quarter = QuarterFilter(method="about", label="Quarter that it is about")
    counted = QuarterFilter(method="counted_in", label="Quarter that it counts in")
    kind = django_filters.ChoiceFilter(
        field_name="contract__kind",
        label="Kind of agreement",
        empty_label="Any kind",
        choices=Contract.Kind.choices,
    )

    class Meta:
        model = DeliveryReturn
        fields: list[str] = []

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            today: datetime.date = self.request.today  # type: ignore[attr-defined]
            quarters = [Quarter.of(today)]
            while len(quarters) < QUARTERS_OFFERED:
                quarters.append(quarters[-1].previous)
            offered = [("", "Any quarter"), *((each.code, each.label) for each in quarters)]
            form.fields["quarter"].choices = form.fields["counted"].choices = offered
        return form

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(contract__title__icontains=word) | Q(contract__reference__icontains=word)
            )
        return rows

    def about(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(financial_year=quarter.start_year, quarter=quarter.number)

    def counted_in(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(counted_year=quarter.start_year, counted_quarter=quarter.number)


class ApiReturnFilter(OwnReturnFilter):
    """And what a figure of returns counts, as the officers' list has it."""

    due_in = QuarterText(
        method="due_in_quarter",
        label="Due for the quarter, and came in",
        help_text="For example, 2026-27-Q1. Only what the totals count as received",
    )
    directorate = django_filters.NumberFilter(
        method="of_directorate", label="The key of a directorate"
    )
    division = django_filters.CharFilter(
        method="with_due_in", label="With `due_in`: the first two digits of a category"
    )
    theme = django_filters.CharFilter(
        method="with_due_in", label="With `due_in`: something of the theme is owed"
    )
    ward = django_filters.CharFilter(
        method="with_due_in", label="With `due_in`: something for the ward is owed"
    )

    def due_in_quarter(self, rows: Any, name: str, value: str) -> Any:
        return came_in(rows, owed_scope(self.form.cleaned_data), Quarter.parse(value))

    def of_directorate(self, rows: Any, name: str, value: Any) -> Any:
        # A key that no database holds finds nothing.
        held = abs(value) < 2**31
        return rows.filter(contract__directorate=int(value)) if held else rows.none()

    def with_due_in(self, rows: Any, name: str, value: str) -> Any:
        """Read by `due_in_quarter`; without a quarter nothing is owed."""
        return rows if self.form.cleaned_data.get("due_in") else rows.none()

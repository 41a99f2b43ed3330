"""What a supplier's list of its own returns, and the API's list, can be narrowed by."""

from __future__ import annotations

import datetime
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from trafford_sv.core.periods import PeriodError, Quarter

from .models import Contract, DeliveryReturn

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

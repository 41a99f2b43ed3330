"""What the list of commitments can be narrowed by: one set for the page and the API."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from trafford_sv.core.periods import Quarter

from .filters import NONE, Choice, Days, Division
from .models import Commitment, Contract, Measure
from .models.agreements import own_agreements
from .quarter_filters import QuarterText
from .selectors.commitments import commitment_choices
from .selectors.position_rows import counted_in, stood


class CommitmentFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the promise, agreement or supplier"
    )
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=Commitment.State.choices, widget=forms.CheckboxSelectMultiple
    )
    agreement = django_filters.ChoiceFilter(
        field_name="contract__kind",
        label="Kind of agreement",
        empty_label="Every kind",
        choices=Contract.Kind.choices,
    )
    contract = django_filters.NumberFilter(
        method="of_contract", label="Agreement (its number in addresses)"
    )
    directorate = Choice(method="of_directorate", label="Directorate")
    division = Division(method="of_division", label="Category")
    supplier = Choice(method="of_supplier", label="Supplier or partner in the agreement")
    kind = django_filters.ChoiceFilter(
        field_name="measure__kind",
        label="Kind of value",
        empty_label="Any",
        choices=Measure.Kind.choices,
    )
    theme = Choice(method="of_theme", label="Theme")
    measure = Choice(method="of_measure", label="Measure")
    edition = django_filters.NumberFilter(
        method="of_edition", label="Edition of measures (its number in the database)"
    )
    ward = Choice(method="serving", label="Ward")
    until = QuarterText(
        method="as_it_stands",
        label="Counted as committed up to the quarter",
        help_text="For example, 2026-27-Q1. Only what the totals add up, as they add it up",
    )
    since = QuarterText(
        method="as_it_stands",
        label="Of agreements not over before the quarter",
        help_text="Together with the one above, for the totals of one quarter",
    )
    standing = django_filters.ChoiceFilter(
        method="as_it_stands",
        label="Stood at the end of that quarter",
        empty_label="Or counts with what was verified under it",
        choices=[("yes", "Only those that stood")],
    )
    due_within = Days(
        method="falls_due",
        label="Due within (days)",
        min_value=0,
        max_value=3660,
        help_text="For example, 90",
    )

    class Meta:
        model = Commitment
        fields: list[str] = []

    @property
    def today(self) -> datetime.date:
        return self.request.today  # type: ignore[no-any-return]

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        return commitment_choices(self.request.user)

    @property
    def form(self) -> Any:
        form = super().form
        if not getattr(form, "choices_are_set", False):
            form.choices_are_set = True
            self._offer(form, "directorate", "Any directorate", (NONE, "No directorate recorded"))
            self._offer(form, "division", "Any category")
            self._offer(form, "supplier", "Anyone")
            self._offer(form, "theme", "Any theme")
            self._offer(form, "measure", "Any measure")
            self._offer(form, "ward", "Any ward", (NONE, "No ward recorded"))
        return form

    def _offer(self, form: Any, name: str, anything: str, *last: tuple[str, str]) -> None:
        # A callable: read only when the list is drawn or a choice must be checked.
        offered: Callable[[], list[tuple[str, str]]] = lambda: [  # noqa: E731
            ("", anything),
            *self._held[name],
            *last,
        ]
        form.fields[name].choices = offered

    def filter_queryset(self, rows: Any) -> Any:
        rows = super().filter_queryset(rows)
        asked = self.form.cleaned_data
        until, since = asked.get("until"), asked.get("since")
        if not (until or since):
            return rows
        if asked.get("contract") is None:
            rows = rows.filter(own_agreements("contract__"))
        last = Quarter.parse(until) if until else Quarter.of(self.today)
        rows = counted_in(rows, Quarter.parse(since).start if since else None, last.end)
        return rows.filter(stood(last.end)) if asked.get("standing") else rows

    def as_it_stands(self, rows: Any, name: str, value: str) -> Any:
        return rows  # all of them together, above

    def of_contract(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(contract=int(value)) if abs(value) < 2**31 else rows.none()

    def of_edition(self, rows: Any, name: str, value: Any) -> Any:
        return rows.filter(measure__edition=int(value)) if abs(value) < 2**31 else rows.none()

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(title__icontains=word)
                | Q(measure__title__icontains=word)
                | Q(measure__code__iexact=word)
                | Q(contract__title__icontains=word)
                | Q(contract__reference__icontains=word)
                | Q(supplier__name__icontains=word)
            )
        return rows

    def of_directorate(self, rows: Any, name: str, value: str) -> Any:
        if value == NONE:
            return rows.filter(contract__directorate__isnull=True)
        return rows.filter(contract__directorate=int(value))

    def of_division(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(contract__category__code__startswith=value)

    def of_supplier(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(supplier=int(value))

    def of_theme(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(measure__outcome__theme__title=value)

    def of_measure(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(measure__code=value)

    def serving(self, rows: Any, name: str, value: str) -> Any:
        links = Commitment.wards.through.objects
        if value == NONE:
            return rows.exclude(pk__in=links.values("commitment_id"))
        return rows.filter(pk__in=links.filter(area__code=value).values("commitment_id"))

    def falls_due(self, rows: Any, name: str, value: int) -> Any:
        last = self.today + datetime.timedelta(days=value)
        return rows.filter(due__gte=self.today, due__lte=last)

"""What the list of deliveries can be narrowed by: one set for the page and the API.

The names are those of the list of commitments, so that a figure's address opens either.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, Q

from trafford_sv.core.periods import Quarter

from .filters import NONE, Choice, Division
from .models import Commitment, Contract, EvidenceLink, Measure, ReturnLine
from .models.agreements import own_agreements
from .quarter_filters import QuarterText
from .selectors.commitments import commitment_choices
from .selectors.movement import MOVED_WORDS, moved


class DeliveryFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the promise, agreement or supplier"
    )
    counted = QuarterText(
        method="in_quarter", label="Counted in the quarter", help_text="For example, 2026-27-Q1"
    )
    since = QuarterText(
        method="since_quarter",
        label="Counted from the quarter",
        help_text="For example, 2025-26-Q1",
    )
    until = QuarterText(
        method="until_quarter",
        label="Counted up to the quarter",
        help_text="For example, 2026-27-Q1",
    )
    moved = django_filters.ChoiceFilter(
        method="moved_by",
        label="Part of a change",
        empty_label="Any",
        choices=[(part.value, words) for part, words in MOVED_WORDS.items()],
        help_text="Needs the quarter that is compared with",
    )
    compared = QuarterText(
        method="compared_with",
        label="Compared with the quarter",
        help_text="For example, 2025-26-Q4",
    )
    evidence = django_filters.ChoiceFilter(
        method="with_evidence",
        label="Evidence",
        empty_label="With files or without",
        choices=[("yes", "With files"), ("no", "Without")],
    )
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=ReturnLine.State.choices, widget=forms.CheckboxSelectMultiple
    )
    agreement = django_filters.ChoiceFilter(
        field_name="commitment__contract__kind",
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
        field_name="commitment__measure__kind",
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

    class Meta:
        model = ReturnLine
        fields: list[str] = []

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
        offered: Callable[[], list[tuple[str, str]]] = lambda: [  # noqa: E731
            ("", anything),
            *self._held[name],
            *last,
        ]
        form.fields[name].choices = offered

    def filter_queryset(self, rows: Any) -> Any:
        # One agreement is shown whoever bought it; over many, only what the totals count.
        if self.form.cleaned_data.get("contract") is None:
            rows = rows.filter(own_agreements("commitment__contract__"))
        return super().filter_queryset(rows)

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(commitment__title__icontains=word)
                | Q(commitment__measure__title__icontains=word)
                | Q(commitment__measure__code__iexact=word)
                | Q(commitment__contract__title__icontains=word)
                | Q(commitment__contract__reference__icontains=word)
                | Q(commitment__supplier__name__icontains=word)
            )
        return rows

    def in_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(counted_year=quarter.start_year, counted_quarter=quarter.number)

    def since_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(
            Q(counted_year__gt=quarter.start_year)
            | Q(counted_year=quarter.start_year, counted_quarter__gte=quarter.number)
        )

    def until_quarter(self, rows: Any, name: str, value: str) -> Any:
        quarter = Quarter.parse(value)
        return rows.filter(
            Q(counted_year__lt=quarter.start_year)
            | Q(counted_year=quarter.start_year, counted_quarter__lte=quarter.number)
        )

    def moved_by(self, rows: Any, name: str, value: str) -> Any:
        """Nothing where the quarter compared with is not named or is none."""
        compared = self.form.cleaned_data.get("compared")
        return moved(rows, value, Quarter.parse(compared)) if compared else rows.none()

    def compared_with(self, rows: Any, name: str, value: str) -> Any:
        """It says what is new, and hides nothing by itself."""
        return rows

    def with_evidence(self, rows: Any, name: str, value: str) -> Any:
        files = Exists(EvidenceLink.objects.filter(line=OuterRef("pk")))
        return rows.filter(files if value == "yes" else ~files)

    def of_contract(self, rows: Any, name: str, value: Any) -> Any:
        # A key that no database holds finds nothing.
        return rows.filter(commitment__contract=int(value)) if abs(value) < 2**31 else rows.none()

    def of_edition(self, rows: Any, name: str, value: Any) -> Any:
        if abs(value) >= 2**31:
            return rows.none()
        return rows.filter(commitment__measure__edition=int(value))

    def of_directorate(self, rows: Any, name: str, value: str) -> Any:
        if value == NONE:
            return rows.filter(commitment__contract__directorate__isnull=True)
        return rows.filter(commitment__contract__directorate=int(value))

    def of_division(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commitment__contract__category__code__startswith=value)

    def of_supplier(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commitment__supplier=int(value))

    def of_theme(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commitment__measure__outcome__theme__title=value)

    def of_measure(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(commitment__measure__code=value)

    def serving(self, rows: Any, name: str, value: str) -> Any:
        links = Commitment.wards.through.objects
        if value == NONE:
            return rows.exclude(commitment__in=links.values("commitment_id"))
        return rows.filter(commitment__in=links.filter(area__code=value).values("commitment_id"))

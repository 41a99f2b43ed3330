"""What the list of agreements can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms

from .filters import ContractFilter
from .models import Contract


class AgreementFilter(ContractFilter):
    """The register's filters that fit every kind; without a kind, all that are no contracts."""

    must_carry = social_value = buyer = division = notice_within = None  # type: ignore[assignment]
    portfolio = None  # type: ignore[assignment]
    agreement = django_filters.ChoiceFilter(
        method="of_kind",
        label="Kind of agreement",
        empty_label="All but contracts",
        choices=[*Contract.Kind.choices, ("all", "Every kind")],
    )
    stage = django_filters.MultipleChoiceFilter(
        label="Stage", choices=Contract.Stage.choices, widget=forms.CheckboxSelectMultiple
    )

    def filter_queryset(self, queryset: Any) -> Any:
        rows = self.in_force(super(ContractFilter, self).filter_queryset(queryset))
        if self.form.cleaned_data.get("agreement"):
            return rows
        return rows.exclude(kind=Contract.Kind.CONTRACT)

"""What the list of tenders can be narrowed by: one set for the page and the API."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.db.models import Q

from .models import Bid, Tender


class TenderFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="The contract’s title or reference"
    )
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=Tender.State.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Tender
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(contract__title__icontains=word) | Q(contract__reference__icontains=word)
            )
        return rows


class BidFilter(django_filters.FilterSet):
    tender = django_filters.NumberFilter(label="Tender", max_value=2**62, min_value=0)
    state = django_filters.MultipleChoiceFilter(
        label="State", choices=Bid.State.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = Bid
        fields: list[str] = []

"""What the list of offers for needs can be narrowed by; for page and API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q

from community_needs.models import Priority

from .models import NeedOffer

SOURCES = [("commitment", "A commitment"), ("pledge", "A pledge"), ("spare", "Something to spare")]


class OfferFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="Need or supplier")
    state = django_filters.ChoiceFilter(
        label="State", empty_label="Any state", choices=NeedOffer.State.choices
    )
    priority = django_filters.ModelChoiceFilter(
        field_name="need__priority",
        to_field_name="key",
        label="Priority",
        empty_label="Any priority",
        queryset=Priority.objects.all(),
    )
    source = django_filters.ChoiceFilter(
        method="sourced", label="What is offered", empty_label="Anything", choices=SOURCES
    )
    against = django_filters.BooleanFilter(
        method="overridden", label="Proposed against the ranking"
    )

    class Meta:
        model = NeedOffer
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(Q(need__title__icontains=value) | Q(supplier__name__icontains=value))

    def sourced(self, rows: Any, name: str, value: str) -> Any:
        if value == "spare":
            return rows.filter(spare__isnull=False)
        rows = rows.filter(commitment__isnull=False)
        pledge = Q(commitment__contract__kind="pledge")
        return rows.filter(pledge) if value == "pledge" else rows.exclude(pledge)

    def overridden(self, rows: Any, name: str, value: bool) -> Any:
        return rows.exclude(override_reason="") if value else rows.filter(override_reason="")

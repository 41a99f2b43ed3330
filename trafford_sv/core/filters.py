"""What to look for in the audit log."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet

from .models import AuditEvent


class AuditFilter(django_filters.FilterSet):
    """`q` looks in the names of people and things; the days are counted in local time."""

    q = django_filters.CharFilter(label="Search", method="search")
    verb = django_filters.CharFilter(label="What was done", lookup_expr="icontains")
    actor = django_filters.CharFilter(
        label="By whom", field_name="actor_name", lookup_expr="icontains"
    )
    subject_type = django_filters.CharFilter(label="Kind of record", lookup_expr="iexact")
    subject_id = django_filters.CharFilter(label="Number of the record", lookup_expr="exact")
    since = django_filters.DateFilter(label="From", field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label="To", field_name="at", lookup_expr="date__lte")

    class Meta:
        model = AuditEvent
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(subject_name__icontains=value)
            | Q(actor_name__icontains=value)
            | Q(verb__icontains=value)
            | Q(reason__icontains=value)
        )

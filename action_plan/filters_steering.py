"""What the lists of seats, meetings, decisions and actions arising can be narrowed by."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q

from .models import ArisingAction, Decision, Meeting, Seat


class SeatFilter(django_filters.FilterSet):
    """Without a state chosen, those in force today."""

    q = django_filters.CharFilter(method="search", label="Search", help_text="Organisation or role")
    state = django_filters.ChoiceFilter(
        method="in_state",
        label="State",
        empty_label="In force",
        choices=[("ended", "Ended"), ("coming", "Still to begin"), ("every", "Every seat")],
    )

    class Meta:
        model = Seat
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(Q(body__icontains=word) | Q(held_by__icontains=word))
        return rows

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        today = self.request.today
        if value == "ended":
            return rows.filter(ends__lt=today)
        return rows.filter(starts__gt=today) if value == "coming" else rows

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            found = found.in_force(self.request.today)
        return found


class MeetingFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label="State", empty_label="Any state", choices=Meeting.State.choices
    )
    since = django_filters.DateFilter(field_name="day", lookup_expr="gte", label="From")
    until = django_filters.DateFilter(field_name="day", lookup_expr="lte", label="To")

    class Meta:
        model = Meeting
        fields: list[str] = []


class DecisionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Words of the decision or its item"
    )
    kind = django_filters.ChoiceFilter(
        label="Kind", empty_label="Any kind", choices=Decision.Kind.choices
    )
    standing = django_filters.ChoiceFilter(
        method="stands",
        label="Does it stand?",
        empty_label="All on record",
        choices=[("stands", "Stands"), ("reversed", "Reversed later")],
    )
    taken = django_filters.ChoiceFilter(
        label="Taken", empty_label="By anyone", choices=Decision.Taken.choices
    )
    since = django_filters.DateFilter(field_name="decided_on", lookup_expr="gte", label="From")
    until = django_filters.DateFilter(field_name="decided_on", lookup_expr="lte", label="To")

    class Meta:
        model = Decision
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(Q(words__icontains=word) | Q(item__title__icontains=word))
        return rows

    def stands(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(reversed_by__isnull=value == "stands")


class ArisingFilter(django_filters.FilterSet):
    """Without a state chosen, the open ones."""

    q = django_filters.CharFilter(method="search", label="Search", help_text="Words or owner")
    state = django_filters.ChoiceFilter(
        method="in_state",
        label="State",
        empty_label="Open",
        choices=[
            ("overdue", "Open and past its date"),
            ("done", "Done"),
            ("cancelled", "No longer needed"),
            ("every", "Every state"),
        ],
    )

    class Meta:
        model = ArisingAction
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(words__icontains=word)
                | Q(owner__body__icontains=word)
                | Q(owner__held_by__icontains=word)
            )
        return rows

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "every":
            return rows
        if value == "overdue":
            return rows.filter(state=ArisingAction.State.OPEN, due__lt=self.request.today)
        return rows.filter(state=value)

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            found = found.filter(state=ArisingAction.State.OPEN)
        return found

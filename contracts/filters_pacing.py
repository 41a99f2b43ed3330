"""What the lists of paces, recovery actions and ratings can be narrowed by; for page and API."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import django_filters
from django.db.models import Q

from trafford_sv.core.models import User
from trafford_sv.directory.models import Organisation

from .filters import Choice
from .models import Commitment, Contract, DeliveryRating, RecoveryAction
from .pacing import Rating
from .selectors.pacing_rows import pacing_choices

RATINGS = [
    ("every", "Every rating"),
    (Rating.RED.value, "Red: behind"),
    (Rating.AMBER.value, "Amber: at risk"),
    (Rating.GREEN.value, "Green: on pace"),
    (Rating.NOT_YET.value, "Nothing to judge yet"),
]
BEHIND = (Rating.RED.value, Rating.AMBER.value)


class _Named(django_filters.ModelChoiceFilter):
    """One of the organisations or themes that stand on rows this person may see."""


def _seen(request: Any) -> Any:
    if request is None:  # the schema asks without anybody asking
        return Commitment.objects.none()
    return Commitment.objects.visible_to(request.user)


def directorates(request: Any) -> Any:
    return Organisation.objects.filter(
        pk__in=_seen(request).values("contract__directorate")
    ).order_by("name")


def suppliers(request: Any) -> Any:
    return Organisation.objects.filter(pk__in=_seen(request).values("supplier")).order_by("name")


def owners(request: Any) -> Any:
    seen = RecoveryAction.objects.filter(commitment__in=_seen(request))
    return User.objects.filter(pk__in=seen.values("owner")).order_by("name")


OFFERED = {
    "directorate": "Any directorate",
    "supplier": "Any supplier",
    "theme": "Any theme",
}


class PacingFilter(django_filters.FilterSet):
    """Of `paced_rows`. Without a rating chosen, what is behind: red and amber."""

    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Agreement, supplier or commitment"
    )
    rating = django_filters.ChoiceFilter(
        method="rated", label="Rating", empty_label="Behind: red and amber", choices=RATINGS
    )
    directorate = Choice(field_name="contract__directorate", label="Directorate")
    kind = django_filters.ChoiceFilter(
        field_name="contract__kind",
        label="Kind of agreement",
        empty_label="Any kind",
        choices=Contract.Kind.choices,
    )
    supplier = Choice(label="Supplier")
    theme = Choice(field_name="measure__outcome__theme", label="Theme")

    class Meta:
        model = Commitment
        fields: list[str] = []

    @cached_property
    def _held(self) -> dict[str, list[tuple[str, str]]]:
        return pacing_choices(self.request.user)

    @property
    def form(self) -> Any:
        form = super().form
        for name, anything in OFFERED.items():
            # A callable: read only when the list is drawn or a choice must be checked.
            form.fields[name].choices = lambda name=name, anything=anything: [
                ("", anything),
                *self._held[name],
            ]
        return form

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(contract__title__icontains=word)
                | Q(contract__reference__icontains=word)
                | Q(supplier__name__icontains=word)
                | Q(title__icontains=word)
                | Q(measure__title__icontains=word)
            )
        return rows

    def rated(self, rows: Any, name: str, value: str) -> Any:
        return rows if value == "every" else rows.filter(rating=value)

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("rating"):
            found = found.filter(rating__in=BEHIND)
        return found


class RecoveryFilter(django_filters.FilterSet):
    """Of recovery actions. Without a state chosen, the open ones."""

    q = django_filters.CharFilter(
        method="search", label="Search", help_text="Agreement, supplier or commitment"
    )
    state = django_filters.ChoiceFilter(
        method="in_state",
        label="State",
        empty_label="Open",
        choices=[
            ("overdue", "Open and past its date"),
            ("nobody", "Open and without an owner"),
            ("done", "Done"),
            ("cancelled", "No longer needed"),
            ("every", "Every state"),
        ],
    )
    owner = _Named(label="Owner", queryset=owners)
    directorate = _Named(
        field_name="commitment__contract__directorate", label="Directorate", queryset=directorates
    )
    supplier = _Named(field_name="commitment__supplier", label="Supplier", queryset=suppliers)

    class Meta:
        model = RecoveryAction
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(commitment__contract__title__icontains=word)
                | Q(commitment__contract__reference__icontains=word)
                | Q(commitment__supplier__name__icontains=word)
                | Q(commitment__title__icontains=word)
                | Q(commitment__measure__title__icontains=word)
            )
        return rows

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "every":
            return rows
        if value in ("done", "cancelled"):
            return rows.filter(state=value)
        rows = rows.filter(state=RecoveryAction.State.OPEN)
        if value == "overdue":
            return rows.filter(due__lt=self.request.today)
        return rows.filter(owner__isnull=True)

    def filter_queryset(self, queryset: Any) -> Any:
        found = super().filter_queryset(queryset)
        if not self.form.cleaned_data.get("state"):
            found = found.filter(state=RecoveryAction.State.OPEN)
        return found


class RatingFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="Contract or supplier")
    state = django_filters.ChoiceFilter(
        label="State", empty_label="Any state", choices=DeliveryRating.State.choices
    )
    directorate = _Named(
        field_name="contract__directorate", label="Directorate", queryset=directorates
    )
    supplier = _Named(label="Supplier", queryset=suppliers)

    class Meta:
        model = DeliveryRating
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(contract__title__icontains=word)
                | Q(contract__reference__icontains=word)
                | Q(supplier__name__icontains=word)
            )
        return rows


class DigestFilter(django_filters.FilterSet):
    """Of reminder e-mails."""

    q = django_filters.CharFilter(field_name="user__name", lookup_expr="icontains", label="Search")
    state = django_filters.ChoiceFilter(
        method="in_state",
        label="State",
        empty_label="Any state",
        choices=[
            ("doubt", "In doubt"),
            ("sent", "Sent"),
            ("failed", "Refused by the mail server"),
            ("skipped", "Nothing was due any more"),
        ],
    )

    class Meta:
        fields: list[str] = []

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        return rows.filter(state="claimed" if value == "doubt" else value)

"""Finding a person."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Exists, OuterRef, Q, QuerySet

from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLE_CHOICES

from .models import RoleGrant


class PersonFilter(django_filters.FilterSet):
    """By name, address, role held at some time, or state of the account."""

    q = django_filters.CharFilter(label="Search by name or e-mail", method="search")
    role = django_filters.ChoiceFilter(
        label="Role", choices=ROLE_CHOICES, method="with_role", empty_label="Any role"
    )
    state = django_filters.ChoiceFilter(
        label="Account",
        choices=[
            ("active", "Can sign in"),
            ("invited", "Invited, no password yet"),
            ("closed", "Closed"),
        ],
        method="in_state",
        empty_label="Any",
    )

    class Meta:
        model = User
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(email__icontains=value))

    def with_role(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Exists(RoleGrant.objects.filter(user=OuterRef("pk"), role=value)))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == "closed":
            return rows.filter(is_active=False)
        without_password = Q(password__startswith="!")
        return rows.filter(
            without_password if value == "invited" else ~without_password, is_active=True
        )

"""Narrowing the readers of reports by e-mail, for page and API, and the log of messages."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q

from trafford_sv.core.access import can

from .models import Audience, EditionMail, MailSubscription

LOG_STATES = [*EditionMail.State.choices, ("doubt", "In doubt")]


class MailSubscriptionFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(
        method="search", label="Search", help_text="A name or an e-mail address"
    )
    audience = django_filters.ChoiceFilter(
        label="Audience", empty_label="Every audience", choices=Audience.choices
    )
    state = django_filters.ChoiceFilter(
        label="State", empty_label="Any state", choices=MailSubscription.State.choices
    )

    class Meta:
        model = MailSubscription
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        keeps_them = can(self.request.user, "run_mailings")
        for word in value.split()[:10]:
            found = (
                Q(email__icontains=word)
                | Q(user__name__icontains=word)
                | Q(user__email__icontains=word)
            )
            # What officers call somebody is no answer to that person either.
            rows = rows.filter(found | Q(name__icontains=word) if keeps_them else found)
        return rows


class EditionMailFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(method="search", label="Search", help_text="An e-mail address")
    edition = django_filters.NumberFilter(
        label="Edition number in the log", min_value=1, max_value=2**31
    )
    state = django_filters.ChoiceFilter(
        method="in_state", label="State", empty_label="Any state", choices=LOG_STATES
    )
    audience = django_filters.ChoiceFilter(
        field_name="subscription__audience", label="Audience", empty_label="Every audience",
        choices=Audience.choices,
    )  # fmt: skip

    class Meta:
        model = EditionMail
        fields: list[str] = []

    def search(self, rows: Any, name: str, value: str) -> Any:
        for word in value.split()[:10]:
            rows = rows.filter(
                Q(address__icontains=word)
                | Q(subscription__name__icontains=word)
                | Q(subscription__user__name__icontains=word)
            )
        return rows

    def in_state(self, rows: Any, name: str, value: str) -> Any:
        if value == "doubt":
            return rows.filter(state=EditionMail.State.CLAIMED)
        return rows.filter(state=value)

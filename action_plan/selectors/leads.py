"""Who may lead an action, and what an adopter of the Charter leads."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import QuerySet

from trafford_sv.core.models import User
from trafford_sv.directory.models import Organisation, RoleGrant

from ..models import Action


def people_who_may_lead(day: datetime.date) -> QuerySet[Any]:
    """The keys of the accounts that are open and hold a role on the day."""
    held = RoleGrant.objects.in_force(day).values("user")
    return User.objects.filter(is_active=True, pk__in=held).values("pk")


def may_lead(person: User, day: datetime.date) -> bool:
    return people_who_may_lead(day).filter(pk=person.pk).exists()


def led_by(organisation: Organisation, user: Any) -> QuerySet[Action]:
    """Actions that the organisation leads and this person may read, as the plan orders them."""
    rows: QuerySet[Action] = Action.objects.visible_to(user)  # type: ignore[attr-defined]
    return rows.filter(lead_organisation=organisation).select_related("theme")

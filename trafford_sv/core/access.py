"""One access question, asked everywhere: `can(user, permission, on=record)`.

Rows are limited by a queryset's `visible_to(user)`, which pages, API, exports and reports
share. A record says whether it lies within a grant's organisation through
`in_reach_of(organisation_id, role)`; one that cannot say so is out of reach.
"""

from __future__ import annotations

import datetime
from typing import Any, Protocol

from django.contrib.auth import get_user_model
from django.utils import timezone

from .roles import PERMISSIONS, ROLES, Reach


class Grant(Protocol):
    role: str
    organisation_id: int | None
    organisation: Any


class UnknownPermission(LookupError):
    """A permission that is not in the table: a mistake in the code, never a denial."""


def grants_of(user: Any, *, on_day: datetime.date | None = None) -> list[Grant]:
    """The user's grants in force on a day (today by default), cached on the user for the request.

    Access is asked at the doors, so this is a place that may read the clock: whoever holds a
    role holds it now, whatever day the figures on the page are for.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return []
    day = on_day or timezone.localdate()
    # getattr and setattr, because `request.user` is a proxy with a dictionary of its own.
    cached: dict[datetime.date, list[Grant]] | None = getattr(user, "_grants_in_force", None)
    if cached is None:
        cached = user._grants_in_force = {}
    if day not in cached:
        cached[day] = list(user.grants.in_force(day))
    return cached[day]


def user_with_grants(user_id: Any) -> Any | None:
    """The user with the grants in force today, as `grants_of` caches them. One query; None where
    there is nobody, or nobody with a grant."""
    day = timezone.localdate()
    related: Any = get_user_model()._meta.get_field("grants").related_model
    found = list(related.objects.in_force(day).filter(user_id=user_id).select_related("user"))
    if not found:
        return None
    user = found[0].user
    user._grants_in_force = {day: found}
    return user


def forget_grants(user: Any) -> None:
    """After a grant was made or ended, so that the same object answers anew."""
    if hasattr(user, "_grants_in_force"):
        del user._grants_in_force


def can(user: Any, permission: str, *, on: Any = None) -> bool:
    """May this person do this, to this record if one is named? Anything not granted is refused."""
    if permission not in PERMISSIONS:
        raise UnknownPermission(permission)
    if permission in ROLES["public"].permissions:
        return True
    for grant in grants_of(user):
        role = ROLES[grant.role]
        if permission not in role.permissions:
            continue
        if on is None or role.reach is Reach.EVERYTHING:
            return True
        in_reach = getattr(on, "in_reach_of", None)
        if in_reach is not None and grant.organisation_id is not None:
            if in_reach(grant.organisation_id, grant.role):
                return True
    return False


def reach(user: Any, permission: str) -> tuple[bool, list[tuple[str, int]]]:
    """For `visible_to`: (sees everything, [(role, organisation id) ...] whose rows they see)."""
    if permission not in PERMISSIONS:
        raise UnknownPermission(permission)
    own: list[tuple[str, int]] = []
    for grant in grants_of(user):
        role = ROLES[grant.role]
        if permission not in role.permissions:
            continue
        if role.reach is Reach.EVERYTHING:
            return True, []
        if grant.organisation_id is not None:
            own.append((grant.role, grant.organisation_id))
    return False, own


def permissions_of(user: Any) -> frozenset[str]:
    """Every permission the person holds somewhere; for menus."""
    held: set[str] = set(ROLES["public"].permissions)
    for grant in grants_of(user):
        held |= ROLES[grant.role].permissions
    return frozenset(held)

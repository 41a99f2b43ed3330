"""People with the roles they hold."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from django.db.models import Prefetch, QuerySet

from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES, Role

from ..models import RoleGrant


@dataclass(frozen=True)
class HeldRole:
    """A grant with its meaning. `in_force` on the day that was asked about."""

    grant: RoleGrant
    role: Role
    in_force: bool


def people_with_roles(*, today: datetime.date) -> QuerySet[User]:
    """Everyone; each row has `current_grants` and `latest_invitations` read ahead."""
    return User.objects.prefetch_related(
        Prefetch(
            "grants",
            queryset=RoleGrant.objects.in_force(today).select_related("organisation"),
            to_attr="current_grants",
        )
    )


def roles_of(user: User, *, today: datetime.date) -> tuple[HeldRole, ...]:
    """Those in force first, then those that were. One query."""
    held = [
        HeldRole(
            grant=grant,
            role=ROLES[grant.role],
            in_force=grant.starts <= today and (grant.ends is None or grant.ends > today),
        )
        for grant in user.grants.select_related("organisation").order_by("starts", "pk")
    ]
    return tuple(sorted(held, key=lambda item: not item.in_force))

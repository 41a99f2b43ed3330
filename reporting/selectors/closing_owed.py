"""What officers owe a quarter before it is closed, and which officers: values that STAR supplies, and a
word on each target that was missed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass

from trafford_sv.core.models import User
from trafford_sv.directory.models import RoleGrant

from ..models import StarMeasure
from ..star_measures import TargetState
from .star_measures import MeasureLine

STAR_OFFICER, COORDINATOR = "star_officer", "coordinator"


@dataclass(frozen=True)
class OwedByOfficers:
    """Measures, in the order of the set."""

    values: tuple[StarMeasure, ...] = ()
    comments: tuple[StarMeasure, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.values or self.comments)

    @property
    def words(self) -> str:
        """value: Savings; commentary: Offered share"""
        parts = (("value", self.values), ("commentary", self.comments))
        return "; ".join(
            f"{what}: {', '.join(one.name for one in measures)}"
            for what, measures in parts
            if measures
        )


def owed_by_officers(lines: Iterable[MeasureLine], *, is_over: bool) -> OwedByOfficers:
    """Nothing before the quarter is over: what it came to is not known."""
    if not is_over:
        return OwedByOfficers()
    rows = list(lines)
    supplied = StarMeasure.Source.SUPPLIED
    return OwedByOfficers(
        tuple(
            line.measure
            for line in rows
            if line.measure.source == supplied and line.reading is None
        ),
        tuple(
            line.measure
            for line in rows
            if line.target is TargetState.NOT_MET and line.comment is None
        ),
    )


def who_owes(owed: OwedByOfficers, as_of: datetime.date) -> dict[User, OwedByOfficers]:
    """STAR's officers owe both; the council's co-ordinators, who may comment as well, the commentary.
    One query, none where nothing is owed."""
    if not owed:
        return {}
    held = (
        RoleGrant.objects.in_force(as_of)
        .filter(role__in=[STAR_OFFICER, COORDINATOR], user__is_active=True)
        .exclude(user__email="")
        .select_related("user")
        .order_by("user__name", "pk")
    )
    roles: dict[User, set[str]] = {}
    for grant in held:
        roles.setdefault(grant.user, set()).add(grant.role)
    found = {
        user: owed if STAR_OFFICER in has else OwedByOfficers((), owed.comments)
        for user, has in roles.items()
    }
    return {user: each for user, each in found.items() if each}

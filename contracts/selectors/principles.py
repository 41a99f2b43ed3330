"""From the number that a measure gives to the principle of the charter in force."""

from __future__ import annotations

import datetime

from charter.models import CharterVersion, Principle


def principles_by_number(day: datetime.date) -> dict[str, Principle]:
    """{"1": ..., "2": ...} of the charter in force on the day; none before the first. One query."""
    in_force = (
        CharterVersion.objects.approved()
        .filter(in_force_from__lte=day)
        .order_by("-in_force_from")
        .values("pk")[:1]
    )
    return {
        str(principle.number): principle
        for principle in Principle.objects.filter(charter_version__in=in_force)
    }

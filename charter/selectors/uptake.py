"""How many stand behind the charter, and what they pledged, read for the pure figures."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, Sum

from ..models import Adoption, Pledge
from ..uptake import PledgeGroup, Uptake, by_principle, uptake_of


@dataclass(frozen=True)
class Standing:
    """Adopters on a day, and pledges as they stand. `pledges` is apart from every other total."""

    adopters: int
    withdrawn: int
    pledges: Uptake
    by_principle: dict[str, Uptake]


def pledge_groups(rows: Any = None) -> list[PledgeGroup]:
    """Any queryset of pledges, grouped by principle, unit and state. One query."""
    pledges = Pledge.objects.all() if rows is None else rows
    return [
        PledgeGroup(
            principle_key=row["principle__key"],
            unit=row["unit"],
            state=row["state"],
            pledges=row["pledges"],
            promised_quantity=row["promised"],
            reported_quantity=row["reported"],
            confirmed_quantity=row["confirmed"],
        )
        for row in pledges.order_by()
        .values("principle__key", "unit", "state")
        .annotate(
            pledges=Count("pk"),
            promised=Sum("promised_quantity"),
            reported=Sum("reported_quantity"),
            confirmed=Sum("confirmed_quantity"),
        )
    ]


def standing_on(day: datetime.date) -> Standing:
    """Two queries, however many there are. Pledges are read as they stand now."""
    counted = Adoption.objects.aggregate(
        standing=Count(
            "pk",
            filter=Q(adopted_on__lte=day)
            & (Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day)),
        ),
        withdrawn=Count("pk", filter=Q(withdrawn_on__lte=day)),
    )
    groups = pledge_groups(Pledge.objects.filter(pledged_on__lte=day))
    return Standing(
        counted["standing"], counted["withdrawn"], uptake_of(groups), by_principle(groups)
    )

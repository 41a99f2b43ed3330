"""Whose needs suppliers are shown, so that a small hub is not overlooked."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Count, Q

from community_needs.models import Need

from ..models import NeedOffer
from .need_matching import needs_for_suppliers
from .need_supply import live_commitments

SUPPLIERS = 20
PLACES = 10


def needs_by_hub(
    user: Any, day: datetime.date
) -> tuple[dict[int, str], dict[int, int], dict[int, int]]:
    """(names, open published needs, offers proposed so far) by hub. One query."""
    open_needs = Need.objects.wanting(day).public().values("pk")
    offers: Any = NeedOffer.objects.visible_to(user).values("pk")  # type: ignore[attr-defined]
    rows = list(
        Need.objects.filter(hub__isnull=False)
        .order_by()
        .values_list("hub", "hub__name")
        .annotate(
            number=Count("pk", filter=Q(pk__in=open_needs), distinct=True),
            proposed=Count("offers", filter=Q(offers__in=offers), distinct=True),
        )
    )
    names = {pk: name for pk, name, number, _ in rows if number}
    counts = {pk: number for pk, _, number, _ in rows if number}
    return names, counts, {pk: proposed for pk, _, _, proposed in rows if proposed}


def shown_hubs(day: datetime.date) -> tuple[list[list[str]], int]:
    """The hubs of the first `PLACES` needs in the lists of the `SUPPLIERS` with most live promises,
    in the order shown, and how many suppliers that is. Eight queries."""
    suppliers = list(
        live_commitments(day)
        .order_by()
        .values("supplier")
        .annotate(number=Count("pk"))
        .order_by("-number", "supplier")
        .values_list("supplier", flat=True)[:SUPPLIERS]
    )
    found = needs_for_suppliers(suppliers, as_of=day, each=PLACES)
    lists = [
        [str(match.need.hub_id) for match in matches if match.need.hub_id]
        for matches in found.values()
    ]
    return lists, len(suppliers)

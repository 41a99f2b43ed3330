"""Reading hubs: the list, one of them, and which wards have none."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, QuerySet, Subquery
from django.db.models.functions import Coalesce

from trafford_sv.directory.models import Area

from ..models import Catchment, Hub, Need
from ..models.hubs import CATCHMENT_YEAR


def hub_rows(user: Any) -> QuerySet[Hub]:
    """Hubs with how many standing public needs and wards each has. One query."""
    needs = (
        Need.objects.public()
        .standing()
        .filter(hub=OuterRef("organisation"))
        .order_by()
        .values("hub")
        .annotate(rows=Count("pk"))
        .values("rows")
    )
    wards = (
        Catchment.objects.filter(hub=OuterRef("organisation"))
        .order_by()
        .values("hub")
        .annotate(rows=Count("pk"))
        .values("rows")
    )
    return (
        Hub.objects.current()
        .visible_to(user)
        .select_related("organisation__ward")
        .defer("organisation__ward__geometry")
        .annotate(needs=Coalesce(Subquery(needs), 0), wards_served=Coalesce(Subquery(wards), 0))
    )


@dataclass(frozen=True)
class WardService:
    """A ward, the hubs that stand in it and those that serve it from elsewhere."""

    ward: Area
    stands: tuple[str, ...]
    serves: tuple[str, ...]
    hubs: frozenset[int]  # organisations, of both sorts

    @property
    def has_a_hub(self) -> bool:
        return bool(self.stands)

    @property
    def is_served(self) -> bool:
        return bool(self.stands or self.serves)


def wards_and_hubs() -> list[WardService]:
    """Every ward of 2023 by name, also those that nobody serves. Two queries."""
    stands: dict[int, list[str]] = defaultdict(list)
    serves: dict[int, list[str]] = defaultdict(list)
    hubs: dict[int, set[int]] = defaultdict(set)
    rows = Catchment.objects.filter(hub__merged_into__isnull=True, hub__hub__isnull=False)
    for ward, hub, name, home in rows.order_by("hub__name").values_list(
        "ward_id", "hub_id", "hub__name", "hub__ward_id"
    ):
        (stands if ward == home else serves)[ward].append(name)
        hubs[ward].add(hub)
    return [
        WardService(
            ward,
            tuple(stands.get(ward.pk, ())),
            tuple(serves.get(ward.pk, ())),
            frozenset(hubs.get(ward.pk, ())),
        )
        for ward in Area.objects.wards(CATCHMENT_YEAR).order_by("name")
    ]

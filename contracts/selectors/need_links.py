"""Needs that an agreement could answer, few enough to choose from."""

from __future__ import annotations

from collections.abc import Collection

from django.db.models import Count, F, Q

from community_needs.models import Need

from ..models import Contract

MOST = 40


def needs_to_answer(contract: Contract, linked: Collection[int]) -> set[int]:
    """Keys: those linked already, and open published needs; of these the ones that share most
    wards with the agreement first, then those that close soonest. One query."""
    wards = Contract.wards.through.objects.filter(contract=contract.pk).values("area")
    rows = (
        Need.objects.public()
        .filter(state__in=[Need.State.OPEN, Need.State.MATCHED, Need.State.PART_MET])
        .exclude(pk__in=linked)
        .annotate(shared=Count("wards", filter=Q(wards__in=wards), distinct=True))
        .order_by("-shared", F("closes").asc(nulls_last=True), "pk")
        .values_list("pk", flat=True)[:MOST]
    )
    return {*linked, *rows}

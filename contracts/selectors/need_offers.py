"""Offers for needs as lists, pages and the API read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from ..models import NeedOffer


def offer_rows(user: Any) -> QuerySet[NeedOffer]:
    """What this person may see, with all that a row shows."""
    rows: QuerySet[NeedOffer] = NeedOffer.objects.visible_to(user).select_related(
        "need__priority",
        "need__hub",
        "supplier",
        "spare",
        "commitment__measure__edition",
        "commitment__contract",
    )
    return rows


def offers_of(need_id: int, user: Any) -> list[NeedOffer]:
    """One query."""
    return list(offer_rows(user).filter(need=need_id).order_by("-proposed_at", "-pk")[:100])


def waiting_for_supplier(suppliers: list[int], user: Any) -> list[NeedOffer]:
    """What waits for these suppliers' word or deed, oldest first. One query."""
    waits = (NeedOffer.State.PROPOSED, NeedOffer.State.ACCEPTED)
    rows = offer_rows(user).filter(supplier__in=suppliers, state__in=waits)
    return list(rows.order_by("proposed_at", "pk")[:50])


def told_to_supplier(suppliers: list[int], user: Any) -> list[NeedOffer]:
    """What a hub said of these suppliers' offers lately, newest first. One query."""
    heard = (NeedOffer.State.DECLINED, NeedOffer.State.CONFIRMED, NeedOffer.State.MISSED)
    rows = offer_rows(user).filter(supplier__in=suppliers, state__in=heard)
    return list(rows.order_by("-hub_answered_at", "-pk")[:10])


def waiting_for_hubs(hubs: list[int], user: Any) -> list[NeedOffer]:
    """What waits for these hubs, oldest first. One query."""
    waits = (NeedOffer.State.AGREED, NeedOffer.State.DELIVERED)
    rows = offer_rows(user).filter(need__hub__in=hubs, state__in=waits)
    return list(rows.order_by("proposed_at", "pk")[:50])

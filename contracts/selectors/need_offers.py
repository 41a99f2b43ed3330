"""Offers for needs as lists, pages and the API read them."""

from __future__ import annotations

from typing import Any

from django.db.models import Case, F, IntegerField, QuerySet, Value, When

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


SUPPLIER_WAITS = (NeedOffer.State.PROPOSED, NeedOffer.State.ACCEPTED)
SUPPLIER_HEARS = (NeedOffer.State.DECLINED, NeedOffer.State.CONFIRMED, NeedOffer.State.MISSED)
WAITING_SHOWN, TOLD_SHOWN = 50, 10


def waiting_for_supplier(suppliers: list[int], user: Any) -> list[NeedOffer]:
    """What waits for these suppliers' word or deed, oldest first. One query."""
    rows = offer_rows(user).filter(supplier__in=suppliers, state__in=SUPPLIER_WAITS)
    return list(rows.order_by("proposed_at", "pk")[:WAITING_SHOWN])


def waiting_and_told(suppliers: list[int], user: Any) -> tuple[list[NeedOffer], list[NeedOffer]]:
    """What waits for these suppliers, oldest first, and what hubs said lately, newest first.
    One query."""
    waits = Case(
        When(state__in=SUPPLIER_WAITS, then=Value(0)), default=Value(1), output_field=IntegerField()
    )
    rows = list(
        offer_rows(user)
        .filter(supplier__in=suppliers, state__in=[*SUPPLIER_WAITS, *SUPPLIER_HEARS])
        .order_by(waits, F("hub_answered_at").desc(nulls_first=True), "-pk")[
            : WAITING_SHOWN * 4 + TOLD_SHOWN
        ]
    )
    waiting = [row for row in rows if row.state in SUPPLIER_WAITS]
    waiting.sort(key=lambda row: (row.proposed_at, row.pk))
    return waiting[:WAITING_SHOWN], [row for row in rows if row.state in SUPPLIER_HEARS][
        :TOLD_SHOWN
    ]


def waiting_for_hubs(hubs: list[int], user: Any) -> list[NeedOffer]:
    """What waits for these hubs, oldest first. One query."""
    waits = (NeedOffer.State.AGREED, NeedOffer.State.DELIVERED)
    rows = offer_rows(user).filter(need__hub__in=hubs, state__in=waits)
    return list(rows.order_by("proposed_at", "pk")[:50])

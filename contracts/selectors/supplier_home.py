"""What waits for a supplier besides the returns that are due: sent back, to accept, to answer."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum

from django.db.models import CharField, Count, DateTimeField, F, Min, TextField, Value
from django.db.models.functions import Cast

from ..models import Bid, Commitment, DeliveryReturn, Tender


class Waiting(StrEnum):
    SENT_BACK = "sent back"
    TO_ACCEPT = "to accept"
    BID = "bid"


@dataclass(frozen=True)
class WaitingItem:
    """`pk` is the return's or the bid's; `number` how many commitments wait in the agreement.

    `words`: why a return was sent back, or the state of a bid.
    """

    kind: Waiting
    pk: int
    reference: str
    title: str
    when: datetime.datetime | None
    words: str
    number: int


def waiting_for(suppliers: Collection[int], now: datetime.datetime) -> tuple[WaitingItem, ...]:
    """One query: what was sent back first, then what closes soonest, then what to accept."""
    back = (
        DeliveryReturn.objects.filter(supplier__in=suppliers, state=DeliveryReturn.State.SENT_BACK)
        .order_by()
        .annotate(
            what=Value(Waiting.SENT_BACK.value, output_field=CharField()),
            reference=F("contract__reference"),
            title=F("contract__title"),
            moment=F("submitted_at"),
            words=F("sent_back_reason"),
            how_many=Value(1),
        )
        .values_list("what", "pk", "reference", "title", "moment", "words", "how_many")
    )
    bids = (
        Bid.objects.filter(
            organisation__in=suppliers,
            state__in=(Bid.State.INVITED, Bid.State.DRAFT),
            tender__state=Tender.State.OPEN,
            tender__closes_at__gt=now,
        )
        .order_by()
        .annotate(
            what=Value(Waiting.BID.value, output_field=CharField()),
            reference=F("tender__contract__reference"),
            title=F("tender__contract__title"),
            moment=F("tender__closes_at"),
            words=Cast(F("state"), TextField()),
            how_many=Value(1),
        )
        .values_list("what", "pk", "reference", "title", "moment", "words", "how_many")
    )
    proposed = (
        Commitment.objects.filter(
            supplier__in=suppliers,
            state=Commitment.State.PROPOSED,
            supplier_accepted_at__isnull=True,
        )
        .order_by()
        .values("contract")
        .annotate(
            what=Value(Waiting.TO_ACCEPT.value, output_field=CharField()),
            first=Min("pk"),
            reference=F("contract__reference"),
            title=F("contract__title"),
            moment=Cast(Value(None), DateTimeField()),
            words=Cast(Value(""), TextField()),
            how_many=Count("pk"),
        )
        .values_list("what", "first", "reference", "title", "moment", "words", "how_many")
    )
    found = [
        WaitingItem(Waiting(what), *rest) for what, *rest in back.union(bids, proposed, all=True)
    ]
    order = [Waiting.SENT_BACK, Waiting.BID, Waiting.TO_ACCEPT]
    return tuple(
        sorted(found, key=lambda item: (order.index(item.kind), item.when or now, item.reference))
    )

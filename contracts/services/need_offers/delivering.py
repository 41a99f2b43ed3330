"""The supplier says that it was done; the hub says what arrived. Then the offer is closed."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.matching import day, drawn, plain
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.deadlocks import once_more

from ...models import NeedOffer
from .holding import State, checked, expect, hold, save


@once_more
def deliver_offer(
    *,
    offer: NeedOffer,
    delivered_quantity: Decimal | None,
    delivered_on: datetime.date,
    words: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
) -> NeedOffer:
    """What was done, at most what was accepted. The rest of the promise is free again.

    `delivered_quantity` None only for a need that is not counted.
    """
    attempted = {
        "delivered_quantity": delivered_quantity,
        "delivered_on": delivered_on,
        "words": words,
    }
    with transaction.atomic():
        stored = hold(offer, expected_version, attempted)
        expect(stored, State.ACCEPTED)
        if delivered_on > (today or now.date()):
            raise ValidationError({"delivered_on": ["This day has not come yet."]})
        if stored.hub_answered_at and delivered_on < stored.proposed_at.date():
            raise ValidationError(
                {
                    "delivered_on": [
                        "This is before the offer was proposed, "
                        f"on {day(stored.proposed_at.date())}."
                    ]
                }
            )
        accepted, kept = stored.accepted_quantity, stored.held_quantity
        done = None
        if accepted is not None:
            done = checked(delivered_quantity, "delivered_quantity", least=Decimal("0.01"))
            if done > accepted:
                raise ValidationError(
                    {
                        "delivered_quantity": [
                            f"The hub accepted {plain(accepted)} {stored.need.unit}. "
                            "Enter at most that."
                        ]
                    }
                )
            kept = drawn(accepted, done, stored.held_quantity)
        return save(
            offer=stored,
            changes={
                "state": State.DELIVERED,
                "delivered_quantity": done,
                "held_quantity": kept,
                "delivered_on": delivered_on,
                "delivered_words": words.strip(),
                "delivered_at": now,
                "delivered_by_name": actor_name(by),
            },
            verb="offer delivered",
            by=by,
            now=now,
        )


@once_more
def confirm_offer(
    *,
    offer: NeedOffer,
    has_arrived: bool,
    confirmed_quantity: Decimal | None,
    words: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> NeedOffer:
    """What the hub says arrived. Nothing closes the offer as "did not arrive", and it holds nothing.

    At most what was delivered is confirmed: the supplier's word is the ceiling, the hub's the fact.
    """
    attempted = {"confirmed_quantity": confirmed_quantity, "words": words}
    with transaction.atomic():
        stored = hold(offer, expected_version, attempted)
        expect(stored, State.DELIVERED)
        arrived: Decimal | None = None
        if stored.delivered_quantity is not None:
            arrived = Decimal(0)
            if has_arrived:
                arrived = checked(confirmed_quantity, "confirmed_quantity")
                if arrived > stored.delivered_quantity:
                    raise ValidationError(
                        {
                            "confirmed_quantity": [
                                f"The supplier says it brought {plain(stored.delivered_quantity)} "
                                f"{stored.need.unit}. Enter at most that, and say more below."
                            ]
                        }
                    )
                has_arrived = arrived > 0
        if not has_arrived and not words.strip():
            raise ValidationError(
                {"words": ["Say what happened. The council and the supplier read it."]}
            )
        kept = stored.held_quantity
        if arrived is not None and stored.delivered_quantity:
            kept = drawn(stored.delivered_quantity, arrived, kept)
        return save(
            offer=stored,
            changes={
                "state": State.CONFIRMED if has_arrived else State.MISSED,
                "confirmed_quantity": arrived,
                "held_quantity": kept if has_arrived else Decimal(0),
                "confirmed_at": now,
                "confirmed_by_name": actor_name(by),
                "confirmed_words": words.strip(),
            },
            verb="offer confirmed by the hub" if has_arrived else "offer did not arrive",
            by=by,
            now=now,
            reason=words.strip(),
        )

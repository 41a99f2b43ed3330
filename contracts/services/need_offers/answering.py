"""The supplier says yes or no, and then the hub. From the supplier's yes on, the quantity is held."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.matching import acceptable, drawn, plain
from community_needs.need_progress import NeedState
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.deadlocks import once_more

from ...models import Commitment, NeedOffer
from ...selectors.need_supply import OVER
from .holding import State, checked, expect, hold, needed_reason, refuse_more_than_free, save


@once_more
def agree_offer(
    *, offer: NeedOffer, expected_version: int, by: Any, now: datetime.datetime
) -> NeedOffer:
    """The supplier gives this quantity to this need. Refused where another need has it already."""
    with transaction.atomic():
        stored = hold(offer, expected_version, {})
        expect(stored, State.PROPOSED)
        _still_stands(stored)
        refuse_more_than_free(stored.source, stored.drawn_quantity, stored.source_unit)
        return save(
            offer=stored,
            changes={
                "state": State.AGREED,
                "held_quantity": stored.drawn_quantity,
                "supplier_answered_at": now,
                "supplier_answered_by_name": actor_name(by),
            },
            verb="offer agreed by the supplier",
            by=by,
            now=now,
        )


@once_more
def refuse_offer(
    *, offer: NeedOffer, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> NeedOffer:
    reason = needed_reason(reason, "reason", "Say why not. The council reads it, the hub does not.")
    with transaction.atomic():
        stored = hold(offer, expected_version, {"reason": reason})
        expect(stored, State.PROPOSED)
        return save(
            offer=stored,
            changes={
                "state": State.REFUSED,
                "supplier_answered_at": now,
                "supplier_answered_by_name": actor_name(by),
                "refused_reason": reason,
            },
            verb="offer refused by the supplier",
            by=by,
            now=now,
            reason=reason,
        )


@once_more
def accept_offer(
    *,
    offer: NeedOffer,
    accepted_quantity: Decimal | None = None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> NeedOffer:
    """The hub takes it, or the part that it still needs; the rest is free again.

    `accepted_quantity` None: as much as is still needed. Raises Collision or ValidationError.
    """
    with transaction.atomic():
        stored = hold(offer, expected_version, {"accepted_quantity": accepted_quantity})
        expect(stored, State.AGREED)
        _still_stands(stored)
        offered = stored.offered_quantity
        if offered is None:
            taken, kept = None, stored.drawn_quantity
        else:
            most = acceptable(stored.need.still_wanted_quantity, offered)
            if most <= 0:
                raise ValidationError(
                    "All that is needed has been accepted from others already. "
                    "Decline this offer, so that it can go to somebody else."
                )
            taken = most if accepted_quantity is None else _taken(accepted_quantity, most, stored)
            kept = drawn(offered, taken, stored.drawn_quantity)
        if stored.commitment is not None:
            # From here on the promise says which need it answers, whatever becomes of the offer.
            stored.commitment.needs.add(stored.need)
        return save(
            offer=stored,
            changes={
                "state": State.ACCEPTED,
                "accepted_quantity": taken,
                "held_quantity": kept,
                "hub_answered_at": now,
                "hub_answered_by_name": actor_name(by),
            },
            verb="offer accepted by the hub",
            by=by,
            now=now,
        )


@once_more
def decline_offer(
    *, offer: NeedOffer, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> NeedOffer:
    """The hub says no, and why. The supplier reads the reason; its promise is free again."""
    reason = needed_reason(
        reason, "reason", "Say why not. The supplier reads it and can do better."
    )
    with transaction.atomic():
        stored = hold(offer, expected_version, {"reason": reason})
        expect(stored, State.AGREED)
        return save(
            offer=stored,
            changes={
                "state": State.DECLINED,
                "held_quantity": Decimal(0),
                "hub_answered_at": now,
                "hub_answered_by_name": actor_name(by),
                "declined_reason": reason,
            },
            verb="offer declined by the hub",
            by=by,
            now=now,
            reason=reason,
        )


def _taken(wanted: Decimal, most: Decimal, offer: NeedOffer) -> Decimal:
    wanted = checked(wanted, "accepted_quantity", least=Decimal("0.01"))
    if wanted > most:
        raise ValidationError(
            {
                "accepted_quantity": [
                    f"At most {plain(most)} {offer.need.unit} can be accepted: "
                    f"{plain(offer.offered_quantity or most)} are offered, and no more is needed "
                    "than that."
                    if offer.offered_quantity == most
                    else f"{plain(most)} {offer.need.unit} are still needed. Accept at most that."
                ]
            }
        )
    return wanted


def _still_stands(offer: NeedOffer) -> None:
    if offer.need.state == NeedState.WITHDRAWN:
        raise ValidationError("This need was withdrawn since, so nothing can be promised to it.")
    source = offer.source
    if isinstance(source, Commitment) and (
        source.state != Commitment.State.AGREED or source.contract.stage in OVER
    ):
        raise ValidationError("The promise behind this offer is no longer live.")

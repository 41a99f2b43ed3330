"""An officer proposes a promise for a need. The ranking advises; choosing another is on record."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.matching import day, plain, same_unit
from community_needs.models import Need
from community_needs.need_progress import NeedState
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.records import create_record

from ...models import Commitment, NeedOffer, SpareOffer
from ...selectors.need_matching import candidates_for
from ...selectors.need_supply import OVER, free_of
from .holding import (
    State,
    checked,
    expect,
    hold,
    hold_need,
    hold_source,
    needed_reason,
    save,
)
from .telling import tell_of_step


@once_more
def propose_offer(
    *,
    need: Need,
    commitment: Commitment | None = None,
    spare: SpareOffer | None = None,
    offered_quantity: Decimal | None,
    drawn_quantity: Decimal | None,
    note: str = "",
    override_reason: str = "",
    by: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
    is_demo: bool = False,
) -> NeedOffer:
    """Ask the supplier whether this promise may go to this need. It holds nothing yet.

    `offered_quantity` in the need's unit, None where it is not counted; `drawn_quantity` in the
    promise's own unit, the same number where the units are one. Raises ValidationError.
    """
    on = today or now.date()
    if (commitment is None) == (spare is None):
        raise ValidationError("Choose one promise to propose.")
    with transaction.atomic():
        source = hold_source(commitment, spare)
        stored = hold_need(need.pk)
        _refuse(stored, source, on)
        unit = source.measure.unit if isinstance(source, Commitment) else source.unit
        offered, drawn = _quantities(stored, unit, offered_quantity, drawn_quantity)
        free = free_of(source)
        if drawn > free:
            raise ValidationError(
                {
                    "drawn_quantity": [
                        f"{plain(free)} {unit} of this promise are left. Propose no more than that."
                    ]
                }
            )
        key = f"commitment:{source.pk}" if isinstance(source, Commitment) else f"spare:{source.pk}"
        ranked = candidates_for(stored, as_of=on, always=key)
        mine = next((row for row in ranked.rows if row.ranked.candidate.key == key), None)
        first = ranked.rows[0] if ranked.rows else None
        is_first = mine is not None and first is not None and mine is first
        if not is_first and first is not None:
            override_reason = needed_reason(
                override_reason,
                "override_reason",
                f"{first.supplier_name}, “{first.title}”, is ranked first. "
                "Say why this one is better. It stays on record.",
            )
        offer: NeedOffer = create_record(
            model=NeedOffer,
            values={
                "need": stored,
                "commitment": source if isinstance(source, Commitment) else None,
                "spare": source if isinstance(source, SpareOffer) else None,
                "supplier": source.supplier,
                "offered_quantity": offered,
                "drawn_quantity": drawn,
                "note": note.strip(),
                "rank": mine.ranked.rank if mine else None,
                "score": mine.ranked.score if mine else None,
                "reasons": [
                    [
                        reason.criterion.label,
                        reason.weight,
                        None if reason.points is None else str(reason.points),
                        reason.words,
                    ]
                    for reason in (mine.ranked.reasons if mine else ())
                ],
                "override_reason": "" if is_first else override_reason.strip(),
                "proposed_at": now,
                "proposed_by_name": actor_name(by),
                "is_demo": is_demo or stored.is_demo,
            },
            by=by,
            now=now,
            reason="" if is_first else override_reason.strip()[:300],
            verb="offer proposed" if is_first else "offer proposed against the ranking",
        )
        tell_of_step(offer=offer, by=by, now=now)
        return offer


@once_more
def withdraw_offer(
    *, offer: NeedOffer, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> NeedOffer:
    """It will not go ahead. What it held is free again. Not after delivery."""
    reason = needed_reason(reason, "reason", "Say why it is withdrawn. Both sides will read it.")
    with transaction.atomic():
        stored = hold(offer, expected_version, {"reason": reason})
        expect(stored, State.PROPOSED, State.AGREED, State.ACCEPTED)
        return save(
            offer=stored,
            changes={
                "state": State.WITHDRAWN,
                "held_quantity": Decimal(0),
                "withdrawn_at": now,
                "withdrawn_by_name": actor_name(by),
                "withdrawn_reason": reason,
            },
            verb="offer withdrawn",
            by=by,
            now=now,
            reason=reason,
        )


def _refuse(need: Need, source: Commitment | SpareOffer, on: datetime.date) -> None:
    if need.state == NeedState.WITHDRAWN:
        raise ValidationError("This need was withdrawn or merged, so nothing can be offered to it.")
    if need.state == NeedState.MET:
        raise ValidationError("This need is met already.")
    if need.closes is not None and need.closes < on:
        raise ValidationError(f"This need closed on {day(need.closes)}.")
    if need.hub_id == source.supplier_id:
        raise ValidationError("This is the hub’s own promise. Another has to help it.")
    if isinstance(source, Commitment):
        is_live = source.state == Commitment.State.AGREED and source.contract.stage not in OVER
        ended = source.due is not None and source.due < on
    else:
        is_live = source.state == SpareOffer.State.OPEN
        ended = source.ends is not None and source.ends < on
    if not is_live:
        raise ValidationError("This promise is no longer live. Choose another.")
    if ended:
        raise ValidationError("This promise is past its last day. Choose another.")
    already = NeedOffer.objects.filter(
        need=need,
        commitment=source if isinstance(source, Commitment) else None,
        spare=source if isinstance(source, SpareOffer) else None,
        state__in=[State.PROPOSED, State.AGREED, State.ACCEPTED, State.DELIVERED],
    ).first()
    if already is not None:
        raise ValidationError(
            f"This promise is proposed for this need since {day(already.proposed_at.date())}."
        )


def _quantities(
    need: Need, unit: str, offered: Decimal | None, drawn: Decimal | None
) -> tuple[Decimal | None, Decimal]:
    least = Decimal("0.01")
    if need.needed_quantity is None:
        return None, checked(drawn, "drawn_quantity", least=least)
    offered = checked(offered, "offered_quantity", least=least)
    left = need.still_wanted_quantity
    if left is not None and offered > left:
        raise ValidationError(
            {
                "offered_quantity": [
                    f"{plain(left)} {need.unit} are still needed. Propose no more than that."
                ]
            }
            if left > 0
            else "All that is needed is promised already. Wait for delivery, or change the need."
        )
    if same_unit(need.unit, unit):
        return offered, offered
    return offered, checked(drawn, "drawn_quantity", least=least)

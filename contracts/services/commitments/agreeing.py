"""Proposing, accepting, varying and withdrawing. At agreement the value of a unit is pinned."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.records import update_record
from trafford_sv.directory.models import Area

from ...counting import CountingRule, quantity_words
from ...models import Commitment, Contract, Measure, MeasureValue, NeedOffer
from ...selectors.measures import value_for
from ...selectors.mobilisation import Gap, gaps_of
from ...thresholds import day_words
from ...valuation import ValuationError, price_line
from .drawing_up import CHANGEABLE, MANY, NOBODY_HAS_ACCEPTED, draft
from .rows import _write_profile, locked, profile_of, save, spread

State = Commitment.State
SIDES = ("council", "supplier")
# How the reason begins in the history, where the page looks for it.
SENT_BACK = "Sent back by"


def propose_commitment(
    *, commitment: Commitment, expected_version: int, by: Any, now: datetime.datetime
) -> Commitment:
    """Open it for acceptance by both sides. Refused, with everything that is missing."""
    with transaction.atomic():
        stored = locked(commitment, expected_version)
        if stored.state != State.DRAFT:
            raise ValidationError(_not_now(stored, "proposed"))
        _refuse_gaps(gaps_of(stored))
        return save(
            commitment=stored,
            changes={"state": State.PROPOSED},
            verb="commitment proposed",
            by=by,
            now=now,
        )


@once_more
def accept_commitment(
    *,
    commitment: Commitment,
    side: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Commitment:
    """One side accepts what it read at `expected_version`; when both have, it is agreed.

    The first acceptance changes no terms and so makes no new version: both sides may accept at
    the same moment.
    """
    if side not in SIDES:
        raise ValueError(f"No side of an agreement: {side}")
    with transaction.atomic():
        _hold_with_replaced(commitment)
        stored = locked(commitment, expected_version)
        if stored.state != State.PROPOSED:
            raise ValidationError(_not_now(stored, "accepted"))
        if getattr(stored, f"{side}_accepted_at") is not None:
            raise ValidationError(
                f"This was accepted already, by {getattr(stored, f'{side}_accepted_by_name')}."
            )
        _refuse_gaps(gaps_of(stored))
        changes: dict[str, Any] = {
            f"{side}_accepted_at": now,
            f"{side}_accepted_by_name": actor_name(by),
        }
        who = "the council" if side == "council" else "the supplier"
        other = "supplier" if side == "council" else "council"
        if getattr(stored, f"{other}_accepted_at") is None:
            return save(
                commitment=stored,
                changes=changes,
                verb=f"commitment accepted by {who}",
                by=by,
                now=now,
                is_new_version=False,
            )
        changes.update(state=State.AGREED, **pinned(stored, timezone.localtime(now).date()))
        agreed = save(
            commitment=stored,
            changes=changes,
            verb=f"commitment agreed, accepted last by {who}",
            by=by,
            now=now,
        )
        if agreed.replaces_id is not None:
            _withdraw_replaced(agreed, by=by, now=now)
        return agreed


def pinned(commitment: Commitment, day: datetime.date) -> dict[str, Any]:
    """The day, the value of a unit and the pounds, as they will stand from now on."""
    value = pin_value(commitment=commitment, day=day)
    try:
        pounds = price_line(
            commitment.promised_quantity,
            value.value_pounds if value is not None else None,
            commitment.measure.kind,
        )
    except ValuationError as error:
        raise ValidationError(str(error)) from error
    return {"agreed_on": day, "value": value, "committed_pounds": pounds}


def pin_value(*, commitment: Commitment, day: datetime.date) -> MeasureValue | None:
    """Which value of a unit prices it: that of its bid, or the one in force on the day.

    None for what is only counted and where the edition has no value.
    """
    if commitment.measure.kind == Measure.Kind.RECORD_ONLY:
        return None
    if commitment.offer is not None:
        offered: MeasureValue | None = commitment.offer.requested.value
        return offered
    return value_for(commitment.measure, day, _place(list(commitment.wards.all())))


def _place(wards: list[Area]) -> Area | None:
    """Where a localised value is looked for: the one ward, or what all of them lie in."""
    if len(wards) == 1:
        return wards[0]
    above = {ward.parent for ward in wards}
    return above.pop() if len(above) == 1 else None


def send_back_commitment(
    *,
    commitment: Commitment,
    side: str,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Commitment:
    """A side does not accept it as it stands: it is a draft again, with the reason on record."""
    if side not in SIDES:
        raise ValueError(f"No side of an agreement: {side}")
    _need_reason(reason, "Say what should change. The other side will read it.")
    with transaction.atomic():
        stored = locked(commitment, expected_version)
        if stored.state != State.PROPOSED:
            raise ValidationError(_not_now(stored, "sent back"))
        who = "the council" if side == "council" else "the supplier"
        return save(
            commitment=stored,
            changes={"state": State.DRAFT, **NOBODY_HAS_ACCEPTED},
            verb=f"commitment sent back by {who}",
            by=by,
            now=now,
            reason=f"{SENT_BACK} {who}: {reason.strip()}",
        )


@once_more
def withdraw_commitment(
    *,
    commitment: Commitment,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Commitment:
    """Of it only what was verified under it still counts as committed.

    What was delivered towards it stays with it.
    """
    _need_reason(reason, "Say why it is withdrawn. The reason stays on record.")
    with transaction.atomic():
        stored = locked(commitment, expected_version)
        if stored.state == State.WITHDRAWN:
            raise ValidationError("This commitment is withdrawn already.")
        changes: dict[str, Any] = {
            "state": State.WITHDRAWN,
            "withdrawn_reason": reason.strip(),
        }
        if stored.state != State.AGREED:
            # A variation that never came about must not keep the next one from being made.
            changes["replaces"] = None
        under_way = Commitment.objects.filter(replaces=stored).exclude(state=State.WITHDRAWN)
        if under_way.exists():
            raise ValidationError(
                "A variation of this commitment is under way. Withdraw that one first."
            )
        if NeedOffer.objects.filter(commitment=stored, state__in=NeedOffer.UNDER_WAY).exists():
            raise ValidationError(
                "Offers for needs stand on this commitment. Withdraw those first, so that the hubs "
                "know, or vary the commitment: then they move to the new one."
            )
        return save(
            commitment=stored,
            changes=changes,
            verb="commitment withdrawn",
            by=by,
            now=now,
            reason=reason.strip(),
        )


@once_more
def vary_commitment(
    *,
    commitment: Commitment,
    changes: Mapping[str, Any],
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Commitment:
    """A draft that will replace an agreed commitment once both sides accept it.

    Until then the old one counts. Its quantity is what is promised from then on: delivery so far
    stays with the old commitment. It is priced by the value in force when it is agreed.
    """
    _need_reason(reason, "Say why it is varied. The reason stays on record.")
    unknown = set(changes) - CHANGEABLE
    if unknown:
        raise ValueError(f"No term of a commitment: {', '.join(sorted(unknown))}")
    with transaction.atomic():
        contract = Contract.objects.select_for_update(no_key=True).get(pk=commitment.contract_id)
        old = locked(commitment, expected_version, changes)
        if old.state != State.AGREED:
            raise ValidationError(
                "Only an agreed commitment is varied. Change this one as it stands."
            )
        if Commitment.objects.filter(replaces=old).exists():
            raise ValidationError(
                "A variation of this commitment is under way already. Finish or withdraw it first."
            )
        values = {name: getattr(old, name) for name in CHANGEABLE - MANY}
        values.update({name: list(getattr(old, name).all()) for name in MANY})
        values.update(changes, replaces=old)
        new = draft(
            contract=contract,
            values=values,
            by=by,
            now=now,
            reason=reason.strip(),
            is_from_offer=True,
        )
        _keep_shape(old, new)
        return new


def _keep_shape(old: Commitment, new: Commitment) -> None:
    """Same quantity and dates: the profile that was agreed, not an even one."""
    same = (old.promised_quantity, old.starts, old.due, old.measure_id) == (
        new.promised_quantity, new.starts, new.due, new.measure_id,
    )  # fmt: skip
    if same and profile_of(old) != spread(
        old.promised_quantity, old.starts, old.due, CountingRule(old.measure.counting)
    ):
        _write_profile(new, profile_of(old))


def _hold_with_replaced(commitment: Commitment) -> None:
    """It and the one that it would replace, in the order in which a return being sent takes them."""
    pair = Commitment.objects.filter(Q(pk=commitment.pk) | Q(replaced_by=commitment.pk))
    keys = list(pair.values_list("pk", flat=True))
    list(
        Commitment.objects.select_for_update(no_key=True)
        .filter(pk__in=keys)
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _withdraw_replaced(agreed: Commitment, *, by: Any, now: datetime.datetime) -> None:
    old = Commitment.objects.select_for_update(of=("self",), no_key=True).get(pk=agreed.replaces_id)
    if old.state != State.AGREED:
        raise ValidationError(
            f"Commitment {old.number}, which this one varies, is no longer agreed. "
            "Withdraw this one and draw up another."
        )
    _move_offers(old, agreed, by=by, now=now)
    day = day_words(agreed.agreed_on) if agreed.agreed_on else ""
    reason = f"Varied: commitment {agreed.number} replaces it from {day}."
    save(
        commitment=old,
        changes={"state": State.WITHDRAWN, "withdrawn_reason": reason},
        verb="commitment withdrawn",
        by=by,
        now=now,
        reason=reason,
    )


def _move_offers(old: Commitment, new: Commitment, *, by: Any, now: datetime.datetime) -> None:
    """What hubs were promised stays promised: offers go on under the varied commitment."""
    offers = list(
        NeedOffer.objects.select_for_update(of=("self",), no_key=True)
        .filter(commitment=old, state__in=NeedOffer.UNDER_WAY)
        .order_by("pk")
    )
    held = sum((offer.held_quantity for offer in offers), Decimal(0))
    if held > new.promised_quantity:
        raise ValidationError(
            f"{quantity_words(held)} of this promise are agreed for needs. Vary it to at least that, "
            "or withdraw those offers first."
        )
    if offers and old.measure_id != new.measure_id:
        raise ValidationError(
            "Offers for needs stand on this commitment in its unit, so its measure has to stay. "
            "Withdraw those offers first."
        )
    for offer in offers:
        update_record(
            record=offer,
            changes={"commitment": new},
            expected_version=offer.version,
            by=by,
            now=now,
            reason=f"Commitment {new.number} replaces {old.number}",
            verb="offer moved to the varied commitment",
        )


def _refuse_gaps(missing: tuple[Gap, ...]) -> None:
    if missing:
        raise ValidationError([f"{gap.sentence} {gap.todo}" for gap in missing])


def _need_reason(reason: str, sentence: str) -> None:
    if not reason.strip():
        raise ValidationError({"reason": [sentence]})


def _not_now(stored: Commitment, done: str) -> str:
    state = {
        State.DRAFT: "is still being drawn up",
        State.PROPOSED: "is waiting for acceptance already",
        State.AGREED: "is agreed already",
        State.WITHDRAWN: "is withdrawn",
    }[State(stored.state)]
    return f"This commitment {state}, so it cannot be {done}."

"""The award: who won, the award's record, and the winner's offers carried forward."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.records import Collision, update_record

from ...models import Award, Bid, Contract, Tender
from .. import commitments
from ..contracts import record_award
from .preparing import locked, move_contract


@once_more
def award_tender(
    *,
    tender: Tender,
    bid: Bid,
    awarded_on: datetime.date,
    value_pounds: Decimal | None,
    reason: str = "",
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Tender:
    """One winner. Social value is a part of the evaluation, so the winner may not be its first.

    Records the award unless the contract has it already, moves the contract to awarded, and
    drafts a commitment from every offer of the winner.
    """
    with transaction.atomic():
        stored = locked(tender)
        if stored.version != expected_version:
            raise Collision(stored, {})
        if stored.state != Tender.State.MODERATED:
            raise ValidationError(
                "The award is recorded when the scores are agreed. "
                + (
                    "It is recorded already."
                    if stored.state == Tender.State.AWARDED
                    else "Agree them first."
                )
            )
        bids = list(
            Bid.objects.select_for_update(no_key=True)
            .filter(tender=stored, state=Bid.State.SUBMITTED)
            .order_by("pk")
        )
        winner = next((each for each in bids if each.pk == bid.pk), None)
        if winner is None:
            raise ValidationError({"bid": ["Choose a bid that was submitted."]})
        for each in bids:
            state = Bid.State.WON if each.pk == winner.pk else Bid.State.LOST
            update_record(
                record=each,
                changes={"state": state},
                expected_version=each.version,
                by=by,
                now=now,
                reason=reason,
                verb="bid won" if state == Bid.State.WON else "bid not successful",
            )
        winner.refresh_from_db()
        _award(stored.contract, winner, awarded_on, value_pounds, by, now, reason)
        move_contract(stored, Contract.Stage.AWARDED, by=by, now=now, why="Its tender was awarded.")
        changed = update_record(
            record=stored,
            changes={"state": Tender.State.AWARDED},
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="tender awarded",
        )
        contract = Contract.objects.get(pk=stored.contract_id)
        commitments.draft_from_offers(contract=contract, bid=winner, by=by, now=now)
        return changed


def _award(
    contract: Contract,
    winner: Bid,
    awarded_on: datetime.date,
    value_pounds: Decimal | None,
    by: Any,
    now: datetime.datetime,
    reason: str,
) -> None:
    counted = Award.objects.filter(contract=contract, status__in=Award.COUNTED_STATUSES)
    if counted.filter(suppliers=winner.organisation_id).exists():
        return
    if counted.exists() and not contract.is_framework:
        raise ValidationError(
            "The contract has an award to somebody else. Correct that award first, or choose its "
            "supplier."
        )
    record_award(
        contract=contract,
        values={
            "awarded_on": awarded_on,
            "value_pounds": value_pounds,
            "suppliers": [winner.organisation],
        },
        by=by,
        now=now,
        reason=reason,
    )

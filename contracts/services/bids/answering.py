"""A bidder's own part: writing, submitting and withdrawing a bid before the closing time."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import Collision

from ... import valuation
from ...counting import CountingError, CountingRule, Inputs, count, four_places, warning_for
from ...models import Bid, Offer, RequestedMeasure, Tender
from ...selectors.bids import requested_rows, takes_bids
from .preparing import moment_words, save_next

LONGEST_STATEMENT = 5000


@dataclass(frozen=True)
class Answer:
    """What is offered for one measure. Quantity None is no offer; 0 is an offer of nothing."""

    quantity: Decimal | None = None
    method_statement: str = ""
    partner_name: str = ""


def save_bid(
    *,
    bid: Bid,
    answers: Mapping[int, Answer],
    method_statement: str | None = None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Bid:
    """Keep what was written. `answers` are by the key of what was asked; others stay as they are.

    A withdrawn bid becomes a draft again. Raises Collision where a colleague saved in between.
    """
    with transaction.atomic():
        stored, tender = _open_for_writing(bid, now)
        if stored.version != expected_version:
            raise Collision(stored, {})
        if stored.state == Bid.State.SUBMITTED:
            raise ValidationError(
                "This bid is submitted. Withdraw it first, change it, and submit it again before "
                f"{moment_words(tender.closes_at)}."  # type: ignore[arg-type]
            )
        asked = {row.pk: row for row in requested_rows(tender)}
        unknown = set(answers) - set(asked)
        if unknown:
            raise ValidationError("A measure answered here is not asked for in this tender.")
        held = {offer.requested_id: offer for offer in stored.offers.all()}
        changed = False
        for key, answer in answers.items():
            changed |= _write(stored, asked[key], held.get(key), answer, by=by, now=now)
        if method_statement is not None and method_statement != stored.method_statement:
            _check_length(method_statement)
            stored.method_statement, changed = method_statement, True
        if not changed and stored.state == Bid.State.DRAFT:
            return stored
        stored.state = Bid.State.DRAFT
        save_next(record=stored, by=by, now=now)
        record_event(
            by=by,
            now=now,
            verb="bid saved",
            subject=stored,
            after={"measures_written": stored.offers.count(), "measures_asked": len(asked)},
        )
        return stored


def _open_for_writing(bid: Bid, now: datetime.datetime) -> tuple[Bid, Tender]:
    # The tender is held first: nobody opens the bids while one of them is being written.
    Tender.objects.select_for_update(no_key=True).get(pk=bid.tender_id)
    tender = Tender.objects.select_related("contract", "edition").get(pk=bid.tender_id)
    stored = Bid.objects.select_for_update(no_key=True).get(pk=bid.pk)
    if tender.state == Tender.State.WITHDRAWN:
        raise ValidationError("This tender was withdrawn, so bids can no longer change.")
    if not takes_bids(tender, now):
        closed = f" on {moment_words(tender.closes_at)}" if tender.closes_at else ""
        raise ValidationError(
            f"Bids closed{closed}. Nothing can be changed, submitted or withdrawn after that; "
            "what was saved before is kept."
        )
    return stored, tender


def _write(
    bid: Bid,
    asked: RequestedMeasure,
    offer: Offer | None,
    answer: Answer,
    *,
    by: Any,
    now: datetime.datetime,
) -> bool:
    """True where something differs from what is stored."""
    quantity = checked_quantity(asked, answer.quantity)
    _check_length(answer.method_statement)
    if offer is None:
        if answer == Answer():
            return False
        offer = Offer(bid=bid, requested=asked)
    elif (
        offer.offered_quantity == quantity
        and offer.method_statement == answer.method_statement
        and offer.partner_name == answer.partner_name
    ):
        return False
    offer.offered_quantity = quantity
    try:
        offer.offered_pounds = valuation.price_line(
            quantity, asked.value.value_pounds if asked.value else None, asked.measure.kind
        )
    except valuation.ValuationError as error:
        raise ValidationError(f"{asked.measure.code}: {error}") from error
    offer.method_statement = answer.method_statement
    offer.partner_name = answer.partner_name
    offer._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    offer._history_date = now  # type: ignore[attr-defined]
    offer.save()
    return True


def _check_length(statement: str) -> None:
    if len(statement) > LONGEST_STATEMENT:
        raise ValidationError(
            f"A statement is {len(statement):,} characters long; at most {LONGEST_STATEMENT:,} are "
            "taken. Shorten it."
        )


def checked_quantity(asked: RequestedMeasure, quantity: Decimal | None) -> Decimal | None:
    """The quantity as it is stored, by the measure's rule. Raises ValidationError."""
    try:
        if quantity is not None and quantity.is_finite() and quantity != four_places(quantity):
            raise CountingError("A quantity has at most four decimals. Round it yourself.")
        return count(CountingRule(asked.measure.counting), Inputs(quantity=quantity))
    except CountingError as error:
        raise ValidationError(f"{asked.measure.code}: {error}") from error


def questions(bid: Bid) -> list[str]:
    """Quantities that are possible but so large that the bidder confirms them on submitting."""
    found = []
    for offer in bid.offers.select_related("requested__measure"):
        measure = offer.requested.measure
        sentence = warning_for(CountingRule(measure.counting), offer.offered_quantity, None)
        if sentence:
            found.append(f"{measure.code}: {sentence}")
    return found


def missing(bid: Bid) -> list[str]:
    """What a bid lacks before it can be submitted, each with what to do."""
    tender = bid.tender
    held = {offer.requested_id: offer for offer in bid.offers.all()}
    found = []
    some = False
    for asked in requested_rows(tender):
        offer = held.get(asked.pk)
        quantity = offer.offered_quantity if offer else None
        some |= quantity is not None
        if quantity is None and asked.must_be_answered:
            found.append(
                f"{asked.measure.code} {asked.measure.title} must be answered. Give a quantity; "
                "0 says that you offer none."
            )
        if quantity and not (offer and offer.method_statement) and not bid.method_statement:
            found.append(
                f"Say how you will do {asked.measure.code} {asked.measure.title}, there or in the "
                "statement for the whole bid."
            )
    if not some:
        found.append("No quantity is offered yet. Offer at least one, even if it is 0.")
    return found


def submit_bid(
    *,
    bid: Bid,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    acknowledged: bool = False,
) -> Bid:
    """Seal it. `acknowledged` says that unusually large quantities were looked at and are right."""
    with transaction.atomic():
        stored, tender = _open_for_writing(bid, now)
        stored.tender = tender
        if stored.version != expected_version:
            raise Collision(stored, {})
        if stored.state == Bid.State.SUBMITTED:
            raise ValidationError("This bid is submitted already.")
        problems = missing(stored)
        if problems:
            raise ValidationError(problems)
        asked_about = questions(stored)
        if asked_about and not acknowledged:
            raise ValidationError([*asked_about, "Tick that these quantities are right."])
        stored.state = Bid.State.SUBMITTED
        stored.submitted_at, stored.submitted_by_name = now, actor_name(by)
        save_next(record=stored, by=by, now=now)
        record_event(
            by=by,
            now=now,
            verb="bid submitted",
            subject=stored,
            after={"large_quantities_confirmed": len(asked_about)} if asked_about else {},
        )
        return stored


def withdraw_bid(*, bid: Bid, expected_version: int, by: Any, now: datetime.datetime) -> Bid:
    """Take it back. What was written stays, and may be changed and submitted again in time."""
    with transaction.atomic():
        stored, _ = _open_for_writing(bid, now)
        if stored.version != expected_version:
            raise Collision(stored, {})
        if stored.state != Bid.State.SUBMITTED:
            raise ValidationError("This bid is not submitted, so there is nothing to withdraw.")
        stored.state = Bid.State.WITHDRAWN
        stored.submitted_at, stored.submitted_by_name = None, ""
        save_next(record=stored, by=by, now=now)
        record_event(by=by, now=now, verb="bid withdrawn", subject=stored)
        return stored

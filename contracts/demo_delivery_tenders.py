"""The demo's tenders: one open with sealed bids, one being scored, one awarded and mobilising."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.utils import timezone

from .demo_delivery_rows import World
from .models import (
    Bid,
    Commitment,
    Contract,
    MeasureEdition,
    Offer,
    RequestedMeasure,
    Tender,
)
from .services.bids import (
    Answer,
    Request,
    agree_scores,
    award_tender,
    declare_no_interest,
    finish_scoring,
    invite_bidder,
    moderate_bid,
    name_evaluator,
    open_bids,
    open_tender,
    prepare_tender,
    request_measures,
    save_bid,
    score_bid,
    submit_bid,
)
from .services.commitments import change_commitment, propose_commitment
from .services.contracts import change_contract
from .valuation import price_line

HOW = "We would do this with our own staff and an invented partner, and count it every month."
DAY = datetime.timedelta(days=1)


def write_tenders(world: World, edition: MeasureEdition) -> int:
    """Three tenders; on a live site, which has no demo accounts to score them, two unscored."""
    _open(world, edition)
    _scored(world, edition)
    if len(_evaluators(world)) < 2:
        return 2
    _awarded(world, edition)
    return 3


def _open(world: World, edition: MeasureEdition) -> None:
    """Two bids are sealed; the supplier whose account a visitor uses has not answered yet."""
    tender = _prepared(
        world, edition, "DEMO-047", ("TSV-J1", "TSV-J2", "TSV-C1", "TSV-L1"),
        ("bramblewick", "redgate", "glasshouse"), begun=30, closes=16,
    )  # fmt: skip
    _bid(world, tender, "redgate", (9, 3, 240, 60_000), 9)
    _bid(world, tender, "glasshouse", (6, 2, 400, None), 5)


def _scored(world: World, edition: MeasureEdition) -> None:
    """Two evaluators differ by more than two points, so a score has to be agreed."""
    tender = _prepared(
        world, edition, "DEMO-048", ("TSV-C7", "TSV-J4", "TSV-S6"), ("marigold", "juniper"),
        begun=70, closes=-30,
    )  # fmt: skip
    bids = (
        _bid(world, tender, "marigold", (1800, 3, 120), 40),
        _bid(world, tender, "juniper", (1200, 4, 90), 36),
    )
    tender = _opened(world, tender, 29)
    scores = (("1.5", "4"), ("4", "3.5"))
    _score(world, tender, bids, scores, 20)


def _awarded(world: World, edition: MeasureEdition) -> None:
    """Won and lost; the winner's offers are drafts now, and each lacks something else."""
    tender = _prepared(
        world, edition, "DEMO-050", ("TSV-S6", "TSV-C7", "TSV-J4"), ("thistledown", "tallow-street"),
        begun=120, closes=-80,
    )  # fmt: skip
    bids = (
        _bid(world, tender, "thistledown", (320, 480, 3), 90),
        _bid(world, tender, "tallow-street", (200, 640, 1), 88),
    )
    tender = _opened(world, tender, 78)
    _score(world, tender, bids, (("4", "4"), ("3", "3.5")), 70)
    for bid, score in zip(bids, ("4", "3"), strict=True):
        stored = Bid.objects.get(pk=bid.pk)
        moderate_bid(
            bid=stored,
            score=Decimal(score),
            reason="Agreed after both had explained their scores. Invented.",
            expected_version=stored.version,
            by=world.coordinator,
            now=world.now - 64 * DAY,
        )
    tender = agree_scores(
        tender=tender, expected_version=tender.version, by=world.coordinator, now=world.now - 63 * DAY
    )  # fmt: skip
    award_tender(
        tender=tender,
        bid=bids[0],
        awarded_on=world.today - 40 * DAY,
        value_pounds=Decimal(298_000),
        reason="The best bid as a whole. Invented.",
        expected_version=tender.version,
        by=world.coordinator,
        now=world.now - 40 * DAY,
    )
    contract = Contract.objects.get(pk=tender.contract_id)
    change_contract(
        contract=contract,
        changes={"stage": Contract.Stage.MOBILISING},
        expected_version=contract.version,
        by=world.coordinator,
        now=world.now - 20 * DAY,
        reason="Its promises are being agreed.",
    )
    first = Commitment.objects.filter(contract=contract).order_by("number").first()
    assert first is not None  # an award drafts what was offered
    first = change_commitment(
        commitment=first,
        changes={"owner_name": "Head of early help", "title": "Careers talks in secondary schools"},
        expected_version=first.version,
        by=world.coordinator,
        now=world.now - 15 * DAY,
    )
    propose_commitment(
        commitment=first, expected_version=first.version, by=world.coordinator, now=world.now - 14 * DAY
    )  # fmt: skip


def write_past_tenders(world: World) -> None:
    """How two running contracts were won: what was offered stands beside what was agreed.

    Written as rows, because a tender is prepared before its award.
    """
    for reference, winner, loser in (
        ("DEMO-001", "bramblewick", "glasshouse"),
        ("DEMO-028", "old-forge", "stonebridge"),
    ):
        promises = world.held[reference, winner]
        contract = world.contracts[reference]
        awarded = contract.awards.order_by("awarded_on").values_list("awarded_on", flat=True)[0]
        assert awarded is not None  # the plans of both give their award date
        tender = Tender.objects.create(
            contract=contract,
            edition=promises[0].measure.edition,
            state=Tender.State.AWARDED,
            priced_on=awarded - 90 * DAY,
            closes_at=_noon(awarded - 60 * DAY),
            note_to_bidders="Invented for the demonstration.",
            is_demo=True,
        )
        for bidder, state, score in ((winner, Bid.State.WON, "4"), (loser, Bid.State.LOST, "3")):
            bid = Bid(
                tender=tender,
                organisation=world.directory.suppliers[bidder],
                state=state,
                method_statement=HOW,
                submitted_at=_noon(awarded - 62 * DAY),
                submitted_by_name=str(world.voice(bidder)),
                moderated_score=Decimal(score),
                moderated_reason="Agreed after both had explained their scores. Invented.",
                moderated_by_name=str(world.coordinator),
                moderated_at=_noon(awarded - 30 * DAY),
            )
            # Known since then, so that a day of the past can be shown.
            bid._history_date = _noon(awarded)  # type: ignore[attr-defined]
            bid.save()
            _offer(tender, bid, promises)


def _offer(tender: Tender, bid: Bid, promises: list[Commitment]) -> None:
    """The winner offered what was agreed later, the loser three quarters of it."""
    has_won = bid.state == Bid.State.WON
    for position, promise in enumerate(promises):
        asked, _ = RequestedMeasure.objects.get_or_create(
            tender=tender,
            measure=promise.measure,
            defaults={"value": promise.value, "position": position},
        )
        quantity = promise.promised_quantity * (Decimal(1) if has_won else Decimal("0.75"))
        offer = Offer(
            bid=bid,
            requested=asked,
            offered_quantity=quantity,
            offered_pounds=price_line(
                quantity, asked.value.value_pounds if asked.value else None, promise.measure.kind
            ),
            method_statement=HOW,
        )
        offer._history_date = bid.submitted_at  # type: ignore[attr-defined]
        offer.save()
        if has_won:
            Commitment.objects.filter(pk=promise.pk).update(offer=offer)
            Commitment.history.filter(id=promise.pk).update(offer=offer)


# --- steps ------------------------------------------------------------------------------------


def _prepared(
    world: World,
    edition: MeasureEdition,
    reference: str,
    codes: tuple[str, ...],
    bidders: tuple[str, ...],
    *,
    begun: int,
    closes: int,
) -> Tender:
    """`begun`: days before now; `closes`: days after it."""
    at, by = world.now - begun * DAY, world.coordinator
    tender = prepare_tender(
        contract=world.contracts[reference],
        values={
            "edition": edition,
            "weighting_share": Decimal("0.2"),
            "quantitative_share": Decimal("0.5"),
            "priced_on": (world.today - begun * DAY),
            "closes_at": _noon(world.today + closes * DAY),
            "note_to_bidders": "Offer only what this contract makes possible. Invented for the demonstration.",
        },
        by=by,
        now=at,
    )
    tender = request_measures(
        tender=tender,
        requests=[Request(world.measures[code], must_be_answered=code == codes[0]) for code in codes],
        expected_version=tender.version,
        by=by,
        now=at,
    )  # fmt: skip
    for bidder in bidders:
        invite_bidder(tender=tender, organisation=world.directory.suppliers[bidder], by=by, now=at)
    return open_tender(tender=tender, expected_version=tender.version, by=by, now=at + DAY)


def _bid(
    world: World, tender: Tender, bidder: str, quantities: tuple[int | None, ...], days: int
) -> Bid:
    who, at = world.voice(bidder), world.now - days * DAY
    bid = tender.bids.get(organisation=world.directory.suppliers[bidder])
    asked = tender.requested.order_by("position")
    answers: Mapping[int, Answer] = {
        row.pk: Answer(None if given is None else Decimal(given), HOW if given else "")
        for row, given in zip(asked, quantities, strict=True)
    }
    bid = save_bid(
        bid=bid,
        answers=answers,
        method_statement="One person answers for all of it and reports every quarter. Invented.",
        expected_version=bid.version,
        by=who,
        now=at,
    )
    return submit_bid(
        bid=bid, expected_version=bid.version, by=who, now=at + DAY / 2, acknowledged=True
    )


def _noon(day: datetime.date) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(12), timezone.get_current_timezone())


def _opened(world: World, tender: Tender, days: int) -> Tender:
    stored = Tender.objects.get(pk=tender.pk)
    return open_bids(
        tender=stored, expected_version=stored.version, by=world.coordinator, now=world.now - days * DAY
    )  # fmt: skip


def _evaluators(world: World) -> list[Any]:
    people = world.directory.people
    return [people[role] for role in ("star_officer", "coordinator") if role in people]


def _score(
    world: World,
    tender: Tender,
    bids: tuple[Bid, ...],
    scores: tuple[tuple[str, str], ...],
    days: int,
) -> None:
    """Each evaluator's scores, bid by bid, and both have finished."""
    at = world.now - days * DAY
    people = _evaluators(world)
    # All are named before one of them has finished: who joins later would not be blind.
    named = [
        name_evaluator(tender=tender, user=person, by=world.coordinator, now=at)
        for person in people
    ]
    for person, evaluator, given in zip(people, named, scores, strict=False):
        evaluator = declare_no_interest(evaluator=evaluator, by=person, now=at)
        for bid, score in zip(bids, given, strict=True):
            score_bid(
                evaluator=evaluator,
                bid=bid,
                score=Decimal(score),
                reasons="Clear who does it and how it is counted; the plan for the last year is "
                "thin. Invented.",
                by=person,
                now=at,
            )
        finish_scoring(evaluator=evaluator, by=person, now=at + DAY)

"""“Ask for this”: which coming contracts could carry an unmet need, and what came of asking."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q

from community_needs.models import Need

from ..clause_words import suggested_clause
from ..counting import CountingRule, aggregate, claimed
from ..models import (
    Bid,
    Commitment,
    ConfirmationRequest,
    Contract,
    Measure,
    MeasureEdition,
    NeedClause,
    NeedOffer,
    Offer,
    RequestedMeasure,
    ReturnLine,
)
from .commitments import reported_of, verified_of

BEFORE_BIDS = (Contract.Stage.PIPELINE, Contract.Stage.TENDER)

MOST = 25


@dataclass(frozen=True)
class Carrier:
    """A coming contract that could carry the need, and why. `clause` where it is asked already."""

    contract: Contract
    shared_wards: int
    is_boroughwide: bool
    reasons: tuple[str, ...]
    clause: NeedClause | None


def carriers_for(need: Need, user: Any, day: datetime.date) -> list[Carrier]:
    """Pipeline first, then open tenders; by shared wards, then the sooner start. Two queries."""
    wards = Need.wards.through.objects.filter(need=need.pk).values("area")
    shared = Contract.wards.through.objects.filter(contract=OuterRef("pk"))
    rows: Any = (
        Contract.objects.visible_to(user)
        .filter(stage__in=BEFORE_BIDS)
        .filter(Q(end__isnull=True) | Q(end__gte=day))
        .annotate(
            shared_wards=Count("wards", filter=Q(wards__in=wards), distinct=True),
            names_wards=Exists(shared),
        )
        .filter(Q(shared_wards__gt=0) | Q(names_wards=False))
        .select_related("directorate", "category")
        .order_by("-shared_wards", F("start").asc(nulls_last=True), "reference")[:MOST]
    )
    asked = {
        clause.contract_id: clause
        for clause in NeedClause.objects.filter(need=need.pk).select_related("contract")
    }
    found = []
    for row in rows:
        is_pipeline = row.stage == Contract.Stage.PIPELINE
        reasons = [
            "Its tender is not written yet."
            if is_pipeline
            else "Its tender is being prepared or is open: change it only before bids come in."
        ]
        if row.shared_wards:
            wards_word = "ward" if row.shared_wards == 1 else "wards"
            reasons.append(f"It serves {row.shared_wards} {wards_word} of the need.")
        else:
            reasons.append("It names no wards, so it may serve the whole borough.")
        if row.start and (need.closes is None or row.start <= need.closes):
            reasons.append(f"It starts on {row.start.day} {row.start:%B %Y}.")
        elif row.start:
            reasons.append(
                f"It starts on {row.start.day} {row.start:%B %Y}, after the need closes."
            )
        found.append(
            Carrier(row, row.shared_wards, not row.names_wards, tuple(reasons), asked.get(row.pk))
        )
    return found


def fitting_measures(need: Need) -> list[Measure]:
    """Of editions in use, those that fit directly first. One query."""
    return list(
        Measure.objects.filter(
            fits__priority=need.priority_id, edition__status=MeasureEdition.Status.IN_USE
        )
        .annotate(how=F("fits__fit"))
        .order_by("-how", "edition", "position", "code")
    )


def clause_for(need: Need, measures: Sequence[Measure]) -> str:
    """The suggested words. One query."""
    return suggested_clause(
        title=need.title,
        for_whom=need.for_whom,
        wards=list(need.wards.order_by("name").values_list("name", flat=True)),
        quantity=need.still_wanted_quantity,
        unit=need.unit,
        closes=need.closes,
        hub=need.hub.name if need.hub else "",
        measures=[measure.title.lower() for measure in measures[:2]],
    )


# --- the trace --------------------------------------------------------------------------------


@dataclass(frozen=True)
class CarriedPromise:
    """A commitment that came of a clause: how much, what was verified, and who confirmed how much."""

    commitment: Commitment
    offered: Decimal | None
    reported: Decimal | None
    verified: Decimal | None
    confirmed: Decimal | None


@dataclass(frozen=True)
class CarriedClause:
    """A clause and what became of it. `bids` None: not for this person, or not opened yet."""

    clause: NeedClause
    is_in_tender: bool
    bids: int | None
    promises: tuple[CarriedPromise, ...]


@dataclass(frozen=True)
class Trace:
    """From one need to everything that answers it, both ways: by a clause, and by an offer."""

    clauses: tuple[CarriedClause, ...]
    offers: tuple[NeedOffer, ...]


def trace_of(need: Need, user: Any) -> Trace:
    """Eight queries at most, however many rows."""
    clauses = list(
        NeedClause.objects.visible_to(user)
        .filter(need=need.pk)
        .select_related("contract__tender")
        .prefetch_related(Prefetch("measures", queryset=Measure.objects.order_by("code")))
    )
    contracts = [clause.contract_id for clause in clauses]
    requested = set(
        RequestedMeasure.objects.filter(tender__contract__in=contracts).values_list(
            "tender__contract", "measure"
        )
    )
    opened = Bid.objects.visible_to(user).filter(
        tender__contract__in=contracts, state__in=[Bid.State.WON, Bid.State.LOST]
    )
    bids: dict[int, int] = dict(
        Offer.objects.filter(bid__in=opened, offered_quantity__gt=0)
        .order_by()
        .values_list("bid__tender__contract")
        .annotate(number=Count("bid", distinct=True))
    )
    seen: Any = Commitment.objects.visible_to(user)
    commitments = list(
        seen.filter(contract__in=contracts)
        .exclude(state=Commitment.State.WITHDRAWN)
        .select_related("contract", "supplier", "measure__edition", "offer")
    )
    came = _what_came(commitments)
    found = []
    for clause in clauses:
        measures = {measure.pk for measure in clause.measures.all()}
        promises = tuple(
            CarriedPromise(
                one,
                one.offer.offered_quantity if one.offer else None,
                *came[one.pk],
            )
            for one in commitments
            if one.contract_id == clause.contract_id and one.measure_id in measures
        )
        found.append(
            CarriedClause(
                clause,
                any((clause.contract_id, measure) in requested for measure in measures),
                bids.get(clause.contract_id),
                promises,
            )
        )
    offers = tuple(
        NeedOffer.objects.visible_to(user)  # type: ignore[attr-defined]
        .filter(need=need.pk)
        .select_related("need", "supplier", "commitment__contract", "commitment__measure", "spare")
        .order_by("proposed_at", "pk")
    )
    return Trace(tuple(found), offers)


def _what_came(
    commitments: Sequence[Commitment],
) -> dict[int, tuple[Decimal | None, Decimal | None, Decimal | None]]:
    """Reported, verified and confirmed of each, of its share of each activity. Two queries.

    A line has one confirmation: the answer to the question asked last, and none while that one is
    out. It confirms nothing beyond what was reported. Percentages are never added.
    """
    keys = [one.pk for one in commitments]
    answers: dict[int, Decimal | None] = {}
    for line, state, quantity in (
        ConfirmationRequest.objects.filter(line__commitment__in=keys)
        .exclude(state=ConfirmationRequest.State.WITHDRAWN)
        .order_by("asked_at", "pk")
        .values_list("line", "state", "confirmed_quantity")
    ):
        answers[line] = quantity if state == ConfirmationRequest.State.ANSWERED else None
    lines: dict[int, list[ReturnLine]] = defaultdict(list)
    for row in (
        ReturnLine.objects.filter(commitment__in=keys, is_counted=True)
        .order_by("delivery_return__financial_year", "delivery_return__quarter", "number")
        .only("commitment_id", "reported_quantity", "verified_quantity", "attribution_share")
    ):
        lines[row.commitment_id].append(row)
    found = {}
    for one in commitments:
        rule, held = CountingRule(one.measure.counting), lines[one.pk]
        confirmed = []
        for row in held:
            said = answers.get(row.pk)
            if said is not None and row.reported_quantity is not None:
                capped = min(said, row.reported_quantity)
                confirmed.append(claimed(rule, capped, row.attribution_share))
        found[one.pk] = (
            aggregate(rule, (reported_of(rule, row) for row in held)),
            aggregate(rule, (verified_of(rule, row) for row in held)),
            aggregate(rule, confirmed),
        )
    return found

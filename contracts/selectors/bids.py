"""Reading tenders and bids: what may be seen when, what is in proportion, and how bids stand.

A bid is sealed until an officer opens the bids after the closing time. Until then nobody but the
bidder reads what is in it: officers see who has submitted. An evaluator's scores are seen by
nobody else until every evaluator has finished.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db.models import Count, Q, QuerySet

from trafford_sv.core.access import reach

from .. import bid_scoring, valuation
from ..licensing import FEWEST_MEASURES
from ..models import (
    Bid,
    Contract,
    Evaluator,
    EvaluatorScore,
    Measure,
    Offer,
    RequestedMeasure,
    Tender,
)
from ..proportionality import Finding, Limits, check

OPENED = (Tender.State.EVALUATING, Tender.State.MODERATED, Tender.State.AWARDED)
# Bids that stand: they are scored, and one of them wins.
STANDING = (Bid.State.SUBMITTED, Bid.State.WON, Bid.State.LOST)
ALL_POINTS = Decimal(100)


def are_sealed(tender: Tender) -> bool:
    """Whether what bidders wrote is still closed to everybody but themselves."""
    return tender.state not in OPENED


def takes_bids(tender: Tender, now: datetime.datetime) -> bool:
    return (
        tender.state == Tender.State.OPEN
        and tender.closes_at is not None
        and now < tender.closes_at
    )


def tender_rows(user: Any) -> QuerySet[Tender]:
    """The tenders this person may see, with how many were invited and have submitted."""
    return (
        Tender.objects.visible_to(user)
        .select_related("contract", "contract__directorate", "edition")
        .annotate(
            invited_count=Count("bids", distinct=True),
            submitted_count=Count("bids", filter=Q(bids__state__in=STANDING), distinct=True),
        )
    )


def officers_tender_rows(user: Any) -> QuerySet[Tender]:
    """The tenders that this person reads as an officer, with every bid in them.

    A tender that they see only because their own organisation was invited to it is not one.
    """
    rows = tender_rows(user)
    everything, own = reach(user, "view_tenders")
    if everything:
        return rows
    directorates = [pk for role, pk in own if role == "contract_manager"]
    return rows.filter(contract__directorate_id__in=directorates)


def months_between(start: datetime.date | None, end: datetime.date | None) -> int | None:
    """Whole months from the first day to the last, both included. None without both."""
    if start is None or end is None or end < start:
        return None
    after = end + datetime.timedelta(days=1)
    months = (after.year - start.year) * 12 + after.month - start.month
    return months - (after.day < start.day)


def limits_for(tender: Tender) -> Limits:
    """The tender's own limit, else the council's from the settings, over the bands by value."""
    most = tender.most_measures or settings.TENDER_MOST_MEASURES or None
    return Limits(most_measures=most)


def proportionality(tender: Tender, number_of_measures: int) -> tuple[Finding, ...]:
    contract = tender.contract
    return check(
        number_of_measures,
        contract.estimated_value_pounds,
        months_between(contract.start, contract.end),
        limits_for(tender),
        weighting=tender.weighting_share,
    )


def requested_rows(tender: Tender) -> QuerySet[RequestedMeasure]:
    return tender.requested.select_related("measure", "value")


@dataclass(frozen=True)
class Offered:
    """What one bid offers: the kinds apart, and the amount that the score by value rests on."""

    totals: valuation.Totals
    scored_pounds: Decimal | None


def offered_by_bid(
    bids: Collection[int], *, is_combinable: bool, kinds: Collection[str]
) -> Mapping[int, Offered]:
    """In one query. `kinds` are those of the measures asked for; see `scored_kind_words`."""
    lines: dict[int, list[valuation.Line]] = defaultdict(list)
    for bid, kind, offered, quantity in Offer.objects.filter(bid__in=bids).values_list(
        "bid_id", "requested__measure__kind", "offered_pounds", "offered_quantity"
    ):
        lines[bid].append(valuation.Line(kind, offered, quantity is not None))
    found = {}
    for bid in bids:
        totals = valuation.add(lines[bid])
        found[bid] = Offered(totals, _scored(totals, is_combinable, kinds))
    return found


def _scored(
    totals: valuation.Totals, is_combinable: bool, kinds: Collection[str]
) -> Decimal | None:
    if is_combinable:
        return valuation.combined(totals, True)
    if Measure.Kind.SOCIAL in kinds:
        return totals.social_pounds
    return totals.local_economic_pounds


def scored_kind_words(is_combinable: bool, kinds: Collection[str]) -> str:
    """Which pounds the score by value counts, for bidders and officers alike."""
    if not set(kinds) & {Measure.Kind.SOCIAL, Measure.Kind.LOCAL_ECONOMIC}:
        return "No measure asked for has a value in pounds, so there is no score by value."
    if is_combinable:
        return "Social and local economic value count together: this edition allows adding them."
    if Measure.Kind.SOCIAL not in kinds:
        return "Local economic value counts: no measure of social value is asked for."
    if Measure.Kind.LOCAL_ECONOMIC in kinds:
        return (
            "Social value counts. Local economic value is shown beside it and not scored, because "
            "this edition does not allow adding the two."
        )
    return "Social value counts."


@dataclass(frozen=True)
class GivenScore:
    """One evaluator's first score, as it was given."""

    evaluator: str
    score: Decimal
    reasons: str
    scored_at: datetime.datetime

    @property
    def score_words(self) -> str:
        return plain(self.score)


@dataclass(frozen=True)
class Standing:
    """A bid's points and place, with the arithmetic in words."""

    bid: Bid
    offered: Offered
    quantitative: bid_scoring.Score
    qualitative: Decimal | None
    qualitative_sentence: str
    total: Decimal | None
    weighted: Decimal | None
    weighted_sentence: str
    place: bid_scoring.Place


def split_of(tender: Tender) -> bid_scoring.Split:
    """100 points for social value: so many by value, so many by answer."""
    by_value = ALL_POINTS * tender.quantitative_share
    return bid_scoring.Split(by_value, ALL_POINTS - by_value)


def standings(
    tender: Tender, *, bids: Iterable[Bid] | None = None, kinds: Collection[str] | None = None
) -> list[Standing]:
    """The bids that stand, highest total first. Only for a tender whose bids are opened.

    `bids` with their organisations and `kinds` may be given by who has read them already.
    """
    if bids is None:
        bids = tender.bids.select_related("organisation")
    bids = sorted((bid for bid in bids if bid.state in STANDING), key=lambda bid: bid.pk)
    if kinds is None:
        kinds = set(tender.requested.values_list("measure__kind", flat=True))
    offered = offered_by_bid(
        [bid.pk for bid in bids], is_combinable=tender.edition.is_combinable, kinds=kinds
    )
    split = split_of(tender)
    by_value = bid_scoring.quantitative_scores(
        {bid.pk: offered[bid.pk].scored_pounds for bid in bids},
        tender.quantitative_method,
        split.quantitative,
    )
    answers, totals = {}, {}
    for bid in bids:
        answers[bid.pk] = bid_scoring.qualitative_points(
            bid.moderated_score, split.qualitative, tender.highest_score
        )
        quantitative = by_value[bid.pk].score
        # No priced offer is no points, so that the bid has a total and a place like the others.
        totals[bid.pk] = bid_scoring.total_score(
            Decimal(0) if quantitative is None else quantitative,
            bid.moderated_score,
            split,
            scale=tender.highest_score,
        )
    places = bid_scoring.ranking(totals)
    by_pk = {bid.pk: bid for bid in bids}
    return [
        _standing(tender, split, by_pk[pk], offered[pk], by_value[pk], answers[pk], place)
        for pk, place in places.items()
    ]


def _standing(
    tender: Tender,
    split: bid_scoring.Split,
    bid: Bid,
    offered: Offered,
    quantitative: bid_scoring.Score,
    qualitative: Decimal | None,
    place: bid_scoring.Place,
) -> Standing:
    if split.qualitative == 0:
        answer = "The answers carry no points in this tender."
    elif bid.moderated_score is None:
        answer = "No score is agreed for the answers yet."
    else:
        answer = (
            f"{plain(bid.moderated_score)} / {plain(tender.highest_score)} x "
            f"{plain(split.qualitative)} = {plain(qualitative)} points."
        )
    weighted, words = None, "Not known yet."
    if place.total is not None:
        weighted = bid_scoring.two_places(place.total * tender.weighting_share)
        words = (
            f"{plain(place.total)} x {plain(tender.weighting_share * 100)}% = {plain(weighted)} "
            "points of the whole evaluation’s 100."
        )
    return Standing(
        bid, offered, quantitative, qualitative, answer, place.total, weighted, words, place
    )


def plain(number: Decimal | None) -> str:
    """12.5 and not 12.5000."""
    if number is None:
        return "not known"
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def evaluator_rows(tender: Tender) -> list[Evaluator]:
    return list(tender.evaluators.annotate(scored_count=Count("scores")).order_by("pk"))


def all_have_finished(evaluators: Iterable[Evaluator]) -> bool:
    held = list(evaluators)
    return bool(held) and all(evaluator.finished_at is not None for evaluator in held)


def scores_are_shown(tender: Tender, evaluators: Iterable[Evaluator]) -> bool:
    """Nobody reads another's score before all have finished; the agreed ones stay visible."""
    if tender.state in (Tender.State.MODERATED, Tender.State.AWARDED):
        return True
    return tender.state == Tender.State.EVALUATING and all_have_finished(evaluators)


def given_scores(bids: Collection[int]) -> Mapping[int, list[GivenScore]]:
    """By bid. The caller has asked `scores_are_shown` first."""
    found: dict[int, list[GivenScore]] = defaultdict(list)
    for row in (
        EvaluatorScore.objects.filter(bid__in=bids)
        .select_related("evaluator")
        .order_by("evaluator_id")
    ):
        found[row.bid_id].append(
            GivenScore(row.evaluator.user_name, row.score, row.reasons, row.scored_at)
        )
    return found


def withheld_totals(bids: Mapping[int, bool]) -> dict[int, set[str]]:
    """Of bids on measures whose values a licence keeps in, the kinds whose total is one such value.

    `bids`: bid -> is it the reader's own. Whoever types the quantities could try them one by one
    and read each value off the total; for others a total of `FEWEST_MEASURES` tells no value.
    """
    priced: dict[int, dict[str, int]] = {bid: {} for bid in bids}
    for bid, kind, number in (
        Offer.objects.filter(bid__in=bids, offered_pounds__gt=0)
        .values("bid_id", "requested__measure__kind")
        .annotate(number=Count("pk"))
        .order_by()
        .values_list("bid_id", "requested__measure__kind", "number")
    ):
        priced[bid][kind] = number
    return {
        bid: {kind for kind, number in priced[bid].items() if is_own or number < FEWEST_MEASURES}
        for bid, is_own in bids.items()
    }


def own_bids(user: Any) -> QuerySet[Bid]:
    """The bids of the organisations that this person bids for, whatever other roles they hold;
    never one of a tender that is being prepared.
    """
    _, own = reach(user, "submit_bids")
    return (
        Bid.objects.filter(organisation__in=[pk for _, pk in own])
        .exclude(tender__state=Tender.State.DRAFT)
        .select_related("tender", "tender__contract", "tender__edition", "organisation")
    )


def can_be_prepared(contract: Contract) -> bool:
    """A tender belongs to a contract that is not awarded yet."""
    return contract.kind == Contract.Kind.CONTRACT and contract.stage in (
        Contract.Stage.PIPELINE,
        Contract.Stage.TENDER,
        Contract.Stage.EVALUATION,
    )

"""Scores of bids: quantitative by a stated method, qualitative moderated, then one total. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from typing import TypeVar

from trafford_sv.core.money import exact, percentage

from .valuation import EXACT

Bidder = TypeVar("Bidder", int, str)
Evaluator = TypeVar("Evaluator", int, str)
POINT = Decimal("0.01")
ZERO = Decimal(0)
# Qualitative answers are scored from 0 to 5.
QUALITATIVE_SCALE = Decimal(5)
# Evaluators this far apart talk before a moderated score is agreed.
SPREAD_TO_MODERATE = Decimal(2)


class Method(StrEnum):
    RELATIVE_TO_HIGHEST = "relative_to_highest"
    BANDED = "banded"


METHOD_WORDS = {
    Method.RELATIVE_TO_HIGHEST: "Own value / highest value x points, to two decimals.",
    Method.BANDED: "Own value as a share of the highest falls into a band; the band gives the points.",
}


@dataclass(frozen=True)
class Band:
    """From this share of the highest offer, this share of the points."""

    from_share: Decimal
    share_of_points: Decimal


# Our own default; a tender may publish others. Any offer above nothing reaches the last.
BANDS = (
    Band(Decimal("0.90"), Decimal("1")),
    Band(Decimal("0.70"), Decimal("0.75")),
    Band(Decimal("0.50"), Decimal("0.50")),
    Band(Decimal("0.25"), Decimal("0.25")),
    Band(Decimal("0"), Decimal("0.10")),
)


class ScoringError(ValueError):
    """Figures that cannot be scored; the message says why."""


@dataclass(frozen=True)
class Score:
    """Points, or None where there is nothing to score; and the sentence that explains them."""

    score: Decimal | None
    sentence: str


def quantitative_scores(
    offers_pounds: Mapping[Bidder, Decimal | None],
    method: Method | str,
    points: Decimal,
    bands: Sequence[Band] = BANDS,
) -> Mapping[Bidder, Score]:
    """Each bidder's points out of `points`, in the order of the bidders' keys.

    None: the bidder made no priced offer, and has no score. 0 is an offer of nothing: 0 points.
    """
    method = Method(method)
    if points < 0:
        raise ScoringError("The points are negative. Give 0 or more.")
    for amount in offers_pounds.values():
        if amount is not None and amount < 0:
            raise ScoringError("An offer is negative. Correct it before scoring.")
    made = [amount for amount in offers_pounds.values() if amount is not None]
    highest = max(made, default=ZERO)
    return {
        bidder: _score(offers_pounds[bidder], highest, method, points, bands)
        for bidder in sorted(offers_pounds)
    }


def _score(
    offer: Decimal | None, highest: Decimal, method: Method, points: Decimal, bands: Sequence[Band]
) -> Score:
    if offer is None:
        return Score(None, "Not scored: there is no priced offer.")
    if offer == 0:
        return Score(two_places(ZERO), f"An offer of £0.00 scores 0 of {_plain(points)} points.")
    if method == Method.RELATIVE_TO_HIGHEST:
        score = two_places(EXACT.divide(EXACT.multiply(offer, points), highest))
        return Score(
            score, f"{exact(offer)} / {exact(highest)} x {_plain(points)} = {_plain(score)} points."
        )
    # Compared without dividing, so that a share on the edge of a band is never rounded off it.
    for band in sorted(bands, key=lambda one: one.from_share, reverse=True):
        if offer >= EXACT.multiply(highest, band.from_share):
            score = two_places(EXACT.multiply(points, band.share_of_points))
            return Score(
                score,
                f"{exact(offer)} is {percentage(offer / highest)} of the highest offer, "
                f"{exact(highest)}; from {percentage(band.from_share)} the band gives "
                f"{percentage(band.share_of_points)} of {_plain(points)} = {_plain(score)} points.",
            )
    return Score(two_places(ZERO), "Below the lowest band: 0 points.")


@dataclass(frozen=True)
class Split:
    """The points of the social value part: so many by value, so many by answer."""

    quantitative: Decimal
    qualitative: Decimal

    @property
    def points(self) -> Decimal:
        return self.quantitative + self.qualitative


def qualitative_points(
    moderated: Decimal | None, points: Decimal, scale: Decimal = QUALITATIVE_SCALE
) -> Decimal | None:
    """A moderated score from 0 to `scale`, as points. None: not moderated yet."""
    if moderated is None:
        return None
    if moderated < 0 or moderated > scale:
        raise ScoringError(f"The moderated score must be from 0 to {_plain(scale)}.")
    return two_places(EXACT.divide(EXACT.multiply(moderated, points), scale))


def total_score(
    quantitative: Decimal | None,
    qualitative_moderated: Decimal | None,
    split: Split,
    *,
    scale: Decimal = QUALITATIVE_SCALE,
) -> Decimal | None:
    """Both parts together. `quantitative` is points already, out of `split.quantitative`.

    None while a part that has points is not there.
    """
    answer = qualitative_points(qualitative_moderated, split.qualitative, scale)
    if quantitative is None and split.quantitative == 0:
        quantitative = ZERO
    if answer is None and split.qualitative == 0:
        answer = ZERO
    if quantitative is None or answer is None:
        return None
    if quantitative < 0 or quantitative > split.quantitative:
        raise ScoringError(f"The points by value must be from 0 to {_plain(split.quantitative)}.")
    return two_places(quantitative + answer)


@dataclass(frozen=True)
class Spread:
    """How far apart the evaluators of one answer are."""

    lowest: Decimal | None
    highest: Decimal | None
    difference: Decimal | None
    needs_talk: bool
    sentence: str


def spread(scores: Mapping[Evaluator, Decimal | None]) -> Spread:
    """Flags an answer where evaluators differ by two or more."""
    given = [score for score in scores.values() if score is not None]
    if len(given) < 2:
        return Spread(None, None, None, False, "Fewer than two evaluators have scored yet.")
    lowest, highest = min(given), max(given)
    difference = highest - lowest
    needs_talk = difference >= SPREAD_TO_MODERATE
    words = f"Scores run from {_plain(lowest)} to {_plain(highest)}"
    if difference == 0:
        return Spread(lowest, highest, difference, False, f"All evaluators gave {_plain(lowest)}.")
    end = ": talk before agreeing a score." if needs_talk else "."
    return Spread(lowest, highest, difference, needs_talk, words + end)


@dataclass(frozen=True)
class Place:
    """A bidder's place: equal totals share one. None: no total yet, and no place."""

    place: int | None
    is_tied: bool
    total: Decimal | None


def ranking(totals: Mapping[Bidder, Decimal | None]) -> Mapping[Bidder, Place]:
    """Highest total first, equal ones in the order of their keys, those without a total last."""

    def order(bidder: Bidder) -> tuple[bool, Decimal, Bidder]:
        total = totals[bidder]
        return (total is None, ZERO if total is None else -total, bidder)

    places: dict[Bidder, Place] = {}
    for bidder in sorted(totals, key=order):
        own = totals[bidder]
        if own is None:
            places[bidder] = Place(None, False, None)
            continue
        others = [total for total in totals.values() if total is not None]
        places[bidder] = Place(
            1 + sum(1 for total in others if total > own), others.count(own) > 1, own
        )
    return places


def two_places(score: Decimal) -> Decimal:
    return score.quantize(POINT, rounding=ROUND_HALF_UP, context=EXACT)


def _plain(number: Decimal) -> str:
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text

"""A proposed yearly rating of a contract's performance, from verified deliveries. Pure.

The five words are those of the Procurement Act's performance notices. The rule is our own and is
published: a person decides, and the supplier has a right of reply.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum
from typing import TypeVar

from trafford_sv.core.money import percentage, readable, share

from .valuation import EXACT

Key = TypeVar("Key", int, str)
ZERO, WHOLE = Decimal(0), Decimal(1)

GOOD_FROM = Decimal("1")
APPROACHING_FROM = Decimal("0.85")
IMPROVEMENT_FROM = Decimal("0.60")
# Less of the weight known than this, and no rating from 1 to 4 can be stood behind.
LEAST_KNOWN = Decimal("0.5")

RATED_ABOVE_POUNDS = Decimal(5_000_000)
RATED_SINCE = datetime.date(2025, 2, 24)
LEAST_KPIS = 3

METHOD = (
    "Each commitment's verified share of what was due in the year, none above 100%, weighed and "
    f"averaged. Good: {percentage(GOOD_FROM)}. Approaching target: from "
    f"{percentage(APPROACHING_FROM)}. Requires improvement: from {percentage(IMPROVEMENT_FROM)}. "
    "Inadequate: below that. Where a commitment has no verified figure the rating is at best "
    f"“Approaching target”, and where less than {percentage(LEAST_KNOWN)} of the weight has one "
    "it is “Other”."
)


class RatingCode(IntEnum):
    GOOD = 1
    APPROACHING_TARGET = 2
    REQUIRES_IMPROVEMENT = 3
    INADEQUATE = 4
    OTHER = 5


WORDS: Mapping[RatingCode, str] = {
    RatingCode.GOOD: "Good",
    RatingCode.APPROACHING_TARGET: "Approaching target",
    RatingCode.REQUIRES_IMPROVEMENT: "Requires improvement",
    RatingCode.INADEQUATE: "Inadequate",
    RatingCode.OTHER: "Other",
}


@dataclass(frozen=True)
class ProposedRating:
    """`share` is the weighed average over the commitments that have a verified figure."""

    code: RatingCode
    word: str
    share: Decimal | None
    reasons: tuple[str, ...]
    method: str = METHOD


def propose_rating(
    verified_quantity_share: Mapping[Key, Decimal | None], weights: Mapping[Key, Decimal]
) -> ProposedRating:
    """A rating from each commitment's verified share of what was due, by its weight.

    A share of None is not known and is never taken as 0. Weights are pounds or points; a
    commitment without one weighs nothing. With no weights at all every commitment weighs the same.
    """
    keys = sorted(verified_quantity_share)
    weighed = {key: weights.get(key, ZERO) for key in keys}
    if any(weight < 0 for weight in weighed.values()):
        raise ValueError("A weight is negative. Give 0 or more.")
    if keys and not any(weighed.values()):
        weighed = dict.fromkeys(keys, WHOLE)
    total = sum(weighed.values(), ZERO)
    known = reached = ZERO
    unknown = 0
    for key in keys:
        own = verified_quantity_share[key]
        if own is None:
            unknown += weighed[key] > 0
            continue
        known += weighed[key]
        reached += EXACT.multiply(weighed[key], min(max(own, ZERO), WHOLE))
    average = share(reached, known)
    known_share = share(known, total)
    if average is None or known_share is None:
        return _proposed(
            RatingCode.OTHER, None, "Nothing due in the year has a verified figure yet."
        )
    reasons = [f"{percentage(average, 1)} of what was due is verified, by weight."]
    if unknown:
        noun = "commitment has" if unknown == 1 else "commitments have"
        reasons.append(f"{unknown} {noun} no verified figure, which is not taken as nothing.")
    if known_share < LEAST_KNOWN:
        reasons.append(f"Only {percentage(known_share)} of the weight has a verified figure.")
        return _proposed(RatingCode.OTHER, average, *reasons)
    code = _code(average)
    if unknown and code == RatingCode.GOOD:
        code = RatingCode.APPROACHING_TARGET
        reasons.append("It could be “Good” once every commitment has a verified figure.")
    return _proposed(code, average, *reasons)


def refused(
    is_light_touch: bool,
    value: Decimal | None,
    started: datetime.date | None,
    kpi_count: int,
    *,
    above_pounds: Decimal = RATED_ABOVE_POUNDS,
    since: datetime.date = RATED_SINCE,
) -> str | None:
    """Why this contract gets no statutory rating, or None where it does.

    The threshold and its first day are dated data elsewhere; the defaults are those of the Act.
    """
    if is_light_touch:
        return "This is a light-touch contract, which the Act exempts from yearly ratings."
    if value is None:
        return "The contract has no value yet. Record its award value first."
    if value <= above_pounds:
        return (
            f"The contract is worth {readable(value)}. Yearly ratings are for contracts above "
            f"{readable(above_pounds)}."
        )
    if started is None:
        return "The contract has no start date yet. Record it first."
    if started < since:
        return f"The contract began before {since.day} {since:%B %Y}, when yearly ratings came in."
    if kpi_count < LEAST_KPIS:
        held = {0: "no key performance indicators", 1: "1 key performance indicator"}.get(
            kpi_count, f"{kpi_count} key performance indicators"
        )
        return f"The contract has {held}. Set at least {LEAST_KPIS} first."
    return None


def _code(average: Decimal) -> RatingCode:
    for code, least in (
        (RatingCode.GOOD, GOOD_FROM),
        (RatingCode.APPROACHING_TARGET, APPROACHING_FROM),
        (RatingCode.REQUIRES_IMPROVEMENT, IMPROVEMENT_FROM),
    ):
        if average >= least:
            return code
    return RatingCode.INADEQUATE


def _proposed(code: RatingCode, average: Decimal | None, *reasons: str) -> ProposedRating:
    return ProposedRating(code, WORDS[code], average, reasons)

"""Delivery against the profile: where it stands, where it will end, what must come. Pure.

Only quarters whose return is in are compared, each with its own part of the profile. A missing
return is unknown and never 0: it is left out of the comparison, named in the reasons, and keeps
the rating from being green.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal
from enum import StrEnum

from trafford_sv.core.money import percentage, share
from trafford_sv.core.periods import Quarter

from .counting import EXACT, STEP, CountingRule, four_places, latest, quantity_words, reading_words
from .profiles import Profile, elapsed, expected_by

GREEN_FROM = Decimal("0.95")
AMBER_FROM = Decimal("0.75")
ZERO = Decimal(0)

METHOD = (
    "Expected at the end = delivered so far + the rest of the profile x (delivered / expected), "
    "over the quarters whose return is in. A missing return is unknown: it is taken to go as the "
    "others did, and the lower figure leaves it out. "
    f"Green from {percentage(GREEN_FROM)} of the profile, amber from {percentage(AMBER_FROM)}, "
    "red below. A missing return keeps the rating from being green."
)
METHOD_PERCENTAGE = (
    "Percentages are not added: the latest one reported is compared with the promise. "
    f"Green from {percentage(GREEN_FROM)} of the promise, amber from {percentage(AMBER_FROM)}, "
    "red below. A missing return keeps the rating from being green."
)


class Rating(StrEnum):
    GREEN = "green"
    AMBER = "amber"
    RED = "red"
    NOT_YET = "not_yet"


GREEN, AMBER, RED, NOT_YET = Rating.GREEN, Rating.AMBER, Rating.RED, Rating.NOT_YET
WORST_FIRST = (RED, AMBER, NOT_YET, GREEN)


@dataclass(frozen=True)
class Pace:
    """One commitment's position. None: cannot be said, with the reason among `reasons`.

    `expected_now` is the whole profile up to the day; `expected_reported` only the part of it
    whose returns are in, which is what `delivered` is compared with (`ratio`).
    `expected_end_low` takes nothing from the missing returns; elsewhere it equals `expected_end`.
    `per_remaining_quarter` is then the most that could be needed, and the reasons say so.
    """

    promised: Decimal
    expected_now: Decimal
    expected_reported: Decimal
    delivered: Decimal | None
    ratio: Decimal | None
    expected_end: Decimal | None
    expected_end_low: Decimal | None
    shortfall: Decimal | None
    per_remaining_quarter: Decimal | None
    remaining_quarters: int
    missing: tuple[Quarter, ...]
    rating: Rating
    reasons: tuple[str, ...]
    method: str


def pace(
    promised: Decimal,
    profile: Iterable[tuple[Quarter, Decimal]],
    delivered_by_quarter: Mapping[Quarter, Decimal | None],
    as_of: datetime.date,
    rule: CountingRule = CountingRule.UNITS,
    *,
    start: datetime.date | None = None,
    end: datetime.date | None = None,
) -> Pace:
    """Delivered against the profile on a day.

    `delivered_by_quarter`: a quantity (0 is 0), None where the return is due and missing; a
    quarter that is not in it has no return due yet. With `start` and `end` the running quarter
    is counted by the contract's own days.
    """
    held = tuple(sorted(profile))
    missing = tuple(
        sorted(
            quarter
            for quarter, quantity in delivered_by_quarter.items()
            if quantity is None and quarter.start <= as_of
        )
    )
    remaining = sum(
        1
        for quarter, _ in held
        if quarter.end > as_of and delivered_by_quarter.get(quarter) is None
    )
    if CountingRule(rule) == CountingRule.PERCENTAGE:
        return _pace_of_percentage(promised, held, delivered_by_quarter, as_of, missing, remaining)
    return _Summed(
        promised, held, delivered_by_quarter, as_of, missing, remaining, start, end
    ).pace()


@dataclass(frozen=True)
class _Summed:
    promised: Decimal
    profile: Profile
    delivered_by_quarter: Mapping[Quarter, Decimal | None]
    as_of: datetime.date
    missing: tuple[Quarter, ...]
    remaining: int
    start: datetime.date | None
    end: datetime.date | None

    def pace(self) -> Pace:
        reported = {
            quarter: quantity
            for quarter, quantity in self.delivered_by_quarter.items()
            if quantity is not None
        }
        delivered = sum(reported.values(), ZERO) if reported else None
        basis = four_places(
            sum((self._due(q, part) for q, part in self.profile if q in reported), ZERO)
        )
        expected_now = expected_by(self.profile, self.as_of, start=self.start, end=self.end)
        ratio = share(delivered, basis)
        ahead, unknown = self._open(reported)
        low = high = None
        if delivered is not None and delivered >= self.promised:
            low = high = delivered
        if delivered is not None and ratio is not None:
            low = four_places(delivered + EXACT.multiply(ahead, ratio))
            high = four_places(delivered + EXACT.multiply(ahead + unknown, ratio))
        rating = self._rating(delivered, ratio)
        need = None
        if self.remaining:
            still = max(ZERO, self.promised - (delivered or ZERO))
            need = EXACT.divide(still, Decimal(self.remaining)).quantize(STEP, rounding=ROUND_UP)
        return Pace(
            promised=self.promised,
            expected_now=expected_now,
            expected_reported=basis,
            delivered=delivered,
            ratio=ratio,
            expected_end=high,
            expected_end_low=low,
            shortfall=None if high is None else max(ZERO, self.promised - high),
            per_remaining_quarter=need,
            remaining_quarters=self.remaining,
            missing=self.missing,
            rating=rating,
            reasons=self._reasons(delivered, basis, ratio, low, high, need),
            method=METHOD,
        )

    def _due(self, quarter: Quarter, part: Decimal) -> Decimal:
        over = elapsed(quarter, self.as_of, start=self.start, end=self.end)
        return EXACT.multiply(part, over)

    def _open(self, reported: Mapping[Quarter, Decimal]) -> tuple[Decimal, Decimal]:
        """The profile still to come, and the part of it whose return is missing."""
        ahead = unknown = ZERO
        for quarter, part in self.profile:
            if quarter in reported:
                ahead += part - self._due(quarter, part)
            elif quarter in self.missing:
                unknown += part
            else:
                ahead += part
        return ahead, unknown

    def _rating(self, delivered: Decimal | None, ratio: Decimal | None) -> Rating:
        if self.promised <= 0:
            return NOT_YET
        if delivered is not None and delivered >= self.promised:
            return GREEN
        if ratio is None:
            return AMBER if self.missing else NOT_YET
        return _rated(ratio, bool(self.missing))

    def _reasons(
        self,
        delivered: Decimal | None,
        basis: Decimal,
        ratio: Decimal | None,
        low: Decimal | None,
        high: Decimal | None,
        need: Decimal | None,
    ) -> tuple[str, ...]:
        if self.promised <= 0:
            return ("Nothing is promised, so there is nothing to measure against.",)
        words = reading_words
        reasons = []
        if delivered is not None and delivered >= self.promised:
            reasons.append(
                f"The whole promise is delivered: {words(delivered)} of {quantity_words(self.promised)}."
            )
        elif delivered is not None and ratio is not None:
            reasons.append(
                f"{words(delivered)} delivered of {words(basis)} expected in the quarters "
                f"reported, which is {percentage(ratio)}."
            )
        elif delivered is not None:
            reasons.append(f"{words(delivered)} delivered; nothing is due yet.")
        elif self.missing:
            reasons.append("No return has come in yet, so the position is not known.")
        else:
            reasons.append("Nothing is due yet.")
        reasons = _cause_first(reasons, self.missing, ratio)
        if delivered is not None and delivered >= self.promised:
            return tuple(reasons)
        if high is not None and low is not None:
            where = words(high) if low == high else f"between {words(low)} and {words(high)}"
            reasons.append(f"At this pace it ends at {where} of {quantity_words(self.promised)}.")
        if need is not None and delivered is not None:
            each = (
                "The last quarter"
                if self.remaining == 1
                else (f"Each of the {self.remaining} remaining quarters")
            )
            held = "return holds" if len(self.missing) == 1 else "returns hold"
            reasons.append(
                f"{each} must bring up to {words(need)}, less what the missing {held}, "
                "to keep the promise."
                if self.missing
                else f"{each} must bring {words(need)} to keep the promise."
            )
        return tuple(reasons)


def _pace_of_percentage(
    promised: Decimal,
    profile: Profile,
    delivered_by_quarter: Mapping[Quarter, Decimal | None],
    as_of: datetime.date,
    missing: tuple[Quarter, ...],
    remaining: int,
) -> Pace:
    value = latest(delivered_by_quarter[quarter] for quarter in sorted(delivered_by_quarter))
    ratio = share(value, promised)
    if ratio is not None:
        rating = _rated(ratio, bool(missing))
    else:
        rating = AMBER if missing and promised > 0 else NOT_YET
    is_due = any(quarter.end <= as_of for quarter, _ in profile) or value is not None
    if promised <= 0:
        reasons = ["Nothing is promised, so there is nothing to measure against."]
    elif value is not None:
        reasons = [
            f"The latest is {reading_words(value)}%, against {quantity_words(promised)}% promised."
        ]
    elif missing:
        reasons = ["No return has come in yet, so the position is not known."]
    else:
        reasons = ["Nothing is due yet."]
    reasons = _cause_first(reasons, missing, ratio)
    shortfall = None if value is None else max(ZERO, promised - value)
    if shortfall and remaining:
        reasons.append(f"The quarters to come must reach {quantity_words(promised)}%.")
    return Pace(
        promised=promised,
        expected_now=promised if is_due else ZERO,
        expected_reported=promised if value is not None else ZERO,
        delivered=value,
        ratio=ratio,
        expected_end=value,
        expected_end_low=value,
        shortfall=shortfall,
        per_remaining_quarter=promised if remaining else None,
        remaining_quarters=remaining,
        missing=missing,
        rating=rating,
        reasons=tuple(reasons),
        method=METHOD_PERCENTAGE,
    )


def _rated(ratio: Decimal, has_missing: bool) -> Rating:
    if ratio < AMBER_FROM:
        return RED
    return AMBER if ratio < GREEN_FROM or has_missing else GREEN


def _cause_first(
    reasons: list[str], missing: tuple[Quarter, ...], ratio: Decimal | None
) -> list[str]:
    """A list shows the first reason alone: where enough is delivered, what is missing is the cause."""
    known_to_keep_pace = ratio is not None and ratio >= GREEN_FROM
    return (
        [*_missing_words(missing), *reasons]
        if known_to_keep_pace
        else [*reasons, *_missing_words(missing)]
    )


def _missing_words(missing: tuple[Quarter, ...]) -> list[str]:
    if not missing:
        return []
    named = ", ".join(quarter.short for quarter in missing)
    if len(missing) == 1:
        return [f"The return for {named} has not come in; what it holds is not known."]
    return [f"The returns for {named} have not come in; what they hold is not known."]


# --- a contract ---------------------------------------------------------------------------


@dataclass(frozen=True)
class WeighedPace:
    """A commitment's pace with its committed pounds (None: record only or no value) and name."""

    label: str
    pounds: Decimal | None
    pace: Pace


@dataclass(frozen=True)
class ContractPace:
    """All commitments of a contract, worst first."""

    rating: Rating
    ratio: Decimal | None
    counts: Mapping[Rating, int]
    pounds: Mapping[Rating, Decimal]
    worst_first: tuple[WeighedPace, ...]
    reasons: tuple[str, ...]
    method: str


METHOD_CONTRACT = (
    "Each commitment counts by its committed pounds, and none above 100%, so that more of one "
    "does not hide less of another. A contract with a red commitment or a missing return is at "
    "best amber. Where no commitment has pounds, the worst rating stands."
)


def contract_pace(paces: Iterable[WeighedPace]) -> ContractPace:
    """One rating for a contract from those of its commitments, by pounds."""
    held = tuple(paces)
    order = sorted(
        held,
        key=lambda one: (
            WORST_FIRST.index(one.pace.rating),
            -(one.pounds if one.pounds is not None else ZERO),
            one.label,
        ),
    )
    counts = dict.fromkeys(WORST_FIRST, 0)
    pounds = dict.fromkeys(WORST_FIRST, ZERO)
    weight = reached = ZERO
    for one in held:
        counts[one.pace.rating] += 1
        pounds[one.pace.rating] += one.pounds if one.pounds is not None else ZERO
        if one.pounds is not None and one.pace.ratio is not None:
            weight += one.pounds
            reached += EXACT.multiply(one.pounds, min(one.pace.ratio, Decimal(1)))
    ratio = share(reached, weight)
    judged = [one.pace.rating for one in held if one.pace.rating != NOT_YET]
    if not judged:
        rating = NOT_YET
    elif ratio is None:
        rating = min(judged, key=WORST_FIRST.index)
    else:
        is_held_back = counts[RED] > 0 or any(one.pace.missing for one in held)
        rating = _rated(ratio, is_held_back)
    return ContractPace(
        rating,
        ratio,
        counts,
        pounds,
        tuple(order),
        _contract_reasons(counts, ratio),
        METHOD_CONTRACT,
    )


def _contract_reasons(counts: Mapping[Rating, int], ratio: Decimal | None) -> tuple[str, ...]:
    total = sum(counts.values())
    if not total:
        return ("There are no commitments yet.",)
    reasons = []
    if ratio is not None:
        reasons.append(
            f"{percentage(ratio)} of what the profiles expect is delivered, weighed by pounds."
        )
    words = {RED: "red", AMBER: "amber", GREEN: "green", NOT_YET: "not due yet"}
    parts = [f"{counts[rating]} {words[rating]}" for rating in WORST_FIRST if counts[rating]]
    noun = "commitment" if total == 1 else "commitments"
    reasons.append(f"{total} {noun}: {', '.join(parts)}.")
    return tuple(reasons)

"""What a measure says: its value with its base, whether the target is met, why it moved. Pure.

A share has its base beside it, and where the base is empty it is None with the reason: not
available, never 0.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from trafford_sv.core.money import pounds
from trafford_sv.core.periods import FinancialYear, Quarter

from .catalogue import Unit

SET_SIZE = 5
SHARE_STEP = Decimal("0.0001")


class Period(StrEnum):
    QUARTER = "quarter"
    YEAR_TO_DATE = "year_to_date"
    CUMULATIVE = "cumulative"


PERIOD_WORDS: dict[Period, str] = {
    Period.QUARTER: "in the quarter",
    Period.YEAR_TO_DATE: "from 1 April to the end of the quarter",
    Period.CUMULATIVE: "since the beginning",
}


class Direction(StrEnum):
    HIGHER = "higher"
    LOWER = "lower"


class TargetState(StrEnum):
    MET = "met"
    NOT_MET = "not_met"
    NO_TARGET = "no_target"
    NOT_KNOWN = "not_known"


TARGET_WORDS: dict[TargetState, str] = {
    TargetState.MET: "Target met",
    TargetState.NOT_MET: "Below target",
    TargetState.NO_TARGET: "No target",
    TargetState.NOT_KNOWN: "Not known",
}


def first_quarter(period: Period | str, last: Quarter) -> Quarter | None:
    """Where a period that ends with `last` begins; None is the beginning of records."""
    match Period(period):
        case Period.QUARTER:
            return last
        case Period.YEAR_TO_DATE:
            return FinancialYear(last.start_year).quarters[0]
        case Period.CUMULATIVE:
            return None


@dataclass(frozen=True)
class Reading:
    """A measure in one period. `value` in its unit; a share in 0..1 and up, to four places.

    `numerator` and `denominator` are what the value was made from; `reason` says why `value` is
    None.
    """

    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None = None
    reason: str = ""


def plain_reading(numerator: Decimal | None, *, name: str) -> Reading:
    """A measure without a base."""
    if numerator is None:
        return Reading(None, None, None, f"{name}: nothing is recorded for this period.")
    return Reading(numerator, numerator)


def ratio_reading(
    numerator: Decimal | None,
    denominator: Decimal | None,
    *,
    numerator_name: str,
    denominator_name: str,
) -> Reading:
    """numerator / denominator, half up to four places. An empty base is None with its reason."""
    if denominator is None or denominator <= 0:
        return Reading(
            None, numerator, denominator,
            f"Not available: there is no {_lower(denominator_name)} to divide by in this period.",
        )  # fmt: skip
    if numerator is None:
        return Reading(
            None, None, denominator,
            f"Not available: no {_lower(numerator_name)} is recorded for this period.",
        )  # fmt: skip
    value = (numerator / denominator).quantize(SHARE_STEP, ROUND_HALF_UP)
    return Reading(value, numerator, denominator)


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]


def target_state(
    value: Decimal | None, target: Decimal | None, direction: Direction | str
) -> TargetState:
    """A value exactly on the target meets it."""
    if target is None:
        return TargetState.NO_TARGET
    if value is None:
        return TargetState.NOT_KNOWN
    met = value >= target if Direction(direction) is Direction.HIGHER else value <= target
    return TargetState.MET if met else TargetState.NOT_MET


def target_problem(target: Decimal | None, unit: Unit | str) -> str:
    """Why a target cannot be of this unit; empty where it can."""
    if target is None:
        return ""
    if target < 0:
        return "A target is 0 or more."
    if Unit(unit) is Unit.SHARE and target > 10:
        return "A target for a share is typed in per cent, for example 53 for 53%."
    if Unit(unit) is Unit.COUNT and target != target.to_integral_value():
        return "A target for a count is a whole number."
    if Unit(unit) is Unit.POUNDS and target != pounds(target):
        return "A target in pounds has at most two decimals."
    return ""


_SIGNS: dict[Unit, tuple[str, ...]] = {
    Unit.POUNDS: ("£",), Unit.RATIO: ("£",), Unit.SHARE: ("%",), Unit.COUNT: (),
}  # fmt: skip
_READ_AS: dict[Unit, str] = {
    Unit.POUNDS: "in pounds, for example £1,250",
    Unit.RATIO: "in pounds for each pound, for example £5.20",
    Unit.SHARE: "a share in per cent, for example 53%",
    Unit.COUNT: "a number of things, for example 12",
}


def sign_problem(typed: str, unit: Unit | str) -> str:
    """Why a number with this sign is not of this unit; empty where the sign fits or none was typed."""
    found = [sign for sign in "£%" if sign in typed]
    if all(sign in _SIGNS[Unit(unit)] for sign in found):
        return ""
    return (
        f"“{typed.strip()}” does not fit: this measure is {_READ_AS[Unit(unit)]}. Check the sign."
    )


def set_problem(members: Sequence[object]) -> str:
    """Why these cannot be approved as a set; empty where they can."""
    if len(set(members)) != len(members):
        return "A measure is in the set twice. Choose five different ones."
    if len(members) != SET_SIZE:
        return (
            f"A set has exactly five measures; this one has {len(members)}. "
            f"{'Add' if len(members) < SET_SIZE else 'Take away'} "
            f"{abs(SET_SIZE - len(members))} before it is approved."
        )
    return ""


@dataclass(frozen=True)
class Span:
    """When something is in force; `until` None is open. Both days count."""

    name: str
    since: datetime.date
    until: datetime.date | None

    def overlaps(self, other: Span) -> bool:
        return (other.until is None or self.since <= other.until) and (
            self.until is None or other.since <= self.until
        )


def overlapping(wanted: Span, others: Iterable[Span]) -> Span | None:
    """The first of the others, by date, that is in force on a day of the wanted one."""
    found = sorted((other for other in others if wanted.overlaps(other)), key=lambda o: o.since)
    return found[0] if found else None


@dataclass(frozen=True)
class Parts:
    """What the pounds of one period are made of, so that a movement can be split.

    `late` counts here for an earlier quarter. `new` belongs to agreements that had nothing before.
    `revalued` is the part that a changed value of one unit adds or takes. `other` is the rest.
    """

    late: Decimal = Decimal(0)
    new: Decimal = Decimal(0)
    revalued: Decimal = Decimal(0)
    other: Decimal = Decimal(0)

    @property
    def total(self) -> Decimal:
        return self.late + self.new + self.revalued + self.other


@dataclass(frozen=True)
class Movement:
    """Why a figure in pounds moved. The four parts add up to `change` exactly."""

    before: Decimal
    after: Decimal
    late_returns: Decimal
    new_agreements: Decimal
    values_of_a_unit: Decimal
    delivery: Decimal

    @property
    def change(self) -> Decimal:
        return self.after - self.before

    @property
    def sentence(self) -> str:
        """The largest part in words; the whole where nothing moved."""
        if not self.change and not any(amount for _, amount in self.rows):
            return "It did not move."
        name, amount = max(self.rows, key=lambda row: (abs(row[1]), row[0]))
        verb = "up" if amount > 0 else "down"
        return f"Mostly {_lower(name)}: {verb} by {pounds(abs(amount)):,.2f} pounds."

    @property
    def rows(self) -> tuple[tuple[str, Decimal], ...]:
        return (
            ("Delivery on agreements that were there before", self.delivery),
            ("New agreements", self.new_agreements),
            ("Values of one unit", self.values_of_a_unit),
            ("Returns that came late", self.late_returns),
        )


def movement(before: Parts, after: Parts) -> Movement:
    """From one period to the next. What was late or new before is ordinary delivery now."""
    return Movement(
        before=before.total,
        after=after.total,
        late_returns=after.late - before.late,
        new_agreements=after.new,
        values_of_a_unit=after.revalued - before.revalued,
        delivery=after.other - before.other - before.new,
    )

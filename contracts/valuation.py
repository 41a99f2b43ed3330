"""From a quantity to pounds. Pure, and the only place that computes the pounds of a line.

Every line is rounded half up to the penny first and lines are added after, so that a printed
column always sums to its printed total, in any order of its lines.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

from trafford_sv.core.money import LARGEST, PENNY

# Wide enough for quantity x value x share to be exact before it is rounded once.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)
WHOLE = Decimal(1)


class ValuationError(ValueError):
    """An amount that cannot be held; the message is for the person who typed the quantity."""


class Kind(StrEnum):
    """What a measure adds to. Social and local economic pounds are always shown apart."""

    SOCIAL = "social"
    LOCAL_ECONOMIC = "local_economic"
    RECORD_ONLY = "record_only"


def price_line(
    quantity: Decimal | None,
    value_per_unit: Decimal | None,
    kind: Kind | str,
    share: Decimal = WHOLE,
) -> Decimal | None:
    """quantity x value per unit x share of the activity, half up to the penny.

    None for a record-only measure, one without a value, and a quantity that was not reported.
    A quantity of 0 is £0.00. Raises ValuationError for an amount beyond what can be stored.
    """
    if quantity is None or value_per_unit is None or Kind(kind) == Kind.RECORD_ONLY:
        return None
    product = EXACT.multiply(EXACT.multiply(quantity, value_per_unit), share)
    if abs(product) > LARGEST:
        raise ValuationError(
            "The value of this quantity is larger than this system can hold. Check the quantity."
        )
    # `+ 0` makes a negative zero plain.
    return EXACT.add(product.quantize(PENNY, rounding=ROUND_HALF_UP, context=EXACT), Decimal(0))


@dataclass(frozen=True)
class Line:
    """One priced line. `is_reported` tells "no value in this edition" from "not reported"."""

    kind: Kind | str
    pounds: Decimal | None
    is_reported: bool = True


@dataclass(frozen=True)
class Totals:
    """Lines added, kinds apart. A side is None where no line of that kind has an amount."""

    social_pounds: Decimal | None = None
    local_economic_pounds: Decimal | None = None
    lines: int = 0
    lines_without_value: int = 0
    record_only_lines: int = 0
    lines_not_reported: int = 0

    def plus(self, other: Totals) -> Totals:
        return Totals(
            plus(self.social_pounds, other.social_pounds),
            plus(self.local_economic_pounds, other.local_economic_pounds),
            self.lines + other.lines,
            self.lines_without_value + other.lines_without_value,
            self.record_only_lines + other.record_only_lines,
            self.lines_not_reported + other.lines_not_reported,
        )


def plus(first: Decimal | None, second: Decimal | None) -> Decimal | None:
    """Two amounts, where None is left out and two Nones stay None."""
    if first is None or second is None:
        return first if second is None else second
    return EXACT.add(first, second)


def add(lines: Iterable[Line]) -> Totals:
    """Amounts already rounded per line, added by kind. Order never matters."""
    social: Decimal | None = None
    local: Decimal | None = None
    number = without = record_only = not_reported = 0
    for line in lines:
        number += 1
        kind = Kind(line.kind)
        not_reported += not line.is_reported
        if kind == Kind.RECORD_ONLY:
            record_only += 1
        elif line.pounds is None:
            without += line.is_reported
        elif kind == Kind.SOCIAL:
            social = plus(social, line.pounds)
        else:
            local = plus(local, line.pounds)
    return Totals(social, local, number, without, record_only, not_reported)


def combined(totals: Totals, is_combinable: bool) -> Decimal | None:
    """Social and local economic value as one, only where the edition allows adding them."""
    if not is_combinable:
        return None
    return plus(totals.social_pounds, totals.local_economic_pounds)


@dataclass(frozen=True)
class DatedValue:
    """A value per unit from `valid_from` to `valid_to`, both days included. None: no end.

    `area` is None for everywhere. `key` comes back with the answer, for the caller's own use.
    """

    area: str | None
    value_pounds: Decimal
    valid_from: datetime.date
    valid_to: datetime.date | None = None
    key: int | None = None

    def in_force_on(self, day: datetime.date) -> bool:
        return self.valid_from <= day and (self.valid_to is None or day <= self.valid_to)


def value_on(
    values: Sequence[DatedValue], day: datetime.date, area: str | None = None
) -> DatedValue | None:
    """The value in force that day: of the area if it has one, else the general one.

    Where two overlap the later start wins, then the lower value, so the answer is always one.
    """
    held = [value for value in values if value.in_force_on(day)]
    for wanted in (area, None) if area is not None else (None,):
        candidates = [value for value in held if value.area == wanted]
        if candidates:
            return max(candidates, key=lambda value: (value.valid_from, -value.value_pounds))
    return None

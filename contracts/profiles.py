"""A promise spread over the quarters of its contract, and what it expects by a day. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import ROUND_DOWN, Decimal

from trafford_sv.core.periods import Quarter

from .counting import EXACT, STEP, CountingRule, four_places, quantity_words

Profile = tuple[tuple[Quarter, Decimal], ...]
ZERO = Decimal(0)


class ProfileError(ValueError):
    """A profile that does not fit its promise; the message says what to change."""


def quarters_between(start: datetime.date, end: datetime.date) -> tuple[Quarter, ...]:
    """Every quarter that the days from start to end touch."""
    if end < start:
        raise ProfileError("The end is before the start. Correct the dates first.")
    found = []
    quarter, last = Quarter.of(start), Quarter.of(end)
    while quarter <= last:
        found.append(quarter)
        quarter = quarter.next
    return tuple(found)


def even_profile(quantity: Decimal, start: datetime.date, end: datetime.date) -> Profile:
    """The same for each calendar month that the contract touches, so whole quarters are equal.

    Four decimals, rounded down; the remainder goes to the last quarter, so it sums exactly.
    """
    _not_negative(quantity)
    quarters = quarters_between(start, end)
    months = [_months_touched(quarter, start, end) for quarter in quarters]
    total = Decimal(sum(months))
    parts = [
        EXACT.divide(EXACT.multiply(quantity, Decimal(number)), total).quantize(
            STEP, rounding=ROUND_DOWN
        )
        for number in months[:-1]
    ]
    return tuple(zip(quarters, [*parts, quantity - sum(parts, ZERO)], strict=True))


def level_profile(quantity: Decimal, start: datetime.date, end: datetime.date) -> Profile:
    """The same figure in every quarter: for percentages, which are never added."""
    _not_negative(quantity)
    return tuple((quarter, quantity) for quarter in quarters_between(start, end))


def check_profile(
    quantity: Decimal,
    profile: Iterable[tuple[Quarter, Decimal]],
    *,
    start: datetime.date | None = None,
    end: datetime.date | None = None,
    rule: CountingRule = CountingRule.UNITS,
) -> None:
    """Raise ProfileError unless the profile adds to the promise inside the contract.

    A percentage is not added: its last quarter must be the promise.
    """
    held = sorted(profile)
    if not held:
        raise ProfileError("There is no quarter in the profile. Say how much each will bring.")
    seen: set[Quarter] = set()
    for quarter, part in held:
        if quarter in seen:
            raise ProfileError(f"{quarter.label} is in the profile twice. Keep one of them.")
        seen.add(quarter)
        if part < 0:
            raise ProfileError(
                f"{quarter.label} has {quantity_words(part)}. Give 0 or more for each quarter."
            )
        if (start is not None and quarter.end < start) or (end is not None and quarter.start > end):
            raise ProfileError(
                f"{quarter.label} is outside the contract. Move its quantity to another quarter."
            )
    if rule == CountingRule.PERCENTAGE:
        if held[-1][1] != quantity:
            raise ProfileError(
                f"The last quarter is {quantity_words(held[-1][1])}%, but the promise is "
                f"{quantity_words(quantity)}%. Make them the same."
            )
        return
    total = sum((part for _, part in held), ZERO)
    if total != quantity:
        gap = quantity_words(abs(total - quantity))
        more = "too many" if total > quantity else "missing"
        raise ProfileError(
            f"The quarters add to {quantity_words(total)}, but the promise is "
            f"{quantity_words(quantity)}: {gap} {more}."
        )


def expected_by(
    profile: Iterable[tuple[Quarter, Decimal]],
    day: datetime.date,
    *,
    start: datetime.date | None = None,
    end: datetime.date | None = None,
) -> Decimal:
    """What the profile expects by the end of that day; the running quarter by its days.

    With `start` and `end` only the contract's own days of a quarter are counted.
    """
    total = ZERO
    for quarter, part in profile:
        total += EXACT.multiply(part, elapsed(quarter, day, start=start, end=end))
    return four_places(total)


def elapsed(
    quarter: Quarter,
    day: datetime.date,
    *,
    start: datetime.date | None = None,
    end: datetime.date | None = None,
) -> Decimal:
    """The share of the quarter's days that are over by the end of that day, from 0 to 1."""
    first = quarter.start if start is None else max(quarter.start, start)
    last = quarter.end if end is None else min(quarter.end, end)
    if day >= last:
        return Decimal(1)
    if day < first:
        return ZERO
    return EXACT.divide(Decimal((day - first).days + 1), Decimal((last - first).days + 1))


def _months_touched(quarter: Quarter, start: datetime.date, end: datetime.date) -> int:
    first, last = max(quarter.start, start), min(quarter.end, end)
    return last.month - first.month + 1


def _not_negative(quantity: Decimal) -> None:
    if not quantity.is_finite() or quantity < 0:
        raise ProfileError("The promise is negative. Give 0 or more.")

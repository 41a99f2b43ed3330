"""How the open library makes values per unit from dated public rates. Pure.

Each value carries its own arithmetic in words, so that anybody can do it again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal

PENNY, FIVE_PLACES = Decimal("0.01"), Decimal("0.00001")
HOURS_A_WEEK, WEEKS_A_YEAR = Decimal("37.5"), Decimal(52)
KILOGRAMS_A_TONNE = Decimal(1000)
CARBON = "CARBON-CENTRAL"


@dataclass(frozen=True)
class Rate:
    """One dated row of a public rate."""

    code: str
    label: str
    unit: str
    amount: Decimal
    valid_from: datetime.date
    valid_to: datetime.date | None
    price_year: str
    source_title: str
    source_address: str
    licence: str
    is_confirmed: bool
    note: str = ""


@dataclass(frozen=True)
class Value:
    """The value of one unit from a day on, with how it was worked out."""

    value_pounds: Decimal
    valid_from: datetime.date
    valid_to: datetime.date | None
    price_year: str
    source_title: str
    source_address: str
    licence: str
    method: str
    is_confirmed: bool


@dataclass(frozen=True)
class Recipe:
    """The rate that carries the series, what it is multiplied by, and how the result is rounded.

    `times`: constants with their words. `priced_by_carbon`: kilograms of CO2e, turned into pounds
    by the carbon value of the same day. `stays`: the last value stays in force until the next
    year's rate is published, although the rate itself is for one year.
    """

    rate: str
    times: tuple[tuple[Decimal, str], ...] = ()
    priced_by_carbon: bool = False
    stays: bool = False


RECIPES: Mapping[str, Recipe] = {
    "TSV-J1": Recipe("NLW", ((HOURS_A_WEEK, "hours a week"), (WEEKS_A_YEAR, "weeks a year"))),
    "TSV-S1": Recipe("NMW-APP", ((HOURS_A_WEEK, "hours a week"),)),
    "TSV-C1": Recipe("NLW"),
    "TSV-C4": Recipe("AMAP-CAR"),
    "TSV-E1": Recipe(CARBON),
    "TSV-E2": Recipe("GHG-CAR-MI", priced_by_carbon=True, stays=True),
    "TSV-E3": Recipe("GHG-ELEC", priced_by_carbon=True, stays=True),
    "TSV-E4": Recipe("LANDFILL-STD"),
}


def derive(recipe: Recipe, rates: Iterable[Rate]) -> tuple[Value, ...]:
    """The history of a measure's value, oldest first. Days without every rate have no value."""
    by_code: dict[str, list[Rate]] = {}
    for rate in sorted(rates, key=lambda each: (each.code, each.valid_from)):
        by_code.setdefault(rate.code, []).append(rate)
    values = []
    for rate in by_code.get(recipe.rate, ()):
        if not recipe.priced_by_carbon:
            values.append(_plain(rate, recipe))
            continue
        carbon = in_force(by_code.get(CARBON, ()), rate.valid_from)
        if carbon is not None:
            values.append(_carbon(rate, carbon))
    if recipe.stays and values:
        values[-1] = _staying(values[-1])
    return tuple(values)


def in_force(rates: Sequence[Rate], day: datetime.date) -> Rate | None:
    """The rate for a day: the newest that has started and has not ended."""
    holding = [
        rate
        for rate in rates
        if rate.valid_from <= day and (rate.valid_to is None or rate.valid_to >= day)
    ]
    return max(holding, key=lambda rate: rate.valid_from, default=None)


def _plain(rate: Rate, recipe: Recipe) -> Value:
    amount = rate.amount
    words = [f"{_digits(rate.amount)} ({rate.label}, {rate.unit.replace('GBP', 'pounds')})"]
    for factor, meaning in recipe.times:
        amount *= factor
        words.append(f"{_digits(factor)} {meaning}")
    if not recipe.times:
        method = f"{words[0]}, as it stands."
    else:
        amount = amount.quantize(PENNY, rounding=ROUND_HALF_UP)
        method = f"{' x '.join(words)} = {amount:,.2f} pounds."
    return _value(rate, amount, _noted(method, rate), (rate,))


def _carbon(rate: Rate, carbon: Rate) -> Value:
    amount = (rate.amount * carbon.amount / KILOGRAMS_A_TONNE).quantize(
        FIVE_PLACES, rounding=ROUND_HALF_UP
    )
    method = (
        f"{_digits(rate.amount)} ({rate.unit}, {rate.valid_from.year}) x {_digits(carbon.amount)} "
        f"(central carbon value for {rate.valid_from.year}, pounds per tonne CO2e) / 1,000 = "
        f"{amount} pounds. Carbon only."
    )
    return _value(rate, amount, method, (rate, carbon))


def _value(rate: Rate, amount: Decimal, method: str, used: Sequence[Rate]) -> Value:
    return Value(
        value_pounds=amount,
        valid_from=rate.valid_from,
        valid_to=rate.valid_to,
        # Pounds are those of the rate in pounds, which is the last one used.
        price_year=used[-1].price_year,
        source_title="; with ".join(each.source_title for each in used),
        source_address=rate.source_address,
        licence=rate.licence,
        method=method,
        is_confirmed=all(each.is_confirmed for each in used),
    )


def _staying(value: Value) -> Value:
    note = " It stays in force until the next year's factor is published and loaded."
    return replace(value, valid_to=None, method=value.method + note)


def _noted(method: str, rate: Rate) -> str:
    return f"{method} {rate.note[:1].upper()}{rate.note[1:]}." if rate.note else method


def _digits(amount: Decimal) -> str:
    return f"{amount:,f}"

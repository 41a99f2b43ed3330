"""The rules of counting: from what a supplier types to one quantity. Pure.

None is "not reported" and never becomes 0; 0 is "reported as nothing" and never becomes None.
Quantities carry four decimals, rounded half up.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from enum import StrEnum

STEP = Decimal("0.0001")
LARGEST_QUANTITY = Decimal("9999999999.9999")
MONTHS_IN_YEAR = Decimal(12)
FIRST_YEAR_MONTHS = Decimal(12)
LONGEST_MONTHS = Decimal(600)
# From here on a quantity is asked about before it is taken.
MANY_TIMES_THE_PROMISE = Decimal(3)
MANY_UNITS = Decimal(1_000_000)
MANY_FTE_YEARS = Decimal(10_000)
ZERO, HUNDRED = Decimal(0), Decimal(100)
# Wide enough for every product below to be exact before it is rounded once.
EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class CountingRule(StrEnum):
    """How a measure's quantity comes about. The measure names its rule."""

    UNITS = "units"
    FTE_YEARS = "fte_years"
    FIRST_YEAR = "first_year"
    HOURS_PEOPLE = "hours_people"
    PERCENTAGE = "percentage"


class CountingError(ValueError):
    """Figures that cannot be counted; the message is for the person who typed them."""


@dataclass(frozen=True)
class Inputs:
    """What was typed for one line. Each rule reads its own parts:

    units and percentage: `quantity`; fte_years: `fte`, `months`; first_year: `people`, `months`
    and `months_before` (already counted for these people in earlier returns); hours_people:
    `hours`, `people`. Where a rule has parts, `quantity` alone means "counted already"; beside
    the parts it must agree with them.
    """

    quantity: Decimal | None = None
    fte: Decimal | None = None
    months: Decimal | None = None
    people: Decimal | None = None
    hours: Decimal | None = None
    months_before: Decimal | None = None


PARTS: Mapping[CountingRule, tuple[str, ...]] = {
    CountingRule.UNITS: ("quantity",),
    CountingRule.FTE_YEARS: ("fte", "months"),
    CountingRule.FIRST_YEAR: ("people", "months"),
    CountingRule.HOURS_PEOPLE: ("hours", "people"),
    CountingRule.PERCENTAGE: ("quantity",),
}
_NAMES = {
    "quantity": "the quantity",
    "fte": "the number of full-time equivalents",
    "months": "the number of months",
    "people": "the number of people",
    "hours": "the number of hours",
    "months_before": "the months counted before",
}


def four_places(quantity: Decimal) -> Decimal:
    """Rounded half up to the four decimals that quantities carry."""
    return quantity.quantize(STEP, rounding=ROUND_HALF_UP, context=EXACT)


def quantity_words(quantity: Decimal) -> str:
    """For a sentence: 12.5, 1,200, −3. No trailing zeros."""
    text = f"{abs(four_places(quantity)):,f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return f"−{text}" if quantity < 0 and text != "0" else text


def reading_words(quantity: Decimal) -> str:
    """A quantity that was worked out, as it is read: 351,998, 337.6, 33.33. Files keep it exact."""
    size = abs(quantity)
    step = Decimal(1) if size >= 1000 else Decimal("0.1") if size >= 100 else Decimal("0.01")
    rounded = quantity.quantize(step, rounding=ROUND_HALF_UP, context=EXACT)
    # Something is never read as nothing.
    return quantity_words(quantity if quantity and not rounded else rounded)


# --- the rules, one function each ---------------------------------------------------------


def units(quantity: Decimal) -> Decimal:
    """A thing counts once: 3 placements are 3."""
    return four_places(_sound("quantity", quantity))


def fte_years(fte: Decimal, months: Decimal) -> Decimal:
    """Full-time equivalents for each year worked: 12.5 for 24 months is 25, 1 for 3 months 0.25."""
    _sound("fte", fte)
    _sound("months", months, LONGEST_MONTHS)
    return four_places(EXACT.divide(EXACT.multiply(fte, months), MONTHS_IN_YEAR))


def first_year_remaining(months_counted_before: Decimal = ZERO) -> Decimal:
    """Months of each person that may still count, of the first twelve."""
    _sound("months_before", months_counted_before)
    return max(ZERO, FIRST_YEAR_MONTHS - months_counted_before)


def first_year(
    people: Decimal, months_kept: Decimal, months_counted_before: Decimal = ZERO
) -> Decimal:
    """Person-years, where each person counts for the first 12 months in work and no longer.

    `months_kept` and `months_counted_before` are for each person; the cap runs across returns.
    """
    _whole("people", people)
    _sound("months", months_kept, LONGEST_MONTHS)
    months = min(months_kept, first_year_remaining(months_counted_before))
    return four_places(EXACT.divide(EXACT.multiply(people, months), MONTHS_IN_YEAR))


def sessions(hours: Decimal, people: Decimal) -> Decimal:
    """Hours of the session for each person who came: 2 hours with 8 people is 16."""
    _sound("hours", hours)
    _whole("people", people)
    return four_places(EXACT.multiply(hours, people))


def percentage(value: Decimal) -> Decimal:
    """A per cent from 0 to 100. Percentages are never added; see `latest`."""
    _sound("quantity", value)
    if value > HUNDRED:
        raise CountingError(
            f"{quantity_words(value)}% is more than 100%. Give a percentage from 0 to 100."
        )
    return four_places(value)


# --- the dispatcher -----------------------------------------------------------------------


def count(rule: CountingRule, inputs: Inputs) -> Decimal | None:
    """The quantity by the measure's rule, or None where nothing was reported.

    Raises CountingError with a sentence that names what is missing, negative or impossible.
    """
    rule = CountingRule(rule)
    given = _parts(rule, inputs)
    if given is None:
        if inputs.quantity is None:
            return None
        counted = units(inputs.quantity)
        return counted
    counted = _apply(rule, inputs)
    if len(PARTS[rule]) > 1 and inputs.quantity is not None:
        if four_places(_sound("quantity", inputs.quantity)) != counted:
            raise CountingError(
                f"{explain(rule, _without_quantity(inputs))}, but the quantity typed is "
                f"{quantity_words(inputs.quantity)}. Correct one of them, or leave the quantity empty."
            )
    if counted > LARGEST_QUANTITY:
        raise CountingError(
            f"{quantity_words(counted)} is more than this system can hold. Check the figures."
        )
    return counted


def explain(rule: CountingRule, inputs: Inputs) -> str:
    """How the quantity came about, in words: "2 hours x 8 people = 16"."""
    rule = CountingRule(rule)
    counted = count(rule, inputs)
    if counted is None:
        return "Nothing reported"
    result = quantity_words(counted)
    if rule == CountingRule.PERCENTAGE:
        return f"{result}% (the latest percentage counts; percentages are not added)"
    if _parts(rule, inputs) is None or rule == CountingRule.UNITS:
        return f"{result} reported"
    if rule == CountingRule.FTE_YEARS:
        return f"{_n(inputs.fte)} FTE x {_months(inputs.months)} / 12 = {result}"
    if rule == CountingRule.HOURS_PEOPLE:
        return f"{_many(inputs.hours, 'hour', 'hours')} x {_people(inputs.people)} = {result}"
    before = inputs.months_before or ZERO
    months = inputs.months or ZERO
    allowed = min(months, first_year_remaining(before))
    sentence = f"{_people(inputs.people)} x {_months(allowed)} / 12 = {result}"
    if allowed < months:
        why = f"{_n(months)} reported, only the first 12 count"
        why += f", {_n(before)} counted before" if before else ""
        sentence += f" ({why})"
    return sentence


# --- several returns together -------------------------------------------------------------


def latest(quantities: Iterable[Decimal | None]) -> Decimal | None:
    """The last one that was reported, of quantities in the order of time."""
    found = None
    for quantity in quantities:
        found = quantity if quantity is not None else found
    return found


def aggregate(rule: CountingRule, quantities: Iterable[Decimal | None]) -> Decimal | None:
    """Quantities in the order of time as one: their sum, or the latest of percentages.

    What was not reported is left out; None where nothing was reported at all.
    """
    if CountingRule(rule) == CountingRule.PERCENTAGE:
        return latest(quantities)
    reported = [quantity for quantity in quantities if quantity is not None]
    total = None
    for quantity in reported:
        total = quantity if total is None else EXACT.add(total, quantity)
    return total


def claimed(rule: CountingRule | str, quantity: Decimal | None, share: Decimal) -> Decimal | None:
    """What an agreement claims of a quantity, by its share of the activity (0 to 1).

    Exact: lines are added before anybody rounds. A share of a percentage means nothing.
    """
    if quantity is None or CountingRule(rule) == CountingRule.PERCENTAGE:
        return quantity
    return EXACT.multiply(quantity, share)


def warning_for(
    rule: CountingRule, quantity: Decimal | None, promised: Decimal | None
) -> str | None:
    """A sentence where a quantity is possible but so large that someone should look again.

    The supplier may keep it by giving a reason. `promised` is the promise for the whole contract.
    """
    rule = CountingRule(rule)
    if quantity is None or rule == CountingRule.PERCENTAGE:
        return None
    size = quantity_words(quantity)
    if promised is not None and promised > 0 and quantity > promised * MANY_TIMES_THE_PROMISE:
        return (
            f"{size} is more than {MANY_TIMES_THE_PROMISE} times the whole promise of "
            f"{quantity_words(promised)}. Check it, or say why it is right."
        )
    if rule == CountingRule.FTE_YEARS and quantity > MANY_FTE_YEARS:
        return (
            f"{size} full-time equivalent years is more than most councils employ. "
            "Check it, or say why it is right."
        )
    # A promise counted in pounds may rightly be in millions: what it covers needs no question.
    if quantity > MANY_UNITS and (promised is None or quantity > promised):
        return f"{size} is more than a million. Check it, or say why it is right."
    return None


# --- counting twice -----------------------------------------------------------------------


def exclusive_pairs(
    codes_in_contract: Iterable[str], exclusions: Mapping[str, frozenset[str]]
) -> tuple[tuple[str, str], ...]:
    """Pairs of measures in the contract of which either excludes the other, in order of code."""
    codes = sorted(set(codes_in_contract))
    nothing: frozenset[str] = frozenset()
    return tuple(
        (first, second)
        for place, first in enumerate(codes)
        for second in codes[place + 1 :]
        if second in exclusions.get(first, nothing) or first in exclusions.get(second, nothing)
    )


def one_category(people_by_category: Mapping[str, Decimal | None], people: Decimal) -> str | None:
    """A sentence where more people are claimed across categories than there are people.

    One person counts in one category. The local-jobs measure is not a category: leave it out.
    """
    claimed = sum((number for number in people_by_category.values() if number is not None), ZERO)
    if claimed <= people:
        return None
    return (
        f"{_people(claimed)} are claimed across the categories, but there are {_people(people)}. "
        "Count each person in one category only."
    )


# --- inside -------------------------------------------------------------------------------


def _parts(rule: CountingRule, inputs: Inputs) -> tuple[Decimal, ...] | None:
    """The rule's own parts, or None where none is given. Raises where only some are."""
    values = {name: getattr(inputs, name) for name in PARTS[rule]}
    missing = [name for name, value in values.items() if value is None]
    if len(missing) == len(values):
        return None
    if missing:
        here = _listed([_NAMES[name] for name in values if name not in missing])
        raise CountingError(
            f"Give {_listed([_NAMES[name] for name in missing])} as well as {here}."
        )
    return tuple(values.values())


def _apply(rule: CountingRule, inputs: Inputs) -> Decimal:
    zero = ZERO  # never used: `_parts` has made sure of each part. It narrows the type.
    if rule == CountingRule.FTE_YEARS:
        return fte_years(inputs.fte or zero, inputs.months or zero)
    if rule == CountingRule.FIRST_YEAR:
        return first_year(
            inputs.people or zero, inputs.months or zero, inputs.months_before or zero
        )
    if rule == CountingRule.HOURS_PEOPLE:
        return sessions(inputs.hours or zero, inputs.people or zero)
    if rule == CountingRule.PERCENTAGE:
        return percentage(inputs.quantity or zero)
    return units(inputs.quantity or zero)


def _without_quantity(inputs: Inputs) -> Inputs:
    return Inputs(
        None, inputs.fte, inputs.months, inputs.people, inputs.hours, inputs.months_before
    )


def _sound(name: str, value: Decimal, largest: Decimal = LARGEST_QUANTITY) -> Decimal:
    what = _NAMES[name]
    if not value.is_finite():
        raise CountingError(f"{what.capitalize()} is not a number.")
    if value < 0:
        raise CountingError(
            f"{what.capitalize()} is negative ({quantity_words(max(value, -LARGEST_QUANTITY))}). "
            "Give 0 or more."
        )
    if value > largest:
        if name == "months":
            raise CountingError("The number of months is more than 50 years. Check it.")
        raise CountingError(f"{what.capitalize()} is more than this system can hold. Check it.")
    return value


def _whole(name: str, value: Decimal) -> Decimal:
    _sound(name, value)
    if value != value.to_integral_value():
        raise CountingError(
            f"{quantity_words(value)} is not a whole number of people. "
            "Give a whole number, and one line for each group."
        )
    return value


def _n(value: Decimal | None) -> str:
    return quantity_words(value if value is not None else ZERO)


def _many(value: Decimal | None, one: str, many: str) -> str:
    return f"{_n(value)} {one if value == 1 else many}"


def _months(value: Decimal | None) -> str:
    return _many(value, "month", "months")


def _people(value: Decimal | None) -> str:
    return _many(value, "person", "people")


def _listed(words: Sequence[str]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"

"""From a quantity to pounds: rounding per line, kinds apart, the value in force on a day."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Measure
from contracts.valuation import (
    DatedValue,
    Kind,
    Line,
    Totals,
    ValuationError,
    add,
    combined,
    price_line,
    value_on,
)

D = Decimal
DAY = datetime.date
SOCIAL, LOCAL, RECORD = Kind.SOCIAL, Kind.LOCAL_ECONOMIC, Kind.RECORD_ONLY

pounds = st.decimals(min_value=0, max_value=1_000_000, places=2)
quantities = st.decimals(min_value=0, max_value=100_000, places=4)
values = st.decimals(min_value=0, max_value=50_000, places=6)
lines = st.lists(
    st.builds(Line, st.sampled_from(list(Kind)), st.none() | pounds, st.booleans()), max_size=30
)


def test_half_a_penny_rounds_up_on_every_line() -> None:
    # 0.5 x 0.01 = 0.005, half up = 0.01. Banker's rounding would give 0.00.
    assert price_line(D("0.5"), D("0.01"), SOCIAL) == D("0.01")
    # 1.5 x 0.01 = 0.015 = 0.02; 2.5 x 0.01 = 0.025 = 0.03
    assert price_line(D("1.5"), D("0.01"), SOCIAL) == D("0.02")
    assert price_line(D("2.5"), D("0.01"), SOCIAL) == D("0.03")
    assert price_line(D("0.4999"), D("0.01"), SOCIAL) == D("0.00")


def test_a_printed_column_sums_to_its_printed_total() -> None:
    # Three lines of 0.005: each prints 0.01, so the total prints 0.03.
    # Rounding only at the end would print 0.015 = 0.02 under a column of three pennies.
    column = [price_line(D("0.5"), D("0.01"), SOCIAL) for _ in range(3)]
    assert column == [D("0.01")] * 3
    assert add(Line(SOCIAL, amount) for amount in column).social_pounds == D("0.03")


def test_a_share_of_the_activity_is_priced() -> None:
    # 40 hours x 12.71 = 508.40; half of it is 254.20
    assert price_line(D(40), D("12.71"), SOCIAL) == D("508.40")
    assert price_line(D(40), D("12.71"), SOCIAL, D("0.5")) == D("254.20")


def test_what_has_no_pounds_has_none() -> None:
    assert price_line(None, D("12.71"), SOCIAL) is None
    assert price_line(D(1), None, SOCIAL) is None
    assert price_line(D(1), D("12.71"), RECORD) is None
    zero = price_line(D(0), D("12.71"), SOCIAL)
    assert zero == 0
    assert str(zero) == "0.00"


def test_an_amount_beyond_storage_is_said_in_words() -> None:
    with pytest.raises(ValuationError, match="Check the quantity"):
        price_line(D("9999999999"), D("99999"), SOCIAL)


def test_kinds_stay_apart_and_lines_without_pounds_are_counted() -> None:
    totals = add(
        [
            Line(SOCIAL, D("10.00")),
            Line(SOCIAL, D("5.50")),
            Line(LOCAL, D("100.00")),
            Line(SOCIAL, None),
            Line(LOCAL, None, is_reported=False),
            Line(RECORD, None),
        ]
    )
    assert totals == Totals(D("15.50"), D("100.00"), 6, 1, 1, 1)


def test_nothing_of_a_kind_is_none_and_nothing_reported_is_zero() -> None:
    assert add([]).social_pounds is None
    assert add([Line(SOCIAL, None)]).social_pounds is None
    assert add([Line(SOCIAL, D("0.00"))]).social_pounds == 0
    assert add([Line(SOCIAL, D("0.00"))]).local_economic_pounds is None


def test_the_two_are_added_only_where_the_edition_allows_it() -> None:
    totals = add([Line(SOCIAL, D(10)), Line(LOCAL, D(5))])
    assert combined(totals, is_combinable=False) is None
    assert combined(totals, is_combinable=True) == 15
    assert combined(add([Line(LOCAL, D(5))]), is_combinable=True) == 5
    assert combined(Totals(), is_combinable=True) is None


MILEAGE = (
    DatedValue(None, D("0.45"), DAY(2011, 4, 6), DAY(2026, 4, 5), key=1),
    DatedValue(None, D("0.55"), DAY(2026, 4, 6), key=2),
)


@pytest.mark.parametrize(
    ("day", "key"),
    [
        (DAY(2011, 4, 5), None),
        (DAY(2011, 4, 6), 1),
        (DAY(2026, 4, 5), 1),
        (DAY(2026, 4, 6), 2),
        (DAY(2030, 1, 1), 2),
    ],
)
def test_the_value_of_a_day_is_the_one_in_force(day: datetime.date, key: int | None) -> None:
    found = value_on(MILEAGE, day)
    assert (found and found.key) == key


def test_an_areas_own_value_comes_before_the_general_one() -> None:
    held = [
        DatedValue(None, D(10), DAY(2025, 4, 1), key=1),
        DatedValue("Trafford", D(12), DAY(2024, 4, 1), DAY(2026, 3, 31), key=2),
        DatedValue("Elsewhere", D(99), DAY(2025, 4, 1), key=3),
    ]
    for order in (held, held[::-1]):
        assert value_on(order, DAY(2026, 3, 31), "Trafford") == held[1]
        assert value_on(order, DAY(2026, 4, 1), "Trafford") == held[0]
        assert value_on(order, DAY(2026, 3, 31)) == held[0]
    assert value_on([], DAY(2026, 4, 1)) is None


def test_a_value_that_changes_leaves_a_pinned_one_alone() -> None:
    # 100 miles agreed on 1 March 2026 at 0.45 = 45.00, for good; agreed a month later 55.00.
    pinned, later = value_on(MILEAGE, DAY(2026, 3, 1)), value_on(MILEAGE, DAY(2026, 5, 1))
    assert pinned is not None
    assert later is not None
    assert price_line(D(100), pinned.value_pounds, SOCIAL) == D("45.00")
    assert price_line(D(100), later.value_pounds, SOCIAL) == D("55.00")


def test_the_kinds_are_those_of_a_measure() -> None:
    assert {kind.value for kind in Kind} == set(Measure.Kind.values)


@given(quantities, values)
def test_a_line_is_within_half_a_penny_of_its_product(quantity: D, value: D) -> None:
    amount = price_line(quantity, value, SOCIAL)
    assert amount is not None
    assert -amount.as_tuple().exponent == 2  # type: ignore[operator]
    # Half up: never more than half a penny below, and never more than half a penny above.
    assert D("-0.005") < amount - quantity * value <= D("0.005")


@given(lines, st.randoms())
def test_the_order_of_lines_never_changes_a_total(held: list[Line], random: object) -> None:
    mixed = list(held)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert add(mixed) == add(held)


@given(lines, lines)
def test_totals_of_parts_are_the_total(first: list[Line], second: list[Line]) -> None:
    assert add(first).plus(add(second)) == add(first + second)


@given(lines)
def test_every_line_is_accounted_for(held: list[Line]) -> None:
    totals = add(held)
    priced = [line for line in held if line.pounds is not None and line.kind != RECORD]
    blank = [
        line
        for line in held
        if line.pounds is None and line.kind != RECORD and not line.is_reported
    ]
    assert totals.lines == (
        len(priced) + totals.lines_without_value + totals.record_only_lines + len(blank)
    )
    both = combined(totals, is_combinable=True)
    assert both == (
        sum(line.pounds for line in priced if line.pounds is not None) if priced else None
    )

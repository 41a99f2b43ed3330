"""The arithmetic of measures: ratios, targets, sets, and why a figure moved."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reporting.catalogue import CATALOGUE, FigureGone, Unit, figure
from reporting.star_measures import (
    Direction,
    Parts,
    Period,
    Span,
    TargetState,
    first_quarter,
    movement,
    overlapping,
    plain_reading,
    ratio_reading,
    set_problem,
    target_problem,
    target_state,
)
from trafford_sv.core.periods import Quarter

POUNDS = st.decimals(min_value=-(10**9), max_value=10**9, places=2)
DAYS = st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 1, 1))
NAMES = {"numerator_name": "Social value", "denominator_name": "Contract value"}


def test_53_pence_for_each_pound() -> None:
    """£530,000 offered on contracts of £1,000,000 is 0.53; £1 of £3 is 0.3333, half up."""
    assert ratio_reading(Decimal(530000), Decimal(1000000), **NAMES).value == Decimal("0.5300")
    assert ratio_reading(Decimal(1), Decimal(3), **NAMES).value == Decimal("0.3333")
    # 0.00005 rounds half up to 0.0001.
    assert ratio_reading(Decimal(1), Decimal(20000), **NAMES).value == Decimal("0.0001")


@pytest.mark.parametrize("base", [None, Decimal(0), Decimal(-5)])
def test_an_empty_base_is_not_available_and_says_why(base: Decimal | None) -> None:
    found = ratio_reading(Decimal(5), base, **NAMES)
    assert found.value is None and found.numerator == 5
    assert "no contract value to divide by" in found.reason


def test_nothing_recorded_is_not_nothing() -> None:
    assert ratio_reading(Decimal(0), Decimal(5), **NAMES).value == 0
    assert ratio_reading(None, Decimal(5), **NAMES).value is None
    assert plain_reading(None, name="Income").value is None
    assert plain_reading(Decimal(0), name="Income").value == 0


@given(POUNDS, st.decimals(min_value="0.01", max_value=10**9, places=2))
def test_a_share_times_its_base_is_its_part(part: Decimal, base: Decimal) -> None:
    value = ratio_reading(part, base, **NAMES).value
    assert value is not None
    assert abs(value * base - part) <= base * Decimal("0.00005")


def test_a_value_on_the_target_meets_it_from_either_side() -> None:
    assert target_state(Decimal(5), Decimal(5), Direction.HIGHER) is TargetState.MET
    assert target_state(Decimal(5), Decimal(5), Direction.LOWER) is TargetState.MET
    assert target_state(Decimal("5.01"), Decimal(5), Direction.LOWER) is TargetState.NOT_MET
    assert target_state(None, Decimal(5), Direction.LOWER) is TargetState.NOT_KNOWN
    assert target_state(Decimal(5), None, Direction.LOWER) is TargetState.NO_TARGET


def test_a_target_of_another_unit_is_refused_in_words() -> None:
    assert "per cent" in target_problem(Decimal(53), Unit.SHARE)
    assert "whole number" in target_problem(Decimal("1.5"), Unit.COUNT)
    assert "two decimals" in target_problem(Decimal("1.555"), Unit.POUNDS)
    assert "0 or more" in target_problem(Decimal(-1), Unit.POUNDS)
    assert target_problem(Decimal("0.53"), Unit.SHARE) == target_problem(None, Unit.COUNT) == ""


@pytest.mark.parametrize(
    ("members", "says"),
    [([1, 2, 3, 4], "Add 1"), ([1, 2, 3, 4, 5, 6], "Take away 1"), ([1, 2, 3, 4, 4], "twice")],
)
def test_a_set_has_exactly_five(members: list[int], says: str) -> None:
    assert says in set_problem(members)
    assert set_problem([1, 2, 3, 4, 5]) == ""


@given(DAYS, st.none() | DAYS, DAYS, st.none() | DAYS)
def test_spans_overlap_exactly_where_they_share_a_day(
    a: datetime.date, b: datetime.date | None, c: datetime.date, d: datetime.date | None
) -> None:
    if (b and b < a) or (d and d < c):
        return
    one, other = Span("one", a, b), Span("other", c, d)
    last = min(b or datetime.date.max, d or datetime.date.max)
    assert one.overlaps(other) is other.overlaps(one) is (max(a, c) <= last)
    assert (overlapping(one, [other]) is other) is one.overlaps(other)


PARTS = st.builds(Parts, POUNDS, POUNDS, POUNDS, POUNDS)


@given(PARTS, PARTS)
def test_the_parts_of_a_movement_add_up_to_it_exactly(before: Parts, after: Parts) -> None:
    found = movement(before, after)
    assert sum((amount for _, amount in found.rows), Decimal(0)) == found.change
    assert found.change == after.total - before.total


def test_why_it_moved_worked_by_hand() -> None:
    """Before: 100 of delivery and 20 new. After: 130 of delivery, 50 new, 10 late, 5 by new values.

    What was new (20) is ordinary now, so delivery moved from 120 to 130: 10. 10 + 50 + 10 + 5 = 75,
    and 195 - 120 = 75.
    """
    found = movement(
        Parts(new=Decimal(20), other=Decimal(100)),
        Parts(late=Decimal(10), new=Decimal(50), revalued=Decimal(5), other=Decimal(130)),
    )
    assert [amount for _, amount in found.rows] == [10, 50, 5, 10]
    assert found.change == 75 and "new agreements: up by 50.00" in found.sentence


def test_where_each_period_begins() -> None:
    last = Quarter.parse("2026-27 Q3")
    assert first_quarter(Period.QUARTER, last) == last
    assert first_quarter(Period.YEAR_TO_DATE, last) == Quarter.parse("2026-27 Q1")
    assert first_quarter(Period.CUMULATIVE, last) is None


def test_a_figure_that_is_gone_is_a_sentence() -> None:
    with pytest.raises(FigureGone, match="not in the catalogue any more"):
        figure("moonshine")
    assert all(key == held.key and held.bases for key, held in CATALOGUE.items())

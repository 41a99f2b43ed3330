"""Financial years and quarters: every day lies in exactly one, and text goes there and back."""

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core.periods import FinancialYear, PeriodError, Quarter

days = st.dates(min_value=datetime.date(1990, 1, 1), max_value=datetime.date(2090, 12, 31))


@given(days)
def test_a_day_lies_in_its_quarter_and_in_no_neighbour(day):
    quarter = Quarter.of(day)
    assert day in quarter
    assert day not in quarter.next
    assert day not in quarter.previous
    assert quarter.year.start <= day <= quarter.year.end


@given(days)
def test_quarters_follow_each_other_without_gap_or_overlap(day):
    quarter = Quarter.of(day)
    assert quarter.end + datetime.timedelta(days=1) == quarter.next.start
    assert quarter.next.previous == quarter
    assert quarter < quarter.next


@given(days)
def test_a_quarter_and_a_year_survive_being_written_and_read(day):
    quarter = Quarter.of(day)
    assert Quarter.parse(str(quarter)) == quarter
    assert Quarter.parse(quarter.code) == quarter
    assert FinancialYear.parse(str(quarter.year)) == quarter.year


def test_the_four_quarters_of_a_year_by_the_calendar():
    # April 2026 opens 2026-27; its last quarter is January to March 2027.
    first, _, _, last = FinancialYear(2026).quarters
    assert (first.start, first.end) == (datetime.date(2026, 4, 1), datetime.date(2026, 6, 30))
    assert (last.start, last.end) == (datetime.date(2027, 1, 1), datetime.date(2027, 3, 31))
    assert first.label == "April to June 2026 (Q1 2026/27)"
    assert last.label == "January to March 2027 (Q4 2026/27)"
    assert last.code == "2026-27-Q4"


def test_the_turn_of_the_century_is_written_with_two_digits():
    assert str(FinancialYear(1999)) == "1999-00"
    assert FinancialYear.parse("1999-00") == FinancialYear(1999)
    assert FinancialYear(1999).label == "1999/00", "what a reader sees"


@pytest.mark.parametrize(
    "text", ["2026", "2026-28", "2026-27 Q5", "2026-27 Q0", "Q1 2026", "", "2026-26 Q1", "26-27 Q1"]
)
def test_what_is_not_a_quarter_is_said_to_be_none(text):
    with pytest.raises(PeriodError):
        Quarter.parse(text)


@pytest.mark.parametrize("text", ["0000-01-Q1", "1899-00 Q4", "2200-01-Q1", "9999-00-Q4"])
def test_a_quarter_that_no_calendar_reaches_is_refused_in_words(text: str) -> None:
    with pytest.raises(PeriodError, match="too far from today"):
        Quarter.parse(text)
    assert Quarter.parse("2199-00-Q4").end.year == 2200 and Quarter.parse("1900-01-Q1").previous

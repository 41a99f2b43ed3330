"""A promise spread over quarters."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.counting import CountingRule
from contracts.profiles import (
    ProfileError,
    check_profile,
    even_profile,
    expected_by,
    level_profile,
    quarters_between,
)
from trafford_sv.core.periods import Quarter

D = Decimal
DAY = datetime.date
Q = [Quarter(2026, number) for number in (1, 2, 3, 4)]
YEAR = (DAY(2026, 4, 1), DAY(2027, 3, 31))
dates = st.dates(DAY(2020, 1, 1), DAY(2035, 12, 31))
quantities = st.decimals(min_value=0, max_value=1_000_000, places=4)


def test_a_year_is_four_equal_quarters() -> None:
    assert even_profile(D(100), *YEAR) == tuple((quarter, D(25)) for quarter in Q)


def test_the_remainder_goes_to_the_last_quarter() -> None:
    # 10 / 3 = 3.3333, and 10 - 2 x 3.3333 = 3.3334
    parts = even_profile(D(10), DAY(2026, 4, 1), DAY(2026, 12, 31))
    assert [part for _, part in parts] == [D("3.3333"), D("3.3333"), D("3.3334")]


def test_a_quarter_that_is_touched_in_part_counts_its_months() -> None:
    # From 15 June: one month of Q1, three each of Q2 and Q3, seven in all: 70 is 10, 30, 30.
    parts = even_profile(D(70), DAY(2026, 6, 15), DAY(2026, 12, 31))
    assert parts == ((Q[0], D(10)), (Q[1], D(30)), (Q[2], D(30)))


def test_a_single_day_takes_it_all() -> None:
    assert even_profile(D("0.0001"), DAY(2026, 5, 1), DAY(2026, 5, 1)) == ((Q[0], D("0.0001")),)


def test_a_percentage_is_the_same_in_every_quarter() -> None:
    assert level_profile(D(90), *YEAR) == tuple((quarter, D(90)) for quarter in Q)
    check_profile(D(90), level_profile(D(90), *YEAR), rule=CountingRule.PERCENTAGE)


@pytest.mark.parametrize(
    ("parts", "sentence"),
    [
        ([25, 25, 25, 20], "The quarters add to 95, but the promise is 100: 5 missing."),
        ([25, 25, 25, 30], "The quarters add to 105, but the promise is 100: 5 too many."),
        ([50, 50, 25, -25], "January to March 2027 (Q4 2026/27) has −25. Give 0 or more"),
    ],
)
def test_a_profile_that_does_not_fit_is_said_in_words(parts: list[int], sentence: str) -> None:
    with pytest.raises(ProfileError) as error:
        check_profile(D(100), zip(Q, map(D, parts), strict=True))
    assert sentence in str(error.value)


def test_a_quarter_outside_the_contract_is_refused() -> None:
    with pytest.raises(ProfileError, match="is outside the contract"):
        check_profile(D(1), [(Q[3], D(1))], start=DAY(2026, 4, 1), end=DAY(2026, 12, 31))
    with pytest.raises(ProfileError, match="is outside the contract"):
        check_profile(D(1), [(Q[0], D(1))], start=DAY(2026, 7, 1))
    check_profile(D(1), [(Q[0], D(1))], start=DAY(2026, 6, 30), end=DAY(2026, 6, 30))


def test_an_empty_or_doubled_profile_is_refused() -> None:
    with pytest.raises(ProfileError, match="no quarter in the profile"):
        check_profile(D(1), [])
    with pytest.raises(ProfileError, match="in the profile twice"):
        check_profile(D(2), [(Q[0], D(1)), (Q[0], D(1))])
    with pytest.raises(ProfileError, match=r"last quarter is 80%, but the promise is 90%"):
        check_profile(D(90), [(Q[0], D(80))], rule=CountingRule.PERCENTAGE)
    with pytest.raises(ProfileError, match="The end is before the start"):
        even_profile(D(1), DAY(2026, 5, 2), DAY(2026, 5, 1))
    with pytest.raises(ProfileError, match="negative"):
        even_profile(D(-1), *YEAR)


def test_the_running_quarter_counts_by_its_days() -> None:
    profile = even_profile(D(100), *YEAR)
    # 15 May: 30 + 15 = 45 of the 91 days of April to June; 25 x 45 / 91 = 12.36263...
    assert expected_by(profile, DAY(2026, 5, 15)) == D("12.3626")
    assert expected_by(profile, DAY(2026, 3, 31)) == 0
    assert expected_by(profile, DAY(2026, 6, 30)) == 25
    assert expected_by(profile, DAY(2030, 1, 1)) == 100


def test_only_the_contracts_own_days_count_where_they_are_known() -> None:
    # June is 30 days: half of them are over at the end of 15 June.
    profile = [(Q[0], D(10))]
    assert expected_by(profile, DAY(2026, 6, 15), start=DAY(2026, 6, 1)) == 5
    assert expected_by(profile, DAY(2026, 5, 31), start=DAY(2026, 6, 1)) == 0
    assert expected_by(profile, DAY(2026, 4, 30), end=DAY(2026, 4, 30)) == 10


@given(quantities, dates, dates)
def test_an_even_profile_always_fits_its_promise(quantity: D, one: DAY, other: DAY) -> None:
    start, end = sorted((one, other))
    profile = even_profile(quantity, start, end)
    assert sum((part for _, part in profile), D(0)) == quantity
    check_profile(quantity, profile, start=start, end=end)
    assert tuple(quarter for quarter, _ in profile) == quarters_between(start, end)


@given(quantities, dates, dates, dates, dates)
def test_what_is_expected_only_grows(quantity: D, a: DAY, b: DAY, c: DAY, d: DAY) -> None:
    start, end = sorted((a, b))
    earlier, later = sorted((c, d))
    profile = even_profile(quantity, start, end)
    first = expected_by(profile, earlier, start=start, end=end)
    second = expected_by(profile, later, start=start, end=end)
    assert 0 <= first <= second <= quantity
    assert expected_by(profile, end, start=start, end=end) == quantity

"""Working days in England, beside the days that GOV.UK published."""

from __future__ import annotations

import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core.working_days import bank_holidays, is_working_day, working_day_from

# https://www.gov.uk/bank-holidays, England and Wales (Open Government Licence), read by hand.
PUBLISHED = {
    2019: "01-01 04-19 04-22 05-06 05-27 08-26 12-25 12-26",
    2020: "01-01 04-10 04-13 05-08 05-25 08-31 12-25 12-28",
    2021: "01-01 04-02 04-05 05-03 05-31 08-30 12-27 12-28",
    2022: "01-03 04-15 04-18 05-02 06-02 06-03 08-29 09-19 12-26 12-27",
    2023: "01-02 04-07 04-10 05-01 05-08 05-29 08-28 12-25 12-26",
    2024: "01-01 03-29 04-01 05-06 05-27 08-26 12-25 12-26",
    2025: "01-01 04-18 04-21 05-05 05-26 08-25 12-25 12-26",
    2026: "01-01 04-03 04-06 05-04 05-25 08-31 12-25 12-28",
    2027: "01-01 03-26 03-29 05-03 05-31 08-30 12-27 12-28",
}


@pytest.mark.parametrize("year", PUBLISHED)
def test_the_rules_give_the_days_that_were_published(year: int) -> None:
    assert [f"{day:%m-%d}" for day in bank_holidays(year)] == PUBLISHED[year].split()


@pytest.mark.parametrize(
    ("day", "wanted"),
    [
        ("2026-11-20", "2026-11-20"),  # a Friday
        ("2026-11-21", "2026-11-23"),  # a Saturday, to the Monday
        ("2026-04-03", "2026-04-07"),  # Good Friday, over the weekend and Easter Monday
        ("2026-12-25", "2026-12-29"),  # Friday, weekend, Boxing Day's Monday
        ("2022-06-02", "2022-06-06"),  # two days of the Jubilee, then a weekend
        ("2027-12-31", "2027-12-31"),
        ("2028-01-01", "2028-01-04"),  # Saturday; the Monday stands in
    ],
)
def test_a_day_moves_to_the_next_on_which_people_work(day: str, wanted: str) -> None:
    assert working_day_from(datetime.date.fromisoformat(day)).isoformat() == wanted


@given(st.dates(datetime.date(1990, 1, 1), datetime.date(2200, 12, 1)))
def test_it_moves_forward_never_far_and_lands_on_a_working_day(day: datetime.date) -> None:
    moved = working_day_from(day)
    assert datetime.timedelta(0) <= moved - day <= datetime.timedelta(days=5)
    assert is_working_day(moved)
    assert len(bank_holidays(day.year)) >= 8
    assert all(each.weekday() < 5 for each in bank_holidays(day.year))

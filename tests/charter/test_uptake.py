"""Pledges are added by unit and kept apart; few people are never counted out in public."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from charter.uptake import (
    PledgeGroup,
    affirm_by,
    asks_from,
    by_principle,
    people_words,
    public_count,
    uptake_of,
)

# A busy machine is no failure of the figure.

quantities = st.none() | st.decimals(0, 1000, places=2)
groups = st.lists(
    st.builds(
        PledgeGroup,
        principle_key=st.sampled_from(["jobs", "health"]),
        unit=st.sampled_from(["", "hours", "Hours", "places"]),
        state=st.sampled_from(["promised", "reported", "confirmed", "not_confirmed", "withdrawn"]),
        pledges=st.integers(1, 50),
        promised_quantity=quantities,
        reported_quantity=quantities,
        confirmed_quantity=quantities,
    ),
    max_size=8,
)


@given(groups)
def test_every_pledge_is_counted_once_whichever_way_they_are_cut(found):
    uptake = uptake_of(found)
    assert uptake.pledges + uptake.withdrawn == sum(group.pledges for group in found)
    parts = by_principle(found).values()
    assert sum(part.pledges for part in parts) == uptake.pledges
    assert sum(part.confirmed for part in parts) == uptake.confirmed
    if uptake.pledges:
        assert 0 <= uptake.confirmed_share <= 1
    else:
        assert uptake.confirmed_share is None


@given(groups)
def test_a_unit_is_added_to_itself_alone_and_nothing_stated_stays_nothing(found):
    for total in uptake_of(found).units:
        stated = [
            group.promised_quantity
            for group in found
            if group.unit.casefold() == total.unit.casefold()
            and group.state != "withdrawn"
            and group.promised_quantity is not None
        ]
        assert total.promised_quantity == (sum(stated) if stated else None)


def test_by_hand_three_groups_of_pledges():
    """40 + 60 hours promised, 55 reported and 50 confirmed; 3 places; a withdrawn one left out.
    Five stand (2 + 2 + 1), of which 2 are confirmed: two fifths."""
    uptake = uptake_of(
        [
            PledgeGroup("jobs", "hours", "promised", 2, Decimal(40)),
            PledgeGroup("jobs", "Hours", "confirmed", 2, Decimal(60), Decimal(55), Decimal(50)),
            PledgeGroup("health", "places", "reported", 1, Decimal(3), Decimal(0)),
            PledgeGroup("health", "places", "withdrawn", 4, Decimal(99)),
        ]
    )
    assert (uptake.pledges, uptake.withdrawn, uptake.confirmed_share) == (5, 4, Decimal("0.4"))
    hours, places = uptake.units
    assert (hours.promised_quantity, hours.reported_quantity) == (100, 55)
    assert hours.confirmed_quantity == 50
    assert (places.promised_quantity, places.reported_quantity) == (3, 0)
    assert places.confirmed_quantity is None


@given(st.none() | st.integers(0, 9), st.booleans())
def test_in_public_nobody_can_be_picked_out_of_fewer_than_five(count, is_at_least):
    words = people_words(count, is_at_least=is_at_least, is_public=True)
    if count is not None and 0 < count < 5:
        assert words == "fewer than 5 people" and public_count(count) is None
    else:
        assert public_count(count) == count
        assert words == people_words(count, is_at_least=is_at_least, is_public=False)


def test_how_many_people_reads_as_somebody_would_say_it():
    assert people_words(200, is_at_least=True, is_public=True) == "at least 200 people"
    assert people_words(1, is_at_least=False, is_public=False) == "1 person"
    assert people_words(0, is_at_least=True, is_public=True) == "0 people"
    assert people_words(None, is_at_least=True, is_public=True) == ""


@given(st.dates(datetime.date(2000, 1, 1), datetime.date(2098, 12, 31)))
def test_an_adopter_is_asked_after_a_year_and_two_weeks_before(day):
    due = affirm_by(day)
    assert (due.year, due.month) == (day.year + 1, day.month)
    assert asks_from(due) == due - datetime.timedelta(days=14)
    assert affirm_by(datetime.date(2024, 2, 29)) == datetime.date(2025, 2, 28)

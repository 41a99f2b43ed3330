"""The words of a suggested clause, and of what residents read."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.clause_words import suggested_clause
from contracts.near_words import counts_people, promise_sentence, told

D = Decimal


def test_a_clause_says_what_how_much_where_by_when_and_who_confirms() -> None:
    words = suggested_clause(
        title="Warm meals on weekdays.", for_whom="families", wards=["Longford", "Urmston"],
        quantity=D(40), unit="sessions", closes=datetime.date(2027, 3, 31), hub="The Old Hall",
        measures=["volunteer hours given"],
    )  # fmt: skip
    assert words == (
        "The community has asked for this: Warm meals on weekdays. It is for families. The bidder "
        "should offer at least 40 sessions towards it in Longford and Urmston by 31 March 2027. "
        "The offer is counted by volunteer hours given. The supplier will agree the place and time "
        "with The Old Hall, which confirms what arrived."
    )


def test_what_is_not_known_makes_no_sentence() -> None:
    words = suggested_clause(
        title="A place to meet", for_whom="", wards=[], quantity=None, unit="", closes=None, hub="",
        measures=[],
    )  # fmt: skip
    assert "None" not in words and "confirms" not in words and "It is for" not in words
    assert "a stated quantity towards it in Trafford during the contract" in words


def test_small_numbers_of_people_are_left_out_and_of_things_are_not() -> None:
    assert told(D(4), "residents").words == "fewer than 5 residents"
    assert told(D("0.5"), "full-time equivalent years").is_hidden
    assert told(D(5), "residents").words == "5 residents"
    assert told(D(4), "volunteer hours").words == "4 volunteer hours"
    assert told(D(3), "miles").words == "3 miles"
    assert told(D(3), "miles", True).is_hidden and not told(D(3), "completions", False).is_hidden
    assert told(D(0), "residents").is_nothing and told(None, "residents").words == ""
    assert (
        counts_people("") and counts_people("sessions") and not counts_people("square metre weeks")
    )


@given(st.decimals("0.01", 1000, places=2), st.text(max_size=20))
def test_no_number_below_five_is_told_where_it_may_count_people(
    quantity: Decimal, unit: str
) -> None:
    found = told(quantity, unit)
    assert found.is_hidden == (quantity < 5 and counts_people(unit))
    if found.is_hidden:
        assert found.words.startswith("fewer than 5")


def test_a_promise_is_one_plain_sentence_or_two() -> None:
    assert promise_sentence("Acme", "Cooking lessons.", told(D(30), "people"), "School meals") == (
        "Acme promised: Cooking lessons (30 people). It is part of “School meals”."
    )

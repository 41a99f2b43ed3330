"""What an edition's licence lets us show: every combination."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.licensing import (
    FEWEST_MEASURES,
    TEXT_WITHHELD,
    WITHHELD,
    TotalReader,
    may_show_text,
    may_show_value,
    withheld_parts,
)


@pytest.mark.parametrize(
    ("published", "may_see", "outward", "shown"),
    [
        (True, False, False, True),
        (True, False, True, True),
        (True, True, False, True),
        (True, True, True, True),
        (False, True, False, True),  # on a page, for a holder of the permission
        (False, True, True, False),  # never in an export or the API, whoever asks
        (False, False, False, False),
        (False, False, True, False),
    ],
)
def test_values(published: bool, may_see: bool, outward: bool, shown: bool) -> None:
    assert may_show_value(published, may_see_licensed=may_see, outward=outward) is shown


@pytest.mark.parametrize(
    ("published", "public", "outward", "shown"),
    [
        (True, True, True, True),
        (True, True, False, True),
        (False, False, False, True),  # a page for people who sign in
        (False, True, False, False),
        (False, False, True, False),
        (False, True, True, False),
    ],
)
def test_texts(published: bool, public: bool, outward: bool, shown: bool) -> None:
    assert may_show_text(published, is_public=public, outward=outward) is shown


def test_an_unpublished_value_never_goes_out() -> None:
    for may_see in (True, False):
        assert not may_show_value(False, may_see_licensed=may_see, outward=True)
    for public in (True, False):
        assert not may_show_text(False, is_public=public, outward=True)


def test_withheld_is_said_in_words() -> None:
    for one, other in itertools.permutations((WITHHELD, TEXT_WITHHELD)):
        assert one != other
        assert one.startswith("Withheld: the licence")


@pytest.mark.parametrize(
    ("sees", "outward", "types", "held", "told"),
    [
        (False, True, False, 0, True),  # open editions only
        (False, False, False, 1, False),
        (False, False, False, 2, False),
        (False, False, False, 3, True),
        (False, True, False, 3, True),
        (False, False, True, 3, False),  # a supplier could try its quantities one by one
        (False, True, True, 0, True),
        (True, False, False, 1, True),  # on a page, for a holder of the permission
        (True, True, False, 1, False),
    ],
)
def test_totals(sees: bool, outward: bool, types: bool, held: int, told: bool) -> None:
    assert TotalReader(sees, outward, types).may_have(held) is told


def test_the_total_less_the_parts_that_are_told_tells_nothing() -> None:
    # A: three measures. B: one. Withholding B alone would leave total - A = B. So A goes with it.
    assert withheld_parts({"A": [1, 2, 3], "B": [4]}, TotalReader()) == {"A", "B"}
    # B, C and D have one each: together they are three, and A may be told.
    parts = {"A": [1, 2, 3], "B": [4], "C": [5], "D": [6], "open": []}
    assert withheld_parts(parts, TotalReader()) == {"B", "C", "D"}
    assert withheld_parts(parts, TotalReader(may_see_licensed=True, outward=False)) == set()


@given(st.dictionaries(st.integers(0, 9), st.sets(st.integers(1, 9)), max_size=8))
def test_what_is_left_of_a_total_is_nothing_or_three_measures(parts: dict[int, set[int]]) -> None:
    hidden = withheld_parts(parts, TotalReader())
    for key, held in parts.items():
        assert key in hidden or not held or len(held) >= FEWEST_MEASURES
        assert key not in hidden or held  # a part of open editions alone is always told
    left = set().union(*(parts[key] for key in hidden))
    in_all = set().union(*parts.values())
    if TotalReader().may_have(len(in_all)):
        assert not left or len(left) >= FEWEST_MEASURES

"""Scores of bids by a stated method."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.bid_scoring import (
    Method,
    Place,
    ScoringError,
    Split,
    qualitative_points,
    quantitative_scores,
    ranking,
    spread,
    total_score,
)
from contracts.models import Tender

D = Decimal
RELATIVE, BANDED = Method.RELATIVE_TO_HIGHEST, Method.BANDED
amounts = st.decimals(min_value=0, max_value=10_000_000, places=2)
offers = st.dictionaries(st.integers(1, 50), st.none() | amounts, max_size=8)


def test_own_value_over_the_highest_times_the_points() -> None:
    found = quantitative_scores(
        {"b": D(100_000), "a": D(200_000), "c": None, "d": D(0)}, RELATIVE, D(10)
    )
    # 200/200 x 10 = 10; 100/200 x 10 = 5; no offer has no score; an offer of nothing has 0.
    assert {bidder: score.score for bidder, score in found.items()} == {
        "a": 10,
        "b": 5,
        "c": None,
        "d": 0,
    }
    assert list(found) == ["a", "b", "c", "d"]
    assert found["b"].sentence == "£100,000.00 / £200,000.00 x 10 = 5 points."
    assert found["c"].sentence == "Not scored: there is no priced offer."


def test_scores_have_two_decimals_half_up() -> None:
    # 1/3 x 10 = 3.333 = 3.33; 2/3 x 10 = 6.667 = 6.67; 1/8 x 1 = 0.125 = 0.13
    found = quantitative_scores({1: D(1), 2: D(2), 3: D(3)}, RELATIVE, D(10))
    assert [score.score for score in found.values()] == [D("3.33"), D("6.67"), D("10.00")]
    assert quantitative_scores({1: D(1), 2: D(8)}, RELATIVE, D(1))[1].score == D("0.13")


def test_bands_give_their_share_of_the_points() -> None:
    found = quantitative_scores(
        {1: D(100), 2: D(90), 3: D("89.99"), 4: D(50), 5: D(25), 6: D(1), 7: D(0)}, BANDED, D(20)
    )
    # from 90%: 20; from 70%: 15; from 50%: 10; from 25%: 5; above nothing: 2; nothing: 0
    assert [score.score for score in found.values()] == [20, 20, 15, 10, 5, 2, 0]
    assert "the band gives 75% of 20 = 15 points" in found[3].sentence


def test_nobody_offering_anything_divides_by_nothing() -> None:
    for method in Method:
        found = quantitative_scores({1: D(0), 2: None}, method, D(10))
        assert (found[1].score, found[2].score) == (0, None)
        assert quantitative_scores({}, method, D(10)) == {}


def test_figures_that_cannot_be_scored_are_refused_in_words() -> None:
    with pytest.raises(ScoringError, match="An offer is negative"):
        quantitative_scores({1: D(-1)}, RELATIVE, D(10))
    with pytest.raises(ScoringError, match="points are negative"):
        quantitative_scores({1: D(1)}, RELATIVE, D(-10))
    with pytest.raises(ScoringError, match="must be from 0 to 5"):
        qualitative_points(D(6), D(10))
    with pytest.raises(ScoringError, match="points by value must be from 0 to 10"):
        total_score(D(11), D(5), Split(D(10), D(10)))


def test_the_total_joins_value_and_answer() -> None:
    split = Split(D(10), D(10))
    # 5 by value, and 4 of 5 for the answer: 4 / 5 x 10 = 8; together 13 of 20
    assert total_score(D(5), D(4), split) == 13
    assert total_score(None, D(4), split) is None
    assert total_score(D(5), None, split) is None
    assert total_score(D(5), D(0), split) == 5
    assert total_score(D(5), None, Split(D(10), D(0))) == 5
    assert total_score(None, D(10), Split(D(0), D(20)), scale=D(10)) == 20


def test_evaluators_two_or_more_apart_are_flagged() -> None:
    close, far = spread({1: D(3), 2: D("4.5")}), spread({1: D(2), 2: D(4), 3: None})
    assert (close.difference, close.needs_talk) == (D("1.5"), False)
    assert (far.difference, far.needs_talk) == (2, True)
    assert far.sentence == "Scores run from 2 to 4: talk before agreeing a score."
    assert spread({1: D(3), 2: D(3)}).sentence == "All evaluators gave 3."
    assert spread({1: D(3), 2: None}).difference is None


def test_equal_totals_share_a_place_in_the_order_of_their_keys() -> None:
    found = ranking({"d": None, "c": D(7), "b": D(9), "a": D(7)})
    assert list(found) == ["b", "a", "c", "d"]
    assert found == {
        "b": Place(1, False, D(9)),
        "a": Place(2, True, D(7)),
        "c": Place(2, True, D(7)),
        "d": Place(None, False, None),
    }


def test_the_methods_are_those_that_a_tender_can_name() -> None:
    assert {method.value for method in Method} == set(Tender.Method.values)


@given(offers, st.sampled_from(list(Method)), st.decimals(0, 100, places=2), st.randoms())
def test_more_value_never_scores_less(
    made: dict[int, D | None], method: Method, points: D, random: object
) -> None:
    found = quantitative_scores(made, method, points)
    keys = list(made)
    random.shuffle(keys)  # type: ignore[attr-defined]
    assert quantitative_scores({key: made[key] for key in keys}, method, points) == found
    priced = sorted(
        (amount, found[key].score) for key, amount in made.items() if amount is not None
    )
    scores = [score for _, score in priced]
    assert scores == sorted(scores)  # type: ignore[type-var]
    assert all(score is not None and 0 <= score <= points for score in scores)
    if priced and priced[-1][0]:
        assert priced[-1][1] == points

"""The proposed yearly rating, and the contracts that have none."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.delivery_rating import WORDS, RatingCode, propose_rating, refused

D = Decimal
DAY = datetime.date
shares = st.dictionaries(st.integers(1, 20), st.none() | st.decimals(0, 3, places=4), max_size=8)


def test_weighed_by_pounds_and_no_surplus_hides_a_shortfall() -> None:
    # (3 x 1 + 1 x 0.5) / 4 = 0.875: the 120% counts as 100%.
    found = propose_rating({"hours": D("1.2"), "trees": D("0.5")}, {"hours": D(3), "trees": D(1)})
    assert found.share == D("0.875")
    assert (found.code, found.word) == (RatingCode.APPROACHING_TARGET, "Approaching target")
    assert found.reasons == ("87.5% of what was due is verified, by weight.",)


@pytest.mark.parametrize(
    ("share", "word"),
    [
        ("1", "Good"),
        ("1.5", "Good"),
        ("0.9999", "Approaching target"),
        ("0.85", "Approaching target"),
        ("0.8499", "Requires improvement"),
        ("0.60", "Requires improvement"),
        ("0.5999", "Inadequate"),
        ("0", "Inadequate"),
    ],
)
def test_the_rule_is_exact(share: str, word: str) -> None:
    assert propose_rating({1: D(share)}, {1: D(1)}).word == word


def test_not_known_is_never_nothing() -> None:
    # Known: 3 of 4 of the weight, all of it delivered. Not good while one is open.
    found = propose_rating({1: D(1), 2: None}, {1: D(3), 2: D(1)})
    assert (found.code, found.share) == (RatingCode.APPROACHING_TARGET, 1)
    assert "1 commitment has no verified figure" in found.reasons[1]
    # Known: 1 of 4 of the weight, which is less than half.
    assert propose_rating({1: D(1), 2: None}, {1: D(1), 2: D(3)}).code == RatingCode.OTHER
    assert propose_rating({1: None}, {1: D(1)}).share is None
    assert propose_rating({}, {}).code == RatingCode.OTHER


def test_without_weights_each_counts_the_same() -> None:
    assert propose_rating({1: D(1), 2: D("0.5")}, {}).share == D("0.75")
    with pytest.raises(ValueError, match="negative"):
        propose_rating({1: D(1)}, {1: D(-1)})


def test_the_words_and_codes() -> None:
    assert [(code.value, WORDS[code]) for code in RatingCode] == [
        (1, "Good"),
        (2, "Approaching target"),
        (3, "Requires improvement"),
        (4, "Inadequate"),
        (5, "Other"),
    ]


@pytest.mark.parametrize(
    ("light_touch", "value", "started", "kpis", "sentence"),
    [
        (True, D(9_000_000), DAY(2025, 4, 1), 3, "light-touch contract, which the Act exempts"),
        (False, D(5_000_000), DAY(2025, 4, 1), 3, "contracts above £5 million."),
        (False, None, DAY(2025, 4, 1), 3, "has no value yet"),
        (False, D(9_000_000), None, 3, "has no start date yet"),
        (False, D(9_000_000), DAY(2025, 2, 23), 3, "began before 24 February 2025"),
        (False, D(9_000_000), DAY(2025, 4, 1), 0, "no key performance indicators. Set at least 3"),
        (False, D(9_000_000), DAY(2025, 4, 1), 1, "1 key performance indicator. Set"),
    ],
)
def test_who_has_no_rating_is_told_why(
    light_touch: bool, value: D | None, started: DAY | None, kpis: int, sentence: str
) -> None:
    assert sentence in str(refused(light_touch, value, started, kpis))


def test_who_has_a_rating() -> None:
    assert refused(False, D("5000000.01"), DAY(2025, 2, 24), 3) is None
    assert (
        refused(False, D(2), DAY(2020, 1, 1), 3, above_pounds=D(1), since=DAY(2019, 1, 1)) is None
    )


@given(shares, st.integers(1, 20), st.decimals(0, 1, places=4))
def test_delivering_more_never_rates_worse(held: dict[int, D | None], key: int, more: D) -> None:
    weights = dict.fromkeys(held, D(1))
    own = held.get(key)
    if own is None:
        return
    before = propose_rating(held, weights)
    after = propose_rating({**held, key: own + more}, weights)
    assert after.code <= before.code

"""Whether a tender asks for what the contract can carry."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.proportionality import Limits, ValueBand, check, is_proportionate, most_measures_for

D = Decimal


def test_too_many_measures_for_a_small_contract() -> None:
    by_value, by_length, weighting = check(12, D(180_000), 24, weighting=D("0.15"))
    # £180,000 is under a million: at most 6.
    assert by_value.ok is False
    assert by_value.sentence == (
        "12 measures are many for a contract of £180,000. Ask for 6 or fewer, so that smaller "
        "bidders can answer too."
    )
    assert by_length.ok is True
    assert weighting.ok is False
    assert weighting.sentence == "Social value weighs 15% of the score. Give it at least 20%."
    assert not is_proportionate((by_value, by_length, weighting))


def test_in_proportion() -> None:
    findings = check(6, D(180_000), 24, weighting=D("0.20"))
    assert [finding.ok for finding in findings] == [True, True, True]
    assert is_proportionate(findings)


def test_a_short_contract_carries_fewer() -> None:
    finding = check(6, D(180_000), 6)[1]
    assert finding.ok is False
    assert finding.sentence == (
        "6 measures are many for 6 months. A contract shorter than 12 months can deliver 5 or fewer."
    )
    assert check(5, D(180_000), 6)[1].ok is True


def test_what_is_not_known_cannot_be_said() -> None:
    findings = check(3, None, None)
    assert [finding.ok for finding in findings] == [None, None, None]
    assert is_proportionate(findings)
    assert check(0, D(1), 12)[0].sentence == "No measures are asked for. Choose at least one."


@pytest.mark.parametrize(
    ("value", "most"),
    [("0", 3), ("99999.99", 3), ("100000", 6), ("1000000", 10), ("5000000", 15), ("1e9", 15)],
)
def test_bands_are_below_their_amount(value: str, most: int) -> None:
    assert most_measures_for(D(value), Limits()) == most


def test_limits_are_the_councils() -> None:
    own = Limits(bands=(ValueBand(D(1000), 1),), most_measures=8, least_weighting=D("0.1"))
    assert most_measures_for(D(10), own) == 1
    assert most_measures_for(D(5000), own) == 8
    assert check(8, D(5000), 12, own, weighting=D("0.1"))[2].ok is True
    assert check(99, D(5000), 24, Limits(bands=()))[0].ok is True


@given(st.integers(0, 40), st.decimals(0, 10**8, places=2), st.decimals(0, 10**8, places=2))
def test_a_larger_contract_never_carries_fewer(number: int, one: D, other: D) -> None:
    small, large = sorted((one, other))
    if check(number, small, 24)[0].ok:
        assert check(number, large, 24)[0].ok

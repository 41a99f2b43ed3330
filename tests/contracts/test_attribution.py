"""Shares of one activity never pass the whole."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.attribution import AttributionError, check_share, claimable, left, percent_words

D = Decimal


def test_the_third_claim_is_refused_with_what_is_left() -> None:
    # Three contracts claim 50%, 30%, 30% of one event: 100 - 50 - 30 leaves 20.
    check_share([], D("0.5"))
    check_share([D("0.5")], D("0.3"))
    with pytest.raises(AttributionError) as error:
        check_share([D("0.5"), D("0.3")], D("0.3"))
    assert str(error.value) == (
        "50% and 30% are claimed already, so 20% is left. Claim 20% or less, "
        "or agree the split with the other contracts first."
    )
    assert left([D("0.5"), D("0.3")]) == D("0.2")
    assert claimable([D("0.5"), D("0.3")], D("0.3")) == D("0.2")
    check_share([D("0.5"), D("0.3")], D("0.2"))


def test_where_nothing_is_left_it_says_so() -> None:
    with pytest.raises(AttributionError) as error:
        check_share([D(1)], D("0.0001"))
    assert str(error.value) == (
        "100% is claimed already, so nothing is left. "
        "Agree the split with the other contracts first."
    )


@pytest.mark.parametrize("share", ["0", "-0.5", "1.0001", "NaN", "Infinity"])
def test_a_share_is_above_0_and_up_to_1(share: str) -> None:
    with pytest.raises(AttributionError, match="above 0% and up to 100%"):
        check_share([], D(share))


def test_thirds_fit_and_are_read_without_trailing_zeros() -> None:
    third = D("0.3333")
    check_share([third, third], third)
    assert left([third] * 3) == D("0.0001")
    assert percent_words(third) == "33.33%"
    assert percent_words(D("0.5000")) == "50%"


@given(st.lists(st.decimals(min_value=-1, max_value=2, places=4), max_size=30))
def test_the_accepted_sum_never_passes_the_whole(wanted: list[D]) -> None:
    accepted: list[D] = []
    for share in wanted:
        try:
            check_share(accepted, share)
        except AttributionError:
            assert share <= 0 or share > left(accepted)
        else:
            accepted.append(share)
        assert sum(accepted, D(0)) <= 1
        assert 0 <= left(accepted) <= 1


@given(
    st.lists(st.decimals(min_value=0, max_value=1, places=4), max_size=5),
    st.decimals(0, 1, places=4),
)
def test_what_may_be_claimed_is_never_refused(claimed: list[D], wanted: D) -> None:
    part = claimable(claimed, wanted)
    assert 0 <= part <= wanted
    if part:
        check_share(claimed, part)

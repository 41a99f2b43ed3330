"""The four figures apart, their shares, completeness, and what a beneficiary's answer does."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.four_figures import Amounts, Completeness, FourFigures, ValueState, settle
from contracts.valuation import Kind, Line, add

D = Decimal
quantities = st.decimals(min_value=0, max_value=100_000, places=4)
maybe = st.none() | quantities


def test_each_total_says_which_it_is() -> None:
    figures = FourFigures(
        offered=Amounts(D(100), None),
        committed=Amounts(D(80), D(40)),
        reported=Amounts(D(60), D(0)),
        verified=Amounts(D(20), None),
        due_to_date=Amounts(D(40), D(10)),
    )
    # Verified 20 of 80 committed is 25%; of the 40 due by now it is 50%.
    assert figures.delivery_share(Kind.SOCIAL) == D("0.25")
    assert figures.delivery_share_to_date(Kind.SOCIAL) == D("0.5")
    assert figures.committed_share_of_offered(Kind.SOCIAL) == D("0.8")
    assert figures.pounds(ValueState.REPORTED, Kind.LOCAL_ECONOMIC) == 0
    # Nothing verified yet is not available, and never 0%.
    assert figures.delivery_share(Kind.LOCAL_ECONOMIC) is None
    assert figures.verified_share_of_reported(Kind.LOCAL_ECONOMIC) is None


def test_a_share_of_an_empty_base_is_not_available() -> None:
    for kind in Kind:
        assert FourFigures().delivery_share(kind) is None
        assert FourFigures().delivery_share_to_date(kind) is None
    zero = FourFigures(committed=Amounts(D(0), None), verified=Amounts(D(0), None))
    assert zero.delivery_share(Kind.SOCIAL) is None


def test_two_contracts_together() -> None:
    first = FourFigures(committed=Amounts(D(10), None))
    second = FourFigures(committed=Amounts(D(5), D(1)), verified=Amounts(D(2), None))
    both = first.plus(second)
    assert both == FourFigures(committed=Amounts(D(15), D(1)), verified=Amounts(D(2), None))
    assert both.offered is None
    assert Amounts.of(add([Line(Kind.SOCIAL, D(3))])) == Amounts(D(3), None)


def test_completeness_in_words() -> None:
    assert Completeness(20, 14).sentence == "14 of 20 returns received"
    assert Completeness(1, 1).sentence == "1 of 1 return received"
    assert Completeness(20, 14).share == D("0.7")
    assert Completeness(20, 14).missing == 6
    assert Completeness(0, 0).sentence == "No returns are due yet"
    assert Completeness(0, 0).share is None
    assert Completeness(4, 3).plus(Completeness(16, 11)) == Completeness(20, 14)


def test_the_hub_confirms_twenty_five_of_forty() -> None:
    # 40 claimed, 25 confirmed: reported 40, verified 25, disputed 15.
    settled = settle(D(40), D(40), D(25), confirmation_asked=True)
    assert (settled.reported, settled.verified, settled.disputed) == (40, 25, 15)


def test_nothing_is_verified_while_a_confirmation_is_out() -> None:
    settled = settle(D(40), D(40), None, confirmation_asked=True)
    assert (settled.reported, settled.verified, settled.disputed) == (40, None, None)
    assert settled.awaits_confirmation


def test_zero_confirmed_is_an_answer_and_more_than_claimed_adds_nothing() -> None:
    assert settle(D(40), D(40), D(0), confirmation_asked=True).verified == 0
    assert settle(D(40), D(40), D(0), confirmation_asked=True).disputed == 40
    assert settle(D(40), D(40), D(50), confirmation_asked=True).verified == 40
    assert settle(None, None).reported is None
    assert settle(D(40), None).verified is None
    assert settle(D(40), D(30)).verified == 30


@given(maybe, maybe, maybe, st.booleans())
def test_verified_never_exceeds_anything_it_rests_on(
    reported: D | None, accepted: D | None, confirmed: D | None, asked: bool
) -> None:
    settled = settle(reported, accepted, confirmed, confirmation_asked=asked)
    if settled.verified is not None:
        assert reported is not None
        assert accepted is not None
        assert settled.verified <= min(reported, accepted)
        assert not asked or (confirmed is not None and settled.verified <= confirmed)
    if settled.disputed is not None:
        assert (settled.verified or 0) + settled.disputed <= settled.reported

"""Where a need stands: worked by hand, and what must hold for every number."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from community_needs.need_progress import (
    NeedState,
    Progress,
    state_of,
    still_wanted,
    why_not_possible,
)

quantities = st.integers(min_value=0, max_value=1_000_000).map(lambda n: Decimal(n) / 100)
wanted = st.integers(min_value=1, max_value=1_000_000).map(lambda n: Decimal(n) / 100)
counts = st.integers(min_value=0, max_value=50)
ORDER = [NeedState.OPEN, NeedState.MATCHED, NeedState.PART_MET, NeedState.MET]


@pytest.mark.parametrize(
    ("accepted", "confirmed", "state", "left"),
    [
        # 40 sessions are needed. Nothing accepted: open, all 40 wanted.
        ("0", "0", NeedState.OPEN, "40"),
        # Offers of 25 and 25, accepted 25 and 15: matched, 40 - 40 = 0 wanted, nothing done yet.
        ("40", "0", NeedState.MATCHED, "0"),
        # Only the first is accepted: matched, and 40 - 25 = 15 still wanted.
        ("25", "0", NeedState.MATCHED, "15"),
        ("40", "25", NeedState.PART_MET, "0"),
        ("40", "40", NeedState.MET, "0"),
        # More than was asked for came: met, and what is wanted is nothing, not minus 5.
        ("45", "45", NeedState.MET, "0"),
    ],
)
def test_a_need_of_40_sessions(accepted, confirmed, state, left):
    progress = Progress(Decimal(accepted), Decimal(confirmed), 2, 1)
    assert state_of(Decimal(40), progress) is state
    assert still_wanted(Decimal(40), progress) == Decimal(left)


@pytest.mark.parametrize(
    ("accepted", "confirmed", "state"),
    [
        (0, 0, NeedState.OPEN),
        (2, 0, NeedState.MATCHED),
        (2, 1, NeedState.PART_MET),
        (2, 2, NeedState.MET),
    ],
)
def test_what_cannot_be_counted_is_met_when_every_accepted_offer_is_confirmed(
    accepted, confirmed, state
):
    progress = Progress(accepted_offers=accepted, confirmed_offers=confirmed)
    assert state_of(None, progress) is state
    assert still_wanted(None, progress) is None


@given(needed=wanted, accepted=quantities, first=quantities, more=quantities)
def test_more_confirmation_never_takes_a_need_back(needed, accepted, first, more):
    before = state_of(needed, Progress(accepted, first, 1, 1))
    after = state_of(needed, Progress(accepted, first + more, 1, 1))
    assert ORDER.index(after) >= ORDER.index(before)


@given(needed=wanted, accepted=quantities)
def test_what_is_wanted_and_what_is_accepted_make_up_the_need(needed, accepted):
    left = still_wanted(needed, Progress(accepted_quantity=accepted))
    assert left is not None and 0 <= left <= needed
    assert left + min(accepted, needed) == needed


@given(needed=st.none() | wanted, accepted=quantities, confirmed=quantities, offers=counts)
def test_a_withdrawn_need_stays_withdrawn(needed, accepted, confirmed, offers):
    progress = Progress(accepted, confirmed, offers, 0)
    assert state_of(needed, progress, is_withdrawn=True) is NeedState.WITHDRAWN


@given(accepted=counts, confirmed=counts)
def test_more_confirmed_than_accepted_is_refused_with_a_sentence(accepted, confirmed):
    said = why_not_possible(Progress(accepted_offers=accepted, confirmed_offers=confirmed))
    assert bool(said) is (confirmed > accepted)

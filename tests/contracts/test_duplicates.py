"""The same file, or the same people, hours and date, claimed twice."""

from __future__ import annotations

import datetime
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from contracts.duplicates import CODES, SAME_FILE, SAME_SESSION, Claim, find_duplicates
from contracts.models import DuplicateFlag

D = Decimal
DAY = datetime.date(2026, 5, 3)
A, B = frozenset({"aa"}), frozenset({"bb"})


def pairs(*claims: Claim) -> list[tuple[int, int, tuple[str, ...]]]:
    return [
        (found.first.line_key, found.second.line_key, found.reasons)
        for found in find_duplicates(claims)
    ]


def test_the_same_file_in_two_agreements() -> None:
    found = find_duplicates(
        [Claim(2, "T-2", file_hashes=A), Claim(1, "T-1", file_hashes=A | B), Claim(3, "T-3")]
    )
    assert len(found) == 1
    assert (found[0].first.line_key, found[0].second.line_key) == (1, 2)
    assert found[0].is_across_agreements
    assert found[0].sentence == "The same file claimed in two agreements."


def test_the_same_people_hours_and_date() -> None:
    first = Claim(1, "T-1", D(8), D(2), DAY)
    assert pairs(first, Claim(2, "T-1", D("8.00"), D("2.0"), DAY)) == [(1, 2, (SAME_SESSION,))]
    assert pairs(first, Claim(2, "T-1", D(8), D(3), DAY)) == []
    assert pairs(first, Claim(2, "T-1", D(8), D(2), DAY + datetime.timedelta(1))) == []


def test_both_reasons_are_one_pair() -> None:
    found = find_duplicates([Claim(1, "T", D(8), D(2), DAY, A), Claim(2, "T", D(8), D(2), DAY, A)])
    assert found[0].reasons == (SAME_FILE, SAME_SESSION)
    assert found[0].sentence == (
        "The same file and the same people, hours and date claimed twice in this agreement."
    )


def test_what_is_not_known_or_nothing_is_not_the_same() -> None:
    assert pairs(Claim(1, "T", None, D(2), DAY), Claim(2, "T", None, D(2), DAY)) == []
    assert pairs(Claim(1, "T", D(0), D(0), DAY), Claim(2, "T", D(0), D(0), DAY)) == []
    assert pairs(Claim(1, "T", D(8), D(2)), Claim(2, "T", D(8), D(2))) == []


def test_one_file_may_serve_several_lines_of_one_return() -> None:
    first, same = (
        Claim(1, "T", file_hashes=A, return_key=7),
        Claim(2, "T", file_hashes=A, return_key=7),
    )
    other = Claim(3, "T", file_hashes=A, return_key=8)
    assert pairs(first, same) == []
    assert pairs(first, same, other) == [(1, 3, (SAME_FILE,)), (2, 3, (SAME_FILE,))]


def test_a_line_is_never_its_own_duplicate() -> None:
    claim = Claim(1, "T", D(8), D(2), DAY, A)
    assert pairs(claim, claim) == []


def test_the_codes_are_those_that_a_flag_stores() -> None:
    assert set(CODES.values()) == set(DuplicateFlag.Kind.values)


claims = st.lists(
    st.builds(
        Claim,
        st.integers(1, 1000),
        st.sampled_from(["T-1", "T-2"]),
        st.none() | st.integers(0, 2).map(D),
        st.none() | st.integers(0, 2).map(D),
        st.none() | st.just(DAY),
        st.frozensets(st.sampled_from(["aa", "bb", "cc"])),
        st.none() | st.integers(1, 2),
    ),
    unique_by=lambda claim: claim.line_key,
    max_size=15,
)


@given(claims, st.randoms())
def test_the_order_of_claims_never_changes_the_pairs(held: list[Claim], random: object) -> None:
    mixed = list(held)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert find_duplicates(mixed) == find_duplicates(held)


@given(claims)
def test_the_same_as_comparing_every_pair(held: list[Claim]) -> None:
    expected = []
    ordered = sorted(held, key=lambda claim: claim.line_key)
    for place, one in enumerate(ordered):
        for two in ordered[place + 1 :]:
            shares_file = bool(one.file_hashes & two.file_hashes)
            in_one_return = one.return_key is not None and one.return_key == two.return_key
            sessions = [(claim.people, claim.hours, claim.happened_on) for claim in (one, two)]
            same = sessions[0] == sessions[1] and all(sessions[0])
            if (shares_file and not in_one_return) or same:
                expected.append((one.line_key, two.line_key))
    found = [(pair.first.line_key, pair.second.line_key) for pair in find_duplicates(held)]
    assert found == expected

"""Needs that may be the same: worked by hand, and the same whichever comes first."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from community_needs.similar_needs import NeedFacts, compare, propose_merges
from community_needs.small_counts import public_count, public_rows, public_words


def need(key: int, title: str = "A warm place", *, wards: str = "AB", **more: object) -> NeedFacts:
    values = {"priority": 1, "words": "", "for_whom": "", "unit": "", **more}
    return NeedFacts(key, title=title, wards=frozenset((w, 2023) for w in wards), **values)  # type: ignore[arg-type]


def test_the_same_words_in_the_same_wards_are_proposed_with_both_reasons():
    # 0.5 x 1 (words) + 0.3 x 1 (wards) + 0 (nobody named) + 0 (nothing counted) = 0.80
    (found,) = propose_merges([need(2), need(1)])
    assert (found.first, found.second, found.score) == (1, 2, Decimal("0.80"))
    assert found.reasons == ("their words are the same", "they are for the same wards")


def test_half_the_wards_count_half():
    # 0.5 + 0.3 x 1/3 + 0.1 (same people) + 0.1 (same unit) = 0.80
    one = need(1, wards="AB", for_whom="Older people", unit="places")
    other = need(2, wards="BC", for_whom="older people", unit="places")
    like = compare(one, other)
    assert like.score == Decimal("0.80")
    assert "they share 1 of 3 wards" in like.reasons and "both count places" in like.reasons


def test_other_priorities_other_wards_and_decided_pairs_are_not_proposed():
    assert propose_merges([need(1), need(2, priority=2)]) == []
    assert propose_merges([need(1, wards="A"), need(2, wards="B")]) == []
    assert propose_merges([need(1), need(2)], frozenset({(1, 2)})) == []
    # A ward of 2022 is another place, even with the same code or name.
    old = NeedFacts(2, 1, "A warm place", "", "", "", frozenset({("A", 2022), ("B", 2022)}))
    assert propose_merges([need(1), old]) == []


words = st.text(max_size=40)


@given(first=words, second=words, wards=st.sampled_from(["A", "AB", "ABC"]))
def test_the_order_never_changes_the_answer(first, second, wards):
    one, other = need(1, first), need(2, second, wards=wards)
    assert compare(one, other) == compare(other, one)
    assert 0 <= compare(one, other).score <= 1
    assert propose_merges([one, other]) == propose_merges([other, one])


@given(counts=st.lists(st.integers(min_value=0, max_value=40), max_size=8))
def test_a_total_never_gives_a_hidden_part_away(counts):
    shown = public_rows(counts)
    hidden = [count for count, seen in zip(counts, shown, strict=True) if seen is None]
    assert all(seen is None or seen == 0 or seen >= 5 for seen in shown)
    if len(hidden) == 1:
        assert sum(counts) == hidden[0], "only where there is nothing beside it to hide it among"


def test_small_counts_are_printed_as_few():
    assert [public_words(n) for n in (0, 1, 4, 5, 1200)] == [
        "0", "Fewer than 5", "Fewer than 5", "5", "1,200",
    ]  # fmt: skip
    assert public_count(4) is None and public_count(0) == 0

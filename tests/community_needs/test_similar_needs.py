"""Needs that may be the same: worked by hand, and the same whichever comes first."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from community_needs.similar_needs import NeedFacts, compare, may_be_one, propose_merges
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


# --- which pairs are compared at all ------------------------------------------------------------


def keys(needs):
    return {(one.key, other.key) for one, other in may_be_one(needs)}


def test_only_pairs_with_a_telling_word_or_one_title_are_compared():
    # "laptops" is in two of them; "for" is too short to tell; one and three share nothing.
    found = [need(1, "Laptops for schools"), need(2, "Borrowed laptops"), need(3, "Bread for all")]
    assert keys(found) == {(1, 2)}
    assert keys([need(1, "日本"), need(2, "日本")]) == {(1, 2)}, "one title, in any script"
    assert keys([need(1, "Warm", wards="A"), need(2, "Warm", wards="B")]) == set()


def test_a_word_that_many_share_tells_nothing_and_many_of_one_title_are_a_chain():
    # 30 needs "Help with <a word of its own>": all share "help with", so no pair is compared.
    crowd = [need(n, f"Help with {'abcdefghijklmnopqrstuvwxyzäöüß'[n] * 5}") for n in range(30)]
    assert keys(crowd) == set()
    # 30 of one title would be 435 pairs; each is compared with the next: 29.
    assert keys([need(n, "A warm place") for n in range(30)]) == {(n, n + 1) for n in range(29)}


@given(
    st.lists(
        st.tuples(st.sampled_from(["warm room", "warm place", "hot meals", "meals", "rides"]),
                  st.sampled_from(["A", "B", "AB"])),
        max_size=12,
    ),
    st.randoms(use_true_random=False),
)  # fmt: skip
def test_what_is_proposed_is_what_comparing_all_pairs_that_share_a_word_would_propose(rows, mixer):
    held = [need(n, title, wards=wards) for n, (title, wards) in enumerate(rows)]
    by_hand = {
        (one.key, other.key)
        for one in held
        for other in held
        if one.key < other.key
        and one.wards & other.wards
        and set(one.title.split()) & set(other.title.split())
        and compare(one, other).score >= Decimal("0.60")
    }
    shuffled = list(held)
    mixer.shuffle(shuffled)
    assert {(like.first, like.second) for like in propose_merges(shuffled)} == by_hand

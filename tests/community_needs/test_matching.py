"""Ranking what could meet a need, taking as much as is needed, and who gets seen."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from community_needs.matching import (
    WEIGHTS,
    CandidateFacts,
    Criterion,
    Fit,
    NeedFacts,
    acceptable,
    allocate,
    drawn,
    exposure,
    kilometres,
    rank,
    same_unit,
)

TODAY = datetime.date(2026, 11, 30)
D = Decimal
NAMES = {"E1": "Clifford", "E2": "Longford", "E3": "Bucklow"}
NEED = NeedFacts(
    "Food support",
    wards=frozenset({"E1", "E2"}),
    quantity_left=D(40),
    unit="sessions",
    closes=datetime.date(2027, 1, 28),  # 60 days from today, both counted
    principles=frozenset({"healthy"}),
    place=(D("-2.27"), D("53.46")),
)


def shares(candidate: CandidateFacts, need: NeedFacts = NEED) -> dict[Criterion, Decimal | None]:
    (ranked,) = rank(need, [candidate], as_of=TODAY, ward_names=NAMES)
    return {reason.criterion: reason.share for reason in ranked.reasons}


def words(candidate: CandidateFacts, need: NeedFacts = NEED) -> dict[Criterion, str]:
    (ranked,) = rank(need, [candidate], as_of=TODAY, ward_names=NAMES)
    return {reason.criterion: reason.words for reason in ranked.reasons}


def test_the_weights_are_a_hundred_points() -> None:
    assert sum(WEIGHTS.values()) == 100
    assert set(WEIGHTS) == set(Criterion)


def test_a_candidate_worked_by_hand() -> None:
    """Fit in part 35/2 = 17.5; one ward of two 20/2 = 10; 25 of 40 sessions 15 x 0.625 = 9.375,
    that is 9.38; 30 of 60 days 10/2 = 5; in the same ward 0 km 10; another principle 0: 51.88."""
    one = CandidateFacts(
        "c:1", Fit.PART, "Volunteers can serve meals.", frozenset({"E1", "E3"}), D(25), "Sessions",
        ends=datetime.date(2026, 12, 29), principle="jobs", place=NEED.place,
    )  # fmt: skip
    (ranked,) = rank(NEED, [one], as_of=TODAY, ward_names=NAMES)
    assert [reason.points for reason in ranked.reasons] == [
        D("17.50"), D("10.00"), D("9.38"), D("5.00"), D("10.00"), D("0.00"),
    ]  # fmt: skip
    assert ranked.score == D("51.88") == ranked.possible
    said = words(one)
    assert said[Criterion.WARD] == "It serves 1 of the 2 wards of the need: Clifford."
    assert said[Criterion.QUANTITY] == "25 Sessions left, of 40 sessions still needed."
    assert said[Criterion.TIME] == (
        "It covers 30 of the 60 days until the need closes on 28 January 2027."
    )


def test_what_is_not_known_brings_no_points_and_says_what_it_could_bring() -> None:
    """Only the fit is known: 35 of 100, and up to 100."""
    (ranked,) = rank(NEED, [CandidateFacts("c:1", Fit.STRONG)], as_of=TODAY)
    assert (ranked.score, ranked.possible) == (D("35.00"), D("100.00"))
    assert len(ranked.unknown) == 5


def test_nothing_left_is_nothing_and_not_known_is_not() -> None:
    assert shares(CandidateFacts("c", quantity_free=D(0)))[Criterion.QUANTITY] == 0
    assert shares(CandidateFacts("c", quantity_free=None))[Criterion.QUANTITY] is None


def test_other_units_are_for_a_person_to_judge() -> None:
    one = CandidateFacts("c", quantity_free=D(200), unit="volunteer hours")
    assert shares(one)[Criterion.QUANTITY] is None
    assert "200 volunteer hours left. The need counts sessions" in words(one)[Criterion.QUANTITY]
    assert same_unit(" Volunteer  hours", "volunteer hours")
    assert not same_unit("", "")


def test_a_promise_that_ends_or_begins_outside_the_need_brings_nothing() -> None:
    over = CandidateFacts("c", ends=datetime.date(2026, 11, 29))
    late = CandidateFacts("c", starts=datetime.date(2027, 1, 29), ends=datetime.date(2027, 12, 31))
    assert shares(over)[Criterion.TIME] == 0
    assert shares(late)[Criterion.TIME] == 0
    assert "before it could help" in words(over)[Criterion.TIME]
    assert "after the need closes" in words(late)[Criterion.TIME]


def test_two_places_in_trafford_are_as_far_apart_as_a_map_says() -> None:
    """Old Trafford's hub to Partington's: about 12 km in a straight line."""
    away = kilometres((D("-2.2684"), D("53.4580")), (D("-2.4346"), D("53.4163")))
    assert D("11.5") < away < D("12.5")
    assert shares(CandidateFacts("c", place=(D("-2.4346"), D("53.4163"))))[Criterion.DISTANCE] == 0


# --- properties -----------------------------------------------------------------------------

quantities = st.none() | st.decimals(0, 1000, places=2)
days = st.none() | st.dates(datetime.date(2026, 1, 1), datetime.date(2028, 12, 31))
codes = st.frozensets(st.sampled_from(["E1", "E2", "E3"]))
places = st.none() | st.tuples(
    st.decimals("-2.5", "-2.2", places=4), st.decimals("53.3", "53.5", places=4)
)
principles = st.sampled_from(["", "jobs", "healthy"])
units = st.sampled_from(["", "sessions", "hours"])
candidates = st.builds(
    CandidateFacts,
    key=st.just(""),
    fit=st.none() | st.sampled_from(list(Fit)),
    wards=codes,
    quantity_free=quantities,
    unit=units,
    starts=days,
    ends=days,
    principle=principles,
    place=places,
)
some = st.lists(candidates, max_size=8).map(
    lambda rows: [
        CandidateFacts(**{**row.__dict__, "key": f"c:{number}"}) for number, row in enumerate(rows)
    ]
)
needs = st.builds(
    NeedFacts,
    priority=st.just("Poverty"),
    wards=codes,
    quantity_left=quantities,
    unit=units,
    opens=days,
    closes=days,
    principles=st.frozensets(st.sampled_from(["jobs", "healthy"])),
    place=places,
)


@given(needs, some, st.randoms(use_true_random=False))
def test_the_order_given_never_changes_the_ranking(
    need: NeedFacts, given_ones: list[CandidateFacts], shuffler: random.Random
) -> None:
    mixed = list(given_ones)
    shuffler.shuffle(mixed)
    first = rank(need, given_ones, as_of=TODAY, ward_names=NAMES)
    assert first == rank(need, mixed, as_of=TODAY, ward_names=NAMES)
    assert [row.rank for row in first] == list(range(1, len(given_ones) + 1))


@given(needs, some)
def test_a_score_is_the_sum_of_its_reasons_within_a_hundred(
    need: NeedFacts, given_ones: list[CandidateFacts]
) -> None:
    found = rank(need, given_ones, as_of=TODAY)
    for row in found:
        assert row.score == sum((r.points for r in row.reasons if r.points is not None), D(0))
        assert 0 <= row.score <= row.possible <= 100
        assert all(r.share is None or 0 <= r.share <= 1 for r in row.reasons)
    assert all(one.score >= other.score for one, other in zip(found, found[1:], strict=False))


@given(needs, candidates)
def test_every_reason_is_true_of_the_data(need: NeedFacts, one: CandidateFacts) -> None:
    """Each sentence is checked against the facts by a reader that shares no code with it."""
    (ranked,) = rank(need, [one], as_of=TODAY, ward_names=NAMES)
    said = {reason.criterion: reason for reason in ranked.reasons}
    assert list(said) == list(Criterion)

    fit = said[Criterion.FIT].words
    assert ("directly" in fit) == (one.fit is Fit.STRONG)
    assert ("in part" in fit) == (one.fit is Fit.PART)
    assert ("does not list" in fit) == (one.fit is None)

    ward = said[Criterion.WARD].words
    assert ("does not say" in ward) == (not one.wards)
    for code, name in NAMES.items():
        if name in ward:
            assert code in need.wards and code in one.wards
    if "other wards" in ward:
        assert need.wards and not need.wards & one.wards
    if "where the need is" in ward:
        assert need.wards <= one.wards

    quantity = said[Criterion.QUANTITY].words
    assert ("is not known" in quantity) == (one.quantity_free is None)
    assert ("Nothing of it" in quantity) == (one.quantity_free == 0)
    if "enough" in quantity:
        assert one.quantity_free is not None and need.quantity_left is not None
        assert one.quantity_free >= need.quantity_left and one.unit == need.unit
    if "still needed" in quantity and "enough" not in quantity:
        assert one.quantity_free < need.quantity_left  # type: ignore[operator]

    time = said[Criterion.TIME].words
    assert ("no end date on record" in time) == (one.ends is None)
    if "before it could help" in time:
        assert one.ends is not None
        assert one.ends < max(TODAY, need.opens or TODAY, one.starts or TODAY)
    if "after the need closes" in time:
        assert need.closes is not None
        assert max(one.starts or TODAY, need.opens or TODAY, TODAY) > need.closes
    if "has no end date" in time and one.ends is not None:
        assert need.closes is None

    distance = said[Criterion.DISTANCE].words
    assert ("not known" in distance) == (one.place is None or need.place is None)

    principle = said[Criterion.PRINCIPLE].words
    if "Both serve" in principle:
        assert one.principle in need.principles
    if "another charter principle" in principle:
        assert one.principle and one.principle not in need.principles


# --- allocation -----------------------------------------------------------------------------


def test_a_need_of_40_with_offers_of_25_and_25_takes_25_and_15() -> None:
    first, second = allocate(D(40), [("a", D(25)), ("b", D(25))])
    assert (first.accepted, first.free) == (D(25), D(0))
    assert (second.accepted, second.free) == (D(15), D(10))


def test_a_need_that_is_not_countable_takes_what_is_offered() -> None:
    assert acceptable(None, D(25)) == 25
    assert acceptable(D(-3), D(25)) == 0


def test_of_a_promise_in_other_units_the_same_part_is_drawn() -> None:
    """60 volunteer hours were to bring 20 sessions; 15 sessions are accepted: 45 hours."""
    assert drawn(D(20), D(15), D(60)) == 45
    assert drawn(D(3), D(1), D(10)) == D("3.3333")


@given(
    st.none() | st.decimals(0, 500, places=2),
    st.lists(st.decimals("0.01", 200, places=2), max_size=6),
)
def test_nothing_is_accepted_beyond_the_need_or_the_offer(
    needed: Decimal | None, amounts: list[Decimal]
) -> None:
    found = allocate(needed, [(str(n), amount) for n, amount in enumerate(amounts)])
    assert all(
        one.accepted >= 0 and one.free >= 0 and one.accepted + one.free == amount
        for one, amount in zip(found, amounts, strict=True)
    )
    total = sum((one.accepted for one in found), D(0))
    whole = sum(amounts, D(0))
    assert total == (whole if needed is None else min(needed, whole))


# --- exposure -------------------------------------------------------------------------------


def test_a_small_hub_that_is_listed_last_is_shown_as_overlooked() -> None:
    """Big asks 3 of 4 and is seen at places 1 and 2 of both lists, worth 1 + 0.63093 each; small
    asks 1 of 4 and is seen once, third, worth 0.5: 0.5 / 3.76186 = 0.133 against 0.25."""
    small, big = exposure({"big": 3, "small": 1}, [["big", "big", "small"], ["big", "big"]])
    assert small.hub == "small" and small.is_small and small.is_overlooked
    assert small.needs_share == D("0.25")
    assert small.ratio is not None and round(small.ratio, 2) == D("0.53")
    assert not big.is_overlooked and not big.is_small


def test_where_no_list_was_shown_exposure_is_not_known() -> None:
    (only,) = exposure({"hub": 2, "none": 0}, [])
    assert only.attention_share is None and only.ratio is None


@given(
    st.dictionaries(st.sampled_from("abc"), st.integers(0, 9)),
    st.lists(st.lists(st.sampled_from("abcd"), max_size=6), max_size=4),
)
def test_attention_is_shared_out_whole(needs_of: dict[str, int], lists: list[list[str]]) -> None:
    found = exposure(needs_of, lists)
    given_out = [one.attention_share for one in found if one.attention_share is not None]
    assert not given_out or abs(sum(given_out, D(0)) - 1) < D("0.0001")
    whole = D(1) if found else D(0)
    assert abs(sum((one.needs_share for one in found), D(0)) - whole) < D("0.0001")

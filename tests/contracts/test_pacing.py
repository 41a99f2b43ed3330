"""Delivery against the profile: worked cases, and what a missing return may never do."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.counting import CountingRule
from contracts.pacing import (
    AMBER,
    GREEN,
    NOT_YET,
    RED,
    WORST_FIRST,
    Pace,
    WeighedPace,
    contract_pace,
    pace,
)
from contracts.profiles import even_profile, level_profile
from trafford_sv.core.periods import Quarter

D = Decimal
DAY = datetime.date
Q1, Q2, Q3, Q4 = (Quarter(2026, number) for number in (1, 2, 3, 4))
QUARTERS = (Q1, Q2, Q3, Q4)
START, END = DAY(2026, 4, 1), DAY(2027, 3, 31)
HUNDRED = even_profile(D(100), START, END)  # 25 in each of the four quarters
AUTUMN = DAY(2026, 9, 30)  # the last day of Q2

quantities = st.decimals(min_value=0, max_value=200, places=4)
deliveries = st.dictionaries(st.sampled_from(QUARTERS), st.none() | quantities)
days = st.dates(DAY(2026, 1, 1), DAY(2027, 12, 31))


def at(delivered: dict[Quarter, D | None], as_of: DAY = AUTUMN) -> Pace:
    return pace(D(100), HUNDRED, delivered, as_of)


def test_behind_by_a_fifth_is_amber() -> None:
    found = at({Q1: D(20), Q2: D(20)})
    # 40 of 50 is 0.8. End: 40 + the 50 to come x 0.8 = 80, so 20 short; 60 over 2 quarters = 30.
    assert found.rating == AMBER
    assert (found.expected_now, found.delivered, found.ratio) == (50, 40, D("0.8"))
    assert (found.expected_end, found.shortfall, found.per_remaining_quarter) == (80, 20, 30)
    assert found.reasons == (
        "40 delivered of 50 expected in the quarters reported, which is 80%.",
        "At this pace it ends at 80 of 100.",
        "Each of the 2 remaining quarters must bring 30 to keep the promise.",
    )


@pytest.mark.parametrize(
    ("delivered", "rating"),
    [
        ("47.5", GREEN),  # 47.5 / 50 = 0.95
        ("47.4999", AMBER),
        ("37.5", AMBER),  # 37.5 / 50 = 0.75
        ("37.4999", RED),
        ("0", RED),
        ("100", GREEN),
    ],
)
def test_the_thresholds_are_exact(delivered: str, rating: str) -> None:
    assert at({Q1: D(delivered), Q2: D(0)}).rating == rating


def test_a_zero_return_is_not_a_missing_one() -> None:
    zero = at({Q1: D(25), Q2: D(0)})
    missing = at({Q1: D(25), Q2: None})
    # Zero: 25 of 50, red, ends at 25 + 50 x 0.5 = 50.
    assert (zero.ratio, zero.rating, zero.expected_end) == (D("0.5"), RED, 50)
    assert zero.missing == ()
    # Missing: 25 of the 25 reported, on pace; but what Q2 holds is not known, so not green.
    assert (missing.ratio, missing.rating) == (1, AMBER)
    assert missing.missing == (Q2,)
    # It ends at 100 where Q2 went as Q1 did, and at 25 + 50 = 75 where Q2 brought nothing.
    assert (missing.expected_end_low, missing.expected_end) == (75, 100)
    assert (
        "The return for Q2 2026/27 has not come in; what it holds is not known." in missing.reasons
    )
    assert "At this pace it ends at between 75 and 100 of 100." in missing.reasons
    # Enough was delivered: what is missing is why it is amber, and is said first.
    assert missing.reasons[0].startswith("The return for Q2 2026/27")
    # 100 - 25 = 75 over the two quarters to come is the most that could be needed: 37.5 each.
    assert missing.reasons[-1] == (
        "Each of the 2 remaining quarters must bring up to 37.5, less what the missing return "
        "holds, to keep the promise."
    )


def test_a_return_that_is_not_due_yet_is_not_missing() -> None:
    found = at({Q1: D(25)}, DAY(2026, 10, 10))
    assert found.rating == GREEN
    assert found.missing == ()
    assert found.expected_end == 100


def test_nothing_due_is_not_yet_rated() -> None:
    for delivered in ({}, {Q3: None}):
        found = at(delivered, DAY(2026, 4, 10))
        assert found.rating == NOT_YET
        assert found.reasons == ("Nothing is due yet.",)
        assert (found.delivered, found.ratio, found.expected_end, found.shortfall) == (None,) * 4


def test_delivered_before_anything_is_due() -> None:
    late = ((Q4, D(100)),)
    early = pace(D(100), late, {Q1: D(30)}, AUTUMN)
    assert early.rating == NOT_YET
    assert early.delivered == 30
    assert "30 delivered; nothing is due yet." in early.reasons
    whole = pace(D(100), late, {Q1: D(100)}, AUTUMN)
    assert (whole.rating, whole.expected_end, whole.shortfall) == (GREEN, 100, 0)


def test_no_return_at_all_is_amber_and_unknown() -> None:
    found = at({Q1: None, Q2: None})
    assert (found.rating, found.ratio, found.expected_end) == (AMBER, None, None)
    assert found.reasons[0] == "No return has come in yet, so the position is not known."
    assert "Q1 2026/27, Q2 2026/27" in found.reasons[1]


def test_after_the_end_what_is_delivered_is_what_there_is() -> None:
    found = at(dict.fromkeys(QUARTERS, D(20)), DAY(2027, 6, 1))
    assert (found.expected_end, found.shortfall, found.rating) == (80, 20, AMBER)
    assert found.per_remaining_quarter is None
    assert found.remaining_quarters == 0


def test_what_each_quarter_must_bring_is_enough() -> None:
    # 100 - 0 over 3 quarters is 33.3333...: rounded up to 33.3334 so that three keep the promise.
    found = at({Q1: D(0)}, DAY(2026, 6, 30))
    assert found.per_remaining_quarter == D("33.3334")


def test_the_running_quarter_is_compared_by_its_days() -> None:
    # 45 of 91 days: 25 x 45 / 91 = 12.3626 expected by 15 May, and 12.3626 delivered.
    found = at({Q1: D("12.3626")}, DAY(2026, 5, 15))
    assert found.ratio == 1
    assert found.rating == GREEN


def test_nothing_promised_is_not_rated() -> None:
    found = pace(D(0), (), {Q1: D(5)}, AUTUMN)
    assert found.rating == NOT_YET
    assert found.reasons == ("Nothing is promised, so there is nothing to measure against.",)


def test_percentages_compare_the_latest_with_the_promise() -> None:
    level = level_profile(D(90), START, END)

    def of(delivered: dict[Quarter, D | None]) -> Pace:
        return pace(D(90), level, delivered, AUTUMN, CountingRule.PERCENTAGE)

    # 81 / 90 = 0.9: amber, 9 short, whatever came before.
    found = of({Q2: D(81), Q1: D(100)})
    assert (found.delivered, found.ratio, found.rating) == (81, D("0.9"), AMBER)
    assert (found.expected_end, found.shortfall, found.per_remaining_quarter) == (81, 9, 90)
    assert found.reasons[0] == "The latest is 81%, against 90% promised."
    assert of({Q1: D(90), Q2: D(90)}).rating == GREEN
    assert of({Q1: D(90), Q2: None}).rating == AMBER
    assert of({Q1: None}).rating == AMBER
    assert of({}).rating == NOT_YET
    assert of({Q1: D(0)}).rating == RED


def test_a_contract_is_weighed_by_pounds_and_no_surplus_hides_a_shortfall() -> None:
    good, short = at({Q1: D(80), Q2: D(20)}), at({Q1: D(10), Q2: D(10)})
    found = contract_pace(
        [WeighedPace("Hours", D(9000), good), WeighedPace("Trees", D(1000), short)]
    )
    # (9000 x 1 + 1000 x 0.4) / 10000 = 0.94: the 200% of the first counts as 100%.
    assert found.ratio == D("0.94")
    assert found.rating == AMBER
    assert [one.label for one in found.worst_first] == ["Trees", "Hours"]
    assert found.pounds[RED] == 1000
    assert found.reasons == (
        "94% of what the profiles expect is delivered, weighed by pounds.",
        "2 commitments: 1 red, 1 green.",
    )


def test_one_red_commitment_keeps_a_contract_from_green() -> None:
    good, none = at({Q1: D(25), Q2: D(25)}), at({Q1: D(0), Q2: D(0)})
    found = contract_pace([WeighedPace("A", D(99), good), WeighedPace("B", D(1), none)])
    assert found.ratio == D("0.99")
    assert found.rating == AMBER


def test_a_contract_without_pounds_takes_its_worst() -> None:
    good, short = at({Q1: D(25), Q2: D(25)}), at({Q1: D(0), Q2: D(0)})
    assert (
        contract_pace([WeighedPace("A", None, good), WeighedPace("B", None, short)]).rating == RED
    )
    assert contract_pace([WeighedPace("A", None, good)]).rating == GREEN
    assert contract_pace([]).rating == NOT_YET
    assert contract_pace([]).reasons == ("There are no commitments yet.",)


@given(deliveries, days)
def test_a_missing_return_never_lowers_what_is_delivered(
    delivered: dict[Quarter, D | None], as_of: DAY
) -> None:
    with_missing = at(delivered, as_of)
    without = at({q: value for q, value in delivered.items() if value is not None}, as_of)
    assert with_missing.delivered == without.delivered
    assert with_missing.ratio == without.ratio
    assert WORST_FIRST.index(with_missing.rating) <= WORST_FIRST.index(without.rating) or (
        without.rating == NOT_YET and with_missing.rating == AMBER
    )


@given(deliveries, days, st.sampled_from(list(CountingRule)))
def test_figures_agree_with_each_other(
    delivered: dict[Quarter, D | None], as_of: DAY, rule: CountingRule
) -> None:
    found = pace(D(100), HUNDRED, delivered, as_of, rule)
    assert found.reasons
    if found.expected_end is not None:
        assert found.expected_end_low is not None
        assert found.expected_end_low <= found.expected_end
        assert found.shortfall == max(D(0), 100 - found.expected_end)
        if not found.missing:
            assert found.expected_end_low == found.expected_end
    if rule != CountingRule.PERCENTAGE and found.per_remaining_quarter is not None:
        brought = (found.delivered or 0) + found.per_remaining_quarter * found.remaining_quarters
        assert brought >= 100


@given(
    st.lists(
        st.tuples(st.none() | quantities, st.dictionaries(st.sampled_from(QUARTERS), quantities)),
        max_size=6,
    ),
    st.randoms(),
)
def test_the_order_of_commitments_never_changes_a_contract(
    parts: list[tuple[D | None, dict[Quarter, D | None]]], random: object
) -> None:
    held = [
        WeighedPace(f"{place}", pounds, at(delivered))
        for place, (pounds, delivered) in enumerate(parts)
    ]
    mixed = list(held)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert contract_pace(mixed) == contract_pace(held)

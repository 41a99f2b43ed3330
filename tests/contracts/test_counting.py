"""The rules of counting: cases worked by hand, and what holds for every figure."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.counting import (
    CountingError,
    CountingRule,
    Inputs,
    aggregate,
    count,
    exclusive_pairs,
    explain,
    first_year,
    first_year_remaining,
    fte_years,
    latest,
    one_category,
    percentage,
    quantity_words,
    sessions,
    warning_for,
)
from contracts.models import Measure

D = Decimal
UNITS, FTE = CountingRule.UNITS, CountingRule.FTE_YEARS
FIRST, HOURS = CountingRule.FIRST_YEAR, CountingRule.HOURS_PEOPLE
PERCENT = CountingRule.PERCENTAGE

quantities = st.decimals(min_value=0, max_value=100_000, places=4)
months = st.decimals(min_value=0, max_value=600, places=2)
people = st.integers(min_value=0, max_value=10_000).map(D)


def test_twelve_and_a_half_full_time_equivalents_for_two_years_are_twenty_five() -> None:
    # 12.5 x 24 / 12 = 25
    assert fte_years(D("12.5"), D(24)) == D(25)
    assert count(FTE, Inputs(fte=D("12.5"), months=D(24))) == D("25.0000")
    assert explain(FTE, Inputs(fte=D("12.5"), months=D(24))) == "12.5 FTE x 24 months / 12 = 25"


def test_a_job_shorter_than_a_year_counts_its_share() -> None:
    # 1 x 3 / 12 = 0.25; 2 x 1 / 12 = 0.16666... = 0.1667
    assert fte_years(D(1), D(3)) == D("0.25")
    assert fte_years(D(2), D(1)) == D("0.1667")


def test_a_hire_kept_eighteen_months_counts_twelve() -> None:
    # The first 12 of 18 months: 1 person x 12 / 12 = 1 person-year
    assert first_year(D(1), D(18)) == D(1)
    assert explain(FIRST, Inputs(people=D(1), months=D(18))) == (
        "1 person x 12 months / 12 = 1 (18 reported, only the first 12 count)"
    )


def test_the_twelve_months_run_across_returns() -> None:
    # Three people, 5 months a return: 5 + 5 count whole, of the next 5 only 2 are left, then none.
    counted = [first_year(D(3), D(5), D(before)) for before in (0, 5, 10, 15)]
    # 15/12 = 1.25, 1.25, 6/12 = 0.5, 0: together 3 people x 1 year
    assert counted == [D("1.25"), D("1.25"), D("0.5"), D(0)]
    assert sum(counted) == D(3)
    assert [first_year_remaining(D(before)) for before in (0, 10, 12, 30)] == [12, 2, 0, 0]
    assert explain(FIRST, Inputs(people=D(3), months=D(5), months_before=D(10))) == (
        "3 people x 2 months / 12 = 0.5 (5 reported, only the first 12 count, 10 counted before)"
    )


def test_two_hours_with_eight_people_are_sixteen() -> None:
    assert sessions(D(2), D(8)) == D(16)
    assert explain(HOURS, Inputs(hours=D(2), people=D(8))) == "2 hours x 8 people = 16"


def test_zero_is_not_blank() -> None:
    for rule in CountingRule:
        assert count(rule, Inputs()) is None
        assert explain(rule, Inputs()) == "Nothing reported"
        assert count(rule, Inputs(quantity=D(0))) == D(0)
    assert count(HOURS, Inputs(hours=D(0), people=D(0))) == D(0)


def test_a_quantity_alone_is_counted_already() -> None:
    assert count(HOURS, Inputs(quantity=D(16))) == D(16)
    assert explain(FTE, Inputs(quantity=D("2.5"))) == "2.5 reported"


def test_a_quantity_beside_its_parts_must_agree_with_them() -> None:
    assert count(HOURS, Inputs(quantity=D(16), hours=D(2), people=D(8))) == D(16)
    with pytest.raises(
        CountingError, match="2 hours x 8 people = 16, but the quantity typed is 20"
    ):
        count(HOURS, Inputs(quantity=D(20), hours=D(2), people=D(8)))


@pytest.mark.parametrize(
    ("rule", "inputs", "sentence"),
    [
        (FTE, Inputs(fte=D(1)), "Give the number of months as well as the number of full-time"),
        (FTE, Inputs(months=D(1)), "Give the number of full-time equivalents as well as"),
        (HOURS, Inputs(hours=D(2)), "Give the number of people as well as the number of hours."),
        (FIRST, Inputs(people=D(2)), "Give the number of months as well as the number of people."),
        (UNITS, Inputs(quantity=D(-3)), "The quantity is negative (−3). Give 0 or more."),
        (HOURS, Inputs(hours=D(-2), people=D(1)), "The number of hours is negative"),
        (FTE, Inputs(fte=D(1), months=D(601)), "The number of months is more than 50 years"),
        (FIRST, Inputs(people=D("2.5"), months=D(1)), "2.5 is not a whole number of people"),
        (
            FIRST,
            Inputs(people=D(1), months=D(1), months_before=D(-1)),
            "The months counted before is negative",
        ),
        (PERCENT, Inputs(quantity=D("100.01")), "100.01% is more than 100%"),
        (PERCENT, Inputs(quantity=D(-1)), "The quantity is negative"),
        (UNITS, Inputs(quantity=D("NaN")), "The quantity is not a number"),
        (UNITS, Inputs(quantity=D("Infinity")), "The quantity is not a number"),
        (UNITS, Inputs(quantity=D("1e30")), "more than this system can hold"),
        (UNITS, Inputs(quantity=D("-1e30")), "The quantity is negative"),
        (HOURS, Inputs(hours=D("9e9"), people=D("9e9")), "more than this system can hold"),
    ],
)
def test_what_cannot_be_counted_is_said_in_words(
    rule: CountingRule, inputs: Inputs, sentence: str
) -> None:
    with pytest.raises(CountingError) as error:
        count(rule, inputs)
    assert sentence in str(error.value)


def test_a_percentage_is_from_0_to_100() -> None:
    assert percentage(D(0)) == D(0)
    assert percentage(D(100)) == D(100)
    assert explain(PERCENT, Inputs(quantity=D("87.5"))).startswith("87.5% (the latest")


def test_quantities_have_four_decimals_half_up() -> None:
    assert count(UNITS, Inputs(quantity=D("1.00005"))) == D("1.0001")
    assert count(UNITS, Inputs(quantity=D("1.00004999"))) == D("1.0000")


def test_several_returns_are_added_and_percentages_are_not() -> None:
    assert aggregate(UNITS, [D(3), None, D(0), D(4)]) == D(7)
    assert aggregate(UNITS, [D(0), None]) == D(0)
    assert aggregate(UNITS, [None, None]) is None
    assert aggregate(UNITS, []) is None
    assert aggregate(PERCENT, [D(80), D(90), None]) == D(90)
    assert latest([None]) is None


def test_an_absurd_quantity_is_asked_about() -> None:
    # 3 x 100 = 300 is still silent, 301 is not
    assert warning_for(UNITS, D(300), D(100)) is None
    assert warning_for(UNITS, D(301), D(100)) == (
        "301 is more than 3 times the whole promise of 100. Check it, or say why it is right."
    )
    assert "more than a million" in str(warning_for(UNITS, D(1_000_001), None))
    # Pounds spent locally against a promise of five million need no question.
    assert warning_for(UNITS, D(2_000_000), D(5_000_000)) is None
    assert "full-time equivalent years" in str(warning_for(FTE, D(10_001), D(9_000)))
    for rule in CountingRule:
        assert warning_for(rule, None, D(1)) is None
    assert warning_for(PERCENT, D(100), D(1)) is None
    assert warning_for(UNITS, D(5), D(0)) is None


def test_measures_that_exclude_each_other_are_found_once_whoever_says_so() -> None:
    rules = {"B": frozenset({"A"}), "C": frozenset({"D"}), "A": frozenset({"B"})}
    assert exclusive_pairs(["B", "A", "C", "B"], rules) == (("A", "B"),)
    assert exclusive_pairs(["D", "C"], rules) == (("C", "D"),)
    assert exclusive_pairs(["A", "C"], rules) == ()
    assert exclusive_pairs(["A"], {"A": frozenset({"A"})}) == ()


def test_one_person_counts_in_one_category() -> None:
    assert one_category({"claimants": D(2), "carers": D(1), "other": None}, D(3)) is None
    assert one_category({"claimants": D(2), "carers": D(2)}, D(3)) == (
        "4 people are claimed across the categories, but there are 3 people. "
        "Count each person in one category only."
    )


def test_the_rules_are_those_that_a_measure_can_name() -> None:
    assert {rule.value for rule in CountingRule} == set(Measure.Counting.values)


@pytest.mark.parametrize(
    ("quantity", "words"),
    [("1200", "1,200"), ("0.5000", "0.5"), ("0", "0"), ("-3", "−3"), ("100", "100"), ("-0", "0")],
)
def test_quantities_read_without_trailing_zeros(quantity: str, words: str) -> None:
    assert quantity_words(D(quantity)) == words


@given(people, months, st.lists(st.integers(1, 12), max_size=12))
def test_nobody_ever_counts_more_than_a_year(who: D, kept: D, slices: list[int]) -> None:
    assert first_year(who, kept) <= who
    before, total = D(0), D(0)
    for part in slices:
        total += first_year(who, D(part), before)
        before += part
    # Each of the returns rounds once, by at most half of the fourth decimal.
    assert total <= who + D("0.00005") * len(slices)


@given(quantities, months)
def test_a_full_time_equivalent_counts_what_it_worked(fte: D, worked: D) -> None:
    assert abs(fte_years(fte, worked) * 12 - fte * worked) <= D("0.0006")


@given(st.lists(st.none() | quantities, max_size=20), st.randoms())
def test_the_order_of_returns_never_changes_a_sum(values: list[D | None], random: object) -> None:
    mixed = list(values)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert aggregate(UNITS, values) == aggregate(UNITS, mixed)


@given(st.lists(st.none() | quantities, max_size=20))
def test_what_is_not_reported_never_counts_as_anything(values: list[D | None]) -> None:
    reported = [value for value in values if value is not None]
    assert aggregate(UNITS, values) == (sum(reported) if reported else None)


@given(st.sampled_from(list(CountingRule)), quantities, months, people, quantities)
def test_what_can_be_counted_can_be_explained(
    rule: CountingRule, fte: D, worked: D, who: D, hours: D
) -> None:
    given_parts = {
        UNITS: Inputs(quantity=fte),
        FTE: Inputs(fte=fte, months=worked),
        FIRST: Inputs(people=who, months=worked),
        HOURS: Inputs(hours=hours, people=who),
        PERCENT: Inputs(quantity=fte % 101 if fte % 101 <= 100 else D(1)),
    }[rule]
    counted = count(rule, given_parts)
    assert counted is not None
    assert quantity_words(counted) in explain(rule, given_parts)

"""What a contract must carry: worked cases, and the SQL against the pure function."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contracts.models import Contract, ThresholdRule
from contracts.thresholds import CONSIDERED, KPIS, REQUIRED, Case, Duty, Rule, judge, must_carry
from tests.factories import make_award, make_contract

DAY = datetime.date
RULES = (
    Rule(REQUIRED, Decimal("50000"), DAY(2019, 4, 1)),
    Rule(
        CONSIDERED, Decimal("25000"), DAY(2022, 10, 24), applies_at_amount=True, is_confirmed=False
    ),
    Rule(KPIS, Decimal("5000000"), DAY(2025, 2, 24), exempts_light_touch=True),
)
TODAY = DAY(2026, 11, 22)


def duty(name: str, **known: object) -> Duty:
    case = Case(**{"awarded_on": DAY(2025, 5, 3), "value_pounds": None, **known})  # type: ignore[arg-type]
    return {item.duty: item for item in judge(RULES, case, as_of=TODAY)}[name]


def test_over_the_threshold() -> None:
    answer = duty(REQUIRED, value_pounds=Decimal("180000"))
    assert answer.applies is True
    assert answer.sentence == (
        "Awarded on 3 May 2025 at £180,000. The threshold then was £50,000, "
        "so it must carry social value."
    )


def test_exactly_at_a_threshold_that_says_over() -> None:
    """The report speaks of contracts over £50,000: 50,000.00 is not, a penny more is."""
    at = duty(REQUIRED, value_pounds=Decimal("50000.00"))
    assert at.applies is False
    assert "It covers contracts over that amount" in at.sentence
    assert duty(REQUIRED, value_pounds=Decimal("50000.01")).applies is True


def test_exactly_at_a_threshold_that_says_from() -> None:
    assert duty(CONSIDERED, value_pounds=Decimal("25000")).applies is True
    assert duty(CONSIDERED, value_pounds=Decimal("24999.99")).applies is False


def test_a_start_that_is_not_confirmed_says_so() -> None:
    assert duty(CONSIDERED, value_pounds=Decimal("30000")).sentence.endswith(
        "The day this rule began has still to be confirmed."
    )


def test_awarded_before_there_was_a_rule() -> None:
    answer = duty(REQUIRED, awarded_on=DAY(2019, 3, 31), value_pounds=Decimal("900000"))
    assert answer.applies is False
    assert "before the rule came into force on 1 April 2019" in answer.sentence
    assert (
        duty(REQUIRED, awarded_on=DAY(2019, 4, 1), value_pounds=Decimal("900000")).applies is True
    )


def test_not_awarded_yet_gives_the_estimate_against_todays_threshold() -> None:
    answer = duty(REQUIRED, awarded_on=None, estimate_pounds=Decimal("180000"))
    assert answer.applies is None
    assert answer.sentence == (
        "Not awarded yet. The threshold on the award date decides whether it must carry social "
        "value. Its estimated value of £180,000 is over today’s threshold of £50,000."
    )


def test_a_framework_has_no_value_to_judge() -> None:
    answer = duty(REQUIRED, is_framework=True)
    assert answer.applies is None
    assert "A framework has no value of its own" in answer.sentence


def test_no_value_is_not_zero() -> None:
    assert duty(REQUIRED, value_pounds=None).applies is None
    assert duty(REQUIRED, value_pounds=Decimal("0")).applies is False


def test_a_missing_part_of_the_value_can_only_raise_it() -> None:
    """30,000 known and one award without a value: cannot say. 60,000 known: over already."""
    low = duty(REQUIRED, value_pounds=Decimal("30000"), value_is_partial=True)
    assert low.applies is None
    assert "at least one award has none" in low.sentence
    assert duty(REQUIRED, value_pounds=Decimal("60000"), value_is_partial=True).applies is True


def test_kpis_over_five_million_from_24_february_2025() -> None:
    big = Decimal("5000000.01")
    assert duty(KPIS, value_pounds=big, awarded_on=DAY(2025, 2, 24)).applies is True
    assert duty(KPIS, value_pounds=big, awarded_on=DAY(2025, 2, 23)).applies is False
    assert duty(KPIS, value_pounds=Decimal("5000000")).applies is False
    light = duty(KPIS, value_pounds=big, is_light_touch=True)
    assert light.applies is False
    assert "light-touch contract, which this rule exempts" in light.sentence
    earlier = duty(KPIS, value_pounds=big, under_earlier_rules=True)
    assert earlier.applies is False
    assert "before the Procurement Act 2023" in earlier.sentence


amounts = st.one_of(
    st.sampled_from([Decimal("49999.99"), Decimal("50000"), Decimal("50000.01"), Decimal("25000")]),
    st.decimals(min_value=0, max_value=10**9, places=2),
)
days = st.dates(min_value=DAY(2017, 1, 1), max_value=DAY(2027, 1, 1))
parts = st.tuples(st.none() | amounts, st.none() | days)
eras = st.lists(
    st.tuples(days, amounts, st.booleans(), st.booleans(), st.none() | st.integers(0, 2000)),
    max_size=3,
    unique_by=lambda era: era[0],
)


class TestSqlAgrees(TestCase):
    @settings(max_examples=120)
    @given(
        eras=eras, parts=st.lists(parts, max_size=3), framework=st.booleans(), light=st.booleans()
    )
    def test_sql_and_function_give_one_answer(
        self, eras: list, parts: list, framework: bool, light: bool
    ) -> None:
        for starts, amount, at, exempts, lasts in eras:
            ThresholdRule.objects.create(
                duty=REQUIRED,
                amount_pounds=amount,
                starts=starts,
                ends=None if lasts is None else starts + datetime.timedelta(days=lasts),
                applies_at_amount=at,
                exempts_light_touch=exempts,
                source="A test",
            )
        contract = make_contract(is_framework=framework, is_light_touch=light)
        for value, day in parts:
            make_award(contract, value=value, awarded_on=day)
        make_award(contract, value="9999999", awarded_on=DAY(2020, 1, 1), status="cancelled")

        stored = Contract.objects.with_figures().get(pk=contract.pk)
        rules = [
            Rule(
                rule.duty, rule.amount_pounds, rule.starts, rule.ends,
                rule.applies_at_amount, rule.exempts_light_touch,
            )
            for rule in ThresholdRule.objects.all()
        ]  # fmt: skip
        values = [value for value, _ in parts if value is not None]
        dates = [day for _, day in parts if day is not None]
        known = None if framework or not values else sum(values, Decimal(0))
        case = Case(
            awarded_on=min(dates, default=None),
            value_pounds=known,
            value_is_partial=len(values) < len(parts),
            is_framework=framework,
            is_light_touch=light,
        )
        assert stored.value_pounds == known
        assert stored.awarded_on == case.awarded_on
        assert stored.must_carry is must_carry(rules, case)


@pytest.mark.parametrize("amount", ["0.10", "0.30"])
def test_pennies_do_not_push_a_sum_over(db: None, amount: str) -> None:
    """49,999.70 + 0.10 + 0.20 is exactly 50,000.00, also where the database adds in binary."""
    ThresholdRule.objects.create(
        duty=REQUIRED, amount_pounds=Decimal("50000"), starts=DAY(2019, 4, 1), source="A test"
    )
    contract = make_contract()
    for value in ("49999.70", amount, str(Decimal("0.30") - Decimal(amount))):
        make_award(contract, value=value, awarded_on=DAY(2025, 1, 1))
    assert Contract.objects.with_figures().get(pk=contract.pk).must_carry is False

"""What a contract must carry, by the rule in force on the day it was awarded. Pure.

Three duties are judged, each by its own dated rules: social value required, social value
considered, and the KPIs of the Procurement Act 2023. Each answer is True, False or None
(cannot be said) and comes with the sentence that explains it to a reader.
`ContractQuerySet.with_figures` gives the same answer for `required` in SQL.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from trafford_sv.core.periods import MONTHS

REQUIRED, CONSIDERED, KPIS = "required", "considered", "kpis"
DUTIES = (REQUIRED, CONSIDERED, KPIS)


@dataclass(frozen=True)
class Rule:
    """A dated rule. `amount_pounds` itself counts only where `applies_at_amount`."""

    duty: str
    amount_pounds: Decimal
    starts: datetime.date
    ends: datetime.date | None = None
    applies_at_amount: bool = False
    exempts_light_touch: bool = False
    is_confirmed: bool = True
    source: str = ""

    def in_force_on(self, day: datetime.date) -> bool:
        return self.starts <= day and (self.ends is None or self.ends >= day)

    def covers(self, value_pounds: Decimal) -> bool:
        if value_pounds == self.amount_pounds:
            return self.applies_at_amount
        return value_pounds > self.amount_pounds


@dataclass(frozen=True)
class Case:
    """What is known of a contract. `value_pounds` adds its awards; None where none has one.

    `value_is_partial`: at least one award has no value, so the true value may be higher.
    """

    awarded_on: datetime.date | None
    value_pounds: Decimal | None
    value_is_partial: bool = False
    is_framework: bool = False
    is_light_touch: bool = False
    under_earlier_rules: bool = False
    estimate_pounds: Decimal | None = None


@dataclass(frozen=True)
class Duty:
    """`applies`: True, False, or None where it cannot be said. `rule` is the one in force then."""

    duty: str
    applies: bool | None
    sentence: str
    rule: Rule | None = None


def rule_on(rules: Iterable[Rule], duty: str, day: datetime.date) -> Rule | None:
    """The latest rule for the duty that was in force on the day."""
    held = [rule for rule in rules if rule.duty == duty and rule.in_force_on(day)]
    return max(held, key=lambda rule: rule.starts, default=None)


def judge(rules: Iterable[Rule], case: Case, *, as_of: datetime.date) -> tuple[Duty, ...]:
    """The three duties in order. `as_of` serves only the forecast for a contract not yet awarded."""
    held = tuple(rules)
    return tuple(_judge_one(held, duty, case, as_of) for duty in DUTIES)


def must_carry(rules: Iterable[Rule], case: Case) -> bool | None:
    """The bare answer for `required`."""
    return _answer(tuple(rules), REQUIRED, case)


def _answer(rules: tuple[Rule, ...], duty: str, case: Case) -> bool | None:
    if case.awarded_on is None:
        return None
    rule = rule_on(rules, duty, case.awarded_on)
    if rule is None or (rule.exempts_light_touch and case.is_light_touch):
        return False
    if duty == KPIS and case.under_earlier_rules:
        return False
    if case.is_framework or case.value_pounds is None:
        return None
    if rule.covers(case.value_pounds):
        return True
    return None if case.value_is_partial else False


_MUST = {
    REQUIRED: "it must carry social value",
    CONSIDERED: "social value should be considered",
    KPIS: "it must have three key performance indicators and a published rating every year",
}
_NEED_NOT = {
    REQUIRED: "it need not carry social value",
    CONSIDERED: "social value need not be considered",
    KPIS: "it needs no published key performance indicators",
}
_WHETHER = {
    REQUIRED: "whether it must carry social value",
    CONSIDERED: "whether social value should be considered",
    KPIS: "whether it needs published key performance indicators",
}


def _judge_one(rules: tuple[Rule, ...], duty: str, case: Case, as_of: datetime.date) -> Duty:
    applies = _answer(rules, duty, case)
    if case.awarded_on is None:
        return Duty(duty, None, _before_award(rules, duty, case, as_of))
    rule = rule_on(rules, duty, case.awarded_on)
    sentence = _after_award(rules, duty, case, rule, case.awarded_on, applies)
    if rule is not None and not rule.is_confirmed:
        sentence += " The day this rule began has still to be confirmed."
    return Duty(duty, applies, sentence, rule)


def _after_award(
    rules: tuple[Rule, ...],
    duty: str,
    case: Case,
    rule: Rule | None,
    awarded_on: datetime.date,
    applies: bool | None,
) -> str:
    awarded = f"Awarded on {day_words(awarded_on)}"
    if rule is None:
        later = sorted(
            item.starts for item in rules if item.duty == duty and item.starts > awarded_on
        )
        when = f", before the rule came into force on {day_words(later[0])}" if later else ""
        when = when or ", when no rule was in force"
        return f"{awarded}{when}, so {_NEED_NOT[duty]}."
    if rule.exempts_light_touch and case.is_light_touch:
        return f"It is a light-touch contract, which this rule exempts, so {_NEED_NOT[duty]}."
    if duty == KPIS and case.under_earlier_rules:
        return f"It was procured under the rules before the Procurement Act 2023, so {_NEED_NOT[duty]}."
    threshold = f"The threshold then was {amount_words(rule.amount_pounds)}"
    if case.is_framework:
        return (
            f"{awarded}. A framework has no value of its own, so the threshold is applied to each "
            "contract called off under it."
        )
    if case.value_pounds is None:
        return f"{awarded}, with no value recorded. {threshold}. Add the value to see {_WHETHER[duty]}."
    if applies is None:
        return (
            f"{awarded}. The values recorded so far come to {amount_words(case.value_pounds)}, and at "
            f"least one award has none. {threshold}. Add the missing value to see {_WHETHER[duty]}."
        )
    at = f"{awarded} at {amount_words(case.value_pounds)}. {threshold}"
    if applies:
        return f"{at}, so {_MUST[duty]}."
    if case.value_pounds == rule.amount_pounds:
        return f"{at}. It covers contracts over that amount, so {_NEED_NOT[duty]}."
    return f"{at}, so {_NEED_NOT[duty]}."


def _before_award(rules: tuple[Rule, ...], duty: str, case: Case, as_of: datetime.date) -> str:
    text = f"Not awarded yet. The threshold on the award date decides {_WHETHER[duty]}."
    rule = rule_on(rules, duty, as_of)
    if rule is None or case.estimate_pounds is None or case.is_framework:
        return text
    if rule.exempts_light_touch and case.is_light_touch:
        return text
    side = "over" if case.estimate_pounds > rule.amount_pounds else "under"
    if case.estimate_pounds == rule.amount_pounds:
        side = "exactly at"
    return (
        f"{text} Its estimated value of {amount_words(case.estimate_pounds)} is {side} "
        f"today’s threshold of {amount_words(rule.amount_pounds)}."
    )


def day_words(day: datetime.date) -> str:
    return f"{day.day} {MONTHS[day.month - 1]} {day.year}"


def amount_words(amount: Decimal) -> str:
    """£180,000; pence only where there are some: £49,999.99."""
    return f"£{amount:,.2f}".removesuffix(".00")

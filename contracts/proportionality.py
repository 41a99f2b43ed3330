"""Is what a tender asks for in proportion to the contract? Pure.

The limits below are this product's own starting point, to be changed by the council. They are
advice with a reason: an officer may go on and say why. The weighting is STAR policy.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from trafford_sv.core.money import percentage, readable


@dataclass(frozen=True)
class ValueBand:
    """At most so many measures for a contract below this value. None: any value above the rest."""

    below_pounds: Decimal | None
    most_measures: int


DEFAULT_BANDS = (
    ValueBand(Decimal(100_000), 3),
    ValueBand(Decimal(1_000_000), 6),
    ValueBand(Decimal(5_000_000), 10),
    ValueBand(None, 15),
)
LEAST_WEIGHTING = Decimal("0.20")
SHORT_CONTRACT_MONTHS = 12
MOST_MEASURES_WHEN_SHORT = 5


@dataclass(frozen=True)
class Limits:
    """`most_measures` holds for every contract, over the bands, where it is set."""

    bands: Sequence[ValueBand] = DEFAULT_BANDS
    most_measures: int | None = None
    least_weighting: Decimal = LEAST_WEIGHTING
    short_contract_months: int = SHORT_CONTRACT_MONTHS
    most_measures_when_short: int = MOST_MEASURES_WHEN_SHORT


@dataclass(frozen=True)
class Finding:
    """True: in proportion. False: look again. None: cannot be said. Always with its sentence."""

    ok: bool | None
    sentence: str
    code: str = field(default="")


def check(
    number_of_measures: int,
    contract_value: Decimal | None,
    months: int | None,
    limits: Limits | None = None,
    *,
    weighting: Decimal | None = None,
) -> tuple[Finding, ...]:
    """The findings in a fixed order: measures by value, by length, and the weighting."""
    limits = limits or Limits()
    return (
        _by_value(number_of_measures, contract_value, limits),
        _by_length(number_of_measures, months, limits),
        _by_weighting(weighting, limits),
    )


def is_proportionate(findings: Sequence[Finding]) -> bool:
    """No finding says to look again."""
    return all(finding.ok is not False for finding in findings)


def most_measures_for(contract_value: Decimal, limits: Limits) -> int | None:
    """The most measures for this value; None where no band covers it and no limit is set."""
    ordered = sorted(
        limits.bands, key=lambda band: (band.below_pounds is None, band.below_pounds or Decimal(0))
    )
    found = next(
        (
            band.most_measures
            for band in ordered
            if band.below_pounds is None or contract_value < band.below_pounds
        ),
        None,
    )
    if limits.most_measures is not None:
        found = limits.most_measures if found is None else min(found, limits.most_measures)
    return found


def _by_value(number: int, value: Decimal | None, limits: Limits) -> Finding:
    code = "measures_by_value"
    if number <= 0:
        return Finding(False, "No measures are asked for. Choose at least one.", code)
    if value is None:
        return Finding(None, "The contract has no value yet, so this cannot be checked.", code)
    most = most_measures_for(value, limits)
    if most is None:
        return Finding(True, f"No limit is set for a contract of {readable(value)}.", code)
    asked = _measures(number)
    if number <= most:
        return Finding(
            True, f"{asked} for a contract of {readable(value)}: at most {most} are advised.", code
        )
    return Finding(
        False,
        f"{asked} are many for a contract of {readable(value)}. Ask for {most} or fewer, so that "
        "smaller bidders can answer too.",
        code,
    )


def _by_length(number: int, months: int | None, limits: Limits) -> Finding:
    code = "measures_by_length"
    if months is None:
        return Finding(None, "The contract has no dates yet, so this cannot be checked.", code)
    if months >= limits.short_contract_months:
        return Finding(
            True, f"{_months(months)} are long enough for measures that take a year.", code
        )
    most = limits.most_measures_when_short
    if number <= most:
        return Finding(
            True, f"{_measures(number)} for {_months(months)}: at most {most} are advised.", code
        )
    return Finding(
        False,
        f"{_measures(number)} are many for {_months(months)}. A contract shorter than "
        f"{_months(limits.short_contract_months)} can deliver {most} or fewer.",
        code,
    )


def _by_weighting(weighting: Decimal | None, limits: Limits) -> Finding:
    code = "weighting"
    least = percentage(limits.least_weighting)
    if weighting is None:
        return Finding(None, f"No weighting is set yet. It must be at least {least}.", code)
    if weighting < limits.least_weighting:
        return Finding(
            False,
            f"Social value weighs {_percent(weighting)} of the score. Give it at least {least}.",
            code,
        )
    return Finding(
        True, f"Social value weighs {_percent(weighting)} of the score, at least {least}.", code
    )


def _percent(value: Decimal) -> str:
    text = f"{value * 100:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _measures(number: int) -> str:
    return "1 measure" if number == 1 else f"{number} measures"


def _months(number: int) -> str:
    return "1 month" if number == 1 else f"{number} months"

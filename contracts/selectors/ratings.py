"""Yearly ratings of large contracts: who must have one, for which years, and what it rests on."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet

from trafford_sv.core.access import reach
from trafford_sv.core.money import share

from .. import thresholds
from ..counting import EXACT, quantity_words
from ..delivery_rating import WORDS, ProposedRating, RatingCode, propose_rating, refused
from ..licensing import may_show_text
from ..models import Commitment, Contract, DeliveryRating
from ..thresholds import day_words
from .contracts import current_rules
from .pacing import JOINED, CommitmentPace, QuarterLine, QuarterState, paces_of

ZERO = Decimal(0)


@dataclass(frozen=True)
class ContractYear:
    """A year of a contract, counted from its first day; the last may be shorter."""

    starts: datetime.date
    ends: datetime.date

    @property
    def label(self) -> str:
        return f"{day_words(self.starts)} to {day_words(self.ends)}"


def visible_ratings(user: Any) -> QuerySet[DeliveryRating]:
    """A supplier sees its own, a contract manager those of the directorate."""
    rows = DeliveryRating.objects.select_related(
        "contract__directorate", "contract__buyer", "supplier"
    )
    everything, own = reach(user, "view_returns")
    if everything:
        return rows
    directorates = [pk for role, pk in own if role == "contract_manager"]
    suppliers = [pk for role, pk in own if role == "supplier"]
    return rows.filter(Q(contract__directorate__in=directorates) | Q(supplier__in=suppliers))


def years_over(contract: Contract, as_of: datetime.date) -> list[ContractYear]:
    """The contract's years that are over, newest first."""
    found: list[ContractYear] = []
    if contract.start is None:
        return found
    number, starts = 1, contract.start
    while starts < as_of and (contract.end is None or starts <= contract.end):
        following = _years_later(contract.start, number)
        ends = following - datetime.timedelta(days=1)
        if contract.end is not None:
            ends = min(ends, contract.end)
        if ends < as_of:
            found.append(ContractYear(starts, ends))
        number, starts = number + 1, following
    return found[::-1]


def _years_later(day: datetime.date, years: int) -> datetime.date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:  # 29 February
        return day.replace(year=day.year + years, day=28)


def rating_refusal(contract: Contract, *, as_of: datetime.date) -> str | None:
    """Why this contract gets no yearly rating, or None where it does. Three queries."""
    if contract.kind != Contract.Kind.CONTRACT:
        return f"Yearly ratings are for contracts. This is a {contract.get_kind_display().lower()}."
    row: Any = Contract.objects.with_figures().get(pk=contract.pk)
    case = thresholds.Case(
        awarded_on=row.awarded_on,
        value_pounds=row.value_pounds,
        value_is_partial=row.value_is_partial,
        is_framework=row.is_framework,
        is_light_touch=row.is_light_touch,
        under_earlier_rules=row.regime == Contract.Regime.PCR_2015,
    )
    duty = next(
        one
        for one in thresholds.judge(current_rules(), case, as_of=as_of)
        if one.duty == thresholds.KPIS
    )
    if row.is_light_touch and duty.rule is not None and duty.rule.exempts_light_touch:
        return "This is a light-touch contract, which the Act exempts from yearly ratings."
    if not duty.applies or duty.rule is None:
        return duty.sentence
    kpis = Commitment.objects.filter(contract=contract, state=Commitment.State.AGREED).count()
    # The value and the day are judged above, by the dated rule; what is left is dates and KPIs.
    sentence = refused(
        False,
        row.value_pounds,
        row.start and max(row.start, duty.rule.starts),
        kpis,
        above_pounds=duty.rule.amount_pounds - Decimal("0.01") * duty.rule.applies_at_amount,
        since=duty.rule.starts,
    )
    if sentence is None and not years_over(contract, as_of):
        first = _years_later(contract.start or as_of, 1)
        return f"The first year of this contract is not over before {day_words(first)}."
    return sentence


@dataclass(frozen=True)
class RatingBasis:
    """What the rule is applied to: one entry for each commitment with something due in the year."""

    proposed: ProposedRating
    entries: tuple[dict[str, Any], ...]


def rating_basis(
    contract: Contract, supplier: Any, year: ContractYear, *, as_of: datetime.date
) -> RatingBasis:
    """Each commitment's verified share of what was due in the year, weighed by its pounds.

    A quarter belongs to the year that holds its last day inside the contract. What is not known
    of a commitment (missing, blank, not decided) keeps its part of the weight, as not known.
    """
    rows = Commitment.objects.filter(
        contract=contract, supplier=supplier, state=Commitment.State.AGREED
    )
    found = [
        (one, _of_the_year(one, contract, year))
        for one in paces_of(rows.order_by("number").select_related(*JOINED), as_of=as_of)
    ]
    found = [(one, lines) for one, lines in found if sum((each.due for each in lines), ZERO) > 0]
    has_pounds = any(one.commitment.committed_pounds for one, _ in found)
    shares: dict[str, Decimal | None] = {}
    weights: dict[str, Decimal] = {}
    entries = []
    for one, lines in found:
        entry, known_share, weight = _entry(one, lines, has_pounds)
        key = f"{one.commitment.number:05d}"
        due = sum((each.due for each in lines), ZERO)
        unknown = sum((each.due for each in lines if not _is_known(each)), ZERO)
        if one.is_percentage:
            due, unknown = Decimal(1), ZERO if known_share is not None else Decimal(1)
        if unknown < due:
            shares[key] = known_share
            weights[key] = EXACT.divide(EXACT.multiply(weight, due - unknown), due)
        if unknown > 0:
            shares[f"{key} not known"] = None
            weights[f"{key} not known"] = EXACT.divide(EXACT.multiply(weight, unknown), due)
        entries.append(entry)
    return RatingBasis(propose_rating(shares, weights), tuple(entries))


def _is_known(line: QuarterLine) -> bool:
    return line.state == QuarterState.VERIFIED


def _of_the_year(
    found: CommitmentPace, contract: Contract, year: ContractYear
) -> list[QuarterLine]:
    def last_day(line: QuarterLine) -> datetime.date:
        return line.quarter.end if contract.end is None else min(line.quarter.end, contract.end)

    return [line for line in found.quarters if year.starts <= last_day(line) <= year.ends]


def _entry(
    found: CommitmentPace, lines: Sequence[QuarterLine], has_pounds: bool
) -> tuple[dict[str, Any], Decimal | None, Decimal]:
    commitment, measure = found.commitment, found.commitment.measure
    known = [line for line in lines if _is_known(line)]
    if found.is_percentage:
        due = commitment.promised_quantity
        verified = known[-1].verified if known else None
        due_known = due if known else ZERO
    else:
        due = sum((line.due for line in lines), ZERO)
        due_known = sum((line.due for line in known), ZERO)
        verified = sum((line.verified or ZERO for line in known), ZERO) if known else None
    own = share(verified, due_known)
    year_share = EXACT.divide(due, commitment.promised_quantity)
    pounds = commitment.committed_pounds or ZERO
    weight = EXACT.multiply(pounds, year_share) if has_pounds else Decimal(1)
    alone = propose_rating({"it": own}, {"it": Decimal(1)})
    unknown = [str(line.quarter) for line in lines if line.due and not _is_known(line)]
    code = alone.code
    if unknown and code == RatingCode.GOOD:
        code = RatingCode.APPROACHING_TARGET
    may_publish = may_show_text(measure.edition.text_may_be_published, is_public=True, outward=True)
    name = commitment.title or measure.title
    return (
        {
            "commitment": commitment.pk,
            "number": commitment.number,
            "measure": measure.code,
            "name": name,
            # The agreement's own words may go out; the measure's only where its licence allows.
            "published_name": name if commitment.title or may_publish else measure.code,
            "unit": measure.unit,
            "due": quantity_words(due),
            "due_in_known_quarters": quantity_words(due_known),
            "verified": None if verified is None else quantity_words(verified),
            "share": None if own is None else str(own.quantize(Decimal("0.0001"))),
            "not_known": unknown,
            "code": str(code.value),
            "word": WORDS[code],
        },
        own,
        weight,
    )

"""How each agreed commitment stands against its profile, from the rows. Three queries, however many.

The rating is by what is verified; what is only reported stands beside it and says so. A quarter is
compared once all of its lines are decided; until then it waits and is named. A missing return is
unknown, a blank line too: neither is ever taken as 0. Of a shared activity only the share that
this agreement claims is delivered for it.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import Exists, OuterRef

from trafford_sv.core.periods import Quarter

from ..counting import CountingRule, aggregate, claimed
from ..due_dates import due_on
from ..models import (
    Commitment,
    Contract,
    DeliveryReturn,
    ProfileQuarter,
    RecoveryAction,
    ReturnLine,
)
from ..pacing import (
    AMBER,
    GREEN,
    NOT_YET,
    ContractPace,
    Pace,
    Rating,
    WeighedPace,
    contract_pace,
    pace,
)


class QuarterState(StrEnum):
    """What is known of one quarter of one commitment."""

    VERIFIED = "verified"
    WAITING = "waiting"
    BLANK = "blank"
    MISSING = "missing"
    DUE = "due"
    TO_COME = "to_come"

    @property
    def words(self) -> str:
        return {
            "verified": "Verified",
            "waiting": "Waits for verification",
            "blank": "Left blank in the return",
            "missing": "Return not in",
            "due": "Return not due yet",
            "to_come": "To come",
        }[self.value]


@dataclass(frozen=True)
class QuarterLine:
    """One quarter: due by the profile, reported and verified; None is not known."""

    quarter: Quarter
    due: Decimal
    reported: Decimal | None
    verified: Decimal | None
    reported_pounds: Decimal | None
    verified_pounds: Decimal | None
    state: QuarterState


@dataclass(frozen=True)
class _Said:
    """One line's quantities, this agreement's share of them, and the pounds as stored."""

    reported: Decimal
    verified: Decimal | None
    reported_pounds: Decimal | None
    verified_pounds: Decimal | None


@dataclass(frozen=True)
class CommitmentPace:
    """`verified` is the pace that the rating goes by; `reported` takes the supplier's word."""

    commitment: Commitment
    verified: Pace
    reported: Pace
    quarters: tuple[QuarterLine, ...]
    recovery: RecoveryAction | None

    @property
    def rating(self) -> Rating:
        return self.verified.rating

    @property
    def is_percentage(self) -> bool:
        return self.commitment.measure.counting == CountingRule.PERCENTAGE.value

    def in_state(self, state: QuarterState) -> tuple[Quarter, ...]:
        return tuple(line.quarter for line in self.quarters if line.state == state)


@dataclass(frozen=True)
class AgreementPace:
    """An agreement's commitments, worst first, and the one rating over them."""

    overall: ContractPace
    rows: tuple[CommitmentPace, ...]


def last_due(as_of: datetime.date) -> Quarter:
    """The last quarter whose return is due by now and may be called missing."""
    quarter = Quarter.of(as_of).previous
    while due_on(quarter) >= as_of:
        quarter = quarter.previous
    return quarter


def commitment_paces(
    contract: Contract, *, as_of: datetime.date, user: Any = None, supplier: Any = None
) -> list[CommitmentPace]:
    """Of the agreement's agreed commitments that `user` may see, or of all where None.

    `supplier` narrows them to one supplier's own.
    """
    seen = Commitment.objects.all() if user is None else Commitment.objects.visible_to(user)
    rows = seen.filter(contract=contract, state=Commitment.State.AGREED)
    if supplier is not None:
        rows = rows.filter(supplier=supplier)
    return paces_of(rows.select_related(*JOINED), as_of=as_of)


JOINED = ("contract", "supplier", "value", "measure__edition")


def supplier_paces(
    organisation: Any, *, as_of: datetime.date, user: Any = None
) -> list[CommitmentPace]:
    """Of one supplier's agreed commitments in agreements that are not ended, worst first."""
    seen = Commitment.objects.all() if user is None else Commitment.objects.visible_to(user)
    rows = seen.filter(supplier=organisation, state=Commitment.State.AGREED)
    rows = rows.exclude(contract__stage__in=[Contract.Stage.ENDED, Contract.Stage.TERMINATED])
    return list(agreement_pace(paces_of(rows.select_related(*JOINED), as_of=as_of)).rows)


def agreement_pace(rows: Iterable[CommitmentPace]) -> AgreementPace:
    """Worst first, weighed by committed pounds."""
    by_label = {f"{row.commitment.pk:012d}": row for row in rows}
    overall = contract_pace(
        WeighedPace(label, row.commitment.committed_pounds, row.verified)
        for label, row in by_label.items()
    )
    return AgreementPace(overall, tuple(by_label[one.label] for one in overall.worst_first))


def paces_of(
    commitments: Iterable[Commitment], *, as_of: datetime.date, with_recoveries: bool = True
) -> list[CommitmentPace]:
    """The paces of these commitments, in their order. Read them with `select_related(*JOINED)`."""
    held = list(commitments)
    keys = [one.pk for one in held]
    if not keys:
        return []
    profiles: dict[int, list[tuple[Quarter, Decimal]]] = defaultdict(list)
    received: dict[int, set[Quarter]] = defaultdict(set)
    came = DeliveryReturn.objects.received().filter(  # type: ignore[attr-defined]
        contract=OuterRef("commitment__contract"),
        supplier=OuterRef("commitment__supplier"),
        financial_year=OuterRef("financial_year"),
        quarter=OuterRef("quarter"),
    )
    for pk, year, number, due, has_return in (
        ProfileQuarter.objects.filter(commitment__in=keys)
        .annotate(has_return=Exists(came))
        .values_list("commitment_id", "financial_year", "quarter", "due_quantity", "has_return")
    ):
        profiles[pk].append((Quarter(year, number), due))
        if has_return:
            received[pk].add(Quarter(year, number))
    lines: dict[int, dict[Quarter, list[_Said]]] = defaultdict(lambda: defaultdict(list))
    for pk, year, number, reported, verified, share, counting, *amounts in (
        ReturnLine.objects.filter(
            commitment__in=keys, is_counted=True, reported_quantity__isnull=False
        )
        .order_by("number")
        .values_list(
            "commitment_id",
            "delivery_return__financial_year",
            "delivery_return__quarter",
            "reported_quantity",
            "verified_quantity",
            "attribution_share",
            "commitment__measure__counting",
            "reported_pounds",
            "verified_pounds",
        )
    ):
        lines[pk][Quarter(year, number)].append(
            _Said(
                claimed(counting, reported, share) or Decimal(0),
                claimed(counting, verified, share),
                *amounts,
            )
        )
    opened = RecoveryAction.objects.filter(commitment__in=keys, state=RecoveryAction.State.OPEN)
    recoveries = {one.commitment_id: one for one in opened} if with_recoveries else {}
    overdue = last_due(as_of)
    return [
        _one(
            one,
            sorted(profiles[one.pk]),
            lines[one.pk],
            received[one.pk],
            recoveries.get(one.pk),
            as_of,
            overdue,
        )
        for one in held
    ]


def _one(
    commitment: Commitment,
    profile: list[tuple[Quarter, Decimal]],
    lines: dict[Quarter, list[_Said]],
    received: set[Quarter],
    recovery: RecoveryAction | None,
    as_of: datetime.date,
    overdue: Quarter,
) -> CommitmentPace:
    rule = CountingRule(commitment.measure.counting)
    due = dict(profile)
    end = commitment.contract.end
    found = [
        _quarter(
            quarter, due.get(quarter), lines.get(quarter, ()), received, rule, as_of, overdue, end
        )
        for quarter in sorted({*due, *lines})
    ]

    def seen(name: str) -> dict[Quarter, Decimal | None]:
        known = {
            line.quarter: getattr(line, name)
            for line in found
            if line.state == QuarterState.VERIFIED
            or (name == "reported" and line.state == QuarterState.WAITING)
        }
        return known | {line.quarter: None for line in found if line.state == QuarterState.MISSING}

    promised = commitment.promised_quantity
    by_verified = pace(promised, profile, seen("verified"), as_of, rule)
    by_reported = pace(promised, profile, seen("reported"), as_of, rule)
    waiting = tuple(line for line in found if line.state == QuarterState.WAITING)
    blank = tuple(line for line in found if line.state == QuarterState.BLANK)
    return CommitmentPace(
        commitment=commitment,
        verified=_with_unknown(by_verified, waiting, blank),
        reported=_with_unknown(by_reported, (), blank),
        quarters=tuple(found),
        recovery=recovery,
    )


def _quarter(
    quarter: Quarter,
    due: Decimal | None,
    said: Sequence[_Said],
    received: set[Quarter],
    rule: CountingRule,
    as_of: datetime.date,
    overdue: Quarter,
    end: datetime.date | None,
) -> QuarterLine:
    reported = aggregate(rule, (one.reported for one in said))
    verified = aggregate(rule, (one.verified for one in said))
    is_asked = bool(due) and (end is None or quarter.start <= end)
    if said:
        is_decided = all(one.verified is not None for one in said)
        state = QuarterState.VERIFIED if is_decided else QuarterState.WAITING
    elif quarter in received and is_asked and quarter.end < as_of:
        state = QuarterState.BLANK
    elif is_asked and quarter <= overdue and quarter not in received:
        state = QuarterState.MISSING
    else:
        state = QuarterState.DUE if quarter.end < as_of else QuarterState.TO_COME
    return QuarterLine(
        quarter,
        due if due is not None else Decimal(0),
        reported,
        verified,
        _total(one.reported_pounds for one in said),
        _total(one.verified_pounds for one in said),
        state,
    )


def _total(amounts: Iterable[Decimal | None]) -> Decimal | None:
    known = [amount for amount in amounts if amount is not None]
    return sum(known, Decimal(0)) if known else None


def _with_unknown(
    found: Pace, waiting: Sequence[QuarterLine], blank: Sequence[QuarterLine]
) -> Pace:
    """What the pure rule cannot see: lines that wait for a decision, and lines left blank."""
    if not waiting and not blank:
        return found
    is_kept = found.delivered is not None and found.delivered >= found.promised
    rating = found.rating
    if blank and not is_kept and rating in (GREEN, NOT_YET):
        rating = AMBER
    reasons = list(found.reasons)
    if found.delivered is None and not found.missing:
        reasons = []  # "nothing is due yet" would be wrong
    reasons += [
        f"{_named(waiting)} {'waits' if len(waiting) == 1 else 'wait'} for verification and "
        f"{'is' if len(waiting) == 1 else 'are'} left out until then."
    ] * bool(waiting)
    reasons += [
        f"The return for {_named(blank)} says nothing about this commitment; "
        "blank is not nothing, so it is not known."
    ] * bool(blank)
    return replace(found, rating=rating, reasons=tuple(reasons))


def _named(lines: Sequence[QuarterLine]) -> str:
    return ", ".join(line.quarter.short for line in lines)

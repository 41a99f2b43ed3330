"""One return with its lines, what was promised, its files and everything that happened to it."""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import closed_quarters

from ..counting import CountingError, CountingRule, Inputs, count, explain
from ..due_dates import due_on
from ..models import (
    Commitment,
    ConfirmationRequest,
    DeliveryReturn,
    EvidenceLink,
    Measure,
    ProfileQuarter,
    ReturnEvent,
    ReturnLine,
)
from ..return_rules import fingerprint, line_is_editable, line_warnings, return_is_editable
from .claimed import claimed_quantity


@dataclass(frozen=True)
class FileLine:
    """One evidence file of a line. Its bytes may have been deleted when their time was over."""

    pk: Any
    name: str
    kind: str
    size_bytes: int
    warnings: tuple[str, ...]
    uploaded_at: datetime.datetime
    uploaded_by: str
    is_deleted: bool
    link_pk: int


@dataclass(frozen=True)
class Confirmation:
    """What a beneficiary was asked, and what they answered."""

    pk: int
    organisation: str
    state: str
    asked_quantity: Decimal
    asked_at: datetime.datetime
    confirmed_quantity: Decimal | None
    comment: str
    answered_at: datetime.datetime | None
    answered_by_role: str


@dataclass(frozen=True)
class LineDetail:
    """One line as typed, as counted and as decided. Quantities are None where nothing was said."""

    row: ReturnLine
    is_editable: bool
    counted_now: Decimal | None  # by the rule, from what is typed now
    explanation: str
    problem: str
    warnings: tuple[str, ...]
    months_before: Decimal
    activity_code: str
    activity_title: str
    files: tuple[FileLine, ...] = ()
    confirmations: tuple[Confirmation, ...] = ()

    @property
    def pk(self) -> int:
        return self.row.pk

    @property
    def is_typed(self) -> bool:
        return self.counted_now is not None or bool(self.problem)

    @property
    def disputed_quantity(self) -> Decimal | None:
        """What the beneficiary did not confirm, None while nobody has answered."""
        for asked in self.confirmations:
            if asked.confirmed_quantity is not None and self.row.reported_quantity is not None:
                return max(Decimal(0), self.row.reported_quantity - asked.confirmed_quantity)
        return None


@dataclass(frozen=True)
class PromiseDetail:
    """A commitment beside its lines: what was promised, what is due, what came before."""

    row: Commitment
    due_quantity: Decimal | None  # by the profile, in this quarter; None: the profile has no row
    delivered_quantity: Decimal | None  # reported in all other quarters
    verified_quantity: Decimal | None
    lines: tuple[LineDetail, ...] = ()

    @property
    def pk(self) -> int:
        return self.row.pk

    @property
    def measure(self) -> Measure:
        return self.row.measure

    @property
    def rule(self) -> CountingRule:
        return CountingRule(self.row.measure.counting)

    @property
    def title(self) -> str:
        return self.row.title or self.row.measure.title


@dataclass(frozen=True)
class ReturnDetail:
    row: DeliveryReturn
    due_on: datetime.date
    is_editable: bool
    counted_quarter_is_closed: bool
    promises: tuple[PromiseDetail, ...]
    events: tuple[ReturnEvent, ...] = field(default=())

    @property
    def pk(self) -> int:
        return self.row.pk

    @property
    def period(self) -> Quarter:
        return self.row.period

    @property
    def lines(self) -> tuple[LineDetail, ...]:
        return tuple(line for promise in self.promises for line in promise.lines)

    @property
    def fingerprint(self) -> str:
        """What the reader has seen; `submit_return` refuses to send anything else."""
        return fingerprint(self.row.version, ((line.pk, line.row.version) for line in self.lines))

    @property
    def is_late_into(self) -> Quarter | None:
        """The quarter it counts in, where that is not the one that it is about."""
        counted = self.row.counted_in
        return counted if counted is not None and counted != self.period else None


def return_detail(pk: int, user: Any, *, returns: Any = None) -> ReturnDetail:
    """The return, if this person may see it. Raises DeliveryReturn.DoesNotExist.

    At most nine queries, however many lines. `returns`: rows that are limited further.
    """
    rows = DeliveryReturn.objects.all() if returns is None else returns
    row = (
        rows.visible_to(user)
        .select_related("contract", "supplier", "contract__directorate")
        .get(pk=pk)
    )
    seen: Any = ReturnLine.objects.filter(delivery_return=row)
    lines = list(
        seen.visible_to(user).select_related("partner", "claim__activity").order_by("number")
    )
    promises = list(_promises(row, {line.commitment_id for line in lines}))
    by_key = {promise.pk: promise for promise in promises}
    files = _files(row)
    confirmations = _confirmations(row)
    before = months_before(row, promises)
    shown: dict[int, list[LineDetail]] = defaultdict(list)
    for line in lines:
        line.delivery_return = row
        line.commitment = by_key[line.commitment_id]
        shown[line.commitment_id].append(
            line_detail(
                line,
                months_counted_before=before.get((line.commitment_id, line.happened_on)),
                files=files.get(line.pk, ()),
                confirmations=confirmations.get(line.pk, ()),
            )
        )
    counted = row.counted_in
    return ReturnDetail(
        row=row,
        due_on=due_on(row.period),
        is_editable=return_is_editable(row.state),
        counted_quarter_is_closed=counted is not None and counted in closed_quarters(),
        promises=tuple(
            PromiseDetail(
                promise,
                promise.due_here,
                promise.latest_before
                if promise.measure.counting == Measure.Counting.PERCENTAGE
                else promise.reported_before,
                promise.latest_verified
                if promise.measure.counting == Measure.Counting.PERCENTAGE
                else promise.verified_before,
                tuple(shown[promise.pk]),
            )
            for promise in promises
        ),
        events=tuple(row.events.select_related("line").order_by("at", "pk")),
    )


def line_detail(
    line: ReturnLine,
    *,
    months_counted_before: Decimal | None = None,
    files: tuple[FileLine, ...] = (),
    confirmations: tuple[Confirmation, ...] = (),
) -> LineDetail:
    """A line with its commitment and return at hand, counted as it is typed now."""
    row, commitment = line.delivery_return, line.commitment
    before = months_counted_before or Decimal(0)
    rule = CountingRule(commitment.measure.counting)
    counted, explanation, problem = None, "", ""
    try:
        inputs = inputs_of(line, before)
        counted = count(rule, inputs)
        explanation = explain(rule, inputs)
    except CountingError as error:
        problem = str(error)
    claim = getattr(line, "claim", None)
    return LineDetail(
        row=line,
        is_editable=line_is_editable(row.state, line.state),
        counted_now=counted,
        explanation=explanation,
        problem=problem,
        warnings=line_warnings(
            rule, counted, commitment.promised_quantity, line.happened_on, row.period
        ),
        months_before=before,
        activity_code=claim.activity.code if claim else "",
        activity_title=claim.activity.title if claim else "",
        files=files,
        confirmations=confirmations,
    )


def inputs_of(line: ReturnLine, months_counted_before: Decimal = Decimal(0)) -> Inputs:
    """What was typed on a line, for `contracts.counting`."""
    return Inputs(
        quantity=line.given_quantity,
        fte=line.fte_quantity,
        months=line.months_quantity,
        people=line.people_quantity,
        hours=line.hours_quantity,
        months_before=months_counted_before,
    )


def months_before(
    row: DeliveryReturn, commitments: Iterable[Commitment]
) -> Mapping[tuple[int, datetime.date | None], Decimal]:
    """Months counted in the supplier's other returns, by (commitment, day they started).

    People are a group by the day on which they started work. Whichever quarter was sent first,
    a group never counts for more than twelve months. A commitment carries on the one that it
    varies. No query where nothing is counted for the first year only.
    """
    own = [each for each in commitments if each.measure.counting == Measure.Counting.FIRST_YEAR]
    if not own:
        return {}
    # The commitment that stands now, for each of those that it replaced.
    stands: dict[int, set[int]] = {each.pk: {each.pk} for each in own}
    earlier = dict(
        Commitment.objects.filter(
            contract_id=row.contract_id, supplier_id=row.supplier_id, replaces__isnull=False
        ).values_list("pk", "replaces_id")
    )
    for pk, family in stands.items():
        step: int | None = pk
        while (step := earlier.get(step or 0)) is not None and step not in family:
            family.add(step)
    highest: dict[tuple[int, datetime.date | None, int, int], Decimal] = {}
    for commitment, started, year, quarter, months in (
        ReturnLine.objects.filter(
            commitment__in={key for family in stands.values() for key in family},
            is_counted=True,
            months_quantity__isnull=False,
        )
        .exclude(delivery_return=row.pk)
        .exclude(verified_quantity=0)
        .values_list(
            "commitment_id",
            "happened_on",
            "delivery_return__financial_year",
            "delivery_return__quarter",
            "months_quantity",
        )
    ):
        for pk, family in stands.items():
            if commitment in family:
                key = (pk, started, year, quarter)
                highest[key] = max(highest.get(key, Decimal(0)), months)
    found: dict[tuple[int, datetime.date | None], Decimal] = defaultdict(Decimal)
    for (pk, started, _, _), months in highest.items():
        found[pk, started] += months
    return found


def _promises(row: DeliveryReturn, with_lines: set[int]) -> QuerySet[Any]:
    """The supplier's agreed commitments in this agreement, and any that has a line here."""
    here = ProfileQuarter.objects.filter(
        commitment=OuterRef("pk"), financial_year=row.financial_year, quarter=row.quarter
    )
    others = (
        ReturnLine.objects.filter(commitment=OuterRef("pk"), is_counted=True)
        .exclude(delivery_return=row.pk)
        .order_by()
    )
    in_time = others.order_by(
        F("delivery_return__financial_year").desc(), F("delivery_return__quarter").desc(), "-number"
    )

    def total(name: str) -> Subquery:
        return Subquery(
            others.values("commitment").annotate(s=Sum(claimed_quantity(name))).values("s")
        )

    def latest(name: str) -> Subquery:
        return Subquery(in_time.filter(**{f"{name}__isnull": False}).values(name)[:1])

    return (
        Commitment.objects.filter(
            Q(pk__in=with_lines)
            | Q(
                contract=row.contract_id,
                supplier=row.supplier_id,
                state=Commitment.State.AGREED,
            )
        )
        .select_related("measure__edition", "value", "partner")
        .annotate(
            due_here=Subquery(here.values("due_quantity")[:1]),
            reported_before=total("reported_quantity"),
            verified_before=total("verified_quantity"),
            latest_before=latest("reported_quantity"),
            latest_verified=latest("verified_quantity"),
            first_day=Coalesce("starts", "contract__start", "agreed_on"),
        )
        .order_by("number")
    )


def _files(row: DeliveryReturn) -> dict[int, tuple[FileLine, ...]]:
    found: dict[int, list[FileLine]] = defaultdict(list)
    for link in EvidenceLink.objects.filter(line__delivery_return=row.pk).select_related("file"):
        file = link.file
        found[link.line_id].append(
            FileLine(
                file.pk, file.original_name, file.kind, file.file_bytes, tuple(file.warnings),
                file.uploaded_at, file.uploaded_by_name, file.deleted_at is not None, link.pk,
            )
        )  # fmt: skip
    return {line: tuple(files) for line, files in found.items()}


def _confirmations(row: DeliveryReturn) -> dict[int, tuple[Confirmation, ...]]:
    """The latest first; what was withdrawn is left out."""
    found: dict[int, list[Confirmation]] = defaultdict(list)
    asked = ConfirmationRequest.objects.filter(line__delivery_return=row.pk).exclude(
        state=ConfirmationRequest.State.WITHDRAWN
    )
    for each in asked.select_related("organisation").order_by("-asked_at", "-pk"):
        found[each.line_id].append(
            Confirmation(
                each.pk, each.organisation.name, each.state, each.asked_quantity, each.asked_at,
                each.confirmed_quantity, each.comment, each.answered_at, each.answered_by_role,
            )
        )  # fmt: skip
    return {line: tuple(rows) for line, rows in found.items()}

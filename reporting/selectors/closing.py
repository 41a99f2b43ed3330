"""Where a quarter stands before it is closed: what is entered, missing and late, and every check."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    CharField,
    Count,
    FilteredRelation,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from action_plan.models import Action, ActionUpdate
from action_plan.progress import update_due_on
from contracts.four_figures import Completeness
from contracts.models import ConfirmationRequest, DuplicateFlag, ReturnLine, SpendTotal
from contracts.selectors.reminders import asked_digests
from contracts.selectors.returns import (
    DueReturn,
    completeness,
    expected_commitments,
    returns_due,
)
from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter

from ..catalogue import CATALOGUE
from ..closing_checks import Acceptance, Check, CheckKey, outstanding
from ..models import (
    AcceptedCheck,
    ClosingMail,
    ClosingReminder,
    MeasureSet,
    SetMember,
    StarMeasure,
)
from .closing_owed import OwedByOfficers, owed_by_officers
from .reopened import (
    OwedEdition,
    Reopening,
    closings_of,
    editions_owed,
    reopenings_of,
)
from .star_measures import MeasureLine, as_defined, measure_lines


@dataclass(frozen=True)
class MissingUpdate:
    """A running action whose update for the quarter did not come in, or waits. `state`: "" where
    nobody has begun it."""

    pk: int
    reference: str
    title: str
    lead: str
    state: str
    update_pk: int | None

    @property
    def waits(self) -> bool:
        return self.state == ActionUpdate.State.SUBMITTED


@dataclass(frozen=True)
class ClosingBoard:
    """`updates` are those missing or waiting, of `updates_expected`. `closed_at` None: open.

    `reachable`: people whom a reminder of missing returns reaches; `unreachable`: suppliers where
    nobody has an account, or everybody switched reminders off.
    """

    quarter: Quarter
    is_over: bool
    closed_at: datetime.datetime | None
    closed_by: str
    reopenings: tuple[Reopening, ...]
    editions_owed: tuple[OwedEdition, ...]
    returns: Completeness
    missing_returns: tuple[DueReturn, ...]
    updates_expected: int
    updates_due_on: datetime.date
    updates: tuple[MissingUpdate, ...]
    measure_set: MeasureSet | None
    measures: tuple[MeasureLine, ...]
    checks: tuple[Check, ...]
    accepted: tuple[AcceptedCheck, ...]
    reminders: tuple[ClosingReminder, ...]
    today: datetime.date
    by_officers: OwedByOfficers
    reachable: int
    unreachable: tuple[str, ...]

    @property
    def outstanding(self) -> tuple[Check, ...]:
        return outstanding(self.checks)

    @property
    def late_returns(self) -> int:
        return sum(one.is_late for one in self.missing_returns)

    @property
    def updates_missing(self) -> int:
        return sum(not one.waits for one in self.updates)

    @property
    def updates_are_late(self) -> bool:
        return self.today > self.updates_due_on

    @property
    def reminder_of_today(self) -> ClosingReminder | None:
        """The button was pressed today already."""
        return next((one for one in self.reminders if one.day == self.today), None)

    @property
    def may_close(self) -> bool:
        return self.is_over and self.closed_at is None and not self.outstanding


def closing_board(quarter: Quarter, *, today: datetime.date) -> ClosingBoard:
    """Everything on the page of a quarter. Twelve queries at most, whatever there is."""
    missing = returns_due(None, today, quarters=[quarter])
    updates, expected = missing_updates(quarter)
    measures = measures_of_quarter(quarter)
    held, lines = measures.measure_set, measures.lines
    given = acceptances(quarter)
    rows = closings_of(quarter)
    latest = rows[-1] if rows else None
    is_closed = latest is not None and latest.reopened_at is None
    digests = asked_digests(quarter, today=today, missing=missing)
    waiting = _waiting(quarter)
    expected_returns = waiting["expected"]
    told = {item.due.supplier_pk for digest in digests for item in digest.items}
    return ClosingBoard(
        quarter=quarter,
        is_over=today > quarter.end,
        closed_at=latest.closed_at if latest and is_closed else None,
        closed_by=latest.closed_by_name if latest and is_closed else "",
        reopenings=reopenings_of(rows),
        editions_owed=editions_owed(quarter, rows),
        # Whatever of them is not missing was received.
        returns=Completeness(expected_returns, expected_returns - len(missing)),
        missing_returns=missing,
        updates_expected=expected,
        updates_due_on=update_due_on(quarter),
        updates=updates,
        measure_set=held,
        measures=lines,
        accepted=tuple(given),
        checks=_checks(quarter, waiting, rows, given, len(missing), updates, held, lines),
        reminders=tuple(
            ClosingReminder.objects.filter(
                financial_year=quarter.start_year, quarter=quarter.number
            ).prefetch_related(Prefetch("mails", ClosingMail.objects.select_related("user")))[:10]
        ),
        today=today,
        by_officers=owed_by_officers(lines, is_over=today > quarter.end),
        reachable=len(digests),
        unreachable=tuple(
            sorted({one.supplier_name for one in missing if one.supplier_pk not in told})
        ),
    )


def closing_checks(quarter: Quarter) -> tuple[Check, ...]:
    """Every check of the quarter, in the order of the work."""
    updates, _ = missing_updates(quarter)
    measures = measures_of_quarter(quarter)
    held, lines = measures.measure_set, measures.lines
    missing = completeness(quarter).missing
    given = acceptances(quarter)
    return _checks(
        quarter, _waiting(quarter), closings_of(quarter), given, missing, updates, held, lines
    )


@dataclass(frozen=True)
class MeasuresOfQuarter:
    """`measure_set` None: no approved set was in force at the end of the quarter."""

    measure_set: MeasureSet | None
    lines: tuple[MeasureLine, ...]


def measures_of_quarter(
    quarter: Quarter,
    *,
    with_comments: bool = True,
    as_known: datetime.datetime | None = None,
) -> MeasuresOfQuarter:
    """The set in force at the end of the quarter, with what each of the five says. Two queries.

    `as_known`: as was on record at that moment; two queries more, one without comments.
    """
    rows = _members(quarter)
    if with_comments and as_known is None:
        of_quarter = Q(
            measure__comments__financial_year=quarter.start_year,
            measure__comments__quarter=quarter.number,
        )
        rows = rows.annotate(
            said=FilteredRelation("measure__comments", condition=of_quarter)
        ).select_related("measure_set", "measure", "said")  # type: ignore[misc]
    members: list[Any] = list(rows.order_by("place"))
    if not members:
        return MeasuresOfQuarter(None, ())
    measures = [one.measure for one in members]
    if with_comments and as_known is not None:
        lines = measure_lines(measures, quarter, as_known=as_known)
        return MeasuresOfQuarter(members[0].measure_set, tuple(lines))
    # A measure of which nothing was said has no such attribute.
    said = {one.measure_id: getattr(one, "said", None) for one in members}
    comments = {key: comment for key, comment in said.items() if comment is not None}
    lines = measure_lines(measures, quarter, comments=comments, as_known=as_known)
    return MeasuresOfQuarter(members[0].measure_set, tuple(lines))


def set_of_quarter(
    quarter: Quarter, *, as_known: datetime.datetime | None = None
) -> tuple[MeasureSet | None, list[StarMeasure]]:
    """The set in force at the end of the quarter and its measures, as they were defined at the moment.
    One query, and one for a moment.
    """
    members = list(_members(quarter).order_by("place"))
    if not members:
        return None, []
    measures = [one.measure for one in members]
    return members[0].measure_set, as_defined(measures, as_known)


def _members(quarter: Quarter) -> QuerySet[SetMember]:
    return SetMember.objects.filter(
        Q(measure_set__ends__isnull=True) | Q(measure_set__ends__gte=quarter.end),
        measure_set__state=MeasureSet.State.APPROVED,
        measure_set__starts__lte=quarter.end,
    ).select_related("measure_set", "measure")


def checks_outstanding(quarter: Quarter) -> tuple[Check, ...]:
    """What neither passes nor was accepted with a reason. Empty: the quarter may be closed."""
    return outstanding(closing_checks(quarter))


def missing_updates(quarter: Quarter) -> tuple[tuple[MissingUpdate, ...], int]:
    """Actions that owe the quarter an update or whose update waits for approval, and how many
    actions owe one at all: those that run and had begun by its end. One query.
    """
    expected = Action.objects.live().filter(Q(starts__isnull=True) | Q(starts__lte=quarter.end))
    own = ActionUpdate.objects.filter(
        action=OuterRef("pk"), financial_year=quarter.start_year, quarter=quarter.number
    )
    rows = expected.select_related("lead").annotate(
        update_pk=Subquery(own.values("pk")[:1]), update_state=Subquery(own.values("state")[:1])
    )
    found, total = [], 0
    for action in rows:
        total += 1
        if action.update_state != ActionUpdate.State.APPROVED:
            found.append(
                MissingUpdate(
                    pk=action.pk,
                    reference=action.reference,
                    title=action.title,
                    lead=action.lead_words,
                    state=action.update_state or "",
                    update_pk=action.update_pk,
                )
            )
    return tuple(found), total


def _checks(
    quarter: Quarter,
    waiting: Mapping[str, int],
    closings: list[ClosedQuarter],
    given: list[AcceptedCheck],
    missing_returns: int,
    updates: tuple[MissingUpdate, ...],
    held: MeasureSet | None,
    lines: tuple[MeasureLine, ...],
) -> tuple[Check, ...]:
    gone = [line.measure for line in lines if _names_what_is_gone(line.measure)]
    silent = [
        line.measure
        for line in lines
        if line.measure.source == StarMeasure.Source.SUPPLIED and line.reading is None
    ]
    speechless = [line.measure for line in lines if line.comment is None]
    accepted = _accepted(given, closings)
    deliveries = f"{reverse('delivery-list')}?counted={quarter.code}&state=open"
    numbers: dict[CheckKey, tuple[int, str]] = {
        CheckKey.PREVIOUS: (waiting["previous"], reverse("quarter-list")),
        CheckKey.RETURNS: (missing_returns, "#returns"),
        CheckKey.VERIFICATION: (waiting["lines"], deliveries),
        CheckKey.CONFIRMATIONS: (waiting["asked"], reverse("verification-inbox")),
        CheckKey.DOUBLE_CLAIMS: (waiting["double"], f"{reverse('return-list')}?doubles=yes"),
        CheckKey.UPDATES: (sum(not one.waits for one in updates), "#updates"),
        CheckKey.APPROVALS: (sum(one.waits for one in updates), reverse("update-inbox")),
        CheckKey.SET: (int(held is None), reverse("measure-set-list")),
        CheckKey.FORMULAS: (len(gone), "#measures"),
        CheckKey.SUPPLIED: (len(silent), "#measures"),
        CheckKey.COMMENTARY: (len(speechless), "#measures"),
        CheckKey.SPENDING: (int(not waiting["spend"]), reverse("import-list")),
    }
    return tuple(
        Check(key, number, url, accepted.get(key)) for key, (number, url) in numbers.items()
    )


def _names_what_is_gone(measure: StarMeasure) -> bool:
    keys = [key for key in (measure.numerator, measure.denominator) if key]
    return any(key not in CATALOGUE for key in keys)


def _waiting(quarter: Quarter) -> Mapping[str, int]:
    """What is undecided in the quarter, how many returns are expected for it, whether its spending is
    here, and whether the quarter before was left open although an earlier one was closed. One query."""
    counted = Q(counted_year=quarter.start_year, counted_quarter=quarter.number, is_counted=True)

    def within(path: str) -> Q:
        return Q(**{f"{path}{name}": value for name, value in _plain(counted)})

    lines = ReturnLine.objects.filter(
        counted, state=ReturnLine.State.OPEN, reported_quantity__isnull=False
    )
    asked = ConfirmationRequest.objects.filter(
        within("line__"), state=ConfirmationRequest.State.ASKED
    )
    double = DuplicateFlag.objects.filter(
        within("first__") | within("second__"), state=DuplicateFlag.State.OPEN
    )
    spend = SpendTotal.objects.filter(
        source__is_own_council=True, financial_year=quarter.start_year, quarter=quarter.number
    )
    before = quarter.previous
    earlier = ClosedQuarter.objects.filter(
        Q(financial_year__lt=quarter.start_year)
        | Q(financial_year=quarter.start_year, quarter__lt=quarter.number)
    )
    previous = earlier.filter(
        financial_year=before.start_year, quarter=before.number, reopened_at__isnull=True
    )
    rows = _numbered("lines", lines).union(
        _numbered("asked", asked),
        _numbered("double", double),
        _numbered("spend", spend),
        _numbered("earlier", earlier),
        _numbered("before", previous),
        _numbered("expected", expected_commitments(quarter), _A_RETURN),
        all=True,
    )
    found = dict.fromkeys(("lines", "asked", "double", "spend", "earlier", "before", "expected"), 0)
    found |= dict(rows)
    found["previous"] = int(bool(found["earlier"]) and not found["before"])
    return found


def _plain(condition: Q) -> list[tuple[str, Any]]:
    return [child for child in condition.children if isinstance(child, tuple)]


_A_ROW = Count("pk")
# One return of a supplier for an agreement, however many commitments expect it.
_A_RETURN = Count(
    Concat(
        Cast("contract_id", CharField()), Value("-"), Cast("supplier_id", CharField()),
        output_field=CharField(),
    ),
    distinct=True,
)  # fmt: skip


def _numbered(what: str, rows: QuerySet[Any], number: Count = _A_ROW) -> Any:
    return (
        rows.order_by()
        .annotate(what=Value(what, CharField()))
        .values("what")
        .annotate(number=number)
        .values_list("what", "number")
    )


def _accepted(
    given: list[AcceptedCheck], closings: list[ClosedQuarter]
) -> dict[CheckKey, Acceptance]:
    """The latest acceptance of each check since the quarter was last opened again."""
    opened = [row.reopened_at for row in closings if row.reopened_at is not None]
    since = max(opened) if opened else None
    return {
        CheckKey(row.check_key): Acceptance(
            row.number, row.reason, row.accepted_by_name, row.accepted_at
        )
        for row in given
        if row.check_key in set(CheckKey) and (since is None or row.accepted_at > since)
    }


def acceptances(quarter: Quarter) -> list[AcceptedCheck]:
    """Everything that was ever accepted for the quarter, oldest first. One query."""
    return list(
        AcceptedCheck.objects.filter(financial_year=quarter.start_year, quarter=quarter.number)
    )

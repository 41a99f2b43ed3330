"""Sending a return, and taking it back before anybody has looked at it.

On sending, each line is counted and priced, and put into the quarter in which it counts: its own,
or the next open one where that was closed before the return came.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.quarters import QuarterClosed, assert_open
from trafford_sv.core.services.records import Collision, update_record

from ...counting import CountingRule, count
from ...models import (
    Commitment,
    ConfirmationRequest,
    DeliveryReturn,
    EvidenceLink,
    ReturnEvent,
    ReturnLine,
)
from ...return_rules import fingerprint, line_is_editable, line_warnings
from ...selectors.return_detail import inputs_of, months_before
from ...valuation import ValuationError, price_line
from ..duplicates import find_and_flag
from .line_values import fields_for, line_problems
from .locks import check_version, lines_of, locked_return, write_lines

Sentences = dict[str, list[str]]
_COUNTED = (
    "reported_quantity",
    "reported_pounds",
    "verified_quantity",
    "verified_pounds",
    "is_counted",
    "counted_year",
    "counted_quarter",
    "state",
    "decision_reason",
    "decided_at",
    "decided_by_name",
)

# What officers and beneficiaries do: after any of it a return is no longer only its supplier's.
_LOOKED = (
    ReturnEvent.Action.SENT_BACK,
    ReturnEvent.Action.ACCEPTED,
    ReturnEvent.Action.PART,
    ReturnEvent.Action.ASKED,
    ReturnEvent.Action.COMPARED,
)


@once_more
def submit_return(
    *,
    delivery_return: DeliveryReturn,
    declared_this_agreement: bool,
    declared_committed: bool,
    by: Any,
    now: datetime.datetime,
    expected_version: int | None = None,
    expected_fingerprint: str | None = None,
) -> DeliveryReturn:
    """Send a draft, or what was sent back. All or nothing.

    `expected_fingerprint` is what the person had on the page (`return_rules.fingerprint`): where
    a colleague changed a line since, Collision is raised. ValidationError carries sentences under
    `line-<key>-<field>` and the two declarations' names.
    """
    with transaction.atomic():
        row = locked_return(delivery_return.pk)
        check_version(row, expected_version)
        # Two returns of one commitment wait for each other: first-year months are counted across.
        list(
            Commitment.objects.select_for_update(no_key=True)
            .filter(contract=row.contract_id, supplier=row.supplier_id)
            .order_by("pk")
            .values_list("pk", flat=True)
        )
        lines = lines_of(row)
        held = fingerprint(row.version, ((line.pk, line.version) for line in lines))
        if expected_fingerprint is not None and expected_fingerprint != held:
            raise Collision(row, {})
        open_lines = [line for line in lines if line_is_editable(row.state, line.state)]
        if not open_lines:
            raise ValidationError(
                f"This return is {row.get_state_display().lower()}. Nothing in it waits to be sent."
            )
        problems = _declarations(declared_this_agreement, declared_committed)
        problems |= _line_problems(open_lines, timezone.localtime(now).date())
        if problems:
            raise ValidationError(problems)
        again = row.first_submitted_at is not None
        counted_in = _count_lines(row, open_lines, again=again)
        write_lines(open_lines, _COUNTED, by=by, now=now, reason="Return sent")
        changed = update_record(
            record=row,
            changes={
                "state": DeliveryReturn.State.SUBMITTED,
                "declared_this_agreement": True,
                "declared_committed": True,
                "counted_year": row.counted_year or counted_in.start_year,
                "counted_quarter": row.counted_quarter or counted_in.number,
                "first_submitted_at": row.first_submitted_at or now,
                "submitted_at": now,
                "submitted_by_name": actor_name(by),
                "submitted_by_id": getattr(by, "pk", None),
                "sent_back_reason": "",
            },
            expected_version=row.version,
            by=by,
            now=now,
            verb="return submitted",
        )
        ReturnEvent.objects.create(
            delivery_return=row,
            at=now,
            actor_name=actor_name(by),
            action=ReturnEvent.Action.SUBMITTED,
            words=_submitted_words(row, open_lines, counted_in, again),
        )
        # Whatever looks claimed twice is flagged in the same transaction.
        find_and_flag(lines=open_lines, by=by, now=now)
        return changed


@once_more
def withdraw_return(
    *, delivery_return: DeliveryReturn, expected_version: int, by: Any, now: datetime.datetime
) -> DeliveryReturn:
    """Back to a draft, while no officer and no beneficiary has looked at it."""
    with transaction.atomic():
        row = locked_return(delivery_return.pk)
        check_version(row, expected_version)
        lines = lines_of(row)
        looked = (
            row.state != DeliveryReturn.State.SUBMITTED
            or any(line.state != ReturnLine.State.OPEN for line in lines)
            or ConfirmationRequest.objects.filter(line__delivery_return=row).exists()
            or row.events.filter(action__in=_LOOKED).exists()
        )
        if looked:
            raise ValidationError(
                "Somebody has begun to check this return, so it cannot be taken back. "
                "Ask the council’s officer to send it back to you."
            )
        for quarter in sorted(_counted_quarters(lines)):
            _refuse_closed(quarter)
        for line in lines:
            line.reported_quantity = line.reported_pounds = None
            line.is_counted = False
            line.counted_year = line.counted_quarter = None
        write_lines(lines, _COUNTED, by=by, now=now, reason="Return taken back")
        changed = update_record(
            record=row,
            changes={
                "state": DeliveryReturn.State.DRAFT,
                "counted_year": None,
                "counted_quarter": None,
            },
            expected_version=row.version,
            by=by,
            now=now,
            verb="return taken back",
        )
        ReturnEvent.objects.create(
            delivery_return=row,
            at=now,
            actor_name=actor_name(by),
            action=ReturnEvent.Action.REOPENED,
            words="Taken back by the supplier before it was looked at.",
        )
        return changed


def answers_to_give(
    delivery_return: DeliveryReturn, lines: Iterable[ReturnLine], today: datetime.date
) -> Sentences:
    """What keeps a return from being sent, as `submit_return` would say it; without locks."""
    open_lines = []
    for line in lines:
        line.delivery_return = delivery_return
        if line_is_editable(delivery_return.state, line.state):
            open_lines.append(line)
    return _line_problems(open_lines, today)


# --- inside -------------------------------------------------------------------------------


def _declarations(this_agreement: bool, committed: bool) -> Sentences:
    found: Sentences = {}
    if not this_agreement:
        found["declared_this_agreement"] = [
            "Tick this if everything here happened because of this agreement, in this period. "
            "Take out what did not."
        ]
    if not committed:
        found["declared_committed"] = [
            "Tick this if everything here is a commitment in this agreement. Take out what is not."
        ]
    return found


def _line_problems(lines: list[ReturnLine], today: datetime.date) -> Sentences:
    """By line and field: incomplete figures, questions without an answer, missing evidence."""
    found: Sentences = {}
    if not lines:
        return found
    row = lines[0].delivery_return
    with_files = set(
        EvidenceLink.objects.filter(line__delivery_return=row.pk).values_list("line_id", flat=True)
    )
    said_something = any(line.is_counted for line in lines)
    for line in lines:
        problems = line_problems(line, today, complete=True)
        if not problems:
            rule = CountingRule(line.commitment.measure.counting)
            quantity = count(rule, inputs_of(line))
            said_something = said_something or quantity is not None
            problems = _too_much(line, quantity) or _questions(line, rule, quantity, row.period)
            if quantity and line.commitment.evidence_rule.strip() and line.pk not in with_files:
                problems["files"] = [
                    f"Line {line.number}: add the evidence that was agreed: "
                    f"{line.commitment.evidence_rule.strip()}"
                ]
        found |= {f"line-{line.pk}-{name}": words for name, words in problems.items()}
    if not found and not said_something:
        found[f"line-{lines[0].pk}-given_quantity"] = [
            "Nothing is reported yet. Type 0 where nothing was done; leave empty only what you "
            "cannot report this time."
        ]
    return found


def _too_much(line: ReturnLine, quantity: Decimal | None) -> Sentences:
    """A quantity can be held whose pounds cannot."""
    value, measure = line.commitment.value, line.commitment.measure
    try:
        price_line(
            quantity, value.value_pounds if value else None, measure.kind, line.attribution_share
        )
    except ValuationError as error:
        return {fields_for(measure.counting)[0]: [str(error)]}
    return {}


def _questions(
    line: ReturnLine, rule: CountingRule, quantity: Decimal | None, period: Quarter
) -> Sentences:
    if line.warning_reason.strip():
        return {}
    asked = line_warnings(
        rule, quantity, line.commitment.promised_quantity, line.happened_on, period
    )
    return {"warning_reason": list(asked)} if asked else {}


def _count_lines(row: DeliveryReturn, lines: list[ReturnLine], *, again: bool) -> Quarter:
    """Sets each line's quantity, pounds and quarter; the quarter that new lines count in."""
    target = _first_open(row.counted_in or row.period)
    before = months_before(row, {line.commitment_id: line.commitment for line in lines}.values())
    for line in lines:
        measure, value = line.commitment.measure, line.commitment.value
        quantity = count(
            CountingRule(measure.counting),
            inputs_of(line, before.get((line.commitment_id, line.happened_on), Decimal(0))),
        )
        pounds = price_line(
            quantity, value.value_pounds if value else None, measure.kind, line.attribution_share
        )
        if line.is_counted and line.counted_year and line.counted_quarter:
            differs = (line.reported_quantity, line.reported_pounds) != (quantity, pounds)
            if differs or line.verified_quantity is not None:
                _refuse_closed(Quarter(line.counted_year, line.counted_quarter))
        else:
            line.counted_year, line.counted_quarter = target.start_year, target.number
        line.reported_quantity, line.reported_pounds = quantity, pounds
        line.verified_quantity = line.verified_pounds = None
        line.is_counted = True
        line.state = ReturnLine.State.OPEN
        line.decision_reason, line.decided_at, line.decided_by_name = "", None, ""
    return target


def _first_open(quarter: Quarter) -> Quarter:
    """This quarter or the next one that is open, held open until the transaction ends."""
    while True:
        try:
            assert_open(quarter=quarter)
        except QuarterClosed:
            quarter = quarter.next
        else:
            return quarter


def _refuse_closed(quarter: Quarter) -> None:
    try:
        assert_open(quarter=quarter)
    except QuarterClosed as error:
        raise ValidationError(str(error)) from error


def _counted_quarters(lines: list[ReturnLine]) -> set[Quarter]:
    return {
        Quarter(line.counted_year, line.counted_quarter)
        for line in lines
        if line.counted_year is not None and line.counted_quarter is not None
    }


def _submitted_words(
    row: DeliveryReturn, lines: list[ReturnLine], counted_in: Quarter, again: bool
) -> str:
    words = []
    if again:
        numbers = ", ".join(str(line.number) for line in lines)
        words.append(
            f"Sent again, with line {numbers}."
            if len(lines) == 1
            else f"Sent again, with lines {numbers}."
        )
    if counted_in != row.period:
        words.append(
            f"{row.period.label} was closed. What is new here counts in {counted_in.label}."
        )
    return " ".join(words)

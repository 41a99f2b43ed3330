"""What every decision about a return shares: its locks, its log, and its own state."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.access import can
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.quarters import QuarterClosed, assert_open
from trafford_sv.core.services.records import Collision, update_record

from ..models import DeliveryReturn, ReturnEvent, ReturnLine

Action = ReturnEvent.Action
LineState = ReturnLine.State
ReturnState = DeliveryReturn.State


def log_event(
    *,
    delivery_return: DeliveryReturn,
    action: str,
    by: Any,
    now: datetime.datetime,
    line: ReturnLine | None = None,
    quantity: Decimal | None = None,
    words: str = "",
) -> ReturnEvent:
    """One more entry that both sides see for ever, in the caller's transaction.

    `by` may be a sentence, where the person has no account.
    """
    return ReturnEvent.objects.create(
        delivery_return=delivery_return,
        line=line,
        line_number=line.number if line else None,
        at=now,
        actor_name=actor_name(by),
        action=action,
        event_quantity=quantity,
        words=words,
    )


def hold_return(*, delivery_return_id: int, by: Any) -> DeliveryReturn:
    """The return, locked until the transaction ends, where `by` may decide about it.

    The first lock of every decision; then the quarters, the lines, and the audit log.
    """
    held = DeliveryReturn.objects.select_for_update(no_key=True).get(pk=delivery_return_id)
    if held.state == ReturnState.DRAFT:
        raise ValidationError(
            "This return is a draft. It can be verified when the supplier has submitted it."
        )
    refuse_own(held, by)
    return held


def refuse_own(held: DeliveryReturn, by: Any) -> None:
    who = getattr(by, "pk", None)
    if who is not None and held.submitted_by_id == who:
        raise ValidationError(
            "You submitted this return, so somebody else must verify it. Ask a colleague."
        )
    if who is not None and can(by, "report_delivery", on=held):
        raise ValidationError(
            "You report delivery for this supplier, so somebody else must verify its returns. "
            "Ask a colleague."
        )


def counted_quarter(*, line: ReturnLine) -> Quarter | None:
    """The quarter in which a line counts: a line that came late may count after its return does."""
    if line.counted_year is None or line.counted_quarter is None:
        return None
    return Quarter(line.counted_year, line.counted_quarter)


def hold_open_quarters(*, lines: Iterable[ReturnLine]) -> dict[Quarter, QuarterClosed]:
    """Nobody closes the quarters of these lines before the transaction ends; those that are
    closed already, with what to say. All are held before anything is written, in their order,
    so that two who wait for each other cannot happen."""
    closed = {}
    wanted = {quarter for line in lines if (quarter := counted_quarter(line=line)) is not None}
    for quarter in sorted(wanted):
        try:
            assert_open(quarter=quarter)
        except QuarterClosed as refused:
            closed[quarter] = refused
    return closed


def hold_line(*, line_id: int, expected_version: int, quarter_is_held: bool = False) -> ReturnLine:
    """The line, locked. Call it after `hold_return`. Raises Collision or QuarterClosed."""
    stored = (
        ReturnLine.objects.select_for_update(of=("self",), no_key=True)
        .select_related("commitment__measure", "commitment__value")
        .get(pk=line_id)
    )
    if stored.version != expected_version:
        raise Collision(stored, {})
    if not stored.is_counted:
        raise ValidationError(
            f"Line {stored.number} is not submitted yet. It can be verified when the supplier "
            "has submitted it."
        )
    quarter = counted_quarter(line=stored)
    if quarter is not None and not quarter_is_held:
        assert_open(quarter=quarter)
    return stored


def settle_return(
    *, held: DeliveryReturn, by: Any, now: datetime.datetime, sent_back_reason: str | None = None
) -> DeliveryReturn:
    """The return's own state, worked out from its lines.

    Sent back while a line is with the supplier; verified when every line that reports something
    is accepted in full; verified in part when some decision is made; submitted until then.
    """
    states = list(
        held.lines.filter(is_counted=True, reported_quantity__isnull=False).values_list(
            "state", flat=True
        )
    )
    lines_back = held.lines.filter(state=LineState.SENT_BACK).exists()
    if lines_back or sent_back_reason is not None:
        state = ReturnState.SENT_BACK
    elif states and all(each == LineState.ACCEPTED for each in states):
        state = ReturnState.VERIFIED
    elif any(each != LineState.OPEN for each in states):
        state = ReturnState.PART_VERIFIED
    else:
        state = ReturnState.SUBMITTED
    changes: dict[str, Any] = {"state": state}
    if sent_back_reason is not None:
        changes["sent_back_reason"] = sent_back_reason
    elif state != ReturnState.SENT_BACK and held.sent_back_reason:
        changes["sent_back_reason"] = ""
    return update_record(
        record=held,
        changes=changes,
        expected_version=held.version,
        by=by,
        now=now,
        verb=f"return {ReturnState(state).label.lower()}",
    )


def needed_reason(reason: str, sentence: str) -> str:
    """The reason without blanks around it. Raises ValidationError where there is none."""
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": [sentence]})
    return reason

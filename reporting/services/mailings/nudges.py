"""Telling the co-ordinator, once, that a report is late."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F

from trafford_sv.core.sending import FAILED, SENT, open_connection, reopen, send_one
from trafford_sv.core.services.audit import record_event

from ...mail_schedule import may_try, next_try_at
from ...mailings.nudge import nudge_email
from ...models import LateNudge
from ...selectors.mailings.late import LateReport, coordinators, late_reports
from ...selectors.mailings.recipients import day_of, doubtful

State = LateNudge.State


def send_nudges(*, as_of: datetime.date, by: Any, now: datetime.datetime) -> int:
    """How many went out. Raises MailServerAway. Claimed, sent, marked, as reports are."""
    late = {(one.kind, one.period_code): one for one in late_reports(as_of)}
    if not late:
        return 0
    people = coordinators(as_of)
    LateNudge.objects.bulk_create(
        (
            LateNudge(kind=kind, period=period, user=person, address=person.email, planned_at=now)
            for kind, period in late
            for person in people
        ),
        ignore_conflicts=True,
    )
    rows = LateNudge.objects.filter(
        kind__in={kind for kind, _ in late},
        state__in=[State.WAITING, State.FAILED],
        user__in=people,
    ).select_related("user")
    due = [
        row
        for row in rows
        if (row.kind, row.period) in late
        and (row.state == State.WAITING or may_try(row.next_try_at, row.claimed_at, now))
    ]
    if not due:
        return 0
    connection = open_connection()
    try:
        return sum(_one(row, late[row.kind, row.period], connection, now) for row in due)
    finally:
        connection.close()


def _one(row: LateNudge, late: LateReport, connection: Any, now: datetime.datetime) -> bool:
    message = nudge_email(row.user, late)
    reopen(connection)
    with transaction.atomic(durable=True):
        won = LateNudge.objects.filter(pk=row.pk, state=row.state, tries=row.tries).update(
            state=State.CLAIMED, claimed_at=now, tries=F("tries") + 1, failure=""
        )
    if not won:
        return False
    return _hand_over(row.pk, row.tries + 1, message, connection, now) == SENT


def _hand_over(pk: int, tries: int, message: Any, connection: Any, now: datetime.datetime) -> str:
    """What became of a message that is claimed, written down: sent, failed or in_doubt."""
    outcome, said = send_one(connection, message)
    values: dict[str, Any] = {"failure": said}
    if outcome == SENT:
        values = {"state": State.SENT, "sent_at": now}
    elif outcome == FAILED:
        values |= {"state": State.FAILED, "next_try_at": next_try_at(tries, now)}
    LateNudge.objects.filter(pk=pk, state=State.CLAIMED).update(**values)
    return outcome


# --- what a person settles ----------------------------------------------------------------


def mark_told(*, nudge: LateNudge, by: Any, now: datetime.datetime) -> LateNudge:
    """Somebody found out that it went. Raises ValidationError where nothing is in doubt."""
    with transaction.atomic():
        held = _held(nudge, now, State.CLAIMED)
        held.state, held.sent_at, held.failure = State.SENT, held.claimed_at or now, ""
        held.save()
        record_event(by=by, now=now, verb="word of a late report marked as arrived", subject=held)
    return held


def leave_untold(*, nudge: LateNudge, by: Any, now: datetime.datetime) -> LateNudge:
    """It need not go any more. Raises ValidationError where there is nothing to settle."""
    with transaction.atomic():
        held = _held(nudge, now, State.CLAIMED, State.FAILED)
        held.state, held.failure, held.next_try_at = (
            State.SKIPPED,
            f"Left unsent by {by}"[:500],
            None,
        )
        held.save()
        record_event(by=by, now=now, verb="word of a late report left unsent", subject=held)
    return held


def tell_again(*, nudge: LateNudge, by: Any, now: datetime.datetime) -> str:
    """Send it although it may have gone, or although it was refused. Returns sent, failed or in_doubt.

    Raises ValidationError where it is settled, the report is not late any more or its reader is no
    co-ordinator any more, and MailServerAway.
    """
    late = {(one.kind, one.period_code): one for one in late_reports(day_of(now))}
    report = late.get((nudge.kind, nudge.period))
    if report is None:
        raise ValidationError("This report is not late any more, so nobody needs to be told of it.")
    if nudge.user not in coordinators(day_of(now)):
        raise ValidationError(
            f"{nudge.user} is not a co-ordinator any more, so there is nobody to tell."
        )
    message = nudge_email(nudge.user, report)
    connection = open_connection()
    try:
        with transaction.atomic():
            held = _held(nudge, now, State.CLAIMED, State.FAILED)
            held.state, held.claimed_at, held.failure, held.next_try_at = (
                State.CLAIMED,
                now,
                "",
                None,
            )
            held.address = nudge.user.email
            held.tries += 1
            held.save()
            record_event(by=by, now=now, verb="word of a late report sent again", subject=held)
        return _hand_over(held.pk, held.tries, message, connection, now)
    finally:
        connection.close()


def _held(nudge: LateNudge, now: datetime.datetime, *states: str) -> LateNudge:
    held: LateNudge = (
        LateNudge.objects.select_for_update(of=("self",)).select_related("user").get(pk=nudge.pk)
    )
    if held.state not in states:
        raise ValidationError(
            f"This message is settled: {held.get_state_display().lower()}. Load the page again."
        )
    if held.state == State.CLAIMED and not doubtful(held, now):
        raise ValidationError("This message is being sent now. Look again in an hour.")
    return held

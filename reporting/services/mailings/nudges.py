"""Telling the co-ordinator, once, that a report is late."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from trafford_sv.core.sending import FAILED, SENT, open_connection, reopen, send_one

from ...mail_schedule import may_try, next_try_at
from ...mailings.nudge import nudge_email
from ...models import LateNudge
from ...selectors.mailings.late import LateReport, coordinators, late_reports

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
    outcome, said = send_one(connection, message)
    values: dict[str, Any] = {"failure": said}
    if outcome == SENT:
        values = {"state": State.SENT, "sent_at": now}
    elif outcome == FAILED:
        values |= {"state": State.FAILED, "next_try_at": next_try_at(row.tries + 1, now)}
    LateNudge.objects.filter(pk=row.pk, state=State.CLAIMED).update(**values)
    return outcome == SENT

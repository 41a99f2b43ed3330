"""Sending reminder digests: claimed in a row of its own, looked at again, sent, marked.

The claim is committed before the mail server hears anything, so two workers send one mail. What
is claimed and not marked is in doubt: the mail may have gone. It is shown to a person, who says
it was sent or sends it again; the product never sends it again by itself. What the server refused
surely did not go, and is tried again the same day with growing pauses; on a later day the next
digest carries it.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.core.sending import FAILED, SENT, open_connection, send_one
from trafford_sv.core.services.audit import record_event

from ..mailings.reminders import reminder_email
from ..models import ReminderDigest, ReminderPreference
from ..selectors.reminders import ASKED, STEPS, PersonDigest, asked_digests, due_digests

TRIES_AT_MOST = 5
FIRST_PAUSE = datetime.timedelta(minutes=15)
# A run may take this long; after it, what is still claimed is in doubt.
DOUBT_AFTER = datetime.timedelta(hours=1)
State = ReminderDigest.State


@dataclass
class SendReport:
    """`waiting`: refused before and not tried again yet. `others`: claimed by another worker."""

    due: int = 0
    sent: int = 0
    skipped: int = 0
    failed: int = 0
    in_doubt: int = 0
    waiting: int = 0
    others: int = 0


def send_reminders(
    *, as_of: datetime.date, by: Any, now: datetime.datetime, dry_run: bool = False
) -> SendReport:
    """Every digest due on the day that nobody has sent. Must not run inside a transaction."""
    digests = due_digests(as_of)
    if dry_run:
        return SendReport(due=len(digests))
    return _send(digests, as_of, by, now)


def remind_of_quarter(
    *, quarter: Quarter, today: datetime.date, by: Any, now: datetime.datetime
) -> SendReport:
    """An officer asks for what is missing. Nobody who was written to today is written to again.

    Must not run inside a transaction.
    """
    return _send(asked_digests(quarter, today=today), today, by, now)


def _send(
    digests: list[PersonDigest], as_of: datetime.date, by: Any, now: datetime.datetime
) -> SendReport:
    report = SendReport(due=len(digests))
    if not digests:
        return report
    connection = open_connection()
    try:
        for digest in digests:
            claimed, outcome = _claim(digest, as_of, now)
            if claimed is not None:
                outcome = _deliver(claimed, connection, now)
            setattr(report, outcome, getattr(report, outcome) + 1)
    finally:
        connection.close()
    if report.sent or report.failed or report.in_doubt:
        record_event(
            by=by,
            now=now,
            verb="reminders sent",
            subject_type="reminderdigest",
            subject_name=f"Reminders of {as_of.isoformat()}",
            after={
                "sent": report.sent,
                "refused": report.failed,
                "in doubt": report.in_doubt,
                "nothing due any more": report.skipped,
            },
        )
    return report


def _claim(
    digest: PersonDigest, day: datetime.date, now: datetime.datetime
) -> tuple[ReminderDigest | None, str]:
    """The person's row for the day, claimed and committed; or None and why."""
    items = [item.stored() for item in digest.items]
    try:
        with transaction.atomic():
            held = (
                ReminderDigest.objects.select_for_update(no_key=True)
                .filter(user=digest.user, day=day)
                .first()
            )
            if held is None:
                return ReminderDigest.objects.create(
                    user=digest.user, day=day, items=items, claimed_at=now, tries=1
                ), ""
            if held.state != State.FAILED:
                return None, "others"
            if not may_try_again(held, now):
                return None, "waiting"
            held.state, held.items, held.failure = State.CLAIMED, items, ""
            held.claimed_at, held.tries = now, held.tries + 1
            held.save()
            return held, ""
    except IntegrityError:  # another worker was quicker by a moment
        return None, "others"


def may_try_again(digest: ReminderDigest, now: datetime.datetime) -> bool:
    """After 15 minutes, then 30, 60 and 120; five tries, then the next day's digest carries it."""
    pause = FIRST_PAUSE * 2 ** max(0, digest.tries - 1)
    return digest.tries < TRIES_AT_MOST and now >= digest.claimed_at + pause


def _deliver(
    claimed: ReminderDigest,
    connection: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
) -> str:
    """Look again, send, mark. Returns the report's word for what happened."""
    fresh = _fresh(claimed, today)
    if not fresh:
        _mark(claimed, State.SKIPPED, now, items=[])
        return "skipped"
    items = [item.stored() for item in fresh[0].items]
    ReminderDigest.objects.filter(pk=claimed.pk, state=State.CLAIMED).update(items=items)
    outcome, failure = send_one(connection, reminder_email(fresh[0]))
    if outcome == SENT:
        _mark(claimed, State.SENT, now, sent_at=now)
    else:
        _mark(claimed, State.FAILED if outcome == FAILED else State.CLAIMED, now, failure=failure)
    return outcome


def _fresh(claimed: ReminderDigest, today: datetime.date | None) -> list[PersonDigest]:
    """What is still due of what was claimed: by the calendar, or because an officer asked."""
    asked = {item["quarter"] for item in claimed.items if item.get("step") == ASKED}
    if not asked:
        return due_digests(claimed.day, user=claimed.user, today=today)
    found = [
        digest
        for quarter in sorted(asked)
        for digest in asked_digests(
            Quarter.parse(quarter), today=today or claimed.day, user=claimed.user
        )
    ]
    items = tuple(item for digest in found for item in digest.items)
    return [PersonDigest(claimed.user, items)] if items else []


def _mark(claimed: ReminderDigest, state: str, now: datetime.datetime, **values: Any) -> None:
    ReminderDigest.objects.filter(pk=claimed.pk, state=State.CLAIMED).update(state=state, **values)


# --- what a person settles ----------------------------------------------------------------


def is_in_doubt(digest: ReminderDigest, now: datetime.datetime) -> bool:
    return digest.state == State.CLAIMED and (
        bool(digest.failure) or now >= digest.claimed_at + DOUBT_AFTER
    )


def mark_digest_sent(*, digest: ReminderDigest, by: Any, now: datetime.datetime) -> ReminderDigest:
    """Somebody found out that it went."""
    with transaction.atomic():
        stored = ReminderDigest.objects.select_for_update(no_key=True).get(pk=digest.pk)
        _must_be_in_doubt(stored, now)
        stored.state, stored.sent_at = State.SENT, now
        stored.save()
        record_event(by=by, now=now, verb="reminder marked as sent", subject=stored)
    return stored


def send_digest_again(
    *, digest: ReminderDigest, by: Any, now: datetime.datetime, today: datetime.date
) -> str:
    """Send it although it may have gone. Returns sent, skipped, failed or in_doubt."""
    connection = open_connection()
    try:
        with transaction.atomic():
            stored = ReminderDigest.objects.select_for_update(no_key=True).get(pk=digest.pk)
            _must_be_in_doubt(stored, now)
            stored.claimed_at, stored.failure = now, ""
            stored.tries += 1
            stored.save()
            record_event(by=by, now=now, verb="reminder sent again", subject=stored)
        return _deliver(stored, connection, now, today)
    finally:
        connection.close()


def _must_be_in_doubt(digest: ReminderDigest, now: datetime.datetime) -> None:
    if digest.state != State.CLAIMED:
        raise ValidationError(
            f"This reminder is settled: {digest.get_state_display().lower()}. Reload the page."
        )
    if not is_in_doubt(digest, now):
        raise ValidationError("This reminder is being sent now. Look again in an hour.")


def change_preferences(
    *, user: User, values: Mapping[str, bool], by: Any, now: datetime.datetime
) -> ReminderPreference:
    """Which reminders a person wants; `values` by the fields of `ReminderPreference`."""
    with transaction.atomic():
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        stored, _ = ReminderPreference.objects.get_or_create(user=user)
        before = {name: getattr(stored, name) for name in STEPS.values()}
        after = {name: bool(values.get(name, before[name])) for name in before}
        if after != before:
            for name, value in after.items():
                setattr(stored, name, value)
            stored.save()
            record_event(
                by=by, now=now, verb="reminders chosen", subject=user, before=before, after=after
            )
    return stored


def switch_off(*, user: User, by: Any, now: datetime.datetime) -> ReminderPreference:
    """All of them, by the link in an e-mail."""
    return change_preferences(
        user=user, values=dict.fromkeys(STEPS.values(), False), by=by, now=now
    )

"""Sending mails that stand in rows of their own (`core.models.mail_rows`), each once.

A row is claimed and committed, looked at again, sent, then marked. A crash between claim and mark
leaves it in doubt; it is never sent again by itself, and a person settles it. What the server
refused is tried again, five times in all.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction

from ..models.mail_rows import DOUBT_AFTER, TRIES_AT_MOST, MailState
from ..sending import has_no_such_address, open_connection, send_one
from .audit import record_event

Came = Callable[[Any, datetime.datetime], None]


def _nothing_follows(row: Any, now: datetime.datetime) -> None:
    """What most mails leave behind: their own row."""


def send_mail_rows(
    *,
    model: Any,
    related: Sequence[str],
    still_wanted: Callable[[Any], bool],
    message: Callable[[Any], EmailMessage],
    verb: str,
    subject_name: str,
    by: Any,
    now: datetime.datetime,
    dry_run: bool = False,
    when_sent: Came = _nothing_follows,
    when_refused: Came = _nothing_follows,
) -> dict[str, int]:
    """Every row that is due, once. Must not run inside a transaction. Counts by what came of it.

    `when_refused` is called where no more tries are left; `failure` then says why. Raises
    MailServerAway before anything is claimed.
    """
    keys = list(model.objects.due(now).order_by("pk").values_list("pk", flat=True))
    report = {"due": len(keys), "sent": 0, "failed": 0, "in_doubt": 0, "skipped": 0}
    if dry_run or not keys:
        return report
    connection = open_connection()
    try:
        for key in keys:
            row = _claim(model, key, related, still_wanted, now)
            if row is None:
                continue
            if row.state == MailState.SKIPPED:
                report["skipped"] += 1
                continue
            outcome, said = send_one(connection, message(row))
            _mark(row, outcome, said, now, when_sent, when_refused)
            report[outcome] += 1
    finally:
        connection.close()
    if report["sent"] or report["failed"] or report["in_doubt"]:
        record_event(
            by=by,
            now=now,
            verb=verb,
            subject_type=model._meta.model_name,
            subject_name=subject_name,
            after={name: count for name, count in report.items() if name != "due"},
        )
    return report


def _claim(
    model: Any,
    key: int,
    related: Sequence[str],
    still_wanted: Callable[[Any], bool],
    now: datetime.datetime,
) -> Any:
    """The row, claimed and committed; skipped where it is no longer needed; None if taken."""
    with transaction.atomic():
        row = (
            model.objects.due(now)
            .select_for_update(of=("self",))
            .select_related(*related)
            .filter(pk=key)
            .first()
        )
        if row is None:
            return None
        if still_wanted(row):
            row.state, row.claimed_at, row.failure = MailState.CLAIMED, now, ""
            row.tries += 1
        else:
            row.state = MailState.SKIPPED
        row.save()
    return row


def _mark(
    row: Any,
    outcome: str,
    said: str,
    now: datetime.datetime,
    when_sent: Came,
    when_refused: Came,
) -> None:
    if outcome == "sent":
        row.state, row.sent_at = MailState.SENT, now
        row.save()
        when_sent(row, now)
        return
    row.failure = said
    if outcome == "failed":
        row.state = MailState.FAILED
        if has_no_such_address(said):
            row.tries = TRIES_AT_MOST
    row.save()
    if row.state == MailState.FAILED and row.tries >= TRIES_AT_MOST:
        when_refused(row, now)


# --- what a person settles ----------------------------------------------------------------


def is_in_doubt(row: Any, now: datetime.datetime) -> bool:
    return row.state == MailState.CLAIMED and (
        bool(row.failure) or now >= row.claimed_at + DOUBT_AFTER
    )


def settle_mail_row(*, row: Any, went: bool, by: Any, now: datetime.datetime) -> Any:
    """Somebody found out: it went, or it is to be sent again with the next run. Raises
    ValidationError where it is not in doubt."""
    with transaction.atomic():
        held = type(row).objects.select_for_update().get(pk=row.pk)
        if held.state != MailState.CLAIMED:
            raise ValidationError(
                f"This mail is settled: {held.get_state_display().lower()}. Nothing was changed."
            )
        if not is_in_doubt(held, now):
            raise ValidationError("This mail is being sent now. Look again in an hour.")
        if went:
            held.state, held.sent_at = MailState.SENT, held.claimed_at
        else:
            held.state, held.failure = MailState.WAITING, ""
            held.tries = min(held.tries, TRIES_AT_MOST - 1)
        held.save()
        record_event(
            by=by,
            now=now,
            verb="mail marked as sent" if went else "mail sent again",
            subject=held,
        )
    return held

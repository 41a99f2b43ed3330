"""Sending invitations and reminders: claimed in a row of their own, looked at again, sent, marked.

What is claimed and not marked is in doubt: it may have gone, so it is never sent again by itself;
the round's page shows it to a person. What the server refused is tried again, five times in all.
An address that the server does not know counts as a mail that came back.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from trafford_sv.core.one_time_links import token_of
from trafford_sv.core.sending import has_no_such_address, open_connection, send_one
from trafford_sv.core.services.audit import record_event

from ..mailings.rounds import round_email
from ..models import Invitation, Round, RoundMail
from .rounds import ANSWER

TRIES_AT_MOST = 5
PAUSE = datetime.timedelta(minutes=15)
State = RoundMail.State


def send_round_mails(
    *, by: Any, now: datetime.datetime, today: datetime.date, dry_run: bool = False
) -> dict[str, int]:
    """Every mail that waits, once. Must not run inside a transaction. Counts by what came of it."""
    due = RoundMail.objects.filter(
        Q(state=State.WAITING)
        | Q(state=State.FAILED, tries__lt=TRIES_AT_MOST, claimed_at__lte=now - PAUSE)
    )
    keys = list(due.order_by("pk").values_list("pk", flat=True))
    report = {"due": len(keys), "sent": 0, "failed": 0, "in_doubt": 0, "skipped": 0}
    if dry_run or not keys:
        return report
    connection = open_connection()
    try:
        for key in keys:
            mail = _claim(key, now, today)
            if mail is None:
                continue
            if mail.state == State.SKIPPED:
                report["skipped"] += 1
                continue
            token = token_of(mail.invitation.link_seed, salt=ANSWER)
            outcome, said = send_one(connection, round_email(mail, token))
            _mark(mail, outcome, said, now)
            report[outcome] += 1
    finally:
        connection.close()
    if report["sent"] or report["failed"] or report["in_doubt"]:
        record_event(
            by=by,
            now=now,
            verb="round mails sent",
            subject_type="roundmail",
            subject_name="Invitations and reminders",
            after={name: count for name, count in report.items() if name != "due"},
        )
    return report


def _claim(key: int, now: datetime.datetime, today: datetime.date) -> RoundMail | None:
    """The row, claimed and committed; skipped where it is no longer needed; None if taken."""
    with transaction.atomic():
        mail = (
            RoundMail.objects.select_for_update(of=("self",))
            .select_related("invitation__round", "invitation__organisation")
            .filter(pk=key, state__in=[State.WAITING, State.FAILED])
            .first()
        )
        if mail is None:
            return None
        invitation = mail.invitation
        asked: Round = invitation.round
        useless = invitation.answered_at or invitation.withdrawn_at or not invitation.email
        if useless or not asked.takes_answers_on(today):
            mail.state = State.SKIPPED
        else:
            mail.state, mail.claimed_at, mail.failure = State.CLAIMED, now, ""
            mail.tries += 1
        mail.save()
    return mail


def _mark(mail: RoundMail, outcome: str, said: str, now: datetime.datetime) -> None:
    if outcome == "sent":
        mail.state, mail.sent_at = State.SENT, now
        Invitation.objects.filter(pk=mail.invitation_id).update(sent_at=now)
    elif outcome == "failed":
        mail.state, mail.failure = State.FAILED, said
        if has_no_such_address(said):
            mail.tries = TRIES_AT_MOST
            Invitation.objects.filter(pk=mail.invitation_id).update(
                bounced_at=now, bounce_words=said
            )
    else:
        mail.failure = said
    mail.save()

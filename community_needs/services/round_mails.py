"""Sending invitations and reminders, each once (`core.services.mail_rows` says how).

An address that the server does not know counts as a mail that came back.
"""

from __future__ import annotations

import datetime
from typing import Any

from trafford_sv.core.one_time_links import token_of
from trafford_sv.core.sending import has_no_such_address
from trafford_sv.core.services.mail_rows import send_mail_rows

from ..mailings.rounds import round_email
from ..models import Invitation, RoundMail
from .rounds import ANSWER


def send_round_mails(
    *, by: Any, now: datetime.datetime, today: datetime.date, dry_run: bool = False
) -> dict[str, int]:
    """Every mail that waits, once. Must not run inside a transaction. Counts by what came of it."""

    def still_wanted(mail: RoundMail) -> bool:
        asked = mail.invitation
        useless = asked.answered_at or asked.withdrawn_at or not asked.email
        return not useless and asked.round.takes_answers_on(today)

    return send_mail_rows(
        model=RoundMail,
        related=("invitation__round", "invitation__organisation"),
        still_wanted=still_wanted,
        message=lambda mail: round_email(mail, token_of(mail.invitation.link_seed, salt=ANSWER)),
        verb="round mails sent",
        subject_name="Invitations and reminders",
        by=by,
        now=now,
        dry_run=dry_run,
        when_sent=_sent,
        when_refused=_refused,
    )


def _sent(mail: RoundMail, now: datetime.datetime) -> None:
    Invitation.objects.filter(pk=mail.invitation_id).update(sent_at=now)


def _refused(mail: RoundMail, now: datetime.datetime) -> None:
    if has_no_such_address(mail.failure):
        Invitation.objects.filter(pk=mail.invitation_id).update(
            bounced_at=now, bounce_words=mail.failure
        )

"""One mail that belongs to one row with `emailed_at`, `mail_claimed_at` and `mail_failure`.

The row is claimed and committed, the mail sent, the row marked. Of two workers one claims it. What
the server refused is free again; what was claimed and not marked is in doubt, and never goes again
by itself: a person asks again, which makes another link.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.mail import EmailMessage, get_connection
from django.db.models import QuerySet

from ..sending import FAILED, SENT, send_one


def send_claimed(
    *, rows: QuerySet[Any], message: EmailMessage, by: Any, now: datetime.datetime
) -> bool:
    """`rows` finds the one row as long as the mail is still the right one. True where it was sent.

    Must not run inside a transaction: a claim that nobody else sees is none.
    """
    if not rows.filter(emailed_at=None, mail_claimed_at=None).update(
        mail_claimed_at=now, mail_failure=""
    ):
        return False
    connection = get_connection()
    try:
        outcome, why = send_one(connection, message)
    finally:
        connection.close()
    if outcome == SENT:
        rows.update(emailed_at=now)
        return True
    if outcome == FAILED:
        rows.update(mail_claimed_at=None, mail_failure=f"The mail server did not take it: {why}")
    else:
        rows.update(mail_failure=f"The line to the mail server broke: {why}")
    return False

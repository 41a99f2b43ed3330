"""What a run keeps on record: message N - 1 marked as sent and message N claimed, in one statement.

The statement is written out, because putting it together anew for each message cost more than the
database did. Committed before message N goes out, it either did both or nothing:

* killed before it, message N - 1 was sent and stands as claimed: in doubt, never sent again by itself;
* killed after it, message N stands as claimed, whether it went or not.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.db import connection, transaction
from django.db.models import Q

from ...models import EditionMail, MailSubscription

State = EditionMail.State

# Of two workers that want the same row the second waits, looks at the row's own columns again, and
# finds nothing. Whoever stopped the reports a moment ago is no reader any more.
_MARK_AND_CLAIM = """
UPDATE reporting_editionmail SET
    state = CASE WHEN id = %(sent)s THEN 'sent' ELSE 'claimed' END,
    sent_at = CASE WHEN id = %(sent)s THEN %(sent_at)s ELSE sent_at END,
    claimed_at = CASE WHEN id = %(sent)s THEN claimed_at ELSE %(now)s END,
    tries = CASE WHEN id = %(sent)s THEN tries ELSE tries + 1 END,
    address = CASE WHEN id = %(sent)s THEN address ELSE %(address)s END,
    form = CASE WHEN id = %(sent)s THEN %(sent_form)s ELSE %(form)s END,
    form_reason = CASE WHEN id = %(sent)s THEN %(sent_reason)s ELSE %(reason)s END,
    failure = '',
    next_try_at = NULL
WHERE (id = %(sent)s AND state = 'claimed' AND tries = %(sent_tries)s)
    OR (id = %(row)s AND state = %(state)s AND tries = %(tries)s AND EXISTS (
        SELECT 1 FROM reporting_mailsubscription AS reader
        WHERE reader.id = %(reader)s AND reader.state = 'active' AND (
            reader.user_id IS NULL
            OR (SELECT is_active FROM core_user WHERE core_user.id = reader.user_id)
        )
    ))
RETURNING id
"""


class Ledger:
    """`unmarked`: sent, and not on record as sent yet; one at most."""

    def __init__(self, at: Callable[[], datetime.datetime]) -> None:
        self.at = at
        self.unmarked: tuple[EditionMail, datetime.datetime] | None = None

    def sent(self, row: EditionMail) -> None:
        self.unmarked = (row, self.at())

    def claim(self, row: EditionMail, *, address: str) -> bool:
        """Whether it is ours now, on record. The message before is on record as sent then."""
        sent, sent_at = self.unmarked or (EditionMail(pk=0), self.at())
        told = connection.ops.adapt_datetimefield_value
        values = {
            "sent": sent.pk, "sent_at": told(sent_at), "sent_tries": sent.tries,
            "sent_form": sent.form, "sent_reason": sent.form_reason[:300],
            "row": row.pk, "state": str(row.state), "tries": row.tries, "now": told(self.at()),
            "reader": row.subscription_id, "address": address, "form": str(row.form), "reason": row.form_reason[:300],
        }  # fmt: skip
        with connection.cursor() as cursor:
            cursor.execute(_MARK_AND_CLAIM, values)
            written = {key for (key,) in cursor.fetchall()}
        self.unmarked = None
        won = row.pk in written
        row.tries += won
        return won

    def settle(self) -> None:
        """Marks the last one, after which nobody is claimed."""
        if self.unmarked is None:
            return
        row, at = self.unmarked
        EditionMail.objects.filter(pk=row.pk, state=State.CLAIMED, tries=row.tries).update(
            state=State.SENT, sent_at=at, failure="", form=row.form, form_reason=row.form_reason
        )
        # Rolled back with what it stands in, it is tried again at the end of the run.
        transaction.on_commit(self._marked)

    def _marked(self) -> None:
        self.unmarked = None


def readers(of: Any) -> Any:
    """Who still is one, looked at again at the last moment; the statement above says the same."""
    return MailSubscription.objects.filter(
        Q(user__isnull=True) | Q(user__is_active=True),
        pk=of,
        state=MailSubscription.State.ACTIVE,
    )

"""What a person settles: whether a message arrived, and whether one that was refused goes again."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event

from ...models import EditionMail, MailSubscription
from ...selectors.mailings.recipients import (
    Recipient,
    Verdict,
    day_of,
    doubtful,
    scheduled_editions,
)
from .preparing import NotSendable
from .sending import deliver_claimed

State = EditionMail.State


def mark_arrived(*, mail: EditionMail, by: Any, now: datetime.datetime) -> EditionMail:
    """Somebody found out that it went. Raises ValidationError where nothing is in doubt."""
    with transaction.atomic():
        held = _held_in_doubt(mail, now)
        held.state, held.sent_at, held.failure = State.SENT, held.claimed_at or now, ""
        held.save()
        record_event(by=by, now=now, verb="report marked as arrived", subject=held)
    return held


def leave_unsent(*, mail: EditionMail, by: Any, now: datetime.datetime) -> EditionMail:
    """It need not go any more. Raises ValidationError where there is nothing to settle."""
    with transaction.atomic():
        held = EditionMail.objects.select_for_update().get(pk=mail.pk)
        if held.state not in (State.WAITING, State.FAILED):
            held = _held_in_doubt(mail, now)
        held.state, held.failure, held.next_try_at = (
            State.SKIPPED,
            f"Left unsent by {by}"[:500],
            None,
        )
        held.save()
        record_event(by=by, now=now, verb="report left unsent", subject=held)
    return held


def send_again(*, mail: EditionMail, by: Any, now: datetime.datetime) -> str:
    """Send it although it may have gone, or although it was refused. Returns sent, failed or in_doubt.

    Raises ValidationError where it is settled, where its edition was replaced or its reader left,
    and MailServerAway.
    """
    if mail.state not in (State.CLAIMED, State.FAILED):
        raise ValidationError(_settled(mail))
    due = next(
        (one for one in scheduled_editions(day_of(now)) if one.edition.pk == mail.edition_id), None
    )
    if due is None:
        raise ValidationError(
            "This edition is not scheduled any more: a newer one took its place, or its line was paused."
        )
    line = next((one for one in due.lines if one.audience == mail.subscription.audience), None)
    if line is None:
        raise ValidationError("This audience is not scheduled any more for this report.")
    with transaction.atomic():
        held = (
            EditionMail.objects.select_for_update(of=("self",))
            .select_related("subscription__user", "edition")
            .get(pk=mail.pk)
        )
        if held.state == State.CLAIMED:
            _must_be_in_doubt(held, now)
        elif held.state != State.FAILED:
            raise ValidationError(_settled(held))
        reader = held.subscription
        if reader.state != MailSubscription.State.ACTIVE:
            raise ValidationError(
                f"{reader.reader} is no reader now ({reader.get_state_display().lower()}). "
                "Resume the subscription first."
            )
        recipient = Recipient(reader, reader.address, Verdict.SEND, "", held.corrects_number, held)
        held.state, held.claimed_at, held.failure, held.next_try_at = State.CLAIMED, now, "", None
        held.address = reader.address
        held.tries += 1
        held.save()
        record_event(by=by, now=now, verb="report sent again", subject=held)
    try:
        return deliver_claimed(mail=held, recipient=recipient, lot=due, now=now)
    except (NotSendable, OSError) as error:
        # Nothing went out: it is as it was, with the reason.
        EditionMail.objects.filter(pk=held.pk, state=State.CLAIMED, tries=held.tries).update(
            state=mail.state, failure=str(error)[:500], claimed_at=mail.claimed_at
        )
        if isinstance(error, NotSendable):
            raise ValidationError(str(error)) from error
        raise


def _held_in_doubt(mail: EditionMail, now: datetime.datetime) -> EditionMail:
    held = EditionMail.objects.select_for_update().get(pk=mail.pk)
    if held.state != State.CLAIMED:
        raise ValidationError(_settled(held))
    _must_be_in_doubt(held, now)
    return held


def _must_be_in_doubt(mail: EditionMail, now: datetime.datetime) -> None:
    if not doubtful(mail, now):
        raise ValidationError("This message is being sent now. Look again in an hour.")


def _settled(mail: EditionMail) -> str:
    return f"This message is settled: {mail.get_state_display().lower()}. Load the page again."

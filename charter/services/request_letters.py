"""The answer to a request to adopt, by e-mail: claimed in the request's row, sent, then marked.

What is claimed and not marked may have gone and is never sent again by itself: an officer settles
it on the request's page. The address of a declined request is forgotten once the answer is out.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.sending import FAILED, SENT, open_connection, send_one
from trafford_sv.core.services.audit import record_event

from ..mailings.letters import request_answer_email
from ..models import AdoptionRequest

Letter = AdoptionRequest.Letter
# Until then another process may still be sending it.
BEING_SENT = datetime.timedelta(hours=1)


def send_request_answer(
    *, request_pk: int, by: Any, now: datetime.datetime, although_in_doubt: bool = False
) -> str:
    """Returns sent, failed, in_doubt, or "" where there was nothing to send.

    Raises MailServerAway where the mail server cannot be reached; nothing is claimed then.
    """
    connection = open_connection()
    try:
        claimed = _claim(request_pk, now, although_in_doubt)
        if claimed is None:
            return ""
        outcome, failure = send_one(connection, request_answer_email(claimed))
    finally:
        connection.close()
    with transaction.atomic():
        mine = AdoptionRequest.objects.filter(pk=request_pk, letter_state=Letter.CLAIMED)
        if outcome == SENT:
            mine.update(letter_state=Letter.SENT, letter_at=now, letter_failure="")
            _forget(request_pk)
        elif outcome == FAILED:
            mine.update(letter_state=Letter.FAILED, letter_failure=failure)
        else:
            mine.update(letter_failure=failure)
        record_event(
            by=by,
            now=now,
            verb="answer to a request to adopt sent" if outcome == SENT else "answer not sent",
            subject=claimed,
            after={"outcome": outcome},
        )
    return outcome


def send_waiting_answers(*, by: Any, now: datetime.datetime) -> int:
    """What the queue lost or a mail server refused, once more. Returns how many were sent."""
    waiting = AdoptionRequest.objects.filter(letter_state__in=[Letter.DUE, Letter.FAILED])
    return sum(
        send_request_answer(request_pk=pk, by=by, now=now) == SENT
        for pk in waiting.order_by("pk").values_list("pk", flat=True)
    )


def mark_answer_sent(*, request: AdoptionRequest, by: Any, now: datetime.datetime) -> None:
    """Somebody found out that it went. Raises ValidationError where nothing is in doubt."""
    with transaction.atomic():
        held = AdoptionRequest.objects.select_for_update().get(pk=request.pk)
        if not is_in_doubt(held, now):
            raise ValidationError(
                f"This e-mail is not in doubt: {held.get_letter_state_display().lower()}."
            )
        AdoptionRequest.objects.filter(pk=held.pk).update(
            letter_state=Letter.SENT, letter_at=now, letter_failure=""
        )
        _forget(held.pk)
        record_event(by=by, now=now, verb="answer marked as sent", subject=held)


def is_in_doubt(request: AdoptionRequest, now: datetime.datetime) -> bool:
    return (
        request.letter_state == Letter.CLAIMED
        and request.letter_at is not None
        and request.letter_at <= now - BEING_SENT
    )


def _claim(
    request_pk: int, now: datetime.datetime, although_in_doubt: bool
) -> AdoptionRequest | None:
    with transaction.atomic():
        held = (
            AdoptionRequest.objects.select_for_update(of=("self",))
            .select_related("charter_version", "adoption__organisation")
            .filter(pk=request_pk)
            .exclude(contact_email="")
            .first()
        )
        if held is None:
            return None
        may = held.letter_state in (Letter.DUE, Letter.FAILED) or (
            although_in_doubt and is_in_doubt(held, now)
        )
        if not may:
            return None
        AdoptionRequest.objects.filter(pk=held.pk).update(
            letter_state=Letter.CLAIMED, letter_at=now, letter_failure=""
        )
        return held


def _forget(request_pk: int) -> None:
    declined = AdoptionRequest.State.DECLINED
    AdoptionRequest.objects.filter(pk=request_pk, state=declined).update(contact_email="")

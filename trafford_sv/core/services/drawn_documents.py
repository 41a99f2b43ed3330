"""Documents drawn by a task from their content, kept by its hash, and forgotten in time.

Reading starts no work: somebody presses a button, a row waits, the queue or the schedule draws it,
and the same content is served from the stored file ever after.
"""

from __future__ import annotations

import datetime
import uuid
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from ..documents import html_pdf
from ..models import DrawnDocument
from ..storing import remove_files
from .audit import record_event
from .drawings import draw_once

FOLDER = "documents"
State = DrawnDocument.State


def ask_for_document(
    *, content_sha256: str, html: str, now: datetime.datetime
) -> tuple[DrawnDocument, bool]:
    """The row of this content, waiting unless it is drawn, and whether there is work since this call. One
    that failed, or whose file is gone from the disk, is drawn again.

    The log tells what was drawn, not what was asked: anybody may ask, as often as they like.
    """
    with transaction.atomic():
        row, created = DrawnDocument.objects.select_for_update(no_key=True).get_or_create(
            content_sha256=content_sha256, defaults={"html": html, "asked_at": now}
        )
        is_again = not created and (row.state == State.FAILED or is_gone(row))
        if is_again:
            row.state, row.tries, row.failure, row.asked_at = State.WAITING, 0, "", now
            row.html, row.file.name = html, ""
            row.save()
    return row, created or is_again


def is_gone(row: DrawnDocument) -> bool:
    """Whether it was drawn and its file is no more, as after a restore of the database alone."""
    return row.state == State.MADE and not default_storage.exists(row.file.name or "")


def make_document(*, document: DrawnDocument, by: Any, now: datetime.datetime) -> bool:
    """Draws one that waits. False where it waits no more, where another worker has just begun it, or
    where it could not be drawn and says why. Must not run inside a transaction."""
    return draw_once(
        row=document,
        draw=lambda: html_pdf(document.html),
        path=f"{FOLDER}/{uuid.uuid4().hex}.pdf",
        changes={"html": ""},
        verb="document drawn",
        subject=document,
        after={},
        by=by,
        now=now,
    )


def make_waiting_documents(*, by: Any, now: datetime.datetime, most: int = 10) -> int:
    """Those that were tried least first, so that one that kills its worker holds up no other; how many
    were made."""
    waiting = DrawnDocument.objects.filter(state=State.WAITING)
    waiting = waiting.order_by("tries", "asked_at", "pk")[:most]
    return sum(make_document(document=each, by=by, now=now) for each in list(waiting))


def forget_documents(*, days: int, by: Any, now: datetime.datetime) -> int:
    """Those that were asked for more than `days` ago; whoever asks again gets them drawn anew. How many."""
    with transaction.atomic():
        old = DrawnDocument.objects.filter(asked_at__lt=now - datetime.timedelta(days=days))
        paths = list(old.exclude(file="").values_list("file", flat=True))
        gone = int(old.delete()[0])
        if gone:
            record_event(
                by=by, now=now, verb="drawn documents forgotten", subject_type="drawndocument",
                subject_name="Drawn documents", after={"documents": gone},
            )  # fmt: skip
    remove_files(default_storage, *paths)
    return gone

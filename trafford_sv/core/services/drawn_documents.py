"""Documents drawn by a task from their content, kept by its hash, and forgotten in time.

Reading starts no work: somebody presses a button, a row waits, the queue or the schedule draws it,
and the same content is served from the stored file ever after.
"""

from __future__ import annotations

import datetime
import io
import logging
import uuid
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from ..documents import html_pdf
from ..models import DrawnDocument
from ..storing import remove_files, sha256_of, write_file
from .audit import record_event

logger = logging.getLogger(__name__)
FOLDER = "documents"
MOST_TRIES = 3
CUT_OFF = "Each time it was drawn, the work was cut off before it was done."
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
    if not _claim(document):
        return False
    try:
        content = html_pdf(document.html)
        stored = io.BytesIO(content)
        path = f"{FOLDER}/{uuid.uuid4().hex}.pdf"
        write_file(default_storage, path, stored)
    except Exception as error:
        logger.exception("Could not draw %s", document)
        _failed(document, error)
        return False
    done = False
    try:
        with transaction.atomic():
            held = _locked(document)
            # Also one that was given up meanwhile: the same content is drawn the same.
            if held is not None and held.state != State.MADE:
                held.state, held.html, held.failure, held.made_at = State.MADE, "", "", now
                held.file.name, held.sha256, held.size_bytes = path, sha256_of(stored), len(content)
                held.save()
                record_event(
                    by=by, now=now, verb="document drawn", subject=held,
                    after={"sha256": held.sha256, "bytes": held.size_bytes},
                )  # fmt: skip
                done = True
    finally:
        if not done:  # another worker was quicker, or the row is gone
            remove_files(default_storage, path)
    return done


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


def _claim(document: DrawnDocument) -> bool:
    """The try is counted before it is made: a drawing that ends its worker tells nobody. Of two workers
    that saw the same tries one goes on. After the last try it has failed."""
    waiting = DrawnDocument.objects.filter(pk=document.pk, state=State.WAITING)
    if document.tries >= MOST_TRIES:
        waiting.filter(tries__gte=MOST_TRIES).update(state=State.FAILED, failure=CUT_OFF)
        return False
    return bool(waiting.filter(tries=document.tries).update(tries=F("tries") + 1))


def _locked(document: DrawnDocument) -> DrawnDocument | None:
    """None where it was forgotten meanwhile."""
    return DrawnDocument.objects.select_for_update(no_key=True).filter(pk=document.pk).first()


def _failed(document: DrawnDocument, error: Exception) -> None:
    """Tried a few times by itself, then it waits for a person."""
    with transaction.atomic():
        held = _locked(document)
        if held is None or held.state != State.WAITING:
            return
        held.failure = (str(error) or type(error).__name__)[:1000]
        if held.tries >= MOST_TRIES:
            held.state = State.FAILED
        held.save(update_fields=["failure", "state"])

"""Drawing a file once: whose try it is, how often it is tried, and what is kept of it."""

from __future__ import annotations

import datetime
import io
import logging
from collections.abc import Callable, Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.db.models import F

from ..models import Drawing
from ..storing import remove_files, sha256_of, write_file
from .audit import record_event

logger = logging.getLogger(__name__)
MOST_TRIES = 3
CUT_OFF = "Each time it was drawn, the work was cut off before it was done."
State = Drawing.State


def draw_once(
    *,
    row: Any,
    draw: Callable[[], bytes],
    path: str,
    changes: Mapping[str, Any],
    verb: str,
    subject: Any,
    after: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
) -> bool:
    """Draws the file of a `Drawing` that waits and stores it at `path`, with `changes` to the row and one
    event. False where it waits no more, where another worker has just begun it, or where it could not
    be drawn and says why. Must not run inside a transaction.
    """
    if not _claim(row):
        return False
    try:
        content = draw()
        stored = io.BytesIO(content)
        digest = sha256_of(stored)
        write_file(default_storage, path, stored)
    except Exception as error:
        logger.exception("Could not draw %s", row)
        _failed(row, error)
        return False
    done = False
    try:
        with transaction.atomic():
            held = _locked(row)
            # Also one that was given up meanwhile: the same content is drawn the same.
            if held is not None and held.state != State.MADE:
                held.state, held.failure, held.made_at = State.MADE, "", now
                held.file.name, held.sha256, held.size_bytes = path, digest, len(content)
                for name, value in changes.items():
                    setattr(held, name, value)
                held.save()
                record_event(
                    by=by, now=now, verb=verb, subject=subject,
                    after={**after, "sha256": digest, "bytes": len(content)},
                )  # fmt: skip
                done = True
    finally:
        if not done:  # another worker was quicker, or the row is gone
            remove_files(default_storage, path)
    return done


def _claim(row: Any) -> bool:
    """The try is counted before it is made: a drawing that ends its worker tells nobody. Of two workers
    that saw the same tries one goes on. After the last try it has failed."""
    waiting = type(row).objects.filter(pk=row.pk, state=State.WAITING)
    if row.tries >= MOST_TRIES:
        waiting.filter(tries__gte=MOST_TRIES).update(state=State.FAILED, failure=CUT_OFF)
        return False
    return bool(waiting.filter(tries=row.tries).update(tries=F("tries") + 1))


def _locked(row: Any) -> Any:
    """None where it was forgotten meanwhile."""
    return type(row).objects.select_for_update(no_key=True).filter(pk=row.pk).first()


def _failed(row: Any, error: Exception) -> None:
    """Tried a few times by itself, then it waits for a person."""
    words = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    with transaction.atomic():
        held = _locked(row)
        if held is None or held.state != State.WAITING:
            return
        held.failure = (words or type(error).__name__)[:1000]
        if held.tries >= MOST_TRIES:
            held.state = State.FAILED
        held.save(update_fields=["failure", "state"])

"""The files of an edition: drawn once from its stored text, by a task, and served as stored ever after."""

from __future__ import annotations

import datetime
import gc
import io
import logging
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.storing import remove_files, sha256_of, write_file

from ..models import EditionFile, ReportEdition
from ..rendering import Sheet
from ..rendering.docx import edition_docx
from ..rendering.pdf import edition_pdf
from ..rendering.xlsx import edition_xlsx

logger = logging.getLogger(__name__)
FOLDER = "editions"
MOST_TRIES = 3

DRAW: dict[str, Callable[[Sheet], bytes]] = {
    EditionFile.Format.PDF: edition_pdf,
    EditionFile.Format.DOCX: edition_docx,
    EditionFile.Format.XLSX: edition_xlsx,
}


def sheet_of(edition: ReportEdition) -> Sheet:
    """What renderers see of a published edition."""
    return Sheet(
        edition.dataset(), edition.sha256, f"{settings.SITE_URL}{edition.get_absolute_url()}"
    )


def make_files(*, edition: ReportEdition, by: Any, now: datetime.datetime) -> int:
    """Draws every file that waits; how many were made. One that fails says why and can be tried again."""
    sheet, made = sheet_of(edition), 0
    with no_collecting():
        for file in edition.files.filter(state=EditionFile.State.WAITING):
            made += _make(file, sheet, edition.dataset_text, by, now)
    return made


def make_waiting_files(*, by: Any, now: datetime.datetime, most: int = 3) -> int:
    """Of the editions whose files wait, a few at a time, the oldest first."""
    waiting = EditionFile.objects.filter(state=EditionFile.State.WAITING)
    found = ReportEdition.objects.filter(pk__in=waiting.values("edition")).order_by("pk")[:most]
    return sum(make_files(edition=edition, by=by, now=now) for edition in found)


def try_again(*, edition: ReportEdition, by: Any, now: datetime.datetime) -> int:
    """Files that failed wait once more; how many."""
    with transaction.atomic():
        files = list(edition.files.select_for_update().filter(state=EditionFile.State.FAILED))
        for file in files:
            file.state, file.tries, file.failure = EditionFile.State.WAITING, 0, ""
            file.save(update_fields=["state", "tries", "failure"])
        if files:
            record_event(
                by=by, now=now, verb="files of an edition asked for again", subject=edition
            )
    return len(files)


@contextmanager
def no_collecting() -> Iterator[None]:
    """Drawing makes millions of small objects that all live to the end: looking for cycles among them
    costs a fifth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
        gc.collect()


def _make(file: EditionFile, sheet: Sheet, text: str, by: Any, now: datetime.datetime) -> bool:
    try:
        content = text.encode() if file.format == "json" else DRAW[file.format](sheet)
        stored = io.BytesIO(content)
        path = f"{FOLDER}/{file.edition.file_stem}-{uuid.uuid4().hex}.{file.format}"
        digest = sha256_of(stored)
        write_file(default_storage, path, stored)
    except Exception as error:
        logger.exception("Could not make %s", file)
        _failed(file, error)
        return False
    try:
        with transaction.atomic():
            held = EditionFile.objects.select_for_update().get(pk=file.pk)
            if held.state == EditionFile.State.MADE:
                raise _SomebodyElse
            held.state, held.failure, held.made_at = EditionFile.State.MADE, "", now
            held.file.name, held.sha256, held.size_bytes = path, digest, len(content)
            held.tries += 1
            held.save()
            record_event(
                by=by, now=now, verb="file of an edition made", subject=file.edition,
                after={"format": file.format, "sha256": digest, "bytes": len(content)},
            )  # fmt: skip
    except _SomebodyElse:
        remove_files(default_storage, path)
        return False
    except BaseException:
        remove_files(default_storage, path)
        raise
    return True


class _SomebodyElse(Exception):
    """Another worker was quicker; its file stands."""


def _failed(file: EditionFile, error: Exception) -> None:
    """Tried a few times by itself, then it waits for a person."""
    words = " ".join(error.messages) if isinstance(error, ValidationError) else str(error)
    with transaction.atomic():
        held = EditionFile.objects.select_for_update().get(pk=file.pk)
        if held.state == EditionFile.State.MADE:
            return
        held.tries += 1
        held.failure = (words or type(error).__name__)[:1000]
        if held.tries >= MOST_TRIES:
            held.state = EditionFile.State.FAILED
        held.save(update_fields=["tries", "failure", "state"])

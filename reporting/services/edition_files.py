"""The files of an edition: drawn once from its stored text, by a task, and served as stored ever after."""

from __future__ import annotations

import datetime
import gc
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.drawings import draw_once

from ..models import EditionFile, ReportEdition
from ..rendering import Sheet
from ..rendering.docx import edition_docx
from ..rendering.pdf import edition_pdf
from ..rendering.xlsx import edition_xlsx

FOLDER = "editions"

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
        for file in edition.files.filter(state=EditionFile.State.WAITING).order_by("tries", "pk"):
            made += draw_once(
                row=file,
                draw=partial(_content, file.format, sheet, edition.dataset_text),
                path=f"{FOLDER}/{edition.file_stem}-{uuid.uuid4().hex}.{file.format}",
                changes={},
                verb="file of an edition made",
                subject=edition,
                after={"format": file.format},
                by=by,
                now=now,
            )
    return made


def _content(form: str, sheet: Sheet, text: str) -> bytes:
    return text.encode() if form == EditionFile.Format.JSON else DRAW[form](sheet)


def make_waiting_files(*, by: Any, now: datetime.datetime, most: int = 20) -> int:
    """Of the editions whose files wait, a few at a time: those that were tried least, so that one that
    kills its worker holds up no other, and of them the oldest first."""
    waits = Q(files__state=EditionFile.State.WAITING)
    waiting = ReportEdition.objects.annotate(tried=Max("files__tries", filter=waits))
    found = waiting.filter(tried__isnull=False).order_by("tried", "pk")[:most]
    return sum(make_files(edition=edition, by=by, now=now) for edition in list(found))


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

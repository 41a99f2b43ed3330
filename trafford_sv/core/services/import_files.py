"""Forgetting the files of old imports: they can name people, and nobody needs them for ever."""

from __future__ import annotations

import datetime
import logging

from django.db import transaction
from django.db.models import Q

from ..models import ImportRow, ImportRun
from .audit import record_event
from .imports import cancel_run

State = ImportRun.State
logger = logging.getLogger(__name__)

_FINISHED = (State.APPLIED, State.REFUSED, State.CANCELLED)
_LEFT_LYING = (State.UPLOADED, State.PLANNED)


def forget_old_files(*, days: int, now: datetime.datetime) -> int:
    """Delete the file and the stored rows of every import that ended more than `days` ago.

    One that somebody began and left lying as long is cancelled. Counts, the fingerprint and who
    did it stay; each deletion is an audit event. 0 days keeps everything. How many were deleted.
    A file that cannot be deleted is logged and tried again the next time.
    """
    if days <= 0:
        return 0
    before = now - datetime.timedelta(days=days)
    old = ImportRun.objects.filter(file_deleted_at=None).filter(
        Q(state__in=_FINISHED, finished_at__lt=before)
        | Q(state__in=_LEFT_LYING, created_at__lt=before)
    )
    forgotten = 0
    for run in old.order_by("created_at"):
        try:
            if run.state in _LEFT_LYING:
                cancel_run(run=run, by=None, now=now)
            else:
                _forget_file(run, days, now)
        except Exception:
            logger.exception("Could not delete the file of import %s", run.pk)
        else:
            forgotten += 1
    return forgotten


def _forget_file(run: ImportRun, days: int, now: datetime.datetime) -> None:
    with transaction.atomic():
        run = ImportRun.objects.select_for_update().get(pk=run.pk)
        if run.file_deleted_at or run.state not in _FINISHED:
            return  # somebody else was at it
        rows, _ = ImportRow.objects.filter(run=run).delete()
        storage, name = run.file.storage, run.file.name
        run.file, run.file_deleted_at = "", now
        run.rejects_seen_at = run.rejects_seen_at or now  # there is nothing left to look at
        run.save(update_fields=["file", "file_deleted_at", "rejects_seen_at"])
        record_event(
            by=None,
            now=now,
            verb="import file deleted",
            subject=run,
            after={"sha256": run.file_sha256, "bytes": run.file_bytes, "stored_rows": rows},
            reason=f"The import ended more than {days} days ago.",
        )
        if name:
            storage.delete(name)  # last: where the disk refuses, nothing is said to be deleted

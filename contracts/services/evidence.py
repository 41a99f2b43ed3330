"""Evidence files: kept once, put to lines and taken off, and forgotten when their time is up.

The bytes go to the disk before the row, and leave it after the row has said so. What a crash
leaves lying on the disk has no row, and `sweep_evidence` removes it.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage, default_storage
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from trafford_sv.core.files.kinds import KINDS, Looked, look_at
from trafford_sv.core.files.personal_data import warnings_about
from trafford_sv.core.files.pictures import shown_picture
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.storing import remove_files, sha256_of, write_file
from trafford_sv.core.workbooks import FileRefused
from trafford_sv.directory.models import Organisation

from ..models import DeliveryReturn, EvidenceFile, EvidenceLink, ReturnEvent, ReturnLine
from ..return_rules import line_is_editable

logger = logging.getLogger(__name__)

FOLDER, SHOWN_FOLDER = "evidence", "evidence-shown"
MOST_FILES_A_LINE = 50
# A file without a row that is younger than this may still be on its way in.
LEFT_LYING = datetime.timedelta(hours=24)
NOT_CHANGEABLE = (
    "This line cannot be changed now: its return has been submitted, or the line was accepted. "
    "Ask the council’s officer to send it back first."
)


def store_evidence(
    *, file: Any, original_name: str, supplier: Organisation, by: Any, now: datetime.datetime
) -> EvidenceFile:
    """Keep a file for a supplier. The same bytes from the same supplier are one file.

    `file` is any binary file that can be read twice. Raises ValidationError with a sentence.
    """
    try:
        looked = look_at(file, original_name, largest_bytes=settings.EVIDENCE_MAX_BYTES)
        shown = shown_picture(file, looked.kind.key) if looked.kind.is_picture else b""
    except FileRefused as error:
        raise ValidationError(str(error), code="refused") from error
    digest = sha256_of(file)
    stored = EvidenceFile.objects.filter(supplier=supplier, sha256=digest).first()
    if stored is not None and (kept := _keep_longer(stored.pk, by, now)) is not None:
        return kept
    storage = default_storage
    key = uuid.uuid4()
    # Named by us alone: what the sender called it never becomes a path.
    path = f"{FOLDER}/{now:%Y/%m}/{key}"
    shown_path = f"{SHOWN_FOLDER}/{now:%Y/%m}/{key}" if shown else ""
    try:
        write_file(storage, path, file)
        if shown:
            write_file(storage, shown_path, ContentFile(shown))
        return _record(looked, digest, path, shown_path, supplier, by, now)
    except IntegrityError:
        # Somebody sent the same bytes at the same moment and was quicker.
        remove_files(storage, path, shown_path)
        return EvidenceFile.objects.get(supplier=supplier, sha256=digest)
    except BaseException:
        remove_files(storage, path, shown_path)
        raise


def _record(
    looked: Looked,
    digest: str,
    path: str,
    shown_path: str,
    supplier: Organisation,
    by: Any,
    now: datetime.datetime,
) -> EvidenceFile:
    with transaction.atomic():
        # One that was forgotten and is sent again comes back under its old number.
        row = (
            EvidenceFile.objects.select_for_update(no_key=True)
            .filter(supplier=supplier, sha256=digest)
            .first()
        )
        if row is not None and row.deleted_at is None:
            raise IntegrityError("kept meanwhile")
        row = row or EvidenceFile(supplier=supplier, sha256=digest)
        row.original_name = looked.name
        row.kind = looked.kind.key
        row.file_bytes = looked.file_bytes
        row.file.name, row.shown_file.name = path, shown_path
        row.warnings = [*looked.notes, *warnings_about(looked.text)]
        row.uploaded_at, row.uploaded_by_name = now, actor_name(by)
        row.delete_after = _delete_after(looked.kind.key, now)
        row.deleted_at = None
        row.save()
        record_event(
            by=by,
            now=now,
            verb="evidence stored",
            subject=row,
            after={
                "sha256": digest,
                "bytes": looked.file_bytes,
                "kind": looked.kind.key,
                "supplier": str(supplier),
            },
        )
    return row


def _delete_after(kind: str, now: datetime.datetime) -> datetime.date | None:
    """The day its time is up, by kind. 0 days keeps it for ever."""
    days = settings.EVIDENCE_PICTURE_DAYS if KINDS[kind].is_picture else settings.EVIDENCE_FILE_DAYS
    return timezone.localtime(now).date() + datetime.timedelta(days=days) if days > 0 else None


def _keep_longer(pk: uuid.UUID, by: Any, now: datetime.datetime) -> EvidenceFile | None:
    """The same bytes were sent again, so their time begins again. None where they are gone."""
    with transaction.atomic():
        row = EvidenceFile.objects.select_for_update(no_key=True).get(pk=pk)
        if row.deleted_at is not None:
            return None
        before = row.delete_after
        if _move_end(row, now):
            record_event(
                by=by,
                now=now,
                verb="evidence sent again",
                subject=row,
                before={"delete_after": before},
                after={"delete_after": row.delete_after},
            )
        return row


def _move_end(row: EvidenceFile, now: datetime.datetime) -> bool:
    """To the later day of the two; never forward in time. The row is locked by the caller."""
    end = _delete_after(row.kind, now)
    if row.delete_after is None or (end is not None and end <= row.delete_after):
        return False
    row.delete_after = end
    row.save(update_fields=["delete_after"])
    return True


# --- lines --------------------------------------------------------------------------------


def is_changeable(line: ReturnLine) -> bool:
    """May its supplier still put files to it and take them off? As for its figures."""
    return line_is_editable(line.delivery_return.state, line.state)


def link_evidence(
    *, file: EvidenceFile, line: ReturnLine, by: Any, now: datetime.datetime, note: str = ""
) -> EvidenceLink:
    """Let a file serve a line. Doing so twice changes nothing. Raises ValidationError."""
    with transaction.atomic():
        line = _held(line)
        file = EvidenceFile.objects.select_for_update(no_key=True).get(pk=file.pk)
        if file.supplier_id != line.delivery_return.supplier_id:
            raise ValidationError("This file belongs to somebody else. Send your own.")
        if file.deleted_at is not None:
            raise ValidationError(
                "This file was deleted when its time was up. Send it again to use it."
            )
        stored = EvidenceLink.objects.filter(file=file, line=line).first()
        if stored is not None:
            return stored
        if line.evidence_links.count() >= MOST_FILES_A_LINE:
            raise ValidationError(
                f"A line takes at most {MOST_FILES_A_LINE} files. Put several pages into one PDF."
            )
        link = EvidenceLink.objects.create(
            file=file,
            line=line,
            note=note.strip()[:300],
            linked_at=now,
            linked_by_name=actor_name(by),
        )
        # What proves something now has its time again, as if it had been sent for this line.
        _move_end(file, now)
        _say(line, ReturnEvent.Action.FILE_ADDED, file, by, now)
    return link


def unlink_evidence(
    *, file: EvidenceFile, line: ReturnLine, by: Any, now: datetime.datetime
) -> None:
    """Take a file off a line. The file itself stays, for its other lines and the record."""
    with transaction.atomic():
        line = _held(line)
        deleted, _ = EvidenceLink.objects.filter(file=file, line=line).delete()
        if deleted:
            _say(line, ReturnEvent.Action.FILE_REMOVED, file, by, now)


def _held(line: ReturnLine) -> ReturnLine:
    """The line as it stands now; its return cannot be submitted or sent back meanwhile."""
    delivery_return = DeliveryReturn.objects.select_for_update(no_key=True).get(
        pk=line.delivery_return_id
    )
    held = ReturnLine.objects.select_for_update(no_key=True).get(pk=line.pk)
    held.delivery_return = delivery_return
    if not is_changeable(held):
        raise ValidationError(NOT_CHANGEABLE)
    return held


def _say(
    line: ReturnLine,
    action: ReturnEvent.Action,
    file: EvidenceFile,
    by: Any,
    now: datetime.datetime,
) -> None:
    ReturnEvent.objects.create(
        delivery_return=line.delivery_return,
        line=line,
        line_number=line.number,
        at=now,
        actor_name=actor_name(by),
        action=action,
        words=file.original_name,
    )
    record_event(
        by=by,
        now=now,
        verb="evidence put to a line"
        if action == ReturnEvent.Action.FILE_ADDED
        else "evidence taken off a line",
        subject=line,
        after={"file": file.original_name, "sha256": file.sha256},
    )


# --- forgetting ---------------------------------------------------------------------------


def forget_old_evidence(*, now: datetime.datetime, by: Any = None) -> int:
    """Delete the bytes of every file whose time is up. Name, hash and lines stay on record.

    A file that serves a line which nobody has decided yet stays until somebody has. One that cannot be deleted is logged and tried again the next time. How many were deleted.
    """
    today = timezone.localtime(now).date()
    forgotten = 0
    for pk in list(
        EvidenceFile.objects.filter(deleted_at=None, delete_after__lt=today)
        .exclude(pk__in=_needed().values("file"))
        .values_list("pk", flat=True)
    ):
        try:
            forgotten += _forget(pk, today, by, now)
        except Exception:
            logger.exception("Could not delete the evidence %s", pk)
    return forgotten


def _needed() -> QuerySet[EvidenceLink]:
    """Links to lines that an officer has still to look at, or that are with their supplier."""
    return EvidenceLink.objects.filter(
        line__state__in=(ReturnLine.State.OPEN, ReturnLine.State.SENT_BACK)
    )


def _forget(pk: uuid.UUID, today: datetime.date, by: Any, now: datetime.datetime) -> bool:
    with transaction.atomic():
        row = EvidenceFile.objects.select_for_update(no_key=True).get(pk=pk)
        if row.deleted_at is not None or row.delete_after is None or row.delete_after >= today:
            return False  # somebody else was at it
        if _needed().filter(file=row).exists():
            return False
        paths = [(each.storage, each.name) for each in (row.file, row.shown_file) if each.name]
        row.file, row.shown_file, row.deleted_at = "", "", now
        row.save(update_fields=["file", "shown_file", "deleted_at"])
        record_event(
            by=by,
            now=now,
            verb="evidence deleted",
            subject=row,
            after={"sha256": row.sha256, "bytes": row.file_bytes},
            reason=f"Its time was up on {row.delete_after:%-d %B %Y}.",
        )
        for storage, name in paths:
            storage.delete(str(name))  # last: where the disk refuses, nothing is said to be deleted
    return True


def sweep_evidence(*, now: datetime.datetime, by: Any = None) -> int:
    """Remove files that have no row: what a crash between file and row left lying."""
    swept = 0
    for folder, field in ((FOLDER, "file"), (SHOWN_FOLDER, "shown_file")):
        for path in _files_under(default_storage, folder):
            try:
                young = default_storage.get_modified_time(path) > now - LEFT_LYING
                if young or EvidenceFile.objects.filter(**{field: path}).exists():
                    continue
                default_storage.delete(path)
                record_event(
                    by=by,
                    now=now,
                    verb="stray evidence removed",
                    subject_type="evidencefile",
                    subject_name=path,
                    reason="A file without a record: it was cut off on its way in.",
                )
                swept += 1
            except OSError:
                logger.exception("Could not look at %s", path)
    return swept


def _files_under(storage: Storage, folder: str) -> list[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return []
    found = [f"{folder}/{name}" for name in files]
    for each in folders:
        found += _files_under(storage, f"{folder}/{each}")
    return found

"""Evidence for a criterion: files by the checks that every upload passes, links, actions, figures.

Before moderation opens, an assessor's evidence is their own and the log does not say what it is.
"""

from __future__ import annotations

import datetime
import logging
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.access import can
from trafford_sv.core.files.kinds import look_at
from trafford_sv.core.files.personal_data import warnings_about
from trafford_sv.core.files.pictures import shown_picture
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.storing import remove_files, sha256_of, write_file
from trafford_sv.core.workbooks import FileRefused

from ...models import Assessment, Criterion, CriterionEvidence, ThemeResult
from .moderating import AGREED

logger = logging.getLogger(__name__)
FOLDER = "maturity"
MOST_A_CRITERION = 50


def add_evidence(
    *,
    assessment: Assessment,
    criterion: Criterion,
    kind: str,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
) -> CriterionEvidence:
    """A link (url), an action of the plan (action), or a figure (metric_key, figure_quantity,
    figure_on); each with a note that says what it shows. `by` None: given by the product itself.

    Raises ValidationError with sentences by field.
    """
    if kind not in (
        CriterionEvidence.Kind.LINK,
        CriterionEvidence.Kind.ACTION,
        CriterionEvidence.Kind.FIGURE,
    ):
        raise ValidationError({"kind": ["Choose a link, an action or a figure."]})
    _refuse_gaps(kind, values)
    with transaction.atomic():
        stored = _changeable(assessment, criterion)
        _has_room(stored, criterion)
        row = CriterionEvidence(
            assessment=stored,
            criterion=criterion,
            kind=kind,
            note=str(values.get("note") or "").strip(),
            added_by=by,
            added_by_name=actor_name(by),
            added_at=now,
            is_common=_is_common(by),
        )
        for name in _FIELDS[kind]:
            setattr(row, name, values[name])
        row.full_clean()
        row.save()
        _say(row, "evidence put to a criterion", by, now)
    return row


_FIELDS = {
    "link": ("url",),
    "action": ("action",),
    "figure": ("metric_key", "figure_quantity", "figure_on"),
}
_ASKS = {
    "note": "Say what it shows.",
    "url": "Enter the address of the page or document.",
    "action": "Choose the action.",
    "metric_key": "Say which figure it is.",
    "figure_quantity": "Enter the figure’s value.",
    "figure_on": "Enter the day on which the figure stood so.",
}


def _refuse_gaps(kind: str, values: Mapping[str, Any]) -> None:
    missing = {
        name: [_ASKS[name]]
        for name in ("note", *_FIELDS[kind])
        if values.get(name) is None or str(values[name]).strip() == ""
    }
    if missing:
        raise ValidationError(missing)


def add_file(
    *,
    assessment: Assessment,
    criterion: Criterion,
    file: Any,
    original_name: str,
    note: str,
    by: Any,
    now: datetime.datetime,
) -> CriterionEvidence:
    """A file, told by its bytes. A picture is kept as drawn anew, without where it was taken."""
    if not note.strip():
        raise ValidationError({"note": [_ASKS["note"]]})
    _changeable(assessment, criterion, lock=False)  # before anything is kept
    try:
        looked = look_at(file, original_name, largest_bytes=settings.EVIDENCE_MAX_BYTES)
        shown = shown_picture(file, looked.kind.key) if looked.kind.is_picture else b""
    except FileRefused as error:
        raise ValidationError({"file": [str(error)]}, code="refused") from error
    kept = _bytes(shown) if shown else file
    digest = sha256_of(kept)
    key = uuid.uuid4()
    path = f"{FOLDER}/{now:%Y/%m}/{key}"
    try:
        write_file(default_storage, path, kept)
        with transaction.atomic():
            stored = _changeable(assessment, criterion)
            _has_room(stored, criterion)
            row = CriterionEvidence(
                id=key,
                assessment=stored,
                criterion=criterion,
                kind=CriterionEvidence.Kind.FILE,
                note=note.strip(),
                original_name=looked.name,
                sha256=digest,
                file_kind=looked.kind.key,
                file_bytes=len(shown) or looked.file_bytes,
                warnings=[*looked.notes, *warnings_about(looked.text)],
                added_by=by,
                added_by_name=actor_name(by),
                added_at=now,
                is_common=_is_common(by),
                delete_after=_delete_after(looked.kind, now),
            )
            row.file.name = path
            row.full_clean()
            row.save()
            _say(row, "evidence put to a criterion", by, now)
    except BaseException:
        remove_files(default_storage, path)
        raise
    return row


def _bytes(content: bytes) -> Any:
    from django.core.files.base import ContentFile

    return ContentFile(content)


def remove_evidence(*, evidence: CriterionEvidence, by: Any, now: datetime.datetime) -> None:
    """By whoever put it, or by whoever keeps the assessment; never once the stage is agreed."""
    with transaction.atomic():
        _changeable(evidence.assessment, evidence.criterion)
        row = CriterionEvidence.objects.select_for_update(of=("self",)).get(pk=evidence.pk)
        if row.added_by_id != getattr(by, "pk", None) and not can(by, "moderate_maturity"):
            raise ValidationError("Somebody else put this here. Ask them, or the co-ordinator.")
        path = row.file.name if row.file else ""
        _say(row, "evidence taken off a criterion", by, now)
        row.delete()
        transaction.on_commit(lambda: remove_files(default_storage, str(path)) if path else None)


def forget_old_evidence(*, now: datetime.datetime, by: Any = None) -> int:
    """Delete the bytes of every file whose time is up. What it was called, its hash and what it
    showed stay on record, and so does the stage that rests on it. Returns how many were deleted.

    One that cannot be deleted is logged and tried again the next time.
    """
    today = timezone.localtime(now).date()
    forgotten = 0
    due = CriterionEvidence.objects.filter(deleted_at=None, delete_after__lt=today)
    for pk in list(due.values_list("pk", flat=True)):
        try:
            forgotten += _forget(pk, today, by, now)
        except Exception:
            logger.exception("Could not delete the evidence %s", pk)
    return forgotten


def _forget(pk: uuid.UUID, today: datetime.date, by: Any, now: datetime.datetime) -> bool:
    with transaction.atomic():
        row = (
            CriterionEvidence.objects.select_for_update(of=("self",))
            .select_related("assessment", "criterion")
            .get(pk=pk)
        )
        if row.deleted_at is not None or row.delete_after is None or row.delete_after >= today:
            return False  # somebody else was at it
        storage, name = row.file.storage, row.file.name
        row.file, row.deleted_at = "", now
        row.save(update_fields=["file", "deleted_at"])
        is_open = row.is_common or not row.assessment.is_blind
        record_event(
            by=by,
            now=now,
            verb="evidence deleted",
            subject=row.assessment,
            after={"criterion": row.criterion.code, "file": row.original_name, "sha256": row.sha256}
            if is_open
            else {},
            reason=f"Its time was up on {row.delete_after:%-d %B %Y}.",
        )
        if name:
            storage.delete(name)  # last: where the disk refuses, nothing is said to be deleted
    return True


def _delete_after(kind: Any, now: datetime.datetime) -> datetime.date | None:
    """The day its time is up, as for suppliers' evidence. 0 days keeps it for ever."""
    days = settings.EVIDENCE_PICTURE_DAYS if kind.is_picture else settings.EVIDENCE_FILE_DAYS
    return timezone.localtime(now).date() + datetime.timedelta(days=days) if days > 0 else None


def _is_common(by: Any) -> bool:
    """Nobody's opinion: from the product, or from whoever keeps the assessments."""
    return by is None or can(by, "change_maturity")


def _changeable(assessment: Assessment, criterion: Criterion, *, lock: bool = True) -> Assessment:
    rows = Assessment.objects.select_for_update() if lock else Assessment.objects.all()
    stored = rows.get(pk=assessment.pk)
    if stored.edition_id != criterion.edition_id:
        raise ValidationError("This criterion is of another edition of the index.")
    agreed = ThemeResult.objects.filter(
        assessment=stored, theme=criterion.theme_id, state=ThemeResult.State.AGREED
    ).exists()
    if stored.state == Assessment.State.AGREED or agreed:
        raise ValidationError(AGREED)
    return stored


def _has_room(stored: Assessment, criterion: Criterion) -> None:
    held = CriterionEvidence.objects.filter(assessment=stored, criterion=criterion).count()
    if held >= MOST_A_CRITERION:
        raise ValidationError(
            f"A criterion takes at most {MOST_A_CRITERION} pieces of evidence. Keep the strongest."
        )


def _say(row: CriterionEvidence, verb: str, by: Any, now: datetime.datetime) -> None:
    """While scoring is blind, the log says that there is evidence and not for what."""
    is_open = row.is_common or not row.assessment.is_blind
    record_event(
        by=by,
        now=now,
        verb=verb,
        subject=row.assessment,
        after={"criterion": row.criterion.code, "evidence": row.words, "note": row.note}
        if is_open
        else {},
    )

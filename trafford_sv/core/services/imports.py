"""A file's way in: kept, mapped, planned, applied or cancelled; and picked up when a worker died.

States: uploaded -> planning -> planned -> applying -> applied; refused and cancelled end it.
Planning writes only what it would do, in many small transactions, and starts again from the
file when it is interrupted. Applying is one transaction with the run's row locked: whoever
holds the lock is alive, and whoever can take it may carry on.
"""

from __future__ import annotations

import datetime
import errno
import hashlib
import logging
import os
import time
from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.core.files.storage import Storage, default_storage
from django.db import IntegrityError, connection, transaction
from django.db.models import Q

from ..importing import Beat, Importer, importer_for
from ..models import ColumnMapping, ImportRow, ImportRun
from ..selectors.imports import progress_key, progress_of, suggest_mapping
from ..workbooks import FileRefused, Limits, check_size, clean_text, headings_hash
from .audit import actor_name, plain, record_event

__all__ = [
    "ImportStateError",
    "PlanIsStale",
    "apply_claimed",
    "apply_run",
    "cancel_run",
    "check_mapping",
    "claim_apply",
    "finish_unchanged",
    "keep_answers",
    "mark_rejects_seen",
    "plan_run",
    "progress_of",
    "queue_planning",
    "release_claim",
    "remember_mapping",
    "resume_stalled",
    "suggest_mapping",
    "upload_file",
]
State = ImportRun.State
logger = logging.getLogger(__name__)

STALLED_AFTER = datetime.timedelta(minutes=3)
STOPPED_HALF_WAY = "It stopped half-way, so nothing was changed. Apply it again."
OUR_FAULT = (
    "Something went wrong on our side while this file was checked. Nothing was changed. "
    "Check it again; if it happens twice, tell an administrator."
)
_BEAT_SECONDS = 1.0
_TRIES, _PAUSE_SECONDS = 10, 0.1


class ImportStateError(ValueError):
    """What was asked does not fit where the import stands; the message says why."""


class PlanIsStale(ImportStateError):
    """The records changed after the preview was made. Importers raise it inside `apply`."""


# --- keeping the file ---------------------------------------------------------------------


def upload_file(
    *,
    kind: str,
    file: Any,
    name: str,
    source_name: str = "",
    by: Any,
    now: datetime.datetime,
    storage: Storage | None = None,
) -> ImportRun:
    """Keep the file and open a run for it. `file` is a Django File or any binary file.

    Raises FileRefused with nothing kept: unreadable, empty, over the limit, no room on the disk.
    """
    importer = importer_for(kind)
    storage = storage or default_storage
    file.seek(0, os.SEEK_END)
    size = file.tell()
    check_size(size, Limits(file_bytes=settings.UPLOAD_MAX_BYTES))
    run = ImportRun(
        kind=kind,
        original_name=os.path.basename(clean_text(name).replace("\\", "/"))[-255:] or "file",
        file_bytes=size,
        file_sha256=_sha256(file),
        source_name=source_name.strip(),
        started_by=by if getattr(by, "pk", None) else None,
        started_by_name=actor_name(by),
        created_at=now,
    )
    ending = os.path.splitext(run.original_name)[1].lower()
    path = f"imports/{now:%Y/%m}/{run.pk}{ending if ending in importer.extensions else ''}"
    try:
        run.file.name = _store(storage, path, file)
        run.file.storage = storage
        headings = importer.headings(run)
        with transaction.atomic():
            run.facts = {"headings": headings} if headings else {}
            run.save()
            record_event(
                by=by,
                now=now,
                verb="file uploaded for import",
                subject=run,
                after={"kind": kind, "sha256": run.file_sha256, "bytes": size},
            )
    except BaseException:
        _forget(storage, path)
        raise
    return run


def _sha256(file: Any) -> str:
    digest = hashlib.sha256()
    file.seek(0)
    while piece := file.read(1024 * 1024):
        digest.update(piece)
    file.seek(0)
    return digest.hexdigest()


def _store(storage: Storage, path: str, file: Any) -> str:
    from django.core.files import File

    try:
        return storage.save(path, file if isinstance(file, File) else File(file))
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        raise FileRefused(
            "There is no room left on the server’s disk, so the file was not kept. "
            "Tell an administrator, then try again."
            if full
            else "The file could not be kept. Nothing was changed. Tell an administrator."
        ) from error


def _forget(storage: Storage, path: str) -> None:
    """A half-written file is removed, as far as the disk lets us."""
    try:
        storage.delete(path)
    except OSError:
        logger.warning("Could not remove %s", path)


# --- which column is which ----------------------------------------------------------------


def check_mapping(*, kind: str, headings: Sequence[str], columns: Mapping[str, str]) -> list[str]:
    """What is wrong with an answer, a sentence each; empty when it can be used."""
    problems = []
    used: dict[str, str] = {}
    for field in importer_for(kind).fields:
        heading = columns.get(field.name, "")
        if not heading:
            if field.required:
                problems.append(f"Choose the column that holds the {field.label.lower()}.")
        elif heading not in headings:
            problems.append(f"The file has no column “{heading}”.")
        elif heading in used:
            problems.append(
                f"“{heading}” is chosen for both {used[heading].lower()} and {field.label.lower()}."
            )
        else:
            used[heading] = field.label
    return problems


def remember_mapping(
    *,
    run: ImportRun,
    headings: Sequence[str],
    columns: Mapping[str, str],
    name: str = "",
    by: Any,
    now: datetime.datetime,
) -> ImportRun:
    """Use this answer for the run, and for every later file with the same headings.

    Raises ImportStateError when the run is past mapping or the answer cannot be used.
    """
    problems = check_mapping(kind=run.kind, headings=headings, columns=columns)
    if problems:
        raise ImportStateError(" ".join(problems))
    chosen = {field: heading for field, heading in columns.items() if heading}
    with transaction.atomic():
        run = _locked(run)
        if run.state not in (State.UPLOADED, State.PLANNED, State.REFUSED):
            raise ImportStateError(
                f"This import is past choosing columns: {run.get_state_display()}."
            )
        run.columns = chosen
        run.save(update_fields=["columns"])
        key = headings_hash(headings)
        mapping = ColumnMapping.objects.filter(kind=run.kind, headings_hash=key).first()
        if mapping is None:
            wanted = (name.strip() or run.source_name or run.original_name)[:110]
            mapping = ColumnMapping(kind=run.kind, headings_hash=key, name=wanted)
            taken = set(
                ColumnMapping.objects.filter(kind=run.kind, name__startswith=wanted).values_list(
                    "name", flat=True
                )
            )
            number = 2
            while mapping.name in taken:
                mapping.name, number = f"{wanted} ({number})", number + 1
        before = dict(mapping.columns) if mapping.pk else {}
        mapping.headings, mapping.columns = list(headings), chosen
        mapping.used_at, mapping.saved_by_name = now, actor_name(by)
        mapping.save()
        if before != chosen:
            record_event(
                by=by,
                now=now,
                verb="column mapping remembered",
                subject=mapping,
                before=before,
                after=chosen,
            )
    return run


def keep_answers(
    *, run: ImportRun, answers: Mapping[str, Any], by: Any, now: datetime.datetime
) -> ImportRun:
    """What a person says about the file, with who said it and when. Raises ImportStateError."""
    with transaction.atomic():
        run = _locked(run)
        if run.state not in (State.UPLOADED, State.PLANNED, State.REFUSED):
            raise ImportStateError(
                f"This import is past answering questions: {run.get_state_display()}."
            )
        said = {**answers, "answered_by": actor_name(by), "answered_at": now.isoformat()}
        run.answers = {name: plain(value) for name, value in said.items()}
        run.save(update_fields=["answers"])
        record_event(
            by=by,
            now=now,
            verb="questions about an import answered",
            subject=run,
            after=run.answers,
        )
    return run


# --- planning -----------------------------------------------------------------------------


def queue_planning(*, run: ImportRun, by: Any, now: datetime.datetime) -> ImportRun:
    """Ready to be planned by whoever comes next. Raises ImportStateError."""
    with transaction.atomic():
        run = _locked(run)
        if run.state not in (State.UPLOADED, State.PLANNED, State.REFUSED):
            raise ImportStateError(f"This import cannot be checked now: {run.get_state_display()}.")
        if run.file_deleted_at:
            raise ImportStateError("The file was deleted, as old ones are. Upload it again.")
        run.state, run.heartbeat_at, run.message = State.PLANNING, None, ""
        run.progress_done = run.progress_total = 0
        run.save()
    return run


def plan_run(
    *, run: ImportRun, by: Any, now: datetime.datetime, watch: Beat | None = None
) -> ImportRun:
    """Read the file and write what it would do. Starts from nothing each time it is called.
    `watch` is told of every step, for a terminal that waits here.

    Does nothing when another worker is at it. A refused file ends as `refused` with its sentence.
    """
    stale = now - STALLED_AFTER
    claimed = ImportRun.objects.filter(
        Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=stale), pk=run.pk, state=State.PLANNING
    ).update(heartbeat_at=now)
    run = ImportRun.objects.get(pk=run.pk)
    if not claimed:
        return run
    importer = importer_for(run.kind)
    _clear_plan(importer, run)
    headings = run.facts.get("headings")
    run.rows = run.created = run.changed = run.unchanged = run.rejected = 0
    run.facts = {"headings": headings} if headings else {}
    try:
        importer.plan(run, now=now, beat=_beat(run, now, watch))
    except FileRefused as error:
        _clear_plan(importer, run)
        run.rows = run.created = run.changed = run.unchanged = run.rejected = 0
        run.state, run.message, run.finished_at = State.REFUSED, str(error), now
    except Exception:
        logger.exception("Planning import %s failed", run.pk)
        _clear_plan(importer, run)
        ImportRun.objects.filter(pk=run.pk, state=State.PLANNING).update(
            state=State.REFUSED, message=OUR_FAULT, finished_at=now
        )
        raise
    else:
        run.state = State.PLANNED
        run.progress_done = run.progress_total or run.progress_done
    if not ImportRun.objects.filter(pk=run.pk, state=State.PLANNING).update(
        **{
            name: getattr(run, name)
            for name in (
                "state",
                "message",
                "finished_at",
                "rows",
                "created",
                "changed",
                "unchanged",
                "rejected",
                "facts",
                "progress_done",
            )
        }
    ):  # cancelled meanwhile
        _clear_plan(importer, run)
    return ImportRun.objects.get(pk=run.pk)


def _clear_plan(importer: Importer, run: ImportRun) -> None:
    ImportRow.objects.filter(run_id=run.pk).delete()
    importer.discard(run)


def _beat(run: ImportRun, now: datetime.datetime, watch: Beat | None) -> Beat:
    """Progress on the run's own row, at most once a second; also the sign of life."""
    started = time.monotonic()
    last = started - _BEAT_SECONDS

    def beat(done: int, total: int) -> None:
        nonlocal last
        if watch:
            watch(done, total)
        moment = time.monotonic()
        if moment - last < _BEAT_SECONDS:
            return
        last = moment
        run.progress_done, run.progress_total = done, total
        alive = ImportRun.objects.filter(pk=run.pk, state=State.PLANNING).update(
            progress_done=done,
            progress_total=total,
            heartbeat_at=now + datetime.timedelta(seconds=moment - started),
        )
        if not alive:
            raise FileRefused("This import was cancelled while the file was being checked.")

    return beat


# --- applying -----------------------------------------------------------------------------


def claim_apply(*, run: ImportRun, only_valid: bool, by: Any, now: datetime.datetime) -> ImportRun:
    """Decide to apply: from here on nobody else applies this kind until it is done.

    Raises ImportStateError: nothing to apply, rejects not decided on, somebody else at it.
    """
    try:
        with transaction.atomic():
            run = _locked(run)
            if run.state != State.PLANNED:
                raise ImportStateError(_cannot_apply(run))
            if run.rejected and not only_valid:
                raise ImportStateError(
                    f"{run.rejected:,} rows were rejected. Apply only the valid rows, "
                    "or correct the file and import it again."
                )
            if not run.created and not run.changed:
                raise ImportStateError("There is nothing to apply: no row is new or changed.")
            run.state, run.only_valid, run.message = State.APPLYING, only_valid, ""
            run.applied_by = by if getattr(by, "pk", None) else None
            run.applied_by_name, run.heartbeat_at = actor_name(by), now
            run.progress_done = run.progress_total = 0
            run.save()
    except IntegrityError as error:
        raise ImportStateError(
            "Someone else is applying an import of this kind. Wait until it is done, then try again."
        ) from error
    return run


def _cannot_apply(run: ImportRun) -> str:
    return {
        State.APPLIED: "This import was applied already.",
        State.APPLYING: "This import is being applied already.",
        State.CANCELLED: "This import was cancelled. Upload the file again.",
        State.REFUSED: "This file was refused, so there is nothing to apply.",
    }.get(run.state, "This file has not been checked yet.")  # type: ignore[call-overload]


def _take(run: ImportRun) -> ImportRun | None:
    """The claimed run with its row locked; None where it is not claimed or a worker is at it.

    Somebody who only looks holds the lock for a moment, so one refusal does not mean a worker.
    """
    skip = connection.features.has_select_for_update_skip_locked
    for _ in range(_TRIES if skip else 1):
        rows = ImportRun.objects.select_for_update(skip_locked=skip)
        locked = rows.filter(pk=run.pk, state=State.APPLYING).first()
        if locked or not ImportRun.objects.filter(pk=run.pk, state=State.APPLYING).exists():
            return locked
        time.sleep(_PAUSE_SECONDS)
    return None


def apply_claimed(*, run: ImportRun, by: Any, now: datetime.datetime) -> ImportRun:
    """Apply a claimed run in one transaction, or leave everything as it was.

    Safe to call twice or after a crash: the row's lock says whether another worker is at it.
    On any error the run goes back to `planned` with a sentence, and the error is raised.
    """
    importer = importer_for(run.kind)
    try:
        with transaction.atomic():
            locked = _take(run)
            if locked is None:
                return ImportRun.objects.get(pk=run.pk)
            run = locked
            importer.apply(run, by=by, now=now, beat=_apply_beat(run, now))
            run.state, run.finished_at, run.message = State.APPLIED, now, ""
            run.save()
            record_event(
                by=by,
                now=now,
                verb="import applied",
                subject=run,
                after={
                    "kind": run.kind,
                    "sha256": run.file_sha256,
                    "rows": run.rows,
                    "created": run.created,
                    "changed": run.changed,
                    "unchanged": run.unchanged,
                    "rejected": run.rejected,
                    "only_valid": run.only_valid,
                },
            )
    except ImportStateError as error:
        _back_to_planned(run, str(error))
        raise
    except Exception:
        logger.exception("Applying import %s failed", run.pk)
        _back_to_planned(run, STOPPED_HALF_WAY)
        raise
    finally:
        cache.delete(progress_key(run))
    return run


def apply_run(*, run: ImportRun, only_valid: bool, by: Any, now: datetime.datetime) -> ImportRun:
    """Claim and apply at once. Raises ImportStateError."""
    return apply_claimed(
        run=claim_apply(run=run, only_valid=only_valid, by=by, now=now), by=by, now=now
    )


def finish_unchanged(*, run: ImportRun, by: Any, now: datetime.datetime) -> ImportRun:
    """Close a checked import that would change nothing: it is applied, with nothing done."""
    with transaction.atomic():
        run = _locked(run)
        if run.state != State.PLANNED:
            raise ImportStateError(_cannot_apply(run))
        if run.created or run.changed:
            raise ImportStateError("This import would change something. Apply it instead.")
        run.state, run.finished_at, run.message = State.APPLIED, now, ""
        run.applied_by = by if getattr(by, "pk", None) else None
        run.applied_by_name = actor_name(by)
        run.save()
        record_event(
            by=by, now=now, verb="import applied", subject=run, after={"unchanged": run.unchanged}
        )
    return run


def _back_to_planned(run: ImportRun, message: str) -> None:
    ImportRun.objects.filter(pk=run.pk, state=State.APPLYING).update(
        state=State.PLANNED, message=message
    )


def _apply_beat(run: ImportRun, now: datetime.datetime) -> Beat:
    """Progress in the cache: the open transaction hides what is written to the row."""
    started = time.monotonic()
    last = started - _BEAT_SECONDS

    def beat(done: int, total: int) -> None:
        nonlocal last
        moment = time.monotonic()
        if moment - last >= _BEAT_SECONDS:
            last = moment
            at = now + datetime.timedelta(seconds=moment - started)
            cache.set(progress_key(run), (done, total, at), 3600)

    beat(0, 0)
    return beat


# --- cancelling, seeing, resuming ---------------------------------------------------------


def cancel_run(*, run: ImportRun, by: Any, now: datetime.datetime) -> ImportRun:
    """Throw the plan and the file away; the record that there was one stays."""
    with transaction.atomic():
        run = _locked(run)
        if run.state in (State.APPLYING, State.APPLIED):
            raise ImportStateError(_cannot_apply(run))
        if run.state == State.CANCELLED:
            return run
        run.state, run.finished_at, run.message = State.CANCELLED, now, ""
        run.file_deleted_at = now
        run.save()
        record_event(by=by, now=now, verb="import cancelled", subject=run)
    _clear_plan(importer_for(run.kind), run)
    if run.file.name:
        _forget(run.file.storage, run.file.name)
    return run


def mark_rejects_seen(*, run: ImportRun, by: Any, now: datetime.datetime) -> None:
    """Somebody has looked at the rejected rows: they leave the dashboard's list."""
    ImportRun.objects.filter(pk=run.pk, rejects_seen_at__isnull=True).update(rejects_seen_at=now)


def release_claim(*, run: ImportRun, by: Any, message: str) -> None:
    """Nobody could be asked to apply it: back to the preview, with a sentence."""
    _back_to_planned(run, message)


def resume_stalled(*, by: Any = None, now: datetime.datetime) -> int:
    """Carry on with runs whose worker died or never came. Returns how many were taken up.

    Planning starts again from the file. A claimed apply was rolled back by the database when
    its worker died, and is applied again whole. Each goes on in its own starter's name, or `by`.
    """
    stale, taken = now - STALLED_AFTER, 0
    for run in ImportRun.objects.filter(state=State.PLANNING).filter(
        Q(heartbeat_at__isnull=True) | Q(heartbeat_at__lt=stale)
    ):
        try:
            plan_run(run=run, by=run.started_by or by, now=now)
        except Exception:
            logger.exception("Could not resume planning %s", run.pk)
        taken += 1
    for run in ImportRun.objects.filter(state=State.APPLYING, heartbeat_at__lt=stale):
        heard = cache.get(progress_key(run))
        if heard and heard[2] >= stale:
            continue
        try:
            apply_claimed(run=run, by=run.applied_by or by, now=now)
        except Exception:
            logger.exception("Could not resume applying %s", run.pk)
        taken += 1
    return taken


def _locked(run: ImportRun) -> ImportRun:
    return ImportRun.objects.select_for_update().get(pk=run.pk)

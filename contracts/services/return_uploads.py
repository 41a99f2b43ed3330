"""A return workbook that came back: kept as what each cell would change, then accepted or not.

A cell is a dictionary: sheet, cell, row, line (its number, None for a new line), new (the row of
a new line), commitment (its number), field, before (stored when it was looked at), base (stored
when it was downloaded), after, outcome, sentence. Values are texts of `contracts.return_cells`.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name, record_event

from ..models import Commitment, DeliveryReturn, ReturnLine, ReturnUpload
from ..return_cells import COLUMNS, as_text, from_text
from .returns import LineChange, LinesChanged, add_line, locked_return, save_lines

NEW, CHANGED, EMPTIED, CONFLICT, ERROR = "new", "changed", "emptied", "conflict", "error"
ACCEPTED = "accepted"
OUTCOME_WORDS = {
    NEW: "New",
    CHANGED: "Changed",
    EMPTIED: "Emptied",
    CONFLICT: "Changed here too",
    ERROR: "Cannot be taken",
    ACCEPTED: "Accepted",
}
# What "accept everything" takes; a conflict is only taken where somebody ticks it.
WITHOUT_A_QUESTION = frozenset({NEW, CHANGED, EMPTIED})
State = ReturnUpload.State
OPEN_STATES = (State.CHECKED, State.PART)
Cell = dict[str, Any]


@dataclass(frozen=True)
class Outcome:
    """`problems` are sentences; with any of them nothing was changed."""

    accepted: int
    upload: ReturnUpload
    problems: tuple[str, ...] = ()


def keep_upload(
    *,
    delivery_return: DeliveryReturn,
    original_name: str,
    file_sha256: str,
    cells: list[Cell],
    notes: list[str],
    by: Any,
    now: datetime.datetime,
) -> ReturnUpload:
    """What a workbook would change, until somebody accepts it. The file itself is not kept."""
    with transaction.atomic():
        upload = ReturnUpload.objects.create(
            delivery_return=delivery_return,
            original_name=original_name[:255],
            file_sha256=file_sha256,
            cells=cells,
            message="\n".join(notes),
            uploaded_at=now,
            uploaded_by_name=actor_name(by),
        )
        record_event(
            by=by,
            now=now,
            verb="return workbook uploaded",
            subject=delivery_return,
            after={"name": upload.original_name, "sha256": file_sha256, "cells": len(cells)},
        )
    return upload


def refuse_upload(
    *,
    delivery_return: DeliveryReturn,
    original_name: str,
    file_sha256: str,
    sentence: str,
    by: Any,
    now: datetime.datetime,
) -> ReturnUpload:
    """A workbook that is no good, with why."""
    return ReturnUpload.objects.create(
        delivery_return=delivery_return,
        state=State.REFUSED,
        original_name=original_name[:255],
        file_sha256=file_sha256,
        message=sentence,
        uploaded_at=now,
        uploaded_by_name=actor_name(by),
        decided_at=now,
    )


def accept_upload(
    *,
    upload: ReturnUpload,
    cells: Collection[str] | None,
    by: Any,
    now: datetime.datetime,
) -> Outcome:
    """Take the cells named ("F7"), or with None every one that raises no question; all or nothing.

    A cell that somebody changed since it was looked at becomes a conflict, with what is stored
    now beside it, and nothing is taken until the person has looked again.
    """
    with transaction.atomic():
        row = locked_return(upload.delivery_return_id)
        stored = ReturnUpload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if stored.state not in OPEN_STATES:
            raise ValidationError(
                f"This upload is {stored.get_state_display().lower()} already. Upload the "
                "workbook again to change more."
            )
        chosen = [each for each in stored.cells if _is_chosen(each, cells)]
        if not chosen:
            raise ValidationError("Tick at least one change to accept.")
        lines = {
            line.number: line
            for line in ReturnLine.objects.filter(
                delivery_return=row,
                number__in={each["line"] for each in chosen if each["line"] is not None},
            )
        }
        if stale := _stale(chosen, lines):
            stored.save(update_fields=["cells"])
            return Outcome(0, stored, (stale,))
        try:
            with transaction.atomic():
                _save(row, chosen, lines, by, now)
        except (LinesChanged, ValidationError) as error:
            return Outcome(0, stored, _sentences(error))
        for each in chosen:
            each["outcome"], each["sentence"] = ACCEPTED, ""
        left = any(each["outcome"] in WITHOUT_A_QUESTION | {CONFLICT} for each in stored.cells)
        stored.state = State.PART if left else State.ACCEPTED
        stored.decided_at, stored.decided_by_name = now, actor_name(by)
        stored.save()
        record_event(
            by=by,
            now=now,
            verb="return workbook accepted in part" if left else "return workbook accepted",
            subject=row,
            after={"name": stored.original_name, "cells": len(chosen)},
        )
    return Outcome(len(chosen), stored)


def cancel_upload(*, upload: ReturnUpload, by: Any, now: datetime.datetime) -> ReturnUpload:
    """Leave the rest as it is. What was accepted stays accepted."""
    with transaction.atomic():
        stored = ReturnUpload.objects.select_for_update(no_key=True).get(pk=upload.pk)
        if stored.state not in OPEN_STATES:
            return stored
        any_taken = stored.state == State.PART
        stored.state = State.ACCEPTED if any_taken else State.CANCELLED
        stored.decided_at, stored.decided_by_name = now, actor_name(by)
        stored.save()
        record_event(
            by=by, now=now, verb="return workbook put aside", subject=stored.delivery_return
        )
    return stored


def _is_chosen(cell: Cell, names: Collection[str] | None) -> bool:
    if names is None:
        return cell["outcome"] in WITHOUT_A_QUESTION
    return cell["cell"] in names and cell["outcome"] in WITHOUT_A_QUESTION | {CONFLICT}


def _stale(chosen: list[Cell], lines: dict[int, ReturnLine]) -> str:
    """A sentence where what is stored is no longer what the person was shown."""
    moved = 0
    for cell in chosen:
        if cell["line"] is None:
            continue
        line = lines.get(cell["line"])
        if line is None:
            cell["outcome"] = ERROR
            cell["sentence"] = "This line was taken off the return meanwhile."
            moved += 1
            continue
        now = as_text(cell["field"], getattr(line, cell["field"]))
        if now not in (cell["before"], cell["after"]):
            cell["before"], cell["outcome"] = now, CONFLICT
            cell["sentence"] = (
                "Somebody changed this here while you were looking. Tick it to use yours."
            )
            moved += 1
    if not moved:
        return ""
    what = "1 of these cells" if moved == 1 else f"{moved} of these cells"
    return f"Somebody changed {what} meanwhile, so nothing was accepted yet. Look at them again."


def _save(
    row: DeliveryReturn,
    chosen: list[Cell],
    lines: dict[int, ReturnLine],
    by: Any,
    now: datetime.datetime,
) -> None:
    typed: dict[ReturnLine, dict[str, Any]] = defaultdict(dict)
    new: dict[int, ReturnLine] = {}
    commitments = {
        each.number: each
        for each in Commitment.objects.filter(contract=row.contract_id, supplier=row.supplier_id)
    }
    for cell in chosen:
        if cell["line"] is not None:
            line = lines[cell["line"]]
        else:
            if cell["new"] not in new:
                new[cell["new"]] = add_line(
                    delivery_return=row,
                    commitment=commitments[cell["commitment"]],
                    by=by,
                    now=now,
                )
            line = new[cell["new"]]
        typed[line][cell["field"]] = from_text(cell["field"], cell["after"])
    save_lines(
        delivery_return=row,
        lines={line.pk: LineChange(line.version, values) for line, values in typed.items()},
        by=by,
        now=now,
        reason="Taken from a workbook",
    )


def _sentences(error: LinesChanged | ValidationError) -> tuple[str, ...]:
    if isinstance(error, LinesChanged):
        return (str(error), "Upload the workbook again.")
    if not hasattr(error, "error_dict"):
        return tuple(error.messages)
    found = []
    for key, sentences in error.message_dict.items():
        name = key.rsplit("-", 1)[-1]
        pk = key.removeprefix("line-").split("-", 1)[0]
        number = ReturnLine.objects.filter(pk=pk).values_list("number", flat=True).first()
        where = f"Line {number}, “{COLUMNS.get(name, name)}”: " if number else ""
        found += [f"{where}{sentence}" for sentence in sentences]
    return tuple(found)

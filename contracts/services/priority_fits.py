"""The table of measures that fit a priority: brought in once, then reviewed and edited by people."""

from __future__ import annotations

import csv
import datetime
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.models import Priority
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record, update_record

from ..models import Commitment, Measure, PriorityFit
from ..selectors.principles import principles_by_number
from .measures.reference import KEY

FILE = Path(__file__).resolve().parent.parent / "reference" / "priority_fit.csv"


def load_priority_fits(now: datetime.datetime, dry_run: bool) -> Counts:
    """Adds a pair that is missing; one that an officer has edited stays. A pair whose priority or
    measure is not there is left out."""
    priorities = {row.key: row for row in Priority.objects.all()}
    measures = {row.code: row for row in Measure.objects.filter(edition__key=KEY)}
    held = set(PriorityFit.objects.values_list("priority", "measure"))
    created = unchanged = 0
    with transaction.atomic(), FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            priority, measure = priorities.get(row["priority"]), measures.get(row["measure"])
            if priority is None or measure is None:
                continue
            if (priority.pk, measure.pk) in held:
                unchanged += 1
                continue
            created += 1
            if not dry_run:
                add_fit(
                    priority=priority, measure=measure, fit=row["fit"], reason=row["reason"],
                    by=None, now=now,
                )  # fmt: skip
    return Counts(created=created, unchanged=unchanged)


def add_fit(
    *,
    priority: Priority,
    measure: Measure,
    fit: str,
    reason: str,
    by: Any,
    now: datetime.datetime,
) -> PriorityFit:
    return create_record(
        model=PriorityFit,
        values={"priority": priority, "measure": measure, "fit": fit, "reason": reason.strip()},
        by=by,
        now=now,
        verb="measure listed under a priority",
    )


def change_fit(
    *,
    row: PriorityFit,
    fit: str,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> PriorityFit:
    """Raises Collision or ValidationError."""
    return update_record(
        record=row,
        changes={"fit": fit, "reason": reason.strip()},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="fit of a measure changed",
    )


def remove_fit(*, row: PriorityFit, reason: str, by: Any, now: datetime.datetime) -> None:
    """Its measure is no longer proposed for the priority. The reason stays in the audit log."""
    if not reason.strip():
        raise ValidationError({"reason": ["Say why it does not fit. It stays on record."]})
    with transaction.atomic():
        record_event(
            by=by,
            now=now,
            verb="measure taken off a priority",
            subject=row,
            before={"fit": row.fit, "reason": row.reason},
            reason=reason.strip()[:300],
        )
        row.delete()


def link_principles(now: datetime.datetime, dry_run: bool) -> Counts:
    """Commitments that give a principle only as a number get the principle of the charter in force.

    One that an officer chose stays. A number that no principle has is left as it is.
    """
    numbers = {text: row.pk for text, row in principles_by_number(now.date()).items()}
    waiting = Commitment.objects.filter(
        principle__isnull=True, charter_principle__in=list(numbers)
    ).order_by()
    number = waiting.count()
    if not dry_run:
        for text, pk in numbers.items():
            waiting.filter(charter_principle=text).update(principle=pk)
    return Counts(updated=number)

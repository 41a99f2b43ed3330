"""The reviewed list of payees that are not contestable, and its effect on payees."""

from __future__ import annotations

import csv
import datetime
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from simple_history.utils import bulk_update_with_history

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.directory.names import name_key

from ...models import Payee, SpendExclusion
from .payments import apply_exclusions_to

FILE = Path(__file__).resolve().parents[2] / "reference" / "spend_exclusions.csv"


def record_exclusion(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> SpendExclusion:
    """Leave a payee out, with the reason. Raises ValidationError."""
    key = _key(values["name"])
    with transaction.atomic():
        exclusion = create_record(
            model=SpendExclusion,
            values={**values, "key": key},
            by=by,
            now=now,
            verb="payee left out of contestable spend",
        )
        _move_payees(keys=[key], because_of=exclusion, by=by, now=now)
    return exclusion


def change_exclusion(
    *,
    exclusion: SpendExclusion,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> SpendExclusion:
    """Edit, or take out of use with `is_active` False. Raises Collision, ValidationError."""
    changes = dict(changes)
    if "name" in changes:
        changes["key"] = _key(changes["name"])
    with transaction.atomic():
        before = exclusion.key
        saved = update_record(
            record=exclusion,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="exclusion changed",
        )
        _move_payees(keys=[before, saved.key], because_of=saved, by=by, now=now)
    return saved


def _move_payees(
    *, keys: list[str], because_of: SpendExclusion | None, by: Any, now: datetime.datetime
) -> None:
    """Payees of these keys follow the list: a history row for each that moved, one event for all."""
    payees = Payee.objects.filter(key__in=keys)
    before = dict(payees.values_list("pk", "exclusion_id"))
    if not before or not apply_exclusions_to(keys=keys):
        return
    moved = [payee for payee in payees if payee.exclusion_id != before[payee.pk]]
    name = because_of.name if because_of else "the reviewed list"
    bulk_update_with_history(
        moved,
        Payee,
        [],  # they are written already; only the history is
        batch_size=500,
        default_user=by if getattr(by, "pk", None) else None,
        default_change_reason=f"Not contestable: {name}"[:100],
        default_date=now,
    )
    record_event(
        by=by,
        now=now,
        verb="payees moved in or out of contestable spend",
        subject=because_of,
        subject_type="spendexclusion",
        subject_name="" if because_of else "The reviewed list",
        after={"payees": len(moved)},
    )


def _key(name: str) -> str:
    key = name_key(name)[:300]
    if not key:
        raise ValidationError({"name": "Enter the payee’s name."})
    return key


def load_exclusions(now: datetime.datetime, dry_run: bool) -> Counts:
    """The reviewed list that comes with the product: adds what is missing. An exclusion that an
    officer changed or took out of use stays as the officer left it."""
    held = set(SpendExclusion.objects.values_list("key", flat=True))
    created = unchanged = 0
    added: list[str] = []
    with FILE.open(encoding="utf-8", newline="") as file, transaction.atomic():
        for row in csv.DictReader(file):
            key = name_key(row["name"])
            if key in held:
                unchanged += 1
                continue
            held.add(key)
            created += 1
            if not dry_run:
                added.append(key)
                create_record(
                    model=SpendExclusion,
                    values={
                        "key": key,
                        "name": row["name"],
                        "why": row["why"],
                        "reason": row["reason"],
                        "reviewed_on": datetime.date.fromisoformat(row["reviewed_on"]),
                        "reviewed_by_name": row["reviewed_by"],
                    },
                    by=None,
                    now=now,
                )
        if added:
            _move_payees(keys=added, because_of=None, by=None, now=now)
    return Counts(created=created, unchanged=unchanged)

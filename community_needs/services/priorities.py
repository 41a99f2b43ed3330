"""Priorities: added and edited by officers; none is deleted, because older needs hold it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.utils.text import slugify

from trafford_sv.core.services.records import create_record, update_record

from ..models import Priority


def add_priority(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> Priority:
    """Raises ValidationError where the name is there already."""
    stem = slugify(values["name"])[:32] or "priority"
    key, number = stem, 1
    while Priority.objects.filter(key=key).exists():
        number += 1
        key = f"{stem}-{number}"
    return create_record(model=Priority, values={**values, "key": key}, by=by, now=now)


def change_priority(
    *,
    priority: Priority,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Priority:
    """Its words changed, so a translation of the old words no longer holds and is put away."""
    stored = Priority.objects.get(pk=priority.pk)
    written = dict(changes)
    for name in ("name", "summary"):
        if name in changes and changes[name] != getattr(stored, name):
            written["translations"] = {}
    return update_record(
        record=priority, changes=written, expected_version=expected_version, by=by, now=now
    )

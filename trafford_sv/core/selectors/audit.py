"""One audit event in words."""

from __future__ import annotations

from typing import Any

from ..models import AuditEvent
from .history import FieldChange, in_words


def event_changes(event: AuditEvent) -> tuple[FieldChange, ...]:
    """What it was before and is after, field by field, in the order of writing."""
    names = list(dict.fromkeys([*event.before, *event.after]))
    return tuple(
        FieldChange(
            label=name.replace("_", " ").capitalize(),
            before=_words(event.before.get(name)) if name in event.before else "",
            after=_words(event.after.get(name)) if name in event.after else "",
        )
        for name in names
    )


def _words(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(str(item) for item in value) or in_words(None)
    if isinstance(value, dict):
        return ", ".join(f"{key}: {_words(item)}" for key, item in value.items())
    return in_words(value)

"""A record's history: who changed what, when and why, and fields' values in words."""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone

NOT_RECORDED = "Not recorded"
NOT_SHOWN = {"id", "version", "password", "last_login"}


@dataclass(frozen=True)
class FieldChange:
    """One field's value before and after, in words."""

    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Author:
    """Who saved a version, and when. `reason` may be empty."""

    who: str
    when: datetime.datetime
    reason: str


@dataclass(frozen=True)
class HistoryEntry:
    """One saving. `kind` is created, changed or deleted; `changes` is empty for created."""

    when: datetime.datetime
    who: str
    reason: str
    kind: str
    changes: tuple[FieldChange, ...]


@dataclass(frozen=True)
class History:
    """Newest first. `more` says that older entries were left out."""

    entries: tuple[HistoryEntry, ...]
    more: bool = False


_KINDS = {"+": "created", "~": "changed", "-": "deleted"}


def history_of(record: models.Model, *, limit: int = 50) -> History:
    """The record's latest `limit` savings.

    One query for the rows, and one for each kind of related record among the changes: the
    number does not grow with the history.
    """
    rows = list(
        record.history.select_related("history_user").order_by("-history_id")[  # type: ignore[attr-defined]
            : limit + 1
        ]
    )
    fields = (
        [
            field
            for field in record._meta.concrete_fields
            if field.editable
            and field.name not in NOT_SHOWN
            and hasattr(type(rows[0]), field.attname)
        ]
        if rows
        else []
    )
    changed: list[list[models.Field[Any, Any]]] = []
    wanted: dict[type[models.Model], set[Any]] = defaultdict(set)
    for position, row in enumerate(rows[:limit]):
        older = rows[position + 1] if position + 1 < len(rows) else None
        differing = []
        for field in fields:
            if older is None or row.history_type != "~":
                break
            before, after = getattr(older, field.attname), getattr(row, field.attname)
            if before != after:
                differing.append(field)
                if field.related_model is not None:
                    wanted[field.related_model] |= {before, after} - {None}
        changed.append(differing)
    names = {
        model: {pk: str(item) for pk, item in model._default_manager.in_bulk(list(pks)).items()}
        for model, pks in wanted.items()
    }
    entries = []
    for position, row in enumerate(rows[:limit]):
        entries.append(
            HistoryEntry(
                when=row.history_date,
                who=str(row.history_user)
                if row.history_user_id and row.history_user
                else "The system",
                reason=row.history_change_reason or "",
                kind=_KINDS.get(row.history_type, "changed"),
                changes=tuple(
                    FieldChange(
                        label=_sentence(field.verbose_name),
                        before=_in_words(field, rows[position + 1], names),
                        after=_in_words(field, row, names),
                    )
                    for field in changed[position]
                ),
            )
        )
    return History(tuple(entries), more=len(rows) > limit)


def version_of(record: models.Model, version: int | None) -> Any:
    """The history row at a version, or None."""
    if version is None or not hasattr(record, "history"):
        return None
    return record.history.filter(version=version).order_by("-history_id").first()


def author_of_version(record: models.Model) -> Author | None:
    """Who made the record what it is now."""
    if not hasattr(record, "history"):
        return None
    row = record.history.select_related("history_user").order_by("-history_id").first()
    if row is None:
        return None
    who = str(row.history_user) if row.history_user else "The system"
    return Author(who=who, when=row.history_date, reason=row.history_change_reason or "")


_UNSET = object()


def label_of(record: models.Model, name: str) -> str:
    return _sentence(getattr(record._meta.get_field(name), "verbose_name", name))


def shown(record: Any, name: str, value: Any = _UNSET) -> str:
    """A field in words; `value` stands in for the record's own. Related records by their names."""
    field = record._meta.get_field(name)
    if value is _UNSET:
        value = getattr(record, name, None)
    if field.many_to_many:
        items = value.all() if hasattr(value, "all") else value or []
        return ", ".join(sorted(str(item) for item in items)) or NOT_RECORDED
    return in_words(value, getattr(field, "flatchoices", None))


def in_words(value: Any, choices: Any = None) -> str:
    if value is None or value == "":
        return NOT_RECORDED
    if choices:
        return str(dict(choices).get(value, value))
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, datetime.datetime):
        return f"{timezone.localtime(value):%-d %B %Y, %H:%M}"
    if isinstance(value, datetime.date):
        return f"{value:%-d %B %Y}"
    if isinstance(value, Decimal):
        return f"{value:,f}"
    return str(value)


def _in_words(
    field: models.Field[Any, Any], row: Any, names: dict[type[models.Model], dict[Any, str]]
) -> str:
    value = getattr(row, field.attname)
    if field.related_model is not None and value is not None:
        return names[field.related_model].get(
            value, f"{field.related_model._meta.verbose_name} {value}"
        )
    return in_words(value, field.flatchoices)


def _sentence(label: Any) -> str:
    text = str(label)
    return text[:1].upper() + text[1:]

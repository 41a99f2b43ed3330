"""Creating and editing one record: validated, versioned, with history, reason and audit event."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.core.exceptions import FieldDoesNotExist, ValidationError
from django.db import IntegrityError, models, transaction

from .audit import record_event

M = TypeVar("M", bound=models.Model)
KEPT_OUT = "(not kept in the log)"


class Collision(Exception):
    """Somebody saved the record after this person opened it. `stored` is what is there now."""

    def __init__(self, stored: Any, attempted: Mapping[str, Any]) -> None:
        super().__init__("Someone else saved this record after you opened it.")
        self.stored = stored
        self.attempted = dict(attempted)


def read_fields(record: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """The named fields' values; a many-to-many field as the set of its primary keys."""
    values: dict[str, Any] = {}
    for name in names:
        try:
            many = record._meta.get_field(name).many_to_many
        except FieldDoesNotExist:
            many = False
        if many:
            values[name] = (
                set(getattr(record, name).values_list("pk", flat=True)) if record.pk else set()
            )
        else:
            values[name] = getattr(record, name)
    return values


def _split(
    record: models.Model, changes: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    plain_values: dict[str, Any] = {}
    many_values: dict[str, Any] = {}
    for name, value in changes.items():
        field = record._meta.get_field(name)
        (many_values if field.many_to_many else plain_values)[name] = value
    return plain_values, many_values


def _save(record: models.Model, *, by: Any, now: datetime.datetime, reason: str) -> None:
    """Save with who, when and why in the row's history. A lost race reads as a validation error."""
    record._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    record._history_date = now  # type: ignore[attr-defined]
    record._change_reason = reason  # type: ignore[attr-defined]
    try:
        with transaction.atomic():
            record.save()
    except IntegrityError as error:
        # full_clean() found nothing, so somebody else was quicker by a moment.
        raise ValidationError(
            "Someone else has just saved a record like this one. Look for it before you try again."
        ) from error


def _typed(record: models.Model, name: str, value: Any) -> Any:
    """The value as the field would store it, so that "5" and 5 do not count as a change."""
    field = record._meta.get_field(name)
    if field.is_relation or not isinstance(field, models.Field):
        return value
    try:
        return field.to_python(value)
    except ValidationError as error:
        raise ValidationError({name: error.messages}) from error


def create_record(
    *,
    model: type[M],
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
    verb: str = "",
) -> M:
    """Validate and save a new record. Raises ValidationError."""
    with transaction.atomic():
        record = model()
        plain_values, many_values = _split(record, values)
        for name, value in plain_values.items():
            setattr(record, name, value)
        record.full_clean()
        _save(record, by=by, now=now, reason=reason)
        for name, value in many_values.items():
            getattr(record, name).set(value)
        record_event(
            by=by,
            now=now,
            verb=verb or f"{model._meta.verbose_name} recorded",
            subject=record,
            after=_for_audit(record, values),
            reason=reason,
        )
    return record


def update_record(
    *,
    record: M,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
    verb: str = "",
) -> M:
    """Apply changes if the record is still at `expected_version`.

    Raises Collision with the stored record when it is not, ValidationError when the result
    is not valid. Nothing changed means nothing written, no version, no event.
    """
    model = type(record)
    with transaction.atomic():
        stored = model._default_manager.select_for_update(no_key=True).get(pk=record.pk)
        if stored.version != expected_version:  # type: ignore[attr-defined]
            raise Collision(stored, changes)
        plain_values, many_values = _split(stored, changes)
        plain_values = {name: _typed(stored, name, value) for name, value in plain_values.items()}
        before = read_fields(stored, changes)
        wanted = {
            **plain_values,
            **{
                name: {getattr(item, "pk", item) for item in value}
                for name, value in many_values.items()
            },
        }
        differing = [name for name in changes if before[name] != wanted[name]]
        if not differing:
            return stored
        before_audit = _for_audit(stored, differing)
        for name in differing:
            if name in plain_values:
                setattr(stored, name, plain_values[name])
        stored.version = expected_version + 1  # type: ignore[attr-defined]
        stored.full_clean()
        _save(stored, by=by, now=now, reason=reason)
        for name in differing:
            if name in many_values:
                getattr(stored, name).set(many_values[name])
        record_event(
            by=by,
            now=now,
            verb=verb or f"{model._meta.verbose_name} changed",
            subject=stored,
            before=before_audit,
            after=_for_audit(stored, differing),
            reason=reason,
        )
    return stored


def _for_audit(record: models.Model, names: Iterable[str]) -> dict[str, Any]:
    """Values as people read them: a foreign key by its name, a set by its members' names.

    The log can never forget, so of a model's PERSONAL_FIELDS it says only that there is something.
    """
    personal = getattr(record, "PERSONAL_FIELDS", ())
    shown: dict[str, Any] = {}
    for name in names:
        field = record._meta.get_field(name)
        if name in personal:
            shown[name] = KEPT_OUT if getattr(record, name) else ""
        elif field.many_to_many:
            shown[name] = sorted(str(item) for item in getattr(record, name).all())
        else:
            shown[name] = getattr(record, name)
    return shown


def forget_in_history(*, record: models.Model, values: Mapping[str, Any], by: Any) -> int:
    """Earlier versions forget what the record forgets; `values` is what they say instead.

    Returns the number of versions rewritten. Whoever calls it has recorded the event.
    """
    rows = record.history.all()  # type: ignore[attr-defined]
    return int(rows.update(**values))

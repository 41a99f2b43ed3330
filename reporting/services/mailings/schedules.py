"""Which report goes to which audience, and how many days after the period."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.services.records import create_record, update_record

from ...editions import UnknownKind, kind_of
from ...models import Audience, MailSchedule


def schedule_report(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime, today: datetime.date
) -> MailSchedule:
    """A new line, for what is published from today on. Raises ValidationError by field."""
    wanted = {"from_day": today, **values}
    _check(wanted)
    return create_record(model=MailSchedule, values=wanted, by=by, now=now, verb="report scheduled")


def change_schedule(
    *,
    schedule: MailSchedule,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> MailSchedule:
    """A line that is taken up again sends what is published from then on, nothing of the pause.
    Raises Collision or ValidationError."""
    wanted = dict(changes)
    if {"kind", "audience"} & set(wanted):
        _check({"kind": schedule.kind, "audience": schedule.audience, **wanted})
    if wanted.get("is_active") and not schedule.is_active:
        wanted["from_day"] = today
    return update_record(
        record=schedule,
        changes=wanted,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="schedule of a report changed",
    )


def _check(values: Mapping[str, Any]) -> None:
    try:
        kind = kind_of(str(values.get("kind", "")))
    except UnknownKind as error:
        raise ValidationError({"kind": [str(error)]}) from error
    if values.get("audience") == Audience.SUBSCRIBERS and not kind.is_public:
        raise ValidationError(
            {"audience": [f"The {kind.noun} is not public, so individuals cannot subscribe to it."]}
        )

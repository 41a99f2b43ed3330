"""Actions arising from a meeting: who does what by when, and what came of it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import create_record, update_record

from ..models import Action, AgendaItem, ArisingAction, Meeting, Seat
from ..selectors.seats import standing_of
from ..words import day_words
from .acting import day_of, member_seat, must_run
from .holding import minutes_are_open
from .meetings import must_have_been_held

State = ArisingAction.State


def record_arising(
    *,
    item: AgendaItem,
    words: str,
    owner: Seat | None,
    due: datetime.date | None,
    by: Any,
    now: datetime.datetime,
    action: Action | None = None,
) -> ArisingAction:
    """Raises ValidationError with sentences by field."""
    must_run(by=by, now=now)
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=item.meeting_id)
        must_have_been_held(meeting)
        minutes_are_open(meeting)
        _refuse(words, owner, due, meeting.day)
        return create_record(
            model=ArisingAction,
            values={
                "item": item,
                "words": words.strip(),
                "owner": owner,
                "due": due,
                "action": action,
                "recorded_at": now,
            },
            by=by,
            now=now,
            verb="action arising recorded",
        )


def _refuse(words: str, owner: Seat | None, due: datetime.date | None, day: datetime.date) -> None:
    found: dict[str, list[str]] = {}
    if not words.strip():
        found["words"] = ["Write what is to be done."]
    if owner is None:
        found["owner"] = ["Choose who does it."]
    elif not owner.is_in_force(day):
        found["owner"] = [f"That seat was not in force on {day_words(day)}. Choose another."]
    if due is None:
        found["due"] = ["Give the day by which it is to be done."]
    elif due < day:
        found["due"] = [f"The meeting was on {day_words(day)}. Give a day after that."]
    if found:
        raise ValidationError(found)


def change_arising(
    *,
    arising: ArisingAction,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ArisingAction:
    """Words, owner, day and the action of the plan, while it is open. Collision, ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = (
            ArisingAction.objects.select_for_update(of=("self",))
            .select_related("item__meeting", "owner")
            .get(pk=arising.pk)
        )
        if stored.version == expected_version:
            _still_open(stored)
            owner = changes.get("owner", stored.owner)
            _refuse(
                changes.get("words", stored.words),
                owner,
                changes.get("due", stored.due),
                stored.item.meeting.day,
            )
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="action arising changed",
        )


def close_arising(
    *,
    arising: ArisingAction,
    state: str,
    outcome: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ArisingAction:
    """By its owner or whoever runs the Group. Raises Collision or ValidationError."""
    if by is not None and not standing_of(by, day_of(now)).runs:
        seat = member_seat(by=by, now=now)
        if seat.pk != arising.owner_id:
            raise ValidationError(
                "This action belongs to another member. Ask them or the co-ordinator to close it."
            )
    if state not in (State.DONE, State.CANCELLED):
        raise ValidationError({"state": ["Say whether it is done or no longer needed."]})
    if not outcome.strip():
        raise ValidationError({"outcome": ["Say what came of it. The next meeting reads it."]})
    with transaction.atomic():
        stored = ArisingAction.objects.select_for_update().get(pk=arising.pk)
        if stored.version == expected_version:
            _still_open(stored)
        return update_record(
            record=stored,
            changes={
                "state": state,
                "outcome": outcome.strip(),
                "closed_at": now,
                "closed_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=outcome.strip()[:300],
            verb="action arising closed",
        )


def _still_open(arising: ArisingAction) -> None:
    if arising.state != State.OPEN:
        raise ValidationError(
            f"This action is closed ({arising.get_state_display().lower()}). If more is to be done, "
            "record it at the next meeting."
        )

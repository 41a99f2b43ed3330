"""A meeting was held: who came, who took the chair, and what became of each item."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import update_record

from ..models import AgendaItem, Attendance, Meeting, Minutes, Seat
from ..words import day_words
from .acting import day_of, must_run
from .meetings import must_be_open, must_have_been_held, settle_next_agenda

Came = Attendance.Came
HERE = (Came.PRESENT, Came.SUBSTITUTE)


def record_attendance(
    *,
    meeting: Meeting,
    came: Mapping[int, str],
    chaired_by: Seat | None,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Meeting:
    """`came` by seat; seats left out were absent. The meeting is held from then on.

    May be put right until the minutes are published. Raises Collision or ValidationError.
    """
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if stored.version == expected_version:
            _may_record(stored, now)
        seats = {seat.pk: seat for seat in Seat.objects.in_force(stored.day)}  # type: ignore[attr-defined]
        chosen = _checked(stored, seats, came, chaired_by)
        changes: dict[str, Any] = {"chaired_by": chaired_by}
        if stored.state != Meeting.State.HELD:
            changes |= {"state": Meeting.State.HELD, "held_at": now}
            if stored.agenda_sent_at is None:
                changes["agenda_sent_at"] = now
        was = dict(stored.attendance.values_list("seat", "came"))
        if was != chosen and stored.state == Meeting.State.HELD:
            # Something must differ on the meeting itself, or a lost race would pass unseen.
            changes["held_at"] = now
        held = update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="attendance recorded",
        )
        name = actor_name(by)
        for key, value in chosen.items():
            if was.get(key) == value:
                continue
            Attendance.objects.update_or_create(
                meeting=held,
                seat=seats[key],
                defaults={"came": value, "recorded_at": now, "recorded_by_name": name},
            )
        if was != chosen:
            record_event(
                by=by,
                now=now,
                verb="attendance written down",
                subject=held,
                before={str(seats[k]): v for k, v in was.items() if k in seats},
                after={str(seats[k]): v for k, v in chosen.items()},
            )
        settle_next_agenda(by=by, now=now)
    return held


def _may_record(meeting: Meeting, now: datetime.datetime) -> None:
    if meeting.state == Meeting.State.CANCELLED:
        must_be_open(meeting)
    if meeting.day > day_of(now):
        raise ValidationError(
            f"The meeting is on {day_words(meeting.day)}. Record who came when it has begun."
        )
    earlier = (
        Meeting.objects.filter(
            state__in=[Meeting.State.PLANNED, Meeting.State.CALLED], day__lt=meeting.day
        )
        .order_by("day")
        .first()
    )
    if earlier is not None and meeting.state != Meeting.State.HELD:
        raise ValidationError(
            f"The meeting of {day_words(earlier.day)} is still open. Record who came to that one "
            "first, or call it off, so that its items are not lost."
        )
    if Minutes.objects.filter(meeting=meeting).exclude(state=Minutes.State.DRAFT).exists():
        raise ValidationError(
            "The minutes of this meeting are published, and who came stands in them. Put it right "
            "in the minutes."
        )


def _checked(
    meeting: Meeting, seats: Mapping[int, Seat], came: Mapping[int, str], chaired_by: Seat | None
) -> dict[int, str]:
    unknown = set(came) - set(seats)
    if unknown:
        raise ValidationError(
            f"A seat in this list was not in force on {day_words(meeting.day)}. Load the page again."
        )
    chosen = {key: came.get(key) or Came.ABSENT.value for key in seats}
    wrong = [value for value in chosen.values() if value not in Came.values]
    if wrong:
        raise ValidationError("Say of each seat whether it was filled.")
    if chaired_by is not None and chosen.get(chaired_by.pk) not in HERE:
        raise ValidationError(
            {"chaired_by": ["Whoever takes the chair is present. Choose a seat that was filled."]}
        )
    if not any(value in HERE for value in chosen.values()):
        raise ValidationError(
            "Nobody was there, so the meeting was not held. Call it off instead, with the reason."
        )
    return chosen


def settle_item(
    *, item: AgendaItem, outcome: str, expected_version: int, by: Any, now: datetime.datetime
) -> AgendaItem:
    """Dealt with, or carried over to the next meeting. Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    Outcome = AgendaItem.Outcome
    if outcome not in (Outcome.DONE, Outcome.CARRIED):
        raise ValidationError("Say whether the item was dealt with or is carried over.")
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=item.meeting_id)
        stored = AgendaItem.objects.select_for_update().get(pk=item.pk)
        if stored.version == expected_version:
            must_have_been_held(meeting)
            minutes_are_open(meeting)
            if outcome == Outcome.CARRIED and stored.is_standing:
                raise ValidationError(
                    "This is a standing item: it stands on the next agenda by itself. Say here that "
                    "it was dealt with as far as time allowed."
                )
            if outcome == Outcome.CARRIED and stored.decisions.exists():
                raise ValidationError(
                    "The meeting decided under this item, so it was dealt with. What is left to do "
                    "is an action arising, or a new item."
                )
            if outcome == Outcome.DONE and AgendaItem.objects.filter(carried_from=stored).exists():
                raise ValidationError(
                    "This item stands on the next agenda already. Deal with it there."
                )
        changed = update_record(
            record=stored,
            changes={"outcome": outcome},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="agenda item settled",
        )
        settle_next_agenda(by=by, now=now)
    return changed


def minutes_are_open(meeting: Meeting) -> None:
    """Raises ValidationError where what came of the meeting is published already."""
    minutes = Minutes.objects.filter(meeting=meeting).first()
    if minutes is not None and minutes.state != Minutes.State.DRAFT:
        raise ValidationError(
            "The minutes of this meeting are published, so nothing is added to what they record. "
            "Put it on the agenda of the next meeting.",
            code="minuted",
        )

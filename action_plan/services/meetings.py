"""Meetings planned, changed, called and called off; their standing and carried items put in place."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record, update_record

from ..meeting_dates import next_dates
from ..models import AgendaItem, Meeting, MeetingSeries, Minutes
from ..words import day_words
from .acting import must_run

State = Meeting.State
MOST_AT_ONCE = 12
PLAN_TITLE = "Social Value Action Plan"
PLAN_WORDS = (
    "What moved since the last meeting, what is stale or overdue, and what is to be decided."
)


def record_series(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> MeetingSeries:
    """Raises ValidationError. Its dates are planned by `plan_next_meetings`."""
    must_run(by=by, now=now)
    return create_record(
        model=MeetingSeries, values=values, by=by, now=now, verb="meeting series recorded"
    )


def change_series(
    *,
    series: MeetingSeries,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MeetingSeries:
    """For dates planned from now on; meetings that are planned stay. Collision, ValidationError."""
    must_run(by=by, now=now)
    return update_record(
        record=series,
        changes=changes,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="meeting series changed",
    )


def proposed_dates(
    series: MeetingSeries, *, after: datetime.date, count: int
) -> list[datetime.date]:
    """The series' next days on which no meeting stands yet, after its latest meeting and `after`."""
    latest = (
        Meeting.objects.standing()  # type: ignore[attr-defined]
        .filter(series=series)
        .order_by("-day")
        .values_list("day", flat=True)
        .first()
    )
    after = max(after, latest) if latest else after
    days = next_dates(series.pattern, series.begins, after, count)
    taken = set(
        Meeting.objects.standing().filter(day__in=days).values_list("day", flat=True)  # type: ignore[attr-defined]
    )
    return [day for day in days if day not in taken]


def plan_next_meetings(
    *, series: MeetingSeries, days: Sequence[datetime.date], by: Any, now: datetime.datetime
) -> list[Meeting]:
    """One meeting on each day, all or none. Raises ValidationError."""
    must_run(by=by, now=now)
    if not days:
        raise ValidationError("Choose at least one date.")
    if len(days) > MOST_AT_ONCE:
        raise ValidationError(f"Plan at most {MOST_AT_ONCE} meetings at once.")
    with transaction.atomic():
        return [
            plan_meeting(
                values={
                    "series": series,
                    "day": day,
                    "starts_at": series.starts_at,
                    "place": series.place,
                    "is_demo": series.is_demo,
                },
                by=by,
                now=now,
            )
            for day in sorted(set(days))
        ]


def plan_meeting(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> Meeting:
    """A meeting with the Action Plan on its agenda. Raises ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        _after_the_last(values.get("day"))
        meeting = create_record(
            model=Meeting, values=values, by=by, now=now, verb="meeting planned"
        )
        AgendaItem.objects.create(
            meeting=meeting,
            position=1,
            kind=AgendaItem.Kind.PLAN,
            purpose=AgendaItem.Purpose.DISCUSSION,
            title=PLAN_TITLE,
            words=PLAN_WORDS,
        )
        settle_next_agenda(by=by, now=now)
    return meeting


def change_meeting(
    *,
    meeting: Meeting,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Meeting:
    """Day, time, place and address of one still to come. Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if stored.version == expected_version:
            must_be_open(stored)
            _after_the_last(changes.get("day", stored.day))
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="meeting changed",
        )


def call_meeting(
    *, meeting: Meeting, expected_version: int, by: Any, now: datetime.datetime
) -> Meeting:
    """The agenda is out: everybody sees the meeting. Items may still be added."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if stored.version == expected_version:
            must_be_open(stored)
            if stored.state == State.CALLED:
                raise ValidationError("The agenda of this meeting is published already.")
        return update_record(
            record=stored,
            changes={"state": State.CALLED, "agenda_sent_at": now},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="agenda published",
        )


def cancel_meeting(
    *, meeting: Meeting, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> Meeting:
    """Called off with a reason; what was on its agenda goes to the next meeting."""
    must_run(by=by, now=now)
    if not reason.strip():
        raise ValidationError(
            {"reason": ["Say why the meeting is called off. It stays on record."]}
        )
    with transaction.atomic():
        stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
        if stored.version == expected_version:
            must_be_open(stored)
        changed = update_record(
            record=stored,
            changes={"state": State.CANCELLED, "cancelled_reason": reason.strip()},
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason.strip()[:300],
            verb="meeting called off",
        )
        for item in changed.items.filter(
            kind=AgendaItem.Kind.BUSINESS, outcome=AgendaItem.Outcome.OPEN
        ):
            item.outcome = AgendaItem.Outcome.CARRIED
            item.version += 1
            item.save()
        settle_next_agenda(by=by, now=now)
    return changed


def must_be_open(meeting: Meeting) -> None:
    """Raises ValidationError where the agenda may no longer change."""
    if meeting.state == State.HELD:
        raise ValidationError(
            f"The meeting of {day_words(meeting.day)} was held, so its agenda stays as it was. "
            "Put this on the agenda of the next meeting.",
            code="held",
        )
    if meeting.state == State.CANCELLED:
        raise ValidationError(
            f"The meeting of {day_words(meeting.day)} was called off. Use another meeting.",
            code="cancelled",
        )


def must_have_been_held(meeting: Meeting) -> None:
    if meeting.state == State.CANCELLED:
        must_be_open(meeting)
    if meeting.state != State.HELD:
        raise ValidationError(
            "Record first who came to the meeting. Then record what came of it.", code="not-held"
        )


def _after_the_last(day: datetime.date | None) -> None:
    """Meetings follow each other: minutes and carried items go to the next one."""
    held = Meeting.objects.filter(state=State.HELD).order_by("-day").first()
    if day is not None and held is not None and day <= held.day:
        raise ValidationError(
            {
                "day": [
                    f"The Group last met on {day_words(held.day)}. Choose a day after that, so that "
                    "minutes and carried items go from each meeting to the next."
                ]
            }
        )


def settle_next_agenda(*, by: Any, now: datetime.datetime) -> Meeting | None:
    """Put on the next agenda what must be there: unconfirmed minutes, then what was carried over.

    Doing it again changes nothing. None where no meeting is planned.
    """
    coming = (
        Meeting.objects.select_for_update()
        .filter(state__in=[State.PLANNED, State.CALLED])
        .order_by("day")
        .first()
    )
    if coming is None:
        return None
    waiting = [
        minutes.meeting
        for minutes in Minutes.objects.exclude(state=Minutes.State.CONFIRMED)
        .filter(meeting__day__lt=coming.day)
        .select_related("meeting")
    ]
    # Held, and nobody has drafted the minutes yet.
    waiting += list(
        Meeting.objects.filter(state=State.HELD, minutes__isnull=True, day__lt=coming.day)
    )
    stands = set(coming.items.values_list("minutes_of", flat=True))
    # A meeting that was held may still confirm them: its item is not settled yet.
    stands |= set(
        AgendaItem.objects.filter(
            meeting__state=State.HELD,
            kind=AgendaItem.Kind.MINUTES,
            outcome=AgendaItem.Outcome.OPEN,
        ).values_list("minutes_of", flat=True)
    )
    added: list[AgendaItem] = []
    for meeting in sorted(waiting, key=lambda one: one.day):
        if meeting.pk not in stands:
            added.append(
                AgendaItem.objects.create(
                    meeting=coming,
                    position=0,
                    kind=AgendaItem.Kind.MINUTES,
                    purpose=AgendaItem.Purpose.DECISION,
                    title=f"Minutes of the meeting of {day_words(meeting.day)}",
                    minutes_of=meeting,
                )
            )
    carried = AgendaItem.objects.filter(
        outcome=AgendaItem.Outcome.CARRIED,
        kind=AgendaItem.Kind.BUSINESS,
        carried_to__isnull=True,
        meeting__day__lt=coming.day,
    ).exclude(meeting=coming)
    for item in carried.order_by("meeting__day", "position"):
        added.append(
            AgendaItem.objects.create(
                meeting=coming,
                position=0,
                purpose=item.purpose,
                title=item.title,
                words=item.words,
                presented_by=item.presented_by,
                is_confidential=item.is_confidential,
                carried_from=item,
            )
        )
    if added:
        _renumber(coming)
        record_event(
            by=by,
            now=now,
            verb="agenda settled",
            subject=coming,
            after={"items": [item.title for item in added]},
        )
    return coming


def _renumber(meeting: Meeting) -> None:
    """1, 2, 3 ...: new minutes first, the rest as it stood, new carried items behind the plan."""
    items = list(meeting.items.order_by("position", "pk"))
    fresh = [item for item in items if item.position == 0]
    stood = [item for item in items if item.position != 0]
    minutes = [item for item in fresh if item.kind == AgendaItem.Kind.MINUTES]
    carried = [item for item in fresh if item.kind != AgendaItem.Kind.MINUTES]
    plan = next((n for n, item in enumerate(stood) if item.kind == AgendaItem.Kind.PLAN), -1) + 1
    for number, item in enumerate([*minutes, *stood[:plan], *carried, *stood[plan:]], 1):
        if item.position != number:
            AgendaItem.objects.filter(pk=item.pk).update(position=number)

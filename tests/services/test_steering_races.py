"""Two people at once about one meeting of the Steering Group, on PostgreSQL."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from action_plan.models import AgendaItem, Decision, Meeting, Minutes, Seat
from action_plan.services.agenda import add_item
from action_plan.services.decisions import record_decision
from action_plan.services.holding import record_attendance
from action_plan.services.minutes import draft_minutes
from tests.factories_steering import at, hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def held(days_ago: int = 30) -> tuple[Meeting, AgendaItem]:
    chair, other = Seat.objects.first() or make_chair(), make_seat("Health")
    meeting = make_meeting(timezone.localdate() - datetime.timedelta(days=days_ago))
    item = make_item(meeting)
    return hold(meeting, chair, other), item


def decide(item: AgendaItem, words: str, **more: Any) -> Any:
    return lambda: record_decision(item=item, words=words, by=None, now=timezone.now(), **more)


def test_decisions_recorded_at_once_are_numbered_one_after_another(on_servers: None) -> None:
    _, item = held()
    answers = at_once(*[decide(item, f"Agreed {number}") for number in range(4)])
    assert [type(answer) for answer in answers] == [Decision] * 4
    assert sorted(answer.number for answer in answers) == [1, 2, 3, 4]
    item.refresh_from_db()
    assert item.outcome == "done"
    assert AuditEvent.objects.filter(verb="agenda item settled").count() == 1


def test_a_decision_reversed_by_two_at_once_is_reversed_once(on_servers: None) -> None:
    _, item = held(60)
    first = decide(item, "Agreed")()
    _, later = held(30)
    answers = at_once(
        *[decide(later, "No longer", kind="reversal", reverses=first) for _ in range(3)]
    )
    refused = [answer for answer in answers if isinstance(answer, ValidationError)]
    assert len(refused) == 2 and "already" in refused[0].messages[0]
    assert Decision.objects.filter(reverses=first).count() == 1
    # Both stay on record.
    assert Decision.objects.count() == 2


def test_who_came_is_recorded_by_one_of_two_and_the_other_sees_it(on_servers: None) -> None:
    chair, other = make_chair(), make_seat("Health")
    meeting = make_meeting(timezone.localdate() - datetime.timedelta(days=3))

    def recording(seat: Seat) -> Any:
        return lambda: record_attendance(
            meeting=meeting, came={seat.pk: "present"}, chaired_by=seat,
            expected_version=meeting.version, by=None, now=timezone.now(),
        )  # fmt: skip

    answers = at_once(recording(chair), recording(other))
    assert sum(isinstance(answer, Meeting) for answer in answers) == 1
    assert sum(isinstance(answer, Collision | ValidationError) for answer in answers) == 1
    assert meeting.attendance.filter(came="present").count() == 1


def test_minutes_drafted_by_two_at_once_are_drafted_once(on_servers: None) -> None:
    meeting, _ = held()
    answers = at_once(*[lambda: draft_minutes(meeting=meeting, by=None, now=timezone.now())] * 2)
    assert Minutes.objects.count() == 1
    assert [answer.pk for answer in answers] == [Minutes.objects.get().pk] * 2
    assert AuditEvent.objects.filter(verb="minutes drafted").count() == 1


def test_items_added_at_once_have_places_of_their_own(on_servers: None) -> None:
    meeting = make_meeting(timezone.localdate() + datetime.timedelta(days=30))
    at_once(
        *[
            lambda title=title: add_item(
                meeting=meeting, values={"title": title}, by=None, now=at(timezone.localdate())
            )
            for title in ("Grants", "Hubs", "Charter")
        ]
    )
    places = list(AgendaItem.objects.filter(meeting=meeting).values_list("position", flat=True))
    assert len(places) == len(set(places)) >= 4

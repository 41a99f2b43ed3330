"""Seats and meetings of the Steering Group for tests, made by the services as people would."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from action_plan.models import AgendaItem, ChairTerm, Meeting, QuorumRule, Seat
from action_plan.services.agenda import add_item
from action_plan.services.holding import record_attendance
from action_plan.services.meetings import plan_meeting
from trafford_sv.core.models import User

LONG_AGO = datetime.date(2020, 1, 1)


def at(day: datetime.date, hour: int = 12) -> datetime.datetime:
    return datetime.datetime.combine(day, datetime.time(hour), datetime.UTC)


def make_seat(body: str = "Health", user: User | None = None, **values: Any) -> Seat:
    return Seat.objects.create(
        **{"body": body, "held_by": "lead", "user": user, "starts": LONG_AGO, **values}
    )


def make_chair(user: User | None = None, starts: datetime.date = LONG_AGO) -> Seat:
    seat = make_seat("Inclusive Economy", user)
    ChairTerm.objects.create(seat=seat, starts=starts, named_at=at(starts), named_by_name="A test")
    return seat


def make_rule(share: str = "0.5", at_least: int = 2, **values: Any) -> QuorumRule:
    return QuorumRule.objects.create(
        **{
            "starts": LONG_AGO,
            "seats_share": Decimal(share),
            "at_least": at_least,
            "source": "A test",
            **values,
        }
    )


def make_meeting(day: datetime.date, **values: Any) -> Meeting:
    return plan_meeting(
        values={"day": day, "starts_at": datetime.time(14), **values},
        by=None,
        now=at(LONG_AGO),
    )


def make_item(meeting: Meeting, title: str = "Grants", **values: Any) -> AgendaItem:
    return add_item(meeting=meeting, values={"title": title, **values}, by=None, now=at(LONG_AGO))


def hold(meeting: Meeting, *present: Seat, chair: Seat | None = None) -> Meeting:
    """Held on its day with these seats filled; the first of them in the chair unless told."""
    meeting.refresh_from_db()
    return record_attendance(
        meeting=meeting,
        came={seat.pk: "present" for seat in present},
        chaired_by=chair or (present[0] if present else None),
        expected_version=meeting.version,
        by=None,
        now=at(meeting.day),
    )

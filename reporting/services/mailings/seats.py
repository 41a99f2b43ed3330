"""Everybody who holds a seat on the Steering Group becomes a reader of its reports, in one go."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from action_plan.models import Seat
from trafford_sv.core.services.audit import record_event

from ...models import Audience, MailSubscription
from .subscriptions import add_reader

State = MailSubscription.State


@dataclass(frozen=True)
class SeatsAdded:
    """Names. `without_address`: seats that nobody with an account that may sign in holds.

    `as_they_are`: who ended, left or is suspended; somebody decided that, so it stays.
    """

    added: tuple[str, ...] = ()
    already: int = 0
    as_they_are: tuple[str, ...] = ()
    without_address: tuple[str, ...] = ()


def add_seat_holders(*, as_of: datetime.date, by: Any, now: datetime.datetime) -> SeatsAdded:
    """Of the seats in force on the day. Asking twice adds nobody twice; one audit event beside those
    of each reader."""
    seats = list(
        Seat.objects.in_force(as_of).select_related("user").order_by("body", "pk")  # type: ignore[attr-defined]
    )
    reached = {
        seat.user_id: seat.user
        for seat in seats
        if seat.user is not None and seat.user.is_active and seat.user.email
    }
    held = {
        row.user_id: row
        for row in MailSubscription.objects.filter(
            audience=Audience.STEERING_GROUP, user__in=reached
        ).select_related("user")
    }
    added: list[str] = []
    already = 0
    as_they_are: list[str] = []
    with transaction.atomic():
        for pk, user in sorted(reached.items()):
            row = held.get(pk)
            if row is not None and row.state in (State.ACTIVE, State.PENDING):
                already += 1
            elif row is not None:
                as_they_are.append(row.reader)
            else:
                try:
                    with transaction.atomic():
                        add_reader(audience=Audience.STEERING_GROUP, user=user, by=by, now=now)
                    added.append(str(user))
                except ValidationError:  # somebody has just added the same reader
                    already += 1
        if added:
            record_event(
                by=by,
                now=now,
                verb="holders of seats added as readers",
                subject_type="mailsubscription",
                subject_name="Readers of the Steering Group’s reports",
                after={"added": len(added), "already": already},
            )
    return SeatsAdded(
        added=tuple(added),
        already=already,
        as_they_are=tuple(as_they_are),
        without_address=tuple(str(seat) for seat in seats if seat.user_id not in reached),
    )

"""May this person act on the Group today: by a seat in force, or as the officer who runs it."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from ..models import Seat
from ..selectors.seats import standing_of
from ..words import day_words


def day_of(now: datetime.datetime) -> datetime.date:
    return timezone.localtime(now).date()


def member_seat(*, by: Any, now: datetime.datetime) -> Seat:
    """The seat by which this person speaks. Raises ValidationError where there is none."""
    day = day_of(now)
    standing = standing_of(by, day)
    if standing.seat is not None:
        return standing.seat
    last = Seat.objects.filter(user=by).order_by("-starts").first() if by is not None else None
    if last is not None and last.ends is not None and last.ends < day:
        raise ValidationError(
            f"Your seat for {last.body} ended on {day_words(last.ends)}, so you can no longer act "
            "as a member. Ask the co-ordinator if that is not right.",
            code="seat-ended",
        )
    if last is not None and last.starts > day:
        raise ValidationError(
            f"Your seat for {last.body} begins on {day_words(last.starts)}. From then on you can "
            "take part.",
            code="seat-to-come",
        )
    raise ValidationError(
        "You have no seat on the Steering Group. Ask the co-ordinator to record one for you.",
        code="no-seat",
    )


def must_run(*, by: Any, now: datetime.datetime) -> None:
    """Officers, and the chair while the seat lasts. `by` None is the product itself."""
    if by is None or standing_of(by, day_of(now)).runs:
        return
    member_seat(by=by, now=now)  # says so where a seat has ended
    raise ValidationError(
        "Only the chair and the co-ordinator record this. Ask one of them.", code="not-chair"
    )

"""Seats given, changed and ended; the chair named; the quorum rule recorded."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import create_record, update_record

from ..models import ChairTerm, Meeting, QuorumRule, Seat
from ..words import day_words
from .acting import must_run


def give_seat(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> Seat:
    """`values` by the fields of Seat. Raises ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        _one_seat_each(None, values)
        return create_record(model=Seat, values=values, by=by, now=now, verb="seat given")


def change_seat(
    *,
    seat: Seat,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Seat:
    """Also ends one, by its last day. Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Seat.objects.select_for_update().get(pk=seat.pk)
        if stored.version == expected_version:
            after = {name: getattr(stored, name) for name in ("user", "starts", "ends")}
            _one_seat_each(stored, {**after, **changes})
            _attended_within(stored, {**after, **changes})
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="seat changed",
        )


def _one_seat_each(seat: Seat | None, values: Mapping[str, Any]) -> None:
    """A person votes once: no two seats of one account on one day."""
    user, starts, ends = values.get("user"), values.get("starts"), values.get("ends")
    if user is None or starts is None:
        return
    others = Seat.objects.select_for_update().filter(user=user)
    if seat is not None:
        others = others.exclude(pk=seat.pk)
    for other in others:
        if (ends is None or other.starts <= ends) and (other.ends is None or other.ends >= starts):
            raise ValidationError(
                {
                    "user": [
                        f"{user} holds the seat for {other.body} in that time. "
                        "A person holds one seat at a time: end that one first."
                    ]
                }
            )


def _attended_within(seat: Seat, values: Mapping[str, Any]) -> None:
    """Its dates may not leave out a meeting at which it is on record."""
    starts, ends = values.get("starts"), values.get("ends")
    days = list(
        Meeting.objects.filter(attendance__seat=seat, state=Meeting.State.HELD)
        .order_by("day")
        .values_list("day", flat=True)
    )
    if not days or starts is None:
        return
    if days[0] < starts:
        raise ValidationError(
            {"starts": [f"This seat was at the meeting of {day_words(days[0])}. Begin it by then."]}
        )
    if ends is not None and days[-1] > ends:
        raise ValidationError(
            {"ends": [f"This seat was at the meeting of {day_words(days[-1])}. End it after that."]}
        )


def name_chair(
    *, seat: Seat | None, starts: datetime.date, by: Any, now: datetime.datetime
) -> ChairTerm:
    """From `starts` on, until the next term begins. No seat leaves the chair vacant.

    Raises ValidationError where a term begins on that day already, or the seat is not in force.
    """
    must_run(by=by, now=now)
    if seat is not None and not seat.is_in_force(starts):
        raise ValidationError(
            {
                "seat": [
                    f"The seat for {seat.body} is not in force on {day_words(starts)}. "
                    "Choose another seat or another day."
                ]
            }
        )
    with transaction.atomic():
        held = ChairTerm.objects.filter(starts=starts).select_related("seat").first()
        if held is not None:
            who = f"The seat for {held.seat.body} takes" if held.seat else "Nobody takes"
            raise ValidationError(
                {
                    "starts": [
                        f"{who} the chair from {day_words(starts)} already, and the Group has one "
                        "chair at a time. Choose another day."
                    ]
                }
            )
        try:
            with transaction.atomic():
                term = ChairTerm.objects.create(
                    seat=seat, starts=starts, named_at=now, named_by_name=actor_name(by)
                )
        except IntegrityError as error:
            raise ValidationError(
                "Somebody has just named a chair from that day. Look at it before you try again."
            ) from error
        record_event(
            by=by,
            now=now,
            verb="chair named",
            subject=term,
            after={"seat": str(seat) if seat else "vacant", "starts": starts},
        )
    return term


def record_quorum_rule(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> QuorumRule:
    """For meetings from its day on; what was held keeps the rule of its day. Raises ValidationError."""
    must_run(by=by, now=now)
    starts = values.get("starts")
    if starts is not None:
        held = Meeting.objects.filter(state=Meeting.State.HELD, day__gte=starts).first()
        if held is not None:
            raise ValidationError(
                {
                    "starts": [
                        f"The Group met on {day_words(held.day)} under the rule before. Begin this "
                        "one after that."
                    ]
                }
            )
    return create_record(
        model=QuorumRule, values=values, by=by, now=now, verb="quorum rule recorded"
    )

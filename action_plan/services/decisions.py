"""What the Group decides. A decision stays as it was recorded; a later one may reverse it.

What a decision sets in motion (an action, the charter) happens in the same transaction.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import create_record, update_record

from ..models import AgendaItem, Decision, Meeting
from ..selectors.quorums import quorum_of
from ..selectors.seats import chair_on
from ..words import day_words
from .acting import day_of, must_run
from .holding import minutes_are_open
from .meetings import must_be_open, must_have_been_held

Kind = Decision.Kind
Taken = Decision.Taken


def record_decision(
    *,
    item: AgendaItem,
    words: str,
    by: Any,
    now: datetime.datetime,
    kind: str = Kind.OTHER,
    reasons: str = "",
    address: str = "",
    taken: str = Taken.MEETING,
    decided_on: datetime.date | None = None,
    reverses: Decision | None = None,
    linked: Any = None,
) -> Decision:
    """Taken by the meeting, which must have a quorum for the item, or by the chair before it.

    `decided_on` is asked for a decision of the chair only. `linked` holds what the decision is
    about: `{"action": ...}` or `{"charter_version": ...}`. Raises ValidationError.
    """
    must_run(by=by, now=now)
    if not words.strip():
        raise ValidationError({"words": ["Write what was decided."]})
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=item.meeting_id)
        stored = AgendaItem.objects.select_for_update().get(pk=item.pk)
        if taken == Taken.CHAIR:
            day = _chairs_day(meeting, decided_on, day_of(now))
        else:
            day = meeting.day
            _meeting_decides(meeting, stored)
        if kind == Kind.REVERSAL:
            reverses = _reversible(reverses, meeting, day)
        elif reverses is not None:
            raise ValidationError("Only a reversal names the decision that it reverses.")
        number = Decision.objects.filter(item__meeting=meeting).count() + 1
        decision = create_record(
            model=Decision,
            values={
                "item": stored,
                "number": number,
                "kind": kind,
                "taken": taken,
                "decided_on": day,
                "words": words.strip(),
                "reasons": reasons.strip(),
                "address": address,
                "reverses": reverses,
                "recorded_at": now,
                "recorded_by_name": actor_name(by),
                **(linked or {}),
            },
            by=by,
            now=now,
            reason=reasons.strip()[:300],
            verb="decision reversed" if reverses else "decision recorded",
        )
        if taken == Taken.MEETING and stored.outcome == AgendaItem.Outcome.OPEN:
            update_record(
                record=stored,
                changes={"outcome": AgendaItem.Outcome.DONE},
                expected_version=stored.version,
                by=by,
                now=now,
                verb="agenda item settled",
            )
    return decision


def _meeting_decides(meeting: Meeting, item: AgendaItem) -> None:
    must_have_been_held(meeting)
    minutes_are_open(meeting)
    if item.outcome == AgendaItem.Outcome.CARRIED:
        raise ValidationError(
            "This item was carried over. Record the decision under the next meeting’s item."
        )
    found = quorum_of(meeting, item)
    if not found.is_met:
        raise ValidationError(
            f"{found.sentence} Carry the item over, or record what was said in the minutes.",
            code="no-quorum",
        )


def _chairs_day(
    meeting: Meeting, decided_on: datetime.date | None, today: datetime.date
) -> datetime.date:
    """The chair decides between meetings; the next one is told. Raises ValidationError."""
    must_be_open(meeting)
    if decided_on is None:
        raise ValidationError({"decided_on": ["Give the day on which the chair decided."]})
    if decided_on > today:
        raise ValidationError(
            {
                "decided_on": [
                    f"{day_words(decided_on)} is still to come. Give the day it was taken."
                ]
            }
        )
    if decided_on > meeting.day:
        raise ValidationError({"decided_on": ["That is after the meeting that is to be told."]})
    last = (
        Meeting.objects.filter(state=Meeting.State.HELD, day__lt=meeting.day)
        .order_by("-day")
        .first()
    )
    if last is not None and decided_on < last.day:
        raise ValidationError(
            {
                "decided_on": [
                    f"The Group met on {day_words(last.day)}. A decision of the chair comes after "
                    "the last meeting."
                ]
            }
        )
    if chair_on(decided_on) is None:
        raise ValidationError(
            {
                "decided_on": [
                    f"Nobody was in the chair on {day_words(decided_on)}. Name a chair first."
                ]
            }
        )
    return decided_on


def _reversible(reverses: Decision | None, meeting: Meeting, day: datetime.date) -> Decision:
    if reverses is None:
        raise ValidationError({"reverses": ["Choose the decision that is reversed."]})
    held = Decision.objects.select_for_update().select_related("item__meeting").get(pk=reverses.pk)
    later = Decision.objects.filter(reverses=held).select_related("item__meeting").first()
    if later is not None:
        raise ValidationError(
            {
                "reverses": [
                    f"{held.reference} was reversed by {later.reference} already. To bring it back, "
                    "decide it anew."
                ]
            }
        )
    if held.item.meeting_id == meeting.pk and held.taken == Taken.MEETING:
        raise ValidationError(
            {
                "reverses": [
                    "This meeting took that decision itself. A decision is reversed at a later meeting."
                ]
            }
        )
    if held.decided_on > day or held.item.meeting.day > meeting.day:
        raise ValidationError(
            {"reverses": ["That decision is later than this meeting. Choose an earlier one."]}
        )
    return held

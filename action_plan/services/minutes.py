"""Minutes: drafted from what was recorded, edited, published, replied to, confirmed at the next meeting."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import update_record

from .. import minute_words
from ..models import (
    AgendaItem,
    Attendance,
    Decision,
    Meeting,
    Minutes,
    MinutesReply,
    MinutesSection,
)
from ..selectors.quorums import quorum_of
from ..words import day_words
from .acting import member_seat, must_run
from .meetings import must_have_been_held, settle_next_agenda

State = Minutes.State


def draft_minutes(*, meeting: Meeting, by: Any, now: datetime.datetime) -> Minutes:
    """From attendance, decisions, interests and actions arising. Drafting twice changes nothing."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Meeting.objects.select_for_update(of=("self",)).get(pk=meeting.pk)
        must_have_been_held(stored)
        held = Minutes.objects.filter(meeting=stored).first()
        if held is not None:
            return held
        minutes = Minutes.objects.create(meeting=stored, opening=_opening(stored), drafted_at=now)
        for item, text in _sections(stored):
            MinutesSection.objects.create(minutes=minutes, item=item, text=text)
        record_event(by=by, now=now, verb="minutes drafted", subject=minutes)
        settle_next_agenda(by=by, now=now)
    return minutes


def draft_again(
    *, minutes: Minutes, expected_version: int, by: Any, now: datetime.datetime
) -> Minutes:
    """Anew from what is recorded by now; what was typed into the draft is replaced.

    Raises Collision or ValidationError.
    """
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = _held(minutes)
        if stored.version == expected_version and stored.state != State.DRAFT:
            raise ValidationError("These minutes are published. Correct them part by part.")
        for item, text in _sections(stored.meeting):
            _write_section(stored, item, text, by, now)
        return update_record(
            record=stored,
            changes={"opening": _opening(stored.meeting), "drafted_at": now},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="minutes drafted again",
        )


def _held(minutes: Minutes) -> Minutes:
    return (
        Minutes.objects.select_for_update(of=("self",)).select_related("meeting").get(pk=minutes.pk)
    )


def _write_section(
    minutes: Minutes, item: AgendaItem, text: str, by: Any, now: datetime.datetime
) -> None:
    held = MinutesSection.objects.filter(minutes=minutes, item=item).first()
    if held is None:
        MinutesSection.objects.create(minutes=minutes, item=item, text=text)
    else:
        update_record(
            record=held,
            changes={"text": text},
            expected_version=held.version,
            by=by,
            now=now,
            verb="minutes edited",
        )


def _opening(meeting: Meeting) -> str:
    rows = list(meeting.attendance.select_related("seat"))
    named: dict[str, list[str]] = {}
    for row in rows:
        named.setdefault(row.came, []).append(str(row.seat))
    Came = Attendance.Came
    return minute_words.opening(
        minute_words.Came(
            present=named.get(Came.PRESENT, []),
            substitutes=named.get(Came.SUBSTITUTE, []),
            apologies=named.get(Came.APOLOGIES, []),
            chair=str(meeting.chaired_by) if meeting.chaired_by else "",
        ),
        quorum_of(meeting).sentence,
    )


def _sections(meeting: Meeting) -> list[tuple[AgendaItem, str]]:
    items = meeting.items.select_related("confirms__meeting").prefetch_related(
        "decisions__reverses__item__meeting",
        "decisions__item__meeting",
        "arising__owner",
        "interests__seat",
    )
    return [(item, _section(item)) for item in items]


def _section(item: AgendaItem) -> str:
    decided = [
        minute_words.Decided(
            one.reference,
            one.words,
            one.reasons,
            one.decided_on if one.taken == Decision.Taken.CHAIR else None,
            one.reverses.reference if one.reverses else "",
        )
        for one in sorted(item.decisions.all(), key=lambda one: one.number)
    ]
    to_do = [minute_words.ToDo(one.words, str(one.owner), one.due) for one in item.arising.all()]
    declared = [
        minute_words.Declared(str(one.seat), one.words, one.get_stays_display())
        for one in item.interests.all()
    ]
    return minute_words.section(
        decided,
        to_do,
        declared,
        is_carried=item.outcome == AgendaItem.Outcome.CARRIED,
        confirmed=item.confirms.meeting.day if hasattr(item, "confirms") else None,
    )


def save_opening(
    *,
    minutes: Minutes,
    opening: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Minutes:
    """Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = _held(minutes)
        if stored.version == expected_version:
            _not_confirmed(stored)
        return update_record(
            record=stored,
            changes={"opening": opening.strip()},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="minutes edited",
        )


def save_section(
    *,
    section: MinutesSection,
    text: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MinutesSection:
    """What the minutes say of one item. Raises Collision or ValidationError.

    Published minutes may be corrected until the Group confirms them. Each correction makes a new
    version of the minutes, so that a member's approval stays with the wording it was given to.
    """
    must_run(by=by, now=now)
    with transaction.atomic():
        minutes = _held(section.minutes)
        stored = MinutesSection.objects.select_for_update().get(pk=section.pk)
        if stored.version == expected_version:
            _not_confirmed(minutes)
        changed = update_record(
            record=stored,
            changes={"text": text.strip()},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="minutes edited",
        )
        if changed.version != expected_version:
            minutes.version += 1
            minutes._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
            minutes._history_date = now  # type: ignore[attr-defined]
            minutes.save()
    return changed


def _not_confirmed(minutes: Minutes) -> None:
    if minutes.state == State.CONFIRMED:
        raise ValidationError(
            "The Group has confirmed these minutes, so they stay as they are. Record a correction "
            "as a decision of the next meeting."
        )


def publish_minutes(
    *, minutes: Minutes, expected_version: int, by: Any, now: datetime.datetime
) -> Minutes:
    """Everybody reads them, without what is confidential. Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = Minutes.objects.select_for_update().get(pk=minutes.pk)
        if stored.version == expected_version:
            if stored.state != State.DRAFT:
                raise ValidationError("These minutes are published already.")
            unsettled = list(
                stored.meeting.items.filter(outcome=AgendaItem.Outcome.OPEN).values_list(
                    "position", flat=True
                )
            )
            if unsettled:
                raise ValidationError(
                    "Say first what became of "
                    f"item{'' if len(unsettled) == 1 else 's'} {', '.join(map(str, unsettled))}: "
                    "dealt with, or carried over."
                )
        published = update_record(
            record=stored,
            changes={
                "state": State.PUBLISHED,
                "published_at": now,
                "published_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="minutes published",
        )
        settle_next_agenda(by=by, now=now)
    return published


def reply_to_minutes(
    *,
    minutes: Minutes,
    says: str,
    text: str,
    of_version: int,
    by: Any,
    now: datetime.datetime,
) -> MinutesReply:
    """A member says they are right, or what to correct; saying it anew replaces what they said."""
    seat = member_seat(by=by, now=now)
    if says not in MinutesReply.Says.values:
        raise ValidationError({"says": ["Say whether the minutes are right."]})
    if says == MinutesReply.Says.CORRECT and not text.strip():
        raise ValidationError({"text": ["Say what is to be corrected, and how."]})
    with transaction.atomic():
        stored = Minutes.objects.select_for_update(of=("self",)).get(pk=minutes.pk)
        if stored.state == State.DRAFT:
            raise ValidationError("These minutes are not published yet.")
        if stored.state == State.CONFIRMED:
            raise ValidationError(
                "The Group has confirmed these minutes. Raise a correction at the next meeting."
            )
        if stored.version != of_version:
            raise ValidationError(
                "The minutes were changed while you read them. Read them again, then answer.",
                code="changed",
            )
        if not seat.is_in_force(stored.meeting.day):
            raise ValidationError(
                f"Your seat began after the meeting of {day_words(stored.meeting.day)}, so its "
                "minutes are for those who were members then."
            )
        reply, _ = MinutesReply.objects.update_or_create(
            minutes=stored,
            seat=seat,
            defaults={
                "says": says,
                "text": text.strip(),
                "of_version": stored.version,
                "said_at": now,
            },
        )
        record_event(
            by=by,
            now=now,
            verb="minutes approved" if says == MinutesReply.Says.RIGHT else "correction asked for",
            subject=stored,
            after={"seat": str(seat), "text": text.strip()},
        )
    return reply


def confirm_minutes(
    *, item: AgendaItem, expected_version: int, by: Any, now: datetime.datetime
) -> Minutes:
    """At a later meeting with a quorum, under its item. `expected_version` of the minutes.

    Raises Collision or ValidationError.
    """
    must_run(by=by, now=now)
    if item.minutes_of_id is None:
        raise ValidationError("Minutes are confirmed under the item that is about them.")
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update(of=("self",)).get(pk=item.meeting_id)
        must_have_been_held(meeting)
        stored = Minutes.objects.select_for_update().filter(meeting=item.minutes_of_id).first()
        if stored is None or (stored.state == State.DRAFT and stored.version == expected_version):
            raise ValidationError(
                "The minutes are not published yet, so nobody could read them. Publish them first; "
                "the next meeting confirms them."
            )
        if stored.version == expected_version:
            if stored.state == State.CONFIRMED:
                raise ValidationError("These minutes are confirmed already.")
            found = quorum_of(meeting, item)
            if not found.is_met:
                raise ValidationError(f"{found.sentence} The next meeting confirms them.")
        confirmed = update_record(
            record=stored,
            changes={"state": State.CONFIRMED, "confirmed_at": now, "confirmed_under": item},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="minutes confirmed",
        )
        held = AgendaItem.objects.select_for_update().get(pk=item.pk)
        if held.outcome == AgendaItem.Outcome.OPEN:
            update_record(
                record=held,
                changes={"outcome": AgendaItem.Outcome.DONE},
                expected_version=held.version,
                by=by,
                now=now,
                verb="agenda item settled",
            )
    return confirmed

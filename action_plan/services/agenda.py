"""Agenda items, papers, comments, apologies and interests: what happens before a meeting."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.files.storage import default_storage
from django.db import IntegrityError, transaction

from trafford_sv.core.files.kinds import look_at
from trafford_sv.core.files.personal_data import warnings_about
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.core.storing import remove_files, sha256_of, write_file
from trafford_sv.core.workbooks import FileRefused

from ..models import AgendaItem, Attendance, Interest, ItemComment, Meeting, Paper, Seat
from ..words import day_words
from .acting import member_seat, must_run
from .meetings import _renumber, must_be_open, must_have_been_held

FOLDER = "steering"
MOST_PAPERS = 20
MOST_ITEMS = 60


def _held(meeting: Meeting) -> Meeting:
    """Locked, so that nobody holds or calls it off meanwhile; still open."""
    stored = Meeting.objects.select_for_update().get(pk=meeting.pk)
    must_be_open(stored)
    return stored


def add_item(
    *, meeting: Meeting, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> AgendaItem:
    """At the end of the agenda. Raises ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        stored = _held(meeting)
        last = stored.items.order_by("-position").values_list("position", flat=True).first() or 0
        if last >= MOST_ITEMS:
            raise ValidationError(f"An agenda takes at most {MOST_ITEMS} items.")
        return create_record(
            model=AgendaItem,
            values={**values, "meeting": stored, "position": last + 1},
            by=by,
            now=now,
            verb="agenda item added",
        )


def change_item(
    *,
    item: AgendaItem,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> AgendaItem:
    """Raises Collision or ValidationError."""
    must_run(by=by, now=now)
    with transaction.atomic():
        _held(item.meeting)
        stored = AgendaItem.objects.select_for_update().get(pk=item.pk)
        if (
            stored.version == expected_version
            and stored.is_standing
            and changes.get("title", stored.title) != stored.title
        ):
            raise ValidationError(
                {"title": ["This is a standing item and keeps its name. Say more in its words."]}
            )
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="agenda item changed",
        )


def remove_item(*, item: AgendaItem, by: Any, now: datetime.datetime) -> None:
    """Not a standing one, not one carried over, not one with something on it."""
    must_run(by=by, now=now)
    with transaction.atomic():
        meeting = _held(item.meeting)
        stored = AgendaItem.objects.select_for_update().filter(pk=item.pk).first()
        if stored is None:
            return
        if stored.kind == AgendaItem.Kind.PLAN:
            raise ValidationError(
                "The Action Plan is a standing item: it is on every agenda and stays on this one."
            )
        if stored.kind == AgendaItem.Kind.MINUTES:
            raise ValidationError(
                "The minutes of the last meeting stay on the agenda until the Group confirms them."
            )
        if stored.carried_from_id:
            raise ValidationError(
                "This item was carried over from the last meeting. Deal with it at the meeting, or "
                "carry it over again."
            )
        if (
            stored.papers.exists()
            or stored.comments.exists()
            or stored.decisions.exists()
            or stored.interests.exists()
        ):
            raise ValidationError(
                "Something hangs on this item: papers, comments, interests or a decision of the "
                "chair. Take the papers off first. Comments and decisions stay on record."
            )
        record_event(by=by, now=now, verb="agenda item removed", subject=stored)
        stored.delete()
        _renumber(meeting)


def move_item(*, item: AgendaItem, up: bool, by: Any, now: datetime.datetime) -> None:
    """One place up or down. At an end nothing happens."""
    must_run(by=by, now=now)
    with transaction.atomic():
        meeting = _held(item.meeting)
        items = list(meeting.items.order_by("position", "pk"))
        places = [one.pk for one in items]
        if item.pk not in places:
            return
        here = places.index(item.pk)
        there = here - 1 if up else here + 1
        if not 0 <= there < len(items):
            return
        items[here], items[there] = items[there], items[here]
        for number, one in enumerate(items, 1):
            AgendaItem.objects.filter(pk=one.pk).update(position=number)
        record_event(
            by=by,
            now=now,
            verb="agenda item moved",
            subject=item,
            before={"position": here + 1},
            after={"position": there + 1},
        )


# --- papers -------------------------------------------------------------------------------


def add_paper(
    *,
    item: AgendaItem,
    file: Any,
    title: str,
    is_confidential: bool,
    by: Any,
    now: datetime.datetime,
) -> Paper:
    """`file` is any binary file that can be read twice. Raises ValidationError with a sentence."""
    must_run(by=by, now=now)
    must_be_open(item.meeting)
    try:
        looked = look_at(file, file.name or "", largest_bytes=settings.EVIDENCE_MAX_BYTES)
    except FileRefused as error:
        raise ValidationError({"file": [str(error)]}) from error
    digest = sha256_of(file)
    path = f"{FOLDER}/{now:%Y/%m}/{uuid.uuid4()}"
    write_file(default_storage, path, file)
    try:
        with transaction.atomic():
            _held(item.meeting)
            if item.papers.count() >= MOST_PAPERS:
                raise ValidationError(
                    {
                        "file": [
                            f"An item takes at most {MOST_PAPERS} papers. Join some into one PDF."
                        ]
                    }
                )
            if item.papers.filter(sha256=digest).exists():
                raise ValidationError({"file": ["This very file goes with the item already."]})
            paper = Paper.objects.create(
                item=item,
                title=title.strip() or looked.name,
                original_name=looked.name,
                kind=looked.kind.key,
                sha256=digest,
                file_bytes=looked.file_bytes,
                file=path,
                warnings=[*looked.notes, *warnings_about(looked.text)],
                is_confidential=is_confidential,
                added_at=now,
                added_by_name=actor_name(by),
            )
            record_event(
                by=by,
                now=now,
                verb="paper added",
                subject=paper,
                after={"item": str(item), "sha256": digest, "confidential": is_confidential},
            )
            return paper
    except IntegrityError as error:
        remove_files(default_storage, path)
        raise ValidationError({"file": ["Somebody has just sent this very file."]}) from error
    except BaseException:
        remove_files(default_storage, path)
        raise


def remove_paper(*, paper: Paper, by: Any, now: datetime.datetime) -> None:
    """Before the meeting. What was before a meeting that was held stays."""
    must_run(by=by, now=now)
    with transaction.atomic():
        _held(paper.item.meeting)
        storage, name = paper.file.storage, str(paper.file.name)
        record_event(
            by=by, now=now, verb="paper removed", subject=paper, before={"sha256": paper.sha256}
        )
        paper.delete()
        transaction.on_commit(lambda: remove_files(storage, name))


# --- what members do ----------------------------------------------------------------------


def comment_on_item(*, item: AgendaItem, text: str, by: Any, now: datetime.datetime) -> ItemComment:
    """By a member, until the meeting was held. Raises ValidationError."""
    seat = member_seat(by=by, now=now)
    if not text.strip():
        raise ValidationError({"text": ["Write your comment before you send it."]})
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=item.meeting_id)
        if meeting.state == Meeting.State.HELD:
            raise ValidationError(
                f"The meeting of {day_words(meeting.day)} was held. Say it of the minutes, or at the "
                "next meeting.",
                code="held",
            )
        must_be_open(meeting)
        comment = ItemComment.objects.create(item=item, seat=seat, text=text.strip(), said_at=now)
        record_event(
            by=by, now=now, verb="agenda item commented on", subject=item, after={"seat": str(seat)}
        )
    return comment


def say_coming(
    *, meeting: Meeting, is_coming: bool, note: str, by: Any, now: datetime.datetime
) -> Attendance | None:
    """A member sends apologies, or takes them back. Raises ValidationError."""
    seat = member_seat(by=by, now=now)
    with transaction.atomic():
        stored = _held(meeting)
        if not seat.is_in_force(stored.day):
            raise ValidationError(
                f"Your seat is not in force on {day_words(stored.day)}, so nothing is to be said."
            )
        if is_coming:
            Attendance.objects.filter(meeting=stored, seat=seat).delete()
            row = None
        else:
            row, _ = Attendance.objects.update_or_create(
                meeting=stored,
                seat=seat,
                defaults={
                    "came": Attendance.Came.APOLOGIES,
                    "note": note.strip()[:300],
                    "recorded_at": now,
                    "recorded_by_name": actor_name(by),
                },
            )
        record_event(
            by=by,
            now=now,
            verb="apologies taken back" if is_coming else "apologies sent",
            subject=stored,
            after={"seat": str(seat)},
        )
    return row


def declare_interest(
    *,
    item: AgendaItem,
    words: str,
    stays: str,
    by: Any,
    now: datetime.datetime,
    seat: Seat | None = None,
) -> Interest:
    """By a member of their own; with `seat`, recorded for them by whoever runs the meeting.

    A member declares before the meeting; what was said at it is recorded afterwards, until its
    minutes are published. Raises ValidationError.
    """
    own = seat is None
    if seat is None:
        seat = member_seat(by=by, now=now)
    else:
        must_run(by=by, now=now)
    if not words.strip():
        raise ValidationError({"words": ["Say what the interest is."]})
    if stays not in Interest.Stays.values:
        raise ValidationError({"stays": ["Say what follows from it."]})
    with transaction.atomic():
        meeting = Meeting.objects.select_for_update().get(pk=item.meeting_id)
        if own or meeting.state == Meeting.State.CANCELLED:
            must_be_open(meeting)
        elif meeting.state == Meeting.State.HELD:
            must_have_been_held(meeting)
            if item.decisions.exists():
                raise ValidationError(
                    "A decision is recorded under this item. Record interests before decisions, "
                    "because they say who took part."
                )
        if not seat.is_in_force(meeting.day):
            raise ValidationError(
                {"seat": [f"That seat is not in force on {day_words(meeting.day)}."]}
            )
        if Interest.objects.filter(item=item, seat=seat).exists():
            raise ValidationError("This member’s interest in the item is on record already.")
        interest = Interest.objects.create(
            item=item,
            seat=seat,
            words=words.strip(),
            stays=stays,
            declared_at=now,
            declared_by_name=actor_name(by),
        )
        record_event(
            by=by,
            now=now,
            verb="interest declared",
            subject=item,
            after={"seat": str(seat), "what follows": interest.get_stays_display()},
        )
    return interest

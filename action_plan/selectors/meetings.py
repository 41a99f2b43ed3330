"""Meetings as their readers see them: the same shape for page, API, pack and PDF.

What is confidential is left out here, once, for everybody without a right to it; nothing further
up can show it by mistake.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from trafford_sv.core.access import can

from ..models import (
    AgendaItem,
    ArisingAction,
    Attendance,
    Decision,
    Interest,
    ItemComment,
    Meeting,
    Minutes,
    MinutesSection,
    Paper,
    QuorumRule,
    Seat,
)
from ..quorum import Present, Quorum, quorum

HIDDEN_TITLE = "Confidential item"
Came = Attendance.Came
Out = (Minutes.State.PUBLISHED, Minutes.State.CONFIRMED)


@dataclass(frozen=True)
class Reader:
    """How much somebody reads: the public, who works with the Group, who reads what is confidential."""

    works: bool = False
    confidential: bool = False


PUBLIC_READER = Reader()
FULL_READER = Reader(works=True, confidential=True)


@dataclass(frozen=True)
class PaperLine:
    key: str
    title: str
    original_name: str
    kind: str
    file_bytes: int
    is_confidential: bool
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class DecisionLine:
    """`reverses` and `reversed_by` are (key, reference) of the other decision, or None."""

    pk: int
    reference: str
    words: str
    reasons: str
    kind: str
    kind_words: str
    by_chair: bool
    decided_on: datetime.date
    meeting_pk: int
    item_title: str
    address: str
    reverses: tuple[int, str] | None
    reversed_by: tuple[int, str] | None
    action: tuple[int, str] | None = None
    charter: tuple[int, str] | None = None


@dataclass(frozen=True)
class ArisingLine:
    pk: int
    words: str
    owner: str
    owner_pk: int
    due: datetime.date
    state: str
    state_words: str
    outcome: str
    action: tuple[int, str] | None
    item_title: str = ""
    meeting_day: datetime.date | None = None


@dataclass(frozen=True)
class ItemLine:
    """One item. `is_hidden`: confidential, and the reader has no right to it."""

    pk: int
    version: int
    position: int
    kind: str
    purpose: str
    purpose_words: str
    title: str
    words: str
    presented_by: str
    is_confidential: bool
    is_hidden: bool
    outcome: str
    outcome_words: str
    carried_from: datetime.date | None
    minutes_of: int | None
    comments: int = 0
    interests: int = 0
    papers: tuple[PaperLine, ...] = ()
    decisions: tuple[DecisionLine, ...] = ()
    arising: tuple[ArisingLine, ...] = ()

    @property
    def is_standing(self) -> bool:
        return self.kind != AgendaItem.Kind.BUSINESS


@dataclass(frozen=True)
class SeatLine:
    """One seat at a meeting; `came` is "" before anything is recorded of it."""

    pk: int
    words: str
    came: str
    came_words: str
    note: str


@dataclass(frozen=True)
class MeetingView:
    """One meeting for one reader. `quorum` None before it was held."""

    meeting: Meeting
    reader: Reader
    items: tuple[ItemLine, ...]
    seats: tuple[SeatLine, ...]
    quorum: Quorum | None
    minutes: Minutes | None
    hidden: int = 0

    @property
    def chair(self) -> str:
        return str(self.meeting.chaired_by) if self.meeting.chaired_by else ""

    def came(self, *values: str) -> tuple[str, ...]:
        return tuple(seat.words for seat in self.seats if seat.came in values)

    @property
    def decisions(self) -> tuple[DecisionLine, ...]:
        return tuple(one for item in self.items for one in item.decisions)


def reader_of(user: Any, standing: Any) -> Reader:
    """`standing` as `selectors.seats.standing_of` has it."""
    works = can(user, "view_steering")
    return Reader(works, works and standing.reads_confidential)


def meetings_for(user: Any) -> QuerySet[Meeting]:
    """Newest first, with their minutes joined."""
    return Meeting.objects.visible_to(user).select_related("series", "minutes")  # type: ignore[attr-defined,no-any-return]


def meeting_rows(user: Any) -> QuerySet[Meeting]:
    """For the list: with the number of items and, once they are out, of decisions."""
    seen = Q(items__decisions__isnull=False)
    if not can(user, "view_steering"):
        seen &= Q(minutes__state__in=Out, items__is_confidential=False)
    return meetings_for(user).annotate(
        agenda_items=Count("items", distinct=True),
        decided=Count("items__decisions", filter=seen, distinct=True),
    )


def next_meeting(day: datetime.date, *, called: bool = False) -> Meeting | None:
    """The first meeting from the day on that is neither held nor called off."""
    states = [Meeting.State.CALLED] if called else [Meeting.State.PLANNED, Meeting.State.CALLED]
    return (
        Meeting.objects.filter(state__in=states, day__gte=day)
        .select_related("series")
        .order_by("day")
        .first()
    )


def meeting_before(meeting: Meeting) -> Meeting | None:
    """The last one that was held before it."""
    return (
        Meeting.objects.filter(state=Meeting.State.HELD, day__lt=meeting.day)
        .order_by("-day")
        .first()
    )


def view_meeting(meeting: Meeting, reader: Reader) -> MeetingView:
    """7 queries, however much there is; the meeting with `series`, `minutes`, `chaired_by` joined."""
    items = meeting_items(meeting, reader)
    minutes = _minutes_of(meeting)
    minutes_out = minutes is not None and minutes.state in Out
    seats, found = _seats(meeting)
    if not reader.works and not minutes_out:
        seats = ()
    return MeetingView(
        meeting=meeting,
        reader=reader,
        items=items,
        seats=seats,
        quorum=found if meeting.state == Meeting.State.HELD else None,
        minutes=minutes if minutes is not None and (reader.works or minutes_out) else None,
        hidden=sum(item.is_hidden for item in items),
    )


def meeting_items(
    meeting: Meeting, reader: Reader, *, with_arising: bool = True
) -> tuple[ItemLine, ...]:
    """The agenda with its papers, its decisions and what arose. 4 queries, one less without the last."""
    rows = list(
        meeting.items.select_related("carried_from__meeting")
        .annotate(said=Count("comments", distinct=True), declared=Count("interests", distinct=True))
        .order_by("position", "pk")
    )
    minutes = _minutes_of(meeting)
    minutes_out = minutes is not None and minutes.state in Out
    shows_outcomes = reader.works or minutes_out
    papers: dict[int, list[PaperLine]] = defaultdict(list)
    for paper in Paper.objects.filter(item__meeting=meeting):
        if reader.confidential or not paper.is_confidential:
            papers[paper.item_id].append(paper_line(paper))
    decisions: dict[int, list[DecisionLine]] = defaultdict(list)
    arising: dict[int, list[ArisingLine]] = defaultdict(list)
    if shows_outcomes:
        for one in with_links(Decision.objects.filter(item__meeting=meeting)).order_by("number"):
            decisions[one.item_id].append(decision_line(one, works=reader.works))
    if reader.works and with_arising:
        for due in ArisingAction.objects.filter(item__meeting=meeting).select_related(
            "owner", "action"
        ):
            arising[due.item_id].append(arising_line(due))
    return tuple(
        _item(row, reader, papers[row.pk], decisions[row.pk], arising[row.pk]) for row in rows
    )


def _minutes_of(meeting: Meeting) -> Minutes | None:
    try:
        return meeting.minutes
    except Minutes.DoesNotExist:
        return None


def _seats(meeting: Meeting) -> tuple[tuple[SeatLine, ...], Quorum]:
    """Seats in force on the day with what is recorded of each, and the quorum. 3 queries."""
    came = {row.seat_id: row for row in meeting.attendance.all()}
    seats = list(Seat.objects.in_force(meeting.day))  # type: ignore[attr-defined]
    rule = QuorumRule.objects.filter(starts__lte=meeting.day).order_by("-starts").first()
    values = [row.came for row in came.values()]
    return tuple(
        SeatLine(
            seat.pk,
            str(seat),
            came[seat.pk].came if seat.pk in came else "",
            came[seat.pk].get_came_display() if seat.pk in came else "",
            came[seat.pk].note if seat.pk in came else "",
        )
        for seat in seats
    ), quorum(
        rule.rule if rule else None,
        len(seats),
        Present(
            values.count(Came.PRESENT),
            values.count(Came.SUBSTITUTE),
            meeting.chaired_by_id is not None,
        ),
    )


def _item(
    row: Any,
    reader: Reader,
    papers: Iterable[PaperLine],
    decisions: Iterable[DecisionLine],
    arising: Iterable[ArisingLine],
) -> ItemLine:
    hidden = row.is_confidential and not reader.confidential
    return ItemLine(
        pk=row.pk,
        version=row.version,
        position=row.position,
        kind=row.kind,
        purpose=row.purpose,
        purpose_words=row.get_purpose_display(),
        title=HIDDEN_TITLE if hidden else row.title,
        words="" if hidden else row.words,
        presented_by="" if hidden else row.presented_by,
        is_confidential=row.is_confidential,
        is_hidden=hidden,
        outcome=row.outcome,
        outcome_words=row.get_outcome_display(),
        carried_from=row.carried_from.meeting.day if row.carried_from_id else None,
        minutes_of=row.minutes_of_id,
        comments=row.said if reader.works and not hidden else 0,
        interests=row.declared if reader.works and not hidden else 0,
        papers=() if hidden else tuple(papers),
        decisions=() if hidden else tuple(decisions),
        arising=() if hidden else tuple(arising),
    )


def paper_line(paper: Paper) -> PaperLine:
    return PaperLine(
        str(paper.pk),
        paper.title,
        paper.original_name,
        paper.kind,
        paper.file_bytes,
        paper.is_confidential,
        tuple(paper.warnings),
    )


def with_links(rows: QuerySet[Decision]) -> QuerySet[Decision]:
    """Joined with all that `decision_line` reads."""
    return rows.select_related(
        "item__meeting",
        "action",
        "charter_version",
        "reverses__item__meeting",
        "reversed_by__item__meeting",
    )


def decision_line(one: Decision, *, works: bool = True) -> DecisionLine:
    """`works`: for who works with the Group, so an action that is not public is named as well."""
    later = getattr(one, "reversed_by", None)
    return DecisionLine(
        pk=one.pk,
        reference=one.reference,
        words=one.words,
        reasons=one.reasons,
        kind=one.kind,
        kind_words=one.get_kind_display(),
        by_chair=one.taken == Decision.Taken.CHAIR,
        decided_on=one.decided_on,
        meeting_pk=one.item.meeting_id,
        item_title=one.item.title,
        address=one.address,
        reverses=(one.reverses.pk, one.reverses.reference) if one.reverses else None,
        reversed_by=(later.pk, later.reference) if later else None,
        action=(one.action.pk, str(one.action))
        if one.action and (works or one.action.is_public)
        else None,
        charter=(one.charter_version.number, str(one.charter_version))
        if one.charter_version
        else None,
    )


def arising_line(one: ArisingAction, *, with_meeting: bool = False) -> ArisingLine:
    return ArisingLine(
        pk=one.pk,
        words=one.words,
        owner=str(one.owner),
        owner_pk=one.owner_id,
        due=one.due,
        state=one.state,
        state_words=one.get_state_display(),
        outcome=one.outcome,
        action=(one.action.pk, str(one.action)) if one.action else None,
        item_title=one.item.title if with_meeting else "",
        meeting_day=one.item.meeting.day if with_meeting else None,
    )


def decisions_for(user: Any, *, confidential: bool) -> QuerySet[Decision]:
    """What this person may read of all that was decided; the public once minutes are out."""
    rows: QuerySet[Decision] = Decision.objects.all()
    if not can(user, "view_steering"):
        rows = rows.filter(item__meeting__minutes__state__in=Out)
    if not confidential:
        rows = rows.filter(item__is_confidential=False)
    return with_links(rows)


def arising_for(*, confidential: bool) -> QuerySet[ArisingAction]:
    rows = ArisingAction.objects.select_related("owner", "action", "item__meeting")
    return rows if confidential else rows.filter(item__is_confidential=False)


def papers_for(user: Any, *, confidential: bool) -> QuerySet[Paper]:
    rows = Paper.objects.filter(item__meeting__in=Meeting.objects.visible_to(user))  # type: ignore[attr-defined]
    if not confidential:
        rows = rows.filter(is_confidential=False, item__is_confidential=False)
    return rows.select_related("item__meeting")


@dataclass(frozen=True)
class ItemPage:
    """One item with what members say of it."""

    item: AgendaItem
    papers: tuple[PaperLine, ...]
    decisions: tuple[DecisionLine, ...]
    arising: tuple[ArisingLine, ...]
    comments: tuple[ItemComment, ...]
    interests: tuple[Interest, ...]
    own_interest: Interest | None = None


def view_item(item: AgendaItem, *, confidential: bool, seat: Any = None) -> ItemPage:
    """For who works with the Group. 5 queries."""
    papers = [
        paper_line(paper)
        for paper in item.papers.all()
        if confidential or not paper.is_confidential
    ]
    interests = tuple(item.interests.select_related("seat"))
    return ItemPage(
        item=item,
        papers=tuple(papers),
        decisions=tuple(
            decision_line(one) for one in with_links(item.decisions.all()).order_by("number")
        ),
        arising=tuple(arising_line(one) for one in item.arising.select_related("owner", "action")),
        comments=tuple(item.comments.select_related("seat")),
        interests=interests,
        own_interest=next(
            (one for one in interests if seat is not None and one.seat_id == seat.pk), None
        ),
    )


@dataclass(frozen=True)
class SectionLine:
    """What the minutes say of one item."""

    pk: int
    item: ItemLine
    text: str


@dataclass(frozen=True)
class MinutesView:
    """`replies` are shown to who works with the Group; `stale` ones were about an earlier wording."""

    minutes: Minutes
    sections: tuple[SectionLine, ...]
    replies: tuple[Any, ...]
    hidden: int


def view_minutes(minutes: Minutes, reader: Reader) -> MinutesView:
    """3 queries. A confidential item keeps its number and says no more."""
    sections = []
    rows = MinutesSection.objects.filter(minutes=minutes).select_related(
        "item__carried_from__meeting"
    )
    for row in rows.order_by("item__position", "pk"):
        item: Any = row.item
        item.said = item.declared = 0
        line = _item(item, reader, (), (), ())
        sections.append(SectionLine(row.pk, line, "" if line.is_hidden else row.text))
    replies = tuple(minutes.replies.select_related("seat")) if reader.works else ()
    return MinutesView(
        minutes, tuple(sections), replies, sum(one.item.is_hidden for one in sections)
    )


@dataclass(frozen=True)
class MemberWork:
    """What waits for one member: their open actions, and minutes that they have not answered."""

    arising: tuple[ArisingLine, ...] = ()
    minutes: tuple[Minutes, ...] = ()


def work_of(seat: Seat | None) -> MemberWork:
    """2 queries, none without a seat."""
    if seat is None:
        return MemberWork()
    own = ArisingAction.objects.filter(owner=seat, state=ArisingAction.State.OPEN)
    open_minutes = (
        Minutes.objects.filter(state=Minutes.State.PUBLISHED, meeting__day__gte=seat.starts)
        .exclude(replies__seat=seat)
        .select_related("meeting")
    )
    return MemberWork(
        tuple(
            arising_line(one, with_meeting=True)
            for one in own.select_related("owner", "action", "item__meeting")
        ),
        tuple(open_minutes),
    )

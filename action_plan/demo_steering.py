"""The demo council's Steering Group: two years of quarterly meetings of invented bodies, by role only.

Written by the services as people would, each step with the day it was taken on, so that nothing
stands here that the product would have refused. Written once: a later load adds nothing.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from io import BytesIO
from typing import Any

from django.core.files.base import File
from django.db import transaction

from trafford_sv.core.models import User
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record
from trafford_sv.directory.models import Organisation

from .meeting_dates import next_dates
from .models import (
    AgendaItem,
    ArisingAction,
    ChairTerm,
    Decision,
    Meeting,
    MeetingSeries,
    Minutes,
    MinutesSection,
    QuorumRule,
    Seat,
)
from .services.agenda import add_item, add_paper, declare_interest
from .services.arising import close_arising, record_arising
from .services.decisions import record_decision
from .services.holding import record_attendance, settle_item
from .services.meetings import call_meeting, plan_next_meetings
from .services.minutes import confirm_minutes, draft_minutes, publish_minutes

MEETINGS = 8
SERIES = "Quarterly meetings (demo)"
WHY = "Invented for the demo council"
# key: organisation or service, role, whose account
SEATS: dict[str, tuple[str, str, str]] = {
    "chair": ("Strategy and Resources (demo)", "inclusive economy manager", "steering_chair"),
    "health": ("Public Health (demo)", "public health lead", "steering_member"),
    "customer": ("Finance and Systems (demo)", "customer service lead", ""),
    "planning": ("Place (demo)", "development management lead", ""),
    "college": ("Lowfold Training (demo)", "head of employer partnerships", ""),
    "voluntary": ("Hedgerow Food Partnership (demo)", "partnership co-ordinator", ""),
    "transport": ("Moorhen Community Transport (demo)", "service manager", ""),
}


@dataclass(frozen=True)
class Business:
    """One item of the past: what was decided under it, or that it was carried over."""

    title: str
    words: str
    decided: str = ""
    reasons: str = ""
    kind: str = Decision.Kind.OTHER
    to_do: tuple[str, str] | None = None  # words, seat
    is_carried: bool = False
    is_secret: bool = False
    by_chair: str = ""  # decided by the chair before the meeting
    reverses_chair: bool = False
    interest: str = ""  # the seat that declared one
    paper: str = ""


@dataclass(frozen=True)
class Past:
    """One meeting: who did not come, and what was on its agenda beside the standing items."""

    business: tuple[Business, ...]
    apologies: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    plan_to_do: tuple[str, str] | None = None
    substitutes: tuple[str, ...] = ()


STORY: tuple[Past, ...] = (
    Past(
        (
            Business(
                "How the Group works",
                "How often it meets, who may send a substitute, and when it can decide.",
                "The Group meets every quarter. It can decide when half of its seats are filled.",
                "A rule that everybody knows beforehand keeps meetings short.",
            ),
            Business(
                "Social value in committee papers",
                "A short paragraph with one figure in every paper that asks for money.",
                "Officers put the paragraph and figure block of this product into their papers.",
                "One figure with its source says more than a page of examples.",
                to_do=("Show report authors where the block is and how to copy it.", "chair"),
                paper="How the paragraph reads",
            ),
        ),
        apologies=("transport",),
        plan_to_do=("Ask each lead for a first update of their actions.", "health"),
    ),
    Past(
        (
            Business(
                "Asking the hubs",
                "When the next consultation of the community hubs opens, and what it asks.",
                "The next round asks the hubs for three priorities each, and opens in spring.",
                "Three is what a hub can answer in one sitting.",
                to_do=("Draft the questions with two hubs.", "voluntary"),
            ),
            Business(
                "Grants",
                "Whether grant agreements ask for social value as contracts do.",
                is_carried=True,
            ),
        ),
        absent=("customer",),
    ),
    Past(
        (
            Business(
                "A claim that was questioned",
                "What to do about hours that two suppliers claimed for one event.",
                "Both suppliers are asked how they share the hours; none are verified until then.",
                "One activity never counts for more than the whole of it.",
                is_secret=True,
            ),
        ),
        apologies=("college", "voluntary"),
        plan_to_do=("Bring two examples of good practice from other areas.", "planning"),
    ),
    # Too few came: nothing is decided, and what was to be decided goes on.
    Past(
        (
            Business(
                "Local priorities for the coming year",
                "Which measures matter most here, after the answers of the hubs.",
                is_carried=True,
            ),
        ),
        apologies=("health", "college", "voluntary", "transport"),
        absent=("customer",),
    ),
    Past(
        (
            Business(
                "Volunteer time for community transport",
                "Whether to ask for volunteer drivers in new contracts.",
                "Volunteer driving is recommended to contract managers as a measure to ask for.",
                "The hubs name getting about as a reason why people stay at home.",
                interest="transport",
                to_do=("Write half a page for contract managers on how to ask for it.", "planning"),
            ),
        ),
    ),
    Past(
        (
            Business(
                "An event at short notice",
                "A jobs fair asked for the Group’s name on its poster before the Group could meet.",
                by_chair="The Group’s name may stand on the poster of the jobs fair.",
                reasons="The poster went to print before the meeting.",
            ),
        ),
        substitutes=("college",),
    ),
    Past(
        (
            Business(
                "The name of the Group on posters",
                "Whether the decision of the chair about the jobs fair holds for later events.",
                "The Group’s name stands only on what the Group itself puts on.",
                "Partners asked for a clear line.",
                kind=Decision.Kind.REVERSAL,
                reverses_chair=True,
            ),
        ),
        apologies=("transport",),
        plan_to_do=("Tell partners how events may mention the plan.", "voluntary"),
    ),
    Past(
        (
            Business(
                "What the plan needs next year",
                "Which themes move slowest, and what would help them.",
                "Commissioning is looked at first: each directorate names one contract to begin with.",
                "One contract each is little enough to be done.",
                to_do=("Name the first contract of each directorate.", "chair"),
            ),
            Business(
                "Measures for young carers",
                "Whether the library needs a measure for time given to young carers.",
                is_carried=True,
            ),
        ),
        absent=("customer",),
    ),
)


def load_steering(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """Eight meetings that were held and two to come; nothing where the demo has them already."""
    held = _size()
    if held:
        return Counts(unchanged=held)
    with transaction.atomic():
        _write(by, now, today)
    return Counts(created=_size())


def _size() -> int:
    return Meeting.objects.filter(is_demo=True).count() + Seat.objects.filter(is_demo=True).count()


def _at(day: datetime.date, now: datetime.datetime) -> datetime.datetime:
    """Ten in the morning of the day, and never after now."""
    return min(datetime.datetime.combine(day, datetime.time(10), datetime.UTC), now)


def _write(by: Any, now: datetime.datetime, today: datetime.date) -> None:
    begins = (today - datetime.timedelta(days=31 * 3 * (MEETINGS + 1))).replace(day=1)
    first = _at(begins, now)
    series = create_record(
        model=MeetingSeries,
        values={
            "name": SERIES,
            "place": "Committee room (demo)",
            "begins": begins,
            "is_demo": True,
        },
        by=by,
        now=first,
        reason=WHY,
    )
    seats = _seats(begins, by, first)
    ChairTerm.objects.create(
        seat=seats["chair"], starts=begins, named_at=first, named_by_name="The demo", is_demo=True
    )
    create_record(
        model=QuorumRule,
        values={
            "starts": begins,
            "seats_share": Decimal("0.5"),
            "at_least": 3,
            "source": "Invented for the demo council; the report of 2022 names no quorum",
            "is_demo": True,
        },
        by=by,
        now=first,
        reason=WHY,
    )
    days = next_dates(series.pattern, begins, begins, MEETINGS * 2)
    past = [day for day in days if day < today][-MEETINGS:]
    coming = [day for day in days if day >= today][:2]
    meetings = plan_next_meetings(series=series, days=[*past, *coming], by=by, now=first)
    for meeting, story in zip(meetings, STORY, strict=False):
        if meeting.day < today:
            _hold(meeting, story, seats, by, now)
    upcoming = [meeting for meeting in meetings if meeting.day >= today]
    if upcoming:
        _prepare(upcoming[0], by, now)
    _close_some(today, by, now)


def _seats(begins: datetime.date, by: Any, now: datetime.datetime) -> dict[str, Seat]:
    found = {}
    for key, (body, role, account) in SEATS.items():
        user = User.objects.filter(
            grants__role=account, email__startswith=account.replace("_", "-")
        ).first()
        found[key] = create_record(
            model=Seat,
            values={
                "body": body,
                "held_by": role,
                "organisation": Organisation.objects.filter(name=body, is_demo=True).first(),
                "user": user if account else None,
                "starts": begins,
                "is_demo": True,
            },
            by=by,
            now=now,
            reason=WHY,
        )
    return found


def _fresh(item: AgendaItem) -> AgendaItem:
    return AgendaItem.objects.select_related("meeting").get(pk=item.pk)


def _hold(
    meeting: Meeting, story: Past, seats: dict[str, Seat], by: Any, now: datetime.datetime
) -> None:
    before = _at(meeting.day - datetime.timedelta(days=14), now)
    at = _at(meeting.day, now)
    after = _at(meeting.day + datetime.timedelta(days=10), now)
    items = {}
    for one in story.business:
        item = add_item(
            meeting=meeting,
            values={
                "title": one.title,
                "words": one.words,
                "purpose": AgendaItem.Purpose.DECISION,
                "presented_by": "Social value co-ordinator",
                "is_confidential": one.is_secret,
            },
            by=by,
            now=before,
        )
        items[one.title] = item
        if one.paper:
            _add_paper(item, one.paper, by, before)
        if one.by_chair:
            record_decision(
                item=item,
                words=one.by_chair,
                reasons=one.reasons,
                taken=Decision.Taken.CHAIR,
                decided_on=before.date(),
                by=by,
                now=before,
            )
    meeting.refresh_from_db()
    call_meeting(meeting=meeting, expected_version=meeting.version, by=by, now=before)
    _record_who_came(meeting, story, seats, by, at)
    for one in story.business:
        _deal_with(_fresh(items[one.title]), one, seats, by, at)
    _standing(meeting, story, seats, by, at)
    minutes = draft_minutes(meeting=meeting, by=by, now=after)
    publish_minutes(minutes=minutes, expected_version=minutes.version, by=by, now=after)


def _record_who_came(
    meeting: Meeting, story: Past, seats: dict[str, Seat], by: Any, at: datetime.datetime
) -> None:
    came = {seat.pk: "present" for seat in seats.values()}
    for key in story.apologies:
        came[seats[key].pk] = "apologies"
    for key in story.absent:
        came[seats[key].pk] = "absent"
    for key in story.substitutes:
        came[seats[key].pk] = "substitute"
    meeting.refresh_from_db()
    record_attendance(
        meeting=meeting,
        came=came,
        chaired_by=seats["chair"],
        expected_version=meeting.version,
        by=by,
        now=at,
    )


def _deal_with(
    item: AgendaItem, one: Business, seats: dict[str, Seat], by: Any, at: datetime.datetime
) -> None:
    if one.interest:
        declare_interest(
            item=item,
            seat=seats[one.interest],
            words="The organisation offers community transport itself.",
            stays="leaves",
            by=by,
            now=at,
        )
    if one.decided:
        chairs = None
        if one.reverses_chair:
            chairs = Decision.objects.filter(
                taken=Decision.Taken.CHAIR, item__meeting__is_demo=True
            ).first()
        record_decision(
            item=item,
            words=one.decided,
            reasons=one.reasons,
            kind=one.kind,
            reverses=chairs,
            by=by,
            now=at,
        )
    if one.to_do:
        _to_do(item, one.to_do, seats, by, at)
    item.refresh_from_db()
    if item.outcome == AgendaItem.Outcome.OPEN:
        settle_item(
            item=item,
            outcome=AgendaItem.Outcome.CARRIED if one.is_carried else AgendaItem.Outcome.DONE,
            expected_version=item.version,
            by=by,
            now=at,
        )


def _to_do(
    item: AgendaItem, to_do: tuple[str, str], seats: dict[str, Seat], by: Any, at: datetime.datetime
) -> None:
    words, key = to_do
    record_arising(
        item=item,
        words=words,
        owner=seats[key],
        due=item.meeting.day + datetime.timedelta(days=60),
        by=by,
        now=at,
    )


def _standing(
    meeting: Meeting, story: Past, seats: dict[str, Seat], by: Any, at: datetime.datetime
) -> None:
    """Minutes are confirmed where enough came; the plan is talked about; carried items are settled."""
    enough = len(seats) - len(story.apologies) - len(story.absent) >= len(seats) / 2
    for item in list(meeting.items.filter(outcome=AgendaItem.Outcome.OPEN)):
        if item.kind == AgendaItem.Kind.MINUTES and enough:
            minutes = Minutes.objects.get(meeting=item.minutes_of_id)
            confirm_minutes(item=item, expected_version=minutes.version, by=by, now=at)
            continue
        if item.kind == AgendaItem.Kind.PLAN and story.plan_to_do:
            _to_do(item, story.plan_to_do, seats, by, at)
        if item.carried_from_id and enough:
            record_decision(
                item=_fresh(item), words=_carried_words(item), by=by, now=at,
                kind=Decision.Kind.PRIORITIES if "priorities" in item.title else Decision.Kind.OTHER,
                address="https://example.org/local-priorities" if "priorities" in item.title else "",
            )  # fmt: skip
            continue
        settle_item(
            item=item,
            outcome=AgendaItem.Outcome.CARRIED if item.carried_from_id else AgendaItem.Outcome.DONE,
            expected_version=item.version,
            by=by,
            now=at,
        )


def _carried_words(item: AgendaItem) -> str:
    if "priorities" in item.title:
        return "The local priorities for the coming year are approved as proposed."
    return "Grant agreements above the threshold ask for social value as contracts do."


def _prepare(meeting: Meeting, by: Any, now: datetime.datetime) -> None:
    """The next meeting: something to decide, something confidential, its agenda published."""
    item = add_item(
        meeting=meeting,
        values={
            "title": "Two themes that may move to the next stage",
            "words": "What speaks for it, and which criteria still lack evidence.",
            "purpose": AgendaItem.Purpose.DECISION,
            "presented_by": "Social value co-ordinator",
        },
        by=by,
        now=now,
    )
    _add_paper(item, "What speaks for a move", by, now)
    add_item(
        meeting=meeting,
        values={
            "title": "A supplier that fell far behind",
            "words": "What the contract allows, and what is proposed.",
            "purpose": AgendaItem.Purpose.DECISION,
            "is_confidential": True,
        },
        by=by,
        now=now,
    )
    meeting.refresh_from_db()
    call_meeting(meeting=meeting, expected_version=meeting.version, by=by, now=now)


def _add_paper(item: AgendaItem, title: str, by: Any, now: datetime.datetime) -> None:
    body = f"{title}\n\nAn invented paper of the demo council. Nothing in it is true of anybody.\n"
    add_paper(
        item=_fresh(item),
        file=File(BytesIO(body.encode()), name="paper.txt"),
        title=f"{title} (demo)",
        is_confidential=False,
        by=by,
        now=now,
    )


def _close_some(today: datetime.date, by: Any, now: datetime.datetime) -> None:
    """What was to be done by the last quarter is done, but for one that is past its date."""
    rows = list(
        ArisingAction.objects.filter(
            item__meeting__is_demo=True, due__lt=today - datetime.timedelta(days=30)
        ).order_by("due")
    )
    for row in rows[:-1]:
        close_arising(
            arising=row,
            state=ArisingAction.State.DONE,
            outcome="Done, and told at the next meeting.",
            expected_version=row.version,
            by=by,
            now=_at(row.due, now),
        )


def remove_steering() -> int:
    """The demo's meetings and seats with all that hangs on them, also what people added."""
    removed = _size()
    with transaction.atomic():
        meetings = Meeting.objects.filter(is_demo=True)
        items = AgendaItem.objects.filter(meeting__in=meetings)
        minutes = Minutes.objects.filter(meeting__in=meetings)
        _forget(MinutesSection, MinutesSection.objects.filter(minutes__in=minutes))
        _forget(Minutes, minutes)
        _forget(ArisingAction, ArisingAction.objects.filter(item__in=items))
        # A reversal goes before what it reverses, a carried item before the one it came from.
        _forget(Decision, Decision.objects.filter(item__in=items).order_by("-pk"))
        for paper in [paper for item in items for paper in item.papers.all()]:
            transaction.on_commit(partial(paper.file.storage.delete, str(paper.file.name)))
        _forget(AgendaItem, items.order_by("-pk"))
        _forget(Meeting, meetings)
        _forget(MeetingSeries, MeetingSeries.objects.filter(is_demo=True, meetings__isnull=True))
        ChairTerm.objects.filter(is_demo=True).delete()
        _forget(QuorumRule, QuorumRule.objects.filter(is_demo=True))
        used = Seat.objects.filter(is_demo=True).exclude(chair_terms__isnull=False)
        _forget(Seat, used.filter(attendance__isnull=True))
    return removed


def _forget(model: Any, rows: Any) -> None:
    """One by one, because rows protect each other; with their history."""
    for row in list(rows):
        pk = row.pk
        row.delete()
        model.history.filter(id=pk).delete()

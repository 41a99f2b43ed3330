"""To whom a meeting's pack goes by e-mail, and what became of each."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery, Value

from action_plan.models import Meeting, Seat
from trafford_sv.core.access import can
from trafford_sv.core.models import User

from ..models import KeptPack, PackMail

DAYS_WITHOUT_SERIES = 7
# A run may take this long; after it, what is still claimed is in doubt.
DOUBT_AFTER = datetime.timedelta(hours=1)


def pack_due_on(meeting: Meeting) -> datetime.date:
    """The day on which its pack goes out."""
    before = meeting.series.pack_days_before if meeting.series else DAYS_WITHOUT_SERIES
    return meeting.day - datetime.timedelta(days=before)


def is_due(meeting: Meeting, as_of: datetime.date) -> bool:
    """From its day until the meeting, where the agenda is out."""
    return meeting.state == Meeting.State.CALLED and pack_due_on(meeting) <= as_of < meeting.day


def due_meetings(as_of: datetime.date) -> list[Meeting]:
    """Soonest first. 1 query."""
    rows = Meeting.objects.filter(
        state=Meeting.State.CALLED, day__gt=as_of, day__lte=as_of + datetime.timedelta(days=60)
    ).select_related("series", "minutes", "chaired_by")
    return [meeting for meeting in rows.order_by("day") if is_due(meeting, as_of)]


def recipients(meeting: Meeting, as_of: datetime.date) -> list[User]:
    """Members with a seat in force now and on the day of the meeting, who can sign in and did not
    turn these e-mails off."""
    seats = (
        Seat.objects.in_force(as_of)  # type: ignore[attr-defined]
        .in_force(meeting.day)
        .filter(user__is_active=True)
        .exclude(user__pack_preference__wants_packs=False)
        .select_related("user")
        .order_by("user__name", "pk")
    )
    users = [seat.user for seat in seats if seat.user is not None]
    return [user for user in users if can(user, "take_part_in_steering")]


@dataclass(frozen=True)
class KeptLine:
    """`sent_to`: how many members got exactly this, or may have where a try was in doubt."""

    address: str
    kept_at: datetime.datetime
    sent_to: int


def kept_packs(meeting: Meeting) -> tuple[KeptLine, ...]:
    """The packs of a meeting that went out, latest first. 1 query."""
    went = Q(pack=OuterRef("pk"), state__in=[PackMail.State.SENT, PackMail.State.CLAIMED])
    readers = (
        PackMail.objects.filter(went | Q(earlier_packs=OuterRef("pk")))
        .order_by()
        .values(one=Value(1))
        .annotate(number=Count("pk", distinct=True))
    )
    rows: Any = (
        KeptPack.objects.filter(meeting=meeting)
        .annotate(sent_to=Subquery(readers.values("number")))
        .filter(sent_to__gt=0)
        .defer("text")
        .order_by("-kept_at", "-pk")
    )
    return tuple(KeptLine(row.get_absolute_url(), row.kept_at, row.sent_to) for row in rows)


def is_in_doubt(mail: PackMail, now: datetime.datetime) -> bool:
    return mail.state == PackMail.State.CLAIMED and (
        bool(mail.failure) or now >= mail.claimed_at + DOUBT_AFTER
    )


@dataclass(frozen=True)
class MailLine:
    pk: int
    name: str
    state: str
    is_in_doubt: bool
    failure: str
    sent_at: datetime.datetime | None


@dataclass(frozen=True)
class MailsOfMeeting:
    due_on: datetime.date
    lines: tuple[MailLine, ...]


def mails_of(meeting: Meeting, *, now: datetime.datetime) -> MailsOfMeeting:
    """For whoever runs the Group. 1 query; the meeting with `series` joined."""
    rows: Any = PackMail.objects.filter(meeting=meeting).select_related("user")
    return MailsOfMeeting(
        pack_due_on(meeting),
        tuple(
            MailLine(
                row.pk,
                row.user.name,
                "In doubt" if is_in_doubt(row, now) else row.get_state_display(),
                is_in_doubt(row, now),
                row.failure,
                row.sent_at,
            )
            for row in rows
        ),
    )

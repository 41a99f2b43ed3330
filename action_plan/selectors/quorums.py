"""Whether a meeting may decide, by the rule in force on its day."""

from __future__ import annotations

from ..models import AgendaItem, Attendance, Interest, Meeting, QuorumRule, Seat
from ..quorum import Present, Quorum, quorum

Came = Attendance.Came


def rule_on(meeting: Meeting) -> QuorumRule | None:
    return QuorumRule.objects.filter(starts__lte=meeting.day).order_by("-starts").first()


def quorum_of(meeting: Meeting, item: AgendaItem | None = None) -> Quorum:
    """For the meeting, or for one item: whoever leaves the room for it does not count. 4 queries."""
    rule = rule_on(meeting)
    came = dict(meeting.attendance.values_list("seat", "came"))
    gone: set[int] = set()
    if item is not None:
        gone = set(
            Interest.objects.filter(item=item)
            .exclude(stays=Interest.Stays.STAYS)
            .values_list("seat", flat=True)
        )
    here = {seat: value for seat, value in came.items() if seat not in gone}
    return quorum(
        rule.rule if rule else None,
        Seat.objects.in_force(meeting.day).count(),  # type: ignore[attr-defined]
        Present(
            members=sum(value == Came.PRESENT for value in here.values()),
            substitutes=sum(value == Came.SUBSTITUTE for value in here.values()),
            has_chair=meeting.chaired_by_id is not None,
        ),
    )

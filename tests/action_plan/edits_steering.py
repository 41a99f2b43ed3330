"""The Steering Group's pages that edit a record, for `tests/test_stale_versions.py`.

Made without the services, because that test looks for audit events.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from django.urls import reverse

from action_plan.models import (
    AgendaItem,
    ArisingAction,
    Meeting,
    MeetingSeries,
    Minutes,
    MinutesSection,
)
from tests.factories_steering import at, make_seat

DAY = datetime.date(2026, 1, 13)


def _meeting(**values: Any) -> Meeting:
    return Meeting.objects.create(**{"day": DAY, "starts_at": datetime.time(14), **values})


def _item() -> AgendaItem:
    return AgendaItem.objects.create(meeting=_meeting(), position=1, title="Grants")


def _held() -> AgendaItem:
    meeting = _meeting(state="held", held_at=at(DAY))
    return AgendaItem.objects.create(meeting=meeting, position=1, title="Grants")


def _minutes() -> Minutes:
    item = _held()
    minutes = Minutes.objects.create(meeting=item.meeting, drafted_at=at(DAY), opening="We met.")
    MinutesSection.objects.create(minutes=minutes, item=item, text="We talked.")
    return minutes


def _arising() -> ArisingAction:
    return ArisingAction.objects.create(
        item=_held(), words="Ask", owner=make_seat(), due=DAY, recorded_at=at(DAY)
    )


def _series() -> MeetingSeries:
    return MeetingSeries.objects.create(name="Quarterly", begins=DAY)


def _section() -> MinutesSection:
    return _minutes().sections.get()


def _edit(name: str, make: Callable[[], Any]) -> Callable[[], Any]:
    def edit() -> Any:
        from tests.test_stale_versions import Edit

        record = make()
        key = record.meeting_id if name == "minutes-edit" else record.pk
        return Edit(record, reverse(name, args=[key]))

    return edit


EDITS: dict[str, Callable[[], Any]] = {
    name: _edit(name, make)
    for name, make in {
        "seat-edit": make_seat,
        "series-edit": _series,
        "meeting-edit": _meeting,
        "agenda-item-edit": _item,
        "arising-edit": _arising,
        "minutes-edit": _minutes,
        "minutes-section-edit": _section,
    }.items()
}

"""The plan's days for a calendar: when actions are due, and their milestones."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.urls import reverse

from ..calendar_feed import DayEvent
from ..models import Action, Milestone
from ..progress import Status


def calendar_events(user: Any) -> tuple[DayEvent, ...]:
    """Of the actions the person may see (None for everybody): due days and milestones ahead or
    reached. Two queries."""
    host = urlsplit(settings.SITE_URL).hostname or "localhost"
    seen = Action.objects.visible_to(user)
    events = []
    for action in seen.filter(due__isnull=False).select_related("theme", "lead_organisation"):
        status = Status(action.status)
        done = " (complete)" if status is Status.COMPLETE else ""
        lead = f"\nLed by {action.lead_organisation.name}." if action.lead_organisation else ""
        assert action.due is not None
        events.append(
            DayEvent(
                uid=f"action-{action.pk}-due@{host}",
                day=action.due,
                summary=f"Due: {action.title}{done}",
                description=f"{action.reference}, {action.theme.name}. {status.label}.{lead}",
                url=settings.SITE_URL + reverse("action-detail", kwargs={"pk": action.pk}),
                sequence=action.version - 1,
                is_cancelled=status is Status.CANCELLED,
            )
        )
    steps = Milestone.objects.filter(action__in=seen).select_related("action__theme")
    for step in steps:
        done = " (reached)" if step.done_on else ""
        events.append(
            DayEvent(
                uid=f"milestone-{step.pk}@{host}",
                day=step.due,
                summary=f"Milestone: {step.title}{done}",
                description=f"{step.action.reference} {step.action.title}",
                url=settings.SITE_URL + reverse("action-detail", kwargs={"pk": step.action_id}),
                sequence=step.version - 1,
                is_cancelled=step.action.status == Status.CANCELLED,
            )
        )
    return tuple(sorted(events, key=lambda event: (event.day, event.uid)))

"""Meetings: the agenda, its papers, what members say of them, and who came.

A meeting that was held keeps its agenda as it was; what came of it is in `outcomes`.
"""

from __future__ import annotations

import uuid
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import can
from trafford_sv.core.models import Versioned

from .steering import MeetingSeries, Seat


class MeetingQuerySet(models.QuerySet["Meeting"]):
    def standing(self) -> MeetingQuerySet:
        """Without those that were called off."""
        return self.exclude(state=Meeting.State.CANCELLED)

    def visible_to(self, user: Any) -> MeetingQuerySet:
        """Anybody sees a meeting once its agenda is out; before that, who works with the Group."""
        if can(user, "view_steering"):
            return self
        return self.exclude(agenda_sent_at__isnull=True)


class Meeting(Versioned):
    """One meeting, from its date to its confirmed minutes."""

    class State(models.TextChoices):
        PLANNED = "planned", "Planned"
        CALLED = "called", "Agenda published"
        HELD = "held", "Held"
        CANCELLED = "cancelled", "Called off"

    series = models.ForeignKey(
        MeetingSeries, null=True, blank=True, on_delete=models.PROTECT, related_name="meetings"
    )
    day = models.DateField()
    starts_at = models.TimeField("time")
    place = models.CharField(max_length=300, blank=True)
    link = models.URLField("address to join from afar", blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PLANNED)
    agenda_sent_at = models.DateTimeField(null=True, blank=True, editable=False)
    chaired_by = models.ForeignKey(
        Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="chaired"
    )
    held_at = models.DateTimeField(null=True, blank=True, editable=False)
    cancelled_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    objects = MeetingQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-day", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["day"],
                condition=~Q(state="cancelled"),
                name="the_group_meets_once_a_day",
                violation_error_message=(
                    "The Steering Group meets on that day already. Choose another day."
                ),
            ),
            models.CheckConstraint(
                condition=~Q(state="held") | Q(held_at__isnull=False),
                name="a_meeting_held_says_when_it_was_recorded",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_reason=""),
                name="a_meeting_is_called_off_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"Steering Group, {self.day:%-d %B %Y}"

    def get_absolute_url(self) -> str:
        return reverse("meeting-detail", kwargs={"pk": self.pk})

    @property
    def is_open(self) -> bool:
        """Its agenda may still change."""
        return self.state in (self.State.PLANNED, self.State.CALLED)


class AgendaItem(Versioned):
    """One item of one meeting. The Action Plan stands on every agenda (6.6)."""

    class Kind(models.TextChoices):
        PLAN = "plan", "Action Plan (standing item)"
        MINUTES = "minutes", "Minutes of the last meeting"
        BUSINESS = "business", "Item"

    class Purpose(models.TextChoices):
        DECISION = "decision", "For decision"
        DISCUSSION = "discussion", "For discussion"
        INFORMATION = "information", "For information"

    class Outcome(models.TextChoices):
        OPEN = "open", "Not dealt with yet"
        DONE = "done", "Dealt with"
        CARRIED = "carried", "Carried over to the next meeting"

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="items")
    position = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.BUSINESS)
    purpose = models.CharField(
        "what it is for", max_length=12, choices=Purpose.choices, default=Purpose.DISCUSSION
    )
    title = models.CharField(max_length=200)
    words = models.TextField("what it is about", blank=True)
    presented_by = models.CharField(
        "who brings it", max_length=200, blank=True, help_text="a role, not a person’s name"
    )
    is_confidential = models.BooleanField("confidential", default=False)
    outcome = models.CharField(max_length=8, choices=Outcome.choices, default=Outcome.OPEN)
    carried_from = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="carried_to"
    )
    minutes_of = models.ForeignKey(
        Meeting, null=True, blank=True, on_delete=models.PROTECT, related_name="confirmed_under"
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["meeting", "position", "pk"]
        verbose_name = "agenda item"
        constraints = [
            models.UniqueConstraint(
                fields=["meeting"],
                condition=Q(kind="plan"),
                name="the_action_plan_stands_once_on_an_agenda",
            ),
            models.UniqueConstraint(
                fields=["meeting", "minutes_of"], name="minutes_stand_once_on_an_agenda"
            ),
            models.CheckConstraint(
                condition=Q(kind="minutes", minutes_of__isnull=False)
                | (~Q(kind="minutes") & Q(minutes_of__isnull=True)),
                name="an_item_about_minutes_says_whose",
            ),
            models.CheckConstraint(
                condition=~Q(kind="plan") | Q(is_confidential=False),
                name="the_action_plan_is_no_confidential_item",
                violation_error_message=(
                    "The Action Plan is a public item. Put what is confidential into an item of its own."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.position}. {self.title}"

    @property
    def is_standing(self) -> bool:
        return self.kind != self.Kind.BUSINESS


class Paper(models.Model):
    """A file that goes with an item. Confidential where it or its item is."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="papers")
    title = models.CharField(max_length=200)
    original_name = models.CharField(max_length=255)
    kind = models.CharField(max_length=20, help_text="what its bytes say it is")
    sha256 = models.CharField(max_length=64)
    file_bytes = models.PositiveBigIntegerField()
    file = models.FileField(upload_to="steering/%Y/%m/")
    warnings = models.JSONField(default=list, help_text="[sentence]: what looks like personal data")
    is_confidential = models.BooleanField("confidential", default=False)
    added_at = models.DateTimeField()
    added_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["added_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "sha256"], name="a_paper_goes_with_an_item_once"
            )
        ]

    def __str__(self) -> str:
        return self.title


class ItemComment(models.Model):
    """What a member says of an item before the meeting. Members and officers read it."""

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="comments")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="comments")
    text = models.TextField()
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "pk"]

    def __str__(self) -> str:
        return f"{self.seat} on {self.item}"


class Attendance(models.Model):
    """Whether a seat was filled. Apologies may be sent before the meeting."""

    class Came(models.TextChoices):
        PRESENT = "present", "Present"
        SUBSTITUTE = "substitute", "A substitute came"
        APOLOGIES = "apologies", "Sent apologies"
        ABSENT = "absent", "Absent"

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="attendance")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="attendance")
    came = models.CharField(max_length=10, choices=Came.choices)
    note = models.CharField(max_length=300, blank=True)
    recorded_at = models.DateTimeField()
    recorded_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["meeting", "seat__body", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "seat"], name="a_seat_attends_once")
        ]

    def __str__(self) -> str:
        return f"{self.seat}: {self.get_came_display()}"


class Interest(models.Model):
    """A member's interest in an item, and whether they leave while it is dealt with."""

    class Stays(models.TextChoices):
        STAYS = "stays", "Stays and takes part"
        SILENT = "silent", "Stays and takes no part in the decision"
        LEAVES = "leaves", "Leaves while it is dealt with"

    item = models.ForeignKey(AgendaItem, on_delete=models.CASCADE, related_name="interests")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="interests")
    words = models.TextField("what the interest is")
    stays = models.CharField("what follows", max_length=8, choices=Stays.choices)
    declared_at = models.DateTimeField()
    declared_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["item", "seat__body", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["item", "seat"], name="an_interest_is_declared_once_for_an_item"
            )
        ]

    def __str__(self) -> str:
        return f"{self.seat} in {self.item}"

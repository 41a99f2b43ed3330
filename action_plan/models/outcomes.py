"""What came of a meeting: decisions, actions arising, and the minutes with what members say of them."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from charter.models import CharterVersion
from trafford_sv.core.models import Versioned

from .maturity import ThemeResult
from .meetings import AgendaItem, Meeting
from .plan import Action
from .steering import Seat


class Decision(Versioned):
    """What the Group decided under an item; never changed, only reversed by a later one."""

    class Kind(models.TextChoices):
        OTHER = "other", "Something else"
        NEW_ACTION = "new_action", "A new action in the plan"
        CHANGE_ACTION = "change_action", "A change to an action"
        STAGE = "stage", "A maturity stage"
        CHARTER = "charter", "A version of the charter"
        PRIORITIES = "priorities", "Local priorities"
        REVERSAL = "reversal", "An earlier decision is reversed"

    class Taken(models.TextChoices):
        MEETING = "meeting", "By the meeting"
        CHAIR = "chair", "By the chair between meetings"

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="decisions")
    number = models.PositiveSmallIntegerField(help_text="within the meeting, from 1")
    kind = models.CharField(max_length=14, choices=Kind.choices, default=Kind.OTHER)
    taken = models.CharField(max_length=8, choices=Taken.choices, default=Taken.MEETING)
    decided_on = models.DateField()
    words = models.TextField("what was decided")
    reasons = models.TextField(blank=True)
    address = models.URLField("where more is to be read", blank=True)
    action = models.ForeignKey(
        Action, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    charter_version = models.ForeignKey(
        CharterVersion, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    theme_result = models.ForeignKey(
        ThemeResult, null=True, blank=True, on_delete=models.PROTECT, related_name="decisions"
    )
    reverses = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="reversed_by"
    )
    recorded_at = models.DateTimeField()
    recorded_by_name = models.CharField(max_length=200)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-decided_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="reversal") | Q(reverses__isnull=False),
                name="a_reversal_says_what_it_reverses",
            ),
            models.CheckConstraint(condition=~Q(words=""), name="a_decision_has_words"),
        ]

    def __str__(self) -> str:
        return f"{self.reference}: {self.words[:80]}"

    @property
    def reference(self) -> str:
        return f"SG {self.item.meeting.day.isoformat()}/{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("decision-detail", kwargs={"pk": self.pk})


class ArisingAction(Versioned):
    """Somebody does something because of a meeting. It may belong to an action of the plan."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "No longer needed"

    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="arising")
    words = models.TextField("what is to be done")
    owner = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="owned_actions")
    due = models.DateField()
    action = models.ForeignKey(
        Action, null=True, blank=True, on_delete=models.PROTECT, related_name="arising"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    outcome = models.TextField("what came of it", blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    recorded_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        ordering = ["due", "pk"]
        verbose_name = "action arising"
        verbose_name_plural = "actions arising"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="open") | ~Q(outcome=""),
                name="an_action_arising_is_closed_with_its_outcome",
            )
        ]

    def __str__(self) -> str:
        return self.words[:80]

    def get_absolute_url(self) -> str:
        return reverse("arising-detail", kwargs={"pk": self.pk})

    def is_overdue(self, day: datetime.date) -> bool:
        return self.state == self.State.OPEN and self.due < day


class Minutes(Versioned):
    """The minutes of one meeting: drafted from its decisions, edited, published, confirmed."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published, to be confirmed"
        CONFIRMED = "confirmed", "Confirmed"

    meeting = models.OneToOneField(Meeting, on_delete=models.PROTECT, related_name="minutes")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    opening = models.TextField("how the meeting opened", blank=True)
    drafted_at = models.DateTimeField()
    published_at = models.DateTimeField(null=True, blank=True)
    published_by_name = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_under = models.OneToOneField(
        AgendaItem, null=True, blank=True, on_delete=models.PROTECT, related_name="confirms"
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["-meeting__day"]
        verbose_name_plural = "minutes"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="confirmed") | Q(confirmed_under__isnull=False),
                name="minutes_are_confirmed_at_a_later_meeting",
            )
        ]

    def __str__(self) -> str:
        return f"Minutes of {self.meeting.day:%-d %B %Y}"


class MinutesSection(Versioned):
    """What the minutes say of one item, so that a confidential one can be left out."""

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="sections")
    item = models.ForeignKey(AgendaItem, on_delete=models.PROTECT, related_name="minuted")
    text = models.TextField("what the minutes say", blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["minutes", "item__position", "pk"]
        verbose_name = "part of the minutes"
        verbose_name_plural = "parts of minutes"
        constraints = [
            models.UniqueConstraint(fields=["minutes", "item"], name="an_item_is_minuted_once")
        ]

    def __str__(self) -> str:
        return f"{self.minutes}, {self.item}"


class MinutesReply(models.Model):
    """A member says of published minutes that they are right, or what is to be corrected.

    It is about one wording: `of_version` is the version of the minutes that was read.
    """

    class Says(models.TextChoices):
        RIGHT = "right", "They are right"
        CORRECT = "correct", "Something is to be corrected"

    minutes = models.ForeignKey(Minutes, on_delete=models.CASCADE, related_name="replies")
    seat = models.ForeignKey(Seat, on_delete=models.PROTECT, related_name="minutes_replies")
    says = models.CharField(max_length=8, choices=Says.choices)
    text = models.TextField(blank=True)
    of_version = models.PositiveIntegerField()
    said_at = models.DateTimeField()

    class Meta:
        ordering = ["said_at", "pk"]
        verbose_name_plural = "minutes replies"
        constraints = [
            models.UniqueConstraint(fields=["minutes", "seat"], name="a_seat_replies_once"),
            models.CheckConstraint(
                condition=~Q(says="correct") | ~Q(text=""),
                name="a_correction_says_what_is_to_be_corrected",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.seat}: {self.get_says_display()}"

"""The Action Plan itself: seven themes, what is wanted of each, and who does what by when."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from charter.models import Principle
from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

from ..progress import OVER, STATUS_CHOICES, Facts, Status
from ..stages import STAGE_CHOICES


class Theme(models.Model):
    """One of the seven themes of the plan, in the report's order (6.3)."""

    key = models.SlugField(max_length=40, unique=True)
    code = models.CharField(max_length=4, unique=True, help_text="Begins its actions' references.")
    position = models.PositiveSmallIntegerField(unique=True)
    name = models.CharField(max_length=80, unique=True)
    description = models.TextField(blank=True)

    class Meta:
        ordering = ["position"]

    def __str__(self) -> str:
        return self.name


class DesiredOutcome(Versioned):
    """What a theme should look like, and the stage it should have reached by a date (6.5)."""

    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="desired_outcomes")
    words = models.TextField("desired outcome")
    target_stage = models.CharField(max_length=12, choices=STAGE_CHOICES)
    by_date = models.DateField("to be reached by")
    is_demo = models.BooleanField(default=False, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["theme", "by_date"]
        constraints = [
            models.UniqueConstraint(
                fields=["theme", "by_date"],
                name="one_target_for_a_theme_and_day",
                violation_error_message=(
                    "This theme has a target for that day already. Change that one, or choose "
                    "another day."
                ),
            ),
            models.CheckConstraint(
                condition=Q(target_stage__in=[key for key, _ in STAGE_CHOICES]),
                name="a_target_is_one_of_the_five_stages",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.theme}: {self.get_target_stage_display()} by {self.by_date:%-d %B %Y}"


class ActionQuerySet(models.QuerySet["Action"]):
    def visible_to(self, user: Any) -> ActionQuerySet:
        """All of them for whoever works on the plan; what is public for everybody else."""
        everything, _ = reach(user, "view_plan")
        return self if everything else self.filter(is_public=True)

    def public(self) -> ActionQuerySet:
        return self.filter(is_public=True)

    def live(self) -> ActionQuerySet:
        """Neither complete nor cancelled."""
        return self.exclude(status__in=OVER)


class Action(Versioned):
    """One thing that somebody does to move a theme on. Stale and overdue are computed."""

    PERSONAL_FIELDS = ("lead_email",)
    Status = Status

    reference = models.CharField(max_length=20, unique=True)
    theme = models.ForeignKey(Theme, on_delete=models.PROTECT, related_name="actions")
    title = models.CharField(max_length=200)
    description = models.TextField(blank=True)
    principle = models.ForeignKey(
        Principle,
        verbose_name="principle of the Charter",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="actions",
    )
    lead_organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="led_actions"
    )
    lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="lead with an account",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
    )
    lead_name = models.CharField("lead", max_length=200, blank=True)
    lead_email = models.EmailField("lead’s e-mail address", blank=True)
    starts = models.DateField("start", null=True, blank=True)
    due = models.DateField(null=True, blank=True)
    status = models.CharField(
        max_length=12, choices=STATUS_CHOICES, default=Status.NOT_STARTED.value
    )
    completed_on = models.DateField("completed on", null=True, blank=True)
    is_public = models.BooleanField("public", default=True)
    metric_key = models.CharField(
        "yardstick",
        max_length=80,
        blank=True,
        help_text="The figure of the product that shows whether it works, by its key.",
    )
    source = models.CharField(max_length=200, blank=True)
    waits_for = models.ManyToManyField(
        "self",
        verbose_name="waits for",
        symmetrical=False,
        blank=True,
        related_name="waited_for_by",
    )
    # The references of `waits_for`, so that its history is kept with the other fields' history.
    # Written by `services.actions` alone, in the same transaction.
    waits_for_references = models.CharField("waits for", max_length=500, blank=True, default="")
    is_demo = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(editable=False)

    objects = ActionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["theme__position", "reference"]
        indexes = [models.Index(fields=["due"]), models.Index(fields=["status"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(starts__isnull=True) | Q(due__gte=F("starts")),
                name="an_action_is_due_after_it_starts",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.COMPLETE.value, completed_on__isnull=False)
                | (~Q(status=Status.COMPLETE.value) & Q(completed_on__isnull=True)),
                name="a_complete_action_says_when",
            ),
            models.CheckConstraint(
                condition=Q(status__in=[key for key, _ in STATUS_CHOICES]),
                name="an_actions_status_is_one_of_six",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("action-detail", kwargs={"pk": self.pk})

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return False

    @property
    def lead_words(self) -> str:
        """Who leads, in words; "" where nobody does."""
        return self.lead_name or (str(self.lead) if self.lead_id else "")

    @property
    def lead_address(self) -> str:
        """Where the lead is written to: their account's address, or the one typed."""
        if self.lead_id and self.lead is not None:
            return str(self.lead.email) if self.lead.is_active else ""
        return self.lead_email

    def facts(self, updated: Quarter | None) -> Facts:
        return Facts(Status(self.status), self.starts, self.due, updated)


class Milestone(Versioned):
    """One step of an action, with its day and the day it was reached."""

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="milestones")
    title = models.CharField(max_length=200)
    due = models.DateField()
    done_on = models.DateField("reached on", null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "title"],
                name="a_milestone_is_named_once",
                violation_error_message=(
                    "This action has a milestone of that name already. Give this one another."
                ),
            )
        ]

    def __str__(self) -> str:
        return self.title


class ActionUpdateQuerySet(models.QuerySet["ActionUpdate"]):
    def sent_in(self) -> ActionUpdateQuerySet:
        """Submitted or approved: what ends an action's silence."""
        return self.filter(state__in=[ActionUpdate.State.SUBMITTED, ActionUpdate.State.APPROVED])

    def visible_to(self, user: Any) -> ActionUpdateQuerySet:
        """All for whoever works on the plan; for others what was approved for publication."""
        everything, _ = reach(user, "view_plan")
        return self if everything else self.public()

    def public(self) -> ActionUpdateQuerySet:
        return self.filter(
            state=ActionUpdate.State.APPROVED, is_public=True, action__is_public=True
        )


class ActionUpdate(Versioned):
    """What the lead says of one action for one quarter; approved, or sent back with a reason."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Waiting for approval"
        APPROVED = "approved", "Approved"
        SENT_BACK = "sent_back", "Sent back"

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="updates")
    financial_year = models.PositiveSmallIntegerField(help_text="The year in which April falls.")
    quarter = models.PositiveSmallIntegerField(help_text="1 is April to June.")
    narrative = models.TextField("what happened", blank=True)
    status = models.CharField("how it stands", max_length=12, choices=STATUS_CHOICES)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    reason = models.TextField("reason it was sent back", blank=True)
    is_public = models.BooleanField("published", default=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by_name = models.CharField("submitted by", max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField("decided by", max_length=200, blank=True)

    objects = ActionUpdateQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-financial_year", "-quarter", "action"]
        verbose_name = "update of an action"
        verbose_name_plural = "updates of actions"
        indexes = [models.Index(fields=["state"]), models.Index(fields=["decided_at"])]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "financial_year", "quarter"],
                name="one_update_for_an_action_and_quarter",
            ),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="an_updates_quarter_is_1_to_4"
            ),
            models.CheckConstraint(
                condition=~Q(state="sent_back") | ~Q(reason=""),
                name="an_update_is_sent_back_with_a_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action.reference}, {self.period}"

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)


class UpdateLink(models.Model):
    """One request for one update, by a link that works until the update is sent or its time is over.

    The link is made from the seed and the site's secret key; neither the database nor the queue
    holds it. `claimed` and not `sent` is in doubt and is shown to a person.
    """

    class Mail(models.TextChoices):
        WAITING = "waiting", "Not sent yet"
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for the update"
        ANSWERED = "answered", "The update came in"
        WITHDRAWN = "withdrawn", "Withdrawn"

    action = models.ForeignKey(Action, on_delete=models.CASCADE, related_name="update_links")
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    sent_to = models.EmailField(blank=True)
    lead_name = models.CharField(max_length=200, blank=True)
    link_seed = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    answered_at = models.DateTimeField(null=True, blank=True)
    mail = models.CharField(max_length=8, choices=Mail.choices, default=Mail.WAITING)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)

    class Meta:
        ordering = ["-asked_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["action", "financial_year", "quarter"],
                condition=Q(state="asked"),
                name="one_open_link_for_an_action_and_quarter",
            ),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="a_links_quarter_is_1_to_4"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action.reference}, {self.period}"

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)

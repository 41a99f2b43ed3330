"""Consultation rounds: what is asked, who is asked, and the mail that asks."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import MailQuerySet, Versioned
from trafford_sv.directory.models import Organisation

from .hubs import own_hubs
from .priorities import Priority


class RoundQuerySet(models.QuerySet["Round"]):
    def visible_to(self, user: Any) -> RoundQuerySet:
        """Anyone reads what was published; a hub also the rounds it was asked in."""
        everything, hubs = own_hubs(user, "view_rounds")
        if everything:
            return self
        published = Q(state=Round.State.PUBLISHED)
        if hubs:
            asked = Invitation.objects.filter(organisation_id__in=hubs).values("round_id")
            published |= Q(pk__in=asked) & ~Q(state=Round.State.DRAFT)
        return self.filter(published)


class Round(Versioned):
    """One time of asking. The round of summer 2022 is recorded from the report, without answers."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        OPEN = "open", "Open"
        CLOSED = "closed", "Closed"
        PUBLISHED = "published", "Published"

    name = models.CharField(max_length=200)
    introduction = models.TextField(
        blank=True, help_text="What a hub reads first: why you ask and what becomes of it"
    )
    opens_on = models.DateField("opens", null=True, blank=True)
    closes_on = models.DateField(
        "closes", null=True, blank=True, help_text="The last day on which answers are taken"
    )
    period_words = models.CharField(
        max_length=80, blank=True, help_text="for a round whose days are not recorded"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    allows_public = models.BooleanField("anyone may answer by the public link", default=False)
    priorities = models.ManyToManyField(Priority, related_name="rounds", blank=True)
    is_history = models.BooleanField(
        default=False, help_text="recorded from a document; its answers are not held here"
    )
    source = models.CharField(max_length=300, blank=True)
    heard = models.TextField(
        "what was heard", blank=True, help_text="In your own words, for the published page"
    )
    translations = models.JSONField(default=dict, blank=True)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    published_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    objects = RoundQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[priorities])

    class Meta:
        ordering = ["-opens_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(closes_on__isnull=True)
                | Q(opens_on__isnull=True)
                | Q(closes_on__gte=models.F("opens_on")),
                name="a_round_closes_after_it_opens",
                violation_error_message="The round closes before it opens. Change one of the dates.",
            ),
            models.CheckConstraint(
                condition=Q(is_history=True)
                | Q(state="draft")
                | Q(opens_on__isnull=False, closes_on__isnull=False),
                name="a_round_that_runs_has_its_days",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("round-detail", kwargs={"pk": self.pk})

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "hub" and self.invitations.filter(organisation_id=organisation_id).exists()

    def takes_answers_on(self, day: datetime.date) -> bool:
        """The closing day is the last day on which answers are taken."""
        return (
            self.state == self.State.OPEN and self.closes_on is not None and day <= self.closes_on
        )


class Question(models.Model):
    """One question of a round. Its round's version guards it."""

    class Kind(models.TextChoices):
        PRIORITIES = "priorities", "Put the priorities in order and weigh them"
        TEXT = "text", "Words of their own"
        QUANTITY = "quantity", "How many"
        FOR_WHOM = "for_whom", "Who it is for"

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="questions")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=12, choices=Kind.choices)
    text = models.CharField("question", max_length=300)
    hint = models.CharField(max_length=300, blank=True)
    unit = models.CharField(max_length=60, blank=True, help_text="for a quantity: what is counted")
    is_required = models.BooleanField("must be answered", default=False)
    translations = models.JSONField(default=dict, blank=True)

    class Meta:
        ordering = ["round", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "number"], name="a_question_has_its_own_number"
            ),
            models.UniqueConstraint(
                fields=["round"],
                condition=Q(kind="priorities"),
                name="a_round_asks_about_priorities_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.text}"


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def unanswered(self) -> InvitationQuerySet:
        return self.filter(answered_at__isnull=True, withdrawn_at__isnull=True)


class Invitation(Versioned):
    """A hub that was asked. Its link is made from `link_seed` and the site's key and kept nowhere."""

    round = models.ForeignKey(Round, on_delete=models.CASCADE, related_name="invitations")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="invitations"
    )
    email = models.EmailField(max_length=254, blank=True)
    on_paper = models.BooleanField(default=False)
    link_seed = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=200)
    sent_at = models.DateTimeField(null=True, blank=True)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_words = models.CharField(max_length=500, blank=True)
    first_opened_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        ordering = ["round", "organisation__name"]
        constraints = [
            models.UniqueConstraint(
                fields=["round", "organisation"], name="a_hub_is_asked_once_a_round"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation}, {self.round}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "hub" and self.organisation_id == organisation_id


class RoundMail(models.Model):
    """One mail to a hub: claimed in a row of its own, sent, then marked."""

    class Kind(models.TextChoices):
        INVITATION = "invitation", "Invitation"
        REMINDER = "reminder", "Reminder"

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        CLAIMED = "claimed", "Being sent, or in doubt"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        SKIPPED = "skipped", "No longer needed"

    invitation = models.ForeignKey(Invitation, on_delete=models.CASCADE, related_name="mails")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    number = models.PositiveSmallIntegerField(default=1, help_text="the first, the second, ...")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["invitation", "kind", "number"], name="a_round_mail_is_asked_for_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.number}, {self.invitation}"

"""What hubs and residents answered: half saved, or sent."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Area, Organisation

from .hubs import own_hubs
from .priorities import Priority
from .rounds import Invitation, Question, Round


class ResponseQuerySet(models.QuerySet["Response"]):
    def sent(self) -> ResponseQuerySet:
        """What counts: half-saved answers are nobody's words yet."""
        return self.filter(state=Response.State.SENT)

    def visible_to(self, user: Any) -> ResponseQuerySet:
        """A hub reads its own; drafts are read by whoever writes them, never by officers."""
        everything, hubs = own_hubs(user, "view_rounds")
        if everything:
            return self.filter(state=Response.State.SENT)
        return self.filter(organisation_id__in=hubs)


class Response(Versioned):
    """One answer to a round. `invitation` is the link it came by; none for paper and the public."""

    class State(models.TextChoices):
        DRAFT = "draft", "Half saved"
        SENT = "sent", "Sent"

    class Channel(models.TextChoices):
        LINK = "link", "By the link in the e-mail"
        ACCOUNT = "account", "Signed in"
        PAPER = "paper", "On paper, typed in by an officer"
        PUBLIC = "public", "By the public link"

    round = models.ForeignKey(Round, on_delete=models.PROTECT, related_name="responses")
    invitation = models.OneToOneField(
        Invitation, null=True, blank=True, on_delete=models.PROTECT, related_name="response"
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="responses"
    )
    ward = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="where a resident says they live; hubs have a catchment",
    )  # fmt: skip
    channel = models.CharField(max_length=10, choices=Channel.choices)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    language = models.CharField(max_length=12, default="en-gb")
    role = models.CharField(max_length=200, blank=True, help_text="of whoever answered; no name")
    # A resident comes back by a link of their own, made like an invitation's.
    link_seed = models.CharField(max_length=64, blank=True)
    token_hash = models.CharField(max_length=64, blank=True, db_index=True)
    started_at = models.DateTimeField()
    saved_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    entered_by_name = models.CharField(max_length=200, blank=True)
    is_demo = models.BooleanField(default=False)

    objects = ResponseQuerySet.as_manager()

    class Meta:
        ordering = ["round", "pk"]
        indexes = [models.Index(fields=["round", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["token_hash"], condition=~Q(token_hash=""), name="one_response_a_link"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | Q(sent_at__isnull=False),
                name="what_is_sent_has_its_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"Answer {self.pk} to {self.round}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "hub" and self.organisation_id == organisation_id


class PriorityAnswer(models.Model):
    """How one response ranked and weighed one priority. None is "did not say", never 0."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="priorities")
    priority = models.ForeignKey(Priority, on_delete=models.PROTECT, related_name="answers")
    rank = models.PositiveSmallIntegerField(null=True, blank=True)
    weight = models.DecimalField(max_digits=4, decimal_places=1, null=True, blank=True)

    class Meta:
        ordering = ["response", "rank", "priority"]
        constraints = [
            models.UniqueConstraint(
                fields=["response", "priority"], name="a_priority_is_answered_once"
            ),
            models.UniqueConstraint(
                fields=["response", "rank"],
                condition=Q(rank__isnull=False),
                name="no_two_priorities_share_a_rank",
            ),
            models.CheckConstraint(
                condition=Q(weight__isnull=True) | Q(weight__gte=0, weight__lte=10),
                name="a_weight_is_from_0_to_10",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.priority}: {self.rank or 'no rank'}"


class Answer(models.Model):
    """What was said to one question that is not about priorities."""

    response = models.ForeignKey(Response, on_delete=models.CASCADE, related_name="answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="answers")
    text = models.TextField(blank=True)
    quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    groups = models.JSONField(default=list, blank=True, help_text="keys of who it is for")

    class Meta:
        ordering = ["response", "question"]
        constraints = [
            models.UniqueConstraint(
                fields=["response", "question"], name="a_question_is_answered_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.question}: {self.text[:60]}"

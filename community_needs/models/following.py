"""Who follows what is needed by e-mail, and the bulletins that went to them."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from trafford_sv.core.models import MailQuerySet, MailRow
from trafford_sv.directory.models import Area


class Subscription(models.Model):
    """An address that follows one topic. After it leaves, only a keyed digest of it stays, so that
    nobody brings it back by a list; its owner may come back by themselves."""

    class Topic(models.TextChoices):
        NEEDS = "needs", "What communities need"
        NEAR_ME = "near_me", "What happens near me"

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for the click in the e-mail"
        ACTIVE = "active", "Active"
        LEFT = "left", "Unsubscribed"
        BOUNCING = "bouncing", "Mail comes back"

    topic = models.CharField(max_length=10, choices=Topic.choices)
    ward = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="for what happens near one place",
    )  # fmt: skip
    email = models.EmailField(max_length=254, blank=True)
    email_key = models.CharField(max_length=64, help_text="keyed digest of the address")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    link_seed = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    confirm_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="when the last link went; empty where one is to go"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    bounces = models.PositiveSmallIntegerField(default=0)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_words = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="the page, or a list's name")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        indexes = [models.Index(fields=["topic", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["topic", "email_key", "ward"],
                name="an_address_follows_a_ward_once",
            ),
            models.UniqueConstraint(
                fields=["topic", "email_key"],
                condition=Q(ward__isnull=True),
                name="an_address_follows_a_topic_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="left") | Q(email=""),
                name="an_address_that_left_is_forgotten",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_topic_display()}, number {self.pk}"


class BulletinIssue(models.Model):
    """One digest: what it lists is kept as it was when it was made."""

    number = models.PositiveIntegerField(unique=True)
    made_at = models.DateTimeField()
    made_by_name = models.CharField(max_length=200)
    introduction = models.TextField(blank=True)
    dataset = models.JSONField(help_text="the needs as they stood, frozen")

    class Meta:
        ordering = ["-number"]

    def __str__(self) -> str:
        return f"Bulletin {self.number}"


class BulletinMail(models.Model):
    """One copy of a bulletin for one follower: claimed, sent, marked."""

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        CLAIMED = "claimed", "Being sent, or in doubt"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        SKIPPED = "skipped", "No longer follows"

    issue = models.ForeignKey(BulletinIssue, on_delete=models.PROTECT, related_name="mails")
    subscription = models.ForeignKey(Subscription, on_delete=models.PROTECT, related_name="mails")
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["issue", "subscription"], name="a_follower_gets_an_issue_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.issue}, {self.subscription}"


class NearMail(MailRow):
    """What is new near one follower, as it was told: its entries keep their keys, so that nothing
    is told twice."""

    subscription = models.ForeignKey(
        Subscription, on_delete=models.PROTECT, related_name="near_mails"
    )
    number = models.PositiveIntegerField()
    made_at = models.DateTimeField()
    dataset = models.JSONField(help_text="{entries: [{key, title, words}], keys: [...]}")

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["subscription", "number"], name="a_follower_gets_near_mail_once"
            )
        ]

    def __str__(self) -> str:
        return f"Mail {self.number}, {self.subscription}"

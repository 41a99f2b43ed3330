"""Reports by e-mail: who gets them, when they fall due, and what became of each message."""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.crypto import salted_hmac

from trafford_sv.core.access import can
from trafford_sv.core.models import Versioned

from .editions import ReportEdition


def key_of(email: str) -> str:
    """A keyed digest of an address: whether it is the same can be told, what it is cannot."""
    return salted_hmac(
        "reporting.mail_address", email.strip().lower(), algorithm="sha256"
    ).hexdigest()


class Audience(models.TextChoices):
    """In the order in which one message is chosen for somebody who is in several."""

    STAR_BOARD = "star-board", "STAR Board"
    JOINT_COMMITTEE = "joint-committee", "STAR Joint Committee"
    AUDIT_COMMITTEE = "audit-committee", "Audit Committee"
    STEERING_GROUP = "steering-group", "Steering Group"
    SUBSCRIBERS = "subscribers", "Individual subscribers"


class MailSchedule(Versioned):
    """One kind of report to one audience, so many days after the period ends.

    `from_day` keeps a new line, or one that was paused, from sending what is long past.
    """

    kind = models.CharField("report", max_length=20)
    audience = models.CharField(max_length=20, choices=Audience.choices)
    days_after = models.PositiveSmallIntegerField("days after the period ends")
    attaches_pdf = models.BooleanField("attach the PDF", default=True)
    is_active = models.BooleanField("in use", default=True)
    from_day = models.DateField("for reports published from this day on")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["kind", "audience"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "audience"],
                name="a_report_has_one_schedule_an_audience",
                violation_error_message="There is a line for this report and audience. Edit that one.",
            ),
            models.CheckConstraint(
                condition=Q(days_after__lte=366), name="a_report_is_sent_within_a_year"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} to {self.get_audience_display()}"


class MailSubscriptionQuerySet(models.QuerySet["MailSubscription"]):
    def visible_to(self, user: Any) -> MailSubscriptionQuerySet:
        """Every address for whoever runs the mailings; anybody else sees their own alone."""
        return self if can(user, "run_mailings") else self.own_of(user)

    def own_of(self, user: Any) -> MailSubscriptionQuerySet:
        """Of this person: by their account, or by the address that their invitation went to."""
        if not user.is_authenticated or not user.is_active:
            return self.none()
        by_address = Q(user__isnull=True, email_key=key_of(user.email))
        return self.filter(Q(user=user) | by_address if user.email else Q(user=user))


class MailSubscription(Versioned):
    """A person with an account, or an address, that gets one audience's reports.

    An address that leaves is forgotten; a keyed digest of it stays, so that no list brings it back
    and only its owner can. `kinds` empty is every report of the audience. `confirmed_at` is since
    when: nothing that went out before comes after.

    Whoever types an address that is held here changes nothing of it: what was asked waits in the
    `asked_` fields until its owner clicks. `link_seed` stays, so that links to stop work on.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waiting for the click in the e-mail"
        ACTIVE = "active", "Active"
        SUSPENDED = "suspended", "Suspended: mail comes back"
        ENDED = "ended", "Ended by an officer"
        LEFT = "left", "Unsubscribed"

    audience = models.CharField(max_length=20, choices=Audience.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, null=True, blank=True,
        related_name="report_subscriptions",
    )  # fmt: skip
    email = models.EmailField("e-mail address", max_length=254, blank=True)
    email_key = models.CharField(max_length=64, blank=True, help_text="keyed digest of the address")
    name = models.CharField(max_length=200, blank=True, help_text="who reads there, for officers")
    kinds = models.JSONField(default=list, blank=True, help_text="empty: every report")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PENDING)
    link_seed = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    confirm_sent_at = models.DateTimeField(
        null=True, blank=True, help_text="when the last link went; empty where one is to go"
    )
    confirmed_at = models.DateTimeField(null=True, blank=True)
    left_at = models.DateTimeField(null=True, blank=True)
    asked_kinds = models.JSONField(
        null=True, blank=True, help_text="kinds that wait for the click; null: nothing waits"
    )
    asked_kinds_at = models.DateTimeField(null=True, blank=True)
    asked_seed = models.CharField(max_length=64, blank=True, help_text="of the link to that click")
    bounces = models.PositiveSmallIntegerField(default=0)
    bounced_at = models.DateTimeField(null=True, blank=True)
    bounce_words = models.CharField(max_length=500, blank=True)
    source = models.CharField(max_length=200, blank=True, help_text="who added it, or the page")
    is_demo = models.BooleanField(default=False)

    objects = MailSubscriptionQuerySet.as_manager()

    class Meta:
        ordering = ["audience", "name", "pk"]
        indexes = [models.Index(fields=["audience", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["audience", "user"],
                condition=Q(user__isnull=False),
                name="a_person_is_in_an_audience_once",
            ),
            models.UniqueConstraint(
                fields=["audience", "email_key"],
                condition=Q(user__isnull=True),
                name="an_address_is_in_an_audience_once",
            ),
            models.CheckConstraint(
                condition=~Q(state="left") | Q(email=""),
                name="a_reader_who_left_is_forgotten",
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False) | ~Q(email_key=""),
                name="a_reader_is_a_person_or_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_audience_display()}, number {self.pk}"

    def get_absolute_url(self) -> str:
        return reverse("mail-subscription-detail", args=[self.pk])

    @property
    def address(self) -> str:
        """Where it goes now; "" where the address is forgotten."""
        if self.state == self.State.LEFT:
            return ""
        return self.user.email if self.user is not None else self.email

    @property
    def wanted(self) -> list[str]:
        """What the click in the e-mail brings: keys of kinds, none for every report."""
        return list(self.kinds if self.asked_kinds is None else self.asked_kinds)

    @property
    def click_seed(self) -> str:
        """Of the last link that asks for a click; an earlier one works no more."""
        return self.asked_seed or self.link_seed

    @property
    def reader(self) -> str:
        """For officers: a name, else the address, else that it is gone."""
        if self.user is not None:
            return str(self.user)
        return self.name or self.email or "Address deleted"


class ClaimedMail(models.Model):
    """One message: claimed in a committed row, sent, then marked.

    `claimed` and not marked is in doubt: it may have arrived. A person settles it; it is never
    sent again by itself. `tries` counts claims.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting to be sent"
        CLAIMED = "claimed", "Being sent, or in doubt"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        SKIPPED = "skipped", "Not sent"

    address = models.EmailField(max_length=254, blank=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    planned_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True, blank=True)
    next_try_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    failure = models.CharField(max_length=500, blank=True)

    class Meta:
        abstract = True


class ClaimedMailQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> ClaimedMailQuerySet:
        return self if can(user, "run_mailings") else self.none()

    def in_doubt(self, now: datetime.datetime, after: datetime.timedelta) -> ClaimedMailQuerySet:
        """Begun, and nobody sends it any more; the same as `selectors.mailings.doubtful`."""
        return self.filter(
            Q(claimed_at__lte=now - after) | Q(claimed_at__gte=now + after) | ~Q(failure=""),
            state=ClaimedMail.State.CLAIMED,
        )


class EditionMail(ClaimedMail):
    """An edition to one reader, once: the log of what became of it."""

    class Form(models.TextChoices):
        ATTACHED = "attached", "With the PDF"
        LINKED = "linked", "By link"

    edition = models.ForeignKey(ReportEdition, on_delete=models.CASCADE, related_name="mails")
    subscription = models.ForeignKey(
        MailSubscription, on_delete=models.CASCADE, related_name="mails"
    )
    address_key = models.CharField(max_length=64, help_text="keyed digest; stays")
    form = models.CharField(max_length=8, choices=Form.choices, default=Form.LINKED)
    form_reason = models.CharField(max_length=300, blank=True, help_text="why there is no PDF")
    corrects_number = models.PositiveSmallIntegerField(
        default=0, help_text="the edition that this reader had got; 0: none"
    )

    objects = ClaimedMailQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "subscription"], name="a_reader_gets_an_edition_once"
            ),
            models.UniqueConstraint(
                fields=["edition", "address_key"], name="an_address_gets_an_edition_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.edition} to {self.subscription}"

    @property
    def message_id(self) -> str:
        """The same at every try, so that a mail server's log, and a reader's program, know it."""
        host = settings.SITE_URL.partition("://")[2].partition("/")[0].partition(":")[0]
        return f"<edition-mail-{self.pk}@{host or 'localhost'}>"


class LateNudge(ClaimedMail):
    """That a report is late, to one co-ordinator, once."""

    kind = models.CharField(max_length=20)
    period = models.CharField(max_length=12, help_text="2026-27-Q1 or 2026-27")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="late_nudges"
    )

    objects = ClaimedMailQuerySet.as_manager()

    class Meta:
        ordering = ["-planned_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "period", "user"], name="a_late_report_is_told_of_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.period} is late, to {self.user}"

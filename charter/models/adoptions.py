"""Who has adopted the charter: asking to, signing, standing by it each year, withdrawing."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Organisation

from .versions import CharterVersion


class AdoptionQuerySet(models.QuerySet["Adoption"]):
    def visible_to(self, user: Any) -> AdoptionQuerySet:
        """The register is public: everybody sees all of it."""
        return self

    def standing_on(self, day: datetime.date) -> AdoptionQuerySet:
        """Adopted by the day and not withdrawn by then."""
        return self.filter(
            Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=day), adopted_on__lte=day
        )


class Adoption(Versioned):
    """One organisation's adoption of the charter. It stands until it is withdrawn.

    The name of who signed and the address for reminders are for officers; the register shows the
    role alone.
    """

    PERSONAL_FIELDS = ("signed_by_name", "contact_email")

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="adoptions"
    )
    charter_version = models.ForeignKey(
        CharterVersion, on_delete=models.PROTECT, related_name="adoptions"
    )
    adopted_on = models.DateField()
    signed_by_name = models.CharField(max_length=200, blank=True)
    signed_by_role = models.CharField(max_length=200)
    lead_words = models.TextField(
        "what it takes the lead in", blank=True, help_text="parts of the Action Plan, in words"
    )
    contact_email = models.EmailField(blank=True, help_text="where the yearly reminder goes")
    reaffirmed_on = models.DateField(null=True, blank=True, editable=False)
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = AdoptionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["organisation__name", "-adopted_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["organisation"],
                condition=Q(withdrawn_on__isnull=True),
                name="an_organisation_adopts_once_at_a_time",
                violation_error_message="This organisation has adopted the charter already.",
            ),
            models.CheckConstraint(
                condition=Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gte=F("adopted_on")),
                name="an_adoption_ends_after_it_began",
                violation_error_message="It was withdrawn before it was adopted. Check both dates.",
            ),
            models.CheckConstraint(
                condition=Q(reaffirmed_on__isnull=True) | Q(reaffirmed_on__gte=F("adopted_on")),
                name="an_adoption_is_affirmed_after_it_began",
                violation_error_message="It was affirmed before it was adopted. Check both dates.",
            ),
        ]

    def __str__(self) -> str:
        return f"Adoption by {self.organisation}"

    def get_absolute_url(self) -> str:
        return reverse("adoption-detail", kwargs={"pk": self.pk})

    @property
    def last_said(self) -> datetime.date:
        """The day the organisation last stood by the charter."""
        return self.reaffirmed_on or self.adopted_on


class Reaffirmation(models.Model):
    """An adopter said again that it stands by the charter, in the version of that day."""

    adoption = models.ForeignKey(Adoption, on_delete=models.CASCADE, related_name="reaffirmations")
    charter_version = models.ForeignKey(CharterVersion, on_delete=models.PROTECT, related_name="+")
    reaffirmed_on = models.DateField()
    signed_by_role = models.CharField(max_length=200)
    recorded_at = models.DateTimeField()
    recorded_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["-reaffirmed_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["adoption", "reaffirmed_on"],
                name="an_adoption_is_affirmed_once_a_day",
                violation_error_message="That is recorded already for that day.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.adoption.organisation} on {self.reaffirmed_on}"


class AdoptionRequestQuerySet(models.QuerySet["AdoptionRequest"]):
    def visible_to(self, user: Any) -> AdoptionRequestQuerySet:
        everything, _ = reach(user, "view_charter")
        return self if everything else self.none()


class AdoptionRequest(Versioned):
    """What an organisation sent through the public form; an officer confirms or declines it."""

    PERSONAL_FIELDS = ("signed_by_name", "contact_email", "message")

    class State(models.TextChoices):
        WAITING = "waiting", "Waits for an officer"
        CONFIRMED = "confirmed", "Confirmed"
        DECLINED = "declined", "Declined"

    class Letter(models.TextChoices):
        """The e-mail with the answer. `claimed` and not marked may have gone."""

        NONE = "", "No address to write to"
        DUE = "due", "Waits to be sent"
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"

    charter_version = models.ForeignKey(
        CharterVersion, on_delete=models.PROTECT, related_name="adoption_requests"
    )
    organisation_name = models.CharField(max_length=300)
    signed_by_name = models.CharField(max_length=200)
    signed_by_role = models.CharField(max_length=200)
    contact_email = models.EmailField(
        blank=True, help_text="forgotten once a declined request is answered"
    )
    lead_words = models.TextField(blank=True)
    message = models.TextField(blank=True)
    asked_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State.choices, default=State.WAITING)
    adoption = models.OneToOneField(
        Adoption, null=True, blank=True, on_delete=models.SET_NULL, related_name="request"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_reason = models.TextField(blank=True)
    letter_state = models.CharField(
        max_length=8, choices=Letter.choices, blank=True, default="", editable=False
    )
    letter_at = models.DateTimeField(null=True, blank=True, editable=False)
    letter_failure = models.TextField(blank=True, editable=False)
    is_demo = models.BooleanField(default=False)

    objects = AdoptionRequestQuerySet.as_manager()

    class Meta:
        ordering = ["-asked_at", "-pk"]
        verbose_name = "request to adopt"
        verbose_name_plural = "requests to adopt"

    def __str__(self) -> str:
        return f"Request of {self.organisation_name}"

    def get_absolute_url(self) -> str:
        return reverse("adoption-request-detail", kwargs={"pk": self.pk})


class ReaffirmationReminder(models.Model):
    """The yearly question to one adopter: claimed, sent, then marked.

    `claimed` and not marked is in doubt and is shown to a person; it is never sent again by itself.
    The link in it is made from the seed and the site's secret key.
    """

    class State(models.TextChoices):
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        ANSWERED = "answered", "Answered"

    adoption = models.ForeignKey(Adoption, on_delete=models.CASCADE, related_name="reminders")
    due_on = models.DateField(help_text="a year after the organisation last said it")
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLAIMED)
    link_seed = models.CharField(max_length=64)
    token_hash = models.CharField(max_length=64, unique=True)
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    failure = models.TextField(blank=True)
    tries = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["-due_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["adoption", "due_on"], name="an_adopter_is_asked_once_a_year"
            )
        ]

    def __str__(self) -> str:
        return f"{self.adoption.organisation}, due {self.due_on}"

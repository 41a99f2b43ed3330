"""What organisations promise outside any contract, and what those it was for say of it."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.core.models.one_mail import HasOneMail
from trafford_sv.directory.models import Organisation

from .versions import Initiative, Principle


class PledgeQuerySet(models.QuerySet["Pledge"]):
    def visible_to(self, user: Any) -> PledgeQuerySet:
        """Pledges are public: everybody sees all of them."""
        return self

    def open(self) -> PledgeQuerySet:
        """Those that are still to be done or to be confirmed."""
        return self.filter(state__in=[Pledge.State.PROMISED, Pledge.State.REPORTED])


class Pledge(Versioned):
    """A promise outside any contract. It is counted apart from commitments, and never in pounds."""

    class State(models.TextChoices):
        PROMISED = "promised", "Promised"
        REPORTED = "reported", "Reported as done"
        CONFIRMED = "confirmed", "Confirmed by whom it was for"
        NOT_CONFIRMED = "not_confirmed", "Not confirmed by whom it was for"
        WITHDRAWN = "withdrawn", "Withdrawn"

    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="pledges")
    principle = models.ForeignKey(Principle, on_delete=models.PROTECT, related_name="pledges")
    initiative = models.ForeignKey(
        Initiative, null=True, blank=True, on_delete=models.PROTECT, related_name="pledges"
    )
    title = models.CharField(max_length=300)
    words = models.TextField(blank=True)
    promised_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    unit = models.CharField(max_length=60, blank=True)
    pledged_on = models.DateField()
    due = models.DateField(null=True, blank=True)
    state = models.CharField(max_length=14, choices=State.choices, default=State.PROMISED)
    reported_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    reported_on = models.DateField(null=True, blank=True)
    report_words = models.TextField(blank=True)
    confirmed_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    confirmed_on = models.DateField(null=True, blank=True)
    confirmed_by = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    withdrawn_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = PledgeQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-pledged_on", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(promised_quantity__isnull=True)
                | (Q(promised_quantity__gt=0) & ~Q(unit="")),
                name="a_pledged_quantity_has_a_unit",
                violation_error_message=(
                    "Say what is counted beside the quantity, for example hours or places."
                ),
            ),
            models.CheckConstraint(
                condition=Q(due__isnull=True) | Q(due__gte=F("pledged_on")),
                name="a_pledge_is_due_after_it_is_made",
                violation_error_message=("It is due before it was promised. Check both dates."),
            ),
            models.CheckConstraint(
                condition=Q(confirmed_quantity__isnull=True)
                | Q(reported_quantity__isnull=True)
                | Q(confirmed_quantity__lte=F("reported_quantity")),
                name="no_more_is_confirmed_than_reported",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("pledge-detail", kwargs={"pk": self.pk})


class PledgeConfirmation(HasOneMail):
    """A one-time link by which whoever a pledge was for says what reached them."""

    class State(models.TextChoices):
        ASKED = "asked", "Waiting for an answer"
        ANSWERED = "answered", "Answered"
        WITHDRAWN = "withdrawn", "Withdrawn"

    pledge = models.ForeignKey(Pledge, on_delete=models.CASCADE, related_name="confirmations")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="+")
    sent_to = models.EmailField(blank=True, help_text="forgotten when it is answered or expires")
    token_hash = models.CharField(max_length=64, unique=True)
    link_seed = models.CharField(max_length=64)
    state = models.CharField(max_length=10, choices=State.choices, default=State.ASKED)
    asked_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    expires_at = models.DateTimeField()
    did_happen = models.BooleanField(null=True, blank=True)
    confirmed_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    comment = models.TextField(blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by_role = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["pledge"], condition=Q(state="asked"), name="one_open_question_a_pledge"
            )
        ]

    def __str__(self) -> str:
        return f"{self.organisation} on {self.pledge}"

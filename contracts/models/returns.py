"""Delivery returns: what a supplier says it did in a quarter, and what was made of it.

A return's own quarter is the period that it is about. The quarter it counts in is the same,
unless that one was closed before the return came: then it is the next open one.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

from .agreements import Contract
from .commitments import Commitment, OwnedQuerySet


def reports_for(user: Any) -> list[int]:
    """The suppliers whose own place this person is in, whatever other roles they hold."""
    return [pk for role, pk in reach(user, "report_delivery")[1] if role == "supplier"]


class ReturnQuerySet(OwnedQuerySet):
    permission = "view_returns"

    def visible_to(self, user: Any) -> OwnedQuerySet:
        """What a supplier is still writing is its own. Officers read it when it is sent."""
        sent = ~Q(state=DeliveryReturn.State.DRAFT)
        return super().visible_to(user).filter(sent | Q(supplier_id__in=reports_for(user)))

    def received(self) -> ReturnQuerySet:
        """Submitted at least once and not back with the supplier as a draft."""
        return self.filter(state__in=DeliveryReturn.RECEIVED_STATES)


class DeliveryReturn(Versioned):
    """One supplier's return for one agreement and quarter."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        SENT_BACK = "sent_back", "Sent back"
        PART_VERIFIED = "part_verified", "Verified in part"
        VERIFIED = "verified", "Verified"

    RECEIVED_STATES = ("submitted", "sent_back", "part_verified", "verified")

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="returns")
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="returns")
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    counted_year = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="set when it is submitted"
    )
    counted_quarter = models.PositiveSmallIntegerField(null=True, blank=True)
    state = models.CharField(max_length=14, choices=State.choices, default=State.DRAFT)
    narrative = models.TextField(blank=True)
    declared_this_agreement = models.BooleanField(
        default=False, help_text="Declared: it happened because of this agreement, in this period."
    )
    declared_committed = models.BooleanField(
        default=False, help_text="Declared: it is a commitment in this agreement."
    )
    first_submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by_name = models.CharField(max_length=200, blank=True)
    submitted_by_id = models.PositiveBigIntegerField(null=True, blank=True)
    sent_back_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = ReturnQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-financial_year", "-quarter", "contract"]
        indexes = [
            models.Index(fields=["counted_year", "counted_quarter", "state"]),
            models.Index(fields=["supplier", "state"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "supplier", "financial_year", "quarter"],
                name="one_return_a_supplier_and_quarter",
            ),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4)
                & (
                    Q(counted_quarter__isnull=True, counted_year__isnull=True)
                    | Q(counted_quarter__gte=1, counted_quarter__lte=4, counted_year__isnull=False)
                ),
                name="a_returns_quarter_is_a_quarter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference} {self.period}"

    def get_absolute_url(self) -> str:
        return reverse("return-detail", kwargs={"pk": self.pk})

    @property
    def period(self) -> Quarter:
        """The quarter that it is about."""
        return Quarter(self.financial_year, self.quarter)

    @property
    def counted_in(self) -> Quarter | None:
        if self.counted_year is None or self.counted_quarter is None:
            return None
        return Quarter(self.counted_year, self.counted_quarter)

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return self.supplier_id == organisation_id
        if self.state == self.State.DRAFT:
            return False
        return self.contract.in_reach_of(organisation_id, role)


class LineQuerySet(OwnedQuerySet):
    permission = "view_returns"
    path = "delivery_return__"

    def visible_to(self, user: Any) -> OwnedQuerySet:
        """A line that was not sent, of a draft or added to a return that is back, is its writer's."""
        sent = Q(is_counted=True) & ~Q(delivery_return__state=DeliveryReturn.State.DRAFT)
        own = Q(delivery_return__supplier_id__in=reports_for(user))
        return super().visible_to(user).filter(sent | own)


class ReturnLine(Versioned):
    """One thing done towards one commitment. Blank is "not reported"; 0 is "nothing"."""

    class State(models.TextChoices):
        OPEN = "open", "Not looked at yet"
        ACCEPTED = "accepted", "Accepted"
        PART = "part", "Accepted in part"
        SENT_BACK = "sent_back", "Sent back"

    delivery_return = models.ForeignKey(
        DeliveryReturn, on_delete=models.CASCADE, related_name="lines"
    )
    commitment = models.ForeignKey(Commitment, on_delete=models.PROTECT, related_name="lines")
    number = models.PositiveIntegerField(help_text="within the return, from 1; never reused")
    # What was typed, by the measure's rule of counting.
    given_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    fte_quantity = models.DecimalField(max_digits=12, decimal_places=4, null=True, blank=True)
    months_quantity = models.DecimalField(max_digits=8, decimal_places=2, null=True, blank=True)
    people_quantity = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    hours_quantity = models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True)
    happened_on = models.DateField(null=True, blank=True)
    place = models.CharField(
        max_length=120, blank=True, help_text="an outward postcode such as M33, or a place's name"
    )
    narrative = models.TextField(blank=True)
    attribution_share = models.DecimalField(
        max_digits=5, decimal_places=4, default=Decimal(1),
        help_text="the share of the activity that this agreement claims",
    )  # fmt: skip
    partner = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the hub or school that was helped and can confirm it",
    )  # fmt: skip
    warning_reason = models.TextField(
        blank=True, help_text="what the supplier says about an unusual quantity"
    )
    # Computed by `contracts.counting` and `contracts.valuation`, never typed.
    reported_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    reported_pounds = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    verified_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    verified_pounds = models.DecimalField(max_digits=16, decimal_places=2, null=True, blank=True)
    # What the officer decided.
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decision_reason = models.TextField(blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_name = models.CharField(max_length=200, blank=True)
    # Set when its return is submitted, so that a quarter's totals need one table.
    is_counted = models.BooleanField(default=False, help_text="submitted, so it is in `reported`")
    counted_year = models.PositiveSmallIntegerField(null=True, blank=True)
    counted_quarter = models.PositiveSmallIntegerField(null=True, blank=True)

    objects = LineQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["delivery_return", "number"]
        indexes = [
            models.Index(fields=["commitment", "is_counted"]),
            models.Index(fields=["counted_year", "counted_quarter"]),
            models.Index(fields=["happened_on", "people_quantity", "hours_quantity"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["delivery_return", "number"], name="a_line_has_its_own_number"
            ),
            models.CheckConstraint(
                condition=Q(attribution_share__gt=0, attribution_share__lte=1),
                name="an_attribution_is_over_0_up_to_1",
            ),
            models.CheckConstraint(
                condition=Q(reported_quantity__isnull=True) | Q(reported_quantity__gte=0),
                name="a_reported_quantity_is_not_negative",
            ),
            models.CheckConstraint(
                condition=Q(verified_quantity__isnull=True)
                | (
                    Q(verified_quantity__gte=0)
                    & Q(verified_quantity__lte=models.F("reported_quantity"))
                ),
                name="verified_never_exceeds_reported",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.delivery_return} line {self.number}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role != "supplier" and not self.is_counted:
            return False
        return self.delivery_return.in_reach_of(organisation_id, role)


class ReturnEvent(models.Model):
    """Who submitted, sent back, verified, confirmed: visible to both sides for ever. Append-only."""

    class Action(models.TextChoices):
        STARTED = "started", "Started"
        SUBMITTED = "submitted", "Submitted"
        SENT_BACK = "sent_back", "Sent back"
        ACCEPTED = "accepted", "Accepted"
        PART = "part", "Accepted in part"
        REOPENED = "reopened", "Opened again"
        ASKED = "asked", "Confirmation asked for"
        CONFIRMED = "confirmed", "Confirmed by the beneficiary"
        WITHDRAWN = "withdrawn", "Confirmation no longer asked for"
        COMPARED = "compared", "Looked at for double claiming"
        FILE_ADDED = "file_added", "File added"
        FILE_REMOVED = "file_removed", "File taken off"

    delivery_return = models.ForeignKey(
        DeliveryReturn, on_delete=models.CASCADE, related_name="events"
    )
    line = models.ForeignKey(
        ReturnLine, null=True, blank=True, on_delete=models.SET_NULL, related_name="events"
    )
    line_number = models.PositiveIntegerField(null=True, blank=True)
    at = models.DateTimeField()
    actor_name = models.CharField(max_length=200)
    action = models.CharField(max_length=12, choices=Action.choices)
    event_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    words = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]

    def __str__(self) -> str:
        return f"{self.get_action_display()} by {self.actor_name}"


class SharedActivity(models.Model):
    """One initiative that serves several agreements. Its shares never pass 100%.

    Suppliers who share it know its code; none sees who claimed the rest.
    """

    code = models.CharField(max_length=20, unique=True)
    title = models.CharField(max_length=300)
    happened_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField()
    created_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"


class ActivityClaim(models.Model):
    """A line's share of a shared activity. On PostgreSQL a trigger guards the sum."""

    activity = models.ForeignKey(SharedActivity, on_delete=models.PROTECT, related_name="claims")
    line = models.OneToOneField(ReturnLine, on_delete=models.CASCADE, related_name="claim")
    claimed_share = models.DecimalField(max_digits=5, decimal_places=4)

    class Meta:
        ordering = ["activity", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(claimed_share__gt=0, claimed_share__lte=1),
                name="a_claimed_share_is_over_0_up_to_1",
            )
        ]

    def __str__(self) -> str:
        return f"{self.claimed_share} of {self.activity}"

"""Commitments: what was promised in an agreement, priced by the value pinned when it was agreed."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from charter.models import Principle
from community_needs.models import Need
from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Area, Organisation

from .agreements import Contract
from .bids import Offer
from .measures import Measure, MeasureValue


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows with a contract and the supplier they belong to.

    A supplier sees its own rows only, also on a contract that it shares with others.
    """

    permission = "view_commitments"
    path = ""

    def visible_to(self, user: Any) -> OwnedQuerySet:
        everything, own = reach(user, self.permission)
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        return self.filter(
            Q(**{f"{self.path}contract__directorate_id__in": directorates})
            | Q(**{f"{self.path}supplier_id__in": suppliers})
        )


class CommitmentQuerySet(OwnedQuerySet):
    def counted(self) -> CommitmentQuerySet:
        """Agreed by both sides and not withdrawn: what "committed" adds up."""
        return self.filter(state=Commitment.State.AGREED)

    def visible_to(self, user: Any) -> OwnedQuerySet:
        """Drafts are the council's own until they are proposed to the supplier."""
        everything, own = reach(user, self.permission)
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        return self.filter(
            Q(contract__directorate_id__in=directorates)
            | (Q(supplier_id__in=suppliers) & ~Q(state=Commitment.State.DRAFT))
        )


class Commitment(Versioned):
    """A measure, a quantity and a date that a supplier promised in one agreement."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being drawn up"
        PROPOSED = "proposed", "Waiting for acceptance"
        AGREED = "agreed", "Agreed"
        WITHDRAWN = "withdrawn", "Withdrawn"

    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="commitments")
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="commitments")
    number = models.PositiveSmallIntegerField(help_text="within the agreement, from 1")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="commitments")
    value = models.ForeignKey(
        MeasureValue, null=True, blank=True, on_delete=models.PROTECT, related_name="commitments",
        help_text="pinned when the commitment was agreed; none for what is only counted",
    )  # fmt: skip
    offer = models.OneToOneField(
        Offer, null=True, blank=True, on_delete=models.PROTECT, related_name="commitment"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    title = models.CharField(max_length=300, blank=True, help_text="in the agreement's own words")
    promised_quantity = models.DecimalField(max_digits=16, decimal_places=4)
    committed_pounds = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, blank=True, editable=False,
        help_text="quantity times the pinned value, half up; None for what is only counted",
    )  # fmt: skip
    owner_name = models.CharField(
        "owner",
        max_length=200,
        blank=True,
        help_text="the role at the supplier that answers for it",
    )
    evidence_rule = models.TextField(blank=True)
    partner = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="partnered"
    )
    partner_named = models.CharField(
        max_length=200, blank=True, help_text="a partner named in the bid who is not registered yet"
    )
    wards = models.ManyToManyField(Area, blank=True, related_name="commitments")
    starts = models.DateField(null=True, blank=True)
    due = models.DateField(null=True, blank=True)
    charter_principle = models.CharField(
        max_length=20, blank=True, help_text="the principle’s number, as its measure gives it"
    )
    principle = models.ForeignKey(
        Principle, null=True, blank=True, on_delete=models.PROTECT, related_name="commitments",
        verbose_name="charter principle",
    )  # fmt: skip
    needs = models.ManyToManyField(Need, blank=True, related_name="commitments")
    agreed_on = models.DateField(null=True, blank=True)
    council_accepted_at = models.DateTimeField(null=True, blank=True)
    council_accepted_by_name = models.CharField(max_length=200, blank=True)
    supplier_accepted_at = models.DateTimeField(null=True, blank=True)
    supplier_accepted_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    replaces = models.OneToOneField(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="replaced_by",
        help_text="the commitment that this one varies; that one is withdrawn when this is agreed",
    )  # fmt: skip
    exclusion_reason = models.TextField(
        blank=True, help_text="why mutually exclusive measures stand together in one agreement"
    )
    is_demo = models.BooleanField(default=False)

    objects = CommitmentQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[wards, needs])

    class Meta:
        ordering = ["contract", "number"]
        indexes = [models.Index(fields=["supplier", "state"]), models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "number"], name="a_commitment_has_its_own_number"
            ),
            models.CheckConstraint(
                condition=Q(promised_quantity__gt=0),
                name="a_promise_is_more_than_nothing",
                violation_error_message="A promise is more than nothing. Give a quantity above 0.",
            ),
            models.CheckConstraint(
                condition=~Q(state="agreed")
                | Q(
                    agreed_on__isnull=False,
                    council_accepted_at__isnull=False,
                    supplier_accepted_at__isnull=False,
                ),
                name="both_sides_have_accepted_what_is_agreed",
            ),
            models.CheckConstraint(
                condition=Q(committed_pounds__isnull=True) | Q(value__isnull=False),
                name="pounds_come_from_a_pinned_value",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contract.reference}/{self.number} {self.title or self.measure.title}"

    def get_absolute_url(self) -> str:
        return reverse("commitment-detail", kwargs={"pk": self.pk})

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return self.supplier_id == organisation_id and self.state != self.State.DRAFT
        return self.contract.in_reach_of(organisation_id, role)


class ProfileQuarter(models.Model):
    """How much of a commitment is due in one quarter. The profile sums to the promise."""

    commitment = models.ForeignKey(Commitment, on_delete=models.CASCADE, related_name="profile")
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    due_quantity = models.DecimalField(max_digits=16, decimal_places=4)

    class Meta:
        ordering = ["financial_year", "quarter"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "financial_year", "quarter"], name="one_profile_a_quarter"
            ),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4, due_quantity__gte=0),
                name="a_profile_quarter_is_a_quarter",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.due_quantity}"

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)


class RecoveryAction(Versioned):
    """What is done about a shortfall: by whom, by when, and how it ended."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        DONE = "done", "Done"
        CANCELLED = "cancelled", "No longer needed"

    commitment = models.ForeignKey(
        Commitment, on_delete=models.CASCADE, related_name="recovery_actions"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    shortfall_quantity = models.DecimalField(max_digits=16, decimal_places=4)
    reason = models.TextField()
    plan = models.TextField(blank=True)
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    owner_name = models.CharField("owner", max_length=200, blank=True)
    due = models.DateField(null=True, blank=True)
    opened_at = models.DateTimeField()
    opened_by_name = models.CharField(max_length=200)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_name = models.CharField(max_length=200, blank=True)
    outcome = models.TextField(blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["due", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"], condition=Q(state="open"), name="one_open_action_at_a_time"
            )
        ]

    def __str__(self) -> str:
        return f"Recovery of {self.commitment}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return self.commitment.in_reach_of(organisation_id, role)

"""How promises meet needs: which measures fit a priority, what is offered, and what is asked for.

An offer holds a quantity of its source from the supplier's yes on, and gives back what is not
used. `held_quantity` and the states are written by `services.need_offers` alone.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from community_needs.matching import Fit
from community_needs.models import Need, Priority
from trafford_sv.core.access import reach
from trafford_sv.core.models import MailRow, Versioned
from trafford_sv.directory.models import Area, Organisation

from .agreements import Contract
from .commitments import Commitment
from .measures import Measure


class PriorityFit(Versioned):
    """A measure that can serve a priority, and our own reason. Reviewed by a person, editable."""

    class Strength(models.TextChoices):
        STRONG = Fit.STRONG.value, "Directly"
        PART = Fit.PART.value, "In part"

    priority = models.ForeignKey(Priority, on_delete=models.CASCADE, related_name="fits")
    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="fits")
    fit = models.CharField("how well", max_length=6, choices=Strength.choices)
    reason = models.CharField(
        max_length=300, help_text="One sentence that is true of the measure and the priority"
    )

    history = HistoricalRecords()

    class Meta:
        ordering = ["priority", "measure__code"]
        verbose_name = "measure that fits a priority"
        verbose_name_plural = "measures that fit priorities"
        constraints = [
            models.UniqueConstraint(
                fields=["priority", "measure"],
                name="a_measure_fits_a_priority_once",
                violation_error_message="This measure is listed under that priority already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure.code} for {self.priority}"


class SpareOfferQuerySet(models.QuerySet["SpareOffer"]):
    def visible_to(self, user: Any) -> SpareOfferQuerySet:
        everything, own = reach(user, "view_offers")
        if everything or any(role == "contract_manager" for role, _ in own):
            return self
        return self.filter(supplier_id__in=[pk for role, pk in own if role == "supplier"])


class SpareOffer(Versioned):
    """Something a supplier can spare beside every agreement. It stands in no total of promises."""

    class State(models.TextChoices):
        OPEN = "open", "Open"
        WITHDRAWN = "withdrawn", "Taken back"

    supplier = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="spare_offers"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    title = models.CharField("what you can offer", max_length=200)
    words = models.TextField("more about it", blank=True)
    priorities = models.ManyToManyField(Priority, related_name="spare_offers")
    offered_quantity = models.DecimalField("how many", max_digits=14, decimal_places=2)
    unit = models.CharField(max_length=60, help_text="For example, sessions")
    wards = models.ManyToManyField(Area, blank=True, related_name="spare_offers")
    starts = models.DateField("from", null=True, blank=True)
    ends = models.DateField("until", null=True, blank=True)
    is_demo = models.BooleanField(default=False)

    objects = SpareOfferQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[priorities, wards])

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(offered_quantity__gt=0),
                name="a_spare_offer_is_more_than_nothing",
                violation_error_message="Enter how many you can offer, more than 0.",
            ),
            models.CheckConstraint(
                condition=Q(starts__isnull=True)
                | Q(ends__isnull=True)
                | Q(ends__gte=models.F("starts")),
                name="a_spare_offer_ends_after_it_starts",
                violation_error_message="It ends before it starts. Change one of the dates.",
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "contract_manager" or (
            role == "supplier" and self.supplier_id == organisation_id
        )


class NeedOfferQuerySet(models.QuerySet["NeedOffer"]):
    def visible_to(self, user: Any) -> NeedOfferQuerySet:
        """A supplier its own, a hub those for its needs once the supplier has agreed."""
        everything, own = reach(user, "view_offers")
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        hubs = [pk for role, pk in own if role == "hub"]
        return self.filter(
            Q(commitment__contract__directorate_id__in=directorates)
            | Q(supplier_id__in=suppliers)
            | (Q(need__hub_id__in=hubs) & Q(supplier_answered_at__isnull=False)
               & ~Q(state=NeedOffer.State.REFUSED))
        )  # fmt: skip

    def standing(self) -> NeedOfferQuerySet:
        """Neither refused, declined nor withdrawn."""
        return self.filter(state__in=NeedOffer.STANDING)

    def taken(self) -> NeedOfferQuerySet:
        """Accepted by the hub, whatever came of it since."""
        return self.filter(state__in=NeedOffer.TAKEN)


class NeedOffer(Versioned):
    """A live commitment, a pledge or a spare offer for one need: proposed, agreed, accepted, met."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Waits for the supplier"
        AGREED = "agreed", "Waits for the hub"
        ACCEPTED = "accepted", "Accepted, to be delivered"
        DELIVERED = "delivered", "Delivered, to be confirmed"
        CONFIRMED = "confirmed", "Confirmed"
        MISSED = "missed", "Did not arrive"
        REFUSED = "refused", "Refused by the supplier"
        DECLINED = "declined", "Declined by the hub"
        WITHDRAWN = "withdrawn", "Withdrawn"

    STANDING = ("proposed", "agreed", "accepted", "delivered", "confirmed")
    TAKEN = ("accepted", "delivered", "confirmed")
    UNDER_WAY = ("proposed", "agreed", "accepted", "delivered")

    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="offers")
    commitment = models.ForeignKey(
        Commitment, null=True, blank=True, on_delete=models.PROTECT, related_name="need_offers",
        help_text="of a contract or any other agreement, a pledge among them",
    )  # fmt: skip
    spare = models.ForeignKey(
        SpareOffer, null=True, blank=True, on_delete=models.PROTECT, related_name="need_offers"
    )
    supplier = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="need_offers")
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    # In the need's unit. None for a need that is not counted.
    offered_quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    accepted_quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    delivered_quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    confirmed_quantity = models.DecimalField(max_digits=14, decimal_places=2, null=True, blank=True)
    # In the source's own unit.
    drawn_quantity = models.DecimalField(
        max_digits=16, decimal_places=4, help_text="what the offer takes of its source"
    )
    held_quantity = models.DecimalField(
        max_digits=16, decimal_places=4, default=Decimal(0), editable=False,
        help_text="what nobody else can have just now; 0 before the supplier agrees",
    )  # fmt: skip
    note = models.TextField(blank=True, help_text="what the officer wrote to the supplier")
    # What the ranking said when it was proposed.
    rank = models.PositiveIntegerField(null=True, blank=True)
    score = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    reasons = models.JSONField(
        default=list,
        blank=True,
        help_text="[[criterion, weight, points or null, words]] on that day",
    )
    override_reason = models.TextField(
        blank=True, help_text="why another was proposed than the one ranked first"
    )
    proposed_at = models.DateTimeField()
    proposed_by_name = models.CharField(max_length=200)
    supplier_answered_at = models.DateTimeField(null=True, blank=True)
    supplier_answered_by_name = models.CharField(max_length=200, blank=True)
    refused_reason = models.TextField(blank=True)
    hub_answered_at = models.DateTimeField(null=True, blank=True)
    hub_answered_by_name = models.CharField(max_length=200, blank=True)
    declined_reason = models.TextField(blank=True)
    delivered_on = models.DateField(null=True, blank=True)
    delivered_words = models.TextField(blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True)
    delivered_by_name = models.CharField(max_length=200, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    confirmed_by_name = models.CharField(max_length=200, blank=True)
    confirmed_words = models.TextField(blank=True)
    withdrawn_at = models.DateTimeField(null=True, blank=True)
    withdrawn_by_name = models.CharField(max_length=200, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = NeedOfferQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-proposed_at", "-pk"]
        verbose_name = "offer for a need"
        verbose_name_plural = "offers for needs"
        indexes = [
            models.Index(fields=["state", "need"]),
            models.Index(fields=["supplier", "state"]),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(commitment__isnull=False, spare__isnull=True)
                | Q(commitment__isnull=True, spare__isnull=False),
                name="an_offer_has_one_source",
            ),
            models.CheckConstraint(
                condition=Q(drawn_quantity__gt=0)
                & Q(held_quantity__gte=0)
                & Q(held_quantity__lte=models.F("drawn_quantity")),
                name="an_offer_holds_no_more_than_it_draws",
            ),
            models.CheckConstraint(
                condition=Q(accepted_quantity__isnull=True)
                | Q(accepted_quantity__lte=models.F("offered_quantity")),
                name="no_more_is_accepted_than_offered",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "agreed", "accepted", "delivered", "confirmed"])
                | Q(held_quantity=0),
                name="what_does_not_stand_holds_nothing",
            ),
            models.UniqueConstraint(
                fields=["need", "commitment"],
                condition=Q(state__in=["proposed", "agreed", "accepted", "delivered"]),
                name="a_commitment_is_offered_to_a_need_once_at_a_time",
            ),
            models.UniqueConstraint(
                fields=["need", "spare"],
                condition=Q(state__in=["proposed", "agreed", "accepted", "delivered"]),
                name="a_spare_offer_is_offered_to_a_need_once_at_a_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.supplier} for {self.need}"

    def get_absolute_url(self) -> str:
        return reverse("need-offer-detail", kwargs={"pk": self.pk})

    @property
    def source(self) -> Commitment | SpareOffer:
        found = self.commitment if self.commitment_id else self.spare
        assert found is not None
        return found

    @property
    def source_unit(self) -> str:
        if self.commitment is not None:
            return self.commitment.measure.unit
        return self.spare.unit if self.spare is not None else ""

    @property
    def source_kind(self) -> str:
        """commitment, pledge or spare."""
        if self.commitment is None:
            return "spare"
        is_pledge = self.commitment.contract.kind == Contract.Kind.PLEDGE
        return "pledge" if is_pledge else "commitment"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return self.supplier_id == organisation_id
        if role == "hub":
            return (
                self.need.hub_id == organisation_id
                and self.supplier_answered_at is not None
                and self.state != self.State.REFUSED
            )
        if role == "contract_manager":
            return self.commitment is not None and self.commitment.contract.in_reach_of(
                organisation_id, role
            )
        return False


class OfferMail(MailRow):
    """Word of a step to the side whose turn it is, or that has to know. `told` is the state that
    the offer had come to; a mail that comes too late for it is not sent."""

    offer = models.ForeignKey(NeedOffer, on_delete=models.CASCADE, related_name="mails")
    told = models.CharField(max_length=10, choices=NeedOffer.State.choices)
    email = models.EmailField(max_length=254)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["offer", "told", "email"], name="a_step_of_an_offer_is_told_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_told_display()}: {self.offer}"


class NeedClauseQuerySet(models.QuerySet["NeedClause"]):
    def visible_to(self, user: Any) -> NeedClauseQuerySet:
        """By the contract; a clause is the council's own until the tender shows it."""
        everything, own = reach(user, "view_tenders")
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        return self.filter(contract__directorate_id__in=directorates)


class NeedClause(Versioned):
    """What a coming contract should ask for so that a need is met: the words, and the measures."""

    class State(models.TextChoices):
        DRAFT = "draft", "To be written into the tender"
        USED = "used", "In the tender"
        DROPPED = "dropped", "Not asked for"

    need = models.ForeignKey(Need, on_delete=models.PROTECT, related_name="clauses")
    contract = models.ForeignKey(Contract, on_delete=models.PROTECT, related_name="need_clauses")
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    words = models.TextField("the clause")
    measures = models.ManyToManyField(Measure, related_name="need_clauses")
    dropped_reason = models.CharField(max_length=300, blank=True)
    suggested_at = models.DateTimeField()
    suggested_by_name = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False)

    objects = NeedClauseQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[measures])

    class Meta:
        ordering = ["-suggested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["need", "contract"],
                name="a_need_is_asked_of_a_contract_once",
                violation_error_message="This contract is asked to carry the need already.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.need} in {self.contract.reference}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        return role == "contract_manager" and self.contract.in_reach_of(organisation_id, role)

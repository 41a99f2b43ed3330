"""Tenders and bids: what was asked, what each bidder offers, and how it was scored."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Area, Organisation

from .agreements import Contract
from .measures import Measure, MeasureEdition, MeasureValue


class TenderQuerySet(models.QuerySet["Tender"]):
    def visible_to(self, user: Any) -> TenderQuerySet:
        """Officers by the contract; a supplier only a tender that it was invited to bid for."""
        everything, own = reach(user, "view_tenders")
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        return self.filter(
            Q(contract__directorate_id__in=directorates)
            | (
                ~Q(state=Tender.State.DRAFT)
                & Exists(Bid.objects.filter(tender=OuterRef("pk"), organisation_id__in=suppliers))
            )
        )


class Tender(Versioned):
    """The social value part of one contract's tender."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        OPEN = "open", "Open for bids"
        EVALUATING = "evaluating", "Being scored"
        MODERATED = "moderated", "Scores agreed"
        AWARDED = "awarded", "Awarded"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Method(models.TextChoices):
        RELATIVE = "relative_to_highest", "Own value divided by the highest value"
        BANDED = "banded", "Bands of the highest value"

    contract = models.OneToOneField(Contract, on_delete=models.CASCADE, related_name="tender")
    edition = models.ForeignKey(MeasureEdition, on_delete=models.PROTECT, related_name="tenders")
    state = models.CharField(max_length=12, choices=State.choices, default=State.DRAFT)
    priced_on = models.DateField(help_text="the day whose values per unit price every bid")
    closes_at = models.DateTimeField(null=True, blank=True)
    weighting_share = models.DecimalField(
        "share of the whole evaluation that social value has",
        max_digits=5, decimal_places=4, default=Decimal("0.2"),
    )  # fmt: skip
    quantitative_share = models.DecimalField(
        "share of the social value score that the quantities have",
        max_digits=5, decimal_places=4, default=Decimal("0.5"),
    )  # fmt: skip
    quantitative_method = models.CharField(
        max_length=24, choices=Method.choices, default=Method.RELATIVE
    )
    highest_score = models.DecimalField(
        "highest score an evaluator may give", max_digits=5, decimal_places=2, default=5
    )
    most_measures = models.PositiveSmallIntegerField(null=True, blank=True)
    exception_reason = models.TextField(
        blank=True, help_text="why it asks for more, or weighs less, than the guide allows"
    )
    note_to_bidders = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = TenderQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(weighting_share__gt=0, weighting_share__lte=1)
                & Q(quantitative_share__gte=0, quantitative_share__lte=1),
                name="a_tenders_shares_are_shares",
            )
        ]

    def __str__(self) -> str:
        return f"Social value in {self.contract}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return (
                self.state != self.State.DRAFT
                and self.bids.filter(organisation_id=organisation_id).exists()
            )
        return self.contract.in_reach_of(organisation_id, role)


class RequestedMeasure(models.Model):
    """A measure that bidders are asked to offer against."""

    tender = models.ForeignKey(Tender, on_delete=models.CASCADE, related_name="requested")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="+")
    value = models.ForeignKey(
        MeasureValue, null=True, blank=True, on_delete=models.PROTECT, related_name="+",
        help_text="the value per unit on the pricing day; none for what is only counted",
    )  # fmt: skip
    note = models.TextField(blank=True)
    must_be_answered = models.BooleanField(default=False)
    wards = models.ManyToManyField(Area, blank=True, related_name="+")
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "measure"], name="a_measure_is_asked_once")
        ]

    def __str__(self) -> str:
        return str(self.measure)


class BidQuerySet(models.QuerySet["Bid"]):
    def visible_to(self, user: Any) -> BidQuerySet:
        everything, own = reach(user, "view_tenders")
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        return self.filter(
            Q(tender__contract__directorate_id__in=directorates)
            | (~Q(tender__state=Tender.State.DRAFT) & Q(organisation_id__in=suppliers))
        )


class Bid(Versioned):
    """One organisation's answer to a tender. Nobody but officers sees another's."""

    class State(models.TextChoices):
        INVITED = "invited", "Invited"
        DRAFT = "draft", "Draft"
        SUBMITTED = "submitted", "Submitted"
        WITHDRAWN = "withdrawn", "Withdrawn"
        WON = "won", "Won"
        LOST = "lost", "Not successful"

    tender = models.ForeignKey(Tender, on_delete=models.CASCADE, related_name="bids")
    organisation = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="bids")
    state = models.CharField(max_length=10, choices=State.choices, default=State.INVITED)
    method_statement = models.TextField(blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    submitted_by_name = models.CharField(max_length=200, blank=True)
    moderated_score = models.DecimalField(max_digits=6, decimal_places=2, null=True, blank=True)
    moderated_reason = models.TextField(blank=True)
    moderated_by_name = models.CharField(max_length=200, blank=True)
    moderated_at = models.DateTimeField(null=True, blank=True)

    objects = BidQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["tender", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "organisation"], name="one_bid_a_bidder")
        ]

    def __str__(self) -> str:
        return f"{self.organisation} for {self.tender.contract.reference}"

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "supplier":
            return (
                self.organisation_id == organisation_id and self.tender.state != Tender.State.DRAFT
            )
        return self.tender.contract.in_reach_of(organisation_id, role)


class Offer(models.Model):
    """What a bidder offers for one requested measure. Blank is no offer; 0 is offering nothing."""

    bid = models.ForeignKey(Bid, on_delete=models.CASCADE, related_name="offers")
    requested = models.ForeignKey(RequestedMeasure, on_delete=models.PROTECT, related_name="offers")
    offered_quantity = models.DecimalField(max_digits=16, decimal_places=4, null=True, blank=True)
    offered_pounds = models.DecimalField(
        max_digits=16, decimal_places=2, null=True, blank=True,
        help_text="quantity times the value per unit, half up; None for what is only counted",
    )  # fmt: skip
    method_statement = models.TextField(blank=True)
    partner = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    partner_name = models.CharField(max_length=200, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["requested__position", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["bid", "requested"], name="one_offer_a_measure"),
            models.CheckConstraint(
                condition=Q(offered_quantity__isnull=True) | Q(offered_quantity__gte=0),
                name="an_offer_is_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bid}: {self.requested}"


class Evaluator(models.Model):
    """A person named to score a tender's bids, blind to the other evaluators."""

    tender = models.ForeignKey(Tender, on_delete=models.CASCADE, related_name="evaluators")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="evaluations"
    )
    user_name = models.CharField(max_length=200)
    no_interest_declared_at = models.DateTimeField(
        null=True, blank=True, help_text="when they declared no interest in any bidder"
    )
    finished_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["tender", "user"], name="an_evaluator_is_named_once")
        ]

    def __str__(self) -> str:
        return self.user_name


class EvaluatorScore(Versioned):
    """One evaluator's own score of one bid. It stays as given after moderation."""

    evaluator = models.ForeignKey(Evaluator, on_delete=models.CASCADE, related_name="scores")
    bid = models.ForeignKey(Bid, on_delete=models.CASCADE, related_name="scores")
    score = models.DecimalField(max_digits=6, decimal_places=2)
    reasons = models.TextField()
    scored_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        ordering = ["bid", "evaluator"]
        constraints = [
            models.UniqueConstraint(fields=["evaluator", "bid"], name="one_score_a_bid"),
            models.CheckConstraint(condition=Q(score__gte=0), name="a_score_is_not_negative"),
        ]

    def __str__(self) -> str:
        return f"{self.evaluator}: {self.score}"

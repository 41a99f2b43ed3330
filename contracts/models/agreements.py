"""Contracts, their awards, and the dated thresholds that decide what they must carry.

The value stands on the award, once, however many suppliers share it. A framework has none.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import (
    BooleanField,
    Case,
    DecimalField,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, NullIf, Round
from django.db.models.lookups import Exact, IsNull
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.authorities import OWN_COUNCIL_KEYS
from trafford_sv.directory.models import Area, Organisation


class CpvCode(models.Model):
    """A category of the Common Procurement Vocabulary 2008, without its check digit."""

    code = models.CharField(max_length=8, primary_key=True)
    name = models.CharField(max_length=300)

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class ThresholdRule(Versioned):
    """A rule that holds for awards from a day on: over this value, this must be done."""

    class Duty(models.TextChoices):
        REQUIRED = "required", "Social value required"
        CONSIDERED = "considered", "Social value considered"
        KPIS = "kpis", "Three KPIs and a yearly published rating"

    duty = models.CharField(max_length=12, choices=Duty.choices)
    amount_pounds = models.DecimalField(max_digits=16, decimal_places=2)
    applies_at_amount = models.BooleanField(
        default=False, help_text="True: from the amount. False: only over it."
    )
    exempts_light_touch = models.BooleanField(default=False)
    starts = models.DateField()
    ends = models.DateField(null=True, blank=True)
    source = models.TextField()
    is_confirmed = models.BooleanField(default=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["duty", "-starts"]
        constraints = [
            models.UniqueConstraint(fields=["duty", "starts"], name="one_rule_per_duty_and_start"),
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")),
                name="a_rule_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_duty_display()} over £{self.amount_pounds:,.0f} from {self.starts:%-d %B %Y}"


def _verdict() -> Case:
    """What a rule says of the contract outside: 0 no, 1 yes, 2 cannot be said."""
    return Case(
        When(Exact(OuterRef("is_light_touch"), True), exempts_light_touch=True, then=Value(0)),
        When(amount_pounds__lt=OuterRef("value_pounds"), then=Value(1)),
        When(amount_pounds=OuterRef("value_pounds"), applies_at_amount=True, then=Value(1)),
        When(Exact(OuterRef("value_is_partial"), True), then=Value(2)),
        When(IsNull(OuterRef("value_pounds"), True), then=Value(2)),
        default=Value(0),
        output_field=IntegerField(),
    )


def _social_value() -> Case:
    """What is in the contract: its commitments answer, where there are any; else what is recorded."""
    from .commitments import Commitment  # which knows contracts

    agreed = Commitment.objects.filter(contract=OuterRef("pk"), state=Commitment.State.AGREED)
    return Case(
        When(Exists(agreed), then=Value(Contract.SocialValue.INCLUDED.value)),
        default=F("social_value"),
        output_field=models.CharField(),
    )


def not_over(day: datetime.date) -> Q:
    """Neither its end date nor its stage says that a contract is over on the day."""
    over = [Contract.Stage.ENDED, Contract.Stage.TERMINATED]
    return (Q(end__isnull=True) | Q(end__gte=day)) & ~Q(stage__in=over)


def is_followed() -> Exists:
    """Another contract is recorded as what follows this one, whoever may see that one."""
    return Exists(Contract.objects.filter(predecessor=OuterRef("pk")))


def notice_is_due(day: datetime.date, days: int) -> Q:
    """Notice falls due within `days`, or was missed in the last 30, and nothing follows yet."""
    return ~is_followed() & Q(
        notice_date__gte=day - datetime.timedelta(days=30),
        notice_date__lte=day + datetime.timedelta(days=days),
    )


def own_agreements(path: str = "", among: Any = None) -> Q:
    """As `of_own_council`, for agreements of every kind, at `path` from another model.

    The other kinds are the council's own by nature; only contracts come with other buyers.
    `among`: where imported contracts are looked for, instead of all that there are now.
    """
    own: Q = ~Q(**{f"{path}kind": "contract"}) | Q(**{f"{path}buyer__isnull": True})
    real = Q(buyer__isnull=True)
    for key in OWN_COUNCIL_KEYS:
        for name, ending in (("name_key", key), ("name_key__startswith", f"{key} ")):
            own |= Q(**{f"{path}buyer__{name}": ending})
            real |= Q(**{f"buyer__{name}": ending})
    every = Contract.objects.all() if among is None else among
    imported = every.filter(real, kind="contract", is_demo=False).exclude(source="")
    return own & Q(Q(**{f"{path}is_demo": False}) | ~Exists(imported))


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, user: Any) -> ContractQuerySet:
        everything, own = reach(user, "view_contracts")
        if everything:
            return self
        directorates = [pk for role, pk in own if role == "contract_manager"]
        suppliers = [pk for role, pk in own if role == "supplier"]
        return self.filter(
            Q(directorate_id__in=directorates)
            | Exists(
                AwardSupplier.objects.filter(
                    award__contract=OuterRef("pk"),
                    award__status__in=Award.COUNTED_STATUSES,
                    organisation_id__in=suppliers,
                )
            )
        )

    def contracts(self) -> ContractQuerySet:
        """Without grants, planning obligations and pledges."""
        return self.filter(kind=Contract.Kind.CONTRACT)

    def with_figures(self) -> ContractQuerySet:
        """Adds, in SQL: `value_pounds` (None for a framework or unknown), `value_is_partial`
        (an award has no value), `awarded_on`, `threshold_pounds`, `must_carry` (None where it
        cannot be said; thresholds are for contracts, so False for other kinds) and
        `social_value_now` (included where a commitment is agreed, otherwise what is recorded).
        Agrees with `contracts.thresholds`.
        """
        awards = Award.objects.filter(
            contract=OuterRef("pk"), status__in=Award.COUNTED_STATUSES
        ).order_by()
        rule = ThresholdRule.objects.filter(
            Q(ends__isnull=True) | Q(ends__gte=OuterRef("awarded_on")),
            duty=ThresholdRule.Duty.REQUIRED,
            starts__lte=OuterRef("awarded_on"),
        ).order_by("-starts")
        # Rounded because SQLite adds in binary: 0.1 + 0.2 must not pass a threshold of 0.3.
        value = Case(
            When(
                is_framework=False,
                then=Subquery(
                    awards.values("contract").annotate(s=Round(Sum("value_pounds"), 2)).values("s")
                ),
            ),
            output_field=DecimalField(max_digits=18, decimal_places=2),
        )
        return (
            self.annotate(
                value_pounds=value,
                value_is_partial=Exists(awards.filter(value_pounds__isnull=True)),
                awarded_on=Subquery(
                    awards.values("contract").annotate(d=Min("awarded_on")).values("d")
                ),
            )
            .annotate(
                threshold_pounds=Subquery(rule.values("amount_pounds")[:1]),
                social_value_now=_social_value(),
            )
            .annotate(
                # One look-up of the rule, which judges where it stands. 0 no, 1 yes, 2 cannot be
                # said; no rule at all is a no, no award date cannot be said.
                must_carry=Cast(
                    NullIf(
                        Case(
                            When(~Q(kind=Contract.Kind.CONTRACT), then=Value(0)),
                            default=Coalesce(
                                Subquery(rule.annotate(says=_verdict()).values("says")[:1]),
                                Case(
                                    When(awarded_on__isnull=True, then=Value(2)), default=Value(0)
                                ),
                            ),
                        ),
                        Value(2),
                    ),
                    BooleanField(null=True),
                )
            )
        )

    def current_on(self, day: datetime.date) -> ContractQuerySet:
        """The portfolio on a day: awarded by then and not over. Needs `with_figures`."""
        return self.filter(not_over(day), awarded_on__lte=day)

    def of_own_council(self) -> ContractQuerySet:
        """Without the contracts of other buyers, which a national file brings along.

        Invented contracts count until the council's real ones are imported, and never beside
        them. One that somebody records by hand while trying the demonstration changes nothing.
        """
        return self.filter(own_agreements(), kind=Contract.Kind.CONTRACT)

    def notice_due(self, day: datetime.date, days: int) -> ContractQuerySet:
        return self.filter(notice_is_due(day, days))

    def ending_between(self, first: datetime.date, last: datetime.date) -> ContractQuerySet:
        return self.filter(end__gte=first, end__lte=last)


class Contract(Versioned):
    """An agreement: to buy, to give a grant, to allow a development, or a plain pledge.

    Contracts are the first and fullest kind. The others live in the same table, so that the
    same code carries their commitments; every list and total says which kinds it holds.
    """

    class Kind(models.TextChoices):
        CONTRACT = "contract", "Contract"
        GRANT = "grant", "Grant"
        PLANNING = "planning", "Planning obligation"
        PLEDGE = "pledge", "Pledge"

    class Stage(models.TextChoices):
        PIPELINE = "pipeline", "Pipeline"
        TENDER = "tender", "Tender"
        EVALUATION = "evaluation", "Evaluation"
        AWARDED = "awarded", "Awarded"
        MOBILISING = "mobilising", "Mobilising"
        LIVE = "live", "Live"
        ENDED = "ended", "Ended"
        TERMINATED = "terminated", "Terminated"

    class Regime(models.TextChoices):
        UNKNOWN = "unknown", "Not recorded"
        PCR_2015 = "pcr2015", "Public Contracts Regulations 2015"
        PA_2023 = "pa2023", "Procurement Act 2023"
        BELOW = "below", "Below the regulated thresholds"

    class SocialValue(models.TextChoices):
        """What is recorded about the promise, until a commitment is agreed and answers it."""

        UNKNOWN = "unknown", "Not recorded"
        INCLUDED = "included", "Included"
        NOT_INCLUDED = "not_included", "Not included"

    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.CONTRACT)
    reference = models.CharField(max_length=80, unique=True)
    ocid = models.CharField("OCID", max_length=120, blank=True)
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    buyer = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contracts_bought",
    )
    directorate = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="contracts_managed",
        limit_choices_to={"kinds__kind": "council_service"},
    )
    manager = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="contract manager",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contracts_managed",
    )
    star_lead = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="STAR lead",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="contracts_led",
    )
    category = models.ForeignKey(
        CpvCode, null=True, blank=True, on_delete=models.PROTECT, related_name="contracts"
    )
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.PIPELINE)
    regime = models.CharField(max_length=10, choices=Regime.choices, default=Regime.UNKNOWN)
    is_light_touch = models.BooleanField("light-touch regime", default=False)
    is_framework = models.BooleanField("framework or dynamic purchasing system", default=False)
    estimated_value_pounds = models.DecimalField(
        "estimated value before award, excluding VAT",
        max_digits=16,
        decimal_places=2,
        null=True,
        blank=True,
    )
    start = models.DateField(null=True, blank=True)
    end = models.DateField(null=True, blank=True)
    extension_options = models.CharField(max_length=300, blank=True)
    notice_date = models.DateField(
        "date by which notice or an extension must be decided", null=True, blank=True
    )
    social_value = models.CharField(
        max_length=12, choices=SocialValue.choices, default=SocialValue.UNKNOWN
    )
    social_value_reason = models.TextField(blank=True)
    wards = models.ManyToManyField(Area, blank=True, related_name="contracts")
    predecessor = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="successors"
    )
    is_named_in_public = models.BooleanField(
        "may be named in published reports beside what was promised and delivered", default=False
    )
    source = models.CharField(max_length=60, blank=True, help_text="which import it came by")
    is_demo = models.BooleanField(default=False)

    objects = ContractQuerySet.as_manager()
    history = HistoricalRecords(m2m_fields=[wards])

    class Meta:
        ordering = ["reference"]
        indexes = [
            models.Index(fields=["ocid"]),
            models.Index(fields=["stage"]),
            models.Index(fields=["end"]),
            models.Index(fields=["notice_date"]),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["ocid"], condition=~Q(ocid=""), name="an_ocid_names_one_contract"
            ),
            models.CheckConstraint(
                condition=Q(start__isnull=True) | Q(end__isnull=True) | Q(end__gte=F("start")),
                name="a_contract_ends_after_it_starts",
                violation_error_message="The contract ends before it starts. Check both dates.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reference} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("contract-detail", kwargs={"pk": self.pk})

    def in_reach_of(self, organisation_id: int, role: str) -> bool:
        if role == "contract_manager":
            return self.directorate_id == organisation_id
        if role == "supplier":
            return AwardSupplier.objects.filter(
                award__contract=self,
                award__status__in=Award.COUNTED_STATUSES,
                organisation_id=organisation_id,
            ).exists()
        return False


class Award(Versioned):
    """One decision to award: a date, one value, and the suppliers who share it."""

    class Status(models.TextChoices):
        PENDING = "pending", "Pending"
        ACTIVE = "active", "Active"
        CANCELLED = "cancelled", "Cancelled"
        UNSUCCESSFUL = "unsuccessful", "Unsuccessful"

    COUNTED_STATUSES = (Status.ACTIVE,)

    contract = models.ForeignKey(Contract, on_delete=models.CASCADE, related_name="awards")
    source_id = models.CharField(max_length=160, blank=True)
    title = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=12, choices=Status.choices, default=Status.ACTIVE)
    awarded_on = models.DateField("award date", null=True, blank=True)
    value_pounds = models.DecimalField(
        "value excluding VAT", max_digits=16, decimal_places=2, null=True, blank=True
    )
    suppliers = models.ManyToManyField(Organisation, through="AwardSupplier", related_name="awards")

    history = HistoricalRecords()

    class Meta:
        ordering = ["awarded_on", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["contract", "source_id"],
                condition=~Q(source_id=""),
                name="an_award_comes_in_once",
            ),
            models.CheckConstraint(
                condition=Q(value_pounds__isnull=True) | Q(value_pounds__gte=0),
                name="an_award_value_is_not_negative",
                violation_error_message="An award's value cannot be below zero.",
            ),
        ]

    def __str__(self) -> str:
        return self.title or f"Award of {self.contract.reference}"


class AwardSupplier(models.Model):
    """A supplier's part in an award. It has no value: the value is the award's."""

    award = models.ForeignKey(Award, on_delete=models.CASCADE, related_name="supplier_links")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="award_links"
    )
    name_as_given = models.CharField(max_length=300, blank=True)

    class Meta:
        ordering = ["pk"]
        verbose_name = "part in an award"
        verbose_name_plural = "parts in awards"
        constraints = [
            models.UniqueConstraint(
                fields=["award", "organisation"], name="a_supplier_is_on_an_award_once"
            )
        ]

    def __str__(self) -> str:
        return str(self.organisation)

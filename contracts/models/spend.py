"""Payments as published, who was paid, and the roll-up that answers questions fast.

A payment's identity is (source, digest of its cells, occurrence): wholly identical lines
are separate payments, and a re-issued, grown file adds only what it did not hold before.
Checked lines on their way in wait in a table of their own import (`contracts.services.spend.
staging`), which is no model because it lives only from the check to the decision.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Organisation


class SpendQuerySet(models.QuerySet[Any]):
    def visible_to(self, user: Any) -> SpendQuerySet:
        """All of it to those who may read spend; nothing to anyone whose reach is one body."""
        everything, _ = reach(user, "view_spend")
        return self if everything else self.none()


class SpendSource(models.Model):
    """A publisher of spending files, for example Trafford Council."""

    name = models.CharField(max_length=200, unique=True)
    is_own_council = models.BooleanField(
        default=False, help_text="Only this council's payments count in retained spend."
    )
    identity_fields = models.JSONField(
        default=list,
        blank=True,
        help_text="The columns that tell this publisher's lines apart, fixed by its first file.",
    )

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class SpendCategory(models.Model):
    """A category of spend. The code is what counts: its label's spacing varies.

    The one without a code is "Not classified".
    """

    source = models.ForeignKey(SpendSource, on_delete=models.CASCADE, related_name="categories")
    code = models.CharField(max_length=200, blank=True)
    label = models.CharField(max_length=200)

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["label"]
        constraints = [
            models.UniqueConstraint(fields=["source", "code"], name="a_spend_category_is_its_code")
        ]

    def __str__(self) -> str:
        return self.label


class SpendUnit(Versioned):
    """The part of the council that paid, as published; linked to a directorate by a person.

    The one without a name is "Not stated".
    """

    source = models.ForeignKey(SpendSource, on_delete=models.CASCADE, related_name="units")
    name = models.CharField(max_length=200, blank=True)
    directorate = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.SET_NULL, related_name="spend_units"
    )
    # The database fills it in too: a spending file's units are written without the model.
    version = models.PositiveIntegerField(default=1, db_default=1, editable=False)

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="a_spend_unit_is_named_once")
        ]

    def __str__(self) -> str:
        return self.name or "Not stated"


class SpendExclusion(Versioned):
    """A payee that no buyer could have chosen otherwise, and why it is left out."""

    class Why(models.TextChoices):
        TAX = "tax", "Tax and national insurance"
        PENSION = "pension", "Pension fund"
        PRECEPT = "precept", "Precept or levy"
        AUTHORITY = "authority", "Another public authority"
        OTHER = "other", "Other, as the reason says"

    key = models.CharField(max_length=300, unique=True, help_text="the payee's name, normalised")
    name = models.CharField("payee's name, as the file spells it", max_length=300)
    why = models.CharField("kind", max_length=10, choices=Why.choices)
    reason = models.TextField()
    reviewed_on = models.DateField()
    reviewed_by_name = models.CharField("reviewed by (role, not a person's name)", max_length=200)
    is_active = models.BooleanField("in use", default=True)

    objects = SpendQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Payee(Versioned):
    """A name that was paid, exactly as one source spells it."""

    class State(models.TextChoices):
        UNDECIDED = "undecided", "Not decided"
        MATCHED = "matched", "Matched to an organisation"
        UNLOCATABLE = "unlocatable", "Cannot be located"

    source = models.ForeignKey(SpendSource, on_delete=models.CASCADE, related_name="payees")
    name = models.CharField(max_length=300)
    key = models.CharField(max_length=300, db_index=True, help_text="normalised, for comparison")
    vat_number = models.CharField(max_length=60, blank=True)
    number = models.CharField(max_length=40, blank=True, help_text="the publisher's own number")
    is_withheld = models.BooleanField(
        default=False, help_text="The publisher withheld the name, so it can never be located."
    )
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="payees"
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.UNDECIDED)
    exclusion = models.ForeignKey(
        SpendExclusion, null=True, blank=True, on_delete=models.SET_NULL, related_name="payees"
    )
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = SpendQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["source", "name"], name="a_payee_is_a_spelling"),
            models.CheckConstraint(
                condition=Q(state="matched", organisation__isnull=False)
                | (~Q(state="matched") & Q(organisation__isnull=True)),
                name="a_matched_payee_names_its_organisation",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class PayeeProposal(models.Model):
    """A suggestion that a payee is an organisation, with score and reasons; a person decides."""

    class State(models.TextChoices):
        PROPOSED = "proposed", "Proposed"
        ACCEPTED = "accepted", "Accepted"
        REJECTED = "rejected", "Rejected"

    payee = models.ForeignKey(Payee, on_delete=models.CASCADE, related_name="proposals")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="payee_proposals"
    )
    score = models.DecimalField(max_digits=4, decimal_places=3)
    reasons = models.JSONField(default=list)
    state = models.CharField(max_length=10, choices=State.choices, default=State.PROPOSED)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["-score", "pk"]
        verbose_name = "suggested match"
        verbose_name_plural = "suggested matches"
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "organisation"], name="a_match_is_proposed_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.payee} = {self.organisation}? ({self.score})"


class Payment(models.Model):
    """One line of a published spending file.

    Written only by the import, in one statement that joins the rows it points to, and never
    edited: so the database does not check each foreign key again line by line, which would
    take longer than everything else the import does. Django still protects what is pointed to.
    """

    source = models.ForeignKey(
        SpendSource,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    digest = models.UUIDField(help_text="128 bits over the line's cells")
    occurrence = models.PositiveIntegerField(help_text="1 for the first line with these cells")
    payee = models.ForeignKey(
        Payee, on_delete=models.PROTECT, related_name="payments", db_constraint=False
    )
    category = models.ForeignKey(
        SpendCategory,
        on_delete=models.PROTECT,
        related_name="+",
        db_constraint=False,
        db_index=False,
    )
    unit = models.ForeignKey(
        SpendUnit, on_delete=models.PROTECT, related_name="+", db_constraint=False, db_index=False
    )
    paid_on = models.DateField(db_index=True)
    amount_pounds = models.DecimalField(max_digits=14, decimal_places=2)
    transaction_number = models.CharField(max_length=60, blank=True)
    purpose = models.TextField(blank=True)
    run_id = models.UUIDField(null=True, help_text="the import that brought it")
    row_number = models.IntegerField()

    objects = SpendQuerySet.as_manager()

    class Meta:
        ordering = ["-paid_on", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "digest", "occurrence"], name="a_payment_comes_in_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.paid_on} £{self.amount_pounds}"


class SpendTotal(models.Model):
    """Payments rolled up, written in the same transaction and by the same statement as they are;
    so, like theirs, its foreign keys are not checked again row by row."""

    source = models.ForeignKey(
        SpendSource,
        on_delete=models.CASCADE,
        related_name="totals",
        db_constraint=False,
        db_index=False,
    )
    payee = models.ForeignKey(
        Payee,
        on_delete=models.CASCADE,
        related_name="totals",
        db_constraint=False,
        db_index=False,
    )
    category = models.ForeignKey(
        SpendCategory,
        on_delete=models.CASCADE,
        related_name="totals",
        db_constraint=False,
        db_index=False,
    )
    unit = models.ForeignKey(
        SpendUnit,
        on_delete=models.CASCADE,
        related_name="totals",
        db_constraint=False,
        db_index=False,
    )
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    amount_pounds = models.DecimalField(max_digits=18, decimal_places=2)
    lines = models.PositiveIntegerField()

    objects = SpendQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["source", "financial_year", "quarter"])]
        constraints = [
            models.UniqueConstraint(
                fields=["payee", "category", "unit", "financial_year", "quarter"],
                name="a_spend_total_stands_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.payee} {self.financial_year} Q{self.quarter}"

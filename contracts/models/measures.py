"""The library of Themes, Outcomes and Measures (TOMs): editions, dated values, local priorities."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Area, Organisation

CONFIDENCE = [("confirmed", "Confirmed"), ("unconfirmed", "Not confirmed at its source yet")]


class MeasureEdition(Versioned):
    """One published set of measures, with the licence that every page and export obeys."""

    class Status(models.TextChoices):
        DRAFT = "draft", "Draft"
        IN_USE = "in_use", "In use"
        RETIRED = "retired", "No longer offered for new contracts"

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    publisher = models.CharField(max_length=200)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.IN_USE)
    is_default = models.BooleanField(default=False, help_text="offered first for a new contract")
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    licence = models.CharField(max_length=200)
    licence_address = models.URLField(max_length=500, blank=True)
    licence_holder = models.CharField(
        max_length=200,
        blank=True,
        help_text="who holds a licence to use it: the council, STAR, ...",
    )
    licence_confirmed_by_name = models.CharField(max_length=200, blank=True)
    licence_confirmed_at = models.DateTimeField(null=True, blank=True)
    values_may_be_published = models.BooleanField(default=False)
    text_may_be_published = models.BooleanField(default=False)
    is_combinable = models.BooleanField(
        default=False, help_text="May social and local economic value be added into one total?"
    )
    attribution = models.TextField(blank=True, help_text="the words to print wherever it is used")
    provenance = models.TextField(help_text="where it came from, how it was made")
    method_note = models.TextField(blank=True)
    source = models.CharField(max_length=60, blank=True, help_text="reference, or the import's id")

    history = HistoricalRecords()

    class Meta:
        ordering = ["-is_default", "-valid_from", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_default"], condition=Q(is_default=True), name="one_default_edition"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="an_edition_ends_after_it_starts",
                violation_error_message="The edition ends before it starts. Check both dates.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("measure-edition-detail", kwargs={"key": self.key})


class MeasureTheme(models.Model):
    edition = models.ForeignKey(MeasureEdition, on_delete=models.CASCADE, related_name="themes")
    title = models.CharField(max_length=200)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["edition", "position", "title"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "title"], name="one_theme_of_a_title")
        ]

    def __str__(self) -> str:
        return self.title


class MeasureOutcome(models.Model):
    theme = models.ForeignKey(MeasureTheme, on_delete=models.CASCADE, related_name="outcomes")
    title = models.CharField(max_length=300)
    position = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["theme", "position", "title"]
        constraints = [
            models.UniqueConstraint(fields=["theme", "title"], name="one_outcome_of_a_title")
        ]

    def __str__(self) -> str:
        return self.title


class Measure(Versioned):
    """One thing that can be promised and counted: a code, a unit, and a rule of counting."""

    class Kind(models.TextChoices):
        SOCIAL = "social", "Social value"
        LOCAL_ECONOMIC = "local_economic", "Local economic value"
        RECORD_ONLY = "record_only", "Counted, not priced"

    class Counting(models.TextChoices):
        UNITS = "units", "Counted as given"
        FTE_YEARS = "fte_years", "Full-time equivalent, once for each year worked"
        FIRST_YEAR = "first_year", "Person-years, the first 12 months only"
        HOURS_PEOPLE = "hours_people", "Hours times people"
        PERCENTAGE = "percentage", "A share in per cent, never added up"

    edition = models.ForeignKey(MeasureEdition, on_delete=models.CASCADE, related_name="measures")
    outcome = models.ForeignKey(MeasureOutcome, on_delete=models.PROTECT, related_name="measures")
    code = models.CharField(max_length=40)
    title = models.CharField(max_length=400)
    unit = models.CharField(max_length=120)
    kind = models.CharField(max_length=16, choices=Kind.choices)
    counting = models.CharField(max_length=16, choices=Counting.choices, default=Counting.UNITS)
    needs_attribution = models.BooleanField(
        default=False, help_text="a return must say which share of the effect this contract claims"
    )
    counts_people = models.BooleanField(
        "each unit may be a person", null=True, blank=True,
        help_text="so that small numbers are not told in public; unknown: judged by the unit’s words",
    )  # fmt: skip
    evidence_asked = models.TextField(blank=True)
    method = models.TextField(blank=True)
    charter_principle = models.CharField(
        max_length=20, blank=True, help_text="the number of the Charter's principle it serves"
    )
    confidence = models.CharField(max_length=12, choices=CONFIDENCE, default="confirmed")
    exclusive_with = models.ManyToManyField("self", symmetrical=True, blank=True)
    position = models.PositiveSmallIntegerField(default=0)

    history = HistoricalRecords()

    class Meta:
        ordering = ["edition", "position", "code"]
        constraints = [
            models.UniqueConstraint(fields=["edition", "code"], name="one_measure_of_a_code")
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("measure-detail", kwargs={"key": self.edition.key, "code": self.code})


class MeasureValue(models.Model):
    """The value of one unit ("proxy") from a day on, in an area where it is localised.

    Never edited: a correction is a new row, because commitments are pinned to the old one.
    """

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="values")
    area = models.ForeignKey(
        Area, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    value_pounds = models.DecimalField("value of one unit", max_digits=18, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    price_year = models.CharField(max_length=40, blank=True)
    source_title = models.CharField(max_length=500)
    source_address = models.URLField(max_length=500, blank=True)
    licence = models.CharField(max_length=200, blank=True)
    method = models.TextField(blank=True)
    confidence = models.CharField(max_length=12, choices=CONFIDENCE, default="confirmed")

    class Meta:
        ordering = ["measure", "-valid_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "area", "valid_from"],
                condition=Q(area__isnull=False),
                name="one_value_from_a_day_in_an_area",
            ),
            models.UniqueConstraint(
                fields=["measure", "valid_from"],
                condition=Q(area__isnull=True),
                name="one_value_from_a_day_everywhere",
            ),
            models.CheckConstraint(
                condition=Q(value_pounds__gte=0), name="a_value_of_one_unit_is_not_negative"
            ),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gte=F("valid_from")),
                name="a_value_ends_after_it_starts",
            ),
        ]

    def __str__(self) -> str:
        return f"£{self.value_pounds.normalize():f} from {self.valid_from:%-d %B %Y}"


class OpenRate(models.Model):
    """A dated public rate that values are made from: a wage, a tax, a carbon factor."""

    code = models.CharField(max_length=60)
    label = models.CharField(max_length=200)
    unit = models.CharField(max_length=60)
    rate_quantity = models.DecimalField(max_digits=18, decimal_places=6)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    price_year = models.CharField(max_length=40, blank=True)
    source_title = models.CharField(max_length=500)
    source_address = models.URLField(max_length=500, blank=True)
    licence = models.CharField(max_length=200)
    confidence = models.CharField(max_length=12, choices=CONFIDENCE, default="confirmed")
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["code", "-valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="one_rate_from_a_day")
        ]

    def __str__(self) -> str:
        return f"{self.label} from {self.valid_from:%-d %B %Y}"


class MeasureCrosswalk(models.Model):
    """A link to somebody else's list (a region's priorities, global goals): an aid, not a value."""

    measure = models.ForeignKey(Measure, on_delete=models.CASCADE, related_name="crosswalks")
    framework = models.CharField(max_length=60)
    reference = models.CharField(max_length=40)
    title = models.CharField(max_length=300, blank=True)
    is_confirmed = models.BooleanField(default=True)

    class Meta:
        ordering = ["framework", "reference"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "framework", "reference"], name="one_crosswalk_to_a_reference"
            )
        ]

    def __str__(self) -> str:
        return f"{self.framework} {self.reference}"


class LocalPriorityYear(Versioned):
    """Which measures matter here in a financial year: who was asked, and who decided."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        DECIDED = "decided", "Decided"

    financial_year = models.PositiveSmallIntegerField(help_text="the year it starts in")
    edition = models.ForeignKey(
        MeasureEdition, on_delete=models.PROTECT, related_name="priority_years"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    consultation = models.TextField(blank=True, help_text="who was asked, how, and what was heard")
    consulted_from = models.DateField(null=True, blank=True)
    consulted_to = models.DateField(null=True, blank=True)
    decided_by_body = models.CharField(max_length=200, blank=True)
    decided_on = models.DateField(null=True, blank=True)
    decision_reference = models.CharField(max_length=120, blank=True)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-financial_year"]
        constraints = [
            models.UniqueConstraint(
                fields=["financial_year", "edition"], name="one_priority_list_a_year_and_edition"
            ),
            models.CheckConstraint(
                condition=Q(state="draft") | (Q(decided_on__isnull=False) & ~Q(decided_by_body="")),
                name="a_decision_has_a_body_and_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"Local priorities {self.financial_year}/{(self.financial_year + 1) % 100:02d}"


class LocalPriority(models.Model):
    year = models.ForeignKey(LocalPriorityYear, on_delete=models.CASCADE, related_name="priorities")
    measure = models.ForeignKey(Measure, on_delete=models.PROTECT, related_name="priorities")
    weight = models.DecimalField(max_digits=5, decimal_places=2)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-weight", "measure"]
        constraints = [
            models.UniqueConstraint(fields=["year", "measure"], name="a_measure_is_marked_once"),
            models.CheckConstraint(
                condition=Q(weight__gt=0, weight__lte=10), name="a_weight_is_over_0_up_to_10"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.measure} x {self.weight}"


class StakeholderView(models.Model):
    """What one organisation said when it was asked about the year's priorities."""

    year = models.ForeignKey(LocalPriorityYear, on_delete=models.CASCADE, related_name="views")
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    who = models.CharField(max_length=200, help_text="a group or a role, never a person's name")
    said = models.TextField()
    said_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["said_on", "pk"]

    def __str__(self) -> str:
        return self.who


def in_force(values: Any, day: datetime.date) -> Any:
    """Of a queryset of dated rows, those in force on a day."""
    return values.filter(Q(valid_to__isnull=True) | Q(valid_to__gte=day), valid_from__lte=day)

"""Measures with their definition, the sets a committee approved, and what each said when."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

from ..catalogue import CATALOGUE, Basis, Unit
from ..star_measures import Direction, Period


def _choices(words: Any) -> list[tuple[str, str]]:
    return [(str(key.value), str(key.value).replace("_", " ").capitalize()) for key in words]


class StarMeasure(Versioned):
    """One measure: words, numerator and denominator by their keys in the catalogue, target."""

    class Source(models.TextChoices):
        COMPUTED = "computed", "Worked out here"
        SUPPLIED = "supplied", "Supplied by STAR with its own evidence"

    key = models.SlugField(max_length=60, unique=True, help_text="in addresses; it never changes")
    name = models.CharField(max_length=200, unique=True)
    words = models.TextField("definition in words")
    source = models.CharField(max_length=10, choices=Source.choices, default=Source.COMPUTED)
    unit = models.CharField(max_length=10, choices=_choices(Unit))
    numerator = models.CharField(max_length=40, blank=True)
    numerator_basis = models.CharField(max_length=12, choices=_choices(Basis), blank=True)
    denominator = models.CharField(max_length=40, blank=True)
    denominator_basis = models.CharField(max_length=12, choices=_choices(Basis), blank=True)
    period = models.CharField(max_length=14, choices=_choices(Period), default=Period.QUARTER)
    agreement = models.CharField(
        max_length=10, blank=True, help_text="only this kind of agreement; empty for all"
    )
    directorate = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="star_measures"
    )
    division = models.CharField(
        max_length=2,
        blank=True,
        help_text="of the agreement's category: first two digits of its CPV code",
    )
    theme = models.CharField(max_length=200, blank=True, help_text="of the measure library")
    ward = models.CharField(max_length=9, blank=True)
    target_quantity = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    direction = models.CharField(
        max_length=6, choices=_choices(Direction), default=Direction.HIGHER
    )
    note = models.TextField(blank=True, help_text="what a reader must know: gaps, sources, doubts")
    is_demo = models.BooleanField(default=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(source="supplied") | ~Q(numerator=""),
                name="a_computed_measure_names_its_numerator",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("star-measure-detail", args=[self.key])

    @property
    def is_ratio(self) -> bool:
        return bool(self.denominator)

    def catalogue_words(self) -> str:
        """ "Social value, offered / contract value, as awarded" for a table."""
        parts = []
        for key, basis in (
            (self.numerator, self.numerator_basis),
            (self.denominator, self.denominator_basis),
        ):
            if key:
                held = CATALOGUE.get(key)
                name = held.name if held else key
                parts.append(f"{name} ({basis})" if basis else name)
        return " divided by ".join(parts)


class MeasureSet(Versioned):
    """Five measures at a time, approved by a committee for some dates."""

    class State(models.TextChoices):
        DRAFT = "draft", "Being prepared"
        APPROVED = "approved", "Approved"

    name = models.CharField(max_length=200, unique=True)
    state = models.CharField(max_length=8, choices=State.choices, default=State.DRAFT)
    starts = models.DateField("in force from")
    ends = models.DateField("last day in force", null=True, blank=True)
    approved_by = models.CharField("approving body", max_length=200, blank=True)
    approved_on = models.DateField(null=True, blank=True)
    reference = models.CharField("decision reference", max_length=300, blank=True)
    note = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)
    measures: Any = models.ManyToManyField(StarMeasure, through="SetMember", related_name="sets")

    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")),
                name="a_set_ends_after_it_starts",
                violation_error_message="The last day comes before the first. Check both dates.",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("measure-set-detail", args=[self.pk])


class SetMember(models.Model):
    """A measure's place in a set, 1 to 5."""

    measure_set = models.ForeignKey(MeasureSet, on_delete=models.CASCADE, related_name="members")
    measure = models.ForeignKey(StarMeasure, on_delete=models.PROTECT, related_name="places")
    place = models.PositiveSmallIntegerField()

    class Meta:
        ordering = ["place"]
        constraints = [
            models.UniqueConstraint(
                fields=["measure_set", "measure"], name="a_measure_is_in_a_set_once"
            ),
            models.UniqueConstraint(
                fields=["measure_set", "place"], name="a_place_of_a_set_has_one_measure"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.place}. {self.measure}"


class MeasureReading(models.Model):
    """What a measure said of a quarter, as known at a moment. Rows are added and never changed.

    The latest row is what is known now. An earlier one is what was known then; a later one with
    another value restates it.
    """

    measure = models.ForeignKey(StarMeasure, on_delete=models.PROTECT, related_name="readings")
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    known_at = models.DateTimeField()
    value_quantity = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True, help_text="in the measure's unit"
    )
    numerator_quantity = models.DecimalField(max_digits=20, decimal_places=4, null=True, blank=True)
    denominator_quantity = models.DecimalField(
        max_digits=20, decimal_places=4, null=True, blank=True
    )
    reason = models.CharField(max_length=300, blank=True)
    returns_expected = models.PositiveIntegerField(default=0)
    returns_received = models.PositiveIntegerField(default=0)
    evidence = models.TextField(blank=True, help_text="of a supplied value: where it comes from")
    by_name = models.CharField(max_length=200, blank=True)
    definition = models.JSONField(default=dict, help_text="the measure as it was defined then")
    is_demo = models.BooleanField(default=False)

    class Meta:
        ordering = ["measure", "financial_year", "quarter", "known_at"]
        indexes = [models.Index(fields=["measure", "financial_year", "quarter", "-known_at"])]
        constraints = [
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="a_reading_is_of_a_quarter"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure}, {self.period}"

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)


class MeasureComment(Versioned):
    """What an officer says about a measure in a quarter. One for each."""

    measure = models.ForeignKey(StarMeasure, on_delete=models.PROTECT, related_name="comments")
    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    text = models.TextField("commentary", max_length=4000)
    by_name = models.CharField(max_length=200)
    written_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["measure", "financial_year", "quarter"], name="one_comment_for_a_reading"
            )
        ]

    def __str__(self) -> str:
        return f"{self.measure}, {Quarter(self.financial_year, self.quarter)}"


class PublishedFigure(models.Model):
    """A figure that somebody published and whose formula is not known: shown as it was said.

    It stands beside what is worked out here and is never added to it or compared by arithmetic.
    """

    key = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=200)
    words = models.TextField()
    value_quantity = models.DecimalField(max_digits=20, decimal_places=4, help_text="in its unit")
    unit = models.CharField(max_length=10, choices=_choices(Unit))
    period_words = models.CharField(max_length=100)
    source = models.TextField()
    published_on = models.DateField()
    beside = models.ForeignKey(
        StarMeasure, null=True, blank=True, on_delete=models.SET_NULL, related_name="published",
        help_text="the computed measure that a reader may want to see next to it",
    )  # fmt: skip

    class Meta:
        ordering = ["published_on", "pk"]

    def __str__(self) -> str:
        return self.name

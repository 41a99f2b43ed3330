"""Editions: a report's dataset as it was published, for ever, and the files drawn from it."""

from __future__ import annotations

from typing import Any, NoReturn

from django.db import models
from django.db.models import Q
from django.urls import reverse

from trafford_sv.core.access import can
from trafford_sv.core.models import Drawing
from trafford_sv.core.periods import FinancialYear, Quarter

from ..datasets import Dataset, read_dataset, with_period
from ..editions import Period, kind_of, public_kinds


class EditionIsFrozen(TypeError):
    """Somebody tried to change or remove a published edition."""


class EditionQuerySet(models.QuerySet["ReportEdition"]):
    def visible_to(self, user: Any) -> EditionQuerySet:
        """Editions of public kinds are for anybody; the others for whoever reads reports."""
        return self if can(user, "view_reports") else self.filter(kind__in=public_kinds())

    def standing(self) -> EditionQuerySet:
        """Of each kind and period the one with the highest number: what stands now."""
        later = ReportEdition.objects.filter(
            models.Q(quarter=models.OuterRef("quarter")) | models.Q(quarter__isnull=True),
            kind=models.OuterRef("kind"),  # a kind is of quarters or of years, never of both
            financial_year=models.OuterRef("financial_year"),
            number__gt=models.OuterRef("number"),
        )
        return self.filter(~models.Exists(later))

    def of_period(self, kind: str, period: Period) -> EditionQuerySet:
        if isinstance(period, Quarter):
            return self.filter(kind=kind, financial_year=period.start_year, quarter=period.number)
        return self.filter(kind=kind, financial_year=period.start_year, quarter__isnull=True)

    def update(self, **kwargs: Any) -> NoReturn:
        raise EditionIsFrozen("A published edition is never changed. Publish a correction.")

    def delete(self) -> Any:
        """Only what the demo brought can be taken away again."""
        if self.filter(is_demo=False).exists():
            raise EditionIsFrozen("A published edition is never removed.")
        return super().delete()


class ReportEdition(models.Model):
    """One publication of one report. `dataset_text` is all there is to it; rows are never changed.

    PostgreSQL itself refuses a change, and the removal of one that the demo did not bring.
    """

    kind = models.CharField(max_length=20)
    financial_year = models.PositiveSmallIntegerField(help_text="the year in which April falls")
    quarter = models.PositiveSmallIntegerField(null=True, blank=True, help_text="none: the year")
    number = models.PositiveSmallIntegerField(help_text="1, then 2 for a correction ...")
    title = models.CharField(max_length=300)
    schema = models.PositiveSmallIntegerField()
    dataset_text = models.TextField(help_text="the exact canonical JSON")
    sha256 = models.CharField(max_length=64, help_text="of the text’s UTF-8 bytes")
    published_at = models.DateTimeField()
    published_by_name = models.CharField(max_length=200)
    what_changed = models.TextField(blank=True, help_text="of a correction, for its readers")
    is_demo = models.BooleanField(default=False)

    objects = EditionQuerySet.as_manager()

    class Meta:
        ordering = ["-financial_year", "-quarter", "kind", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "financial_year", "quarter", "number"],
                condition=Q(quarter__isnull=False),
                name="an_edition_of_a_quarter_has_its_number_once",
            ),
            models.UniqueConstraint(
                fields=["kind", "financial_year", "number"],
                condition=Q(quarter__isnull=True),
                name="an_edition_of_a_year_has_its_number_once",
            ),
            models.CheckConstraint(condition=Q(number__gte=1), name="editions_count_from_1"),
            models.CheckConstraint(
                condition=Q(quarter__isnull=True) | Q(quarter__gte=1, quarter__lte=4),
                name="an_edition_is_of_a_quarter_or_a_year",
            ),
            models.CheckConstraint(
                condition=Q(number=1) | ~Q(what_changed=""),
                name="a_correction_says_what_changed",
            ),
        ]

    def __str__(self) -> str:
        return f"{with_period(self.title, self.period_label)}, edition {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("edition-detail", args=[self.kind, self.period_code, self.number])

    @property
    def period(self) -> Period:
        if self.quarter is None:
            return FinancialYear(self.financial_year)
        return Quarter(self.financial_year, self.quarter)

    @property
    def period_label(self) -> str:
        return self.period.label

    @property
    def period_code(self) -> str:
        period = self.period
        return period.code if isinstance(period, Quarter) else str(period)

    @property
    def kind_name(self) -> str:
        return kind_of(self.kind).name

    @property
    def is_correction(self) -> bool:
        return self.number > 1

    @property
    def file_stem(self) -> str:
        """What its files are called: star-quarterly-2026-27-q1-edition-2."""
        return f"{self.kind}-{self.period_code}-edition-{self.number}".lower()

    def dataset(self) -> Dataset:
        """Read from the stored text, whatever its schema number. Raises DatasetUnreadable."""
        return read_dataset(self.dataset_text)

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise EditionIsFrozen("A published edition is never changed. Publish a correction.")
        super().save(*args, force_insert=True, **{k: v for k, v in kwargs.items() if k == "using"})

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        if not self.is_demo:
            raise EditionIsFrozen("A published edition is never removed.")
        return super().delete(*args, **kwargs)


class EditionFile(Drawing):
    """A file drawn from an edition's dataset, once, outside the web processes."""

    class Format(models.TextChoices):
        PDF = "pdf", "PDF"
        DOCX = "docx", "Word document"
        XLSX = "xlsx", "Excel workbook"
        JSON = "json", "Data (JSON)"

    edition = models.ForeignKey(ReportEdition, on_delete=models.CASCADE, related_name="files")
    format = models.CharField(max_length=4, choices=Format.choices)

    class Meta:
        ordering = ["edition", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["edition", "format"], name="an_edition_has_one_file_of_a_format"
            )
        ]

    def __str__(self) -> str:
        return f"{self.edition}, {self.get_format_display()}"

    @property
    def is_ready(self) -> bool:
        return self.state == self.State.MADE

    @property
    def file_name(self) -> str:
        return f"{self.edition.file_stem}.{self.format}"

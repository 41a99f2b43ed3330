"""The words of a committee paper, kept while they are being written. Its figures are never kept here."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.core.periods import Quarter

LONG = 12_000


def _part(name: str, **more: Any) -> Any:
    return models.TextField(name, blank=True, max_length=LONG, **more)


class CommitteePaper(Versioned):
    """The draft of one quarter's paper, in the order of the Council's layout.

    A figure is written as [[its-id]]; publishing freezes the words with the figures in an edition.
    """

    class ReportFor(models.TextChoices):
        DECISION = "Decision", "Decision"
        INFORMATION = "Information", "Information"
        CONSIDERATION = "Consideration", "Consideration"

    class Answer(models.TextChoices):
        YES = "Yes", "Yes"
        NO = "No", "No"

    financial_year = models.PositiveSmallIntegerField()
    quarter = models.PositiveSmallIntegerField()
    report_to = models.CharField("report to", max_length=200, blank=True)
    meeting_on = models.DateField("date of the meeting", null=True, blank=True)
    report_for = models.CharField(max_length=20, choices=ReportFor.choices, blank=True)
    author = models.CharField("report of", max_length=200, blank=True)
    title = models.CharField("report title", max_length=300, blank=True)
    summary = _part("summary")
    recommendations = _part("recommendations")
    contact = models.CharField("contact person", max_length=300, blank=True)
    appendices = _part("appendices")
    background_papers = _part("background papers")
    implication_policy = _part("relationship to the policy framework and corporate priorities")
    implication_greater_manchester = _part("relationship to GM policy or strategy framework")
    implication_financial = _part("financial implications")
    implication_legal = _part("legal implications")
    implication_equality = _part("equality and diversity implications")
    implication_sustainability = _part("sustainability implications")
    implication_carbon = _part("carbon reduction")
    implication_resources = _part("resource implications: staffing, ICT, assets")
    implication_risk = _part("risk management implications")
    implication_wellbeing = _part("health and wellbeing implications")
    implication_safety = _part("health and safety implications")
    body = _part("the report itself")
    other_options = _part("other options")
    consultation = _part("consultation")
    reasons = _part("reasons for recommendation")
    key_decision = models.CharField(max_length=3, choices=Answer.choices, blank=True)
    notice_given = models.CharField(
        "28-day notice given", max_length=3, choices=Answer.choices, blank=True
    )
    finance_clearance = models.CharField("finance officer clearance", max_length=60, blank=True)
    legal_clearance = models.CharField("legal officer clearance", max_length=60, blank=True)
    is_demo = models.BooleanField(default=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-financial_year", "-quarter"]
        constraints = [
            models.UniqueConstraint(
                fields=["financial_year", "quarter"],
                name="one_committee_paper_a_quarter",
                violation_error_message="The paper of this quarter is begun already. Open it.",
            ),
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="a_paper_is_of_a_quarter"
            ),
        ]

    def __str__(self) -> str:
        return f"Committee paper, {self.period.label}"

    def get_absolute_url(self) -> str:
        return reverse("committee-paper-detail", args=[self.period.code])

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)

"""Which quarters are closed. A closed quarter refuses changes to what it counted."""

from __future__ import annotations

from django.db import models

from .records import Versioned


class ClosedQuarter(Versioned):
    """One closing of one quarter; reopening keeps the row and says who, when and why."""

    financial_year = models.PositiveSmallIntegerField(help_text="The year in which April falls.")
    quarter = models.PositiveSmallIntegerField(help_text="1 is April to June.")
    closed_at = models.DateTimeField()
    closed_by_name = models.CharField(max_length=200)
    reopened_at = models.DateTimeField(null=True, blank=True)
    reopened_by_name = models.CharField(max_length=200, blank=True)
    reopened_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["-financial_year", "-quarter", "-closed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["financial_year", "quarter"],
                condition=models.Q(reopened_at__isnull=True),
                name="a_quarter_is_closed_once_at_a_time",
            ),
            models.CheckConstraint(
                condition=models.Q(quarter__gte=1, quarter__lte=4), name="closed_quarter_is_1_to_4"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.financial_year}-{(self.financial_year + 1) % 100:02d} Q{self.quarter}"

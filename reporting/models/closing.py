"""What was accepted before a quarter was closed, and when people were reminded. Only added to."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from trafford_sv.core.models.mail_rows import MailRow
from trafford_sv.core.periods import Quarter

from ..closing_checks import CHECK_WORDS


class _OfQuarter(models.Model):
    financial_year = models.PositiveSmallIntegerField(help_text="The year in which April falls.")
    quarter = models.PositiveSmallIntegerField(help_text="1 is April to June.")
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        abstract = True

    @property
    def period(self) -> Quarter:
        return Quarter(self.financial_year, self.quarter)


class AcceptedCheck(_OfQuarter):
    """Somebody accepts, with a reason, that so many things are outstanding."""

    check_key = models.CharField(
        "check",
        max_length=20,
        choices=[(key.value, words[0]) for key, words in CHECK_WORDS.items()],
    )
    number = models.PositiveIntegerField(help_text="how many things were outstanding")
    words = models.CharField(max_length=300, help_text="what the check said")
    reason = models.TextField(max_length=500)
    accepted_at = models.DateTimeField()
    accepted_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["financial_year", "quarter", "accepted_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quarter__gte=1, quarter__lte=4), name="a_check_is_of_a_quarter"
            ),
            models.CheckConstraint(
                condition=~Q(reason="") & Q(number__gt=0), name="a_check_is_accepted_with_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}: {self.words}"


class ClosingReminder(_OfQuarter):
    """One press of the button. At most one a day for a quarter, whoever presses.

    `finished_at` None: it is being sent, or the work was cut off and may be begun again.
    """

    day = models.DateField()
    asked_at = models.DateTimeField()
    asked_by_name = models.CharField(max_length=200)
    finished_at = models.DateTimeField(null=True, blank=True)
    suppliers_written = models.PositiveIntegerField(default=0)
    leads_asked = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["financial_year", "quarter", "day"], name="one_closing_reminder_a_day"
            )
        ]

    def __str__(self) -> str:
        return f"{self.period}, {self.day}"


class ClosingMail(MailRow):
    """One press of the button to one officer who owes a value or a commentary. In doubt it stays so in
    the log: the next day's press is a message of its own."""

    reminder = models.ForeignKey(ClosingReminder, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="closing_mails"
    )
    about = models.TextField(help_text="what was asked for, in words")

    class Meta:
        ordering = ["reminder", "user__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["reminder", "user"], name="an_officer_is_reminded_once_a_press"
            )
        ]

    def __str__(self) -> str:
        return f"{self.reminder}, to {self.user}"

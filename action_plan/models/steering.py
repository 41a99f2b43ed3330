"""The Steering Group: who sits on it, who takes the chair, when it may decide, when it meets."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Organisation

from .. import quorum
from ..meeting_dates import WEEKDAYS, WEEKS, Pattern


class SeatQuerySet(models.QuerySet["Seat"]):
    def in_force(self, day: datetime.date) -> SeatQuerySet:
        """Those that count on a day. `ends` is the last day with the seat."""
        return self.filter(Q(ends__isnull=True) | Q(ends__gte=day), starts__lte=day)


class Seat(Versioned):
    """One place on the Group: an organisation or service, and the role that holds the place.

    `user` is the account of whoever holds it now, if they have one. What they may do as a member
    follows the seat's dates, whatever other roles they hold.
    """

    body = models.CharField("organisation or service", max_length=200)
    organisation = models.ForeignKey(
        Organisation, null=True, blank=True, on_delete=models.PROTECT, related_name="seats"
    )
    held_by = models.CharField(
        "role of the member", max_length=200, help_text="a role, not a person’s name"
    )
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        verbose_name="member’s account",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="seats",
    )
    starts = models.DateField("first day")
    ends = models.DateField("last day", null=True, blank=True)
    note = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False, editable=False)

    objects = SeatQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["body", "starts", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(ends__isnull=True) | Q(ends__gte=F("starts")),
                name="a_seat_ends_after_it_starts",
                violation_error_message="The last day is before the first. Check both dates.",
            )
        ]

    def __str__(self) -> str:
        return f"{self.body}: {self.held_by}"

    def get_absolute_url(self) -> str:
        return reverse("seat-detail", kwargs={"pk": self.pk})

    def is_in_force(self, day: datetime.date) -> bool:
        return self.starts <= day and (self.ends is None or self.ends >= day)


class ChairTerm(models.Model):
    """From this day on this seat takes the chair, until the next term begins. No seat: vacant.

    A term stores no end and no two begin on one day, so two chairs at once cannot be written down.
    """

    seat = models.ForeignKey(
        Seat, null=True, blank=True, on_delete=models.PROTECT, related_name="chair_terms"
    )
    starts = models.DateField("first day in the chair", unique=True)
    named_at = models.DateTimeField()
    named_by_name = models.CharField(max_length=200)
    is_demo = models.BooleanField(default=False, editable=False)

    class Meta:
        ordering = ["-starts"]

    def __str__(self) -> str:
        return f"{self.seat or 'No chair'} from {self.starts}"


class QuorumRule(Versioned):
    """When the Group may decide, from a day on until the next rule begins."""

    starts = models.DateField("in force from", unique=True)
    seats_share = models.DecimalField(
        "share of the seats", max_digits=5, decimal_places=4, default=Decimal("0.5")
    )
    at_least = models.PositiveSmallIntegerField("and never fewer than", default=3)
    needs_chair = models.BooleanField("somebody present takes the chair", default=True)
    substitutes_count = models.BooleanField("substitutes count", default=True)
    source = models.CharField("who decided it, and where", max_length=300)
    is_demo = models.BooleanField(default=False, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["-starts"]
        constraints = [
            models.CheckConstraint(
                condition=Q(seats_share__gte=0, seats_share__lte=1),
                name="a_quorum_is_a_share_of_the_seats",
            )
        ]

    def __str__(self) -> str:
        return f"Quorum from {self.starts:%-d %B %Y}"

    @property
    def rule(self) -> quorum.QuorumRule:
        return quorum.QuorumRule(
            self.seats_share, self.at_least, self.needs_chair, self.substitutes_count
        )


class MeetingSeries(Versioned):
    """Meetings that come round: how often, which weekday of the month, at what time, where."""

    name = models.CharField(max_length=200, unique=True)
    every_months = models.PositiveSmallIntegerField("every how many months", default=3)
    week = models.PositiveSmallIntegerField("which one of the month", choices=WEEKS, default=2)
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS, default=1)
    starts_at = models.TimeField("time", default=datetime.time(14))
    place = models.CharField(max_length=300, blank=True)
    begins = models.DateField("first month")
    pack_days_before = models.PositiveSmallIntegerField(
        "days before a meeting on which the pack goes out", default=7
    )
    is_demo = models.BooleanField(default=False, editable=False)

    history = HistoricalRecords()

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "meeting series"
        constraints = [
            models.CheckConstraint(
                condition=Q(every_months__gte=1, every_months__lte=12),
                name="a_series_meets_at_least_once_a_year",
                violation_error_message="A series meets every 1 to 12 months.",
            ),
            models.CheckConstraint(
                condition=Q(week__gte=1, week__lte=5, weekday__gte=0, weekday__lte=4),
                name="a_series_has_a_day_of_the_month",
            ),
            models.CheckConstraint(
                condition=Q(pack_days_before__gte=1, pack_days_before__lte=60),
                name="a_pack_goes_out_before_its_meeting",
                violation_error_message="Give 1 to 60 days.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def pattern(self) -> Pattern:
        return Pattern(self.every_months, self.week, self.weekday)

"""The charter: its versions, and the principles, areas for focus and initiatives of each.

A version stores the day from which it is in force, and no end: it ends the day before the next
one begins. No two approved versions may begin on one day, so from the first of them on exactly
one is in force on any date. Neither an overlap nor a gap can be written down.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import models
from django.db.models import F, OuterRef, Q, Subquery
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned


class Origin(models.TextChoices):
    """Whose words a principle, an area or an initiative is in."""

    REPORT = "report", "Words of the council’s report"
    CHARTER = "charter", "Words of the approved charter"
    SUGGESTED = "suggested", "A suggestion of this site, not part of the approved charter"


class CharterVersionQuerySet(models.QuerySet["CharterVersion"]):
    def visible_to(self, user: Any) -> CharterVersionQuerySet:
        """Approved versions are public; drafts are for whoever may read them."""
        everything, _ = reach(user, "view_charter")
        return self if everything else self.approved()

    def drafts(self) -> CharterVersionQuerySet:
        return self.filter(state=CharterVersion.State.DRAFT)

    def approved(self) -> CharterVersionQuerySet:
        """Those a body has approved, whether in force, superseded or still to begin."""
        return self.filter(state=CharterVersion.State.APPROVED)

    def in_force_on(self, day: datetime.date) -> CharterVersionQuerySet:
        """The one in force on the day, or none before the first began. Ask for `.first()`."""
        return self.approved().filter(in_force_from__lte=day).order_by("-in_force_from")[:1]

    def with_end(self) -> CharterVersionQuerySet:
        """Adds `in_force_to`, the last day in force; None for the last version and for drafts."""
        following = (
            CharterVersion.objects.approved()
            .filter(in_force_from__gt=OuterRef("in_force_from"))
            .order_by("in_force_from")
            .values("in_force_from")[:1]
        )
        return self.annotate(next_from=Subquery(following))


class CharterVersion(Versioned):
    """One wording of the charter. A draft is live; an approved one never changes its words.

    Superseded is computed (`status_on`), because it is a matter of the day that is asked about.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        APPROVED = "approved", "Approved"

    class Status(models.TextChoices):
        """What a version is on a day."""

        DRAFT = "draft", "Draft"
        COMING = "coming", "Approved, not yet in force"
        IN_FORCE = "in_force", "Approved, in force"
        SUPERSEDED = "superseded", "Superseded"

    number = models.PositiveSmallIntegerField(unique=True)
    title = models.CharField(max_length=200)
    introduction = models.TextField(blank=True)
    what_changed = models.TextField(
        blank=True, help_text="what is different from the version before, and why"
    )
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    approving_body = models.CharField(max_length=200, blank=True)
    approved_on = models.DateField(null=True, blank=True)
    decision_reference = models.CharField(max_length=300, blank=True)
    decision_address = models.URLField("where the decision is published", blank=True)
    in_force_from = models.DateField(null=True, blank=True)
    source_note = models.TextField(
        blank=True, help_text="which of its words are whose, and what we do not hold"
    )
    is_demo = models.BooleanField(default=False)

    objects = CharterVersionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-number"]
        verbose_name = "charter version"
        constraints = [
            models.UniqueConstraint(
                fields=["in_force_from"],
                condition=Q(state="approved"),
                name="one_charter_begins_on_a_day",
                violation_error_message=(
                    "Another approved version is in force from that day. Choose another day."
                ),
            ),
            models.UniqueConstraint(
                fields=["state"],
                condition=Q(state="draft"),
                name="one_draft_charter_at_a_time",
                violation_error_message="A draft is open already. Work on that one.",
            ),
            models.CheckConstraint(
                condition=Q(state="draft")
                | (
                    Q(approved_on__isnull=False)
                    & Q(in_force_from__isnull=False)
                    & ~Q(approving_body="")
                    & ~Q(decision_reference="")
                ),
                name="an_approval_has_a_body_a_day_and_a_reference",
                violation_error_message=(
                    "Say which body approved the charter, on what day, and the decision’s reference."
                ),
            ),
            models.CheckConstraint(
                condition=Q(in_force_from__isnull=True)
                | Q(approved_on__isnull=True)
                | Q(in_force_from__gte=F("approved_on")),
                name="a_charter_is_in_force_after_its_approval",
                violation_error_message=(
                    "The charter cannot be in force before the day it was approved."
                    " Check both dates."
                ),
            ),
            models.CheckConstraint(
                condition=Q(state="approved") | Q(in_force_from__isnull=True),
                name="a_draft_charter_is_not_in_force",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title}, version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("charter-version-detail", kwargs={"number": self.number})

    @property
    def in_force_to(self) -> datetime.date | None:
        """The last day in force; None while no later version is approved. Needs `with_end()`."""
        following: datetime.date | None = self.next_from  # type: ignore[attr-defined]
        return None if following is None else following - datetime.timedelta(days=1)

    def status_on(self, day: datetime.date) -> str:
        """A value of `Status`. Needs `with_end()`."""
        if self.state == self.State.DRAFT or self.in_force_from is None:
            return self.Status.DRAFT
        if day < self.in_force_from:
            return self.Status.COMING
        last = self.in_force_to
        return self.Status.IN_FORCE if last is None or day <= last else self.Status.SUPERSEDED


class Principle(Versioned):
    """One principle of one version. `key` names the same principle in every version."""

    charter_version = models.ForeignKey(
        CharterVersion, on_delete=models.CASCADE, related_name="principles"
    )
    number = models.PositiveSmallIntegerField()
    key = models.SlugField(max_length=60, help_text="the same in every version")
    title = models.CharField(max_length=120, help_text="a short name, for tags and charts")
    words = models.TextField(help_text="the principle itself")
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.CHARTER)

    history = HistoricalRecords()

    class Meta:
        ordering = ["charter_version", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["charter_version", "key"],
                name="a_principle_is_once_in_a_version",
                violation_error_message="This version already has that principle.",
            ),
            models.UniqueConstraint(
                fields=["charter_version", "number"],
                name="one_principle_of_a_number",
                violation_error_message=(
                    "Another principle has that number. Choose one that is free."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"


class FocusArea(Versioned):
    """Something that a principle is about, under which organisations may choose initiatives."""

    principle = models.ForeignKey(Principle, on_delete=models.CASCADE, related_name="focus_areas")
    key = models.SlugField(max_length=60, help_text="the same in every version")
    title = models.CharField(max_length=200)
    words = models.TextField(blank=True)
    position = models.PositiveSmallIntegerField(default=0)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.CHARTER)

    history = HistoricalRecords()

    class Meta:
        ordering = ["principle", "position", "pk"]
        verbose_name = "area for focus"
        verbose_name_plural = "areas for focus"
        constraints = [
            models.UniqueConstraint(
                fields=["principle", "key"],
                name="an_area_is_once_under_a_principle",
                violation_error_message="This principle already has that area.",
            )
        ]

    def __str__(self) -> str:
        return self.title


class Initiative(Versioned):
    """What an organisation may choose to do. Money need not be at its heart (5.2)."""

    focus_area = models.ForeignKey(FocusArea, on_delete=models.CASCADE, related_name="initiatives")
    key = models.SlugField(max_length=80, help_text="the same in every version")
    title = models.CharField(max_length=300)
    words = models.TextField(blank=True)
    unit = models.CharField(
        max_length=60, blank=True, help_text="what would be counted, where it can be: hours, people"
    )
    position = models.PositiveSmallIntegerField(default=0)
    origin = models.CharField(max_length=10, choices=Origin.choices, default=Origin.CHARTER)

    history = HistoricalRecords()

    class Meta:
        ordering = ["focus_area", "position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["focus_area", "key"],
                name="an_initiative_is_once_in_an_area",
                violation_error_message="This area already has that initiative.",
            )
        ]

    def __str__(self) -> str:
        return self.title

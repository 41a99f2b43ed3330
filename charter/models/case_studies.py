"""Stories of what social value did, published once those in them have agreed."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.access import reach
from trafford_sv.core.models import Versioned
from trafford_sv.directory.models import Organisation

from .versions import Principle


class CaseStudyQuerySet(models.QuerySet["CaseStudy"]):
    def published(self) -> CaseStudyQuerySet:
        return self.filter(state=CaseStudy.State.PUBLISHED)

    def visible_to(self, user: Any) -> CaseStudyQuerySet:
        """Published ones for everybody; drafts for whoever reads what is not public yet."""
        everything, _ = reach(user, "view_charter")
        return self if everything else self.published()


class CaseStudy(Versioned):
    """A story with the consent that it rests on. Commitments and needs link to it from above."""

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        PUBLISHED = "published", "Published"
        WITHDRAWN = "withdrawn", "Withdrawn"

    key = models.SlugField(max_length=60, unique=True)
    title = models.CharField(max_length=200)
    summary = models.CharField(max_length=400, help_text="one or two sentences, for the list")
    story = models.TextField()
    principle = models.ForeignKey(
        Principle, null=True, blank=True, on_delete=models.PROTECT, related_name="case_studies"
    )
    happened_words = models.CharField("when it happened", max_length=120, blank=True)
    people_helped = models.PositiveIntegerField(null=True, blank=True)
    is_at_least = models.BooleanField("the number is at least that many", default=False)
    partners = models.ManyToManyField(Organisation, blank=True, related_name="case_studies")
    partner_words = models.TextField(
        "other partners", blank=True, help_text="one on each line, with what they did"
    )
    consent_words = models.TextField(
        "consent", blank=True, help_text="who agreed to what is told here, and to the picture"
    )
    consent_on = models.DateField(null=True, blank=True)
    picture = models.FileField(upload_to="case-studies/", blank=True)
    picture_kind = models.CharField(max_length=10, blank=True)
    picture_alt = models.CharField("what the picture shows", max_length=300, blank=True)
    picture_credit = models.CharField(max_length=200, blank=True)
    source_title = models.CharField(max_length=300, blank=True)
    source_address = models.URLField(max_length=500, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    published_on = models.DateField(null=True, blank=True)
    withdrawn_reason = models.TextField(blank=True)
    is_demo = models.BooleanField(default=False)

    objects = CaseStudyQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-published_on", "title", "pk"]
        verbose_name_plural = "case studies"
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="published")
                | (Q(consent_on__isnull=False) & ~Q(consent_words="")),
                name="a_published_story_has_consent",
                violation_error_message=(
                    "Record who agreed to the story, and when, before it is published."
                ),
            ),
            models.CheckConstraint(
                condition=Q(picture="") | ~Q(picture_alt=""),
                name="a_picture_says_what_it_shows",
                violation_error_message=(
                    "Say what the picture shows, for people who cannot see it."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("case-study-detail", kwargs={"key": self.key})

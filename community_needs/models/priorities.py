"""What communities say matters: the list that rounds ask about and needs are sorted under."""

from __future__ import annotations

from django.db import models
from django.urls import reverse
from simple_history.models import HistoricalRecords

from trafford_sv.core.models import Versioned


class PriorityQuerySet(models.QuerySet["Priority"]):
    def current(self) -> PriorityQuerySet:
        """Those that new needs and rounds may use."""
        return self.filter(is_current=True)


class Priority(Versioned):
    """One thing that communities asked for, in a few words and in a sentence or two."""

    key = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120, unique=True)
    summary = models.TextField(help_text="What it covers, in plain words")
    position = models.PositiveSmallIntegerField(default=100, help_text="lowest first")
    is_current = models.BooleanField(
        "in use", default=True, help_text="Older needs keep one that is no longer in use"
    )
    source = models.CharField(max_length=300, blank=True)
    translations = models.JSONField(
        default=dict, blank=True, help_text='{"zh-hant": {"name": "...", "summary": "..."}}'
    )

    objects = PriorityQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["position", "name"]
        verbose_name = "priority"
        verbose_name_plural = "priorities"

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("priority-list")

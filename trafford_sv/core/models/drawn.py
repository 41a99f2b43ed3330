"""Files that are drawn from content by a task once, and served as stored after that."""

from __future__ import annotations

from django.db import models


class Drawing(models.Model):
    """What every such row has. `tries` counts drawings that were begun."""

    class State(models.TextChoices):
        WAITING = "waiting", "Being made"
        MADE = "made", "Ready"
        FAILED = "failed", "Could not be made"

    state = models.CharField(max_length=7, choices=State.choices, default=State.WAITING)
    file = models.FileField(blank=True, max_length=200)
    sha256 = models.CharField(max_length=64, blank=True)
    size_bytes = models.PositiveBigIntegerField(default=0)
    made_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.TextField(blank=True)

    class Meta:
        abstract = True


class DrawnDocument(Drawing):
    """A PDF of one exact content, whoever asks for it. It can be drawn again, so old ones are forgotten.

    `html` is what it is drawn from, and empty once it is drawn.
    """

    content_sha256 = models.CharField(max_length=64, unique=True)
    html = models.TextField(blank=True)
    asked_at = models.DateTimeField()

    class Meta:
        ordering = ["asked_at", "pk"]

    def __str__(self) -> str:
        return f"Document {self.content_sha256[:8]}"

"""What every editable record has: a version for optimistic locking, and flags for dirty values."""

from __future__ import annotations

from django.db import models


class Versioned(models.Model):
    """A record that two people may edit. `core.services.records.update_record` checks the version."""

    version = models.PositiveIntegerField(default=1, editable=False)

    class Meta:
        abstract = True


class DataFlag(models.Model):
    """A value that came in dirty: what it said, what we understood, and what we propose.

    Nothing is repaired silently. `proposal` is applied only when a person accepts it.
    The subject is named in text so that a flag outlives what it describes.
    """

    class State(models.TextChoices):
        OPEN = "open", "Needs a look"
        ACCEPTED = "accepted", "Proposal accepted"
        DISMISSED = "dismissed", "Left as it is"

    subject_type = models.CharField(max_length=60)
    subject_id = models.CharField(max_length=60)
    subject_name = models.CharField(max_length=300)
    field = models.CharField(max_length=60)
    raw = models.TextField(blank=True)
    understood = models.TextField(blank=True)
    proposal = models.TextField(blank=True)
    code = models.CharField(max_length=60)
    sentence = models.TextField()
    import_run = models.UUIDField(null=True, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    decided_by_name = models.CharField(max_length=200, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["subject_type", "subject_id"])]
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "field", "code", "raw"],
                name="a_dirty_value_is_flagged_once",
            )
        ]

    def __str__(self) -> str:
        return self.sentence

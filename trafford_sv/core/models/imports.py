"""An import from file to rows: what was uploaded, what it would change, what it changed."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class ColumnMapping(models.Model):
    """A remembered answer to "which column is which", keyed by the headings themselves."""

    kind = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    headings_hash = models.CharField(max_length=64)
    headings = models.JSONField()
    columns = models.JSONField(help_text="our field name -> their heading")
    used_at = models.DateTimeField()
    saved_by_name = models.CharField(max_length=200)

    class Meta:
        ordering = ["kind", "name"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "headings_hash"], name="one_mapping_per_headings"
            ),
            models.UniqueConstraint(fields=["kind", "name"], name="one_mapping_per_name"),
        ]

    def __str__(self) -> str:
        return self.name


class ImportRun(models.Model):
    """One file on its way in. Nothing is changed before `applying`, and then all at once."""

    class State(models.TextChoices):
        UPLOADED = "uploaded", "Choose columns"
        PLANNING = "planning", "Checking the file"
        PLANNED = "planned", "Ready to apply"
        APPLYING = "applying", "Applying"
        APPLIED = "applied", "Applied"
        REFUSED = "refused", "Refused"
        CANCELLED = "cancelled", "Cancelled"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(max_length=40)
    state = models.CharField(max_length=10, choices=State.choices, default=State.UPLOADED)
    original_name = models.CharField(max_length=255)
    file = models.FileField(upload_to="imports/%Y/%m/")
    file_sha256 = models.CharField(max_length=64)
    file_bytes = models.PositiveBigIntegerField()
    source_name = models.CharField(max_length=200, blank=True)
    columns = models.JSONField(default=dict)
    answers = models.JSONField(
        default=dict,
        blank=True,
        help_text="what the kind asks beside the columns, who said so, when",
    )
    only_valid = models.BooleanField(default=False)
    message = models.TextField(blank=True)

    rows = models.PositiveIntegerField(default=0)
    created = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    rejected = models.PositiveIntegerField(default=0)
    facts = models.JSONField(default=dict, help_text="figures particular to this kind of import")
    progress_done = models.PositiveBigIntegerField(default=0)
    progress_total = models.PositiveBigIntegerField(default=0)

    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    started_by_name = models.CharField(max_length=200)
    applied_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    applied_by_name = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    rejects_seen_at = models.DateTimeField(null=True, blank=True)
    file_deleted_at = models.DateTimeField(null=True, blank=True, help_text="and its stored rows")

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["kind", "state"])]
        constraints = [
            # Two people cannot apply the same kind of import at once.
            models.UniqueConstraint(
                fields=["kind"], condition=Q(state="applying"), name="one_import_of_a_kind_at_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.original_name} ({self.get_state_display()})"


class ImportRow(models.Model):
    """What one row of the file would do. Unchanged rows are counted, not stored."""

    class Outcome(models.TextChoices):
        NEW = "new", "New"
        CHANGED = "changed", "Changed"
        REJECTED = "rejected", "Rejected"

    run = models.ForeignKey(ImportRun, on_delete=models.CASCADE, related_name="planned_rows")
    sheet = models.CharField(max_length=120, blank=True)
    row_number = models.PositiveIntegerField(help_text="as the spreadsheet shows it, heading = 1")
    outcome = models.CharField(max_length=10, choices=Outcome.choices)
    key = models.CharField(max_length=300, blank=True)
    title = models.CharField(max_length=300, blank=True)
    raw = models.JSONField(default=dict, help_text="the cells as they came, by heading")
    values = models.JSONField(default=dict, help_text="what was understood, ready to apply")
    changes = models.JSONField(default=list, help_text="[{field, label, before, after}]")
    problems = models.JSONField(default=list, help_text="[{column, value, sentence}]")
    flags = models.JSONField(
        default=list, help_text="[{field, raw, understood, proposal, code, sentence}]"
    )

    class Meta:
        ordering = ["pk"]
        indexes = [models.Index(fields=["run", "outcome"])]

    def __str__(self) -> str:
        return f"row {self.row_number}: {self.get_outcome_display()}"

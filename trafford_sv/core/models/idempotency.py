"""What was answered to a POST that carried an `Idempotency-Key`, kept for a day."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class IdempotentAnswer(models.Model):
    """One key of one person: the request it belongs to, and the answer to repeat.

    Written in the same transaction as what the request created, so that neither is there
    without the other.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    key = models.CharField(max_length=200)
    request_hash = models.CharField(max_length=64, help_text="sha256 of method, path and body")
    status = models.PositiveSmallIntegerField(default=0)
    headers = models.JSONField(default=dict)
    body = models.JSONField(default=dict)
    created_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "key"], name="a_key_is_answered_once")
        ]

    def __str__(self) -> str:
        return f"{self.key} of {self.user}"

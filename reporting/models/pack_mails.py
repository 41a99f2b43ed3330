"""One e-mail with the pack of one meeting to one member: claimed, sent, then marked."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from action_plan.models import Meeting


class PackMail(models.Model):
    """`claimed` and not `sent` is in doubt and is shown to a person, never sent again by itself."""

    class State(models.TextChoices):
        CLAIMED = "claimed", "Being sent"
        SENT = "sent", "Sent"
        FAILED = "failed", "Refused by the mail server"
        SKIPPED = "skipped", "Not due any more"

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="pack_mails")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pack_mails"
    )
    state = models.CharField(max_length=8, choices=State.choices, default=State.CLAIMED)
    claimed_at = models.DateTimeField()
    sent_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=1)
    failure = models.TextField(blank=True)

    class Meta:
        ordering = ["meeting", "user__name", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["meeting", "user"], name="one_pack_a_member_and_meeting"
            )
        ]

    def __str__(self) -> str:
        return f"Pack of {self.meeting} to {self.user}"

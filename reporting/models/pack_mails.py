"""One e-mail with the pack of one meeting to one member: claimed, sent, then marked; and what it held."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.urls import reverse

from action_plan.models import Meeting


class KeptPack(models.Model):
    """A pack as it was sent: its exact text with its hash, never changed and, but for those of a demo
    meeting, never removed; PostgreSQL itself refuses both. Members alone read it."""

    meeting = models.ForeignKey(Meeting, on_delete=models.CASCADE, related_name="kept_packs")
    kept_at = models.DateTimeField()
    text = models.TextField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["meeting", "-kept_at", "-pk"]
        constraints = [
            models.UniqueConstraint(fields=["meeting", "sha256"], name="a_pack_is_kept_once")
        ]

    def __str__(self) -> str:
        return f"Pack of {self.meeting} as sent"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None:
            raise ValueError("A pack that was sent is never changed.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        if not self.meeting.is_demo:
            raise ValueError("A pack that was sent is never removed.")
        return super().delete(*args, **kwargs)

    def get_absolute_url(self) -> str:
        return reverse("kept-pack", args=[self.meeting_id, self.pk])


class PackPreference(models.Model):
    """Whether a member wants packs by e-mail. Without a row they do."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pack_preference"
    )
    wants_packs = models.BooleanField(default=True)
    changed_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.user}: {'packs' if self.wants_packs else 'no packs'} by e-mail"


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
    pack = models.ForeignKey(
        KeptPack, null=True, blank=True, on_delete=models.RESTRICT, related_name="mails",
        help_text="what was sent; none for mails from before packs were kept",
    )  # fmt: skip
    earlier_packs = models.ManyToManyField(
        KeptPack, blank=True, related_name="earlier_mails",
        help_text="what tries carried that may have arrived, before it was sent again",
    )  # fmt: skip
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

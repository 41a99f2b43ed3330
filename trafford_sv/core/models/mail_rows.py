"""One e-mail to one reader as a row of its own: claimed, sent, marked, so that it goes once."""

from __future__ import annotations

import datetime

from django.db import models
from django.db.models import Q

# A run may take this long; after it, what is still claimed is in doubt.
DOUBT_AFTER = datetime.timedelta(hours=1)
TRIES_AT_MOST = 5
PAUSE = datetime.timedelta(minutes=15)


class MailState(models.TextChoices):
    WAITING = "waiting", "Waiting to be sent"
    CLAIMED = "claimed", "Being sent, or in doubt"
    SENT = "sent", "Sent"
    FAILED = "failed", "Refused by the mail server"
    SKIPPED = "skipped", "No longer needed"


class MailQuerySet(models.QuerySet["MailRow"]):
    def due(self, now: datetime.datetime) -> MailQuerySet:
        """Waiting, or refused, some minutes ago and not too often."""
        return self.filter(
            Q(state=MailState.WAITING)
            | Q(state=MailState.FAILED, tries__lt=TRIES_AT_MOST, claimed_at__lte=now - PAUSE)
        )

    def in_doubt(self, now: datetime.datetime) -> MailQuerySet:
        """Begun, and not known whether it went."""
        return self.filter(state=MailState.CLAIMED).filter(
            ~Q(failure="") | Q(claimed_at__lte=now - DOUBT_AFTER)
        )


class MailRow(models.Model):
    """The columns that sending needs. `claimed` and not `sent` is in doubt: it may have gone, so it
    is never sent again by itself and is shown to a person."""

    state = models.CharField(max_length=10, choices=MailState.choices, default=MailState.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    failure = models.CharField(max_length=500, blank=True)
    claimed_at = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)

    State = MailState
    objects = MailQuerySet.as_manager()

    class Meta:
        abstract = True

"""A row to which one e-mail belongs, which goes once (`core.services.one_mail`)."""

from __future__ import annotations

import datetime

from django.db import models

# One mail is sent in seconds; a worker that has not come back after this was lost.
DOUBT_AFTER = datetime.timedelta(minutes=15)


class HasOneMail(models.Model):
    emailed_at = models.DateTimeField(null=True, blank=True)
    mail_claimed_at = models.DateTimeField(
        null=True, blank=True, help_text="a worker sends it since; not sent after: in doubt"
    )
    mail_failure = models.TextField(blank=True, help_text="why the last e-mail did not go out")

    class Meta:
        abstract = True

    @property
    def mail_doubt_from(self) -> datetime.datetime | None:
        """From when nobody knows whether the e-mail went: whoever was sending it did not come back."""
        if self.emailed_at is not None or self.mail_claimed_at is None:
            return None
        return self.mail_claimed_at if self.mail_failure else self.mail_claimed_at + DOUBT_AFTER

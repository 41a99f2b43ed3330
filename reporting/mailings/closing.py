"""What an officer reads who owes a value or a commentary before a quarter is closed. No blame."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter

from ..selectors.closing_owed import OwedByOfficers
from .strict import render_strictly


def closing_email(user: User, quarter: Quarter, owed: OwedByOfficers) -> EmailMessage:
    def told(measures: object) -> list[dict[str, str]]:
        return [
            {
                "name": one.name,
                "link": f"{settings.SITE_URL}{one.get_absolute_url()}?quarter={quarter.code}",
            }
            for one in measures  # type: ignore[attr-defined]
        ]

    return EmailMessage(
        subject=f"{quarter.label}: what is wanted from you before it is closed",
        body=render_strictly(
            "reporting/email/closing.txt",
            {
                "quarter": quarter.label,
                "values": told(owed.values),
                "comments": told(owed.comments),
            },
        ),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )

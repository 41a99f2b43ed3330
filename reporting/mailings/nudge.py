"""What the co-ordinator reads when a report is late. No blame."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.urls import reverse

from trafford_sv.core.models import User

from ..selectors.mailings.late import LateReport
from .strict import render_strictly


def nudge_email(user: User, late: LateReport) -> EmailMessage:
    return EmailMessage(
        subject=f"{late.name}, {late.period_label}: readers wait for it",
        body=render_strictly(
            "reporting/email/late.txt",
            {
                "user": user,
                "late": late,
                "due": f"{late.due:%-d %B %Y}",
                "link": settings.SITE_URL + reverse("mailing-home"),
            },
        ),
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )

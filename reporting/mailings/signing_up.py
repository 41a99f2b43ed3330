"""The question whether it was them, to whoever signs up or is added again."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage

from ..editions import kinds
from ..models import MailSubscription
from .strict import render_strictly


def confirm_email(subscription: MailSubscription, token: str) -> EmailMessage:
    wanted = [kind.name for kind in kinds() if kind.key in subscription.wanted]
    return EmailMessage(
        subject="Please say that you want these reports",
        body=render_strictly(
            "reporting/email/sign_up.txt",
            {
                "link": f"{settings.SITE_URL}/reports/by-email/yes/{token}/",
                "wanted": wanted,
                "is_reader": subscription.state == MailSubscription.State.ACTIVE,
            },
        ),
        to=[subscription.email or getattr(subscription.user, "email", "")],
        headers={"Auto-Submitted": "auto-generated"},
    )

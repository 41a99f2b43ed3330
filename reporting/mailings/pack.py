"""The pack by e-mail: plain text, the facts in the words, one link.

E-mail is read by more eyes than a page behind a sign-in, so confidential items are named by their
number alone here, also for members.
"""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from action_plan.words import day_words
from trafford_sv.core.models import User

from ..steering_pack import SteeringPack

SHOWN = 12


def pack_email(user: User, pack: SteeringPack, meeting_pk: int) -> EmailMessage:
    body = render_to_string(
        "reporting/email/steering_pack.txt",
        {
            "pack": pack,
            "user": user,
            "overdue": pack.plan.overdue[:SHOWN],
            "overdue_more": max(0, len(pack.plan.overdue) - SHOWN),
            "link": settings.SITE_URL + reverse("steering-pack", args=[meeting_pk]),
        },
    )
    return EmailMessage(
        subject=f"Steering Group, {day_words(pack.day)}: the pack is ready",
        body=body,
        to=[user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )

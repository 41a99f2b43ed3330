"""The pack by e-mail: plain text, the facts in the words, one link to read on and one to stop.

E-mail is read by more eyes than a page behind a sign-in, so confidential items are named by their
number alone here, also for members.
"""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from action_plan.words import day_words
from trafford_sv.core.models import User

from ..steering_pack import SteeringPack

SALT = "reporting.packs.off"
SHOWN = 12


def off_token(user: User) -> str:
    """Signed, so that nobody switches off somebody else's; it may do nothing but that."""
    return signing.Signer(salt=SALT).sign(str(user.pk))


def user_of(token: str) -> User | None:
    """Whose packs the link stops; None for one that was altered or whose account is gone."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def pack_email(user: User, pack: SteeringPack, meeting_pk: int) -> EmailMessage:
    off = settings.SITE_URL + reverse("packs-off", args=[off_token(user)])
    body = render_to_string(
        "reporting/email/steering_pack.txt",
        {
            "pack": pack,
            "user": user,
            "overdue": pack.plan.overdue[:SHOWN],
            "overdue_more": max(0, len(pack.plan.overdue) - SHOWN),
            "link": settings.SITE_URL + reverse("steering-pack", args=[meeting_pk]),
            "off_link": off,
        },
    )
    return EmailMessage(
        subject=f"Steering Group, {day_words(pack.day)}: the pack is ready",
        body=body,
        to=[user.email],
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )

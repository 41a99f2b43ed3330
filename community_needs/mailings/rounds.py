"""What an invitation or a reminder says: plain text, one link, no account needed."""

from __future__ import annotations

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.cells import one_line

from ..models import RoundMail


def round_email(mail: RoundMail, token: str) -> EmailMessage:
    invitation = mail.invitation
    asked = invitation.round
    is_reminder = mail.kind == RoundMail.Kind.REMINDER
    context = {
        "round": asked,
        "hub": invitation.organisation,
        "is_reminder": is_reminder,
        "link": settings.SITE_URL + reverse("round-answer", kwargs={"token": token}),
    }
    what = "A reminder: what" if is_reminder else "What"
    return EmailMessage(
        subject=one_line(f"{what} do people near {invitation.organisation.name} need?")[:150],
        body=render_to_string("community_needs/email/round.txt", context),
        to=[invitation.email],
        headers={"Auto-Submitted": "auto-generated"},
    )

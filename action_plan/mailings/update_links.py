"""The request for a quarterly update: what it says, and its one-time address."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.one_time_links import token_of

from ..models import UpdateLink

SALT = "action_plan.update"


def link_of(link: UpdateLink) -> str:
    """The one-time address. Only the mail has it."""
    token = token_of(link.link_seed, salt=SALT)
    return settings.SITE_URL + reverse("update-answer", kwargs={"token": token})


def update_request_email(
    link: UpdateLink, *, reason: str, due_on: datetime.date, today: datetime.date
) -> EmailMultiAlternatives:
    """`reason` is why the last one was sent back, "" for a first request."""
    context = {
        "request": link,
        "action": link.action,
        "quarter": link.period,
        "due_on": due_on,
        "is_past_due": due_on < today,
        "reason": reason,
        "link": link_of(link),
        "product_name": "Trafford Social Value",
    }
    subject = (
        f"Update needed: {link.action.title}"
        if not reason
        else f"Please add to your update: {link.action.title}"
    )
    message = EmailMultiAlternatives(
        subject=" ".join(subject.split())[:150],
        body=render_to_string("action_plan/email/update_request.txt", context),
        to=[link.sent_to],
        headers={"Auto-Submitted": "auto-generated"},
    )
    message.attach_alternative(
        render_to_string("action_plan/email/update_request.html", context), "text/html"
    )
    return message

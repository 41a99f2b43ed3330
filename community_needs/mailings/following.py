"""What a follower gets: the question whether it was them, and the bulletin with a way to leave."""

from __future__ import annotations

import datetime

from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from ..models import BulletinMail, NearMail, Subscription

SHOWN = 20


def confirm_email(subscription: Subscription, token: str) -> EmailMessage:
    link = settings.SITE_URL + reverse("bulletin-confirm", kwargs={"token": token})
    return EmailMessage(
        subject="Please say that you want these e-mails",
        body=render_to_string(
            "community_needs/email/follow_confirm.txt", {"link": link, "subscription": subscription}
        ),
        to=[subscription.email],
        headers={"Auto-Submitted": "auto-generated"},
    )


def bulletin_email(mail: BulletinMail, token: str) -> EmailMessage:
    issue = mail.issue
    needs = issue.dataset["needs"]
    off = settings.SITE_URL + reverse("bulletin-leave", kwargs={"token": token})
    context = {
        "issue": issue,
        "day": datetime.date.fromisoformat(issue.dataset["day"]),
        "focus": [row for row in issue.dataset["focus"] if row["wanting"]],
        "needs": needs[:SHOWN],
        "more": max(0, len(needs) - SHOWN),
        "site": settings.SITE_URL,
        "all_link": settings.SITE_URL + reverse("need-list") + "?wanting=yes",
        "off": off,
    }
    count = len(needs)
    return EmailMessage(
        subject=f"{count} {'need waits' if count == 1 else 'needs wait'} for help in Trafford",
        body=render_to_string("community_needs/email/bulletin.txt", context),
        to=[mail.subscription.email],
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": "Trafford needs bulletin <needs-bulletin.trafford-social-value>",
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
        },
    )


def near_email(mail: NearMail, token: str, page: str) -> EmailMessage:
    """`page` is the address of the ward's own page."""
    entries = mail.dataset["entries"]
    off = settings.SITE_URL + reverse("bulletin-leave", kwargs={"token": token})
    count = len(entries)
    ward = mail.subscription.ward
    things = "1 thing is" if count == 1 else f"{count} things are"
    context = {
        "ward": ward,
        "entries": entries[:SHOWN],
        "more": max(0, count - SHOWN),
        "page": settings.SITE_URL + page,
        "off": off,
        "is_first": mail.number == 1,
    }
    return EmailMessage(
        subject=f"{things} new in {ward}",
        body=render_to_string("community_needs/email/near.txt", context),
        to=[mail.subscription.email],
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "List-Id": "What happens near me <near-me.trafford-social-value>",
            "Auto-Submitted": "auto-generated",
            "Precedence": "bulk",
        },
    )

"""The reminder digest: plain text, the facts in the words, one link to act and one to stop."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.models import User
from trafford_sv.core.navigation import url_of

from ..selectors.reminders import PersonDigest

SALT = "contracts.reminders.off"
SHOWN = 30


def off_token(user: User) -> str:
    """Signed, so that nobody switches off somebody else's; it may do nothing but that."""
    return signing.Signer(salt=SALT).sign(str(user.pk))


def user_of(token: str) -> User | None:
    """Whose reminders the link stops; None for one that was altered or whose account is gone."""
    try:
        pk = signing.Signer(salt=SALT).unsign(token)
    except signing.BadSignature:
        return None
    return User.objects.filter(pk=pk).first()


def reminder_email(digest: PersonDigest) -> EmailMessage:
    off = settings.SITE_URL + reverse("reminder-off", kwargs={"token": off_token(digest.user)})
    officers = next(filter(None, map(url_of, ("return-list", "pacing-list"))), "/")
    context = {
        "digest": digest,
        "own": digest.own[:SHOWN],
        "own_more": max(0, len(digest.own) - SHOWN),
        "others": digest.others[:SHOWN],
        "others_more": max(0, len(digest.others) - SHOWN),
        "supplier_link": settings.SITE_URL + (url_of("supplier-home") or reverse("my-account")),
        "officer_link": settings.SITE_URL + officers,
        "settings_link": settings.SITE_URL + reverse("reminder-preferences"),
        "off_link": off,
    }
    return EmailMessage(
        subject=subject_of(digest),
        body=render_to_string("contracts/email/reminder_digest.txt", context),
        to=[digest.user.email],
        headers={
            "List-Unsubscribe": f"<{off}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
            "Auto-Submitted": "auto-generated",
        },
    )


def subject_of(digest: PersonDigest) -> str:
    if len(digest.items) == 1:
        due = digest.items[0].due
        return f"The return for {due.reference}, {due.quarter.short}, is {due.words}"[:150]
    if not digest.others:
        late = sum(item.due.is_late for item in digest.items)
        first = min(digest.items, key=lambda item: item.due.due_on).due
        return f"{len(digest.items)} returns, {f'{late} late' if late else first.words}"
    return f"{len(digest.items)} returns are late or due"

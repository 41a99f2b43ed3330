"""The needs bulletin: made from what is needed on a day, frozen, sent once to each follower."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.sending import has_no_such_address
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.mail_rows import send_mail_rows

from ..mailings.following import bulletin_email
from ..models import BulletinIssue, BulletinMail, Subscription
from ..selectors.needs import BulletinNeed, needs_to_answer, where_to_focus
from .following import leave_token, note_bounce


def bulletin_data(as_of: datetime.date) -> dict[str, Any]:
    """What a bulletin of this day says: plain values, the same for page, PDF and e-mail."""
    return {
        "day": as_of.isoformat(),
        "focus": [
            {"name": row.name, "wanting": row.wanting, "under_way": row.under_way, "met": row.met}
            for row in where_to_focus(as_of)
        ],
        "needs": [_need(row) for row in needs_to_answer(as_of)],
    }


def _need(row: BulletinNeed) -> dict[str, Any]:
    return {
        "key": row.key,
        "title": row.title,
        "words": row.words[:600],
        "priority": row.priority,
        "for_whom": row.for_whom,
        "wards": list(row.wards),
        "hub": row.hub,
        "wanted": row.wanted,
        "closes": row.closes.isoformat() if row.closes else "",
        "is_demo": row.is_demo,
    }


def make_bulletin(
    *, introduction: str, by: Any, now: datetime.datetime, today: datetime.date
) -> BulletinIssue:
    """The next number, with a copy waiting for each active follower. Raises ValidationError."""
    with transaction.atomic():
        data = bulletin_data(today)
        if not data["needs"]:
            raise ValidationError("No need waits for help today, so there is nothing to send.")
        last = BulletinIssue.objects.select_for_update().order_by("-number").first()
        if last is not None and last.made_at.date() == now.date():
            raise ValidationError(
                f"Bulletin {last.number} was made today. One a day is enough; change it tomorrow."
            )
        issue = BulletinIssue.objects.create(
            number=last.number + 1 if last else 1,
            made_at=now,
            made_by_name=actor_name(by),
            introduction=introduction.strip(),
            dataset=data,
        )
        followers = Subscription.objects.filter(
            topic=Subscription.Topic.NEEDS, state=Subscription.State.ACTIVE
        )
        BulletinMail.objects.bulk_create(
            (BulletinMail(issue=issue, subscription=row) for row in followers), batch_size=500
        )
        record_event(
            by=by,
            now=now,
            verb="bulletin made",
            subject=issue,
            after={"needs": len(data["needs"]), "copies": issue.mails.count()},
        )
    return issue


def send_bulletins(*, by: Any, now: datetime.datetime, dry_run: bool = False) -> Mapping[str, int]:
    """Every copy that waits, once. Must not run inside a transaction."""

    def refused(mail: BulletinMail, now: datetime.datetime) -> None:
        note_bounce(
            subscription=mail.subscription,
            words=mail.failure,
            for_good=has_no_such_address(mail.failure),
            by=by,
            now=now,
        )

    return send_mail_rows(
        model=BulletinMail,
        related=("issue", "subscription"),
        # Not to whoever left, or whose mail came back, after the bulletin was made.
        still_wanted=lambda mail: mail.subscription.state == Subscription.State.ACTIVE,
        message=lambda mail: bulletin_email(mail, leave_token(mail.subscription)),
        verb="bulletins sent",
        subject_name="Needs bulletin",
        by=by,
        now=now,
        dry_run=dry_run,
        when_refused=refused,
    )

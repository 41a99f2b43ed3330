"""The needs bulletin: made from what is needed on a day, frozen, sent once to each follower."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from trafford_sv.core.sending import has_no_such_address, open_connection, send_one
from trafford_sv.core.services.audit import actor_name, record_event

from ..mailings.following import bulletin_email
from ..models import BulletinIssue, BulletinMail, Subscription
from ..selectors.needs import BulletinNeed, needs_to_answer, where_to_focus
from .following import leave_token, note_bounce

TRIES_AT_MOST = 5
PAUSE = datetime.timedelta(minutes=15)
State = BulletinMail.State


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
    due = BulletinMail.objects.filter(
        Q(state=State.WAITING)
        | Q(state=State.FAILED, tries__lt=TRIES_AT_MOST, claimed_at__lte=now - PAUSE)
    )
    keys = list(due.order_by("pk").values_list("pk", flat=True))
    report = {"due": len(keys), "sent": 0, "failed": 0, "in_doubt": 0, "skipped": 0}
    if dry_run or not keys:
        return report
    connection = open_connection()
    try:
        for key in keys:
            mail = _claim(key, now)
            if mail is None:
                continue
            if mail.state == State.SKIPPED:
                report["skipped"] += 1
                continue
            message = bulletin_email(mail, leave_token(mail.subscription))
            outcome, said = send_one(connection, message)
            _mark(mail, outcome, said, by, now)
            report[outcome] += 1
    finally:
        connection.close()
    record_event(
        by=by,
        now=now,
        verb="bulletins sent",
        subject_type="bulletinmail",
        subject_name="Needs bulletin",
        after={name: count for name, count in report.items() if name != "due"},
    )
    return report


def _claim(key: int, now: datetime.datetime) -> BulletinMail | None:
    with transaction.atomic():
        mail = (
            BulletinMail.objects.select_for_update(of=("self",))
            .select_related("issue", "subscription")
            .filter(pk=key, state__in=[State.WAITING, State.FAILED])
            .first()
        )
        if mail is None:
            return None
        if mail.subscription.state != Subscription.State.ACTIVE:
            mail.state = State.SKIPPED  # left, or came back, after the bulletin was made
        else:
            mail.state, mail.claimed_at, mail.failure = State.CLAIMED, now, ""
            mail.tries += 1
        mail.save()
    return mail


def _mark(mail: BulletinMail, outcome: str, said: str, by: Any, now: datetime.datetime) -> None:
    if outcome == "sent":
        mail.state, mail.sent_at = State.SENT, now
    elif outcome == "failed":
        mail.state, mail.failure = State.FAILED, said
        for_good = has_no_such_address(said)
        if for_good:
            mail.tries = TRIES_AT_MOST
        if mail.tries >= TRIES_AT_MOST:
            note_bounce(
                subscription=mail.subscription, words=said, for_good=for_good, by=by, now=now
            )
    else:
        mail.failure = said
    mail.save()

"""The demo's readers, schedule and log of reports by e-mail. Every address ends in @demo.example.

Reports that the demo published lately go out as any would: with `make run` as mail in `var/mail/`.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from contracts.demo_quarters import demo_quarters
from trafford_sv.core.models import User
from trafford_sv.core.reference_data import Counts

from .demo_closing import CLOSED
from .editions import kinds
from .models import (
    Audience,
    ClaimedMail,
    EditionMail,
    LateNudge,
    MailSchedule,
    MailSubscription,
    ReportEdition,
)
from .selectors.mailings.recipients import key_of
from .services.mailings.preparing import confirm_token
from .services.mailings.schedules import schedule_report
from .services.mailings.sending import send_due_mailings
from .services.mailings.subscriptions import add_reader, confirm_reader, suspend_for_bounce

YEARS_AGO = datetime.timedelta(days=3 * 365)
# Report, audience, days after the period, with the PDF.
LINES = (
    ("star-quarterly", Audience.STAR_BOARD, 45, True),
    ("star-quarterly", Audience.JOINT_COMMITTEE, 50, True),
    ("star-quarterly", Audience.SUBSCRIBERS, 50, False),
    ("steering-pack", Audience.STEERING_GROUP, 45, True),
    ("annual", Audience.AUDIT_COMMITTEE, 90, True),
    ("annual", Audience.SUBSCRIBERS, 90, False),
)
ADDRESSES = (
    (Audience.STAR_BOARD, "star.board.clerk", "Clerk of the STAR Board (invented)"),
    (Audience.STAR_BOARD, "board.member", "A member of the STAR Board (invented)"),
    (Audience.JOINT_COMMITTEE, "joint.committee.clerk", "Clerk of the Joint Committee (invented)"),
    (Audience.AUDIT_COMMITTEE, "audit.committee.clerk", "Clerk of the Audit Committee (invented)"),
    (Audience.SUBSCRIBERS, "resident", "A resident (invented)"),
    (Audience.SUBSCRIBERS, "reporter", "A reporter (invented)"),
    (Audience.SUBSCRIBERS, "left.the.post", "A mailbox that is gone (invented)"),
    (Audience.SUBSCRIBERS, "has.not.clicked", "Somebody who has not clicked yet (invented)"),
)
ACCOUNTS = (
    (Audience.STAR_BOARD, "star-officer"),
    (Audience.STEERING_GROUP, "steering-member"),
    (Audience.STEERING_GROUP, "steering-chair"),
    (Audience.AUDIT_COMMITTEE, "auditor"),
)


def load_mailings(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """Loaded once; a second time changes nothing."""
    if held := _held():
        return Counts(unchanged=held)
    with transaction.atomic():
        _readers(by, now - YEARS_AGO, now)
        _lines(by, now, today)
        _history(now)
    # Each claim is a commit of its own.
    send_due_mailings(as_of=today, by=by, now=now)
    return Counts(created=_held())


def _held() -> int:
    return (
        MailSubscription.objects.filter(is_demo=True).count()
        + MailSchedule.objects.filter(is_demo=True).count()
        + EditionMail.objects.filter(subscription__is_demo=True).count()
    )


def remove_mailings() -> int:
    gone, _ = MailSubscription.objects.filter(is_demo=True).delete()
    lines, _ = MailSchedule.objects.filter(is_demo=True).delete()
    nudges, _ = LateNudge.objects.filter(user__email__endswith=settings.DEMO_EMAIL_DOMAIN).delete()
    return gone + lines + nudges


def _readers(by: Any, since: datetime.datetime, now: datetime.datetime) -> None:
    for audience, who, name in ADDRESSES:
        has_not_clicked = who == "has.not.clicked"
        row = add_reader(
            audience=audience, email=f"{who}{settings.DEMO_EMAIL_DOMAIN}", name=name,
            by=by, now=now if has_not_clicked else since, is_demo=True,
        )  # fmt: skip
        if has_not_clicked:  # asked just now: whoever does not click is forgotten after a week
            MailSubscription.objects.filter(pk=row.pk).update(confirm_sent_at=now)
        elif row.state == MailSubscription.State.PENDING:
            confirm_reader(token=confirm_token(row), by=by, now=since)
        if who == "left.the.post":
            suspend_for_bounce(
                subscription=row, words="550 5.1.1 no mailbox here (invented)", for_good=True,
                by=by, now=since + datetime.timedelta(days=400),
            )  # fmt: skip
    for audience, who in ACCOUNTS:
        person = User.objects.filter(email=f"{who}{settings.DEMO_EMAIL_DOMAIN}").first()
        if person is not None:
            add_reader(audience=audience, user=person, by=by, now=since, is_demo=True)


def _lines(by: Any, now: datetime.datetime, today: datetime.date) -> None:
    """The last report of a closed quarter is news, which was corrected since."""
    known = {kind.key for kind in kinds()}
    since = demo_quarters(today)[-2].end + datetime.timedelta(days=CLOSED)
    for kind, audience, days, attaches in LINES:
        if kind in known and not MailSchedule.objects.filter(kind=kind, audience=audience).exists():
            schedule_report(
                values={
                    "kind": kind, "audience": audience, "days_after": days,
                    "attaches_pdf": attaches, "from_day": since, "is_demo": True,
                },
                by=by, now=now, today=today,
            )  # fmt: skip


def _history(now: datetime.datetime) -> None:
    """Readers had got the edition that was corrected since; and one message is as a process leaves
    it that is killed between sending and marking."""
    editions = ReportEdition.objects.filter(kind="star-quarterly", is_demo=True).defer(
        "dataset_text"
    )
    readers = list(
        MailSubscription.objects.filter(
            is_demo=True, state=MailSubscription.State.ACTIVE,
            audience__in=[Audience.STAR_BOARD, Audience.JOINT_COMMITTEE, Audience.SUBSCRIBERS],
        ).select_related("user")
    )  # fmt: skip
    corrected = editions.filter(number=2).order_by("-financial_year", "-quarter").first()
    rows = []
    if corrected is not None:
        first = editions.get(
            number=1, financial_year=corrected.financial_year, quarter=corrected.quarter
        )
        then = first.published_at + datetime.timedelta(days=3)
        rows += [
            _row(first, each, then, state=ClaimedMail.State.SENT, sent_at=then) for each in readers
        ]
    last = editions.order_by("-financial_year", "-quarter", "-number").first()
    who = f"board.member{settings.DEMO_EMAIL_DOMAIN}"
    if last is not None:
        rows += [
            _row(
                last, each, now - datetime.timedelta(hours=3), state=ClaimedMail.State.CLAIMED,
                failure="The line broke while the server had the text (invented).",
            )
            for each in readers
            if each.email == who
        ]  # fmt: skip
    EditionMail.objects.bulk_create(rows)


def _row(
    edition: ReportEdition, reader: MailSubscription, at: datetime.datetime, **values: Any
) -> EditionMail:
    return EditionMail(
        edition=edition, subscription=reader, address=reader.address,
        address_key=key_of(reader.address), tries=1, planned_at=at, claimed_at=at, **values,
    )  # fmt: skip

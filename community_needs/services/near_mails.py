"""What is new near a follower, by e-mail: at most once a week, each thing once, each mail once.

The storey above knows what happens in a ward; it gives the entries, and here they become mails.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max

from trafford_sv.core.sending import has_no_such_address
from trafford_sv.core.services.mail_rows import send_mail_rows
from trafford_sv.directory.models import Area

from ..mailings.following import near_email
from ..models import NearMail, Subscription
from .following import leave_token, note_bounce

AT_MOST_EVERY = datetime.timedelta(days=7)


@dataclass(frozen=True)
class Entry:
    """Something that happened. `key` stays the same for ever; `words` are for anyone."""

    key: str
    title: str
    words: str


def followed_wards() -> list[Area]:
    """Wards that somebody follows. One query."""
    active = _active().values("ward")
    return list(Area.objects.filter(pk__in=active).defer("geometry").order_by("code"))


def make_near_mails(*, ward: Area, entries: Sequence[Entry], now: datetime.datetime) -> int:
    """A mail for each follower to whom an entry is new and who had none in a week."""
    made = 0
    for pk in _active().filter(ward=ward).order_by("pk").values_list("pk", flat=True):
        with transaction.atomic():
            # The follower's row is the lock: two workers never make the same mail.
            held = Subscription.objects.select_for_update().get(pk=pk)
            if held.state == Subscription.State.ACTIVE:
                made += _make_one(held, entries, now)
    return made


def _make_one(held: Subscription, entries: Sequence[Entry], now: datetime.datetime) -> int:
    before = NearMail.objects.filter(subscription=held)
    last = before.aggregate(number=Max("number"), made_at=Max("made_at"))
    if last["made_at"] is not None and now < last["made_at"] + AT_MOST_EVERY:
        return 0
    told = {key for dataset in before.values_list("dataset", flat=True) for key in dataset["keys"]}
    fresh = [entry for entry in entries if entry.key not in told]
    if not fresh:
        return 0
    NearMail.objects.create(
        subscription=held,
        number=(last["number"] or 0) + 1,
        made_at=now,
        dataset={
            "entries": [
                {"key": entry.key, "title": entry.title, "words": entry.words} for entry in fresh
            ],
            "keys": [entry.key for entry in fresh],
        },
    )
    return 1


def send_near_mails(
    *, page_of: Callable[[Area], str], by: Any, now: datetime.datetime, dry_run: bool = False
) -> dict[str, int]:
    """Every mail that waits, once. `page_of` gives the address of a ward's page."""

    def refused(mail: NearMail, now: datetime.datetime) -> None:
        note_bounce(
            subscription=mail.subscription,
            words=mail.failure,
            for_good=has_no_such_address(mail.failure),
            by=by,
            now=now,
        )

    return send_mail_rows(
        model=NearMail,
        related=("subscription", "subscription__ward"),
        still_wanted=lambda mail: mail.subscription.state == Subscription.State.ACTIVE,
        message=lambda mail: near_email(
            mail, leave_token(mail.subscription), page_of(mail.subscription.ward)
        ),
        verb="mails about what is near sent",
        subject_name="What happens near me",
        by=by,
        now=now,
        dry_run=dry_run,
        when_refused=refused,
    )


def _active() -> Any:
    return Subscription.objects.filter(
        topic=Subscription.Topic.NEAR_ME,
        state=Subscription.State.ACTIVE,
        ward__isnull=False,
    )

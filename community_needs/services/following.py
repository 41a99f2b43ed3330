"""Following what is needed by e-mail: double opt-in, leaving by one click, mail that comes back.

An address is known by a keyed digest. After it leaves, the digest is all that stays: a list that
is brought in again does not bring it back, and only its owner can, by asking anew and clicking.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils.crypto import salted_hmac

from trafford_sv.core.one_time_links import new_seed
from trafford_sv.core.services import opt_in
from trafford_sv.core.services.audit import record_event
from trafford_sv.directory.models import Area

from ..mailings.following import confirm_email
from ..models import Subscription

State, Topic = Subscription.State, Subscription.Topic
CONFIRM, LEAVE = "community_needs.confirm", "community_needs.leave"
BOUNCES_AT_MOST = 3


def key_of(email: str) -> str:
    return salted_hmac(
        "community_needs.address", email.strip().lower(), algorithm="sha256"
    ).hexdigest()


def confirm_token(subscription: Subscription) -> str:
    return opt_in.row_token(subscription, purpose=CONFIRM)


def leave_token(subscription: Subscription) -> str:
    return opt_in.row_token(subscription, purpose=LEAVE)


def find_subscription(*, token: str, purpose: str) -> Subscription | None:
    """Whose link it is; None for one that was altered or replaced."""
    rows = Subscription.objects.select_related("ward")
    return opt_in.find_by_token(rows, token=token, purpose=purpose)


def ask_to_follow(
    *,
    email: str,
    topic: str,
    by: Any,
    now: datetime.datetime,
    ward: Area | None = None,
    source: str = "the page",
) -> Subscription:
    """Step one: a mail with a link is to go, once a day at most. The page says the same whether or
    not the address is known, so nobody learns who follows; `send_confirmations` sends it."""
    address = opt_in.clean_address(email)
    with transaction.atomic():
        found, is_new = opt_in.hold_row(
            rows=Subscription.objects.all(),
            found_by={"topic": topic, "email_key": key_of(address), "ward": ward},
            by=by,
            fresh={
                "email": address,
                "link_seed": new_seed(),
                "asked_at": now,
                "source": source[:200],
            },
        )
        if not is_new and found.state != State.ACTIVE:
            found.state, found.email = State.PENDING, address
            found.bounces, found.bounced_at, found.bounce_words = 0, None, ""
            opt_in.renew_link(found, now=now)
            found.save()
    return found


def send_confirmations(*, by: Any, now: datetime.datetime) -> int:
    """The links that are to go; how many went."""
    return opt_in.send_links(
        rows=Subscription.objects.select_related("ward"),
        message=lambda row: confirm_email(row, confirm_token(row)),
        by=by,
        now=now,
    )


def forget_unconfirmed(*, by: Any, now: datetime.datetime) -> int:
    """Addresses that nobody confirmed in a week; how many."""
    return opt_in.forget_unconfirmed(
        rows=Subscription.objects.all(),
        was_here=Q(left_at__isnull=False) | Q(confirmed_at__isnull=False),
        subject_type="subscription",
        subject_name="Followers who never confirmed",
        by=by,
        now=now,
    )


def confirm_following(*, token: str, by: Any, now: datetime.datetime) -> Subscription | None:
    """Step two. None where the link is not right; the second click changes nothing."""
    with transaction.atomic():
        found = find_subscription(token=token, purpose=CONFIRM)
        if found is None or found.state == State.LEFT:
            return None
        held = Subscription.objects.select_for_update().get(pk=found.pk)
        if held.state != State.ACTIVE:
            held.state, held.confirmed_at, held.left_at = State.ACTIVE, now, None
            held.save()
            record_event(by=by, now=now, verb="following confirmed", subject=held)
    return held


def stop_following(*, token: str, by: Any, now: datetime.datetime) -> Subscription | None:
    """One click. The address is forgotten; the digest stays, so that no list brings it back."""
    with transaction.atomic():
        found = find_subscription(token=token, purpose=LEAVE)
        if found is None:
            return None
        held = Subscription.objects.select_for_update().get(pk=found.pk)
        if held.state != State.LEFT:
            held.state, held.email, held.left_at = State.LEFT, "", now
            held.bounce_words = ""
            held.confirm_sent_at = None  # its owner may come back the same day
            held.save()
            record_event(by=by, now=now, verb="stopped following", subject=held)
    return held


@dataclass(frozen=True)
class BroughtIn:
    """What became of a list: asked (a mail goes to each), known already, left before, not addresses."""

    asked: tuple[Subscription, ...]
    known: int
    left_before: int
    not_addresses: tuple[str, ...]


def bring_in_addresses(
    *, addresses: Iterable[str], source: str, by: Any, now: datetime.datetime
) -> BroughtIn:
    """Addresses from a list are asked and never added: each must click. Those that left stay out."""
    asked, wrong = [], []
    known = left = 0
    with transaction.atomic():
        for text in dict.fromkeys(line.strip() for line in addresses):
            if not text:
                continue
            try:
                address = opt_in.clean_address(text)
            except ValidationError:
                wrong.append(text[:100])
                continue
            found = Subscription.objects.filter(
                topic=Topic.NEEDS, email_key=key_of(address), ward=None
            ).first()
            if found is not None and found.state == State.LEFT:
                left += 1
            elif found is not None:
                known += 1
            else:
                asked.append(
                    ask_to_follow(email=address, topic=Topic.NEEDS, by=by, now=now, source=source)
                )
        record_event(
            by=by,
            now=now,
            verb="addresses brought in",
            subject_type="subscription",
            subject_name=source[:200] or "A list",
            after={"asked": len(asked), "known": known, "left before": left, "wrong": len(wrong)},
        )
    return BroughtIn(tuple(asked), known, left, tuple(wrong))


def note_bounce(
    *, subscription: Subscription, words: str, for_good: bool, by: Any, now: datetime.datetime
) -> Subscription:
    """Mail came back. After three, or at once where there is no such address, no more is sent."""
    with transaction.atomic():
        held = Subscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state != State.LEFT:
            held.bounces += 1
            held.bounced_at, held.bounce_words = now, words.strip()[:500]
            if for_good or held.bounces >= BOUNCES_AT_MOST:
                held.state = State.BOUNCING
            held.save()
            record_event(
                by=by, now=now, verb="mail to a follower came back", subject=held,
                reason=words[:300],
            )  # fmt: skip
    return held

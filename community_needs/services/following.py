"""Following what is needed by e-mail: double opt-in, leaving by one click, mail that comes back.

An address is known by a keyed digest. After it leaves, the digest is all that stays: a list that
is brought in again does not bring it back, and only its owner can, by asking anew and clicking.
"""

from __future__ import annotations

import datetime
import hmac
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.utils.crypto import salted_hmac

from trafford_sv.core.one_time_links import new_seed, token_of
from trafford_sv.core.sending import (
    FAILED,
    SENT,
    MailServerAway,
    has_no_such_address,
    open_connection,
    send_one,
)
from trafford_sv.core.services.audit import record_event
from trafford_sv.directory.models import Area

from ..mailings.following import confirm_email
from ..models import Subscription

State, Topic = Subscription.State, Subscription.Topic
CONFIRM, LEAVE = "community_needs.confirm", "community_needs.leave"
BOUNCES_AT_MOST = 3
# One link a day to one address, whoever types it and however often.
ASK_AGAIN_AFTER = datetime.timedelta(hours=20)
UNCONFIRMED_FOR = datetime.timedelta(days=7)


def key_of(email: str) -> str:
    return salted_hmac(
        "community_needs.address", email.strip().lower(), algorithm="sha256"
    ).hexdigest()


def confirm_token(subscription: Subscription) -> str:
    return f"{subscription.pk}.{token_of(subscription.link_seed, salt=CONFIRM)}"


def leave_token(subscription: Subscription) -> str:
    return f"{subscription.pk}.{token_of(subscription.link_seed, salt=LEAVE)}"


def find_subscription(*, token: str, purpose: str) -> Subscription | None:
    """Whose link it is; None for one that was altered or replaced."""
    number, _, given = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 15):
        return None
    found = Subscription.objects.select_related("ward").filter(pk=int(number)).first()
    if found is None:
        return None
    right = token_of(found.link_seed, salt=purpose)
    return found if hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")) else None


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
    address = _address(email)
    with transaction.atomic():
        found = (
            Subscription.objects.select_for_update()
            .filter(topic=topic, email_key=key_of(address), ward=ward)
            .first()
        )
        if found is None:
            return Subscription.objects.create(
                topic=topic,
                ward=ward,
                email=address,
                email_key=key_of(address),
                link_seed=new_seed(),
                asked_at=now,
                source=source[:200],
            )
        if found.state != State.ACTIVE:
            found.state, found.email = State.PENDING, address
            found.bounces, found.bounced_at, found.bounce_words = 0, None, ""
            sent = found.confirm_sent_at
            if sent is None or now - sent >= ASK_AGAIN_AFTER:
                found.link_seed, found.asked_at, found.confirm_sent_at = new_seed(), now, None
            found.save()
    return found


def send_confirmations(*, by: Any, now: datetime.datetime) -> int:
    """The links that are to go: each claimed first, so that two workers send one. Returns how many
    went. What the server refused for now is tried again for a day; what is in doubt never."""
    waiting = Subscription.objects.filter(
        state=State.PENDING, confirm_sent_at=None, asked_at__gt=now - datetime.timedelta(days=1)
    ).order_by("asked_at", "pk")
    keys = list(waiting.values_list("pk", flat=True)[:500])
    if not keys:
        return 0
    try:
        connection = open_connection()
    except MailServerAway:
        return 0
    sent = 0
    try:
        for key in keys:
            mine = Subscription.objects.filter(pk=key, state=State.PENDING, confirm_sent_at=None)
            if not mine.update(confirm_sent_at=now):
                continue
            row = Subscription.objects.select_related("ward").get(pk=key)
            outcome, said = send_one(connection, confirm_email(row, confirm_token(row)))
            sent += outcome == SENT
            if outcome == FAILED and not has_no_such_address(said):
                Subscription.objects.filter(pk=key, state=State.PENDING).update(
                    confirm_sent_at=None
                )
    finally:
        connection.close()
    return sent


def forget_unconfirmed(*, by: Any, now: datetime.datetime) -> int:
    """Addresses that nobody confirmed in a week are deleted; of one that had left before, the
    digest stays as it was. Returns how many."""
    old = Subscription.objects.filter(state=State.PENDING, asked_at__lte=now - UNCONFIRMED_FOR)
    with transaction.atomic():
        left = old.filter(left_at__isnull=False).update(state=State.LEFT, email="")
        gone, _ = old.filter(left_at__isnull=True).delete()
        if left or gone:
            record_event(
                by=by,
                now=now,
                verb="unconfirmed addresses forgotten",
                subject_type="subscription",
                subject_name="Followers who never confirmed",
                after={"addresses": left + gone},
            )
    return left + gone


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
                address = _address(text)
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


def _address(email: str) -> str:
    address = email.strip()
    try:
        validate_email(address)
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter an e-mail address like name@example.org."]}
        ) from error
    return address

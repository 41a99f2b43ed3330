"""Who gets reports by e-mail: added by an officer, or signed up and confirmed; leaving by one click."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from trafford_sv.core.models import User
from trafford_sv.core.one_time_links import new_seed
from trafford_sv.core.sending import has_no_such_address
from trafford_sv.core.services import opt_in
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision

from ...editions import kinds
from ...mail_schedule import TRIES_AT_MOST
from ...mailings.signing_up import confirm_email
from ...models import Audience, EditionMail, MailSubscription
from ...selectors.mailings.recipients import key_of
from .preparing import CONFIRM, LEAVE, confirm_token

State = MailSubscription.State
# What an outsider must not change by typing the address.
_STANDING = (State.ACTIVE, State.ENDED, State.SUSPENDED)
REFUSALS_AT_MOST = 3


def _clean_kinds(wanted: Sequence[str]) -> list[str]:
    known = [kind.key for kind in kinds()]
    if unknown := [key for key in wanted if key not in known]:
        raise ValidationError({"kinds": [f"“{unknown[0][:60]}” is no report here."]})
    return [key for key in known if key in wanted]


def add_reader(
    *,
    audience: str,
    by: Any,
    now: datetime.datetime,
    email: str = "",
    user: User | None = None,
    name: str = "",
    wanted: Sequence[str] = (),
    is_demo: bool = False,
) -> MailSubscription:
    """An officer adds somebody. Active at once, but an individual, and an address that once left,
    is asked first and must click; `send_links` sends the link. Raises ValidationError."""
    if (user is None) == (not email.strip()):
        raise ValidationError("Choose a person with an account, or enter an address.")
    address = "" if user is not None else opt_in.clean_address(email)
    chosen = _clean_kinds(wanted)
    try:
        with transaction.atomic():
            rows = MailSubscription.objects.select_for_update().filter(audience=audience)
            held = (
                rows.filter(user=user).first()
                if user is not None
                else rows.filter(user=None, email_key=key_of(address)).first()
            )
            if held is not None and held.state in (State.ACTIVE, State.PENDING):
                raise ValidationError(
                    f"{held.reader} is on this list already: "
                    f"{State(held.state).label[:1].lower()}{State(held.state).label[1:]}."
                )
            must_click = (audience == Audience.SUBSCRIBERS and user is None) or (
                held is not None and held.state == State.LEFT
            )
            row = held or MailSubscription(audience=audience, user=user)
            row.email = address
            row.email_key = "" if user is not None else key_of(address)
            row.name, row.kinds, row.is_demo = name.strip()[:200], chosen, is_demo
            _drop_wish(row)
            row.state = State.PENDING if must_click else State.ACTIVE
            row.confirmed_at, row.bounces, row.bounced_at, row.bounce_words = None, 0, None, ""
            if must_click:
                # That it left before is known until they click, and again if they do not.
                opt_in.renew_link(row, now=now)
            else:
                row.link_seed, row.asked_at = new_seed(), now
                row.confirmed_at, row.left_at = now, None
            row.source = f"Added by {by}"[:200] if by is not None else "Added by the system"
            row.version += 1 if held else 0
            row.full_clean(exclude=["user"] if user is not None else None, validate_unique=False)
            row.save()
            record_event(
                by=by, now=now, verb="reader of reports added", subject=row,
                after={"audience": row.get_audience_display(), "state": row.get_state_display()},
            )  # fmt: skip
    except IntegrityError as error:
        raise ValidationError("Somebody has just added the same reader.") from error
    return row


def ask_for_reports(
    *, email: str, wanted: Sequence[str], by: Any, now: datetime.datetime
) -> MailSubscription:
    """Step one of signing up, for anybody: a link is to go, once a day at most. The page says and does
    the same whether or not the address is known; `send_links` sends it. Of a subscription that stands
    nothing changes before the click. Raises ValidationError."""
    address = opt_in.clean_address(email)
    chosen = _clean_kinds(wanted)
    open_kinds = [kind.key for kind in kinds() if kind.is_public]
    if any(key not in open_kinds for key in chosen):
        raise ValidationError({"kinds": ["Choose reports that are published."]})
    with transaction.atomic():
        found, is_new = opt_in.hold_row(
            rows=MailSubscription.objects.all(),
            found_by={
                "audience": Audience.SUBSCRIBERS,
                "user": None,
                "email_key": key_of(address),
            },
            by=by,
            fresh={
                "email": address,
                "kinds": chosen,
                "link_seed": new_seed(),
                "asked_at": now,
                "source": "The page",
            },
            writes=False,
        )
        if not is_new:
            if found.state in _STANDING:
                _wish(found, chosen, now)
            elif not (found.state == State.PENDING and _link_is_out(found, now)):
                found.state, found.email, found.kinds = State.PENDING, address, chosen
                found.bounces, found.bounced_at, found.bounce_words = 0, None, ""
                _drop_wish(found)
                opt_in.renew_link(found, now=now)
                found.version += 1
            found.save()  # also where nothing changed: one write, whatever is held
    return found


def _wish(row: MailSubscription, chosen: list[str], now: datetime.datetime) -> None:
    """What was asked of a subscription that stands waits for its owner's click. The caller saves."""
    waits = row.asked_kinds is not None
    if not waits and row.state == State.ACTIVE and row.kinds == chosen:
        return
    if waits and _link_is_out(row, now):
        return  # one link a day, and a click brings what its e-mail says
    # Not a new version: a stranger may do this, and an officer's form keeps what it holds.
    row.asked_kinds = chosen
    row.asked_seed, row.asked_kinds_at, row.confirm_sent_at = new_seed(), now, None


def _link_is_out(row: MailSubscription, now: datetime.datetime) -> bool:
    sent = row.confirm_sent_at
    return sent is not None and now - sent < opt_in.ASK_AGAIN_AFTER


def _drop_wish(row: MailSubscription) -> None:
    row.asked_kinds, row.asked_kinds_at, row.asked_seed = None, None, ""


def ask_reader_again(*, subscription: MailSubscription, by: Any, now: datetime.datetime) -> bool:
    """An officer wants the link sent once more. False where one went in the last day, or where nobody
    is to click; else `send_links` sends it."""
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state != State.PENDING or not opt_in.renew_link(held, now=now):
            return False
        held.version += 1
        held.save()
        record_event(by=by, now=now, verb="reader of reports asked again", subject=held)
    return True


def send_links(*, by: Any, now: datetime.datetime) -> int:
    """The links that ask a reader whether it was them; how many went."""

    def send(**which: Any) -> int:
        return opt_in.send_links(
            rows=MailSubscription.objects.select_related("user"),
            message=lambda row: confirm_email(row, confirm_token(row)),
            by=by,
            now=now,
            **which,
        )

    return send() + send(who=Q(asked_kinds_at__isnull=False), asked="asked_kinds_at")


def forget_unconfirmed(*, by: Any, now: datetime.datetime) -> int:
    """Addresses that nobody confirmed in a week, and what was asked of those that stand; how many. A
    person with an account only leaves."""
    wishes = MailSubscription.objects.filter(asked_kinds_at__lte=now - opt_in.UNCONFIRMED_FOR)
    return wishes.update(
        asked_kinds=None, asked_kinds_at=None, version=F("version") + 1
    ) + opt_in.forget_unconfirmed(
        rows=MailSubscription.objects.all(),
        was_here=Q(left_at__isnull=False) | Q(user__isnull=False) | Q(mails__isnull=False),
        subject_type="mailsubscription",
        subject_name="Readers who never confirmed",
        by=by,
        now=now,
    )


def find_reader(*, token: str, purpose: str) -> MailSubscription | None:
    """Whose link it is; None for one that was altered or replaced."""
    rows = MailSubscription.objects.select_related("user")
    seed = "click_seed" if purpose == CONFIRM else "link_seed"
    return opt_in.find_by_token(rows, token=token, purpose=purpose, seed=seed)


def confirm_reader(*, token: str, by: Any, now: datetime.datetime) -> MailSubscription | None:
    """Step two. None where the link is not right; the second click changes nothing."""
    with transaction.atomic():
        found = find_reader(token=token, purpose=CONFIRM)
        if found is None:
            return None
        held = MailSubscription.objects.select_for_update().get(pk=found.pk)
        if held.state == State.PENDING:
            held.state, held.confirmed_at, held.left_at = State.ACTIVE, now, None
            held.version += 1
            held.save()
            record_event(by=by, now=now, verb="reports by e-mail confirmed", subject=held)
        elif held.asked_kinds is not None:
            _grant_wish(held, now)
            held.save()
            record_event(
                by=by, now=now, verb="reports by e-mail confirmed", subject=held,
                after={"kinds": list(held.kinds)},
            )  # fmt: skip
    return held if held.state == State.ACTIVE else None


def _grant_wish(row: MailSubscription, now: datetime.datetime) -> None:
    """Its owner clicked. Who is active stays a reader since when they are one."""
    row.kinds = row.wanted
    if row.state != State.ACTIVE:
        row.state, row.confirmed_at = State.ACTIVE, now
    row.bounces, row.bounced_at, row.bounce_words = 0, None, ""
    row.asked_kinds, row.asked_kinds_at = None, None  # the seed stays: a second click says the same
    row.version += 1


def stop_reports(*, token: str, by: Any, now: datetime.datetime) -> MailSubscription | None:
    """One click. None where the link is not right."""
    with transaction.atomic():
        found = find_reader(token=token, purpose=LEAVE)
        return None if found is None else leave_list(subscription=found, by=by, now=now)


def leave_list(
    *, subscription: MailSubscription, by: Any, now: datetime.datetime
) -> MailSubscription:
    """Its owner stops it; twice changes nothing. The address is forgotten, here and in the log; the
    digest stays."""
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state != State.LEFT:
            held.state, held.email, held.left_at, held.bounce_words = State.LEFT, "", now, ""
            held.name = "" if held.user_id is None else held.name
            held.confirm_sent_at = None  # its owner may come back the same day
            _drop_wish(held)
            held.version += 1
            held.save()
            EditionMail.objects.filter(subscription=held).update(address="")
            record_event(by=by, now=now, verb="reports by e-mail stopped", subject=held)
    return held


def change_reader(
    *,
    subscription: MailSubscription,
    name: str,
    wanted: Sequence[str],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MailSubscription:
    """Its name for officers, and which reports. Raises Collision or ValidationError."""
    chosen = _clean_kinds(wanted)
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.version != expected_version:
            raise Collision(held, {"name": name, "kinds": chosen})
        before = {"kinds": list(held.kinds)}
        held.name, held.kinds = name.strip()[:200], chosen
        held.version += 1
        held.save()
        record_event(
            by=by, now=now, verb="reader of reports changed", subject=held,
            before=before, after={"kinds": chosen},
        )  # fmt: skip
    return held


def end_reader(*, subscription: MailSubscription, by: Any, now: datetime.datetime) -> None:
    """An officer takes somebody off a list. May be undone with `resume_reader`."""
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state in (State.ENDED, State.LEFT):
            return
        held.state = State.ENDED
        _drop_wish(held)  # a link that is on its way does not undo it
        held.version += 1
        held.save()
        record_event(by=by, now=now, verb="reader of reports ended", subject=held)


def resume_reader(*, subscription: MailSubscription, by: Any, now: datetime.datetime) -> None:
    """After mail came back, or after an officer ended it. Raises ValidationError for one that left:
    only its owner brings it back. What went out meanwhile does not come after."""
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state == State.ACTIVE:
            return
        if held.state not in (State.ENDED, State.SUSPENDED):
            raise ValidationError(
                "Whoever unsubscribed, or has not clicked yet, comes back by a click of their own."
            )
        held.state, held.bounces, held.bounced_at, held.bounce_words = State.ACTIVE, 0, None, ""
        held.confirmed_at = now
        held.version += 1
        held.save()
        record_event(by=by, now=now, verb="reader of reports resumed", subject=held)


def note_refusal(
    *, subscription: MailSubscription, words: str, tries: int, now: datetime.datetime
) -> bool:
    """What a refusal says of the address; whether there is no use in trying again.

    Nobody there suspends at once. An address that was refused at every try, three reports running,
    is suspended as well. Call it inside a transaction.
    """
    gone = has_no_such_address(words)
    if not gone and tries < TRIES_AT_MOST:
        return False
    suspend_for_bounce(subscription=subscription, words=words, for_good=gone, by=None, now=now)
    return True


def suspend_for_bounce(
    *, subscription: MailSubscription, words: str, for_good: bool, by: Any, now: datetime.datetime
) -> None:
    """Mail came back, as the server said or as an officer saw."""
    with transaction.atomic():
        held = MailSubscription.objects.select_for_update().get(pk=subscription.pk)
        if held.state != State.ACTIVE:
            return
        held.bounces += 1
        held.bounced_at, held.bounce_words = now, words.strip()[:500]
        if for_good or held.bounces >= REFUSALS_AT_MOST:
            held.state = State.SUSPENDED
        held.version += 1
        held.save()
        record_event(
            by=by, now=now, verb="mail to a reader of reports came back", subject=held,
            reason=words[:300], after={"state": held.get_state_display()},
        )  # fmt: skip

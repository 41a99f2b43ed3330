"""Asking leads for their quarterly update by a link that needs no account.

A request is a row of its own. Its mail is claimed in a committed write before the server hears
anything, so two workers send one mail; what is claimed and not marked is in doubt, and a person
settles it. What the server refused surely did not go and is tried again, with growing pauses.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils import timezone

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.periods import Quarter
from trafford_sv.core.sending import MailServerAway, open_connection, send_one
from trafford_sv.core.services.audit import actor_name, record_event

from ..mailings.update_links import SALT, update_request_email
from ..models import Action, ActionUpdate, UpdateLink
from ..progress import OVER, update_due_on
from .updates import assert_quarter_open, send_back_update, write_update

LINK_DAYS = 45
TRIES_AT_MOST = 5
FIRST_PAUSE = datetime.timedelta(minutes=15)
DOUBT_AFTER = datetime.timedelta(hours=1)
Mail, State = UpdateLink.Mail, UpdateLink.State


class LinkRefused(ValueError):
    """The link cannot be used. `state` is unknown, used, expired or withdrawn."""

    def __init__(self, state: str, link: UpdateLink | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.link = link


@dataclass
class AskReport:
    """Whom a round of requests reaches. `no_address`: nobody is named, or their account is
    closed; `asked_already` and `sent_in` need no request."""

    quarter: Quarter
    to_ask: list[Action] = field(default_factory=list)
    no_address: list[Action] = field(default_factory=list)
    asked_already: list[Action] = field(default_factory=list)
    sent_in: list[Action] = field(default_factory=list)


def whom_to_ask(quarter: Quarter, *, now: datetime.datetime) -> AskReport:
    """Live actions that had begun by the end of the quarter. Three queries."""
    report = AskReport(quarter)
    rows = (
        Action.objects.live()
        .filter(Q(starts__isnull=True) | Q(starts__lte=quarter.end))
        .select_related("lead", "lead_organisation", "theme")
    )
    same = {"financial_year": quarter.start_year, "quarter": quarter.number}
    written = set(ActionUpdate.objects.sent_in().filter(**same).values_list("action_id", flat=True))
    asked = set(
        UpdateLink.objects.filter(state=State.ASKED, expires_at__gt=now, **same).values_list(
            "action_id", flat=True
        )
    )
    for action in rows:
        if action.pk in written:
            report.sent_in.append(action)
        elif action.pk in asked:
            report.asked_already.append(action)
        elif not action.lead_address:
            report.no_address.append(action)
        else:
            report.to_ask.append(action)
    return report


def ask_for_updates(
    *, quarter: Quarter, by: Any, now: datetime.datetime, today: datetime.date
) -> AskReport:
    """A request for each; `send_update_links` sends them. Raises ValidationError."""
    with transaction.atomic():
        if quarter.start > today:
            raise ValidationError(f"{quarter.label} has not begun, so there is nothing to ask yet.")
        assert_quarter_open(quarter)
        report = whom_to_ask(quarter, now=now)
        for action in report.to_ask:
            _open_link(action, quarter, action.lead_address, by, now)
        if report.to_ask:
            record_event(
                by=by,
                now=now,
                verb="updates asked for",
                subject_type="actionupdate",
                subject_name=quarter.label,
                after={"actions": [action.reference for action in report.to_ask]},
            )
    return report


def ask_again(
    *, action: Action, quarter: Quarter, email: str, by: Any, now: datetime.datetime
) -> UpdateLink:
    """A new link for one action; an older one stops working. Raises ValidationError."""
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter an e-mail address like name@example.org."]}
        ) from error
    with transaction.atomic():
        held = Action.objects.select_for_update().get(pk=action.pk)
        if held.status in OVER:
            raise ValidationError(
                f"This action is {held.get_status_display().lower()}, so no update is needed."
            )
        assert_quarter_open(quarter)
        same = {"financial_year": quarter.start_year, "quarter": quarter.number}
        if ActionUpdate.objects.sent_in().filter(action=held, **same).exists():
            raise ValidationError("The update for this quarter has come in already.")
        link = _open_link(held, quarter, email, by, now)
        record_event(
            by=by,
            now=now,
            verb="update asked for again",
            subject=held,
            after={"quarter": str(quarter), "expires": link.expires_at},
        )
        return link


def send_back_with_link(
    *,
    update: ActionUpdate,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> tuple[ActionUpdate, UpdateLink | None]:
    """Sent back, with a new link to whoever leads; no link where nobody has an address.

    Raises Collision or ValidationError.
    """
    with transaction.atomic():
        back = send_back_update(
            update=update, reason=reason, expected_version=expected_version, by=by, now=now
        )
        action = Action.objects.select_related("lead").get(pk=back.action_id)
        link = None
        if action.lead_address and action.status not in OVER:
            link = _open_link(action, back.period, action.lead_address, by, now)
        return back, link


def _open_link(
    action: Action, quarter: Quarter, email: str, by: Any, now: datetime.datetime
) -> UpdateLink:
    """In the caller's transaction."""
    UpdateLink.objects.filter(
        action=action,
        financial_year=quarter.start_year,
        quarter=quarter.number,
        state=State.ASKED,
    ).update(state=State.WITHDRAWN, sent_to="")
    seed = new_seed()
    try:
        with transaction.atomic():
            return UpdateLink.objects.create(
                action=action,
                financial_year=quarter.start_year,
                quarter=quarter.number,
                sent_to=email,
                lead_name=action.lead_words,
                link_seed=seed,
                token_hash=digest_of(token_of(seed, salt=SALT)),
                asked_at=now,
                asked_by_name=actor_name(by),
                expires_at=now + datetime.timedelta(days=LINK_DAYS),
            )
    except IntegrityError as error:
        raise ValidationError(
            f"Somebody else is asking for the update of {action.reference} right now. Look again."
        ) from error


# --- sending ------------------------------------------------------------------------------


@dataclass
class SendReport:
    due: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    others: int = 0


def send_update_links(*, by: Any, now: datetime.datetime) -> SendReport:
    """Every request whose mail has not gone. Must not run inside a transaction."""
    waiting = [
        link
        for link in UpdateLink.objects.filter(
            state=State.ASKED, mail__in=[Mail.WAITING, Mail.FAILED], expires_at__gt=now
        ).exclude(sent_to="")
        if may_try(link, now)
    ]
    return _send(waiting, by, now)


def send_link_again(*, link: UpdateLink, by: Any, now: datetime.datetime) -> SendReport:
    """Although it may have gone: a person has decided. Raises ValidationError."""
    with transaction.atomic():
        stored = UpdateLink.objects.select_for_update().get(pk=link.pk)
        if not is_in_doubt(stored, now):
            raise ValidationError("This request is not in doubt any more. Look again.")
        stored.mail = Mail.WAITING
        stored.save()
    return _send([stored], by, now)


def may_try(link: UpdateLink, now: datetime.datetime) -> bool:
    """At once, then after 15, 30, 60 and 120 minutes; five tries, then a person looks."""
    if link.mail == Mail.WAITING or link.claimed_at is None:
        return link.mail == Mail.WAITING
    pause = FIRST_PAUSE * 2 ** max(0, link.tries - 1)
    return link.tries < TRIES_AT_MOST and now >= link.claimed_at + pause


def is_in_doubt(link: UpdateLink, now: datetime.datetime) -> bool:
    return (
        link.state == State.ASKED
        and link.mail == Mail.CLAIMED
        and link.claimed_at is not None
        and (bool(link.failure) or now >= link.claimed_at + DOUBT_AFTER)
    )


def _send(links: Iterable[UpdateLink], by: Any, now: datetime.datetime) -> SendReport:
    links = list(links)
    report = SendReport(due=len(links))
    if not links:
        return report
    try:
        connection = open_connection()
    except MailServerAway:
        return report  # nothing is claimed, so the next run begins anew
    try:
        for link in links:
            outcome = _deliver(link, connection, now)
            setattr(report, outcome, getattr(report, outcome) + 1)
    finally:
        connection.close()
    record_event(
        by=by,
        now=now,
        verb="requests for updates sent",
        subject_type="updatelink",
        subject_name=f"{report.sent} of {report.due}",
        after={"sent": report.sent, "refused": report.failed, "in doubt": report.in_doubt},
    )
    return report


def _deliver(link: UpdateLink, connection: Any, now: datetime.datetime) -> str:
    """Claim, send, mark. Returns the report's word for what happened."""
    claimed = UpdateLink.objects.filter(
        pk=link.pk, state=State.ASKED, mail=link.mail, tries=link.tries
    ).update(mail=Mail.CLAIMED, claimed_at=now, tries=link.tries + 1, failure="")
    if not claimed:
        return "others"
    fresh = UpdateLink.objects.select_related("action").get(pk=link.pk)
    back = ActionUpdate.objects.filter(
        action=fresh.action_id,
        financial_year=fresh.financial_year,
        quarter=fresh.quarter,
        state=ActionUpdate.State.SENT_BACK,
    ).first()
    message = update_request_email(
        fresh,
        reason=back.reason if back else "",
        due_on=update_due_on(fresh.period),
        today=timezone.localtime(now).date(),
    )
    outcome, failure = send_one(connection, message)
    marks: dict[str, dict[str, Any]] = {
        "sent": {"mail": Mail.SENT, "sent_at": now},
        "failed": {"mail": Mail.FAILED, "failure": failure},
        "in_doubt": {"failure": failure},
    }
    UpdateLink.objects.filter(pk=link.pk, mail=Mail.CLAIMED).update(**marks[outcome])
    return outcome


# --- answering ----------------------------------------------------------------------------


def find_link(*, token: str, now: datetime.datetime) -> UpdateLink:
    """The usable request behind a link; looking uses nothing up. Raises LinkRefused."""
    link = (
        UpdateLink.objects.select_related("action__theme", "action__lead_organisation")
        .filter(token_hash=digest_of(token))
        .first()
    )
    if link is None:
        raise LinkRefused("unknown")
    if link.state == State.ANSWERED:
        raise LinkRefused("used", link)
    if link.state == State.WITHDRAWN:
        raise LinkRefused("withdrawn", link)
    if link.expires_at <= now:
        raise LinkRefused("expired", link)
    return link


def update_of(link: UpdateLink) -> ActionUpdate | None:
    """What is stored for its action and quarter: a draft, or one that was sent back."""
    return ActionUpdate.objects.filter(
        action=link.action_id, financial_year=link.financial_year, quarter=link.quarter
    ).first()


def answer_link(
    *,
    token: str,
    narrative: str,
    status: str,
    name: str,
    expected_version: int | None,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> ActionUpdate:
    """Submits, exactly once. `by` is None: whoever has the link. Raises LinkRefused, Collision or
    ValidationError."""
    with transaction.atomic():
        found = find_link(token=token, now=now)
        action = Action.objects.select_for_update().get(pk=found.action_id)
        UpdateLink.objects.select_for_update().get(pk=found.pk)
        # Asked again under the lock: two clicks on one link must not both answer.
        link = find_link(token=token, now=now)
        who = name.strip() or link.lead_name or "The lead"
        update = write_update(
            action=action,
            quarter=link.period,
            narrative=narrative,
            status=status,
            submit=True,
            by=f"{who} (by the link in an e-mail)"[:200],
            now=now,
            today=today,
            expected_version=expected_version,
        )
        link.state, link.answered_at, link.sent_to = State.ANSWERED, now, ""
        link.save()
        return update


def forget_update_addresses(*, by: Any, now: datetime.datetime) -> int:
    """Addresses of requests that are over."""
    with transaction.atomic():
        rows = UpdateLink.objects.filter(~Q(state=State.ASKED) | Q(expires_at__lte=now))
        forgotten = rows.exclude(sent_to="").update(sent_to="")
        if forgotten:
            record_event(
                by=by,
                now=now,
                verb="addresses forgotten",
                subject_type="updatelink",
                subject_name=f"{forgotten} of leads",
                after={"addresses": forgotten},
            )
    return forgotten

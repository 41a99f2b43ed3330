"""The yearly question to adopters: claimed in a row of its own, sent, then marked.

The claim is committed before the mail server hears anything, so two workers send one mail. What
is claimed and not marked may have gone, and is never sent again by itself: officers see it on
the adopter's page. What the server refused is tried again the next day.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.sending import FAILED, SENT, open_connection, send_one
from trafford_sv.core.services.audit import record_event

from ..mailings.letters import AFFIRM_SALT, affirmation_email
from ..models import Adoption, ReaffirmationReminder
from ..selectors.adoptions import DueAdoption, due_to_affirm
from .adoptions import reaffirm_adoption, withdraw_adoption

State = ReaffirmationReminder.State
TRIES_AT_MOST = 5
PAUSE = datetime.timedelta(hours=20)
OPEN_FOR = datetime.timedelta(days=180)
# Until then another process may still be sending it.
BEING_SENT = datetime.timedelta(hours=1)


class AffirmationRefused(ValueError):
    """The link cannot be used. `state` is unknown, used, withdrawn or expired."""

    def __init__(self, state: str, reminder: ReaffirmationReminder | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.reminder = reminder


@dataclass
class AskReport:
    due: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    others: int = 0


def ask_adopters(
    *, as_of: datetime.date, by: Any, now: datetime.datetime, dry_run: bool = False
) -> AskReport:
    """Every question that is due and that nobody has sent. Must not run inside a transaction.

    Raises MailServerAway where the mail server cannot be reached; nothing is claimed then.
    """
    due = due_to_affirm(as_of)
    report = AskReport(due=len(due))
    if dry_run or not due:
        return report
    connection = open_connection()
    try:
        for each in due:
            claimed = _claim(each, now)
            if claimed is None:
                report.others += 1
                continue
            outcome, failure = send_one(connection, affirmation_email(claimed))
            mine = ReaffirmationReminder.objects.filter(pk=claimed.pk, state=State.CLAIMED)
            if outcome == SENT:
                mine.update(state=State.SENT, sent_at=now, failure="")
            elif outcome == FAILED:
                mine.update(state=State.FAILED, failure=failure)
            else:
                mine.update(failure=failure)
            setattr(report, outcome, getattr(report, outcome) + 1)
    finally:
        connection.close()
    if report.sent or report.failed or report.in_doubt:
        record_event(
            by=by,
            now=now,
            verb="adopters asked whether they stand by the charter",
            subject_type="reaffirmationreminder",
            subject_name=f"Questions of {as_of.isoformat()}",
            after={
                "sent": report.sent,
                "refused": report.failed,
                "in doubt": report.in_doubt,
            },
        )
    return report


def mark_question_sent(*, reminder: ReaffirmationReminder, by: Any, now: datetime.datetime) -> None:
    """Somebody found out that it went. Raises ValidationError where nothing is in doubt."""
    with transaction.atomic():
        held = _hold_doubtful(reminder, now)
        held.state, held.sent_at, held.failure = State.SENT, held.claimed_at, ""
        held.save()
        record_event(by=by, now=now, verb="yearly question marked as sent", subject=held.adoption)


def send_question_again(*, reminder: ReaffirmationReminder, by: Any, now: datetime.datetime) -> str:
    """Send it although it may have gone: the link in it is the same. Returns sent, failed or in_doubt.

    Raises ValidationError where nothing is in doubt, MailServerAway where nobody answers.
    """
    connection = open_connection()
    try:
        with transaction.atomic():
            held = _hold_doubtful(reminder, now)
            if not held.adoption.contact_email or held.adoption.withdrawn_on is not None:
                raise ValidationError("There is no address to ask any more.")
            held.claimed_at, held.failure = now, ""
            held.tries += 1
            held.save()
            record_event(by=by, now=now, verb="yearly question sent again", subject=held.adoption)
        outcome, failure = send_one(connection, affirmation_email(held))
    finally:
        connection.close()
    mine = ReaffirmationReminder.objects.filter(pk=held.pk, state=State.CLAIMED)
    if outcome == SENT:
        mine.update(state=State.SENT, sent_at=now, failure="")
    elif outcome == FAILED:
        mine.update(state=State.FAILED, failure=failure)
    else:
        mine.update(failure=failure)
    return outcome


def is_in_doubt(reminder: ReaffirmationReminder, now: datetime.datetime) -> bool:
    """Claimed an hour ago and never marked: it may have gone."""
    return reminder.state == State.CLAIMED and reminder.claimed_at <= now - BEING_SENT


def _hold_doubtful(
    reminder: ReaffirmationReminder, now: datetime.datetime
) -> ReaffirmationReminder:
    held = (
        ReaffirmationReminder.objects.select_for_update(of=("self",))
        .select_related("adoption__organisation")
        .get(pk=reminder.pk)
    )
    if not is_in_doubt(held, now):
        raise ValidationError(
            "This e-mail is being sent now. Look again in an hour."
            if held.state == State.CLAIMED
            else f"This e-mail is settled: {held.get_state_display().lower()}."
        )
    return held


def _claim(due: DueAdoption, now: datetime.datetime) -> ReaffirmationReminder | None:
    """The adopter's row for the year, claimed and committed; None where another worker has it."""
    seed = new_seed()
    digest = digest_of(token_of(seed, salt=AFFIRM_SALT))
    try:
        with transaction.atomic():
            held = (
                ReaffirmationReminder.objects.select_for_update()
                .filter(adoption=due.adoption, due_on=due.due_on)
                .first()
            )
            if held is None:
                return ReaffirmationReminder.objects.create(
                    adoption=due.adoption,
                    due_on=due.due_on,
                    link_seed=seed,
                    token_hash=digest,
                    claimed_at=now,
                )
            if (
                held.state != State.FAILED
                or held.tries >= TRIES_AT_MOST
                or now < held.claimed_at + PAUSE
            ):
                return None
            held.state, held.claimed_at, held.failure = State.CLAIMED, now, ""
            held.tries += 1
            held.save()
            held.adoption = due.adoption
            return held
    except IntegrityError:  # another worker was quicker by a moment
        return None


def find_affirmation(*, token: str, now: datetime.datetime) -> ReaffirmationReminder:
    """The usable question behind a link; looking at it uses nothing up. Raises AffirmationRefused."""
    found = (
        ReaffirmationReminder.objects.select_related(
            "adoption__organisation", "adoption__charter_version"
        )
        .filter(token_hash=digest_of(token))
        .first()
    )
    if found is None:
        raise AffirmationRefused("unknown")
    if found.adoption.withdrawn_on is not None:
        raise AffirmationRefused("withdrawn", found)
    said = found.adoption.reaffirmed_on
    asked = timezone.localtime(found.claimed_at).date()
    if found.state == State.ANSWERED or (said is not None and said >= asked):
        raise AffirmationRefused("used", found)
    if now > found.claimed_at + OPEN_FOR:
        raise AffirmationRefused("expired", found)
    return found


def answer_affirmation(
    *,
    token: str,
    stands: bool,
    role: str,
    reason: str,
    now: datetime.datetime,
    today: datetime.date,
) -> Adoption:
    """Exactly once: it stands by the charter, or is taken out of the register."""
    with transaction.atomic():
        found = find_affirmation(token=token, now=now)
        ReaffirmationReminder.objects.select_for_update().get(pk=found.pk)
        # Asked again under the lock: two clicks on one link must not both answer.
        held = find_affirmation(token=token, now=now)
        held.state, held.answered_at = State.ANSWERED, now
        held.save()
        if stands:
            reaffirm_adoption(adoption=held.adoption, day=today, role=role, by=None, now=now)
        else:
            withdraw_adoption(
                adoption=held.adoption,
                withdrawn_on=today,
                reason=reason or "The organisation took its name out by its yearly link.",
                expected_version=held.adoption.version,
                by=None,
                now=now,
                today=today,
            )
    return Adoption.objects.select_related("organisation").get(pk=held.adoption_id)

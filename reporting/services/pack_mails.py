"""Sending packs: claimed in a row of its own, looked at again, sent, marked.

The claim is committed before the mail server hears anything, so two workers send one mail. What
was refused surely did not go and is tried again with growing pauses; what is in doubt is shown to
a person and never sent again by itself.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from action_plan.models import Meeting
from action_plan.selectors.meetings import Reader
from trafford_sv.core.models import User
from trafford_sv.core.sending import FAILED, IN_DOUBT, open_connection, send_one
from trafford_sv.core.services.audit import record_event

from ..datasets import sha256_of
from ..mailings.pack import pack_email
from ..models import KeptPack, PackMail, PackPreference
from ..pack_text import pack_text, read_pack
from ..selectors.pack_mails import due_meetings, is_due, is_in_doubt, recipients
from ..selectors.steering_pack import gather_steering_pack
from ..steering_pack import SteeringPack

TRIES_AT_MOST = 5
FIRST_PAUSE = datetime.timedelta(minutes=15)
# What a member reads by e-mail: all that members read, but nothing confidential.
BY_MAIL = Reader(works=True, confidential=False)
State = PackMail.State


@dataclass
class PackReport:
    """`others`: claimed or sent before, by this run's predecessors or another worker."""

    due: int = 0
    sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    skipped: int = 0
    others: int = 0


def send_packs(
    *, as_of: datetime.date, by: Any, now: datetime.datetime, dry_run: bool = False
) -> PackReport:
    """Every pack due on the day that its reader has not got. Must not run inside a transaction."""
    wanted = [
        (meeting, user) for meeting in due_meetings(as_of) for user in recipients(meeting, as_of)
    ]
    report = PackReport(due=len(wanted))
    done = set(
        PackMail.objects.filter(meeting__in={meeting.pk for meeting, _ in wanted})
        .exclude(state=State.FAILED)
        .values_list("meeting", "user")
    )
    open_ones = [(m, u) for m, u in wanted if (m.pk, u.pk) not in done]
    report.others = len(wanted) - len(open_ones)
    if dry_run or not open_ones:
        return report
    connection = open_connection()
    try:
        for meeting, user in open_ones:
            claimed = _claim(meeting, user, now)
            outcome = "others" if claimed is None else _deliver(claimed, connection, as_of, now)
            setattr(report, outcome, getattr(report, outcome) + 1)
    finally:
        connection.close()
    if report.sent or report.failed or report.in_doubt:
        record_event(
            by=by,
            now=now,
            verb="packs sent",
            subject_type="packmail",
            subject_name=f"Packs of {as_of.isoformat()}",
            after={"sent": report.sent, "refused": report.failed, "in doubt": report.in_doubt},
        )
    return report


def _claim(meeting: Meeting, user: User, now: datetime.datetime) -> PackMail | None:
    """The row for this member and meeting, claimed and committed; None where it is not ours."""
    try:
        with transaction.atomic():
            held = PackMail.objects.select_for_update().filter(meeting=meeting, user=user).first()
            if held is None:
                return PackMail.objects.create(meeting=meeting, user=user, claimed_at=now)
            pause = FIRST_PAUSE * 2 ** max(0, held.tries - 1)
            if (
                held.state != State.FAILED
                or held.tries >= TRIES_AT_MOST
                or now < held.claimed_at + pause
            ):
                return None
            held.state, held.failure, held.claimed_at = State.CLAIMED, "", now
            held.tries += 1
            held.save()
            return held
    except IntegrityError:  # another worker was quicker by a moment
        return None


def _deliver(mail: PackMail, connection: Any, as_of: datetime.date, now: datetime.datetime) -> str:
    """Look again, send, mark. Returns the report's word for what happened."""
    meeting = Meeting.objects.select_related("series", "minutes", "chaired_by").get(
        pk=mail.meeting_id
    )
    if not is_due(meeting, as_of) or mail.user not in recipients(meeting, as_of):
        _mark(mail, State.SKIPPED)
        return "skipped"
    kept = _keep(
        meeting, gather_steering_pack(meeting, user=mail.user, reader=BY_MAIL, now=now), now
    )
    PackMail.objects.filter(pk=mail.pk).update(pack=kept)
    # The e-mail is drawn from the text that is kept, so that both say the same.
    message = pack_email(mail.user, read_pack(kept.text), meeting.pk)
    outcome, why = send_one(connection, message)
    if outcome == FAILED:
        _mark(mail, State.FAILED, failure=why)
        return "failed"
    if outcome == IN_DOUBT:
        _mark(mail, State.CLAIMED, failure=why)
        return "in_doubt"
    _mark(mail, State.SENT, sent_at=now)
    return "sent"


def _keep(meeting: Meeting, pack: SteeringPack, now: datetime.datetime) -> KeptPack:
    """As it is sent. Members who get the same pack share one."""
    text = pack_text(pack)
    kept, _ = KeptPack.objects.get_or_create(
        meeting=meeting, sha256=sha256_of(text), defaults={"text": text, "kept_at": now}
    )
    return kept


def choose_packs(*, user: User, wants_packs: bool, by: Any, now: datetime.datetime) -> None:
    """A member turns their own pack e-mails off or on. Nothing changed is nothing written."""
    with transaction.atomic():
        # The account is held, so that two clicks at one moment write one row.
        User.objects.select_for_update(no_key=True).get(pk=user.pk)
        held = PackPreference.objects.filter(user=user).first()
        if (held.wants_packs if held else True) == wants_packs:
            return
        PackPreference.objects.update_or_create(
            user=user, defaults={"wants_packs": wants_packs, "changed_at": now}
        )
        record_event(
            by=by,
            now=now,
            verb="packs by e-mail turned on" if wants_packs else "packs by e-mail turned off",
            subject=user,
        )


def _mark(mail: PackMail, state: str, **values: Any) -> None:
    PackMail.objects.filter(pk=mail.pk, state=State.CLAIMED).update(state=state, **values)


# --- what a person settles ----------------------------------------------------------------


def mark_pack_sent(*, mail: PackMail, by: Any, now: datetime.datetime) -> PackMail:
    """Somebody found out that it went. Raises ValidationError where nothing is in doubt."""
    with transaction.atomic():
        stored = PackMail.objects.select_for_update().get(pk=mail.pk)
        _must_be_open(stored, now)
        stored.state, stored.sent_at = State.SENT, now
        stored.save()
        record_event(by=by, now=now, verb="pack marked as sent", subject=stored)
    return stored


def send_pack_again(*, mail: PackMail, by: Any, now: datetime.datetime) -> str:
    """Send it although it may have gone. Returns sent, skipped, failed or in_doubt."""
    connection = open_connection()
    try:
        with transaction.atomic():
            stored = PackMail.objects.select_for_update().get(pk=mail.pk)
            _must_be_open(stored, now)
            if stored.state == State.CLAIMED and stored.pack_id is not None:
                # In doubt: that one may have arrived, with what it carried.
                stored.earlier_packs.add(stored.pack_id)
            stored.state, stored.claimed_at, stored.failure = State.CLAIMED, now, ""
            stored.tries += 1
            stored.save()
            record_event(by=by, now=now, verb="pack sent again", subject=stored)
        return _deliver(stored, connection, timezone.localtime(now).date(), now)
    finally:
        connection.close()


def _must_be_open(mail: PackMail, now: datetime.datetime) -> None:
    if mail.state in (State.SENT, State.SKIPPED):
        raise ValidationError(
            f"This e-mail is settled: {mail.get_state_display().lower()}. Load the page again."
        )
    if mail.state == State.CLAIMED and not is_in_doubt(mail, now):
        raise ValidationError("This e-mail is being sent now. Look again in an hour.")

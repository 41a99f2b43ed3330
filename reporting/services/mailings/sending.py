"""Sending what is due: planned, claimed, sent, marked.

* Planned: each reader has a row before the mail server hears anything, so nobody is lost unseen.
* Claimed: one statement that only one worker wins, committed before the message goes out (`claiming`).
* Sent over one line for all of them.
* Marked: with the next claim, by the same statement. What a crash leaves between is one message in doubt,
  which a person settles; it is never sent again by itself.

Every run asks what is due and may run twice, at the same time, on a clock that was set back.
"""

from __future__ import annotations

import contextlib
import datetime
import time
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import BadHeaderError
from django.db import DatabaseError, transaction
from django.db.models import Exists, OuterRef

from trafford_sv.core.sending import (
    FAILED,
    SENT,
    MailServerAway,
    is_too_large,
    largest_message_bytes,
    open_connection,
    reopen,
    send_one,
)
from trafford_sv.core.services.audit import record_event

from ...mail_schedule import next_try_at
from ...mailings.letters import Wording
from ...models import Audience, EditionMail, MailSchedule
from ...selectors.mailings.recipients import (
    DueEdition,
    Recipient,
    Verdict,
    key_of,
    recipients_of,
    scheduled_editions,
)
from .claiming import Ledger, readers
from .nudges import send_nudges
from .preparing import NotReady, NotSendable, PreparedEdition, leave_token
from .subscriptions import note_refusal

# A run that takes longer leaves the rest to the next one.
RUN_AT_MOST = datetime.timedelta(minutes=40)
State = EditionMail.State
_OPEN = (State.WAITING, State.FAILED)


class MailingStopped(RuntimeError):
    """Something keeps a report from its readers; the sentence says what."""


@dataclass
class MailingReport:
    """`due`: everybody that should have it by the day. `waiting`: not tried in this run, for the
    reasons in `problems` and `notes`, or until a pause is over. `others`: claimed by another worker.
    `given_up`: refused so often, or so plainly, that only a person tries again.
    """

    due: int = 0
    sent: int = 0
    already_sent: int = 0
    failed: int = 0
    in_doubt: int = 0
    waiting: int = 0
    skipped: int = 0
    others: int = 0
    given_up: int = 0
    nudged: int = 0
    problems: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


@dataclass
class _Lot:
    """One edition's messages of this run."""

    due: DueEdition
    prepared: PreparedEdition
    recipients: dict[int, Recipient]
    counts: dict[str, int] = field(default_factory=dict)

    def wording(self, recipient: Recipient) -> Wording:
        line = self.line(recipient.audience)
        return self.prepared.wording(
            recipient.audience, recipient.corrects, attaches=line.attaches_pdf
        )

    def line(self, audience: Audience) -> MailSchedule:
        return next(line for line in self.due.lines if line.audience == audience)


def send_due_mailings(
    *, as_of: datetime.date, by: Any, now: datetime.datetime, dry_run: bool = False
) -> MailingReport:
    """Every report due on the day to each reader that has not got it. Outside a transaction only.

    What one edition lacks is said in `problems` and holds up no other. Nothing of an edition is
    sent unless all of its messages could be put together.
    """
    report = MailingReport()
    lots = [lot for due in scheduled_editions(as_of) if (lot := _lot(due, as_of, now, report))]
    if dry_run:
        report.waiting += sum(len(lot.recipients) for lot in lots)
        return report
    run = _Run(now, report)
    for lot in lots:
        _plan(lot, now)
    try:
        if lots:
            run.all_of(lots)
        report.nudged = send_nudges(as_of=as_of, by=by, now=now)
    except MailServerAway as error:
        report.problems.append(str(error))
    for lot in lots:
        if lot.counts:
            record_event(
                by=by,
                now=now,
                verb="edition sent by e-mail",
                subject=lot.due.edition,
                after=lot.counts,
            )
    return report


def _lot(
    due: DueEdition, as_of: datetime.date, now: datetime.datetime, report: MailingReport
) -> _Lot | None:
    """What is to be sent of one edition, all of it put together; None where there is nothing."""
    if not due.due_lines(as_of):
        return None
    wanted: dict[int, Recipient] = {}
    for one in recipients_of(due, as_of=as_of, now=now):
        match one.verdict:
            case Verdict.SEND:
                wanted[one.subscription.pk] = one
            case Verdict.SENT:
                report.already_sent += 1
            case Verdict.DOUBT:
                report.in_doubt += 1
            case Verdict.LATER:
                report.waiting += 1
            case Verdict.NOT:
                if one.mail is not None and one.mail.state == State.FAILED:
                    report.given_up += 1
                    report.due += 1
                continue
        report.due += 1
    if not wanted:
        return None
    ready = dict(wanted)
    try:
        lot = _Lot(due, PreparedEdition(due.edition), ready)
        for key, one in wanted.items():
            try:
                lot.wording(one)
            except NotReady as error:  # those who get the link alone need not wait
                del ready[key]
                report.waiting += 1
                if str(error) not in report.notes:
                    report.notes.append(str(error))
    except NotSendable as error:
        report.problems.append(str(error))
        report.waiting += len(ready)
        return None
    return lot if ready else None


def _plan(lot: _Lot, now: datetime.datetime) -> None:
    """A row for each reader, and none of an earlier edition left open."""
    edition = lot.due.edition
    with transaction.atomic():
        EditionMail.objects.filter(
            edition__kind=edition.kind,
            edition__financial_year=edition.financial_year,
            edition__quarter=edition.quarter,
            edition__number__lt=edition.number,
            state__in=_OPEN,
        ).update(state=State.SKIPPED, failure=f"Edition {edition.number} took its place")
        EditionMail.objects.bulk_create(
            (
                EditionMail(
                    edition=edition,
                    subscription=one.subscription,
                    address=one.address,
                    address_key=key_of(one.address),
                    corrects_number=one.corrects,
                    planned_at=now,
                )
                for one in lot.recipients.values()
                if one.mail is None
            ),
            ignore_conflicts=True,
            batch_size=500,
        )


class _Run:
    """One line to the mail server, and one message at most whose end is not on record."""

    def __init__(self, now: datetime.datetime, report: MailingReport) -> None:
        self.now, self.report = now, report
        self.begun = time.monotonic()
        self.ledger = Ledger(self.at)
        self.connection: Any = None

    def at(self) -> datetime.datetime:
        """The moment, by a clock that nobody sets."""
        return self.now + datetime.timedelta(seconds=time.monotonic() - self.begun)

    def all_of(self, lots: list[_Lot]) -> None:
        """Raises MailServerAway, with everything so far on record."""
        # A claim is on record before its message goes out: there is nothing around it to roll back.
        with transaction.atomic(durable=True):
            left = sum(len(lot.recipients) for lot in lots)
        try:
            self.connection = open_connection()
            for lot in lots:
                rows = EditionMail.objects.filter(
                    edition=lot.due.edition, subscription__in=lot.recipients, state__in=_OPEN
                ).select_related("subscription")
                found = {row.subscription_id: row for row in rows.order_by("pk")}
                for key, recipient in lot.recipients.items():
                    if self.at() - self.now > RUN_AT_MOST:
                        self.report.notes.append("The rest goes with the next run: time is up.")
                        return
                    self._one(lot, recipient, found.get(key))
                    left -= 1
        finally:
            self.report.waiting += left
            # After an error of the database a second try may find it well again.
            with contextlib.suppress(DatabaseError):
                self.ledger.settle()
            if self.connection is not None:
                self.connection.close()

    def _one(self, lot: _Lot, recipient: Recipient, row: EditionMail | None) -> None:
        if row is None:  # another worker's by now
            self._count(lot, "others")
            return
        wording = lot.wording(recipient)
        if wording.enclosure.content is not None:
            most = largest_message_bytes(self.connection)
            if most is not None and wording.size_bytes > most:
                lot.prepared.by_link = (
                    f"The mail server takes no more than {most / 1_000_000:.1f} MB."
                )
                wording = lot.wording(recipient)
        try:
            message = self._message(wording, row, recipient)
        except (ValidationError, BadHeaderError, ValueError) as error:
            self._count(lot, "failed")
            said = f"The message could not be addressed: {error}"[:500]
            EditionMail.objects.filter(pk=row.pk, state__in=_OPEN).update(
                state=State.FAILED, failure=said, next_try_at=None
            )
            return
        reopen(self.connection)
        attached = wording.enclosure.content is not None
        row.form = EditionMail.Form.ATTACHED if attached else EditionMail.Form.LINKED
        row.form_reason = wording.enclosure.reason[:300]
        if not self.ledger.claim(row, address=recipient.address):
            self._count(lot, self._why_not(row))
            return
        outcome, said = send_one(self.connection, message)
        if outcome == FAILED and is_too_large(said) and wording.enclosure.content is not None:
            # Refused, so it surely did not go: the same claim sends the link alone.
            lot.prepared.by_link = "The mail server takes no message of this size."
            wording = lot.wording(recipient)
            row.form, row.form_reason = EditionMail.Form.LINKED, wording.enclosure.reason
            outcome, said = send_one(self.connection, self._message(wording, row, recipient))
        self._count(lot, outcome)
        if outcome == SENT:
            self.ledger.sent(row)
        else:
            self._mark_not_sent(row, outcome, said)

    @staticmethod
    def _message(wording: Wording, row: EditionMail, recipient: Recipient) -> Any:
        return wording.to(
            recipient.address,
            message_id=row.message_id,
            token=leave_token(recipient.subscription),
        )

    def _mark_not_sent(self, row: EditionMail, outcome: str, said: str) -> None:
        """Refused: it surely did not go. In doubt: it stays claimed, with what is known."""
        with transaction.atomic():
            if outcome == FAILED:
                gone = note_refusal(
                    subscription=row.subscription, words=said, tries=row.tries, now=self.at()
                )
                EditionMail.objects.filter(pk=row.pk, state=State.CLAIMED, tries=row.tries).update(
                    state=State.FAILED,
                    failure=said,
                    next_try_at=None if gone else next_try_at(row.tries, self.at()),
                    form=row.form,
                    form_reason=row.form_reason,
                )
            else:
                EditionMail.objects.filter(pk=row.pk, state=State.CLAIMED, tries=row.tries).update(
                    failure=said or "The line broke.",
                    form=row.form,
                    form_reason=row.form_reason,
                )

    def _why_not(self, row: EditionMail) -> str:
        """Not ours: another worker has it, or the reader left a moment ago."""
        left = EditionMail.objects.filter(
            ~Exists(readers(OuterRef("subscription"))), pk=row.pk, state=row.state, tries=row.tries
        ).update(state=State.SKIPPED, failure="Not a reader any more")
        return "skipped" if left else "others"

    def _count(self, lot: _Lot, word: str) -> None:
        setattr(self.report, word, getattr(self.report, word) + 1)
        if word != "others":
            lot.counts[word] = lot.counts.get(word, 0) + 1


def deliver_claimed(
    *, mail: EditionMail, recipient: Recipient, lot: DueEdition, now: datetime.datetime
) -> str:
    """Send one message that a person has just claimed. Returns sent, failed or in_doubt."""
    report = MailingReport()
    run = _Run(now, report)
    held = _Lot(lot, PreparedEdition(lot.edition), {recipient.subscription.pk: recipient})
    wording = held.wording(recipient)
    run.connection = open_connection()
    try:
        message = run._message(wording, mail, recipient)
        outcome, said = send_one(run.connection, message)
        if outcome == SENT:
            run.ledger.sent(mail)
            run.ledger.settle()
        else:
            run._mark_not_sent(mail, outcome, said)
    finally:
        run.connection.close()
    return outcome

"""Reminding before a quarter is closed, and accepting what is outstanding with a reason."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.urls import reverse
from django.utils import timezone

from action_plan.services.update_links import ask_for_updates, send_update_links
from contracts.services.reminders import remind_of_quarter
from trafford_sv.core.closing import Outstanding, register_closing_checks
from trafford_sv.core.models import User
from trafford_sv.core.periods import Quarter
from trafford_sv.core.sending import MailServerAway
from trafford_sv.core.services.audit import actor_name, acts_for_demo, record_event
from trafford_sv.core.services.mail_rows import send_mail_rows
from trafford_sv.core.services.quarters import QuarterClosed, assert_open, closed_quarters

from ..closing_checks import Check, CheckKey, CheckState
from ..mailings.closing import closing_email
from ..models import AcceptedCheck, ClosingMail, ClosingReminder
from ..selectors.closing import checks_outstanding, closing_checks, measures_of_quarter
from ..selectors.closing_owed import OwedByOfficers, owed_by_officers, who_owes

# After this a round of reminders that was cut off may be begun again the same day.
REASON_LETTERS = 500
CUT_OFF = datetime.timedelta(minutes=30)


def accept_check(
    *,
    quarter: Quarter,
    key: str,
    reason: str,
    by: Any,
    now: datetime.datetime,
    seen_number: int | None = None,
    is_demo: bool = False,
) -> AcceptedCheck:
    """Who, when and why, for as many things as are outstanding now. Raises ValidationError.

    `seen_number` is what the person had on the page: where more is outstanding since, they look again.
    """
    reason = _reason(reason)
    with transaction.atomic():
        _open(quarter)
        found = {check.key.value: check for check in closing_checks(quarter)}
        if key not in found:
            raise ValidationError("There is no such check. Go back to the board and choose one.")
        check = found[key]
        if check.state is not CheckState.OUTSTANDING:
            raise ValidationError(
                f"“{check.name}” passes or was accepted already, so there is nothing to accept."
            )
        if seen_number is not None and seen_number < check.number:
            raise ValidationError(
                f"More is outstanding than when you opened the page. {check.sentence} "
                "Look at it again before you accept it."
            )
        return _accept(quarter, check, reason, by, now, is_demo)


def accept_everything(
    *, quarter: Quarter, reason: str, by: Any, now: datetime.datetime
) -> list[AcceptedCheck]:
    """Each outstanding check, with the same reason. Raises ValidationError."""
    reason = _reason(reason)
    with transaction.atomic():
        _open(quarter)
        return [_accept(quarter, check, reason, by, now) for check in checks_outstanding(quarter)]


def _accept(
    quarter: Quarter,
    check: Check,
    reason: str,
    by: Any,
    now: datetime.datetime,
    is_demo: bool = False,
) -> AcceptedCheck:
    row = AcceptedCheck(
        financial_year=quarter.start_year,
        quarter=quarter.number,
        check_key=check.key.value,
        number=check.number,
        words=check.sentence,
        reason=reason,
        accepted_at=now,
        accepted_by_name=actor_name(by),
        is_demo=is_demo or acts_for_demo(by),
    )
    row.full_clean()
    row.save()
    record_event(
        by=by, now=now, verb="check accepted", subject=row, reason=reason,
        after={"quarter": quarter.code, "check": check.name, "says": check.sentence},
    )  # fmt: skip
    return row


def _reason(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise ValidationError({"reason": ["Say why. The reason stays on record."]})
    if len(reason) > REASON_LETTERS:
        raise ValidationError({"reason": [f"Say why in at most {REASON_LETTERS} letters."]})
    return reason


def _open(quarter: Quarter) -> None:
    """Held open until the transaction ends: nobody closes the quarter beside us."""
    try:
        assert_open(quarter=quarter)
    except QuarterClosed as error:
        raise ValidationError(str(error)) from error


class Checks:
    """What the ground floor asks before it closes a quarter."""

    def outstanding(self, quarter: Quarter, now: datetime.datetime) -> list[Outstanding]:
        board = self.board(quarter)
        return [
            Outstanding(check.sentence, f"{board}#check-{check.key.value}")
            for check in checks_outstanding(quarter)
        ]

    def accept(self, quarter: Quarter, reason: str, by: Any, now: datetime.datetime) -> None:
        try:
            accept_everything(quarter=quarter, reason=reason, by=by, now=now)
        except ValidationError as error:
            raise ValueError(" ".join(error.messages)) from error

    def board(self, quarter: Quarter) -> str:
        return reverse("closing-board", args=[quarter.code])


def register_checks() -> None:
    register_closing_checks("closing board", Checks())


# --- reminding ----------------------------------------------------------------------------


@dataclass(frozen=True)
class Reminded:
    """What one press of the button came to. `is_whole` False: the mail server went away."""

    suppliers_written: int
    leads_asked: int
    officers_written: int
    refused: int
    is_whole: bool


def ask_for_missing(
    *, quarter: Quarter, by: Any, now: datetime.datetime, today: datetime.date
) -> ClosingReminder:
    """The button: leads are asked, and suppliers and officers are written to by `send_reminders_of`.

    Raises ValidationError where it was pressed today already, where nothing is missing and where
    the quarter is closed or has not begun.
    """
    if quarter.start > today:
        raise ValidationError(f"{quarter.label} has not begun, so nothing is missing yet.")
    if quarter in closed_quarters():
        raise ValidationError(f"{quarter.label} is closed. Nobody can send anything for it now.")
    wanted = {CheckKey.RETURNS, CheckKey.UPDATES}
    # Whoever presses the button knows.
    asked = {user: owed for user, owed in _officers(quarter, today).items() if user != by}
    is_missing = any(check.number for check in closing_checks(quarter) if check.key in wanted)
    if not is_missing and not asked:
        raise ValidationError(
            "Nothing is missing that anybody else owes, so there is nobody to remind."
        )
    try:
        with transaction.atomic():
            row = _begin(quarter, by, now, today)
            report = ask_for_updates(quarter=quarter, by=by, now=now, today=today)
            row.leads_asked += len(report.to_ask)
            row.save()
            for user, owed in asked.items():
                row.mails.get_or_create(user=user, defaults={"about": owed.words})
            record_event(
                by=by, now=now, verb="what is missing asked for", subject=row,
                after={
                    "quarter": quarter.code, "leads": row.leads_asked,
                    "officers": [str(mail.user) for mail in row.mails.select_related("user")],
                },
            )  # fmt: skip
    except IntegrityError as error:
        raise ValidationError("Somebody else has just sent the reminders of today.") from error
    return row


def _officers(quarter: Quarter, today: datetime.date) -> dict[User, OwedByOfficers]:
    """Who owes what today, other than returns and updates."""
    lines = measures_of_quarter(quarter).lines
    return who_owes(owed_by_officers(lines, is_over=today > quarter.end), today)


def _begin(
    quarter: Quarter, by: Any, now: datetime.datetime, today: datetime.date
) -> ClosingReminder:
    held = (
        ClosingReminder.objects.select_for_update()
        .filter(financial_year=quarter.start_year, quarter=quarter.number, day=today)
        .first()
    )
    if held is None:
        return ClosingReminder.objects.create(
            financial_year=quarter.start_year,
            quarter=quarter.number,
            day=today,
            asked_at=now,
            asked_by_name=actor_name(by),
            is_demo=acts_for_demo(by),
        )
    if held.finished_at is not None or now < held.asked_at + CUT_OFF:
        at = timezone.localtime(held.asked_at)
        raise ValidationError(
            f"Reminders for this quarter went out today at {at:%H:%M}, asked for by "
            f"{held.asked_by_name}. They can be sent again tomorrow."
        )
    held.asked_at, held.asked_by_name = now, actor_name(by)
    held.save()
    return held


def send_reminders_of(
    *, quarter: Quarter, by: Any, now: datetime.datetime, today: datetime.date
) -> Reminded:
    """In the background, after `ask_for_missing`. Begun twice it writes to nobody twice, because
    each person's digest of the day is claimed first. Must not run inside a transaction.
    """
    try:
        report = remind_of_quarter(quarter=quarter, today=today, by=by, now=now)
        links = send_update_links(by=by, now=now)
        officers = _write_to_officers(by=by, now=now, today=today)
    except MailServerAway:
        return Reminded(0, 0, 0, 0, False)
    rows = ClosingReminder.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number, day=today, finished_at=None
    )
    refused = report.failed + report.in_doubt + links.failed + links.in_doubt
    refused += officers["failed"] + officers["in_doubt"]
    rows.update(finished_at=now, suppliers_written=report.sent, refused=refused)
    return Reminded(report.sent, links.sent, officers["sent"], refused, True)


def _write_to_officers(*, by: Any, now: datetime.datetime, today: datetime.date) -> dict[str, int]:
    """Each with what they owe at this moment. A press of another day has had its time."""
    known: dict[Quarter, dict[User, OwedByOfficers]] = {}

    def owed(mail: ClosingMail) -> OwedByOfficers | None:
        quarter = mail.reminder.period
        if mail.reminder.day != today:
            return None
        if quarter not in known:
            known[quarter] = _officers(quarter, today)
        return known[quarter].get(mail.user)

    return send_mail_rows(
        model=ClosingMail,
        related=("user", "reminder"),
        still_wanted=lambda mail: owed(mail) is not None,
        message=lambda mail: closing_email(
            mail.user, mail.reminder.period, owed(mail) or OwedByOfficers()
        ),
        verb="officers reminded before closing",
        subject_name="What officers owe a quarter",
        by=by,
        now=now,
    )

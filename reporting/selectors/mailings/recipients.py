"""Who gets an edition on a day, and why others do not."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db.models import Q
from django.utils import timezone

from trafford_sv.core.periods import FinancialYear, Quarter

from ...editions import last_day
from ...mail_schedule import TRIES_AT_MOST, due_on, is_in_doubt, may_try, send_on
from ...models import Audience, EditionMail, MailSchedule, MailSubscription, ReportEdition
from ...models.mailings import ClaimedMail, key_of

# An edition is looked at for so long after it was published; then its log stands as it is.
LOOKED_AT = datetime.timedelta(days=200)
State = MailSubscription.State


class Verdict(StrEnum):
    """What happens to one reader of one edition on a day."""

    SEND = "send"
    LATER = "later"  # refused; its pause is not over
    SENT = "sent"
    DOUBT = "doubt"
    NOT = "not"


@dataclass(frozen=True)
class Recipient:
    """`why` says it for a person. `corrects`: the edition that they had got, 0 for none.

    `mail` None: no row yet.
    """

    subscription: MailSubscription
    address: str
    verdict: Verdict
    why: str
    corrects: int = 0
    mail: EditionMail | None = None

    @property
    def audience(self) -> Audience:
        return Audience(self.subscription.audience)


@dataclass(frozen=True)
class DueEdition:
    """A standing edition with the lines of the schedule that it falls under.

    `first_published`: the day of the period's edition 1, which settles who was a reader then.
    """

    edition: ReportEdition
    lines: tuple[MailSchedule, ...]
    first_published: datetime.date

    @property
    def published(self) -> datetime.date:
        return day_of(self.edition.published_at)

    def due(self, line: MailSchedule) -> datetime.date:
        return due_on(last_day(self.edition.period), line.days_after)

    def goes_on(self, line: MailSchedule) -> datetime.date:
        """The first day on which this edition may go to the line's audience."""
        return send_on(self.due(line), self.published)

    def first_went_on(self, line: MailSchedule) -> datetime.date:
        """The day on which the period's first edition could go."""
        return send_on(self.due(line), self.first_published)

    def due_lines(self, as_of: datetime.date) -> tuple[MailSchedule, ...]:
        return tuple(line for line in self.lines if self.goes_on(line) <= as_of)


def day_of(moment: datetime.datetime) -> datetime.date:
    """Here, summer time or not."""
    return timezone.localtime(moment).date()


def scheduled_editions(as_of: datetime.date) -> list[DueEdition]:
    """Standing editions that a line in use sends sooner or later, oldest first. 3 queries."""
    lines: dict[str, list[MailSchedule]] = {}
    for line in MailSchedule.objects.filter(is_active=True).order_by("pk"):
        lines.setdefault(line.kind, []).append(line)
    if not lines:
        return []
    midnight = timezone.make_aware(datetime.datetime.combine(as_of, datetime.time.min))
    recent = list(
        ReportEdition.objects.standing()
        .filter(kind__in=lines, published_at__gte=midnight - LOOKED_AT)
        .defer("dataset_text")
        .order_by("published_at", "pk")
    )
    firsts = first_days(recent)
    found = []
    for edition in recent:
        first = firsts[edition.kind, edition.period_code]
        kept = tuple(line for line in lines[edition.kind] if _falls_under(line, edition, first))
        if kept and day_of(edition.published_at) <= as_of:
            found.append(DueEdition(edition, kept, first))
    return found


def _falls_under(line: MailSchedule, edition: ReportEdition, first: datetime.date) -> bool:
    """Published since the line is in use, and not of long ago: of the periods that are published
    late, or all at once when a council begins, the last one alone is news."""
    period = edition.period
    after = period.next if isinstance(period, Quarter) else FinancialYear(period.start_year + 1)
    return first >= line.from_day and after.end >= line.from_day


def first_days(editions: Iterable[ReportEdition]) -> dict[tuple[str, str], datetime.date]:
    """When edition 1 of each one's period was published. 1 query."""
    wanted = Q()
    held: dict[tuple[str, str], datetime.date] = {}
    for each in editions:
        key = (each.kind, each.period_code)
        if each.number == 1:
            held[key] = day_of(each.published_at)
        else:
            wanted |= Q(kind=each.kind, financial_year=each.financial_year, quarter=each.quarter)
    if wanted:
        for one in ReportEdition.objects.filter(wanted, number=1).defer("dataset_text"):
            held[one.kind, one.period_code] = day_of(one.published_at)
    return held


def recipients_of(
    due: DueEdition, *, as_of: datetime.date, now: datetime.datetime
) -> list[Recipient]:
    """Everybody who could get it, with what happens and why. 2 queries, however many there are."""
    edition = due.edition
    lines = {line.audience: line for line in due.lines}
    rows = list(
        MailSubscription.objects.filter(audience__in=lines)
        .exclude(state=State.PENDING)
        .select_related("user")
    )
    order = list(Audience.values)
    rows.sort(key=lambda row: (order.index(row.audience), row.reader.lower(), row.pk))
    mails = EditionMail.objects.filter(
        edition__kind=edition.kind,
        edition__financial_year=edition.financial_year,
        edition__quarter=edition.quarter,
        edition__number__lte=edition.number,
    ).select_related("edition", "subscription")
    own: dict[int, EditionMail] = {}
    earlier: dict[int, EditionMail] = {}
    taken: dict[str, int] = {}
    people: dict[int, int] = {}
    for mail in mails.defer("edition__dataset_text").order_by("edition__number", "pk"):
        if mail.edition_id != edition.pk:
            earlier[mail.subscription_id] = mail
            continue
        own[mail.subscription_id] = mail
        taken[mail.address_key] = mail.subscription_id
        if mail.subscription.user_id is not None:
            people[mail.subscription.user_id] = mail.subscription_id
    found = []
    for row in rows:
        one = _judged(
            row, due, lines[row.audience], own.get(row.pk), earlier.get(row.pk), taken, people,
            as_of=as_of, now=now,
        )  # fmt: skip
        if one.verdict is Verdict.SEND:
            taken.setdefault(key_of(one.address), row.pk)
            if row.user_id is not None:
                people.setdefault(row.user_id, row.pk)
        found.append(one)
    return found


def _judged(
    row: MailSubscription,
    due: DueEdition,
    line: MailSchedule,
    mail: EditionMail | None,
    before: EditionMail | None,
    taken: dict[str, int],
    people: dict[int, int],
    *,
    as_of: datetime.date,
    now: datetime.datetime,
) -> Recipient:
    corrects = 0
    if before is not None and before.state in (EditionMail.State.SENT, EditionMail.State.CLAIMED):
        corrects = before.edition.number

    def answer(verdict: Verdict, why: str) -> Recipient:
        held = mail.address if mail is not None and verdict is not Verdict.SEND else ""
        address = held or row.address
        return Recipient(row, address, verdict, why, corrects, mail)

    if mail is not None and mail.state != EditionMail.State.WAITING:
        verdict, why = _of_row(mail, now)
        if verdict is not Verdict.LATER and verdict is not Verdict.SEND:
            return answer(verdict, why)
        if (reason := _not_a_reader(row)) is not None:
            return answer(Verdict.NOT, reason)
        return answer(verdict, why)
    if (reason := _not_a_reader(row)) is not None:
        return answer(Verdict.NOT, reason)
    if row.kinds and due.edition.kind not in row.kinds:
        return answer(Verdict.NOT, "Chose other reports")
    joined = day_of(row.confirmed_at or row.asked_at)
    if joined > due.first_went_on(line) and before is None:
        return answer(
            Verdict.NOT, f"Became a reader on {joined:%-d %B %Y}, after it first went out"
        )
    if due.goes_on(line) > as_of:
        return answer(Verdict.NOT, f"Not before {due.goes_on(line):%-d %B %Y}")
    if mail is None:
        if _taken_by(row, taken, people) is not None:
            return answer(Verdict.NOT, "Gets it in another audience: one message a person")
    why = "Waits to be sent" if mail is not None else "Is due"
    return answer(Verdict.SEND, f"{why}: corrects edition {corrects}" if corrects else why)


def _taken_by(row: MailSubscription, taken: dict[str, int], people: dict[int, int]) -> int | None:
    if row.user_id is not None and row.user_id in people:
        return people[row.user_id]
    return taken.get(key_of(row.address))


def _not_a_reader(row: MailSubscription) -> str | None:
    if row.state != State.ACTIVE:
        return MailSubscription.State(row.state).label
    if row.user is not None and not row.user.is_active:
        return "The account is closed"
    try:
        validate_email(row.address)
    except ValidationError:
        return "This is no e-mail address"
    return None


def _of_row(mail: EditionMail, now: datetime.datetime) -> tuple[Verdict, str]:
    match mail.state:
        case EditionMail.State.SENT:
            when = f" on {day_of(mail.sent_at):%-d %B %Y}" if mail.sent_at else ""
            return Verdict.SENT, f"Sent{when}"
        case EditionMail.State.CLAIMED:
            if doubtful(mail, now):
                return Verdict.DOUBT, "In doubt: a person says whether it arrived"
            return Verdict.DOUBT, "Being sent now"
        case EditionMail.State.SKIPPED:
            return Verdict.NOT, mail.failure or "Not sent"
    if mail.tries >= TRIES_AT_MOST or mail.next_try_at is None:
        return Verdict.NOT, f"Refused by the mail server, and not tried again: {mail.failure}"
    if may_try(mail.next_try_at, mail.claimed_at, now):
        return Verdict.SEND, f"Is tried again: {mail.failure}"
    return (
        Verdict.LATER,
        f"Refused; tried again from {timezone.localtime(mail.next_try_at):%H:%M} on: {mail.failure}",
    )


def doubtful(mail: ClaimedMail, now: datetime.datetime) -> bool:
    """Claimed, and nobody sends it any more: the line broke, or its worker is gone."""
    return mail.state == ClaimedMail.State.CLAIMED and (
        bool(mail.failure) or mail.claimed_at is None or is_in_doubt(mail.claimed_at, now)
    )

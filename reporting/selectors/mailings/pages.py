"""What the pages about reports by e-mail show."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Q

from ...editions import Period, UnknownKind, kind_of, period_code
from ...mail_schedule import DOUBT_AFTER, due_on
from ...models import (
    Audience,
    EditionMail,
    LateNudge,
    MailSchedule,
    MailSubscription,
    ReportEdition,
)
from .late import last_ended
from .recipients import DueEdition, Recipient, day_of, recipients_of, scheduled_editions

LOG_SHOWN = 12


@dataclass(frozen=True)
class ScheduleLine:
    """A line with its last ended period: when due, whether published, to how many.

    `edition` None: not published yet. `goes_on` is None then.
    """

    line: MailSchedule
    kind_name: str
    is_known: bool
    period: Period | None
    due: datetime.date | None
    edition: ReportEdition | None
    goes_on: datetime.date | None
    readers: int
    sent: int
    is_late: bool

    @property
    def period_label(self) -> str:
        return self.period.label if self.period is not None else ""


@dataclass(frozen=True)
class MailedEdition:
    """An edition that was sent to somebody, with how many copies stand where."""

    edition: ReportEdition
    sent: int
    waiting: int
    failed: int
    doubtful: int
    skipped: int


@dataclass(frozen=True)
class MailingsHome:
    """`nudges`: messages that a report is late which are in doubt, or were refused."""

    lines: tuple[ScheduleLine, ...]
    recent: tuple[MailedEdition, ...]
    doubtful: int
    failed: int
    suspended: int
    nudges_doubtful: int
    nudges_failed: int


def mailings_home(*, as_of: datetime.date, now: datetime.datetime) -> MailingsHome:
    """9 queries, however many lines, editions and readers there are."""
    counts = EditionMail.objects.aggregate(
        doubtful=Count("pk", filter=_doubt(now)),
        failed=Count("pk", filter=Q(state=EditionMail.State.FAILED)),
    )
    counts |= LateNudge.objects.aggregate(
        nudges_doubtful=Count("pk", filter=_doubt(now)),
        nudges_failed=Count("pk", filter=Q(state=LateNudge.State.FAILED)),
    )
    return MailingsHome(
        schedule_lines(as_of),
        mailed_editions(now, most=LOG_SHOWN),
        suspended=MailSubscription.objects.filter(state=MailSubscription.State.SUSPENDED).count(),
        **counts,
    )


def _doubt(now: datetime.datetime) -> Q:
    return Q(state=EditionMail.State.CLAIMED) & (
        Q(claimed_at__lte=now - DOUBT_AFTER) | Q(claimed_at__gte=now + DOUBT_AFTER) | ~Q(failure="")
    )


def schedule_lines(as_of: datetime.date) -> tuple[ScheduleLine, ...]:
    """4 queries."""
    readers = dict(
        MailSubscription.objects.filter(state=MailSubscription.State.ACTIVE)
        .order_by()
        .values_list("audience")
        .annotate(rows=Count("pk"))
    )
    found = []
    lines = list(MailSchedule.objects.order_by("kind", "days_after", "pk"))
    standing = _last_editions({line.kind for line in lines}, as_of)
    for line in lines:
        try:
            kind, period = kind_of(line.kind), last_ended(line.kind, as_of)
        except UnknownKind:
            found.append(ScheduleLine(line, line.kind, False, None, None, None, None, 0, 0, False))
            continue
        edition, due = standing.get(line.kind), due_on(period.end, line.days_after)
        goes_on = None
        if edition is not None:
            goes_on = DueEdition(edition, (line,), day_of(edition.published_at)).goes_on(line)
        found.append(
            ScheduleLine(
                line, kind.name, True, period, due, edition, goes_on,
                readers.get(line.audience, 0), 0, edition is None and due < as_of,
            )
        )  # fmt: skip
    published = [one.edition.pk for one in found if one.edition is not None]
    by_audience = {
        (edition, audience): rows
        for edition, audience, rows in EditionMail.objects.filter(
            edition__in=published, state=EditionMail.State.SENT
        )
        .order_by()
        .values_list("edition", "subscription__audience")
        .annotate(rows=Count("pk"))
    }
    return tuple(
        replace(one, sent=by_audience.get((one.edition.pk, one.line.audience), 0))
        if one.edition is not None
        else one
        for one in found
    )


def _last_editions(kinds: set[str], as_of: datetime.date) -> dict[str, ReportEdition]:
    """What stands for the last ended period of each kind. 1 query."""
    wanted = Q(pk__in=[])
    for kind in kinds:
        try:
            period = last_ended(kind, as_of)
        except UnknownKind:
            continue
        number = getattr(period, "number", None)
        quarter = Q(quarter__isnull=True) if number is None else Q(quarter=number)
        wanted |= Q(quarter, kind=kind, financial_year=period.start_year)
    rows = ReportEdition.objects.filter(wanted).defer("dataset_text").order_by("number")
    return {row.kind: row for row in rows}


def mailed_editions(now: datetime.datetime, *, most: int) -> tuple[MailedEdition, ...]:
    """Newest first. 2 queries."""
    State = EditionMail.State
    counts = list(
        EditionMail.objects.order_by()
        .values("edition")
        .annotate(
            sent=Count("pk", filter=Q(state=State.SENT)),
            waiting=Count("pk", filter=Q(state=State.WAITING)),
            failed=Count("pk", filter=Q(state=State.FAILED)),
            doubtful=Count("pk", filter=_doubt(now)),
            skipped=Count("pk", filter=Q(state=State.SKIPPED)),
        )
        .order_by("-edition__published_at")[:most]
    )
    editions = ReportEdition.objects.defer("dataset_text").in_bulk(
        [row["edition"] for row in counts]
    )
    names = ("sent", "waiting", "failed", "doubtful", "skipped")
    found: list[dict[str, Any]] = [dict(row) for row in counts]
    return tuple(
        MailedEdition(editions[row["edition"]], **{name: row[name] for name in names})
        for row in found
    )


@dataclass(frozen=True)
class Rehearsed:
    """One edition on a day: everybody with what happens and why. `trouble`: why nothing goes."""

    due: DueEdition
    recipients: tuple[Recipient, ...]

    @property
    def edition(self) -> ReportEdition:
        return self.due.edition

    def of(self, verdict: str) -> tuple[Recipient, ...]:
        return tuple(one for one in self.recipients if one.verdict == verdict)


@dataclass(frozen=True)
class NotPublished:
    """A line whose report is not there: who would get it."""

    line: MailSchedule
    kind_name: str
    period: Period
    due: datetime.date
    readers: tuple[MailSubscription, ...]

    @property
    def period_code(self) -> str:
        return period_code(self.period)


def rehearsal(
    *, as_of: datetime.date, now: datetime.datetime
) -> tuple[tuple[Rehearsed, ...], tuple[NotPublished, ...]]:
    """What the schedule would do on a day. 2 queries for each edition that it looks at."""
    seen = [
        Rehearsed(due, tuple(recipients_of(due, as_of=as_of, now=now)))
        for due in scheduled_editions(as_of)
    ]
    missing = []
    for one in schedule_lines(as_of):
        if one.edition is None and one.period is not None and one.due is not None:
            if one.line.is_active:
                missing.append((one.line, one.kind_name, one.period, one.due))
    readers = readers_of([line.audience for line, *_ in missing])
    return tuple(reversed(seen)), tuple(
        NotPublished(line, name, period, due, readers.get(line.audience, ()))
        for line, name, period, due in missing
    )


def readers_of(audiences: Sequence[str]) -> dict[str, tuple[MailSubscription, ...]]:
    """The active ones of each. 1 query."""
    held: dict[str, list[MailSubscription]] = {}
    for row in (
        MailSubscription.objects.filter(audience__in=audiences, state=MailSubscription.State.ACTIVE)
        .select_related("user")
        .order_by("name", "pk")
    ):
        held.setdefault(row.audience, []).append(row)
    return {key: tuple(rows) for key, rows in held.items()}


def audience_counts() -> list[tuple[Audience, int]]:
    """Every audience with its active readers. 1 query."""
    counts = dict(
        MailSubscription.objects.filter(state=MailSubscription.State.ACTIVE)
        .order_by()
        .values_list("audience")
        .annotate(rows=Count("pk"))
    )
    return [(one, counts.get(one.value, 0)) for one in Audience]

"""Quarters that were opened again, and which published reports no longer say what would be said now."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q

from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter

from ..editions import Period, kind_of, kinds, period_code
from ..models import ReportEdition


@dataclass(frozen=True)
class Reopening:
    """The quarter was closed, and opened again: what was published of it has a next edition."""

    closed_at: datetime.datetime
    at: datetime.datetime
    by_name: str
    reason: str
    closed_by: str = ""


@dataclass(frozen=True)
class OwedEdition:
    """A report that was published before the quarter was opened again: `number` is its next edition.

    `is_later`: it is of a later period, and its figures to date count the quarter.
    """

    kind: str
    name: str
    period: Period
    number: int
    is_later: bool = False

    @property
    def period_code(self) -> str:
        return period_code(self.period)


@dataclass(frozen=True)
class ReopenedSince:
    """`is_earlier`: no quarter of the report's own period, but its figures to date count it."""

    quarter: Quarter
    opened: Reopening
    is_earlier: bool


def kinds_to_date() -> frozenset[str]:
    """The kinds whose figures reach back before their own period, so that an earlier quarter that is
    opened again may change them: the one place where this is asked."""
    return frozenset(kind.key for kind in kinds() if kind.counts_to_date)


def closings_of(quarter: Quarter) -> list[ClosedQuarter]:
    """Oldest first."""
    return list(
        ClosedQuarter.objects.filter(
            financial_year=quarter.start_year, quarter=quarter.number
        ).order_by("closed_at", "pk")
    )


def reopenings(quarter: Quarter) -> tuple[Reopening, ...]:
    """Each time the quarter was opened again, oldest first. One query.

    What is published of the quarter after one of these is a further edition.
    """
    return reopenings_of(closings_of(quarter))


def reopenings_of(rows: Sequence[ClosedQuarter]) -> tuple[Reopening, ...]:
    return tuple(
        Reopening(
            row.closed_at,
            row.reopened_at,
            row.reopened_by_name,
            row.reopened_reason,
            row.closed_by_name,
        )
        for row in rows
        if row.reopened_at is not None
    )


def editions_owed(quarter: Quarter, rows: Sequence[ClosedQuarter]) -> tuple[OwedEdition, ...]:
    """Reports that count closed quarters and stand as they were before the quarter was last opened
    again: of the quarter and its year; and of later periods, where they hold figures to date, as they
    were before it was last closed. `rows`: its closings, oldest first. One query, none where it was
    never opened again.
    """
    opened = reopenings_of(rows)
    if not opened:
        return ()
    year, number = quarter.start_year, quarter.number
    own = Q(financial_year=year) & (Q(quarter=number) | Q(quarter__isnull=True))
    own &= Q(published_at__lt=opened[-1].at)
    # What went out while the quarter stood open again counted it as it was just then.
    later = Q(published_at__lt=max(rows[-1].closed_at, opened[-1].at), kind__in=kinds_to_date())
    later &= Q(financial_year__gt=year) | Q(financial_year=year, quarter__gt=number)
    found = (
        ReportEdition.objects.standing()
        .filter(own | later, kind__in=[kind.key for kind in kinds() if kind.needs_closed])
        .defer("dataset_text")
    )
    owed = [
        OwedEdition(
            row.kind,
            kind_of(row.kind).name,
            row.period,
            row.number + 1,
            is_later=row.financial_year > year or (row.quarter or 0) > number,
        )
        for row in found
    ]
    return tuple(sorted(owed, key=lambda one: (one.period.start, one.period.end, one.kind)))


def reopened_since(edition: ReportEdition) -> tuple[ReopenedSince, ...]:
    """Quarters that were opened again and that the report, as it was published, counts as they were
    before: its own, and earlier ones where it holds figures to date. Each the last time, oldest
    quarter first. One query, none for a report that does not wait for closed quarters.
    """
    if not any(kind.needs_closed for kind in kinds() if kind.key == edition.kind):
        return ()
    period = edition.period
    own = [period.number] if isinstance(period, Quarter) else [1, 2, 3, 4]
    wanted = Q(financial_year=edition.financial_year, quarter__in=own)
    if edition.kind in kinds_to_date():
        wanted |= Q(financial_year__lt=edition.financial_year)
        wanted |= Q(financial_year=edition.financial_year, quarter__lt=min(own))
    rows: dict[Quarter, list[ClosedQuarter]] = {}
    for row in ClosedQuarter.objects.filter(wanted).order_by(
        "financial_year", "quarter", "closed_at", "pk"
    ):
        rows.setdefault(Quarter(row.financial_year, row.quarter), []).append(row)
    found = []
    for quarter, closings in rows.items():
        opened = reopenings_of(closings)
        if not opened:
            continue
        is_earlier = quarter.end < period.start
        is_open = closings[-1].reopened_at is not None
        changed = opened[-1].at if is_open else closings[-1].closed_at
        since = changed if is_earlier else opened[-1].at
        if since > edition.published_at or (is_earlier and is_open):
            found.append(ReopenedSince(quarter, opened[-1], is_earlier))
    return tuple(found)

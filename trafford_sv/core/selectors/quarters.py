"""The quarters an officer may close or reopen now."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ..models import ClosedQuarter
from ..periods import Quarter

QUARTERS_SHOWN = 9


@dataclass(frozen=True)
class QuarterRow:
    """One quarter. `closed_at` is None when it is open; `reopened` tells of its latest reopening."""

    quarter: Quarter
    is_over: bool
    closed_at: datetime.datetime | None
    closed_by: str
    reopened_at: datetime.datetime | None
    reopened_by: str
    reopened_reason: str

    @property
    def is_closed(self) -> bool:
        return self.closed_at is not None


def quarter_rows(*, today: datetime.date) -> tuple[QuarterRow, ...]:
    """This quarter and the eight before, newest first. One query."""
    quarters = [Quarter.of(today)]
    while len(quarters) < QUARTERS_SHOWN:
        quarters.append(quarters[-1].previous)
    latest: dict[tuple[int, int], ClosedQuarter] = {}
    rows = ClosedQuarter.objects.filter(financial_year__gte=quarters[-1].start_year)
    for row in rows.order_by("closed_at", "pk"):
        latest[row.financial_year, row.quarter] = row
    shown = []
    for quarter in quarters:
        row_or_none = latest.get((quarter.start_year, quarter.number))
        closed = row_or_none is not None and row_or_none.reopened_at is None
        shown.append(
            QuarterRow(
                quarter=quarter,
                is_over=today > quarter.end,
                closed_at=row_or_none.closed_at if row_or_none and closed else None,
                closed_by=row_or_none.closed_by_name if row_or_none and closed else "",
                reopened_at=row_or_none.reopened_at if row_or_none else None,
                reopened_by=row_or_none.reopened_by_name if row_or_none else "",
                reopened_reason=row_or_none.reopened_reason if row_or_none else "",
            )
        )
    return tuple(shown)

"""Closing and reopening quarters, and the lock that everything counted by quarter asks."""

from __future__ import annotations

import datetime
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from ..closing import Outstanding, outstanding_checks, run_closing_steps
from ..models import ClosedQuarter
from ..periods import Quarter
from .audit import actor_name, acts_for_demo, record_event

_LOCK = 7301  # this product's number for "a quarter" among PostgreSQL's advisory locks


class QuarterClosed(ValueError):
    """A change would touch a closed quarter."""


class QuarterStateError(ValueError):
    """Closing what is closed, or reopening what is open."""


class ChecksOutstanding(QuarterStateError):
    """Closing with checks that neither pass nor were accepted. `outstanding` says which."""

    def __init__(self, quarter: Quarter, outstanding: tuple[Outstanding, ...]) -> None:
        self.outstanding = outstanding
        many = len(outstanding)
        super().__init__(
            f"{quarter.label} was not closed: {many} {'check is' if many == 1 else 'checks are'} "
            f"outstanding. {' '.join(one.sentence for one in outstanding)} "
            "Settle each, or accept it with a reason."
        )


def closed_quarters() -> set[Quarter]:
    """Every quarter that is closed now. One query."""
    return {
        Quarter(year, number)
        for year, number in ClosedQuarter.objects.filter(reopened_at__isnull=True).values_list(
            "financial_year", "quarter"
        )
    }


def _hold(quarter: Quarter, *, alone: bool) -> None:
    """Until the transaction ends: writers of a quarter share it, closing it waits for them.

    SQLite needs no help, its transactions run one at a time.
    """
    if connection.vendor == "postgresql":
        take = "pg_advisory_xact_lock" if alone else "pg_advisory_xact_lock_shared"
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT {take}(%s, %s)", [_LOCK, quarter.start_year * 10 + quarter.number]
            )


def hold_quarters(*, first: datetime.date, last: datetime.date) -> None:
    """Until the caller's transaction ends, no quarter that these days touch can be closed."""
    quarter = Quarter.of(first)
    while quarter.start <= last:
        _hold(quarter, alone=False)
        quarter = quarter.next


def assert_open(*, quarter: Quarter) -> None:
    """Raises QuarterClosed with a sentence for the person. Call it inside the writing transaction."""
    _hold(quarter, alone=False)
    row = ClosedQuarter.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number, reopened_at__isnull=True
    ).first()
    if row:
        raise QuarterClosed(
            f"{quarter.label} was closed on {timezone.localtime(row.closed_at):%-d %B %Y}. "
            "Ask the social value co-ordinator to reopen it."
        )


def close_quarter(
    *,
    quarter: Quarter,
    by: Any,
    now: datetime.datetime,
    checked: bool = False,
    is_demo: bool = False,
) -> ClosedQuarter:
    """Lock a quarter that is over. Raises QuarterStateError.

    `checked` asks the registered checks once nobody else can write in the quarter, as the page and
    the command do. Raises ChecksOutstanding. A closing by a demo account is the demo's as well.
    """
    if timezone.localtime(now).date() <= quarter.end:
        raise QuarterStateError(
            f"{quarter.label} ends on {quarter.end:%-d %B %Y}; it can be closed after that."
        )
    try:
        with transaction.atomic():
            _hold(quarter, alone=True)
            if checked:
                _refuse_closed(quarter)
                if found := outstanding_checks(quarter, now):
                    raise ChecksOutstanding(quarter, found)
            row = ClosedQuarter.objects.create(
                financial_year=quarter.start_year,
                quarter=quarter.number,
                closed_at=now,
                closed_by_name=actor_name(by),
                is_demo=is_demo or acts_for_demo(by),
            )
            record_event(by=by, now=now, verb="quarter closed", subject=row)
            run_closing_steps(quarter, by, now)
    except IntegrityError as error:
        raise QuarterStateError(f"{quarter.label} is closed already.") from error
    return row


def _refuse_closed(quarter: Quarter) -> None:
    """Before its checks are asked: what is closed already has nothing outstanding to speak of."""
    if quarter in closed_quarters():
        raise QuarterStateError(f"{quarter.label} is closed already.")


def reopen_quarter(
    *, quarter: Quarter, by: Any, now: datetime.datetime, reason: str
) -> ClosedQuarter:
    """Unlock, with a reason that stays on record. Raises QuarterStateError."""
    if not reason.strip():
        raise QuarterStateError("Say why the quarter is reopened.")
    with transaction.atomic():
        _hold(quarter, alone=True)
        row = (
            ClosedQuarter.objects.select_for_update()
            .filter(
                financial_year=quarter.start_year, quarter=quarter.number, reopened_at__isnull=True
            )
            .first()
        )
        if row is None:
            raise QuarterStateError(f"{quarter.label} is not closed.")
        row.reopened_at, row.reopened_by_name, row.reopened_reason = (
            now,
            actor_name(by),
            reason.strip(),
        )
        row.version += 1
        row.save()
        record_event(by=by, now=now, verb="quarter reopened", subject=row, reason=reason.strip())
    return row

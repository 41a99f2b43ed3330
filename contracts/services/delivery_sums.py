"""Keeping the sums of closed quarters, and finding out whether they still are what the lines say."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.quarters import hold_quarters

from ..models import DeliverySum
from ..selectors.delivery_sums import sums_of_lines
from ..valuation import plus

BATCH = 2000
_SAID = (
    "contract_id", "kind", "edition_id", "measure_id", "reported_pounds", "verified_pounds",
    "lines", "lines_not_reported", "lines_undecided", "lines_without_value",
)  # fmt: skip

# What a closed quarter never changes. A line that was sent back before it was closed and is sent again
# as it was waits once more, which changes `lines_undecided` alone.
_COUNTED = (
    "reported_pounds", "verified_pounds", "lines", "lines_not_reported", "lines_without_value",
)  # fmt: skip


@dataclass(frozen=True)
class SumsCheck:
    """`added`: quarters that had no sums, or were summed before an edition's licence changed or a line
    was sent again.
    `differing`: a sentence for each quarter whose sums were not its lines any more. They are now."""

    quarters: int
    added: int
    differing: tuple[str, ...]


def sum_closed_quarter(*, quarter: Quarter, by: Any, now: datetime.datetime) -> None:
    """A step of closing: nobody else writes to the quarter, so its lines are what they stay."""
    closed = ClosedQuarter.objects.get(
        financial_year=quarter.start_year, quarter=quarter.number, reopened_at__isnull=True
    )
    # Of an earlier closing, which was reopened: nobody reads them any more.
    DeliverySum.objects.filter(
        closed__financial_year=quarter.start_year, closed__quarter=quarter.number
    ).delete()
    _write(closed, list(sums_of_lines(quarter)))


def check_delivery_sums(*, by: Any, now: datetime.datetime, dry_run: bool = False) -> SumsCheck:
    """Every closed quarter is added up again. One without sums gets them; sums that are not what the
    lines say are told, and put right. `dry_run` only says so."""
    closings = list(ClosedQuarter.objects.filter(reopened_at__isnull=True).order_by("pk"))
    added, differing = 0, []
    for each in closings:
        quarter = Quarter(each.financial_year, each.quarter)
        with transaction.atomic():
            hold_quarters(first=quarter.start, last=quarter.end)
            # And no other check at the same time; one that was reopened meanwhile is nobody's.
            closed = (
                ClosedQuarter.objects.select_for_update(no_key=True)
                .filter(pk=each.pk, reopened_at__isnull=True)
                .first()
            )
            if closed is None:
                continue
            wanted = list(sums_of_lines(quarter))
            kept = list(DeliverySum.objects.filter(closed=closed))
            if {_said(one) for one in kept} == {_said(one) for one in wanted}:
                continue
            if not dry_run:
                DeliverySum.objects.filter(closed=closed).delete()
                _write(closed, wanted)
            if not kept or _whole(kept) == _whole(wanted):
                added += 1
                continue
            said = f"{quarter.label}: what was kept of its deliveries was not what its lines say."
            differing.append(said)
            if not dry_run:
                record_event(by=by, now=now, verb="sums of a quarter put right", subject=closed)
    return SumsCheck(len(closings), added, tuple(differing))


def _said(one: DeliverySum) -> tuple[Any, ...]:
    return tuple(getattr(one, name) for name in _SAID)


def _whole(sums: list[DeliverySum]) -> dict[tuple[Any, ...], list[Any]]:
    """By agreement, kind and edition, what never changes: the same before and after an edition's licence
    changed, which only tells measures apart or puts them together."""
    found: dict[tuple[Any, ...], list[Any]] = {}
    for one in sums:
        key, said = _said(one)[:3], [getattr(one, name) for name in _COUNTED]
        held = found.get(key)
        found[key] = list(said) if held is None else [
            plus(a, b) for a, b in zip(held, said, strict=True)
        ]  # fmt: skip
    return found


def _write(closed: ClosedQuarter, sums: list[DeliverySum]) -> None:
    for one in sums:
        one.closed = closed
    DeliverySum.objects.bulk_create(sums, batch_size=BATCH)

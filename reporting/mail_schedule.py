"""When a report's e-mail falls due, and when one that was refused is tried again. Pure."""

from __future__ import annotations

import datetime

from trafford_sv.core.working_days import working_day_from

TRIES_AT_MOST = 5
FIRST_PAUSE = datetime.timedelta(minutes=15)
# A schedule that looks every quarter of an hour is a moment early now and then.
EARLY = datetime.timedelta(minutes=1)
# One message takes minutes at most; after this, what is claimed and not marked is in doubt.
DOUBT_AFTER = datetime.timedelta(hours=1)


def due_on(last_day: datetime.date, days_after: int) -> datetime.date:
    """`days_after` the period's last day, moved to the next working day in England."""
    return working_day_from(last_day + datetime.timedelta(days=days_after))


def send_on(due: datetime.date, published: datetime.date) -> datetime.date:
    """The first day on which it may go: due, published, and a working day."""
    return working_day_from(max(due, published))


def next_try_at(tries: int, failed_at: datetime.datetime) -> datetime.datetime | None:
    """After 15 minutes, then 30, 60 and 120; None where five tries were enough."""
    if tries >= TRIES_AT_MOST:
        return None
    return failed_at + FIRST_PAUSE * 2 ** max(0, tries - 1)


def may_try(
    next_at: datetime.datetime | None, failed_at: datetime.datetime | None, now: datetime.datetime
) -> bool:
    """Whether the pause is over. A clock that was set back can measure no pause, so it waits for none."""
    if next_at is None:
        return False
    return now >= next_at - EARLY or (failed_at is not None and now < failed_at)


def is_in_doubt(claimed_at: datetime.datetime, now: datetime.datetime) -> bool:
    """Claimed for so long, forwards or backwards on the clock, that nobody sends it any more."""
    return abs(now - claimed_at) >= DOUBT_AFTER

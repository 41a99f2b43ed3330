"""When a quarter's return is due, and how far away that is, in words without blame. Pure."""

from __future__ import annotations

import datetime

from trafford_sv.core.periods import Quarter

RETURN_DUE_DAYS = 20


def due_on(quarter: Quarter) -> datetime.date:
    """The last day on which a quarter's return is in time."""
    return quarter.end + datetime.timedelta(days=RETURN_DUE_DAYS)


def days_left(quarter: Quarter, day: datetime.date) -> int:
    """Days from `day` to the due day: 0 on the day itself, negative after it."""
    return (due_on(quarter) - day).days


def left_words(days: int) -> str:
    """ "6 days late", "due today", "due tomorrow", "due in 12 days"."""
    if days < 0:
        return f"{_days(-days)} late"
    return {0: "due today", 1: "due tomorrow"}.get(days, f"due in {_days(days)}")


def due_words(quarter: Quarter, day: datetime.date) -> str:
    """Where a return that has not come in stands on a day."""
    return left_words(days_left(quarter, day))


def due_sentence(quarter: Quarter, day: datetime.date) -> str:
    """ "It is due on 20 January 2027, in 51 days." and "It was due on 20 October 2026, 41 days ago."."""
    days, due = days_left(quarter, day), f"{due_on(quarter):%-d %B %Y}"
    if days < 0:
        return f"It was due on {due}, {_days(-days)} ago."
    return f"It is due on {due}, {'today' if days == 0 else f'in {_days(days)}'}."


def sent_words(quarter: Quarter, sent: datetime.date) -> str:
    """How a return that came in compares with its due day."""
    days = days_left(quarter, sent)
    return "in time" if days >= 0 else f"{_days(-days)} after its due date"


def _days(number: int) -> str:
    return f"{number:,} {'day' if number == 1 else 'days'}"

"""Where an action stands on a day: stale, overdue, waiting. Computed, never typed. Pure.

`action_plan.selectors.standing` says the same in SQL; a test holds the two together.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum

from trafford_sv.core.periods import Quarter

UPDATE_DUE_DAYS = 30


class Status(StrEnum):
    """What is said of an action; the lead proposes it with each update."""

    NOT_STARTED = "not_started"
    ON_TRACK = "on_track"
    AT_RISK = "at_risk"
    OFF_TRACK = "off_track"
    COMPLETE = "complete"
    CANCELLED = "cancelled"

    @property
    def label(self) -> str:
        return self.value.replace("_", " ").capitalize()

    @property
    def is_over(self) -> bool:
        return self in OVER


OVER = frozenset({Status.COMPLETE, Status.CANCELLED})
STATUS_CHOICES = [(status.value, status.label) for status in Status]


@dataclass(frozen=True)
class Facts:
    """What is known of one action. `updated` is the latest quarter with an update sent in."""

    status: Status
    starts: datetime.date | None
    due: datetime.date | None
    updated: Quarter | None


def update_due_on(quarter: Quarter) -> datetime.date:
    """The last day on which a quarter's update is in time."""
    return quarter.end + datetime.timedelta(days=UPDATE_DUE_DAYS)


def expected_quarter(as_of: datetime.date) -> Quarter:
    """The latest quarter whose update should have come in before the day."""
    quarter = Quarter.of(as_of).previous
    return quarter if update_due_on(quarter) < as_of else quarter.previous


def is_stale(facts: Facts, as_of: datetime.date) -> bool:
    """No update for a quarter in which the action ran, once that update's time is over."""
    expected = expected_quarter(as_of)
    if facts.status.is_over or facts.starts is None or facts.starts > expected.end:
        return False
    return facts.updated is None or facts.updated < expected


def is_overdue(facts: Facts, as_of: datetime.date) -> bool:
    """Not finished although its due day has passed."""
    return not facts.status.is_over and facts.due is not None and facts.due < as_of


def quarters_silent(facts: Facts, as_of: datetime.date) -> int:
    """How many quarters are owed an update; 0 where the action is not stale."""
    if not is_stale(facts, as_of):
        return 0
    assert facts.starts is not None
    first = Quarter.of(facts.starts) if facts.updated is None else facts.updated.next
    silent, quarter = 0, first
    while quarter <= expected_quarter(as_of):
        silent, quarter = silent + 1, quarter.next
    return silent

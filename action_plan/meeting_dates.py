"""When a series of meetings meets: "every 3 months, on the second Tuesday". Pure."""

from __future__ import annotations

import calendar
import datetime
from dataclasses import dataclass

WEEKDAYS = (
    (0, "Monday"), (1, "Tuesday"), (2, "Wednesday"), (3, "Thursday"), (4, "Friday"),
)  # fmt: skip
WEEKS = ((1, "First"), (2, "Second"), (3, "Third"), (4, "Fourth"), (5, "Last"))
LAST = 5


@dataclass(frozen=True)
class Pattern:
    """`week` 1 to 4, or 5 for the last one of the month; `weekday` 0 is Monday."""

    every_months: int
    week: int
    weekday: int

    @property
    def words(self) -> str:
        week = dict(WEEKS)[self.week].lower()
        often = "every month" if self.every_months == 1 else f"every {self.every_months} months"
        return f"{often}, on the {week} {dict(WEEKDAYS)[self.weekday]}"


def day_in_month(year: int, month: int, week: int, weekday: int) -> datetime.date:
    """The first, second ... or last such weekday of a month. Every month has four of each."""
    first = datetime.date(year, month, 1)
    day = 1 + (weekday - first.weekday()) % 7 + 7 * (min(week, 4) - 1)
    last = calendar.monthrange(year, month)[1]
    if week == LAST and day + 7 <= last:
        day += 7
    return datetime.date(year, month, day)


def next_dates(
    pattern: Pattern, begins: datetime.date, after: datetime.date, count: int
) -> list[datetime.date]:
    """The first `count` days of the pattern after a day.

    Its months are counted from the month of `begins`, and no day is before `begins`. Days past
    the year 9999 are left out.
    """
    found: list[datetime.date] = []
    index = begins.year * 12 + begins.month - 1
    while len(found) < count and index // 12 <= datetime.MAXYEAR:
        day = day_in_month(index // 12, index % 12 + 1, pattern.week, pattern.weekday)
        if day > after and day >= begins:
            found.append(day)
        index += pattern.every_months
    return found

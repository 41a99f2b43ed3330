"""Bank holidays and working days in England. Pure: no clock, no list that runs out.

The usual eight follow from rules (Banking and Financial Dealings Act 1971 and the yearly
proclamations, as GOV.UK lists them). What a proclamation moved or added is in `PROCLAIMED`.
"""

from __future__ import annotations

import datetime
from functools import lru_cache

_DAY = datetime.timedelta(days=1)
# The year: days that a proclamation took away, and days that it added.
PROCLAIMED: dict[int, tuple[dict[tuple[int, int], str], dict[tuple[int, int], str]]] = {
    2020: ({(5, 4): "moved to the 75th anniversary of VE Day"}, {(5, 8): "Early May bank holiday"}),
    2022: (
        {(5, 30): "moved for the Platinum Jubilee"},
        {
            (6, 2): "Spring bank holiday",
            (6, 3): "Platinum Jubilee bank holiday",
            (9, 19): "Bank Holiday for the State Funeral of Queen Elizabeth II",
        },
    ),
    2023: ({}, {(5, 8): "Bank holiday for the coronation of King Charles III"}),
}


def easter_sunday(year: int) -> datetime.date:
    """Of the Gregorian calendar, by the anonymous algorithm that Meeus gives."""
    a, (b, c) = year % 19, divmod(year, 100)
    d, e = divmod(b, 4)
    g = (8 * b + 13) // 25
    h = (19 * a + b - d - g + 15) % 30
    i, k = divmod(c, 4)
    m = (32 + 2 * e + 2 * i - h - k) % 7
    n = (a + 11 * h + 22 * m) // 451
    month, day = divmod(h + m - 7 * n + 114, 31)
    return datetime.date(year, month, day + 1)


def _monday_from(day: datetime.date) -> datetime.date:
    return day + _DAY * (-day.weekday() % 7)


@lru_cache(maxsize=64)
def bank_holidays(year: int) -> dict[datetime.date, str]:
    """Day and name, in order. A day on a weekend counts on the weekday that stands in for it."""
    easter = easter_sunday(year)
    first = datetime.date(year, 1, 1)
    found = {
        first if first.weekday() < 5 else _monday_from(first): "New Year’s Day",
        easter - 2 * _DAY: "Good Friday",
        easter + _DAY: "Easter Monday",
        _monday_from(datetime.date(year, 5, 1)): "Early May bank holiday",
        _monday_from(datetime.date(year, 5, 25)): "Spring bank holiday",
        _monday_from(datetime.date(year, 8, 25)): "Summer bank holiday",
    }
    for name, day in (("Christmas Day", 25), ("Boxing Day", 26)):
        held = datetime.date(year, 12, day)
        while held.weekday() > 4 or held in found:
            held += _DAY
        found[held] = name
    if datetime.date(year, 12, 25).weekday() == 6:  # Boxing Day keeps its Monday
        found[datetime.date(year, 12, 26)] = "Boxing Day"
        found[datetime.date(year, 12, 27)] = "Christmas Day"
    taken, added = PROCLAIMED.get(year, ({}, {}))
    for month, day in taken:
        found.pop(datetime.date(year, month, day))
    found |= {datetime.date(year, *day): name for day, name in added.items()}
    return dict(sorted(found.items()))


def is_working_day(day: datetime.date) -> bool:
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def working_day_from(day: datetime.date) -> datetime.date:
    """The day itself where people work on it, else the next on which they do."""
    while not is_working_day(day):
        day += _DAY
    return day

"""Reading one cell: dates, pounds, yes and no, text. Pure.

Every reader takes what a CSV (str) or a workbook (int, Decimal, date...) holds and gives the
value, None for nothing there, or raises CellError with a sentence. Nothing is guessed: a date
is day/month/year or ISO, never swapped, and None is never 0.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Collection, Mapping
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from .money import MoneyError, parse_pounds

LONDON = ZoneInfo("Europe/London")
MISSING = frozenset({"na", "n/a", "not classified", "null", "none", "-", "–"})
_MONTHS = {
    name: number
    for number, name in enumerate(
        "jan feb mar apr may jun jul aug sep oct nov dec".split(),
        1,
    )
}
_ISO = re.compile(r"^(\d{4})-(\d{1,2})-(\d{1,2})(?P<time>[T ]\d{1,2}:\d{2}.*)?$")
_DAY_FIRST = re.compile(r"^(\d{1,2})([/.-])(\d{1,2})\2(\d{4}|\d{2})(?P<time>[T ]\d{1,2}:\d{2}.*)?$")
_WORDS = re.compile(r"^(\d{1,2})(?:st|nd|rd|th)?[\s-]+([A-Za-z]{3,9})\.?,?[\s-]+(\d{4}|\d{2})$")
_MIDNIGHTS = re.compile(r"^[T ]0?0:00(:00(\.0+)?)?$")
_EARLIEST = datetime.date(1900, 1, 1)
_LATEST = datetime.date(2200, 12, 31)
_YES = frozenset({"yes", "y", "true", "t", "1"})
_NO = frozenset({"no", "n", "false", "f", "0"})


class CellError(ValueError):
    """A cell that cannot be understood; the message is a sentence for the person."""


def is_missing(value: Any, missing: Collection[str] = ()) -> bool:
    """Nothing there: empty, blank, or one of the caller's lower-case words for nothing."""
    if value is None:
        return True
    if not isinstance(value, str):
        return False
    text = value.replace("\u00a0", " ").strip()
    return not text or text.casefold() in missing


def one_line(text: str) -> str:
    """The text on one line: a name, or a header of a mail, must not break."""
    return " ".join(text.replace("\x00", " ").split())


def read_text(value: Any, *, longest: int = 500, missing: Collection[str] = ()) -> str | None:
    """Trimmed text on one line or several; a formula is refused, for it is not what it shows."""
    if is_missing(value, missing):
        return None
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        value = format(value, "f")
    text = str(value).replace("\u00a0", " ").replace("\x00", "").strip()
    if text.startswith("="):
        raise CellError("This cell holds a formula. Put its result there instead.")
    if len(text) > longest:
        raise CellError(f"This is {len(text):,} characters long; at most {longest:,} fit here.")
    return text


def read_date(value: Any, *, missing: Collection[str] = ()) -> datetime.date | None:
    """A day. A moment with an offset is the day it is in London. Raises CellError."""
    if isinstance(value, datetime.datetime):
        day = (value.astimezone(LONDON) if value.tzinfo else value).date()
    elif isinstance(value, datetime.date):
        day = value
    elif is_missing(value, missing):
        return None
    elif isinstance(value, str):
        day = _date_from_text(value.replace("\u00a0", " ").strip())
    else:
        raise CellError(f"“{value}” is not a date. Write it like 31/03/2026.")
    if not _EARLIEST <= day <= _LATEST:
        raise CellError(f"“{day:%d/%m/%Y}” is too far away to be right. Check the year.")
    return day


def _date_from_text(text: str) -> datetime.date:
    if match := _ISO.match(text):
        if match["time"] and not _MIDNIGHTS.match(match["time"]):
            try:
                moment = datetime.datetime.fromisoformat(text.replace(" ", "T", 1))
            except ValueError as error:
                raise CellError(_not_a_day(text)) from error
            return (moment.astimezone(LONDON) if moment.tzinfo else moment).date()
        return _day(text, int(match[1]), int(match[2]), int(match[3]))
    if match := _DAY_FIRST.match(text):
        return _day(text, _year(match[4]), int(match[3]), int(match[1]))
    if match := _WORDS.match(text):
        month = _MONTHS.get(match[2][:3].lower())
        if month:
            return _day(text, _year(match[3]), month, int(match[1]))
    if text.startswith("="):
        raise CellError("This cell holds a formula. Put its result there instead.")
    raise CellError(f"“{text}” is not a date. Write it like 31/03/2026.")


def _year(digits: str) -> int:
    return int(digits) if len(digits) == 4 else 2000 + int(digits)


def _day(text: str, year: int, month: int, day: int) -> datetime.date:
    try:
        return datetime.date(year, month, day)
    except ValueError as error:
        if month > 12 >= day > 0:
            raise CellError(
                f"“{text}” has no month {month}. Write the day first, like 31/03/2026."
            ) from error
        raise CellError(_not_a_day(text)) from error


def _not_a_day(text: str) -> str:
    return f"“{text}” is not a day in the calendar."


def read_pounds(value: Any, *, missing: Collection[str] = ()) -> Decimal | None:
    """An amount in pounds; "NA" is an error unless the caller says it means nothing there."""
    if is_missing(value, missing):
        return None
    if isinstance(value, bool | datetime.date | datetime.time):
        raise CellError(f"“{value}” is not an amount in pounds. Write it like 1234.50.")
    text = format(value, "f") if isinstance(value, Decimal) else str(value)
    if text.lstrip().startswith("="):
        raise CellError("This cell holds a formula. Put its result there instead.")
    try:
        return parse_pounds(text)
    except MoneyError as error:
        raise CellError(str(error)) from error


def read_yes_no(value: Any, *, missing: Collection[str] = ()) -> bool | None:
    if isinstance(value, bool) or is_missing(value, missing):
        return value if isinstance(value, bool) else None
    word = str(value).strip().casefold()
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise CellError(f"“{value}” is neither yes nor no.")


def read_choice(
    value: Any, choices: Mapping[str, str], *, missing: Collection[str] = ()
) -> str | None:
    """One of `choices` {key: label}, by key or label in any case. Raises CellError."""
    if is_missing(value, missing):
        return None
    word = " ".join(str(value).replace("\u00a0", " ").split()).casefold()
    for key, label in choices.items():
        if word in (key.casefold(), label.casefold()):
            return key
    shown = ", ".join(choices.values())
    raise CellError(f"“{value}” is not one of: {shown}.")

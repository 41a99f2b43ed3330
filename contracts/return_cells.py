"""The cells of a return workbook: which column is which field, and what a cell says. Pure.

A cell's value travels as text: plain figures, ISO days, a share in per cent; "" is nothing.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

from trafford_sv.core.cells import CellError, read_date

from .counting import quantity_words
from .typed_quantities import QuantityError, read_quantity

COLUMNS: dict[str, str] = {
    "given_quantity": "Quantity",
    "fte_quantity": "Full-time equivalents",
    "months_quantity": "Months",
    "people_quantity": "People",
    "hours_quantity": "Hours",
    "happened_on": "Date",
    "place": "Place",
    "narrative": "What you did",
    "attribution_share": "Share, per cent",
    "warning_reason": "Why an unusual figure is right",
}
QUANTITIES = frozenset(name for name in COLUMNS if name.endswith("_quantity"))
TEXTS = frozenset({"place", "narrative", "warning_reason"})
# A spreadsheet would run text that begins so; it was given an apostrophe on the way out.
_APOSTROPHE = re.compile(r"^'(?=[\s\u00a0]*[=+\-@\t\r\n＝＋－＠])")
HUNDRED = Decimal(100)


class CellRefused(ValueError):
    """The cell cannot be taken; the message is for whoever typed it."""


def as_text(field: str, value: Any) -> str:
    """A stored value as its cell's text."""
    if value is None:
        return ""
    if field == "attribution_share":
        return _plain(value * HUNDRED)
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, datetime.date):
        return value.isoformat()
    return tidy(value)


def from_text(field: str, text: str) -> Any:
    """The value to store, from a text that `read_cell` gave."""
    if field == "attribution_share":
        return Decimal(text) / HUNDRED if text else Decimal(1)
    if field in QUANTITIES:
        return Decimal(text) if text else None
    if field == "happened_on":
        return datetime.date.fromisoformat(text) if text else None
    return text


def in_words(field: str, text: str) -> str:
    """For the page: 1,200 or 3 May 2026; "" where there is nothing."""
    if not text or field in TEXTS:
        return text
    try:
        if field == "happened_on":
            day = datetime.date.fromisoformat(text)
            return f"{day.day} {day:%B %Y}"
        words = quantity_words(Decimal(text))
    except (ValueError, ArithmeticError):
        return text  # what could not be read is shown as it was typed
    return f"{words}%" if field == "attribution_share" else words


def read_cell(field: str, value: Any, unit: str) -> str:
    """What a cell says, as text. `unit` is what the quantity is counted in. Raises CellRefused."""
    if value is None:
        return ""
    if field in TEXTS:
        return tidy(raw_text(value))
    if field == "happened_on":
        try:
            day = read_date(value)
        except CellError as error:
            raise CellRefused(str(error)) from error
        return day.isoformat() if day else ""
    if isinstance(value, bool | datetime.date | datetime.time):
        raise CellRefused(f"“{raw_text(value)}” is a date or a yes, not a number. Type figures.")
    try:
        if field == "attribution_share":
            text = raw_text(value).strip().removesuffix("%").strip()
            number = read_quantity(text)
        elif isinstance(value, int | Decimal):
            number = Decimal(value)
        else:
            number = read_quantity(raw_text(value), unit)
    except QuantityError as error:
        raise CellRefused(str(error)) from error
    return "" if number is None else _plain(number)


def raw_text(value: Any) -> str:
    """As it was typed, as near as a spreadsheet tells."""
    if isinstance(value, str):
        return _APOSTROPHE.sub("", value)
    if isinstance(value, Decimal):
        return _plain(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return "" if value is None else str(value)


def tidy(text: str) -> str:
    return text.replace("\x00", "").replace("\r\n", "\n").strip()


def _plain(number: Decimal) -> str:
    """12.5 for 12.5000, 0 for 0.00: the shortest text of the same number."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"", "-0", "-"} else text


_PARTS = {
    "fte_quantity": "fte",
    "months_quantity": "months",
    "people_quantity": "people",
    "hours_quantity": "hours",
}


def unit_of(field: str, unit: str) -> str:
    """What may be typed behind the number in this column."""
    return _PARTS.get(field, unit)

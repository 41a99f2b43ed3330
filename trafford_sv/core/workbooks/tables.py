"""What every reader gives: headings, and rows with the number that the spreadsheet shows."""

from __future__ import annotations

import datetime
import hashlib
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Table:
    """One sheet or one CSV. `rows` is a stream and can be read once: (row number, cells).

    Cells of a CSV are str. Cells of a workbook are str, int, Decimal, date, datetime, time,
    bool or None; `cell_text` makes text of any of them.
    """

    sheet: str
    headings: list[str]
    heading_row: int
    rows: Iterator[tuple[int, list[Any]]]
    encoding: str = ""
    delimiter: str = ""


def clean_text(text: str) -> str:
    """Trimmed; no-break spaces and byte-order marks are spaces too."""
    return text.replace("\u00a0", " ").replace("\ufeff", "").strip()


def column_letter(index: int) -> str:
    """0 is A, 26 is AA."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def tidy_headings(cells: Sequence[Any]) -> list[str]:
    """Trimmed, empty ones at the end left out, empty ones between named after their column,
    a repeated one numbered: every heading is there and is the only one of its name.
    """
    texts = [" ".join(clean_text(cell_text(cell)).split()) for cell in cells]
    while texts and not texts[-1]:
        texts.pop()
    seen: dict[str, int] = {}
    headings = []
    for index, text in enumerate(texts):
        text = text or f"Column {column_letter(index)}"
        seen[text] = seen.get(text, 0) + 1
        headings.append(text if seen[text] == 1 else f"{text} ({seen[text]})")
    return headings


def headings_hash(headings: Sequence[str]) -> str:
    """The same for the same headings in the same order, whatever their case."""
    body = json.dumps([heading.casefold() for heading in headings], ensure_ascii=False)
    return hashlib.sha256(body.encode()).hexdigest()


def cell_text(value: Any) -> str:
    """A cell as a CSV would hold it: ISO dates, plain numbers, "" for nothing."""
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime.datetime | datetime.date | datetime.time):
        return value.isoformat()
    return str(value)

"""A CSV as a stream of rows: flat in memory whatever comes, close to `csv.reader`'s own speed."""

from __future__ import annotations

import codecs
import csv
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from typing import IO

from .kinds import DAMAGED, UNKNOWN_ENCODING
from .limits import FileRefused, Limits
from .tables import Table, tidy_headings

_CHUNK = 1024 * 1024
_DELIMITERS = (",", ";", "\t", "|")
UNREADABLE = (zlib.error, EOFError, zipfile.BadZipFile)
Opener = Callable[[], IO[bytes]]


def detect_encoding(opener: Opener) -> str:
    """`utf-8-sig` or `cp1252`, after reading every byte once in pieces. Raises FileRefused."""
    for encoding in ("utf-8-sig", "cp1252"):
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        try:
            with opener() as stream:
                while piece := stream.read(_CHUNK):
                    if b"\x00" in piece:
                        raise FileRefused(UNKNOWN_ENCODING)
                    decoder.decode(piece)
                decoder.decode(b"", final=True)
            return encoding
        except UnicodeDecodeError:
            continue
        except UNREADABLE as error:
            raise FileRefused(DAMAGED) from error
    raise FileRefused(UNKNOWN_ENCODING)


def sniff_delimiter(sample: str) -> str:
    """Comma, semicolon, tab or bar: the one that cuts most evenly. Comma where none does."""
    best, best_score = ",", 1.0
    lines = sample.splitlines(keepends=True)
    if len(lines) > 1 and not sample.endswith(("\n", "\r")):
        lines.pop()
    for delimiter in _DELIMITERS:
        try:
            widths = [
                len(row)
                for row, _ in zip(csv.reader(lines, delimiter=delimiter), range(25), strict=False)
                if row
            ]
        except csv.Error:
            continue
        if not widths or widths[0] < 2:
            continue
        score = widths[0] * sum(width == widths[0] for width in widths) / len(widths)
        if score > best_score:
            best, best_score = delimiter, score
    return best


def csv_table(opener: Opener, *, sheet: str, limits: Limits) -> Table | None:
    """The table in one CSV; None when it has nothing at all in it, rows exhausted at once when
    it has headings only. `opener` gives the bytes from their start, and is called up to three
    times. The last stream is closed when the rows are used up.
    """
    encoding = detect_encoding(opener)
    with _text(opener(), encoding) as text:
        delimiter = sniff_delimiter(text.read(64 * 1024))
    rows = _rows(
        _text(opener(), encoding), delimiter, limits, where=f" in {sheet}" if sheet else ""
    )
    heading_row, headings = next(rows, (0, []))
    if not heading_row:
        return None
    return Table(
        sheet=sheet,
        headings=tidy_headings(headings),
        heading_row=heading_row,
        rows=rows,
        encoding=encoding,
        delimiter=delimiter,
    )


def _text(stream: IO[bytes], encoding: str) -> io.TextIOWrapper:
    buffered = io.BufferedReader(stream, 256 * 1024)  # type: ignore[type-var]
    return io.TextIOWrapper(buffered, encoding=encoding, newline="")


def _rows(
    text: io.TextIOWrapper, delimiter: str, limits: Limits, where: str
) -> Iterator[tuple[int, list[str]]]:
    """(row number, cells), empty rows left out. The number is the record's, as a spreadsheet
    shows it: a cell with line breaks in it is still one row.
    """
    pending = 0  # characters read since the last whole row: bounds a row, and finds open quotes
    number = 0
    longest_row, widest = limits.row_characters, limits.columns

    def lines() -> Iterator[str]:
        nonlocal pending
        limit, readline = limits.line_characters, text.readline
        while line := readline(limit):
            size = len(line)
            if size >= limit:
                raise FileRefused(
                    f"Row {number + 1}{where} has a line of more than {limit:,} characters. "
                    "This does not look like a spreadsheet."
                )
            pending += size
            if pending > longest_row:
                raise FileRefused(
                    f"Row {number + 1}{where} is longer than {longest_row:,} characters. "
                    "Check for a quotation mark that is never closed."
                )
            yield line
        if pending:
            raise FileRefused(
                f"A quotation mark opened in row {number + 1}{where} is never closed. "
                "Correct it, or save the file from the spreadsheet again."
            )

    reader = csv.reader(lines(), delimiter=delimiter)
    try:
        for number, cells in enumerate(reader, 1):
            pending = 0
            if not cells:
                continue
            first = cells[0]
            if (not first or first.isspace()) and not any(map(str.strip, cells)):
                continue
            if len(cells) > widest:
                raise FileRefused(
                    f"Row {number}{where} has {len(cells):,} columns; at most {widest} are read."
                )
            if number > limits.rows:
                raise FileRefused(
                    f"This file has more than {limits.rows:,} rows. Split it and import the parts."
                )
            yield number, cells
    except csv.Error as error:
        raise FileRefused(
            f"Row {number + 1}{where} has a cell of more than {csv.field_size_limit():,} "
            "characters. Check for a quotation mark that is never closed."
        ) from error
    except UNREADABLE as error:
        raise FileRefused(DAMAGED) from error
    finally:
        text.close()

"""Excel workbooks through calamine, which holds a sheet whole: so it is measured first."""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import IO, Any

import python_calamine

from .kinds import DAMAGED
from .limits import FileRefused, Limits, size_words
from .tables import Table, tidy_headings
from .zips import check_archive

_CHUNK = 1024 * 1024
# Each repeat is bounded: a part made to be slow must not make a search try it from every place.
_PLACE = re.compile(rb"""\sr\s{0,9}=\s{0,9}["']([A-Za-z]{0,9})([0-9]{1,20})["']""")
_ROW = re.compile(rb"<(?:\w{1,20}:)?row(?=[\s/>])")
_CELL = re.compile(rb"<(?:\w{1,20}:)?c(?=[\s/>])")
_UNPLACED = re.compile(
    rb"""<(?:\w{1,20}:)?c(?=[\s/>])(?!(?:[^>"']|"[^"]{0,99}"|'[^']{0,99}'){0,100}?\sr\s{0,9}=)"""
)
_UNPLACED_ROW = re.compile(
    rb"""<(?:\w{1,20}:)?row(?=[\s/>])(?!(?:[^>"']|"[^"]{0,99}"|'[^']{0,99}'){0,100}?\sr\s{0,9}=)"""
)
_UNSAVED_FORMULA = re.compile(
    rb"""<c\b(?![^>]{0,300}\st=["']str)[^>]{0,300}>\s{0,20}<f\b[^>]{0,300}(?:/>|>[^<]{0,8192}</f>)\s{0,20}(?:<v\s{0,9}/>|<v>\s{0,20}</v>)?\s{0,20}</c>"""
)
_STRING = re.compile(rb"<(?:\w{1,20}:)?si(?=[\s/>])")
_SHARED = re.compile(rb"""\st\s{0,9}=\s{0,9}["']s["']""")
_SHARED_NUMBER = re.compile(
    rb"""\st\s{0,9}=\s{0,9}["']s["'][^>]{0,300}>\s{0,20}<(?:\w{1,20}:)?v>\s{0,20}([0-9]{1,9})\s{0,20}<"""
)
_OVERLAP = 8192


def xlsx_tables(file: IO[bytes], *, limits: Limits) -> Iterator[Table]:
    """Each visible sheet that has anything in it. Raises FileRefused."""
    _measure(file, limits)
    file.seek(0)
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(file)
    except python_calamine.PasswordError as error:
        raise FileRefused(
            "This workbook is protected by a password. Save it without one."
        ) from error
    except (python_calamine.CalamineError, OSError, ValueError) as error:
        raise FileRefused(DAMAGED) from error
    for sheet in book.sheets_metadata:
        if sheet.visible != python_calamine.SheetVisibleEnum.Visible:
            continue
        if sheet.typ != python_calamine.SheetTypeEnum.WorkSheet:
            continue
        try:
            data = book.get_sheet_by_name(sheet.name)
            rows = _rows(data, limits)
            heading_row, headings = next(rows, (0, []))
        except (python_calamine.CalamineError, ValueError) as error:
            if isinstance(error, FileRefused):
                raise
            raise FileRefused(f"The sheet “{sheet.name}” cannot be read. {DAMAGED}") from error
        if heading_row:
            yield Table(
                sheet=sheet.name,
                headings=tidy_headings(headings),
                heading_row=heading_row,
                rows=rows,
            )


def _rows(data: Any, limits: Limits) -> Iterator[tuple[int, list[Any]]]:
    start = data.start
    if start is None:
        return
    left = [None] * start[1]
    for number, cells in enumerate(data.to_python(skip_empty_area=True), start[0] + 1):
        clean = [clean_cell(cell) for cell in cells]
        if all(cell is None or cell == "" for cell in clean):
            continue
        if len(clean) + len(left) > limits.columns:
            while clean and clean[-1] in (None, ""):
                clean.pop()
            if len(clean) + len(left) > limits.columns:
                raise FileRefused(
                    f"Row {number} has {len(clean) + len(left):,} columns; "
                    f"at most {limits.columns} are read."
                )
        yield number, left + clean


def clean_cell(value: Any) -> Any:
    """Excel keeps every number as a binary float of 15 digits: back to what was typed."""
    if isinstance(value, float):
        if value.is_integer() and abs(value) < 1e15:
            return int(value)
        return Decimal(format(value, ".15g"))
    if isinstance(value, datetime.datetime) and value.time() == datetime.time():
        return value.date()
    if isinstance(value, str):
        return value or None
    return value


@dataclass
class _Texts:
    """Texts that cells share: how long the longest is and how many cells point to one."""

    longest: int = 0
    cells: int = 0


def _measure(file: IO[bytes], limits: Limits) -> None:
    """Inflate every part once in pieces: checks its sums, that its cells fit in memory (a lone
    cell in the last corner would make a dense sheet of billions, and one long text that a
    million cells share a million copies) and that formulas have results.

    Any part may be a sheet or hold texts: the workbook says which, and its author may call
    them what they like.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            check_archive(archive, limits=limits, unzipped_bytes=limits.workbook_unzipped_bytes)
            texts = _Texts()
            for entry in archive.infolist():
                with archive.open(entry) as part:
                    _measure_part(part, limits, texts)
            most = limits.workbook_unzipped_bytes
            if texts.longest * texts.cells > most and _expanded(archive, texts) > most:
                raise FileRefused(
                    "The texts that cells of this workbook share would be larger than "
                    f"{size_words(most)} written out. It was not opened. Save the sheet as CSV."
                )
    except FileRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileRefused(DAMAGED) from error


def _measure_part(part: IO[bytes], limits: Limits, texts: _Texts) -> None:
    tail = b""
    last_row = last_column = unplaced_rows = 0
    in_row = most_unplaced = 0
    in_string = 0
    while piece := part.read(_CHUNK):
        if not tail and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileRefused(DAMAGED)
        texts.cells += len(_SHARED.findall(piece))
        for number, segment in enumerate(_STRING.split(piece)):
            in_string = len(segment) + (0 if number else in_string)
            texts.longest = max(texts.longest, in_string)
        window = tail + piece
        tail = window[-_OVERLAP:]
        columns: set[bytes] = set()
        for column, row in _PLACE.findall(window):
            columns.add(column.upper())
            last_row = max(last_row, int(row))
        for column in columns:
            last_column = max(last_column, _column_number(column))
        if in_row or _UNPLACED.search(window):
            # Cells may leave out where they are: each stands after the one before it.
            for number, segment in enumerate(_ROW.split(piece)):
                in_row = len(_CELL.findall(segment)) + (0 if number else in_row)
                most_unplaced = max(most_unplaced, in_row)
        unplaced_rows += len(_UNPLACED_ROW.findall(piece))
        rows, across = last_row + unplaced_rows, last_column + most_unplaced
        if rows * across > limits.workbook_cells:
            raise FileRefused(
                f"A sheet in this workbook reaches to row {rows:,} and column {across:,}, "
                f"which is more than {limits.workbook_cells:,} cells. Delete what is far away from "
                "the table, or save the sheet as CSV."
            )
        if unsaved := _UNSAVED_FORMULA.search(window):
            where = _PLACE.search(unsaved[0])
            named = f" (cell {(where[1] + where[2]).decode()})" if where else ""
            raise FileRefused(
                f"This workbook has formulas whose results were never saved{named}. "
                "Open it in Excel, save it, and import it again."
            )


def _expanded(archive: zipfile.ZipFile, texts: _Texts) -> int:
    """Bytes at most of all shared texts, each as often as a cell shows it.

    A cell that is not understood counts as the longest text.
    """
    lengths: list[int] = []
    sources = 0
    numbers: Counter[int] = Counter()
    for entry in archive.infolist():
        body = archive.read(entry)
        held = [len(segment) for segment in _STRING.split(body)[1:]]
        if held:
            sources, lengths = sources + 1, held
        numbers.update(map(int, _SHARED_NUMBER.findall(body)))
    if sources != 1:
        return texts.longest * texts.cells
    known = sum(
        count * (lengths[number] if number < len(lengths) else texts.longest)
        for number, count in numbers.items()
    )
    return known + max(0, texts.cells - numbers.total()) * texts.longest


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

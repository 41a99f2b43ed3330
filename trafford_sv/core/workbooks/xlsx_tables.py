"""Excel workbooks through calamine, which holds a sheet whole: so it is measured first."""

from __future__ import annotations

import datetime
import re
import zipfile
import zlib
from collections.abc import Iterator
from decimal import Decimal
from typing import IO, Any

import python_calamine

from .kinds import DAMAGED
from .limits import FileRefused, Limits
from .tables import Table, tidy_headings
from .zips import check_archive

_CHUNK = 1024 * 1024
_CELL = re.compile(rb"""\sr\s*=\s*["']([A-Z]{1,3})([0-9]{1,7})["']""")
_UNSAVED_FORMULA = re.compile(
    rb"""<c\b(?![^>]*\st=["']str)[^>]*>\s*<f\b[^>]*(?:/>|>[^<]*</f>)\s*(?:<v\s*/>|<v>\s*</v>)?\s*</c>"""
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


def _measure(file: IO[bytes], limits: Limits) -> None:
    """Inflate every part once in pieces: checks its sums, that its cells fit in memory (a lone
    cell in the last corner would make a dense sheet of billions) and that formulas have results.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            check_archive(archive, limits=limits, unzipped_bytes=limits.workbook_unzipped_bytes)
            for entry in archive.infolist():
                is_sheet = entry.filename.lower().startswith("xl/worksheets/")
                with archive.open(entry) as part:
                    _measure_part(part, is_sheet, limits)
    except FileRefused:
        raise
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileRefused(DAMAGED) from error


def _measure_part(part: IO[bytes], is_sheet: bool, limits: Limits) -> None:
    tail = b""
    last_row = last_column = 0
    while piece := part.read(_CHUNK):
        if not is_sheet:
            continue
        if not tail and piece.startswith((b"\xff\xfe", b"\xfe\xff")):
            raise FileRefused(DAMAGED)
        window = tail + piece
        tail = window[-_OVERLAP:]
        columns: set[bytes] = set()
        for column, row in _CELL.findall(window):
            columns.add(column)
            last_row = max(last_row, int(row))
        for column in columns:
            last_column = max(last_column, _column_number(column))
        if last_row * last_column > limits.workbook_cells:
            raise FileRefused(
                f"A sheet in this workbook reaches to row {last_row:,} and column {last_column:,}, "
                f"which is more than {limits.workbook_cells:,} cells. Delete what is far away from "
                "the table, or save the sheet as CSV."
            )
        if unsaved := _UNSAVED_FORMULA.search(window):
            where = _CELL.search(unsaved[0])
            named = f" (cell {(where[1] + where[2]).decode()})" if where else ""
            raise FileRefused(
                f"This workbook has formulas whose results were never saved{named}. "
                "Open it in Excel, save it, and import it again."
            )


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number

"""Opening a file of any readable kind as tables."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import zipfile
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import IO, Any

from .csv_tables import csv_table
from .kinds import DAMAGED, kind_of
from .limits import DEFAULT_LIMITS, FileRefused, Limits, size_words
from .tables import Table, cell_text
from .xlsx_tables import xlsx_tables
from .zips import check_archive, shown_name, text_members

Source = str | os.PathLike[str] | IO[bytes]


class _Unclosed(io.RawIOBase):
    """The caller's file, read from its start, left open when the reader is done with it."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        file.seek(0)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        piece = self._file.read(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@contextlib.contextmanager
def opened(source: Source) -> Iterator[IO[bytes]]:
    """The source as a binary file; one given open stays open."""
    if isinstance(source, str | os.PathLike):
        with Path(source).open("rb") as file:
            yield file
    else:
        yield source


def file_size(file: IO[bytes]) -> int:
    file.seek(0, os.SEEK_END)
    size = file.tell()
    file.seek(0)
    return size


def check_size(size: int, limits: Limits = DEFAULT_LIMITS) -> None:
    """Raises FileRefused for an empty file or one over the limit. `size` in bytes."""
    if size == 0:
        raise FileRefused("This file is empty. Choose a file that has rows in it.")
    if size > limits.file_bytes:
        raise FileRefused(
            f"This file is {size_words(size)}; the most we take is "
            f"{size_words(limits.file_bytes)}. Split it, or send it as a zip."
        )


def read_tables(
    source: Source, *, limits: Limits = DEFAULT_LIMITS, as_text: bool = False
) -> Generator[Table]:
    """Every table that has rows, one after the other: read one's rows before asking for the next.

    A CSV is one table, a zip one for each CSV in it, a workbook one for each visible sheet.
    `as_text` makes text of workbook cells as well, so that every cell is a str.
    Raises FileRefused, at the latest when no table had a row.
    """
    some_rows = some_headings = False
    with opened(source) as file:
        check_size(file_size(file), limits)
        for table in _tables(file, limits):
            some_headings = True
            first = next(table.rows, None)
            if first is None:
                continue
            some_rows = True
            rows: Iterator[tuple[int, list[Any]]] = itertools.chain([first], table.rows)
            if as_text and not table.encoding:
                rows = ((number, [cell_text(cell) for cell in cells]) for number, cells in rows)
            yield replace(table, rows=rows)
    if not some_rows:
        raise FileRefused(
            "This file has headings but no rows under them."
            if some_headings
            else "This file is empty. Choose a file that has rows in it."
        )


def _tables(file: IO[bytes], limits: Limits) -> Iterator[Table]:
    kind = kind_of(file)
    if kind == "json":
        raise FileRefused("This is a JSON file, not a spreadsheet. Choose CSV or Excel (.xlsx).")
    if kind == "csv":
        table = csv_table(lambda: _Unclosed(file), sheet="", limits=limits)  # type: ignore[arg-type,return-value]
        if table:
            yield table
    elif kind == "xlsx":
        yield from xlsx_tables(file, limits=limits)
    else:
        try:
            with zipfile.ZipFile(file) as archive:
                check_archive(archive, limits=limits, unzipped_bytes=limits.unzipped_bytes)
                for entry in text_members(archive):
                    with archive.open(entry) as member:
                        try:
                            inside = kind_of(member)
                        except FileRefused as error:
                            raise FileRefused(f"In “{shown_name(entry)}”: {error}") from error
                    if inside != "csv":
                        raise FileRefused(
                            f"“{shown_name(entry)}” in this zip is not a CSV file, whatever its name."
                        )
                    table = csv_table(
                        lambda entry=entry: archive.open(entry),  # type: ignore[misc]
                        sheet=shown_name(entry),
                        limits=limits,
                    )
                    if table:
                        yield table
        except (zipfile.BadZipFile, NotImplementedError) as error:
            raise FileRefused(DAMAGED) from error


def open_csv_rows(
    source: Source, *, limits: Limits = DEFAULT_LIMITS
) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The headings of the first table, and (row number, cells) of that one alone, as text.

    For files of one table; a zip of several is read with `read_tables`. Raises FileRefused.
    """
    tables = read_tables(source, limits=limits, as_text=True)
    table = next(tables)

    def rows() -> Iterator[tuple[int, list[str]]]:
        # Keeps the generator, and with it the open file, alive until the rows are used up.
        with contextlib.closing(tables):
            yield from table.rows

    return table.headings, rows()

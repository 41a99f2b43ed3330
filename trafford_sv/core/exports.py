"""CSV and XLSX of a list, in flat memory, safe to open in a spreadsheet.

Text that a spreadsheet would run as a formula gets a leading apostrophe. Numbers stay numbers
(a negative amount is not a formula), dates stay dates, None is an empty cell.
"""

from __future__ import annotations

import csv
import datetime
import tempfile
import zipfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.http import FileResponse, HttpResponseBase, StreamingHttpResponse
from django.utils import timezone

CONTENT_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
_STARTS = frozenset("=+-@\t\r\n＝＋－＠")
_LONGEST_NUMBER = 15  # digits a spreadsheet keeps


@dataclass(frozen=True)
class ExportColumn:
    """`value` is a dotted path ("supplier.name") or a function of the row."""

    heading: str
    value: str | Callable[[Any], Any]

    def of(self, row: Any) -> Any:
        if callable(self.value):
            return self.value(row)
        for part in self.value.split("."):
            if row is None:
                return None
            row = row[part] if isinstance(row, dict) else getattr(row, part)
            if callable(row):
                row = row()
        return row


def neutralised(text: str) -> str:
    """Text that no spreadsheet runs: an apostrophe before =, +, -, @, tab, return."""
    stripped = text.lstrip(" \u00a0")
    if text[:1] in _STARTS or stripped[:1] in _STARTS:
        return f"'{text}" if text else text
    return text


def plain(value: Any) -> Any:
    """A cell as str, int, Decimal, date, naive local datetime or None."""
    if value is None or isinstance(value, Decimal):
        return value
    if isinstance(value, bool):
        return "Yes" if value else "No"
    if isinstance(value, int):
        return int(value)
    if isinstance(value, datetime.datetime):
        return timezone.localtime(value).replace(tzinfo=None) if value.tzinfo else value
    if isinstance(value, datetime.date):
        return value
    return neutralised(str(value))


def table_rows(columns: Sequence[ExportColumn], rows: Iterable[Any]) -> Iterator[list[Any]]:
    for row in rows:
        yield [plain(column.of(row)) for column in columns]


class _Echo:
    """A file that hands back what is written, so that csv can stream."""

    def write(self, text: str) -> str:
        return text


def _csv_cell(value: Any) -> Any:
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, datetime.datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def csv_lines(columns: Sequence[ExportColumn], rows: Iterable[Any]) -> Iterator[str]:
    """Lines of the file; the first begins with a byte order mark so that Excel reads the £."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow([neutralised(column.heading) for column in columns])
    batch: list[str] = []
    for row in table_rows(columns, rows):
        batch.append(writer.writerow([_csv_cell(value) for value in row]))
        if len(batch) == 200:
            yield "".join(batch)
            batch.clear()
    if batch:
        yield "".join(batch)


def zip_response(
    tables: Iterable[tuple[str, Sequence[ExportColumn], Iterable[Any]]], *, name: str
) -> HttpResponseBase:
    """A download of several CSV files in one zip. Each table is its file's name without an
    ending, its columns and its rows; `name` is the zip's without its ending."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    try:
        with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
            for number, (title, columns, rows) in enumerate(tables, start=1):
                member = f"{_sheet_name(title, 120)}.csv"
                if member in archive.namelist():
                    member = f"{number}-{member}"
                with archive.open(member, "w") as out:
                    for lines in csv_lines(columns, rows):
                        out.write(lines.encode())
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(
        file,
        content_type="application/zip",
        headers={"Content-Disposition": f'attachment; filename="{name}.zip"'},
    )


def write_xlsx(file: Any, columns: Sequence[ExportColumn], rows: Iterable[Any], title: str) -> int:
    """Writes a workbook of one sheet to a binary file; the number of rows written."""
    import xlsxwriter  # heavy, and only wanted here

    book = xlsxwriter.Workbook(
        file, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    sheet = book.add_worksheet(_sheet_name(title))
    bold = book.add_format({"bold": True, "bottom": 1})
    day = book.add_format({"num_format": "d mmm yyyy"})
    moment = book.add_format({"num_format": "d mmm yyyy hh:mm"})
    pounds = book.add_format({"num_format": "#,##0.00"})
    for number, column in enumerate(columns):
        sheet.set_column(number, number, max(12, min(40, len(column.heading) + 4)))
        sheet.write_string(0, number, neutralised(column.heading), bold)
    sheet.freeze_panes(1, 0)
    count = 0
    for count, row in enumerate(table_rows(columns, rows), start=1):
        for number, value in enumerate(row):
            if value is None:
                continue
            if isinstance(value, datetime.datetime):
                sheet.write_datetime(count, number, value, moment)
            elif isinstance(value, datetime.date):
                sheet.write_datetime(count, number, value, day)
            elif isinstance(value, int | Decimal):
                digits = str(value).lstrip("-").replace(".", "").lstrip("0")
                if len(digits) > _LONGEST_NUMBER:
                    sheet.write_string(count, number, f"{value:f}")
                else:
                    sheet.write_number(
                        count, number, value, pounds if isinstance(value, Decimal) else None
                    )
            else:
                sheet.write_string(count, number, value[:32_767])
    if count:
        sheet.autofilter(0, 0, count, len(columns) - 1)
    book.close()
    return count


def _sheet_name(title: str, longest: int = 31) -> str:
    cleaned = "".join(" " if letter in "[]:*?/\\'" else letter for letter in title).strip()
    return cleaned[:longest] or "Rows"


def export_response(
    kind: str, columns: Sequence[ExportColumn], rows: Iterable[Any], *, name: str, title: str = ""
) -> HttpResponseBase:
    """A download of all rows. `kind` is "csv" or "xlsx"; `name` is the file's without its ending.

    Raises KeyError for another kind.
    """
    content_type = CONTENT_TYPES[kind]
    disposition = f'attachment; filename="{name}.{kind}"'
    if kind == "csv":
        return StreamingHttpResponse(
            csv_lines(columns, rows),
            content_type=content_type,
            headers={"Content-Disposition": disposition},
        )
    file = tempfile.TemporaryFile()  # noqa: SIM115 - FileResponse closes it
    try:
        write_xlsx(file, columns, rows, title or name)
    except BaseException:
        file.close()
        raise
    file.seek(0)
    return FileResponse(
        file, content_type=content_type, headers={"Content-Disposition": disposition}
    )

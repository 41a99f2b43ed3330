"""A return filled in offline: the workbook to download, and what an uploaded one would change.

Sheets are known by their headings, and rows by commitment and line number, so that neither a
renamed sheet nor another order of rows matters. The identity code is signed: it says whose
return it is and at which version each line was, so that what somebody else typed meanwhile shows
as a conflict and is never lost.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from decimal import Decimal
from typing import IO, Any

from django.core import signing

from trafford_sv.core.exports import neutralised

from ..models import DeliveryReturn, ReturnLine
from ..return_cells import COLUMNS, QUANTITIES, as_text
from ..selectors.returns import ReturnDetail
from ..services.returns.line_values import fields_for

SALT = "contracts.return-workbook"
MOST_BYTES = 10 * 1024 * 1024
LINE, COMMITMENT, UNIT = "Line", "Commitment", "Counted in"
GIVEN = (
    LINE,
    COMMITMENT,
    "Measure code",
    "Measure",
    UNIT,
    "Promised",
    "Due this quarter",
    "Delivered to date",
)
HEADINGS = (*GIVEN, *COLUMNS.values())
WIDTHS = (7, 18, 14, 40, 16, 12, 12, 12, 12, 12, 10, 10, 10, 13, 18, 60, 12, 36)
IDENTITY = "Identity code"


def write_return_workbook(file: IO[bytes], detail: ReturnDetail) -> None:
    """The return as it stands, a row for each line, ready to be filled in."""
    import xlsxwriter  # heavy, and only wanted here

    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
    plain = book.add_format({"text_wrap": True, "valign": "top"})
    styles = {
        kind: book.add_format(
            {"valign": "top", "text_wrap": True, "bg_color": colour, "border": 1} | more
        )
        for kind, colour, more in (
            ("box", "#E6F3F5", {}),
            ("day", "#E6F3F5", {"num_format": "d mmm yyyy"}),
            ("shut", "#D9D9D9", {}),
        )
    }
    sheet = book.add_worksheet("Lines")
    for place, (heading, width) in enumerate(zip(HEADINGS, WIDTHS, strict=True)):
        sheet.set_column(place, place, width)
        sheet.write_string(0, place, heading, bold)
    sheet.freeze_panes(1, 2)
    number = 0
    for promise in detail.promises:
        commitment, measure = promise.row, promise.measure
        about = (
            code_of(detail.row, commitment.number),
            measure.code,
            commitment.title or measure.title,
            measure.unit,
            commitment.promised_quantity,
            promise.due_quantity,
            promise.delivered_quantity,
        )
        typed = set(fields_for(measure.counting))
        for line in promise.lines:
            number += 1
            sheet.write_number(number, 0, line.row.number, plain)
            for place, value in enumerate(about, start=1):
                _write(sheet, number, place, value, plain)
            shut = not line.is_editable
            for place, name in enumerate(COLUMNS, start=len(GIVEN)):
                closed = shut or (name in QUANTITIES and name not in typed)
                style = styles["shut" if closed else "day" if name == "happened_on" else "box"]
                _write(sheet, number, place, _cell_value(name, getattr(line.row, name)), style)
    sheet.autofilter(0, 0, max(1, number), len(HEADINGS) - 1)
    _write_about(book, detail, bold, plain)
    book.close()


def _cell_value(name: str, value: Any) -> Any:
    return value * 100 if name == "attribution_share" else value


def _write(sheet: Any, row: int, place: int, value: Any, style: Any) -> None:
    if value is None or value == "":
        sheet.write_blank(row, place, None, style)
    elif isinstance(value, datetime.date):
        sheet.write_datetime(
            row, place, datetime.datetime(value.year, value.month, value.day), style
        )
    elif isinstance(value, Decimal):
        # A spreadsheet keeps fifteen digits; more of them stay whole as text.
        text = as_text("", value)
        if len(text.replace(".", "")) > 15:
            sheet.write_string(row, place, text, style)
        else:
            sheet.write_number(row, place, value, style)
    else:
        sheet.write_string(row, place, neutralised(str(value))[:32_767], style)


def _write_about(book: Any, detail: ReturnDetail, bold: Any, plain: Any) -> None:
    row = detail.row
    about = book.add_worksheet("About")
    about.set_column(0, 0, 28)
    about.set_column(1, 1, 100)
    about.write_string(0, 0, "About this workbook", bold)
    about.write_string(0, 1, "What it says", bold)
    due = detail.due_on
    for number, (label, text) in enumerate(
        (
            ("Agreement", f"{row.contract.reference} {row.contract.title}"),
            ("Supplier", row.supplier.name),
            ("Quarter", row.period.label),
            ("Due by", f"{due.day} {due:%B %Y}"),
            (
                "How to fill it in",
                "Write in the blue cells; the grey ones are not for this line. Leave a quantity "
                "empty if you do not report it; 0 says that nothing was done. For one more session "
                "or group, add a row: leave “Line” empty and copy the commitment’s code.",
            ),
            (
                "People",
                "Give counts, not names. A place is the first half of a postcode, such as M33.",
            ),
            (
                "Then",
                "Upload it where you downloaded it. You see every change before it is kept.",
            ),
            (IDENTITY, identity_of(row, [line.row for line in detail.lines])),
            (
                "Leave the identity code",
                "It says whose workbook this is. Without it, it is refused.",
            ),
        ),
        start=1,
    ):
        about.write_string(number, 0, label, plain)
        about.write_string(number, 1, neutralised(text), plain)


def code_of(row: DeliveryReturn, commitment_number: int) -> str:
    return f"{row.contract.reference}/{commitment_number}"


def identity_of(row: DeliveryReturn, lines: Iterable[ReturnLine]) -> str:
    """Signed: this return, and the version of each of its lines, packed to fit in a cell."""
    versions = sorted((line.number, line.version) for line in lines)
    runs: list[list[int]] = []
    for number, version in versions:
        if runs and runs[-1][2] == version and runs[-1][1] == number - 1:
            runs[-1][1] = number
        else:
            runs.append([number, number, version])
    packed = ";".join(f"{first}-{last}:{version}" for first, last, version in runs)
    return signing.dumps({"r": row.pk, "v": packed}, salt=SALT, compress=True)

"""Exports are safe to open, keep numbers as numbers, and lose nothing."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from trafford_sv.core.exports import (
    ExportColumn,
    csv_lines,
    export_response,
    neutralised,
    plain,
    write_xlsx,
)

COLUMNS = (
    ExportColumn("Name", "name"),
    ExportColumn("Supplier", "supplier.name"),
    ExportColumn("Value", "value"),
    ExportColumn("Ends", "ends"),
    ExportColumn("=Open", lambda row: row.open),
)


def row(**changes):
    values = {
        "name": "Grounds care",
        "supplier": SimpleNamespace(name="Sample Ltd"),
        "value": Decimal("-1234.50"),
        "ends": datetime.date(2026, 5, 3),
        "open": True,
    }
    return SimpleNamespace(**(values | changes))


def read_csv(rows):
    text = "".join(csv_lines(COLUMNS, rows))
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+44", "-2", "@SUM(A1)", "\t=1", "\r=1", "\n=1", " =1+1", "\u00a0=1", "＝1", "=", "-"],
)
def test_text_that_a_spreadsheet_would_run_gets_an_apostrophe(text):
    assert neutralised(text) == "'" + text


@pytest.mark.parametrize("text", ["", "a=b", "1-2", "Smith & Sons", "'quoted"])
def test_other_text_is_left_alone(text):
    assert neutralised(text) == text


@given(st.text())
def test_no_exported_text_begins_as_a_formula(text):
    safe = plain(text)
    assert safe.lstrip(" \u00a0")[:1] not in set("=+-@\t\r\n")
    assert safe in (text, "'" + text)


def test_csv_keeps_numbers_dates_and_empty_cells():
    rows = read_csv([row(), row(name="=cmd()", supplier=None, value=None, ends=None, open=False)])
    assert rows[0] == ["Name", "Supplier", "Value", "Ends", "'=Open"]
    assert rows[1] == ["Grounds care", "Sample Ltd", "-1234.50", "2026-05-03", "Yes"]
    assert rows[2] == ["'=cmd()", "", "", "", "No"]


def test_csv_has_every_row_across_batches():
    rows = read_csv(row(name=f"Contract {number}") for number in range(1001))
    assert len(rows) == 1002
    assert rows[-1][0] == "Contract 1000"


def test_a_workbook_holds_numbers_as_numbers_and_no_formula():
    file = io.BytesIO()
    written = write_xlsx(
        file, COLUMNS, [row(), row(name="=1+1", value=Decimal("0"), supplier=None)], "A/B: list?"
    )
    assert written == 2
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).get_sheet_by_index(0)
    cells = sheet.to_python()
    assert cells[1] == ["Grounds care", "Sample Ltd", -1234.5, datetime.date(2026, 5, 3), "Yes"]
    assert cells[2][:3] == ["'=1+1", "", 0]
    assert b"<f>" not in file.getvalue()


def test_an_amount_too_long_for_a_spreadsheet_is_written_whole_as_text():
    file = io.BytesIO()
    write_xlsx(file, COLUMNS[2:3], [row(value=Decimal("12345678901234.56"))], "Amounts")
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(file.getvalue())).get_sheet_by_index(0)
    assert sheet.to_python()[1] == ["12345678901234.56"]


def test_the_response_is_a_named_download(db):  # closing a response looks at the connections
    response = export_response("csv", COLUMNS, [row()], name="contracts")
    assert response["Content-Disposition"] == 'attachment; filename="contracts.csv"'
    assert b"Grounds care" in b"".join(response.streaming_content)
    workbook = export_response("xlsx", COLUMNS, [row()], name="contracts")
    assert b"".join(workbook.streaming_content)[:2] == b"PK"
    workbook.close()


def test_another_kind_is_refused():
    with pytest.raises(KeyError):
        export_response("pdf", COLUMNS, [], name="contracts")

"""Reading spreadsheets: what comes out, and a sentence for each file that is no good."""

from __future__ import annotations

import csv
import datetime
import io
import struct
import tracemalloc
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from trafford_sv.core.workbooks import FileRefused, Limits, open_csv_rows, read_tables


def read(data: bytes, **options):
    """Every table of the bytes, whole."""
    return [
        (table.sheet, table.headings, list(table.rows))
        for table in read_tables(io.BytesIO(data), **options)
    ]


def refusal(data: bytes, **options) -> str:
    with pytest.raises(FileRefused) as refused:
        read(data, **options)
    return str(refused.value)


def zipped(**members: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name.replace("__", "."), data)
    return out.getvalue()


def workbook(*rows, formulas=(), sheets=None) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    day = book.add_format({"num_format": "dd/mm/yyyy"})
    for name, lines in (sheets or {"Sheet1": rows}).items():
        sheet = book.add_worksheet(name)
        for number, line in enumerate(lines):
            for column, value in enumerate(line):
                if isinstance(value, datetime.date):
                    sheet.write_datetime(number, column, value, day)
                elif value is not None:
                    sheet.write(number, column, value)
    for cell, formula, value in formulas:
        book.worksheets()[0].write_formula(cell, formula, None, value)
    book.close()
    return out.getvalue()


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_a_csv_with_any_usual_delimiter(delimiter):
    data = f"Name{delimiter}Town\r\nAda{delimiter}Sale\r\n".encode()
    assert read(data) == [("", ["Name", "Town"], [(2, ["Ada", "Sale"])])]


def test_a_cell_with_line_breaks_is_one_row_as_the_spreadsheet_shows_it():
    data = b'A,B\n"one\ntwo\nthree",x\n\n,\nlast,y\n'
    assert read(data)[0][2] == [(2, ["one\ntwo\nthree", "x"]), (5, ["last", "y"])]


def test_letters_in_utf8_with_a_mark_and_in_windows_1252():
    assert read("Café,£\nx,y\n".encode("utf-8-sig"))[0][1] == ["Café", "£"]
    assert read("Café,£\nx,y\n".encode("cp1252"))[0][1] == ["Café", "£"]


def test_headings_are_trimmed_named_and_told_apart():
    data = "\u00a0Name ,,Name,\nAda,x,y,\n".encode()
    assert read(data)[0][1] == ["Name", "Column B", "Name (2)"]


@given(
    st.lists(
        st.lists(
            st.text(
                st.characters(codec="utf-8", exclude_categories=["Cc"], include_characters="\n\t"),
                min_size=1,
                max_size=8,
            ).filter(str.strip),
            min_size=3,
            max_size=3,
        ),
        min_size=1,
        max_size=8,
    )
)
def test_what_csv_writes_is_read_back(rows):
    out = io.StringIO(newline="")
    csv.writer(out).writerows([["a", "b", "c"], *rows])
    data = out.getvalue().encode()
    _, found = open_csv_rows(io.BytesIO(data))
    assert [cells for _, cells in found] == rows


def test_a_zip_gives_each_csv_by_name_and_ignores_paths():
    data = zipped(
        **{"../../etc/one.csv": b"A\n1\n", "__MACOSX/._x.csv": b"junk", "two.csv": b"A\n2\n"}
    )
    assert [(name, rows) for name, _, rows in read(data)] == [
        ("one.csv", [(2, ["1"])]),
        ("two.csv", [(2, ["2"])]),
    ]


def test_a_workbook_gives_numbers_and_days_as_they_were_typed():
    data = workbook(
        ["Ref", "Pounds", "Day", "Whole"],
        ["A1", 0.1 + 0.2, datetime.date(2026, 3, 31), 1744961],
        [None, None, None, None],
        ["A2", -1234.5, None, 3],
    )
    assert read(data)[0][2] == [
        (2, ["A1", Decimal("0.3"), datetime.date(2026, 3, 31), 1744961]),
        (4, ["A2", Decimal("-1234.5"), None, 3]),
    ]
    assert read(data, as_text=True)[0][2][0] == (2, ["A1", "0.3", "2026-03-31", "1744961"])


def test_every_visible_sheet_with_rows_is_read():
    data = workbook(sheets={"One": [["A"], [1]], "Empty": [], "Two": [["A"], [2]]})
    assert [(name, rows) for name, _, rows in read(data)] == [
        ("One", [(2, [1])]),
        ("Two", [(2, [2])]),
    ]


def test_a_formula_gives_its_saved_result():
    data = workbook(["A", "B"], [1, 2], formulas=[("C1", "=1", 7), ("C2", "=A2+B2", 3)])
    assert read(data)[0][2] == [(2, [1, 2, 3])]


def test_a_formula_without_a_saved_result_is_refused():
    data = workbook(["A", "B"], [1, 2], formulas=[("B2", "=A2", 1)])
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(out, "w") as new:
        for entry in old.infolist():
            body = old.read(entry)
            new.writestr(
                entry, body.replace(b"<v>1</v></c></row></sheetData>", b"</c></row></sheetData>")
            )
    assert "formulas whose results were never saved (cell B2)" in refusal(out.getvalue())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "This file is empty"),
        (b"\xef\xbb\xbf \r\n", "This file is empty"),
        (b",,\r\n,,\r\n", "This file is empty"),
        (b"Name,Town\r\n", "headings but no rows"),
        (b"Name,Town\r\n,\r\n \r\n", "headings but no rows"),
        (b"%PDF-1.7 ...", "This is a PDF"),
        (b"MZ\x90\x00", "This is a program"),
        (b"\x89PNG\r\n\x1a\n", "This is a picture"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1", "old Excel file"),
        (b"<!doctype html><table>", "web page"),
        (b'{"a": 1}', "JSON file"),
        ("A,B\n1,2\n".encode("utf-16"), "encoding"),
        (b"A,B\n1,\x81\x8d\n", "encoding"),
        (b"A,B\n" + b"1,2\n" * 40_000 + b"3,\x00\n", "encoding"),
        (b'A,B\n1,"never closed\n2,3\n', "A quotation mark opened in row 2 is never closed"),
        (workbook(["Name", "Town"]), "headings but no rows"),
        (zipped(notes__pdf=b"%PDF"), "no CSV file in this zip"),
        (zipped(a__csv=b"%PDF-1.4"), "In “a.csv”: This is a PDF"),
        (zipped(a__csv=zipped(x__csv=b"A\n1\n")), "not a CSV file, whatever its name"),
        (zipped(a__zip=zipped(x__csv=b"A\n1\n")), "another archive or workbook, “a.zip”"),
        (zipped(a__csv=b"A\n1\n" * 9999)[:-60], "damaged or was cut short"),
        (workbook(["A"], [1])[:900], "damaged or was cut short"),
    ],
)
def test_a_file_that_is_no_good_says_why(data, words):
    assert words in refusal(data)


def test_a_zip_with_a_password_is_refused():
    data = bytearray(zipped(a__csv=b"A\n1\n"))
    for mark, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + offset] |= 1
    assert "protected by a password" in refusal(bytes(data))


def test_a_member_that_was_altered_is_refused():
    data = bytearray(zipped(a__csv=b"A,B\n" + b"1,2\n" * 5000))
    data[60] ^= 0xFF
    assert "damaged" in refusal(bytes(data))


def test_a_zip_bomb_is_not_opened():
    bomb = zipped(a__csv=b"A\n" + b"0" * 60_000_000)
    assert len(bomb) < 100_000
    assert "zip bomb" in refusal(bomb)
    assert "Unpacked, this file would be larger than 20 MB" in refusal(
        zipped(a__csv=b"A,B\n" + b"1,2\n" * 6_000_000),
        limits=Limits(unzipped_bytes=20 * 1024 * 1024),
    )


def test_a_zip_that_lies_about_its_size_is_refused():
    data = bytearray(zipped(a__csv=b"A\n" + b"0" * 1_000_000))
    for mark, offset in ((b"PK\x03\x04", 22), (b"PK\x01\x02", 24)):
        struct.pack_into("<I", data, data.index(mark) + offset, 10)
    assert "damaged" in refusal(bytes(data))


def test_a_sheet_that_reaches_the_last_corner_is_refused_before_memory_is_spent():
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet()
    sheet.write(0, 0, "A")
    sheet.write(1_048_575, 16_383, "far")
    book.close()
    assert "row 1,048,576 and column 16,384" in refusal(out.getvalue())


class _OneLine(io.RawIOBase):
    """A gigabyte of one line, made as it is read."""

    size = 1024**3

    def __init__(self):
        self.at = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = {0: 0, 1: self.at, 2: self.size}[whence] + offset
        return self.at

    def tell(self):
        return self.at

    def readinto(self, buffer):
        count = max(0, min(len(buffer), self.size - self.at))
        buffer[:count] = b"x" * count
        self.at += count
        return count


def test_a_gigabyte_of_one_line_is_refused_in_little_memory():
    assert "the most we take is 200 MB" in _refusal_of(_OneLine(), Limits())
    tracemalloc.start()
    try:
        sentence = _refusal_of(_OneLine(), Limits(file_bytes=2 * 1024**3))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert "line of more than 1,000,000 characters" in sentence
    assert peak < 30 * 1024 * 1024


def _refusal_of(stream, limits) -> str:
    with pytest.raises(FileRefused) as refused:
        for table in read_tables(stream, limits=limits):
            list(table.rows)
    return str(refused.value)


@pytest.mark.parametrize(
    ("data", "limits", "words"),
    [
        (b"A\n" + b"1\n" * 50, Limits(rows=20), "more than 20 rows"),
        (b"A\n" + b"1," * 299 + b"1\n", Limits(), "300 columns; at most 200"),
        (b'A\n"' + b"x\n" * 100_000 + b'"\n', Limits(), "131,072 characters"),
        (
            b'A\n"' + b'x\n","' * 90_000 + b'"\n',
            Limits(row_characters=200_000),
            "longer than 200,000",
        ),
    ],
)
def test_limits_hold_while_reading(data, limits, words):
    assert words in refusal(data, limits=limits)


def test_memory_stays_flat_as_the_file_doubles():
    def peak(rows: int) -> int:
        data = b"A,B,C\n" + b"one,two,three\n" * rows
        source = io.BytesIO(data)
        tracemalloc.start()
        for _ in open_csv_rows(source)[1]:
            pass
        found = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return found

    assert peak(40_000) < peak(20_000) + 500_000 + 14 * 20_000

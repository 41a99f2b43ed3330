"""Small workbooks that would end the process that opens them: refused before they are opened.

Each was seen to abort a worker: calamine holds a sheet dense, from its first cell to its last,
and copies a shared text into every cell that shows it.
"""

from __future__ import annotations

import contextlib
import io
import time
import zipfile

import pytest

from trafford_sv.core.workbooks import DEFAULT_LIMITS, FileRefused
from trafford_sv.core.workbooks.xlsx_tables import xlsx_tables

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
XML = '<?xml version="1.0"?>'


def workbook(rows: str, *, target: str = "worksheets/sheet1.xml", texts: str = "") -> io.BytesIO:
    """A workbook of one sheet written by hand, kept at `target`."""
    links = f'<Relationship Id="rId1" Type="{OFFICE}/worksheet" Target="{target}"/>'
    parts = {
        "[Content_Types].xml": f'{XML}<Types xmlns="{PACKAGE}/content-types">'
        '<Default Extension="xml" ContentType="application/xml"/></Types>',
        "_rels/.rels": f'{XML}<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="rId1"'
        f' Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'{XML}<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="Sheet" sheetId="1" r:id="rId1"/></sheets></workbook>',
        f"xl/{target}": f'{XML}<worksheet xmlns="{MAIN}"><sheetData>{rows}</sheetData></worksheet>',
    }
    if texts:
        links += (
            f'<Relationship Id="rId2" Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/>'
        )
        parts["xl/sharedStrings.xml"] = f'{XML}<sst xmlns="{MAIN}">{texts}</sst>'
    parts["xl/_rels/workbook.xml.rels"] = (
        f'{XML}<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
    )
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, body in parts.items():
            archive.writestr(name, body)
    out.seek(0)
    return out


def rows_of(file: io.BytesIO) -> list[list[object]]:
    return [
        [*table.headings, *(cells for _, cells in table.rows)]
        for table in xlsx_tables(file, limits=DEFAULT_LIMITS)
    ]


def corners(reference: str) -> str:
    return (
        '<row r="1"><c r="A1" t="str"><v>Name</v></c></row>'
        f'<row r="1048576"><c r="{reference}"><v>1</v></c></row>'
    )


UNPLACED = f'<row r="1">{"<c><v>1</v></c>" * 16_000}</row><row r="1048576"><c><v>1</v></c></row>'
DISGUISED = UNPLACED.replace("<row", '<!-- <c x=" --><row', 1).replace("<c>", "<c s='1 r=2'>")


@pytest.mark.parametrize(
    ("rows", "target"),
    [
        (corners("XFD1048576"), "worksheets/sheet1.xml"),
        (corners("XFD1048576"), "elsewhere/anything.xml"),
        (corners("xfd1048576"), "worksheets/sheet1.xml"),
        (corners("XFD0001048576"), "worksheets/sheet1.xml"),
        (UNPLACED, "worksheets/sheet1.xml"),
        (DISGUISED, "worksheets/sheet1.xml"),
        ("<row/>" * 400_000 + UNPLACED.replace(' r="1"', ""), "worksheets/sheet1.xml"),
    ],
    ids=["plain", "another folder", "small letters", "zeros", "no places", "disguised", "rows"],
)
def test_a_sheet_with_a_far_corner_is_refused_however_it_is_written(rows: str, target: str) -> None:
    with pytest.raises(FileRefused, match="more than 5,000,000 cells"):
        rows_of(workbook(rows, target=target))


def test_one_long_text_in_many_cells_is_refused() -> None:
    rows = "".join(f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(1, 2_001))
    with pytest.raises(FileRefused, match="texts that cells of this workbook share"):
        rows_of(workbook(rows, texts=f"<si><t>{'x' * 1_000_000}</t></si>"))


def test_a_long_text_shown_once_beside_many_short_ones_is_read() -> None:
    rows = '<row r="1"><c r="A1" t="s"><v>1</v></c></row>' + "".join(
        f'<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>' for n in range(2, 1_002)
    )
    texts = f"<si><t>short</t></si><si><t>{'x' * 1_000_000}</t></si>"
    (table,) = rows_of(workbook(rows, texts=texts))
    assert len(table) == 1_001
    assert table[1] == ["short"]


def test_cells_that_leave_out_their_place_are_read() -> None:
    rows = (
        '<row><c t="str"><v>Name</v></c><c t="str"><v>Value</v></c></row>'
        "<row><c><v>1</v></c><c><v>2</v></c></row>"
    )
    assert rows_of(workbook(rows)) == [["Name", "Value", [1, 2]]]


@pytest.mark.parametrize("piece", ["<c ", "<row ", '<c "', "<c><f>x", ' t="s"', "<si "])
def test_no_search_is_slow_on_a_part_made_to_be(piece: str) -> None:
    began = time.process_time()
    with contextlib.suppress(FileRefused):
        rows_of(workbook(piece * (600_000 // len(piece))))
    assert time.process_time() - began < 5  # half a second; hours with an unbounded repeat

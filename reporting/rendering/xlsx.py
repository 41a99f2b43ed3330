"""An edition as a workbook: about, the tables of the report, every figure, and each set of rows.

A figure that is a sum, a count or a ratio stands there twice: as published, and as a formula of the
spreadsheet over the rows, so that a reader's own program works it out again.
"""

from __future__ import annotations

import datetime
import io
from decimal import Decimal
from typing import Any

from trafford_sv.core.exports import neutralised

from ..datasets import Dataset, Figure, Formula, RowSet
from ..datasets.words import formula_words, rests_on, rounding_words
from .sheet import Sheet, ShownTable, sections_of

_LONGEST = 15  # digits a spreadsheet keeps
_FIGURES = "Figures"


def edition_xlsx(sheet: Sheet) -> bytes:
    """No query."""
    import xlsxwriter  # heavy, and only wanted here

    file, dataset = io.BytesIO(), sheet.dataset
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    when = sheet.published or sheet.known
    book.set_properties(
        {
            "title": dataset.title, "subject": dataset.period, "author": "Trafford Social Value",
            "comments": sheet.sha256, "created": when.replace(tzinfo=None) if when else None,
        }
    )  # fmt: skip
    pen = _Pen(book)
    names = _sheet_names(dataset)
    _about(book.add_worksheet("About"), pen, sheet)
    _tables(book.add_worksheet("Tables"), pen, sheet)
    _figures(book.add_worksheet(_FIGURES), pen, dataset, names)
    for rows in dataset.rows:
        _rows(book.add_worksheet(names[rows.id]), pen, rows)
    book.close()
    return file.getvalue()


class _Pen:
    def __init__(self, book: Any) -> None:
        self.bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        self.title = book.add_format({"bold": True, "font_size": 14})
        self.day = book.add_format({"num_format": "d mmm yyyy"})
        self.number = book.add_format({"num_format": "#,##0.00##"})
        self.whole = book.add_format({"num_format": "#,##0"})

    def value(self, page: Any, row: int, column: int, value: str | None, type_of: str) -> None:
        if value is None:
            return
        if (
            type_of in ("decimal", "integer")
            and len(value.strip("-0.").replace(".", "")) <= _LONGEST
        ):
            kind = self.whole if type_of == "integer" else self.number
            page.write_number(row, column, Decimal(value), kind)
        elif type_of == "date":
            page.write_datetime(row, column, datetime.date.fromisoformat(value), self.day)
        else:
            page.write_string(row, column, neutralised(value)[:32_767])


def _about(page: Any, pen: _Pen, sheet: Sheet) -> None:
    dataset = sheet.dataset
    page.set_column(0, 0, 24)
    page.set_column(1, 1, 90)
    page.write_string(0, 0, dataset.title, pen.title)
    pairs = [
        ("Period", dataset.subtitle or dataset.period),
        ("Edition", sheet.date_line),
        ("Gathered", dataset.as_of),
        ("What changed", dataset.what_changed),
        ("SHA-256 of the data", sheet.sha256),
        ("Address", sheet.address),
        *(("Source", source) for source in dataset.sources),
    ]
    for number, (key, value) in enumerate((pair for pair in pairs if pair[1]), start=2):
        page.write_string(number, 0, key, pen.bold)
        page.write_string(number, 1, neutralised(value))


def _tables(page: Any, pen: _Pen, sheet: Sheet) -> None:
    page.set_column(0, 0, 44)
    page.set_column(1, 8, 20)
    at = 0
    for section in sections_of(sheet):
        for block in section.blocks:
            if block.table is not None:
                at = _table(page, pen, block.table, at)


def _table(page: Any, pen: _Pen, table: ShownTable, at: int) -> int:
    page.write_string(at, 0, neutralised(table.caption), pen.title)
    for column, heading in enumerate(table.headings):
        page.write_string(at + 1, column, neutralised(heading), pen.bold)
    for number, row in enumerate(table.rows, start=at + 2):
        for column, cell in enumerate(row):
            page.write_string(number, column, neutralised("".join(one.text for one in cell)))
    return at + len(table.rows) + 3


_HEADINGS = (
    "Id", "Figure", "As published", "Worked out again", "Unit", "Rests on", "Completeness",
    "Period", "Formula", "Rounding", "Measure and library", "Why there is no value",
)  # fmt: skip


def _figures(page: Any, pen: _Pen, dataset: Dataset, names: dict[str, str]) -> None:
    page.freeze_panes(1, 1)
    for column, (heading, wide) in enumerate(
        zip(_HEADINGS, (26, 44, 18, 18, 10, 26, 28, 28, 60, 40, 40, 40), strict=True)
    ):
        page.set_column(column, column, wide)
        page.write_string(0, column, heading, pen.bold)
    places = {figure.id: number for number, figure in enumerate(dataset.figures, start=1)}
    for number, figure in enumerate(dataset.figures, start=1):
        type_of = "decimal" if figure.places else "integer"
        for column, text in enumerate(
            (
                figure.id, figure.label, None, None, figure.unit,
                rests_on(figure, dataset), figure.completeness, figure.period,
                formula_words(figure, dataset), rounding_words(figure), figure.measure_edition,
                figure.reason,
            )
        ):  # fmt: skip
            if text:
                page.write_string(number, column, neutralised(text)[:32_767])
        pen.value(page, number, 2, figure.value, type_of)
        formula = _formula(figure, dataset, names, places)
        if formula and figure.value is not None:
            kind = pen.number if figure.places else pen.whole
            page.write_formula(number, 3, formula, kind, Decimal(figure.value))


def _formula(
    figure: Figure, dataset: Dataset, names: dict[str, str], places: dict[str, int]
) -> str:
    """In the spreadsheet's own words; "" for one that it has no plain words for."""
    formula = figure.formula
    cells = [f"$C${places[key] + 1}" for key in formula.figures if key in places]
    match formula.op:
        case "ratio":
            return f"=ROUND({cells[0]}/{cells[1]},{figure.places})"
        case "difference":
            return f"=ROUND({cells[0]}-{cells[1]},{figure.places})"
        case "total":
            return f"=ROUND(SUM({','.join(cells)}),{figure.places})"
        case "sum" | "count" if all(len(values) == 1 for _, values in formula.where):
            return _over_rows(formula, dataset.row_sets[formula.rows], names, figure.places)
    return ""


def _over_rows(formula: Formula, rows: RowSet, names: dict[str, str], places: int) -> str:
    def column(key: str) -> str:
        letter = _letter(rows.places[key])
        return f"'{names[rows.id]}'!${letter}$2:${letter}${max(2, len(rows.rows) + 1)}"

    criteria = [
        f'{column(key)},"{values[0].replace(chr(34), chr(34) * 2)}"'
        for key, values in formula.where
    ] + [f'{column(key)},"<>"' for key in formula.present]
    if formula.op == "count":
        if not criteria:
            return f"=COUNTA({column(rows.columns[0].key)})"
        return f"=COUNTIFS({','.join(criteria)})"
    summed = column(formula.column)
    if not criteria:
        return f"=ROUND(SUM({summed}),{places})"
    return f"=ROUND(SUMIFS({summed},{','.join(criteria)}),{places})"


def _rows(page: Any, pen: _Pen, rows: RowSet) -> None:
    page.freeze_panes(1, 1)
    for column, one in enumerate(rows.columns):
        page.set_column(column, column, max(12, min(44, len(one.label) + 6)))
        page.write_string(0, column, neutralised(one.label), pen.bold)
        for number, row in enumerate(rows.rows, start=1):
            pen.value(page, number, column, row[column], one.type)
    if rows.rows:
        page.autofilter(0, 0, len(rows.rows), len(rows.columns) - 1)


def _letter(place: int) -> str:
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def _sheet_names(dataset: Dataset) -> dict[str, str]:
    """At most 31 letters, none that a sheet may not have, each once."""
    names: dict[str, str] = {}
    taken = {"about", "tables", "figures", "history"}
    for number, rows in enumerate(dataset.rows, start=1):
        plain = "".join(c if c.isalnum() or c in " -_" else " " for c in rows.id).strip()[:31]
        name = plain if plain and plain.lower() not in taken else f"{number} {plain}"[:31]
        taken.add(name.lower())
        names[rows.id] = name
    return names

"""What a renderer gets, and the dataset's blocks made ready to print: the same for page and PDF."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.safestring import SafeString

from trafford_sv.core import charts, parts
from trafford_sv.core.charts.drawing import Paint
from trafford_sv.core.money import exact

from ..datasets import (
    Bullets,
    Cell,
    Chart,
    Dataset,
    Drawing,
    Figure,
    FigureCards,
    Pairs,
    Picture,
    RowColumn,
    RowsTable,
    Section,
    Table,
    Words,
    figure_words,
)
from ..datasets.words import BASIS_SENTENCES, PLACE
from .drawings import plain_drawing

NOT_REPORTED = "not reported"
# What is true of a bar without a value, by what it would rest on.
MISSING = {
    "offered": "Not offered",
    "committed": "Not committed",
    "reported": "Not reported",
    "verified": "Not verified yet",
}
LYING = 8  # points that fit side by side


@dataclass(frozen=True)
class Sheet:
    """`sha256` is empty for a draft. `address` ends in a slash; a figure's page hangs below it."""

    dataset: Dataset
    sha256: str = ""
    address: str = ""

    def figure_address(self, key: str) -> str:
        return f"{self.address}figures/{key}/" if self.address else ""

    @property
    def published(self) -> datetime.datetime | None:
        return moment(self.dataset.published_at)

    @property
    def known(self) -> datetime.datetime | None:
        return moment(self.dataset.as_of)

    @property
    def date_line(self) -> str:
        """ "Edition 2, published 4 May 2026", or that it is a draft."""
        if self.published is None:
            return "Draft, not published: its figures may still change"
        day = timezone.localtime(self.published)
        demo = ". Invented for the demonstration" if self.dataset.is_demo else ""
        return f"Edition {self.dataset.number}, published {day:%-d %B %Y}{demo}"


def moment(text: str) -> datetime.datetime | None:
    return datetime.datetime.fromisoformat(text) if text else None


@dataclass(frozen=True)
class Piece:
    """A run of words; a figure has the `address` of its page."""

    text: str
    address: str = ""
    label: str = ""


Pieces = tuple[Piece, ...]


@dataclass(frozen=True)
class ShownTable:
    id: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Pieces, ...], ...]
    numeric: frozenset[int]
    note: str = ""


@dataclass(frozen=True)
class Shown:
    """A block ready to print; `kind` names its part of the template."""

    kind: str
    style: str = ""
    by: str = ""
    pieces: Pieces = ()
    items: tuple[Pieces, ...] = ()
    table: ShownTable | None = None
    cards: tuple[parts.Figure, ...] = ()
    chart: charts.Chart | None = None
    title: str = ""
    alternative: str = ""
    svg: SafeString | None = None
    source: str = ""


@dataclass(frozen=True)
class ShownSection:
    """`title` with its number before it."""

    id: str
    title: str
    level: int
    breaks: bool
    blocks: tuple[Shown, ...]


def sections_of(sheet: Sheet) -> list[ShownSection]:
    return [_section(sheet, one) for one in sheet.dataset.sections]


def _section(sheet: Sheet, section: Section) -> ShownSection:
    title = section.title if section.is_name else plain(sheet, section.title)
    return ShownSection(
        section.id,
        f"{section.number} {title}".strip(),
        section.level,
        section.breaks,
        tuple(shown for block in section.blocks for shown in _blocks(sheet, block)),
    )


def pieces(sheet: Sheet, text: str) -> Pieces:
    """Words with each [[id]] as a piece of its own, which leads to the figure's page."""
    found, at = [], 0
    for match in PLACE.finditer(text):
        if match.start() > at:
            found.append(Piece(text[at : match.start()]))
        found.append(_figure_piece(sheet, match[1], match[2] or ""))
        at = match.end()
    if at < len(text):
        found.append(Piece(text[at:]))
    return tuple(found)


def plain(sheet: Sheet, text: str) -> str:
    return "".join(one.text for one in pieces(sheet, text))


def _figure_piece(sheet: Sheet, key: str, form: str = "") -> Piece:
    figure = sheet.dataset.by_id[key]
    return Piece(figure_words(figure, form), sheet.figure_address(key), figure.label)


def _blocks(sheet: Sheet, block: object) -> list[Shown]:
    match block:
        case Words():
            return [Shown("words", block.style, block.by, pieces(sheet, block.text))]
        case Bullets():
            items = tuple(pieces(sheet, item) for item in block.items)
            return [Shown("bullets", "numbered" if block.is_numbered else "", items=items)]
        case Table():
            return [Shown("table", table=_table(sheet, block))]
        case Pairs():
            return [Shown("table", table=_pairs(sheet, block))]
        case RowsTable():
            return [Shown("table", table=rows_table(sheet, block))]
        case FigureCards():
            return [Shown("cards", cards=tuple(_card(sheet, key) for key in block.figures))]
        case Chart():
            return [
                Shown(
                    "chart",
                    "told-below" if block.is_told_below else "",
                    chart=drawn(sheet.dataset, block),
                    table=chart_table(sheet, block),
                )
            ]
        case Drawing():
            table = _table(sheet, block.table) if block.table else None
            return [
                Shown("drawing", title=block.title, alternative=block.alternative,
                      svg=plain_drawing(block.svg),
                      table=table)
            ]  # fmt: skip
        case Picture():
            source = f"data:{block.media_type};base64,{block.content}"
            return [
                Shown("picture", title=block.caption, alternative=block.alternative, source=source)
            ]
    raise TypeError(f"No way to print a {type(block).__name__}.")


def _cell(sheet: Sheet, cell: Cell) -> Pieces:
    if cell.figure:
        return (_figure_piece(sheet, cell.figure, cell.form),)
    return (Piece(cell.text),) if cell.is_name else pieces(sheet, cell.text)


def _table(sheet: Sheet, table: Table) -> ShownTable:
    rows = tuple(tuple(_cell(sheet, cell) for cell in row) for row in table.rows)
    keys = [cell.figure for row in table.rows for cell in row if cell.figure]
    note = f"{table.note} {missing_words(sheet.dataset, keys)}".strip()
    return ShownTable(table.id, table.caption, table.headings, rows, frozenset(table.numeric), note)


def _pairs(sheet: Sheet, block: Pairs) -> ShownTable:
    rows = tuple(((Piece(key),), _cell(sheet, cell)) for key, cell in block.pairs)
    note = missing_words(sheet.dataset, [cell.figure for _, cell in block.pairs if cell.figure])
    return ShownTable(block.id, block.caption, block.headings, rows, frozenset(), note)


def missing_words(dataset: Dataset, keys: Iterable[str]) -> str:
    """Why figures of a table are not available, each reason once; "" where all are there."""
    reasons: dict[str, list[str]] = {}
    for key in dict.fromkeys(keys):
        figure = dataset.by_id[key]
        if figure.value is None and figure.reason:
            reasons.setdefault(figure.reason, []).append(figure.label)
    said = []
    for reason, labels in reasons.items():
        why = reason.removeprefix("Not available: ")
        why = why if why[1:2].isupper() else f"{why[:1].lower()}{why[1:]}"
        of_what = f" ({labels[0]})" if len(labels) == 1 and len(reasons) > 1 else ""
        said.append(f"Not available{of_what}: {why}")
    return " ".join(said)


def rows_table(sheet: Sheet, block: RowsTable) -> ShownTable:
    rows = sheet.dataset.row_sets[block.rows]
    columns = [rows.columns[rows.places[key]] for key in block.columns]
    places = [rows.places[key] for key in block.columns]
    picked = rows.rows[: block.first] if block.first else rows.rows
    note = block.note
    if left := len(rows.rows) - len(picked):
        note = f"{note} And {left:,} more rows in the edition’s data.".strip()
    return ShownTable(
        block.id,
        block.caption,
        tuple(column.label for column in columns),
        tuple(
            tuple((Piece(cell_words(row[place], column)),) for place, column in zip(places, columns, strict=True))
            for row in picked
        ),
        frozenset(n for n, column in enumerate(columns) if column.type in ("decimal", "integer")),
        note,
    )  # fmt: skip


def cell_words(value: str | None, column: RowColumn) -> str:
    """In pounds where the column's name says so."""
    if value is not None and column.key.endswith("_pounds"):
        return exact(Decimal(value))
    return row_words(value, column.type)


def row_words(value: str | None, type_of: str) -> str:
    """A stored value as it is read; None is a dash of words, never 0."""
    if value is None:
        return "not known"
    if type_of in ("decimal", "integer"):
        return f"{Decimal(value):,f}".replace("-", "−")
    if type_of == "date":
        day = datetime.date.fromisoformat(value)
        return f"{day:%-d %B %Y}"
    return value


def _card(sheet: Sheet, key: str) -> parts.Figure:
    figure = sheet.dataset.by_id[key]
    short, full = figure_words(figure), figure_words(figure, "exact")
    about = BASIS_SENTENCES.get(figure.basis, "")
    states = {state.value for state in parts.State}
    state = parts.State(figure.basis) if figure.basis in states else parts.State.PLAIN
    return parts.Figure(
        label=figure.label,
        number=short if figure.value is not None else None,
        exact=full if figure.value is not None and full != short else "",
        state=state,
        of_what=figure.period,
        completeness=figure.completeness,
        change="" if state is not parts.State.PLAIN else about,
        missing=figure.reason or "Not known",
        way_in=parts.Link("Open this figure", sheet.figure_address(key), figure.label)
        if sheet.address
        else None,
        local_economic="local economic" in figure.label.lower(),
    )


# --- charts -------------------------------------------------------------------------------


def chart_table(sheet: Sheet, block: Chart) -> ShownTable:
    """The values of a chart: a row for each point, a column for each series; a single short series lies."""
    if len(block.series) == 1 and len(block.points) <= LYING:
        (series,) = block.series
        lying = [
            (_figure_piece(sheet, key),) if key else (Piece(NOT_REPORTED),)
            for key in series.figures
        ]
        return ShownTable(
            f"{block.id}-table",
            block.subtitle or block.title,
            (block.heading, *block.points),
            (((Piece(series.label),), *lying),),
            frozenset(range(1, len(block.points) + 1)),
            missing_words(sheet.dataset, filter(None, series.figures)),
        )
    rows = []
    for place, point in enumerate(block.points):
        row: list[Pieces] = [(Piece(point),)]
        for series in block.series:
            key = series.figures[place]
            row.append((_figure_piece(sheet, key),) if key else (Piece(NOT_REPORTED),))
        rows.append(tuple(row))
    return ShownTable(
        f"{block.id}-table",
        block.subtitle or block.title,
        (block.heading, *(series.label for series in block.series)),
        tuple(rows),
        frozenset(range(1, len(block.series) + 1)),
        missing_words(
            sheet.dataset, (key for series in block.series for key in series.figures if key)
        ),
    )


def drawn(dataset: Dataset, block: Chart) -> charts.Chart:
    """As a drawing of our own. Raises ValueError for what no chart can show."""
    said: dict[str, Any] = {
        "key": block.id,
        "title": _titled(dataset, block.title),
        "subtitle": block.subtitle,
    }
    if block.shape == "line":
        return charts.line_chart(
            **said, heading=block.heading, points=block.points, text=_text_of(dataset, block),
            series=[
                charts.Series(one.label, [_amount(dataset, key) for key in one.figures])
                for one in block.series
            ],
        )  # fmt: skip
    if block.shape == "stacked":
        return charts.stacked_chart(
            **said,
            heading=block.heading,
            parts=[charts.Part(one.label, _paint(one.paint)) for one in block.series],
            stacks=[_stack(dataset, block, place) for place in range(len(block.points))],
        )
    draw = charts.column_chart if block.shape == "column" else charts.bar_chart
    many = any(
        sum(bool(series.figures[place]) for series in block.series) > 1
        for place in range(len(block.points))
    )
    bars = [
        charts.Bar(
            f"{point}, {series.label.lower()}" if many else point,
            _amount(dataset, series.figures[place]),
            _said(dataset, series.figures[place]),
            _paint(series.paint),
            missing=_missing(dataset, series.figures[place]),
        )
        for place, point in enumerate(block.points)
        for series in block.series
        if series.figures[place] or len(block.series) == 1
    ]
    return draw(**said, bars=bars, headings=(block.heading, block.series[0].label))


def _titled(dataset: Dataset, title: str) -> str:
    return PLACE.sub(lambda found: figure_words(dataset.by_id[found[1]], found[2] or ""), title)


def _amount(dataset: Dataset, key: str) -> Decimal | None:
    return dataset.by_id[key].amount if key else None


def _missing(dataset: Dataset, key: str) -> str:
    return MISSING.get(dataset.by_id[key].basis, "Not available") if key else ""


def _said(dataset: Dataset, key: str) -> str:
    return figure_words(dataset.by_id[key]) if key else ""


def _stack(dataset: Dataset, block: Chart, place: int) -> charts.Stack:
    keys = [series.figures[place] for series in block.series]
    values = [_amount(dataset, key) for key in keys]
    if all(value is None for value in values):
        return charts.Stack(block.points[place], None)
    return charts.Stack(
        block.points[place], [value or Decimal(0) for value in values],
        [_said(dataset, key) for key in keys],
    )  # fmt: skip


def _text_of(dataset: Dataset, block: Chart) -> Callable[[Decimal], str]:
    """How a value on the scale reads: like the chart's figures."""
    first: Figure | None = next(
        (dataset.by_id[key] for series in block.series for key in series.figures if key), None
    )
    if first is None:
        return str
    return lambda value: figure_words(replace(first, value=f"{value:f}"))


def _paint(name: str) -> Paint:
    try:
        return Paint[re.sub(r"[^A-Z_]", "", name.upper())]
    except KeyError:
        return Paint.VERIFIED

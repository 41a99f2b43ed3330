"""The parts of a dataset. Every field is text, a whole number, yes or no, or a tuple of parts.

A field at its default is left out of the JSON, so changing a default is a new schema number.
Amounts are exact decimal text ("1243118.20"); "" where a part may be missing is never 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import ClassVar

from ..catalogue import Unit as Unit  # pounds, count, share or ratio


class Basis(StrEnum):
    """What a number rests on. The four value states are never mixed with one another."""

    OFFERED = "offered"
    COMMITTED = "committed"
    REPORTED = "reported"
    VERIFIED = "verified"
    AWARD = "award"
    INVOICE = "invoice"
    RECORD = "record"
    SUPPLIED = "supplied"  # by STAR, with its own evidence
    PUBLISHED = "published"  # a figure of record, whose formula is not known
    MIXED = "mixed"  # of a ratio or a difference: its two figures say their own


@dataclass(frozen=True)
class RowColumn:
    """`type`: text, decimal, integer or date."""

    key: str
    label: str
    type: str = "text"


Row = tuple[str | None, ...]


@dataclass(frozen=True)
class RowSet:
    """Source rows that figures add up. The first column is the row's own key; None is not known.

    `words` say what one row is. One row set may serve many figures.
    """

    id: str
    title: str
    columns: tuple[RowColumn, ...]
    rows: tuple[Row, ...] = ()
    words: str = ""

    @cached_property
    def places(self) -> dict[str, int]:
        """Where each column stands."""
        return {column.key: place for place, column in enumerate(self.columns)}


@dataclass(frozen=True)
class Formula:
    """How a value comes from rows or from other figures.

    * `sum`: the column over the rows, those that are not known left out; None where all are.
    * `count`: the rows. `distinct`: the different values of a column.
    * `value`: the column of the one row that is meant (a supplied or published figure).
    * `ratio`, `difference`: the first of `figures` divided by, or less, the second.
    * `total`: the figures added, None where all are.

    `where`: (column, values) that a row must have. `present`: columns that must be known.
    """

    op: str
    rows: str = ""
    column: str = ""
    where: tuple[tuple[str, tuple[str, ...]], ...] = ()
    present: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()


@dataclass(frozen=True)
class Figure:
    """One number of a report, with all that a reader needs to check it.

    `value` in its unit (a share in 0..1), rounded half up to `places` after the rows were added;
    None with its `reason`. `measure_edition` says by which definition and library it was made.
    """

    id: str
    label: str
    unit: str
    basis: str
    value: str | None
    formula: Formula
    places: int = 2
    reason: str = ""
    completeness: str = ""
    period: str = ""
    measure_edition: str = ""
    note: str = ""

    @property
    def amount(self) -> Decimal | None:
        return None if self.value is None else Decimal(self.value)


@dataclass(frozen=True)
class Evidence:
    """A file that proof rests on: its hash, never its bytes. `row` is a row's key in `rows`."""

    sha256: str
    kind: str
    size_bytes: int
    rows: str = ""
    row: str = ""


@dataclass(frozen=True)
class Words:
    """A paragraph. `style`: "" (body), lead or note. `by`: somebody's own words, quoted as such.

    `is_written`: an officer wrote it for this report; it is printed as the report's own.
    """

    kind: ClassVar[str] = "words"
    text: str
    style: str = ""
    by: str = ""
    is_written: bool = False


@dataclass(frozen=True)
class Bullets:
    kind: ClassVar[str] = "bullets"
    items: tuple[str, ...]
    is_numbered: bool = False
    is_written: bool = False  # as of `Words`


@dataclass(frozen=True)
class Cell:
    """Either words or a figure. `form`: "" for reading, "exact" for checking, "points" for a share's change."""

    text: str = ""
    figure: str = ""
    form: str = ""
    is_name: bool = False


@dataclass(frozen=True)
class Pairs:
    """Labels with what is said of each: a title block, or a table of implications."""

    kind: ClassVar[str] = "pairs"
    id: str
    caption: str
    pairs: tuple[tuple[str, Cell], ...]
    headings: tuple[str, ...] = ("What", "Is")


@dataclass(frozen=True)
class Table:
    """The first cell of each row heads it. `numeric`: places of right-aligned columns."""

    kind: ClassVar[str] = "table"
    id: str
    caption: str
    headings: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    numeric: tuple[int, ...] = ()
    note: str = ""


@dataclass(frozen=True)
class RowsTable:
    """Rows of a row set, printed as they are. `columns`: which, in which order."""

    kind: ClassVar[str] = "rows"
    id: str
    caption: str
    rows: str
    columns: tuple[str, ...]
    first: int = 0  # at most so many; 0 is all
    note: str = ""


@dataclass(frozen=True)
class FigureCards:
    """Figures side by side, each with its basis and completeness."""

    kind: ClassVar[str] = "figures"
    figures: tuple[str, ...]


@dataclass(frozen=True)
class Series:
    """One figure for each point; "" is a gap. `paint`: a name of `core.charts.drawing.Paint`."""

    label: str
    figures: tuple[str, ...]
    paint: str = ""


@dataclass(frozen=True)
class Chart:
    """Drawn where a drawing can be, with its table beside it. `shape`: bar, column, line, stacked.

    `points_are_names`: they may hold digits of their own, as a directorate's may. `is_told_below`: a
    table of the same section says the same, so a document needs no second one.
    """

    kind: ClassVar[str] = "chart"
    id: str
    title: str
    subtitle: str
    shape: str
    heading: str
    points: tuple[str, ...]
    series: tuple[Series, ...]
    points_are_names: bool = False
    is_told_below: bool = False


@dataclass(frozen=True)
class Drawing:
    """A finished SVG of our own charts, for what `Chart` cannot draw (a map, a radar).

    `alternative` says what is to be seen. `table` holds what it shows, by figures.
    """

    kind: ClassVar[str] = "drawing"
    id: str
    title: str
    alternative: str
    svg: str
    table: Table | None = None


@dataclass(frozen=True)
class Picture:
    """A photograph, `content` in base64. `media_type`: image/jpeg or image/png."""

    kind: ClassVar[str] = "picture"
    caption: str
    alternative: str
    media_type: str
    content: str


Block = Words | Bullets | Pairs | Table | RowsTable | FigureCards | Chart | Drawing | Picture
BLOCKS: dict[str, type] = {
    block.kind: block
    for block in (Words, Bullets, Pairs, Table, RowsTable, FigureCards, Chart, Drawing, Picture)
}


@dataclass(frozen=True)
class Section:
    """`level` 2 is a chapter, 3 a part of the one before. `id` is its anchor. `breaks`: a new page.

    `number` stands before the title ("2"). `is_name`: the title is somebody's own words.
    """

    id: str
    title: str
    blocks: tuple[Block, ...] = ()
    level: int = 2
    breaks: bool = False
    number: str = ""
    is_name: bool = False


@dataclass(frozen=True)
class Dataset:
    """A whole report. `number` 0 and no `published_at` is a draft.

    `period` is "2026-27-Q1" or "2026-27". `as_of` and `published_at` are ISO moments in UTC.
    `headlines`: the figures an e-mail says, most telling first. `sources`: what must be credited.
    """

    kind: str
    period: str
    title: str
    as_of: str
    sections: tuple[Section, ...]
    figures: tuple[Figure, ...] = ()
    rows: tuple[RowSet, ...] = ()
    subtitle: str = ""
    kicker: str = ""
    headlines: tuple[str, ...] = ()
    evidence: tuple[Evidence, ...] = ()
    sources: tuple[str, ...] = ()
    number: int = 0
    published_at: str = ""
    what_changed: str = ""
    is_demo: bool = False
    language: str = "en-GB"
    has_cover: bool = False
    schema: int = 1

    @cached_property
    def by_id(self) -> dict[str, Figure]:
        return {figure.id: figure for figure in self.figures}

    @cached_property
    def row_sets(self) -> dict[str, RowSet]:
        return {rows.id: rows for rows in self.rows}

    @property
    def is_draft(self) -> bool:
        return not self.published_at

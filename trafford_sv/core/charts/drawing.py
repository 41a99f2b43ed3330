"""Shapes, paints, text that wraps, and scales. Pixels only: a value becomes one and never returns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_UP, Decimal
from enum import StrEnum

from ..parts import Table

INK, MUTED, RULE, WHITE = "#14212b", "#4a5a63", "#b8c4c6", "#ffffff"
TEAL, TEAL_LIGHT = "#0b5563", "#a9cbd1"
AMBER, AMBER_LIGHT = "#8a5a00", "#e8d2a6"
WIDE, NARROW = 860, 335


class Paint(StrEnum):
    """How a shape is filled. The four solidities come in teal and, as local, in amber."""

    OFFERED = "offered"
    COMMITTED = "committed"
    REPORTED = "reported"
    VERIFIED = "verified"
    LOCAL_OFFERED = "local-offered"
    LOCAL_COMMITTED = "local-committed"
    LOCAL_REPORTED = "local-reported"
    LOCAL_VERIFIED = "local-verified"
    OTHER = "other"
    UNKNOWN = "unknown"
    NOT_REPORTED = "not-reported"
    CLASS_1 = "class-1"
    CLASS_2 = "class-2"
    CLASS_3 = "class-3"
    CLASS_4 = "class-4"
    CLASS_5 = "class-5"


@dataclass(frozen=True)
class Look:
    """`fill` a colour or the name of a pattern ("#hatch", "#local-hatch", "#dots")."""

    fill: str
    stroke: str
    dash: str = ""
    text: str = INK

    @property
    def pattern(self) -> str:
        """The pattern's name, or "" for a plain colour."""
        return self.fill[1:] if self.fill in PATTERNS else ""


PATTERNS = ("#hatch", "#local-hatch", "#dots")
LOOKS: dict[str, Look] = {
    Paint.OFFERED: Look(WHITE, TEAL),
    Paint.COMMITTED: Look("#hatch", TEAL),
    Paint.REPORTED: Look(TEAL_LIGHT, TEAL),
    Paint.VERIFIED: Look(TEAL, TEAL, text=WHITE),
    Paint.LOCAL_OFFERED: Look(WHITE, AMBER),
    Paint.LOCAL_COMMITTED: Look("#local-hatch", AMBER),
    Paint.LOCAL_REPORTED: Look(AMBER_LIGHT, AMBER),
    Paint.LOCAL_VERIFIED: Look(AMBER, AMBER, text=WHITE),
    Paint.OTHER: Look("#dfe5e7", MUTED),
    Paint.UNKNOWN: Look("#dots", MUTED),
    Paint.NOT_REPORTED: Look("none", MUTED, dash="2 4"),
    Paint.CLASS_1: Look("#e6f0f1", MUTED),
    Paint.CLASS_2: Look("#b4d2d7", MUTED),
    Paint.CLASS_3: Look("#75aab3", MUTED),
    Paint.CLASS_4: Look("#2f7886", WHITE, text=WHITE),
    Paint.CLASS_5: Look("#073b45", WHITE, text=WHITE),
}


@dataclass(frozen=True)
class Box:
    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    paint: Paint

    @property
    def look(self) -> Look:
        return LOOKS[self.paint]


@dataclass(frozen=True)
class Line:
    x1: Decimal
    y1: Decimal
    x2: Decimal
    y2: Decimal
    colour: str = RULE
    width: int = 1
    dash: str = ""


@dataclass(frozen=True)
class Words:
    """Text at a baseline. `anchor` start, middle or end; `halo` keeps it legible on shapes."""

    x: Decimal
    y: Decimal
    text: str
    anchor: str = "start"
    size: int = 16
    bold: bool = False
    colour: str = INK
    halo: str = ""

    @property
    def backing(self) -> Box:
        """What a document lays behind text with a halo: its renderer cannot paint a stroke first."""
        wide = Decimal(text_width(self.text, self.size))
        before = {"start": Decimal(0), "middle": wide / 2, "end": wide}[self.anchor]
        tall = Decimal(self.size)
        return Box(
            px(self.x - before - 2), px(self.y - tall * 4 / 5 - 1), px(wide + 4), px(tall + 2),
            Paint.NOT_REPORTED,
        )  # fmt: skip


@dataclass(frozen=True)
class Shape:
    """An SVG path. An open one (a line of a chart) has `fill` "none"."""

    path: str
    fill: str
    stroke: str
    width: Decimal = Decimal(1)
    dash: str = ""


@dataclass(frozen=True)
class Dot:
    x: Decimal
    y: Decimal
    fill: str
    stroke: str
    radius: int = 4


@dataclass
class Drawing:
    """What is drawn, in order: lines, shapes, boxes, dots, words."""

    width: int
    height: int = 0
    lines: list[Line] = field(default_factory=list)
    shapes: list[Shape] = field(default_factory=list)
    boxes: list[Box] = field(default_factory=list)
    dots: list[Dot] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)


@dataclass(frozen=True)
class Chart:
    """`key` makes ids unique on a page; `description` says the chart in words for those who listen."""

    key: str
    title: str
    subtitle: str
    description: str
    wide: Drawing
    narrow: Drawing
    table: Table
    note: str = ""


def px(value: Decimal | int) -> Decimal:
    """To a tenth of a pixel."""
    return Decimal(value).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


def text_width(text: str, size: int = 16) -> int:
    """A careful estimate in pixels of the bundled typeface."""
    wide = sum(1 for letter in text if letter.isdigit() or letter.isupper() or letter in "mw£%")
    return int((Decimal(len(text) - wide) * 53 + Decimal(wide) * 66) * size / 100) + 1


def wrap(text: str, width: int, size: int = 16, most: int = 3) -> list[str]:
    """Lines no wider than `width`; what does not fit in `most` lines ends in an ellipsis."""
    lines: list[str] = []
    line = ""
    for word in text.split():
        longer = f"{line} {word}".strip()
        if line and text_width(longer, size) > width:
            lines.append(line)
            line = word
        else:
            line = longer
    if line or not lines:
        lines.append(line)
    if len(lines) > most:
        lines = [*lines[: most - 1], " ".join(lines[most - 1 :])]
    return [_cut(line, width, size) for line in lines]


def _cut(line: str, width: int, size: int) -> str:
    if text_width(line, size) <= width:
        return line
    while line and text_width(line + "…", size) > width:
        line = line[:-1]
    return line.rstrip() + "…"


def ticks(lowest: Decimal, highest: Decimal, about: int = 4) -> list[Decimal]:
    """Round values (1, 2, 2.5 or 5 by powers of ten) from at most `lowest` to at least `highest`."""
    low, high = min(lowest, Decimal(0)), max(highest, Decimal(0))
    if high == low:
        high = low + 1
    rough = (high - low) / about
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(
        power * factor for factor in (1, 2, Decimal("2.5"), 5, 10) if power * factor >= rough
    )
    first = (low / step).to_integral_value(rounding=ROUND_FLOOR)
    last = (high / step).to_integral_value(rounding=ROUND_CEILING)
    return [step * number for number in range(int(first), int(last) + 1)]


def sentence(rows: Sequence[Sequence[object]], limit: int = 12) -> str:
    """Rows of a table as one description: "Place, £3 million; Highways, £2 million"."""
    said = "; ".join(", ".join(str(cell) for cell in row) for row in rows[:limit])
    more = len(rows) - limit
    return f"{said}; and {more} more in the table" if more > 0 else said

"""A whole and its parts, for each of several things; unknown is always one of the parts drawn."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..money import percentage
from ..parts import Link, Table
from .drawing import (
    LOOKS,
    MUTED,
    NARROW,
    WIDE,
    Box,
    Chart,
    Drawing,
    Line,
    Paint,
    Words,
    px,
    sentence,
    text_width,
    wrap,
)

_BAR, _GAP, _LINE = 34, 18, 20


@dataclass(frozen=True)
class Part:
    """A part that every stack has, in the order drawn."""

    label: str
    paint: Paint


@dataclass(frozen=True)
class Stack:
    """`values` and `texts` run along the chart's parts; values None means nothing was reported.

    `urls` runs along them too and `total_url` is of the total: the table's cells lead there.
    """

    label: str
    values: Sequence[Decimal] | None
    texts: Sequence[str] = ()
    total_text: str = ""
    urls: Sequence[str] = ()
    total_url: str = ""


def stacked_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    parts: Sequence[Part],
    stacks: Sequence[Stack],
    heading: str,
    as_share: bool = False,
    note: str = "",
    missing: str = "Not reported",
) -> Chart:
    """Stacks lying on one scale, or each its own whole with `as_share`.

    Raises ValueError for a negative part: a stack can only show what adds up.
    """
    for stack in stacks:
        if stack.values is not None:
            if len(stack.values) != len(parts):
                raise ValueError(
                    f"{stack.label} has {len(stack.values)} values for {len(parts)} parts."
                )
            if min(stack.values, default=Decimal(0)) < 0:
                raise ValueError(f"{stack.label} has a negative part, which a stack cannot show.")
    texts = [_row(stack, parts, missing) for stack in stacks]
    rows = [_linked(stack, parts, row) for stack, row in zip(stacks, texts, strict=True)]
    headings = (heading, *(part.label for part in parts), "Total")
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence(
            [
                (
                    row[0],
                    *(f"{part.label} {cell}" for part, cell in zip(parts, row[1:], strict=False)),
                )
                for row in texts
            ]
        ),
        wide=_draw(parts, stacks, WIDE, as_share, missing),
        narrow=_draw(parts, stacks, NARROW, as_share, missing),
        table=Table(subtitle, headings, rows, numeric=frozenset(range(1, len(headings)))),
        note=note,
    )


def _texts(stack: Stack) -> list[str]:
    if stack.texts:
        return list(stack.texts)
    whole = sum(stack.values or (), Decimal(0))
    return [percentage(value / whole) if whole else "0%" for value in stack.values or ()]


def _row(stack: Stack, parts: Sequence[Part], missing: str) -> tuple[str, ...]:
    if stack.values is None:
        return (stack.label, *([missing] * len(parts)), missing)
    return (stack.label, *_texts(stack), stack.total_text)


def _linked(stack: Stack, parts: Sequence[Part], row: Sequence[str]) -> tuple[object, ...]:
    """The row with each cell that has an address as a link to it."""
    urls = ("", *(stack.urls or [""] * len(parts)), stack.total_url)
    names = ("", *(part.label for part in parts), "total")
    return tuple(
        Link(text, url, f"{stack.label}, {name}") if url else text
        for text, url, name in zip(row, urls, names, strict=True)
    )


def _draw(
    parts: Sequence[Part], stacks: Sequence[Stack], width: int, as_share: bool, missing: str
) -> Drawing:
    drawing = Drawing(width)
    top = _key(drawing, parts, width) + 14
    totals = [sum(stack.values or (), Decimal(0)) for stack in stacks]
    largest = max([*totals, Decimal(0)])
    texts = max(
        (text_width(stack.total_text) + 10 for stack in stacks if stack.total_text), default=0
    )
    room = Decimal(width - 2 - texts)
    for stack, total in zip(stacks, totals, strict=True):
        lines = wrap(stack.label, width, most=2) if stack.label else []
        for number, line in enumerate(lines):
            drawing.words.append(Words(px(0), px(top + 15 + number * _LINE), line, bold=True))
        y = top + len(lines) * _LINE + 4
        middle = y + _BAR // 2 + 6
        if stack.values is None:
            drawing.boxes.append(Box(px(1), px(y), px(room), px(_BAR), Paint.NOT_REPORTED))
            drawing.words.append(Words(px(12), px(middle), missing, colour=MUTED))
        else:
            whole = total if as_share else largest
            x = Decimal(1)
            for part, value, text in zip(parts, stack.values, _texts(stack), strict=True):
                wide = room * value / whole if whole else Decimal(0)
                if not wide:
                    continue
                drawing.boxes.append(Box(px(x), px(y), px(wide), px(_BAR), part.paint))
                if text_width(text, 15) + 14 <= wide:
                    look = LOOKS[part.paint]
                    # White behind the words where the fill is a pattern.
                    halo = "#ffffff" if look.pattern else ""
                    drawing.words.append(
                        Words(
                            px(x + wide / 2), px(middle), text, "middle", 15, True, look.text, halo
                        )
                    )
                x += wide
            if stack.total_text:
                drawing.words.append(Words(px(x + 8), px(middle), stack.total_text, bold=True))
        top = y + _BAR + _GAP
    drawing.height = top - _GAP + 4
    return drawing


def _key(drawing: Drawing, parts: Sequence[Part], width: int) -> int:
    """The parts' names with their paint, in rows; returns the height used."""
    x, y = 1, 2
    for part in parts:
        wide = 26 + text_width(part.label, 15) + 18
        if x > 1 and x + wide > width:
            x, y = 1, y + 26
        drawing.boxes.append(Box(px(x), px(y), px(18), px(18), part.paint))
        drawing.words.append(Words(px(x + 26), px(y + 14), part.label, size=15))
        x += wide
    drawing.lines.append(Line(px(0), px(y + 29), px(width), px(y + 29)))
    return y + 26

"""One value for each of several things: bars lying, or columns standing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..parts import Link, Table
from .drawing import (
    MUTED,
    NARROW,
    RULE,
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

_BAR, _GAP, _LINE = 26, 16, 20


@dataclass(frozen=True)
class Bar:
    """`text` is the value as read ("£1.2 million"); value None is drawn as not reported,
    or in the words of `missing` where something else is true of it.

    `url` opens the rows behind it; the link is in the table, where every reader can follow it.
    """

    label: str
    value: Decimal | None
    text: str
    paint: Paint = Paint.VERIFIED
    url: str = ""
    missing: str = ""


def bar_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    bars: Sequence[Bar],
    headings: tuple[str, str],
    note: str = "",
    missing: str = "Not reported",
) -> Chart:
    """Bars lying, longest names beside them; for comparing things."""
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=_description(bars, missing),
        wide=_lying(bars, WIDE, missing, beside=True),
        narrow=_lying(bars, NARROW, missing, beside=False),
        table=_table(subtitle, headings, bars, missing),
        note=note,
    )


def column_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    bars: Sequence[Bar],
    headings: tuple[str, str],
    note: str = "",
    missing: str = "Not reported",
) -> Chart:
    """Columns standing, for a few points in time; on a phone they lie down."""
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=_description(bars, missing),
        wide=_standing(bars, WIDE, missing),
        narrow=_lying(bars, NARROW, missing, beside=False),
        table=_table(subtitle, headings, bars, missing),
        note=note,
    )


def _said(bar: Bar, missing: str) -> str:
    return (bar.missing or missing) if bar.value is None else bar.text


def _description(bars: Sequence[Bar], missing: str) -> str:
    return sentence([(bar.label, _said(bar, missing)) for bar in bars])


def _table(caption: str, headings: tuple[str, str], bars: Sequence[Bar], missing: str) -> Table:
    rows = [
        (Link(bar.label, bar.url) if bar.url else bar.label, _said(bar, missing)) for bar in bars
    ]
    return Table(caption, headings, rows, numeric=frozenset({1}))


def _extent(bars: Sequence[Bar]) -> tuple[Decimal, Decimal]:
    values = [bar.value for bar in bars if bar.value is not None]
    return min([*values, Decimal(0)]), max([*values, Decimal(0)])


def _lying(bars: Sequence[Bar], width: int, missing: str, *, beside: bool) -> Drawing:
    """Names beside the bars and values at their ends; or, where there is little room, both above."""
    drawing = Drawing(width)
    low, high = _extent(bars)
    names = min(230, max((text_width(bar.label) for bar in bars), default=0) + 12) if beside else 0
    after = before = 0
    if beside:
        after = max((_room_after(bar, missing) for bar in bars), default=0)
        before = max((text_width(bar.text) + 10 for bar in bars if (bar.value or 0) < 0), default=0)
    room = Decimal(max(width - names - after - before - 2, 24))
    scale = room / (high - low) if high > low else Decimal(0)
    zero = names + before - low * scale + 1
    top = 4
    for bar in bars:
        said = _said(bar, missing)
        space = names - 12 if beside else width - text_width(said) - 12
        lines = wrap(bar.label, space, most=6)
        deep = len(lines) * _LINE
        tall = max(deep, _BAR) if beside else deep + _BAR + 2
        bar_top = top + (tall - _BAR) // 2 if beside else top + deep + 2
        first = top + (tall - deep) // 2 + 15 if beside else top + 15
        for number, line in enumerate(lines):
            drawing.words.append(Words(px(0), px(first + number * _LINE), line))
        long = abs(bar.value or Decimal(0)) * scale
        left = zero - long if (bar.value or 0) < 0 else zero
        paint, thick = bar.paint, max(long, Decimal(1))
        if bar.value is None:
            paint, thick = Paint.NOT_REPORTED, Decimal(text_width(said) + 20)
            left = min(zero, Decimal(width - 1) - thick)
        drawing.boxes.append(Box(px(left), px(bar_top), px(thick), px(_BAR), paint))
        middle = bar_top + _BAR // 2 + 6
        if bar.value is None:
            drawing.words.append(Words(px(left + 10), px(middle), said, colour=MUTED))
        elif not beside:
            drawing.words.append(Words(px(width), px(top + 15), said, "end", bold=True))
        elif bar.value < 0:
            drawing.words.append(Words(px(left - 8), px(middle), said, "end", bold=True))
        else:
            drawing.words.append(Words(px(left + long + 8), px(middle), said, bold=True))
        if not beside:  # a line down the whole drawing would run through the names
            end = bar_top + _BAR + 4
            drawing.lines.append(Line(px(zero), px(bar_top - 4), px(zero), px(end), MUTED))
        top += tall + _GAP
    drawing.height = max(top - _GAP + 4, 40)
    if beside:
        drawing.lines.append(Line(px(zero), px(0), px(zero), px(drawing.height), MUTED))
    return drawing


def _room_after(bar: Bar, missing: str) -> int:
    if bar.value is None:
        return text_width(_said(bar, missing)) + 22
    return text_width(bar.text) + 10 if bar.value >= 0 else 0


def _standing(bars: Sequence[Bar], width: int, missing: str) -> Drawing:
    drawing = Drawing(width)
    low, high = _extent(bars)
    slot = Decimal(width) / max(len(bars), 1)
    wide = min(slot * Decimal("0.62"), Decimal(84))
    # No word of a label is cut: where columns are many, every second or third one is named.
    words = max((text_width(word, 15) for bar in bars for word in bar.label.split()), default=1)
    every = max(1, -(-(words + 8) // max(int(slot), 1)))
    room = int(slot) * every - 6
    labels = [
        wrap(bar.label, room, most=3) if number % every == 0 else []
        for number, bar in enumerate(bars)
    ]
    said = max((text_width(_said(bar, missing), 14) for bar in bars), default=1)
    spoken = max(1, -(-(said + 4) // max(int(slot), 1)))  # values too; the table has them all
    size = 16 if all(text_width(_said(bar, missing)) < slot - 4 for bar in bars) else 14
    plot, above = Decimal(220), 26
    below = 26 if low < 0 else 0
    scale = plot / (high - low) if high > low else Decimal(0)
    if any(bar.value is None for bar in bars):  # its outline and words stand on the line
        above = max(above, 62 - int(high * scale))
    zero = above + high * scale
    bottom = above + plot + below
    for number, (bar, lines) in enumerate(zip(bars, labels, strict=True)):
        middle = slot * number + slot / 2
        left = middle - wide / 2
        if bar.value is None:
            drawing.boxes.append(Box(px(left), px(zero - 40), px(wide), px(40), Paint.NOT_REPORTED))
            if number % spoken == 0:
                words_of = _said(bar, missing)
                drawing.words.append(
                    Words(px(middle), px(zero - 48), words_of, "middle", 14, colour=MUTED)
                )
        else:
            tall = abs(bar.value) * scale
            top = zero if bar.value < 0 else zero - tall
            drawing.boxes.append(
                Box(px(left), px(top), px(wide), px(max(tall, Decimal(1))), bar.paint)
            )
            at = top + tall + 18 if bar.value < 0 else top - 8
            if number % spoken == 0:
                drawing.words.append(Words(px(middle), px(at), bar.text, "middle", size, bold=True))
        # A label that is wider than its column stays inside the drawing at both ends.
        half = Decimal(max((text_width(line, 15) for line in lines), default=0)) / 2
        centre = max(half, min(middle, width - half))
        for row, line in enumerate(lines):
            drawing.words.append(Words(px(centre), px(bottom + 22 + row * 18), line, "middle", 15))
    drawing.lines.append(Line(px(0), px(zero), px(width), px(zero), MUTED))
    if low < 0:
        drawing.lines.append(Line(px(0), px(bottom), px(width), px(bottom), RULE))
    drawing.height = int(bottom) + 12 + 18 * max((len(lines) for lines in labels), default=1)
    return drawing

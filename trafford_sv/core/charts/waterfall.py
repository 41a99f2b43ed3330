"""From one total to another, part by part: each bar begins where the one before it ended."""

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
class Step:
    """A part of the change, below zero where it takes away. `text` carries its sign ("+£1,200").

    `url` opens the rows behind it; the link is in the table.
    """

    label: str
    change: Decimal
    text: str
    url: str = ""


@dataclass(frozen=True)
class Total:
    """Where the drawing begins or ends."""

    label: str
    value: Decimal
    text: str
    paint: Paint = Paint.VERIFIED
    url: str = ""


@dataclass(frozen=True)
class _Bar:
    label: str
    low: Decimal
    high: Decimal
    end: Decimal  # where the next bar begins
    text: str
    paint: Paint
    url: str


def waterfall_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    before: Total,
    steps: Sequence[Step],
    after: Total,
    headings: tuple[str, str],
    note: str = "",
) -> Chart:
    """Raises ValueError where the steps do not lead from the one total to the other."""
    if before.value + sum((step.change for step in steps), Decimal(0)) != after.value:
        raise ValueError("The steps do not add up to the change.")
    bars = _bars(before, steps, after)
    rows = [(Link(bar.label, bar.url) if bar.url else bar.label, bar.text) for bar in bars]
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence([(bar.label, bar.text) for bar in bars]),
        wide=_draw(bars, WIDE, beside=True),
        narrow=_draw(bars, NARROW, beside=False),
        table=Table(subtitle, headings, rows, numeric=frozenset({1})),
        note=note,
    )


def _bars(before: Total, steps: Sequence[Step], after: Total) -> list[_Bar]:
    def total(one: Total) -> _Bar:
        low, high = min(one.value, Decimal(0)), max(one.value, Decimal(0))
        return _Bar(one.label, low, high, one.value, one.text, one.paint, one.url)

    found, at = [total(before)], before.value
    for step in steps:
        end = at + step.change
        # What takes away is an outline, what adds is filled: told apart without colour.
        paint = Paint.OFFERED if step.change < 0 else Paint.REPORTED
        found.append(_Bar(step.label, min(at, end), max(at, end), end, step.text, paint, step.url))
        at = end
    return [*found, total(after)]


def _draw(bars: Sequence[_Bar], width: int, *, beside: bool) -> Drawing:
    """Names beside the bars and values after them; or, where there is little room, both above."""
    drawing = Drawing(width)
    low = min(bar.low for bar in bars)
    high = max(bar.high for bar in bars)
    names = min(250, max(text_width(bar.label) for bar in bars) + 12) if beside else 0
    after = max(text_width(bar.text) for bar in bars) + 12 if beside else 0
    room = Decimal(max(width - names - after - 2, 24))
    scale = room / (high - low) if high > low else Decimal(0)
    zero = names - low * scale + 1
    top, joins = 4, []
    for bar in bars:
        space = names - 12 if beside else width - text_width(bar.text) - 12
        lines = wrap(bar.label, space, most=6)
        deep = len(lines) * _LINE
        tall = max(deep, _BAR) if beside else deep + _BAR + 2
        bar_top = top + (tall - _BAR) // 2 if beside else top + deep + 2
        first = top + (tall - deep) // 2 + 15 if beside else top + 15
        for number, line in enumerate(lines):
            drawing.words.append(Words(px(0), px(first + number * _LINE), line))
        left, right = zero + bar.low * scale, zero + bar.high * scale
        drawing.boxes.append(
            Box(px(left), px(bar_top), px(max(right - left, Decimal(1))), px(_BAR), bar.paint)
        )
        if beside:
            middle = px(bar_top + _BAR // 2 + 6)
            drawing.words.append(Words(px(right + 8), middle, bar.text, bold=True))
        else:
            drawing.words.append(Words(px(width), px(top + 15), bar.text, "end", bold=True))
        joins.append((zero + bar.end * scale, bar_top))
        top += tall + _GAP
    drawing.height = max(top - _GAP + 4, 40)
    if beside:
        for (at, begins), (_, ends) in zip(joins, joins[1:], strict=False):
            drawing.lines.append(Line(px(at), px(begins + _BAR), px(at), px(ends), RULE))
        drawing.lines.append(Line(px(zero), px(0), px(zero), px(drawing.height), MUTED))
    return drawing

"""The plan drawn over time: where each action's bar begins and ends. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from trafford_sv.core.charts.drawing import (
    INK,
    LOOKS,
    MUTED,
    NARROW,
    TEAL,
    WHITE,
    WIDE,
    Box,
    Chart,
    Dot,
    Drawing,
    Line,
    Paint,
    Words,
    px,
    sentence,
    text_width,
    wrap,
)
from trafford_sv.core.parts import Table
from trafford_sv.core.periods import MONTHS, FinancialYear

from .progress import Status

PAINTS: dict[Status, Paint] = {
    Status.NOT_STARTED: Paint.OFFERED,
    Status.ON_TRACK: Paint.REPORTED,
    Status.AT_RISK: Paint.LOCAL_REPORTED,
    Status.OFF_TRACK: Paint.LOCAL_VERIFIED,
    Status.COMPLETE: Paint.VERIFIED,
    Status.CANCELLED: Paint.UNKNOWN,
}
_TOP, _BAR, _GAP, _LINE, _KEY_ROW = 34, 18, 16, 20, 26


@dataclass(frozen=True)
class Span:
    """One action. An end that is not known is None: it is drawn open, never guessed."""

    label: str
    starts: datetime.date | None
    due: datetime.date | None
    status: Status
    steps: Sequence[tuple[datetime.date, bool]] = ()
    words: str = ""


def reach_of(spans: Sequence[Span], today: datetime.date) -> tuple[datetime.date, datetime.date]:
    """From the financial year of the first day named to that of the last, today among them."""
    days = [today]
    for span in spans:
        days += [day for day in (span.starts, span.due) if day is not None]
        days += [day for day, _ in span.steps]
    return FinancialYear.of(min(days)).start, FinancialYear.of(max(days)).end


def place(day: datetime.date, first: datetime.date, last: datetime.date, width: Decimal) -> Decimal:
    """Pixels from the left: 0 on the first day, `width` on the last, never outside."""
    whole = (last - first).days
    if whole <= 0:
        return Decimal(0)
    share = Decimal((day - first).days) / Decimal(whole)
    return min(max(share, Decimal(0)), Decimal(1)) * width


def timeline_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    spans: Sequence[Span],
    first: datetime.date,
    last: datetime.date,
    today: datetime.date,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
) -> Chart:
    """`rows` are the table beneath, one for each span."""
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence(
            [(span.label, span.status.label, span.words or _dates(span)) for span in spans]
        ),
        wide=_draw(spans, WIDE, first, last, today),
        narrow=_draw(spans, NARROW, first, last, today),
        table=Table(subtitle, headings, rows),
    )


def _draw(
    spans: Sequence[Span],
    width: int,
    first: datetime.date,
    last: datetime.date,
    today: datetime.date,
) -> Drawing:
    drawing = Drawing(width)
    room = Decimal(width - 4)
    top = _key(drawing, spans, width)
    axis = top + 16
    y = top + _TOP
    for span in spans:
        lines = wrap(span.label, width, most=2)
        for number, line in enumerate(lines):
            drawing.words.append(
                Words(px(2), px(y + 14 + number * _LINE), line, size=15, halo=WHITE)
            )
        y += len(lines) * _LINE
        _bar(drawing, span, y, room, first, last)
        y += _BAR + _GAP
    drawing.height = y + 4
    _years(drawing, axis, y, room, first, last, today)
    return drawing


def _bar(
    drawing: Drawing,
    span: Span,
    y: int,
    room: Decimal,
    first: datetime.date,
    last: datetime.date,
) -> None:
    if span.starts is None and span.due is None:
        drawing.boxes.append(Box(px(2), px(y), px(room - 2), px(_BAR), Paint.NOT_REPORTED))
        said = f"{span.status.label}, without dates" if span.status.is_over else "No dates yet"
        drawing.words.append(Words(px(10), px(y + 14), said, size=14, colour=MUTED))
        return
    left = place(span.starts or first, first, last, room)
    right = place(span.due or last, first, last, room)
    wide = max(right - left, Decimal(4))
    left = min(left, room - wide)
    paint = PAINTS[span.status]
    drawing.boxes.append(Box(px(left + 2), px(y), px(wide), px(_BAR), paint))
    text = span.status.label
    look = LOOKS[paint]
    if text_width(text, 14) + 16 <= wide and not span.steps:
        halo = WHITE if look.pattern else ""
        drawing.words.append(
            Words(px(left + 10), px(y + 14), text, size=14, colour=look.text, halo=halo)
        )
    elif left + wide + text_width(text, 14) + 12 <= room:
        drawing.words.append(Words(px(left + wide + 10), px(y + 14), text, size=14, halo=WHITE))
    elif text_width(text, 14) + 10 <= left:
        drawing.words.append(Words(px(left - 6), px(y + 14), text, "end", 14, halo=WHITE))
    for day, is_done in span.steps:
        x = place(day, first, last, room)
        drawing.dots.append(
            Dot(px(x + 2), px(y + _BAR // 2), INK if is_done else WHITE, INK, radius=5)
        )


def _years(
    drawing: Drawing,
    axis: int,
    bottom: int,
    room: Decimal,
    first: datetime.date,
    last: datetime.date,
    today: datetime.date,
) -> None:
    """A line at each first of April, and one for today."""
    lines = []
    year = FinancialYear.of(first)
    free = Decimal(0)
    while year.start <= last:
        x = place(year.start, first, last, room)
        lines.append(Line(px(x + 2), px(axis + 6), px(x + 2), px(bottom)))
        text = f"{MONTHS[3][:3]} {year.start_year}"
        if x >= free and x + text_width(text, 14) <= room:
            drawing.words.append(Words(px(x + 2), px(axis), text, size=14, colour=MUTED))
            free = x + text_width(text, 14) + 12
        year = FinancialYear(year.start_year + 1)
    x = place(today, first, last, room)
    lines.append(Line(px(x + 2), px(axis + 6), px(x + 2), px(bottom), TEAL, 2, "6 4"))
    drawing.lines = [*lines, *drawing.lines]


def _key(drawing: Drawing, spans: Sequence[Span], width: int) -> int:
    """The statuses that occur, with their paint; returns the height used."""
    x, y = 2, 2
    present = {span.status for span in spans}
    entries: list[tuple[str, Paint | None]] = [
        (status.label, PAINTS[status]) for status in Status if status in present
    ]
    for text, paint in entries:
        wide = 26 + text_width(text, 14) + 16
        if x > 2 and x + wide > width:
            x, y = 2, y + _KEY_ROW
        if paint is not None:
            drawing.boxes.append(Box(px(x), px(y), px(18), px(18), paint))
        drawing.words.append(Words(px(x + 26), px(y + 14), text, size=14))
        x += wide
    for text, fill in (("Milestone reached", INK), ("Milestone ahead", WHITE)):
        if not any(is_done is (fill == INK) for span in spans for _, is_done in span.steps):
            continue
        wide = 26 + text_width(text, 14) + 16
        if x > 2 and x + wide > width:
            x, y = 2, y + _KEY_ROW
        drawing.dots.append(Dot(px(x + 9), px(y + 9), fill, INK, radius=5))
        drawing.words.append(Words(px(x + 26), px(y + 14), text, size=14))
        x += wide
    text = "Today"
    wide = 26 + text_width(text, 14)
    if x > 2 and x + wide > width:
        x, y = 2, y + _KEY_ROW
    drawing.lines.append(Line(px(x + 9), px(y), px(x + 9), px(y + 18), TEAL, 2, "6 4"))
    drawing.words.append(Words(px(x + 26), px(y + 14), text, size=14))
    return y + _KEY_ROW


def _dates(span: Span) -> str:
    def day(value: datetime.date | None) -> str:
        return f"{value.day} {MONTHS[value.month - 1]} {value.year}" if value else "not said"

    if span.starts is None and span.due is None:
        return "no dates yet"
    return f"from {day(span.starts)} to {day(span.due)}"

"""Values over time. A gap is a gap: nothing is drawn through a value that is not there."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from ..parts import Table
from .drawing import (
    AMBER,
    INK,
    MUTED,
    NARROW,
    TEAL,
    WHITE,
    WIDE,
    Chart,
    Dot,
    Drawing,
    Line,
    Shape,
    Words,
    px,
    sentence,
    text_width,
    ticks,
    wrap,
)

# Colour and dash together, so that lines differ without colour.
_STYLES = ((TEAL, ""), (AMBER, "8 5"), (INK, "2 4"), (MUTED, "12 4 2 4"))
PROVEN, LOCAL = (TEAL, ""), (AMBER, "")
PLANNED, SAID = (MUTED, "8 5"), (INK, "2 4")


@dataclass(frozen=True)
class Series:
    """`values` run along the chart's points; None is not reported.

    `look` is a colour and a dash: PLANNED for what was expected, SAID for what is only reported, LOCAL
    for local economic value. Without one the chart chooses.
    """

    label: str
    values: Sequence[Decimal | None]
    look: tuple[str, str] | None = None


def line_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    points: Sequence[str],
    series: Sequence[Series],
    text: Callable[[Decimal], str],
    heading: str,
    note: str = "",
    missing: str = "Not reported",
    stepped: bool = False,
) -> Chart:
    """At most four lines, each named at its end. `text` says a value as it is read.

    `stepped` is for what holds until the next point (a rate): level, then up or down at once.

    Raises ValueError where a series is not as long as the points, or there are more than four.
    """
    if len(series) > len(_STYLES):
        raise ValueError("A line chart shows at most four series; choose the ones that answer.")
    for one in series:
        if len(one.values) != len(points):
            raise ValueError(f"{one.label} has {len(one.values)} values for {len(points)} points.")
    rows = [
        (
            point,
            *(missing if (v := one.values[number]) is None else text(v) for one in series),
        )
        for number, point in enumerate(points)
    ]
    headings = (heading, *(one.label for one in series))
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence(rows),
        wide=_draw(points, series, text, WIDE, stepped),
        narrow=_draw(points, series, text, NARROW, stepped),
        table=Table(subtitle, headings, rows, numeric=frozenset(range(1, len(headings)))),
        note=note,
    )


def _draw(
    points: Sequence[str],
    series: Sequence[Series],
    text: Callable[[Decimal], str],
    width: int,
    stepped: bool = False,
) -> Drawing:
    wide = width == WIDE
    drawing = Drawing(width)
    known = [value for one in series for value in one.values if value is not None]
    marks = ticks(min(known, default=Decimal(0)), max(known, default=Decimal(0)))
    size = 15 if wide else 14
    left = max(text_width(text(mark), size) for mark in marks) + 10
    right = (
        min(200, max((text_width(one.label, size) for one in series), default=0) + 16)
        if wide
        else 12
    )
    top = 14
    if not wide:
        for number, one in enumerate(series):
            colour, dash = one.look or _STYLES[number]
            row_at = 10 + number * 22
            drawing.lines.append(Line(px(0), px(row_at), px(28), px(row_at), colour, 3, dash))
            drawing.words.append(Words(px(36), px(row_at + 5), one.label, size=size))
        top += len(series) * 22
    plot = 230 if wide else 200
    low, high = marks[0], marks[-1]
    pad = 14  # between the axis' words and the first point
    across = Decimal(width - left - right - pad)
    step = across / max(len(points) - 1, 1)

    def x_of(number: int) -> Decimal:
        return px(left + pad + (step * number if len(points) > 1 else across / 2))

    def y_of(value: Decimal) -> Decimal:
        return px(top + plot - (value - low) / (high - low) * plot)

    for mark in marks:
        y = y_of(mark)
        drawing.lines.append(
            Line(px(left), y, px(width - right), y, MUTED if mark == 0 else "#d5dddf")
        )
        drawing.words.append(Words(px(left - 8), y + 5, text(mark), "end", size, colour=MUTED))
    # No word of a label is cut: where they are wide, every second or third label is shown.
    words = [text_width(word, size) for point in points for word in point.split()]
    room = max(int(step) - 6, *words, 30)
    widest = max(
        (text_width(line, size) for p in points for line in wrap(p, room, size)), default=1
    )
    pulled = right < widest / 2  # the last label is drawn to the left of its point
    needed = widest + 8 + (widest // 2 if pulled else 0)
    every = max(1, -(-needed // max(int(step), 1)))
    rows = 1
    for number, point in enumerate(points):
        if (len(points) - 1 - number) % every:
            continue
        anchor = "middle"
        if number == len(points) - 1 and pulled:
            anchor = "end"
        lines = wrap(point, room, size, most=3)
        rows = max(rows, len(lines))
        for row, line in enumerate(lines):
            drawing.words.append(
                Words(x_of(number), px(top + plot + 26 + row * 18), line, anchor, size)
            )
    ends: list[tuple[Decimal, str, str]] = []
    early: dict[int, list[tuple[Decimal, Series, str]]] = {}
    for number, one in enumerate(series):
        colour, dash = one.look or _STYLES[number]
        path, pen_down, last, stops = [], False, None, 0
        for at, value in enumerate(one.values):
            if value is None:
                pen_down = False
                continue
            x, y = x_of(at), y_of(value)
            turn = f"H{x}V{y}" if stepped else f"L{x} {y}"
            path.append(turn if pen_down else f"M{x} {y}")
            pen_down, last, stops = True, (x, y), at
            drawing.dots.append(Dot(x, y, colour if number % 2 == 0 else WHITE, colour))
        if path:
            drawing.shapes.append(Shape("".join(path), "none", colour, Decimal(3), dash))
        if last and wide and stops == len(points) - 1:
            ends.append((last[1], one.label, colour))
        elif last and wide:
            early.setdefault(stops, []).append((last[1], one, colour))
    # Names at the ends of the lines, kept a line's height apart.
    floor = Decimal(-100)
    for end, label, colour in sorted(ends):
        floor = max(end + 5, floor + 19)
        lines = wrap(label, right - 14, size, most=1)
        drawing.words.append(
            Words(
                px(width - right + 12),
                px(floor),
                lines[0],
                size=size,
                bold=True,
                colour=colour,
                halo=WHITE,
            )
        )
    for at, stopped in early.items():
        drawing.words += _stopped(at, x_of(at), y_of, stopped, series, size, top + plot)
    drawing.height = top + plot + 18 + 18 * rows
    return drawing


def _stopped(
    at: int,
    x: Decimal,
    y_of: Callable[[Decimal], Decimal],
    stopped: list[tuple[Decimal, Series, str]],
    series: Sequence[Series],
    size: int,
    bottom: int,
) -> list[Words]:
    """Names of lines that end before the last point, beside their ends and clear of the others.

    They stay above `bottom`, where the names of the points begin.
    """
    places: list[tuple[Decimal, Series, str]] = []
    names = [one for _, one, _ in stopped]
    going = [
        y_of(value) for one in series if one not in names and (value := one.values[at]) is not None
    ]
    floor = Decimal(-100)
    for y, one, colour in sorted(stopped, key=lambda item: item[0]):
        # Below a line that goes on above, so that it does not run through the name.
        place = y + 20 if any(y - 40 < other <= y for other in going) else y + 5
        if any(y < other < y + 40 for other in going):
            place = y - 6
        floor = max(place, floor + 19)
        places.append((floor, one, colour))
    up = max(floor - (bottom - 5), Decimal(0))
    return [
        Words(
            px(x + 12), px(place - up), one.label, size=size, bold=True, colour=colour, halo=WHITE
        )
        for place, one, colour in places
    ]

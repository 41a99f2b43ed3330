"""Steps reached on several axes at once: rings are the steps, spokes what was judged.

A radar's area says nothing (it hangs on the order of the spokes), so it is never filled solid and
the table is beside it. A spoke without a value is a gap: no line is drawn through it.
"""

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
    wrap,
)

_STYLES = ((TEAL, ""), (AMBER, "8 5"), (INK, "2 4"))
Point = Callable[[int, int], tuple[Decimal, Decimal]]
_RING, _SPOKE = "#d5dddf", "#b8c4c6"
_LINE_HEIGHT = 19
# A spoke that points further aside than this has its label beside it, not above or below.
_ASIDE = Decimal("0.2")


@dataclass(frozen=True)
class Reach:
    """One outline. `steps` runs along the spokes: 0 is the innermost ring, None is not known."""

    label: str
    steps: Sequence[int | None]


def radar_chart(
    *,
    key: str,
    title: str,
    subtitle: str,
    heading: str,
    spokes: Sequence[str],
    rings: Sequence[str],
    reaches: Sequence[Reach],
    note: str = "",
    missing: str = "Not known",
) -> Chart:
    """At most three outlines over three to twelve spokes and two to seven rings.

    Raises ValueError beyond that, or where an outline does not fit the spokes and rings.
    """
    if not 3 <= len(spokes) <= 12 or not 2 <= len(rings) <= 7 or len(reaches) > len(_STYLES):
        raise ValueError("A radar has 3 to 12 spokes, 2 to 7 rings and at most 3 outlines.")
    for one in reaches:
        if len(one.steps) != len(spokes):
            raise ValueError(f"{one.label} has {len(one.steps)} steps for {len(spokes)} spokes.")
        if any(step is not None and not 0 <= step < len(rings) for step in one.steps):
            raise ValueError(f"{one.label} has a step that is no ring.")
    rows = [
        (
            spoke,
            *(missing if (s := one.steps[number]) is None else rings[s] for one in reaches),
        )
        for number, spoke in enumerate(spokes)
    ]
    return Chart(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence(rows),
        wide=_draw(spokes, rings, reaches, WIDE),
        narrow=_draw(spokes, rings, reaches, NARROW),
        table=Table(subtitle, (heading, *(one.label for one in reaches)), rows),
        note=note,
    )


def _draw(
    spokes: Sequence[str], rings: Sequence[str], reaches: Sequence[Reach], width: int
) -> Drawing:
    wide = width == WIDE
    drawing = Drawing(width)
    size = 15 if wide else 13
    top = 16
    for number, one in enumerate(reaches):
        colour, dash = _STYLES[number]
        drawing.lines.append(Line(px(0), px(top - 5), px(30), px(top - 5), colour, 3, dash))
        drawing.words.append(Words(px(38), px(top), one.label, size=size, bold=True, colour=colour))
        top += 24
    # A phone has no room for names beside the picture: it numbers them, and a key stands below.
    labels = [
        wrap(spoke, 200, size, most=4) if wide else [str(number)]
        for number, spoke in enumerate(spokes, start=1)
    ]
    tallest = max(map(len, labels))
    radius = _radius(width, labels, size, Decimal(190 if wide else 134))
    centre_x = Decimal(width) / 2
    centre_y = Decimal(top + 8 + tallest * _LINE_HEIGHT) + radius
    # The innermost ring is a place of its own: the lowest step is not nothing.
    gap = radius / len(rings)

    def point(number: int, ring: int) -> tuple[Decimal, Decimal]:
        across, up = _direction(number, len(spokes))
        reach = gap * (Decimal(ring) + 1)
        return px(centre_x + across * reach), px(centre_y - up * reach)

    for ring in range(len(rings)):
        corners = [point(number, ring) for number in range(len(spokes))]
        path = "M" + "L".join(f"{x} {y}" for x, y in corners) + "Z"
        drawing.shapes.append(Shape(path, "none", _RING))
    for number in range(len(spokes)):
        x, y = point(number, len(rings) - 1)
        drawing.lines.append(Line(px(centre_x), px(centre_y), x, y, _SPOKE))
    for number, one in enumerate(reaches):
        colour, dash = _STYLES[number]
        path = _outline(one.steps, point)
        if path:
            drawing.shapes.append(Shape(path, "none", colour, Decimal(3), dash))
        for spoke, step in enumerate(one.steps):
            if step is not None:
                x, y = point(spoke, step)
                fill = colour if number % 2 == 0 else WHITE
                # A later outline's dot is smaller, so that it does not hide the one beneath it.
                drawing.dots.append(Dot(x, y, fill, colour, radius=6 - 2 * number))
    _name_rings(drawing, rings, point, size - 2)
    for number, lines in enumerate(labels):
        _name_spoke(drawing, lines, number, len(spokes), centre_x, centre_y, radius, size)
    drawing.height = int(centre_y + radius) + 14 + tallest * _LINE_HEIGHT
    if not wide:
        _key(drawing, spokes, size)
    return drawing


def _key(drawing: Drawing, spokes: Sequence[str], size: int) -> None:
    """Each number's name, below the picture."""
    drawing.height += 12
    for number, spoke in enumerate(spokes, start=1):
        drawing.words.append(Words(px(0), px(drawing.height), str(number), size=size, bold=True))
        for line in wrap(spoke, drawing.width - 26, size, most=2):
            drawing.words.append(Words(px(24), px(drawing.height), line, size=size))
            drawing.height += _LINE_HEIGHT
    drawing.height -= 6


def _radius(width: int, labels: Sequence[Sequence[str]], size: int, most: Decimal) -> Decimal:
    """As large as the labels beside it leave room for."""
    found = most
    for number, lines in enumerate(labels):
        across = abs(_direction(number, len(labels))[0])
        if across >= _ASIDE:
            room = Decimal(width) / 2 - 14 - max(text_width(line, size) for line in lines)
            found = min(found, room / across - 12)
    return max(px(found), Decimal(40))


def _outline(steps: Sequence[int | None], point: Point) -> str:
    """Closed where every spoke is known; otherwise each run of known neighbours by itself."""
    known = [number for number, step in enumerate(steps) if step is not None]
    if len(known) == len(steps):
        return "M" + "L".join(_at(point, number, steps[number]) for number in known) + "Z"
    path = []
    for number in known:
        after = (number + 1) % len(steps)
        if steps[after] is not None:
            path.append(f"M{_at(point, number, steps[number])}L{_at(point, after, steps[after])}")
    return "".join(path)


def _at(point: Point, number: int, step: int | None) -> str:
    x, y = point(number, step or 0)
    return f"{x} {y}"


def _name_rings(drawing: Drawing, rings: Sequence[str], point: Point, size: int) -> None:
    """Along the first spoke, which points up, each just inside its ring."""
    for ring, name in enumerate(rings):
        x, y = point(0, ring)
        drawing.words.append(Words(x + 8, y + size, name, size=size, colour=MUTED, halo=WHITE))


def _name_spoke(
    drawing: Drawing,
    lines: Sequence[str],
    number: int,
    count: int,
    centre_x: Decimal,
    centre_y: Decimal,
    radius: Decimal,
    size: int,
) -> None:
    across, up = _direction(number, count)
    x = centre_x + across * (radius + 12)
    y = centre_y - up * (radius + 12)
    anchor = "middle" if abs(across) < _ASIDE else "start" if across > 0 else "end"
    # The block of lines stands above its point at the top, below at the bottom, beside in between.
    block = Decimal(len(lines) * _LINE_HEIGHT)
    first = y - block * (1 + up) / 2 + size
    widest = max(text_width(line, size) for line in lines)
    if anchor == "start":
        x = min(x, Decimal(drawing.width - widest))
    elif anchor == "end":
        x = max(x, Decimal(widest))
    for row, line in enumerate(lines):
        drawing.words.append(Words(px(x), px(first + row * _LINE_HEIGHT), line, anchor, size))


# Sines of a quarter turn at each degree would be a table of their own: a short series is exact
# enough for a tenth of a pixel, and the same on every machine.
_PI = Decimal("3.14159265358979323846")


def _sine(angle: Decimal) -> Decimal:
    term = total = angle
    for number in range(1, 14):
        term *= -angle * angle / ((2 * number) * (2 * number + 1))
        total += term
    return total


def _direction(number: int, count: int) -> tuple[Decimal, Decimal]:
    """(to the right, upwards) of a spoke; the first points up, the others follow clockwise."""
    angle = 2 * _PI * number / count
    if angle > _PI:
        angle -= 2 * _PI
    return _sine(angle), _sine(_PI / 2 - abs(angle))

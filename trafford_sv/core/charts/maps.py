"""A map of wards in at most five classes, with a list that does the same job."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from ..parts import Table
from .drawing import LOOKS, Paint, Words, px, sentence, text_width, wrap

_CLASSES = (Paint.CLASS_1, Paint.CLASS_2, Paint.CLASS_3, Paint.CLASS_4, Paint.CLASS_5)


@dataclass(frozen=True)
class Place:
    """`geometry` is a GeoJSON Polygon or MultiPolygon in degrees; value None is not known."""

    code: str
    name: str
    geometry: Mapping[str, Any] | None
    value: Decimal | None
    text: str
    url: str = ""


@dataclass(frozen=True)
class MapShape:
    """A ward as drawn. `number` is its place in the list beside the map."""

    number: int
    name: str
    text: str
    path: str
    paint: Paint
    names: Sequence[Words]
    number_at: Words
    url: str = ""

    @property
    def look(self) -> Any:
        return LOOKS[self.paint]


@dataclass(frozen=True)
class MapClass:
    paint: Paint
    text: str

    @property
    def look(self) -> Any:
        return LOOKS[self.paint]


@dataclass(frozen=True)
class KeyEntry:
    """A class below the map: its swatch's corner and where its words begin."""

    x: int
    y: int
    text: str
    look: Any

    @property
    def text_x(self) -> int:
        return self.x + 26

    @property
    def text_y(self) -> int:
        return self.y + 14


@dataclass(frozen=True)
class WardMap:
    key: str
    title: str
    subtitle: str
    description: str
    width: int
    height: int
    shapes: Sequence[MapShape]
    classes: Sequence[MapClass]
    places: Sequence[MapShape]
    headings: tuple[str, str]
    table: Table
    note: str = ""

    @property
    def key_row(self) -> list[KeyEntry]:
        """The classes below the map, for a drawing that is complete in itself."""
        found, x, y = [], 4, self.height + 14
        for one in self.classes:
            wide = 26 + text_width(one.text, 15) + 22
            if x > 4 and x + wide > self.width:
                x, y = 4, y + 28
            found.append(KeyEntry(x, y, one.text, one.look))
            x += wide
        return found

    @property
    def drawn_height(self) -> int:
        """With the classes below."""
        return max((entry.y for entry in self.key_row), default=self.height) + 26


def ward_map(
    *,
    key: str,
    title: str,
    subtitle: str,
    places: Sequence[Place],
    headings: tuple[str, str],
    breaks: Sequence[Decimal] = (),
    text: Any = str,
    width: int = 640,
    note: str = "",
    missing: str = "Not known",
) -> WardMap:
    """Wards by value, largest first in the list. `breaks` are the lower bounds of the classes
    above the first (at most four); left out, the values are cut into equal groups.

    Raises ValueError for more than four breaks.
    """
    if len(breaks) > len(_CLASSES) - 1:
        raise ValueError("A map has at most five classes: give at most four breaks.")
    ordered = sorted(places, key=lambda p: (p.value is None, -(p.value or 0), p.name))
    known = sorted(place.value for place in places if place.value is not None)
    cuts = sorted(set(breaks)) if breaks else _equal_groups(known)
    paints = _spread(len(cuts) + 1)
    project, height = _projection(places, width)
    shapes = []
    for number, place in enumerate(ordered, start=1):
        if place.value is None:
            paint = Paint.NOT_REPORTED
        else:
            paint = paints[sum(1 for cut in cuts if place.value >= cut)]
        shapes.append(_shape(number, place, paint, project, missing))
    rows = [(shape.name, shape.text) for shape in shapes]
    return WardMap(
        key=key,
        title=title,
        subtitle=subtitle,
        description=sentence(rows, 30),
        width=width,
        height=height,
        shapes=[shape for shape in shapes if shape.path],
        classes=_classes(known, cuts, paints, text, missing, len(known) < len(places)),
        places=shapes,
        headings=headings,
        table=Table(subtitle, headings, rows, numeric=frozenset({1})),
        note=note,
    )


def _equal_groups(known: Sequence[Decimal]) -> list[Decimal]:
    if not known:
        return []
    groups = min(len(_CLASSES), len(set(known)))
    cuts = {known[len(known) * number // groups] for number in range(1, groups)}
    return sorted(cut for cut in cuts if cut > known[0])


def _spread(count: int) -> list[Paint]:
    """`count` paints from the lightest to the darkest."""
    if count == 1:
        return [Paint.CLASS_3]
    return [_CLASSES[round(number * (len(_CLASSES) - 1) / (count - 1))] for number in range(count)]


def _classes(
    known: Sequence[Decimal],
    cuts: Sequence[Decimal],
    paints: Sequence[Paint],
    text: Any,
    missing: str,
    some_missing: bool,
) -> list[MapClass]:
    classes = []
    for number, paint in enumerate(paints):
        lowest = cuts[number - 1] if number else None
        inside = [
            value
            for value in known
            if (lowest is None or value >= lowest) and (number == len(cuts) or value < cuts[number])
        ]
        if inside:
            low, high = text(inside[0]), text(inside[-1])
            classes.append(MapClass(paint, low if low == high else f"{low} to {high}"))
    if some_missing:
        classes.append(MapClass(Paint.NOT_REPORTED, missing))
    return classes


def _rings(geometry: Mapping[str, Any] | None) -> Iterator[tuple[bool, Sequence[Sequence[Any]]]]:
    """(is an outer ring, its points)."""
    if not geometry:
        return
    polygons = geometry["coordinates"]
    if geometry["type"] == "Polygon":
        polygons = [polygons]
    for polygon in polygons:
        for number, ring in enumerate(polygon):
            yield number == 0, ring


def _projection(places: Sequence[Place], width: int) -> tuple[Any, int]:
    """Equirectangular at the middle latitude: right enough for one borough."""
    points = [point for place in places for _, ring in _rings(place.geometry) for point in ring]
    if not points:
        return (lambda point: (0, 0)), 40
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    scale = (width - 8) / ((east - west) * squeeze or 1)

    def project(point: Sequence[Any]) -> tuple[Any, Any]:
        return 4 + (point[0] - west) * squeeze * scale, 4 + (north - point[1]) * scale

    return project, int((north - south) * scale) + 8


def _shape(number: int, place: Place, paint: Paint, project: Any, missing: str) -> MapShape:
    path: list[str] = []
    largest: list[tuple[Any, Any]] = []
    size = 0
    for outer, ring in _rings(place.geometry):
        points = [project(point) for point in ring]
        drawn = _path(points)
        path.append(drawn)
        if outer and abs(_area(points)) > size:
            size, largest = abs(_area(points)), points
    x, y, room = _inside(largest)
    lines = wrap(place.name, max(int(room), 66), 13, most=3)
    look = LOOKS[paint]
    halo = "#ffffff" if look.pattern or look.fill == "none" else look.fill
    first = y - (len(lines) - 1) * 7 + 4
    words = [
        Words(_px(x), _px(first + row * 14), line, "middle", 13, colour=look.text, halo=halo)
        for row, line in enumerate(lines)
    ]
    return MapShape(
        number=number,
        name=place.name,
        text=missing if place.value is None else place.text,
        path="".join(path),
        paint=paint,
        names=words,
        number_at=Words(_px(x), _px(y + 9), str(number), "middle", 26, True, look.text, halo),
        url=place.url,
    )


def _px(value: Any) -> Decimal:
    return px(Decimal(str(value)))


def _path(points: Sequence[tuple[Any, Any]]) -> str:
    written: list[str] = []
    for x, y in points:
        pair = f"{x:.1f} {y:.1f}"
        if not written or written[-1] != pair:
            written.append(pair)
    return "M" + "L".join(written) + "Z" if written else ""


def _area(points: Sequence[tuple[Any, Any]]) -> Any:
    return (
        sum(
            x1 * y2 - x2 * y1
            for (x1, y1), (x2, y2) in zip(points, [*points[1:], points[0]], strict=True)
        )
        / 2
    )


def _inside(points: Sequence[tuple[Any, Any]]) -> tuple[Any, Any, Any]:
    """Where a name goes: the middle of the widest level run inside the shape, and its width.

    The run's height counts too: a wide run near an edge leaves no room for two lines.
    """
    if not points:
        return 0, 0, 0
    top, bottom = min(y for _, y in points), max(y for _, y in points)
    best = (-1, points[0][0], (top + bottom) / 2, 0)
    edges = list(zip(points, [*points[1:], points[0]], strict=True))
    steps = 24
    for step in range(3, steps - 2):
        y = top + (bottom - top) * step / steps
        crossings = sorted(
            x1 + (y - y1) * (x2 - x1) / (y2 - y1)
            for (x1, y1), (x2, y2) in edges
            if (y1 <= y) != (y2 <= y)
        )
        for left, right in zip(crossings[::2], crossings[1::2], strict=False):
            depth = min(y - top, bottom - y)
            score = min(right - left, 150) + 1.5 * min(depth, 80)
            if score > best[0]:
                best = (score, (left + right) / 2, y, right - left)
    return best[1], best[2], best[3]

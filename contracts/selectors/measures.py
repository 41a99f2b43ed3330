"""Reading the library: which value counts on a day."""

from __future__ import annotations

import datetime
from collections.abc import Iterable

from trafford_sv.directory.models import Area

from ..models import Measure, MeasureValue
from ..models.measures import in_force


def value_for(
    measure: Measure, day: datetime.date, area: Area | None = None
) -> MeasureValue | None:
    """The value of one unit in force that day: the most local that there is, else the general.

    None is legal: "no value in this edition".
    """
    return values_for([measure], day, area).get(measure.pk)


def values_for(
    measures: Iterable[Measure], day: datetime.date, area: Area | None = None
) -> dict[int, MeasureValue]:
    """`value_for` of many measures in one query, by the measure's key."""
    nearness = {place: steps for steps, place in enumerate(_area_and_above(area))}
    far = len(nearness)
    found: dict[int, MeasureValue] = {}
    for value in in_force(MeasureValue.objects.filter(measure__in=list(measures)), day):
        if value.area_id is not None and value.area_id not in nearness:
            continue
        best = found.get(value.measure_id)
        if best is None or _rank(value, nearness, far) < _rank(best, nearness, far):
            found[value.measure_id] = value
    return found


def _rank(value: MeasureValue, nearness: dict[int, int], far: int) -> tuple[int, int]:
    steps = far if value.area_id is None else nearness[value.area_id]
    return steps, -value.valid_from.toordinal()


def _area_and_above(area: Area | None) -> list[int]:
    found: list[int] = []
    while area is not None and area.pk not in found:
        found.append(area.pk)
        area = area.parent
    return found

"""Why a measure moved: the parts of a sum as they are, those of a ratio along one path. Pure.

A ratio moves along one path: its numerator part by part over the old base, then its base. Each stage
is rounded as the measure is, half up to four places, so that the steps add up to the change of
the two values exactly, with nothing left over.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import pairwise

from .star_measures import Movement, ratio_reading


class Part(StrEnum):
    DELIVERY = "delivery"
    NEW = "new"
    VALUES = "values"
    LATE = "late"
    BASE_NEW = "base_new"
    BASE_REST = "base_rest"


@dataclass(frozen=True)
class MovedBy:
    """One part in the measure's own unit; a share in 0..1."""

    part: Part
    change: Decimal


def sum_parts(moved: Movement) -> tuple[MovedBy, ...]:
    """delivery + new + values + late == after - before, to the penny."""
    return (
        MovedBy(Part.DELIVERY, moved.delivery),
        MovedBy(Part.NEW, moved.new_agreements),
        MovedBy(Part.VALUES, moved.values_of_a_unit),
        MovedBy(Part.LATE, moved.late_returns),
    )


@dataclass(frozen=True)
class Stage:
    """Where a ratio stands once a part has moved: what is counted, what it is divided by. `part` None: where
    it began."""

    part: Part | None
    counted: Decimal
    divided: Decimal

    @property
    def value(self) -> Decimal:
        return _value(self.counted, self.divided)


def ratio_stages(top: Movement, base: Movement) -> tuple[Stage, ...] | None:
    """The path of numerator / denominator from before to after. None where a base is empty, so that one of
    the two values is not available.
    """
    if base.before <= 0 or base.after <= 0:
        return None
    stages = [Stage(None, top.before, base.before)]
    for moved in sum_parts(top):
        stages.append(Stage(moved.part, stages[-1].counted + moved.change, base.before))
    at, middle = stages[-1].counted, base.before + base.new_agreements
    stages.append(Stage(Part.BASE_NEW, at, middle if middle > 0 else base.before))
    stages.append(Stage(Part.BASE_REST, at, base.after))
    return tuple(stages)


def ratio_parts(stages: Sequence[Stage]) -> tuple[MovedBy, ...]:
    """What each stage adds to the value: they add up to the change of the two values exactly."""
    return tuple(
        MovedBy(stage.part, stage.value - before.value)
        for before, stage in pairwise(stages)
        if stage.part is not None
    )


def _value(top: Decimal, base: Decimal) -> Decimal:
    value = ratio_reading(top, base, numerator_name="", denominator_name="").value
    assert value is not None  # the base is above zero
    return value

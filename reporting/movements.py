"""Why a measure moved: the parts of a sum as they are, those of a ratio along one path. Pure.

A ratio moves along one path: its numerator part by part over the old base, then its base. Each stage
is rounded as the measure is, half up to four places, so that the steps add up to the change of
the two values exactly, with nothing left over.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

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


def ratio_parts(top: Movement, base: Movement) -> tuple[MovedBy, ...] | None:
    """The same for numerator / denominator, and the two parts of the base. None where a base is
    empty, so that one of the two values is not available.
    """
    if base.before <= 0 or base.after <= 0:
        return None
    stages = []
    at = top.before
    for moved in sum_parts(top):
        at += moved.change
        stages.append((moved.part, _value(at, base.before)))
    middle = base.before + base.new_agreements
    stages.append((Part.BASE_NEW, _value(at, middle if middle > 0 else base.before)))
    stages.append((Part.BASE_REST, _value(at, base.after)))
    parts, last = [], _value(top.before, base.before)
    for part, value in stages:
        parts.append(MovedBy(part, value - last))
        last = value
    return tuple(parts)


def _value(top: Decimal, base: Decimal) -> Decimal:
    value = ratio_reading(top, base, numerator_name="", denominator_name="").value
    assert value is not None  # the base is above zero
    return value

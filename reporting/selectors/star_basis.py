"""What the value of a STAR measure rests on, and whether returns that did not come in would change it."""

from __future__ import annotations

from ..catalogue import Basis
from ..models import StarMeasure

OF_RETURNS = ("returns_expected", "returns_received")


def depends_on_returns(key: str, basis: str) -> bool:
    """Of a figure of the catalogue. What was offered, committed, awarded or paid is known without a return."""
    return basis in (Basis.REPORTED, Basis.VERIFIED) or key in OF_RETURNS


def rests_on_returns(measure: StarMeasure) -> bool:
    if measure.source == StarMeasure.Source.SUPPLIED:
        return False
    return depends_on_returns(measure.numerator, measure.numerator_basis) or depends_on_returns(
        measure.denominator, measure.denominator_basis
    )


def basis_of_reading(measure: StarMeasure) -> str:
    """Of a value that was put on record: a past value rests on the same as the one of now."""
    if measure.source == StarMeasure.Source.SUPPLIED:
        return "supplied"
    return "mixed" if measure.is_ratio else measure.numerator_basis or Basis.RECORD.value

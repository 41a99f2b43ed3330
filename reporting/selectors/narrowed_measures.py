"""What the measures of a set say of a part of the council: each worked out from the part's rows where its
figures can be limited to it, and a sentence where they cannot.

Nothing of it is on record: what is on record is of the whole (`star_measures`).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from contracts.licensing import WITHHELD_TOTAL
from contracts.selectors.position import Asked, Scope
from trafford_sv.core.periods import Quarter

from ..catalogue import CATALOGUE, NARROWING_WORDS, FigureGone, Narrowing, figure
from ..models import StarMeasure
from ..star_measures import Reading, first_quarter
from .boards import Board
from .figures import FigureReader, scope_of

SUPPLIED = "STAR supplies it for the whole council, so it is not told for a part."


@dataclass(frozen=True)
class NarrowedMeasure:
    """`reason` says why there is no value. `asked`: what was read, None where nothing could be."""

    measure: StarMeasure
    value: Decimal | None
    reason: str = ""
    asked: Asked | None = None


def is_part(scope: Scope) -> bool:
    """A part of the council is chosen, and not the whole."""
    return scope != Scope()


def not_limited(key: str, scope: Scope) -> list[Narrowing]:
    """What the scope is limited to and the figure cannot be. Raises FigureGone."""
    held = figure(key)
    return [
        one
        for one in Narrowing
        if getattr(scope, one.value) not in ("", None) and one not in held.narrowings
    ]


def not_limited_words(key: str, scope: Scope) -> str:
    """A sentence; "" where the figure can be limited to all of it."""
    kept = [NARROWING_WORDS[one] for one in not_limited(key, scope)]
    return f"“{CATALOGUE[key].name}” cannot be limited by {' and '.join(kept)}." if kept else ""


def narrowed_measures(
    user: Any, measures: Sequence[StarMeasure], found: Board
) -> list[NarrowedMeasure]:
    """The measures at the end of the board's period, within its part. At most one query for all; and one more for each
    part that a measure about returns is limited to by its own definition.
    """
    about = found.about
    reader = FigureReader(user, as_known=about.as_known)
    reader.keep(Asked(about.scope, about.first, about.last), found.report)
    plans = [_plan(measure, about.scope, about.last) for measure in measures]
    needed = [one for measure, one in zip(measures, plans, strict=True) if _is_read(measure, one)]
    reader.prepare((one for one in needed if isinstance(one, Asked)), found.closings)
    return [
        NarrowedMeasure(measure, None, one) if isinstance(one, str) else _read(reader, measure, one)
        for measure, one in zip(measures, plans, strict=True)
    ]


def _plan(measure: StarMeasure, part: Scope, quarter: Quarter) -> Asked | str:
    """What is to be read, or the sentence that says why nothing can be."""
    if measure.source == StarMeasure.Source.SUPPLIED:
        return SUPPLIED
    own = scope_of(measure)
    both: dict[str, Any] = {}
    for one in Narrowing:
        mine, chosen = getattr(own, one.value), getattr(part, one.value)
        if mine not in ("", None) and chosen not in ("", None) and mine != chosen:
            return f"Its definition is of another {NARROWING_WORDS[one]}, so it says nothing of this one."
        both[one.value] = mine if mine not in ("", None) else chosen
    scope = replace(part, **both)
    try:
        for key in _keys(measure):
            if words := not_limited_words(key, scope):
                return words
    except FigureGone as gone:
        return str(gone)
    return Asked(scope, first_quarter(measure.period, quarter), quarter)


def _keys(measure: StarMeasure) -> Iterator[str]:
    yield measure.numerator
    if measure.is_ratio:
        yield measure.denominator


def _is_read(measure: StarMeasure, plan: Asked | str) -> bool:
    """Returns alone need no position."""
    return isinstance(plan, Asked) and not all(key.startswith("returns_") for key in _keys(measure))


def _read(reader: FigureReader, measure: StarMeasure, one: Asked) -> NarrowedMeasure:
    over = measure.denominator if measure.is_ratio else ""
    sides = [(measure.numerator, measure.numerator_basis, over)]
    if measure.is_ratio:
        sides.append((measure.denominator, measure.denominator_basis, ""))
    if any(
        reader.is_withheld(key, basis, one.scope, one.first, one.last, over=divided)
        for key, basis, divided in sides
    ):
        return NarrowedMeasure(measure, None, WITHHELD_TOTAL, one)
    try:
        reading: Reading = reader.reading(measure, one)
    except FigureGone as gone:
        return NarrowedMeasure(measure, None, str(gone))
    return NarrowedMeasure(measure, reading.value, reading.reason, one)

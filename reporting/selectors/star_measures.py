"""What a set of measures says, quarter by quarter, as known now or on an earlier day."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db.models import Prefetch, Q, QuerySet

from contracts.four_figures import Completeness
from contracts.models import Contract, CpvCode
from trafford_sv.core.money import PENNY, exact, percentage, readable
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Area

from ..catalogue import BASIS_WORDS, CATALOGUE, Basis, Unit
from ..models import MeasureComment, MeasureReading, MeasureSet, PublishedFigure, StarMeasure
from ..star_measures import TargetState, target_state

TREND_QUARTERS = 8


@dataclass(frozen=True)
class ReadingLine:
    """One quarter of one measure, as known on the day asked about.

    `restated` counts the earlier values that this one replaced.
    """

    quarter: Quarter
    value: Decimal | None
    numerator: Decimal | None
    denominator: Decimal | None
    reason: str
    completeness: Completeness
    known_at: datetime.datetime
    by_name: str
    evidence: str
    restated: int


@dataclass(frozen=True)
class MeasureLine:
    """A measure in one quarter with its trend, oldest first. `reading` None: nothing on record."""

    measure: StarMeasure
    quarter: Quarter
    reading: ReadingLine | None
    trend: tuple[tuple[Quarter, ReadingLine | None], ...]
    target: TargetState
    comment: MeasureComment | None

    @property
    def words(self) -> str | None:
        """The value as it is read; None where there is none."""
        return value_words(self.reading.value if self.reading else None, self.measure.unit)

    @property
    def before(self) -> ReadingLine | None:
        """The quarter before, where it is on record."""
        return self.trend[-2][1] if len(self.trend) > 1 else None


def value_words(value: Decimal | None, unit: str, *, in_full: bool = False) -> str | None:
    """53%, £24 million, 1,204; `in_full` for checking. None stays None."""
    if value is None:
        return None
    match Unit(unit):
        case Unit.SHARE:
            return percentage(value, 2 if in_full else 1)
        case Unit.POUNDS:
            return exact(value) if in_full else readable(value)
        case Unit.COUNT:
            return f"{value.normalize():,f}"
        case Unit.RATIO:
            return f"£{value.quantize(PENNY, ROUND_HALF_UP):,f} for each £1"


def sets_visible() -> QuerySet[MeasureSet]:
    """With their measures in place; two queries."""
    return MeasureSet.objects.prefetch_related(
        Prefetch("measures", StarMeasure.objects.order_by("places__place"))
    )


def set_in_force(day: datetime.date) -> MeasureSet | None:
    """The approved set of a day."""
    return (
        MeasureSet.objects.filter(state=MeasureSet.State.APPROVED, starts__lte=day)
        .filter(Q(ends__isnull=True) | Q(ends__gte=day))
        .first()
    )


def approved_sets_of(measure: StarMeasure) -> list[MeasureSet]:
    """Those in which it was approved, oldest first: its definition does not change any more."""
    return list(measure.sets.filter(state=MeasureSet.State.APPROVED).order_by("starts"))


def limits_of(measure: StarMeasure) -> list[str]:
    """What it is limited to, in words. Two queries at most."""
    found = []
    if measure.agreement:
        found.append(f"agreements of the kind “{Contract.Kind(measure.agreement).label}”")
    if measure.directorate:
        found.append(str(measure.directorate))
    if measure.division:
        category = CpvCode.objects.filter(code=f"{measure.division}000000").first()
        found.append(category.name if category else f"category {measure.division}")
    if measure.theme:
        found.append(measure.theme)
    if measure.ward:
        ward = Area.objects.wards(2023).filter(code=measure.ward).first()
        found.append(ward.name if ward else measure.ward)
    return found


def quarters_until(last: Quarter, count: int = TREND_QUARTERS) -> list[Quarter]:
    """Oldest first, `last` at the end."""
    found = [last]
    while len(found) < count:
        found.append(found[-1].previous)
    return found[::-1]


def measure_lines(
    measures: list[StarMeasure],
    quarter: Quarter,
    *,
    as_known: datetime.datetime | None = None,
    comments: Mapping[int, MeasureComment] | None = None,
) -> list[MeasureLine]:
    """Each measure with eight quarters, as known at the moment or now. Two queries for all, one
    where what was said of them in the quarter is given, by the key of the measure; one more for a moment,
    at which words and target are that day's too.
    """
    quarters = quarters_until(quarter)
    keys = [measure.pk for measure in measures]
    readings = reading_lines(keys, quarters, as_known=as_known)
    said: Any = MeasureComment.objects.all()
    if as_known is not None:
        said = MeasureComment.history.as_of(as_known)
        measures = as_defined(measures, as_known)
    if comments is None:
        comments = {
            comment.measure_id: comment
            for comment in said.filter(
                measure__in=keys, financial_year=quarter.start_year, quarter=quarter.number
            )
        }
    lines = []
    for measure in measures:
        trend = tuple((one, readings.get((measure.pk, one))) for one in quarters)
        reading = trend[-1][1]
        lines.append(
            MeasureLine(
                measure=measure,
                quarter=quarter,
                reading=reading,
                trend=trend,
                target=target_state(
                    reading.value if reading else None, measure.target_quantity, measure.direction
                ),
                comment=comments.get(measure.pk),
            )
        )
    return lines


def as_defined(
    measures: list[StarMeasure], as_known: datetime.datetime | None
) -> list[StarMeasure]:
    """The measures as they were at the moment; one that was not there yet is as now. One query, none for now."""
    if as_known is None:
        return measures
    keys = [one.pk for one in measures]
    # By `id`: in a history `pk__in` would mean the rows of the history.
    then = {one.pk: one for one in StarMeasure.history.as_of(as_known).filter(id__in=keys)}
    return [then.get(one.pk, one) for one in measures]


def reading_lines(
    measures: list[int], quarters: list[Quarter], *, as_known: datetime.datetime | None = None
) -> dict[tuple[int, Quarter], ReadingLine]:
    """The latest reading of each measure and quarter known by then. One query."""
    first, last = min(quarters), max(quarters)
    rows = MeasureReading.objects.filter(
        measure__in=measures,
        financial_year__gte=first.start_year,
        financial_year__lte=last.start_year,
    )
    if as_known is not None:
        rows = rows.filter(known_at__lte=as_known)
    found: dict[tuple[int, Quarter], ReadingLine] = {}
    for row in rows.order_by("known_at", "pk"):
        key = (row.measure_id, row.period)
        if row.period in quarters:
            found[key] = _line(row, found[key].restated + 1 if key in found else 0)
    return found


def _line(row: MeasureReading, restated: int) -> ReadingLine:
    return ReadingLine(
        quarter=row.period,
        value=row.value_quantity,
        numerator=row.numerator_quantity,
        denominator=row.denominator_quantity,
        reason=row.reason,
        completeness=Completeness(row.returns_expected, row.returns_received),
        known_at=row.known_at,
        by_name=row.by_name,
        evidence=row.evidence,
        restated=restated,
    )


def restatements(measure: StarMeasure, quarter: Quarter) -> list[MeasureReading]:
    """Everything that was ever on record for the quarter, newest first. One query."""
    return list(
        measure.readings.filter(financial_year=quarter.start_year, quarter=quarter.number).order_by(
            "-known_at", "-pk"
        )
    )


def figure_words(key: str, basis: str) -> str:
    """ "Social value offered in winning bids"; the key itself where the catalogue lost it."""
    held = CATALOGUE.get(key)
    if held is None:
        return key
    words = BASIS_WORDS[Basis(basis)] if basis in set(Basis) else basis
    return f"{held.name}, {words}" if words else held.name


def published_figures() -> list[PublishedFigure]:
    """Figures of record, oldest first. One query."""
    return list(PublishedFigure.objects.select_related("beside"))


def measures_on_record() -> Any:
    """Every measure, for the list page."""
    return StarMeasure.objects.all()

"""Reading two editions as they stand on a day, to be compared."""

from __future__ import annotations

import datetime

from ..edition_compare import Comparison, Facts, compare
from ..models import Measure, MeasureEdition
from .measures import Sight, values_for


def compare_editions(
    a: MeasureEdition, b: MeasureEdition, *, day: datetime.date, sight: Sight
) -> Comparison:
    """Two queries, however many measures there are."""
    measures = list(Measure.objects.filter(edition__in=[a, b]))
    values = values_for(measures, day)

    def side(edition: MeasureEdition) -> list[Facts]:
        return [
            Facts(
                code=measure.code,
                title=measure.title,
                unit=measure.unit,
                kind=measure.kind,
                kind_words=measure.get_kind_display(),
                counting=measure.counting,
                value_pounds=value.value_pounds if (value := values.get(measure.pk)) else None,
                shows_value=sight.value(edition),
                shows_text=sight.text(edition),
            )
            for measure in measures
            if measure.edition_id == edition.pk
        ]

    return compare(side(a), side(b))

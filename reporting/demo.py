"""The demo's own set of measures and what they said, quarter by quarter. Invented and marked so.

The measures themselves are the product's; what they count in the demo are the demo's rows.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db import transaction

from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.quarters import closed_quarters

from .models import MeasureComment, MeasureReading, MeasureSet, SetMember, StarMeasure
from .services.star_readings import work_out_measures, write_comment
from .services.star_sets import approve_set, prepare_set

QUARTERS = 8  # before the one that runs
MEASURES = (
    "social-value-against-contract-value",
    "social-value-verified-against-committed",
    "social-value-verified",
    "returns-received",
    "spend-retained",
)
SET_NAME = "Demonstration set"
COMMENT = "Invented commentary: the missing returns have been asked for by e-mail."


def load_measures(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """The set and a comment, loaded once; a second time changes nothing. A quarter that the council
    closed takes no comment."""
    comments = MeasureComment.objects.filter(text=COMMENT)
    if MeasureSet.objects.filter(is_demo=True).exists():
        return Counts(unchanged=1 + comments.count())
    held = {one.key: one for one in StarMeasure.objects.filter(key__in=MEASURES)}
    if len(held) < len(MEASURES):
        return Counts()
    last = Quarter.of(today).previous
    starts = FinancialYear(last.start_year - 2).start
    with transaction.atomic():
        made = prepare_set(
            values={
                "name": SET_NAME, "starts": starts, "is_demo": True,
                "note": "Invented for the demonstration: no committee approved this set.",
            },
            measures=[held[key] for key in MEASURES], by=by, now=now,
        )  # fmt: skip
        approve_set(
            measure_set=made, approved_by="Joint Committee (invented)", approved_on=starts,
            reference="Invented minute 7", expected_version=made.version, by=by, now=now,
        )  # fmt: skip
        if last not in closed_quarters():
            write_comment(
                measure=held["returns-received"], quarter=last, expected_version=None, by=by,
                now=now, text=COMMENT,
            )  # fmt: skip
    return Counts(created=1 + comments.count())


def load_readings(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """What the measures say of the quarters that are over and open; a closed one was put on record
    when it was closed. Loaded once; a second time changes nothing."""
    last = Quarter.of(today).previous
    readings = MeasureReading.objects.filter(is_demo=True)
    # Those of a closing name who closed.
    if readings.filter(by_name="").exists():
        return Counts(unchanged=readings.count())
    measures = list(StarMeasure.objects.filter(key__in=MEASURES))
    if not MeasureSet.objects.filter(is_demo=True).exists():
        return Counts()
    closed, quarter = closed_quarters(), last
    for _ in range(QUARTERS):
        if quarter not in closed:
            work_out_measures(quarter=quarter, by=by, now=now, measures=measures, is_demo=True)
        quarter = quarter.previous
    return Counts(created=readings.count())


def remove_measures() -> int:
    """The demo's set, readings and commentary, and only those."""
    demo_sets = MeasureSet.objects.filter(is_demo=True)
    removed = MeasureReading.objects.filter(is_demo=True).delete()[0]
    removed += MeasureComment.objects.filter(text__startswith="Invented commentary:").delete()[0]
    removed += SetMember.objects.filter(measure_set__in=demo_sets).delete()[0]
    return removed + demo_sets.delete()[0]

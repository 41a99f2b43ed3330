"""The demo's own set of measures and what they said, quarter by quarter. Invented and marked so.

Four of the five are the product's measures again with an invented target, named and marked as the
demo's: the product's own have no target, and get none from here. What they count are the demo's rows.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction
from django.db.models import Q

from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.quarters import closed_quarters

from .models import MeasureComment, MeasureReading, MeasureSet, SetMember, StarMeasure
from .services.star_measures import define_measure
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
# Met in some of the demo's quarters and missed in others, in the measure's unit.
TARGETS = {
    "social-value-verified-against-committed": Decimal("0.25"),
    "social-value-verified": Decimal(60_000),
    "returns-received": Decimal("0.95"),
    "spend-retained": Decimal("0.85"),
}
SET_NAME = "Demonstration set"
TARGET_NOTE = "Invented for the demonstration: no committee set this target."
COMMENT = "Invented commentary: the missing returns have been asked for by e-mail."


def load_measures(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """The set with its measures and a comment, loaded once; a second time changes nothing. A quarter
    that the council closed takes no comment."""
    comments = MeasureComment.objects.filter(text=COMMENT)
    if MeasureSet.objects.filter(is_demo=True).exists():
        return Counts(unchanged=_held(comments))
    held = {one.key: one for one in StarMeasure.objects.filter(key__in=MEASURES)}
    if len(held) < len(MEASURES):
        return Counts()
    last = Quarter.of(today).previous
    starts = FinancialYear(last.start_year - 2).start
    with transaction.atomic():
        held |= {key: _with_target(held[key], target, by, now) for key, target in TARGETS.items()}
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
    return Counts(created=_held(comments))


def demo_key(key: str) -> str:
    """Of the measure that stands in the demo's set for this one of the product."""
    return f"demo-{key}" if key in TARGETS else key


def _held(comments: Any) -> int:
    return 1 + StarMeasure.objects.filter(is_demo=True).count() + int(comments.count())


def _with_target(
    like: StarMeasure, target: Decimal, by: Any, now: datetime.datetime
) -> StarMeasure:
    copied = (
        "words", "source", "numerator", "numerator_basis", "denominator", "denominator_basis",
        "period", "direction",
    )  # fmt: skip
    return define_measure(
        values={
            **{name: getattr(like, name) for name in copied}, "name": f"{like.name} (demo)",
            "note": f"{TARGET_NOTE} {like.note}".strip(), "target_quantity": target, "is_demo": True,
        },
        by=by, now=now, key=demo_key(like.key),
    )  # fmt: skip


def load_readings(*, by: Any, now: datetime.datetime, today: datetime.date) -> Counts:
    """What the measures say of the quarters that are over and open; a closed one was put on record
    when it was closed. Loaded once; a second time changes nothing."""
    last = Quarter.of(today).previous
    readings = MeasureReading.objects.filter(is_demo=True)
    # Those of a closing name who closed.
    if readings.filter(by_name="").exists():
        return Counts(unchanged=readings.count())
    measures = list(StarMeasure.objects.filter(Q(key__in=MEASURES) | Q(is_demo=True)))
    if not MeasureSet.objects.filter(is_demo=True).exists():
        return Counts()
    closed, quarter = closed_quarters(), last
    for _ in range(QUARTERS):
        if quarter not in closed:
            work_out_measures(quarter=quarter, by=by, now=now, measures=measures, is_demo=True)
        quarter = quarter.previous
    return Counts(created=readings.count())


def remove_measures() -> int:
    """The demo's set, measures, readings and commentary, and only those. A measure that the council put
    into a set of its own stays there."""
    demo_sets = MeasureSet.objects.filter(is_demo=True)
    removed = MeasureReading.objects.filter(is_demo=True).delete()[0]
    removed += MeasureComment.objects.filter(text__startswith="Invented commentary:").delete()[0]
    removed += SetMember.objects.filter(measure_set__in=demo_sets).delete()[0]
    removed += demo_sets.delete()[0]
    demo_measures = StarMeasure.objects.filter(is_demo=True, places=None)
    keys = list(demo_measures.values_list("pk", flat=True))
    for rows in (MeasureReading, MeasureComment):
        removed += rows.objects.filter(measure__in=keys).delete()[0]
    removed += demo_measures.delete()[0]
    StarMeasure.history.filter(id__in=keys).delete()
    return removed

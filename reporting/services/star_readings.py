"""What each measure says of a quarter, put on record with its definition; and what people say of it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name, acts_for_demo, record_event
from trafford_sv.core.services.quarters import QuarterClosed, assert_open, closed_quarters
from trafford_sv.core.services.records import create_record, update_record

from ..catalogue import FigureGone, Unit
from ..models import MeasureComment, MeasureReading, StarMeasure
from ..selectors.figures import FigureReader
from ..star_measures import target_problem

_DEFINITION = (
    "name", "words", "source", "unit", "numerator", "numerator_basis", "denominator",
    "denominator_basis", "period", "agreement", "directorate_id", "division", "theme", "ward",
)  # fmt: skip


def work_out_measures(
    *,
    quarter: Quarter,
    by: Any,
    now: datetime.datetime,
    measures: Sequence[StarMeasure] | None = None,
    is_demo: bool = False,
) -> tuple[int, list[str]]:
    """Puts on record what each computed measure says of the quarter, where that is news.

    Returns how many readings were added, and a sentence for each measure that could not be
    worked out; the others are still put on record. Raises QuarterClosed.
    """
    with transaction.atomic():
        assert_open(quarter=quarter)
        return _work_out(quarter, by, now, measures, is_demo)


def _work_out(
    quarter: Quarter,
    by: Any,
    now: datetime.datetime,
    measures: Sequence[StarMeasure] | None = None,
    is_demo: bool = False,
) -> tuple[int, list[str]]:
    reader, problems, fresh = FigureReader(), [], []
    wanted = list(
        StarMeasure.objects.filter(source=StarMeasure.Source.COMPUTED)
        if measures is None
        else measures
    )
    with transaction.atomic():
        latest = latest_readings(quarter, [measure.pk for measure in wanted])
        for measure in wanted:
            try:
                found = reader.read(measure, quarter)
            except FigureGone as error:
                problems.append(f"{measure.name}: {error}")
                continue
            row = MeasureReading(
                measure=measure,
                financial_year=quarter.start_year,
                quarter=quarter.number,
                known_at=now,
                value_quantity=found.reading.value,
                numerator_quantity=found.reading.numerator,
                denominator_quantity=found.reading.denominator,
                reason=found.reading.reason,
                evidence=found.known_words,
                returns_expected=found.completeness.expected,
                returns_received=found.completeness.received,
                by_name=actor_name(by) if by else "",
                definition=definition_of(measure),
                is_demo=is_demo or acts_for_demo(by),
            )
            if _is_news(row, latest.get(measure.pk)):
                fresh.append(row)
        MeasureReading.objects.bulk_create(fresh)
        for row in fresh:
            record_event(
                by=by, now=now, verb="measure worked out", subject=row.measure,
                after={"quarter": quarter.code, "value": row.value_quantity, "reason": row.reason},
            )  # fmt: skip
    return len(fresh), problems


def record_at_closing(quarter: Quarter, by: Any, now: datetime.datetime) -> None:
    """The last word of a quarter, in the transaction that closes it and holds its lock alone; the
    demo's where the closing is."""
    is_demo = ClosedQuarter.objects.filter(
        financial_year=quarter.start_year,
        quarter=quarter.number,
        reopened_at__isnull=True,
        is_demo=True,
    ).exists()
    _work_out(quarter, by, now, is_demo=is_demo)


def work_out_open_quarters(
    *, today: datetime.date, by: Any, now: datetime.datetime, back: int = 8
) -> int:
    """The running quarter and those before it that are not closed, at most `back` of them.

    A closed quarter was put on record when it was closed. Returns how many readings were added.
    """
    closed, quarter, added = closed_quarters(), Quarter.of(today), 0
    for _ in range(back):
        if quarter not in closed:
            # Closed since we looked: then closing it put it on record.
            with contextlib.suppress(QuarterClosed):
                added += work_out_measures(quarter=quarter, by=by, now=now)[0]
        quarter = quarter.previous
    return added


def latest_readings(quarter: Quarter, measures: Sequence[int]) -> dict[int, MeasureReading]:
    found: dict[int, MeasureReading] = {}
    rows = MeasureReading.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number, measure__in=measures
    )
    for row in rows.order_by("known_at", "pk"):
        found[row.measure_id] = row
    return found


def definition_of(measure: StarMeasure) -> dict[str, Any]:
    """As a reading keeps it. Without a category where there is none: so older readings have it, and
    the same definition is no news."""
    held = {name: getattr(measure, name) for name in _DEFINITION}
    if not held["division"]:
        del held["division"]
    return held


_COMPARED = (
    "value_quantity", "evidence", "numerator_quantity", "denominator_quantity", "returns_expected", "returns_received",
    "reason", "definition",
)  # fmt: skip


def _is_news(row: MeasureReading, before: MeasureReading | None) -> bool:
    return before is None or any(getattr(row, name) != getattr(before, name) for name in _COMPARED)


def supply_reading(
    *,
    measure: StarMeasure,
    quarter: Quarter,
    value: Decimal | None,
    evidence: str,
    by: Any,
    now: datetime.datetime,
) -> MeasureReading:
    """What STAR says a measure was, with where it comes from. A later value restates it.

    Raises ValidationError by field, or QuarterClosed.
    """
    errors: dict[str, list[str]] = {}
    if measure.source != StarMeasure.Source.SUPPLIED:
        raise ValidationError("This measure is worked out here. Nobody types its value.")
    if value is None or not value.is_finite():
        errors["value"] = ["Enter the value that STAR gives."]
    elif problem := target_problem(value if measure.unit != Unit.SHARE else None, measure.unit):
        errors["value"] = [problem.replace("A target", "A value")]
    if not evidence.strip():
        errors["evidence"] = ["Say where the value comes from, so that it can be checked."]
    if quarter.start > timezone.localtime(now).date():
        errors["quarter"] = [f"{quarter.label} has not begun yet."]
    if errors:
        raise ValidationError(errors)
    row = MeasureReading(
        measure=measure,
        financial_year=quarter.start_year,
        quarter=quarter.number,
        known_at=now,
        value_quantity=value,
        numerator_quantity=value,
        evidence=evidence.strip(),
        by_name=actor_name(by),
        definition=definition_of(measure),
        is_demo=measure.is_demo or acts_for_demo(by),
    )
    row.full_clean()
    with transaction.atomic():
        assert_open(quarter=quarter)
        row.save()
        record_event(
            by=by, now=now, verb="measure supplied", subject=measure,
            after={"quarter": quarter.code, "value": value, "evidence": evidence.strip()},
        )  # fmt: skip
    return row


def write_comment(
    *,
    measure: StarMeasure,
    quarter: Quarter,
    text: str,
    expected_version: int | None,
    by: Any,
    now: datetime.datetime,
) -> MeasureComment:
    """One comment for a measure and quarter; `expected_version` None is the first.

    Raises Collision, ValidationError or QuarterClosed.
    """
    if not text.strip():
        raise ValidationError({"text": ["Write what a reader should know about this figure."]})
    values = {"text": text.strip(), "by_name": actor_name(by), "written_at": now}
    with transaction.atomic():
        assert_open(quarter=quarter)
        held = MeasureComment.objects.filter(
            measure=measure, financial_year=quarter.start_year, quarter=quarter.number
        ).first()
        if held is None:
            return create_record(
                model=MeasureComment,
                values={
                    "measure": measure,
                    "financial_year": quarter.start_year,
                    "quarter": quarter.number,
                    **values,
                },
                by=by,
                now=now,
                verb="measure commented on",
            )
        return update_record(
            record=held,
            changes=values,
            expected_version=expected_version or 0,
            by=by,
            now=now,
            verb="comment on a measure changed",
        )

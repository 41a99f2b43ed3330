"""Defining measures, approving sets of five, and putting on record what each says of a quarter."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name, acts_for_demo, record_event
from trafford_sv.core.services.quarters import QuarterClosed, assert_open, closed_quarters
from trafford_sv.core.services.records import Collision, create_record, update_record

from ..catalogue import CATALOGUE, NARROWING_WORDS, FigureGone, Narrowing, Unit, unit_of_formula
from ..models import MeasureComment, MeasureReading, MeasureSet, SetMember, StarMeasure
from ..selectors.figures import FigureReader
from ..star_measures import Span, overlapping, set_problem, target_problem

_DEFINITION = (
    "name", "words", "source", "unit", "numerator", "numerator_basis", "denominator",
    "denominator_basis", "period", "agreement", "directorate_id", "division", "theme", "ward",
)  # fmt: skip


def define_measure(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime, key: str = ""
) -> StarMeasure:
    """A new measure. Its key comes from its name. Raises ValidationError by field."""
    checked = _checked(values)
    wanted = key or slugify(str(checked.get("name", "")))[:60]
    if not wanted:
        raise ValidationError({"name": ["Give the measure a name in letters."]})
    if StarMeasure.objects.filter(key=wanted).exists():
        raise ValidationError(
            {"name": ["There is a measure of this name. Choose a name that tells them apart."]}
        )
    return create_record(
        model=StarMeasure, values={**checked, "key": wanted}, by=by, now=now, verb="measure defined"
    )


def change_measure(
    *,
    measure: StarMeasure,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> StarMeasure:
    """Of a measure in an approved set only the note. Raises Collision or ValidationError.

    Readings keep the definition they were made by.
    """
    with transaction.atomic():
        # Held, so that no set with it is approved between our look and our writing.
        stored = StarMeasure.objects.select_for_update(no_key=True).get(pk=measure.pk)
        held = {name: getattr(stored, name) for name in _RULED}
        checked = _checked({**held, **changes})
        wanted = {name: checked[name] for name in {*changes, "unit"} if name in checked}
        if stored.version == expected_version:
            _refuse_approved(stored, wanted)
        return update_record(
            record=stored,
            changes=wanted,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="measure changed",
        )


def _refuse_approved(stored: StarMeasure, wanted: Mapping[str, Any]) -> None:
    """What a committee approved stays what it was, words and target included."""
    differs = any(getattr(stored, name) != wanted[name] for name in wanted.keys() - _FREE)
    if not differs:
        return
    held = stored.sets.filter(state=MeasureSet.State.APPROVED).order_by("starts").first()
    if held is not None:
        raise ValidationError(
            f"This measure stands in the approved set “{held.name}”, so its definition does not "
            "change. Define a new measure like this one, and have a set with it approved."
        )


_FREE = frozenset({"note"})


_RULED = (
    "source", "unit", "numerator", "numerator_basis", "denominator", "denominator_basis",
    "target_quantity", "agreement", "directorate", "division", "theme", "ward",
)  # fmt: skip


def _checked(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with their unit worked out. Raises ValidationError by field."""
    wanted, errors = dict(values), {}
    if wanted.get("source", StarMeasure.Source.COMPUTED) == StarMeasure.Source.COMPUTED:
        errors = _figure_errors(wanted)
        if not errors:
            wanted["unit"] = unit_of_formula(wanted["numerator"], wanted.get("denominator") or "")
    else:
        for name in ("numerator", "numerator_basis", "denominator", "denominator_basis"):
            wanted[name] = ""
    problem = target_problem(wanted.get("target_quantity"), wanted.get("unit") or Unit.COUNT)
    if problem:
        errors["target_quantity"] = [problem]
    if errors:
        raise ValidationError(errors)
    return wanted


def _figure_errors(wanted: Mapping[str, Any]) -> dict[str, list[str]]:
    errors: dict[str, list[str]] = {}
    if not wanted.get("numerator"):
        return {"numerator": ["Choose the figure that is counted."]}
    units = []
    for name in ("numerator", "denominator"):
        key, basis = wanted.get(name) or "", wanted.get(f"{name}_basis") or ""
        if not key:
            continue
        held = CATALOGUE.get(key)
        if held is None:
            errors[name] = [f"The figure “{key}” is not in the catalogue. Choose another."]
            continue
        units.append(held.unit)
        if basis not in held.bases:
            offered = ", ".join(str(one.value) for one in held.bases)
            errors[f"{name}_basis"] = [f"“{held.name}” can be: {offered}. Choose one of them."]
        for narrowing in Narrowing:
            if wanted.get(narrowing.value) and narrowing not in held.narrowings:
                errors[narrowing.value] = [
                    f"“{held.name}” cannot be limited by {NARROWING_WORDS[narrowing]}. Leave this empty."
                ]
    if len(set(units)) == 2:
        errors["denominator"] = [
            "Pounds are divided by pounds, and counts by counts. Choose two of the same unit."
        ]
    return errors


# --- sets ---------------------------------------------------------------------------------


def prepare_set(
    *, values: Mapping[str, Any], measures: Sequence[StarMeasure], by: Any, now: datetime.datetime
) -> MeasureSet:
    """A draft; it may still have fewer than five measures."""
    with transaction.atomic():
        made = create_record(
            model=MeasureSet, values=values, by=by, now=now, verb="set of measures prepared"
        )
        _place(made, measures)
    return made


def change_set(
    *,
    measure_set: MeasureSet,
    changes: Mapping[str, Any],
    measures: Sequence[StarMeasure],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MeasureSet:
    """Only a draft changes. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = MeasureSet.objects.select_for_update().get(pk=measure_set.pk)
        _still_draft(stored)
        before = list(stored.members.values_list("measure_id", flat=True))
        after = [measure.pk for measure in measures]
        changed = update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="set of measures changed",
        )
        if before != after:
            if changed.version == expected_version:
                changed.version += 1
                changed.save(update_fields=["version"])
            _place(changed, measures)
            record_event(
                by=by, now=now, verb="measures of a set chosen", subject=changed,
                after={"measures": [measure.name for measure in measures]},
            )  # fmt: skip
    return changed


def _place(measure_set: MeasureSet, measures: Sequence[StarMeasure]) -> None:
    if len({measure.pk for measure in measures}) != len(measures):
        raise ValidationError({"measures": [set_problem([measure.pk for measure in measures])]})
    SetMember.objects.filter(measure_set=measure_set).delete()
    SetMember.objects.bulk_create(
        SetMember(measure_set=measure_set, measure=measure, place=place)
        for place, measure in enumerate(measures, start=1)
    )


def _still_draft(measure_set: MeasureSet) -> None:
    if measure_set.state != MeasureSet.State.DRAFT:
        raise ValidationError(
            "An approved set does not change. Prepare a new one from the day it should begin."
        )


def approve_set(
    *,
    measure_set: MeasureSet,
    approved_by: str,
    approved_on: datetime.date | None,
    reference: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> MeasureSet:
    """Five measures, on days when no other set is in force. A set that is open-ended is closed
    the day before this one begins. Raises Collision or ValidationError.
    """
    with transaction.atomic():
        # All sets are held, so that two approvals cannot both find the days free.
        every = {one.pk: one for one in MeasureSet.objects.select_for_update()}
        stored = every[measure_set.pk]
        if stored.version != expected_version:
            raise Collision(stored, {})
        _still_draft(stored)
        _refuse_approval(stored, approved_by, approved_on, timezone.localtime(now).date())
        _make_room(stored, [one for one in every.values() if one.pk != stored.pk], by, now)
        # And its measures, so that none is being changed meanwhile.
        list(stored.measures.order_by("pk").select_for_update(no_key=True, of=("self",)))
        return update_record(
            record=stored,
            changes={
                "state": MeasureSet.State.APPROVED,
                "approved_by": approved_by.strip(),
                "approved_on": approved_on,
                "reference": reference.strip(),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="set of measures approved",
        )


def _refuse_approval(
    stored: MeasureSet, approved_by: str, approved_on: datetime.date | None, today: datetime.date
) -> None:
    errors: dict[str, list[str]] = {}
    if not approved_by.strip():
        errors["approved_by"] = ["Say which body approved the set."]
    if approved_on is None:
        errors["approved_on"] = ["Enter the day of the decision."]
    elif approved_on > today:
        errors["approved_on"] = ["This day has not come yet. Record the decision once it is made."]
    problem = set_problem(list(stored.members.values_list("measure_id", flat=True)))
    if problem:
        errors["__all__"] = [problem]
    if errors:
        raise ValidationError(errors)


def _make_room(
    stored: MeasureSet, others: Sequence[MeasureSet], by: Any, now: datetime.datetime
) -> None:
    approved = [one for one in others if one.state == MeasureSet.State.APPROVED]
    for one in approved:
        if one.ends is None and one.starts < stored.starts:
            update_record(
                record=one,
                changes={"ends": stored.starts - datetime.timedelta(days=1)},
                expected_version=one.version,
                by=by,
                now=now,
                verb="set of measures superseded",
            )
            one.ends = stored.starts - datetime.timedelta(days=1)
    clash = overlapping(
        Span(stored.name, stored.starts, stored.ends),
        [Span(one.name, one.starts, one.ends) for one in approved],
    )
    if clash:
        until = f"to {clash.until:%-d %B %Y}" if clash.until else "with no last day"
        raise ValidationError(
            f"“{clash.name}” is in force from {clash.since:%-d %B %Y} {until}. "
            "One set is in force at a time: change the dates of this one."
        )


# --- readings -----------------------------------------------------------------------------


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

"""Sets of five: prepared, changed while a draft, approved from a day on."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.quarters import closed_quarters
from trafford_sv.core.services.records import Collision, create_record, update_record

from ..models import MeasureSet, SetMember, StarMeasure
from ..star_measures import Span, overlapping, set_problem


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
        _refuse_closed(stored)
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


def _refuse_closed(stored: MeasureSet) -> None:
    """What a closed quarter was judged by stays what it was."""
    if not superseded_by(stored):
        return
    inside = [quarter for quarter in closed_quarters() if stored.starts <= quarter.end]
    if inside:
        last = max(inside, key=lambda quarter: quarter.start)
        raise ValidationError(
            f"{last.label} is closed and keeps the measures that it was closed with. Let this set "
            f"begin on {last.next.start:%-d %B %Y} or later."
        )


def superseded_by(measure_set: MeasureSet) -> tuple[MeasureSet, ...]:
    """The approved sets without a last day that its approval would end."""
    return tuple(
        MeasureSet.objects.filter(
            state=MeasureSet.State.APPROVED, ends__isnull=True, starts__lt=measure_set.starts
        ).order_by("starts")
    )


def _make_room(
    stored: MeasureSet, others: Sequence[MeasureSet], by: Any, now: datetime.datetime
) -> None:
    approved = [one for one in others if one.state == MeasureSet.State.APPROVED]
    ending = {one.pk for one in superseded_by(stored)}
    for one in approved:
        if one.pk in ending:
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

"""Local priorities of a year: prepared, consulted on, weighted, and decided once."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, create_record, update_record

from ...models import LocalPriority, LocalPriorityYear, Measure, StakeholderView

DECIDED = (
    "These priorities are decided and do not change any more. "
    "What should be different goes into the next year."
)
State = LocalPriorityYear.State


def open_priority_year(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> LocalPriorityYear:
    """A draft for one financial year and edition. Raises ValidationError."""
    year, edition = values["financial_year"], values["edition"]
    if LocalPriorityYear.objects.filter(financial_year=year, edition=edition).exists():
        raise ValidationError(
            {"financial_year": ["There are priorities for this year and edition. Open those."]}
        )
    _check_consultation(values.get("consulted_from"), values.get("consulted_to"))
    return create_record(
        model=LocalPriorityYear, values=values, by=by, now=now, verb="local priorities begun"
    )


def change_priority_year(
    *,
    year: LocalPriorityYear,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> LocalPriorityYear:
    """What was asked and heard. Raises Collision, or ValidationError once it is decided."""
    with transaction.atomic():
        _open(year)
        _check_consultation(
            changes.get("consulted_from", year.consulted_from),
            changes.get("consulted_to", year.consulted_to),
        )
        return update_record(
            record=year,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="local priorities changed",
        )


def set_weights(
    *,
    year: LocalPriorityYear,
    weights: Mapping[int, tuple[Decimal, str]],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> LocalPriorityYear:
    """Exactly these measures are marked, each with a weight over 0 up to 10 and a reason.

    `weights` is by the measure's key. Raises Collision or ValidationError, with nothing written.
    """
    with transaction.atomic():
        stored = _open(year)
        if stored.version != expected_version:
            raise Collision(stored, {"weights": weights})
        measures = Measure.objects.in_bulk(list(weights))
        strangers = [
            key
            for key in weights
            if key not in measures or measures[key].edition_id != stored.edition_id
        ]
        if strangers:
            raise ValidationError("A measure of another edition cannot be marked here.")
        held = {row.measure_id: row for row in stored.priorities.select_related("measure")}
        before = {row.measure.code: f"{row.weight:f}" for row in held.values()}
        after = {measures[key].code: f"{weight:f}" for key, (weight, _) in weights.items()}
        is_same = {key: (row.weight, row.reason) for key, row in held.items()} == dict(weights)
        if is_same:
            return stored
        for key, row in held.items():
            if key not in weights:
                row.delete()
        for key, (weight, reason) in weights.items():
            row = held.get(key) or LocalPriority(year=stored, measure=measures[key])
            row.weight, row.reason = weight, reason
            row.full_clean()
            row.save()
        stored.version += 1
        # As `core.services.records` leaves its trace in a row's history.
        trace: Any = stored
        trace._history_user = by if getattr(by, "pk", None) else None
        trace._history_date = now
        trace._change_reason = "Weights set"
        stored.save()
        record_event(
            by=by,
            now=now,
            verb="weights of local priorities set",
            subject=stored,
            before=before,
            after=after,
        )
    return stored


def add_view(
    *, year: LocalPriorityYear, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> StakeholderView:
    """What one group said when it was asked. Raises ValidationError."""
    with transaction.atomic():
        _open(year)
        return create_record(
            model=StakeholderView,
            values={"year": year, **values},
            by=by,
            now=now,
            verb="stakeholder’s view recorded",
        )


def remove_view(*, view: StakeholderView, by: Any, now: datetime.datetime) -> None:
    """Before the decision only. The log keeps who had been recorded."""
    with transaction.atomic():
        _open(view.year)
        record_event(
            by=by,
            now=now,
            verb="stakeholder’s view removed",
            subject=view,
            before={"who": view.who, "said": view.said},
        )
        view.delete()


def decide_priorities(
    *,
    year: LocalPriorityYear,
    body: str,
    decided_on: datetime.date,
    reference: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> LocalPriorityYear:
    """Records the decision, which locks the year. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = _open(year)
        problems: dict[str, list[str]] = {}
        if not stored.priorities.exists():
            problems["__all__"] = ["No measure is marked yet. Mark at least one first."]
        elif not stored.consultation.strip() and not stored.views.exists():
            problems["__all__"] = [
                "Nobody’s view is recorded yet. Say who was asked and what was heard first."
            ]
        if not body.strip():
            problems["body"] = ["Enter the body that decided, for example the Executive."]
        if decided_on > now.date():
            problems["decided_on"] = ["The day of the decision has not come yet."]
        if problems:
            raise ValidationError(problems)
        return update_record(
            record=stored,
            changes={
                "state": State.DECIDED,
                "decided_by_body": body,
                "decided_on": decided_on,
                "decision_reference": reference,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="local priorities decided",
        )


def _open(year: LocalPriorityYear) -> LocalPriorityYear:
    """The stored year, locked for this transaction. Raises ValidationError once decided."""
    stored = LocalPriorityYear.objects.select_for_update(no_key=True).get(pk=year.pk)
    if stored.state == State.DECIDED:
        raise ValidationError(DECIDED)
    return stored


def _check_consultation(first: datetime.date | None, last: datetime.date | None) -> None:
    if first and last and last < first:
        raise ValidationError(
            {"consulted_to": ["The consultation ends before it begins. Check both dates."]}
        )

"""Quarterly updates: written, submitted, approved or sent back. A closed quarter refuses them all."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.quarters import QuarterClosed, assert_open
from trafford_sv.core.services.records import Collision, create_record, update_record

from ..models import Action, ActionUpdate
from ..progress import Status
from .actions import change_action, tidy_text

State = ActionUpdate.State


def write_update(
    *,
    action: Action,
    quarter: Quarter,
    narrative: str,
    status: str,
    submit: bool,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    expected_version: int | None = None,
) -> ActionUpdate:
    """Keep a draft, or submit it. `by` is a person, or the words for a lead without an account.

    `expected_version` is the stored update's, None where there was none yet.
    Raises Collision, or ValidationError with sentences by field.
    """
    narrative = tidy_text(narrative, lines=True)
    with transaction.atomic():
        held = Action.objects.select_for_update().get(pk=action.pk)
        _refuse_quarter(held, quarter, today)
        stored = (
            ActionUpdate.objects.select_for_update()
            .filter(action=held, financial_year=quarter.start_year, quarter=quarter.number)
            .first()
        )
        values: dict[str, Any] = {"narrative": narrative, "status": status}
        if stored is not None and stored.version != expected_version:
            raise Collision(stored, values)
        if stored is not None:
            _refuse_sent(stored)
        found: dict[str, list[str]] = {}
        if submit and not narrative:
            found["narrative"] = ["Say what happened in the quarter. Two or three sentences do."]
        if submit and status not in Status.__members__.values():
            found["status"] = ["Choose how the action stands."]
        if found:
            raise ValidationError(found)
        if submit:
            values |= {
                "state": State.SUBMITTED,
                "reason": "",
                "submitted_at": now,
                "submitted_by_name": actor_name(by),
            }
        verb = "update submitted" if submit else "update drafted"
        if stored is None:
            return create_record(
                model=ActionUpdate,
                values={
                    "action": held,
                    "financial_year": quarter.start_year,
                    "quarter": quarter.number,
                    **values,
                },
                by=by,
                now=now,
                verb=verb,
            )
        return update_record(
            record=stored,
            changes=values,
            expected_version=stored.version,
            by=by,
            now=now,
            verb=verb,
        )


def approve_update(
    *,
    update: ActionUpdate,
    is_public: bool,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> ActionUpdate:
    """The action stands from now on as its latest approved update says. Raises Collision or
    ValidationError."""
    with transaction.atomic():
        action, stored = _hold_submitted(update, expected_version)
        approved = update_record(
            record=stored,
            changes={
                "state": State.APPROVED,
                "is_public": is_public,
                "decided_at": now,
                "decided_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="update approved",
        )
        if _is_latest(approved):
            changes: dict[str, Any] = {"status": approved.status}
            if approved.status == Status.COMPLETE and action.status != Status.COMPLETE:
                changes["completed_on"] = min(approved.period.end, today)
            change_action(
                action=action,
                changes=changes,
                expected_version=action.version,
                by=by,
                now=now,
                today=today,
                reason=f"Approved update for {approved.period.label}",
            )
        return approved


def send_back_update(
    *,
    update: ActionUpdate,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ActionUpdate:
    """To the lead, with what is missing. Raises Collision or ValidationError."""
    if not reason.strip():
        raise ValidationError({"reason": ["Say what is missing, so that the lead can add it."]})
    with transaction.atomic():
        _, stored = _hold_submitted(update, expected_version)
        return update_record(
            record=stored,
            changes={
                "state": State.SENT_BACK,
                "reason": reason.strip(),
                "decided_at": now,
                "decided_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason.strip()[:100],
            verb="update sent back",
        )


def _hold_submitted(update: ActionUpdate, expected_version: int) -> tuple[Action, ActionUpdate]:
    """The action first, as every write does, then its update, which must wait for a decision."""
    action = Action.objects.select_for_update().get(pk=update.action_id)
    stored = ActionUpdate.objects.select_for_update().get(pk=update.pk)
    stored.action = action
    if stored.version != expected_version:
        raise Collision(stored, {})
    if stored.state != State.SUBMITTED:
        raise ValidationError(
            f"This update is not waiting for approval: {stored.get_state_display().lower()}."
        )
    assert_quarter_open(stored.period)
    return action, stored


def _is_latest(update: ActionUpdate) -> bool:
    approved = update.action.updates.filter(state=State.APPROVED)
    latest = approved.order_by("-financial_year", "-quarter").first()
    return latest is not None and latest.pk == update.pk


def _refuse_quarter(action: Action, quarter: Quarter, today: datetime.date) -> None:
    if quarter.start > today:
        raise ValidationError(
            {"quarter": [f"{quarter.label} has not begun. Write about a quarter that has."]}
        )
    if action.status == Status.CANCELLED:
        raise ValidationError(
            "This action is cancelled, so there is nothing to report. "
            "The co-ordinator can take it up again."
        )
    assert_quarter_open(quarter)


def assert_quarter_open(quarter: Quarter) -> None:
    """Raises ValidationError with the sentence of a closed quarter."""
    try:
        assert_open(quarter=quarter)
    except QuarterClosed as closed:
        raise ValidationError({"quarter": [str(closed)]}) from closed


def _refuse_sent(stored: ActionUpdate) -> None:
    if stored.state == State.SUBMITTED:
        raise ValidationError(
            "This update was sent in and waits for approval. "
            "The co-ordinator can send it back if it should change."
        )
    if stored.state == State.APPROVED:
        raise ValidationError(
            "This update is approved and stays as it is. Write what is new in the next quarter’s."
        )

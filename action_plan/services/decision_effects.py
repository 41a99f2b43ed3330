"""Decisions that set something in motion: an action, a stage, the charter. All of it or none of it.

The decision is recorded by the same rules as any other (held, quorum, minutes still open), and the
effect by the service of the room it belongs to.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from charter.models import CharterVersion
from charter.services.approvals import approve_version

from ..models import Action, AgendaItem, Decision, ThemeResult
from ..words import ended
from .acting import day_of
from .actions import change_action, create_action
from .decisions import record_decision
from .maturity.moderating import agree_stage

GROUP = "Social Value Steering Group"
Kind = Decision.Kind


def decide_new_action(
    *,
    item: AgendaItem,
    words: str,
    reasons: str,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
) -> Decision:
    """`values` by the fields of Action. Raises ValidationError."""
    with transaction.atomic():
        action = create_action(
            values={**values, "source": f"Steering Group, {item.meeting.day.isoformat()}"},
            by=by,
            now=now,
            today=day_of(now),
        )
        return record_decision(
            item=item,
            kind=Kind.NEW_ACTION,
            words=words or f"The plan gets a new action: {ended(action.title)}",
            reasons=reasons,
            linked={"action": action},
            by=by,
            now=now,
        )


def decide_action_change(
    *,
    item: AgendaItem,
    action: Action,
    changes: Mapping[str, Any],
    words: str,
    reasons: str,
    by: Any,
    now: datetime.datetime,
) -> Decision:
    """The reason of the change is the decision's. Raises Collision or ValidationError."""
    if not changes:
        raise ValidationError("Say what changes: its status, its due day, or both.")
    with transaction.atomic():
        decision = record_decision(
            item=item,
            kind=Kind.CHANGE_ACTION,
            words=words,
            reasons=reasons,
            linked={"action": action},
            by=by,
            now=now,
        )
        change_action(
            action=action,
            changes=changes,
            expected_version=action.version,
            by=by,
            now=now,
            today=day_of(now),
            reason=f"Decision {decision.reference}",
        )
    return decision


def decide_stage(
    *,
    item: AgendaItem,
    result: ThemeResult,
    reasons: str,
    by: Any,
    now: datetime.datetime,
    words: str = "",
) -> Decision:
    """The proposed stage is agreed for good. Raises Collision or ValidationError."""
    with transaction.atomic():
        stage = result.get_stage_display()
        decision = record_decision(
            item=item,
            kind=Kind.STAGE,
            words=words or f"{result.theme} is agreed at the stage {stage}.",
            reasons=reasons or result.reasons,
            linked={"theme_result": result},
            by=by,
            now=now,
        )
        agree_stage(
            result=result,
            expected_version=result.version,
            decision=decision.reference,
            by=by,
            now=now,
        )
    return decision


def decide_charter(
    *,
    item: AgendaItem,
    version: CharterVersion,
    in_force_from: datetime.date,
    reasons: str,
    by: Any,
    now: datetime.datetime,
    words: str = "",
) -> Decision:
    """The draft becomes the charter. Raises Collision or ValidationError."""
    with transaction.atomic():
        decision = record_decision(
            item=item,
            kind=Kind.CHARTER,
            words=words or f"{version} is approved.",
            reasons=reasons,
            linked={"charter_version": version},
            by=by,
            now=now,
        )
        approve_version(
            version=version,
            approving_body=GROUP,
            approved_on=item.meeting.day,
            decision_reference=decision.reference,
            in_force_from=in_force_from,
            expected_version=version.version,
            by=by,
            now=now,
            today=day_of(now),
        )
    return decision

"""Recording and changing the dated rules."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError

from trafford_sv.core.services.records import create_record, update_record

from ..models import ThresholdRule
from ..thresholds import day_words


def record_threshold(
    *, values: Mapping[str, Any], by: Any, now: datetime.datetime
) -> ThresholdRule:
    """Raises ValidationError with sentences by field."""
    _refuse(None, values)
    return create_record(
        model=ThresholdRule, values=values, by=by, now=now, verb="threshold recorded"
    )


def change_threshold(
    *,
    rule: ThresholdRule,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ThresholdRule:
    """Every contract's answer follows at once: it is computed, never stored."""
    _refuse(rule, changes)
    return update_record(
        record=rule,
        changes=changes,
        expected_version=expected_version,
        by=by,
        now=now,
        verb="threshold changed",
    )


def _refuse(rule: ThresholdRule | None, values: Mapping[str, Any]) -> None:
    def read(name: str) -> Any:
        return values[name] if name in values else getattr(rule, name, None)

    starts, ends = read("starts"), read("ends")
    if starts and ends and ends < starts:
        raise ValidationError(
            {
                "ends": [
                    f"The last day is before the rule begins on {day_words(starts)}. Check both dates."
                ]
            }
        )
    others = ThresholdRule.objects.filter(duty=read("duty"), starts=starts)
    if rule is not None:
        others = others.exclude(pk=rule.pk)
    if starts and others.exists():
        raise ValidationError(
            {
                "starts": [
                    f"There is a rule for this from {day_words(starts)} already. Change that one."
                ]
            }
        )

"""Who opens which page of the Action Plan. Its rows are shared by all who work on the plan."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tests.access_table import PUBLIC

TABLE: dict[str, str | tuple[str, ...]] = {
    "plan-board": PUBLIC,
    "action-list": PUBLIC,
    "action-detail": PUBLIC,
    "action-timeline": PUBLIC,
    "plan-changes": PUBLIC,
    "action-calendar-help": PUBLIC,
    "action-calendar": PUBLIC,
    "action-calendar-member": PUBLIC,  # the address is signed; see test_calendar
    "action-create": "change_plan",
    "action-edit": "change_plan",
    "milestone-create": "change_plan",
    "milestone-edit": "change_plan",
    "target-create": "change_plan",
    "target-edit": "change_plan",
    "update-inbox": "change_plan",
    "update-ask": "change_plan",
    "update-ask-again": "change_plan",
    "update-link-settle": "change_plan",
    "update-decide": "change_plan",
    "update-write": "change_plan",
    "update-answer": PUBLIC,  # by a one-time link
    "update-thanks": PUBLIC,
    "update-list": "view_plan",
    "api-themes": "use_api",
    "api-actions": "use_api",
    "api-action": "use_api",
    "api-action-updates": "use_api",
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EVERYONES: dict[str, str] = {
    "api-action": "whoever has no part in the plan gets public actions only; see test_plan_api",
}


def extend(side: dict[str, Any]) -> None:
    """Nothing of the plan belongs to one organisation alone."""

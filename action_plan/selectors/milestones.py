"""Milestones of many actions at once."""

from __future__ import annotations

import datetime
from collections.abc import Collection

from ..models import Milestone


def steps_by_action(keys: Collection[int]) -> dict[int, list[tuple[datetime.date, bool]]]:
    """(day, is reached) of each action's milestones: reached ones stand on the day they were."""
    found: dict[int, list[tuple[datetime.date, bool]]] = {}
    wanted = set(keys)
    rows = Milestone.objects.order_by("due", "pk").values_list("action_id", "due", "done_on")
    for action, due, done_on in rows:
        if action in wanted:
            found.setdefault(action, []).append((done_on or due, done_on is not None))
    return found

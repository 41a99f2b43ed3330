"""Small believable rows of the Action Plan for tests. Append; change nothing others rely on."""

from __future__ import annotations

import datetime
import itertools
from typing import Any

from action_plan.models import Action, ActionUpdate, Milestone, Theme
from trafford_sv.core.periods import Quarter

_numbers = itertools.count(1)
CREATED = datetime.datetime(2024, 4, 2, 9, 0, tzinfo=datetime.UTC)
THEMES = (
    ("IM", "Internal Management"),
    ("EN", "Engagement"),
    ("PS", "Policy and Scope"),
    ("OM", "Outcomes and Measures"),
    ("CO", "Commissioning"),
    ("PR", "Procurement"),
    ("GO", "Governance"),
)


def make_theme(code: str = "GO") -> Theme:
    """One of the seven, made when it is not there."""
    names = dict(THEMES)
    return Theme.objects.get_or_create(
        code=code,
        defaults={
            "key": names[code].lower().replace(" ", "-"),
            "name": names[code],
            "position": list(names).index(code) + 1,
        },
    )[0]


def make_action(**values: Any) -> Action:
    """A public action on track since April 2024, due in March 2028, unless told."""
    number = next(_numbers)
    return Action.objects.create(
        **{
            "reference": f"GO-{number + 100}",
            "theme": values.pop("theme", None) or make_theme(),
            "title": f"Do thing {number}",
            "starts": datetime.date(2024, 4, 1),
            "due": datetime.date(2028, 3, 31),
            "status": "on_track",
            "created_at": CREATED,
            **values,
        }
    )


def make_milestone(action: Action, **values: Any) -> Milestone:
    return Milestone.objects.create(
        **{
            "action": action,
            "title": f"Step {next(_numbers)}",
            "due": datetime.date(2026, 6, 30),
            **values,
        }
    )


def make_update(action: Action, quarter: str = "2026-27 Q1", **values: Any) -> ActionUpdate:
    """A submitted update of a quarter, unless told."""
    period = Quarter.parse(quarter)
    return ActionUpdate.objects.create(
        **{
            "action": action,
            "financial_year": period.start_year,
            "quarter": period.number,
            "narrative": "The first half is done.",
            "status": "on_track",
            "state": "submitted",
            "submitted_at": datetime.datetime(2026, 7, 6, 9, 0, tzinfo=datetime.UTC),
            "submitted_by_name": "The lead",
            **values,
        }
    )

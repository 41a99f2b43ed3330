"""The pages of the plan, in one row. A page that is not there is left out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from trafford_sv.core.navigation import url_of

# (key, label, URL name, permission or "" for anyone)
TABS = (
    ("board", "By theme", "plan-board", ""),
    ("list", "All actions", "action-list", ""),
    ("timeline", "Timeline", "action-timeline", ""),
    ("changes", "What changed", "plan-changes", ""),
    ("updates", "Updates", "update-inbox", "change_plan"),
    ("maturity", "Maturity", "maturity-overview", ""),
)


@dataclass(frozen=True)
class Tab:
    label: str
    url: str
    is_current: bool


def plan_tabs(permissions: Collection[str], current: str) -> list[Tab]:
    """The pages that somebody with these permissions may open. `current` is a key of TABS."""
    return [
        Tab(label, url, key == current)
        for key, label, name, permission in TABS
        if (not permission or permission in permissions) and (url := url_of(name))
    ]

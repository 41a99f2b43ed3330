"""Who opens the committee papers while they are written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TABLE: dict[str, str | tuple[str, ...]] = {
    "committee-paper-list": "view_reports",
    "committee-paper-begin": "publish_reports",
    "committee-paper-detail": "view_reports",
    "committee-paper-edit": "publish_reports",
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """A paper is the whole council's; no limited role reads it."""

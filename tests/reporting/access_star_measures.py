"""Who opens the measures and their sets."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PUBLIC = "public"
TABLE: dict[str, str | tuple[str, ...]] = {
    "report-home": "view_reports",
    "measures-work-out": "change_star_measures",
    "star-measure-list": "view_reports",
    "star-measure-create": "change_star_measures",
    "star-measure-detail": "view_reports",
    "star-measure-edit": "change_star_measures",
    "star-measure-supply": "change_star_measures",
    "star-measure-comment": "change_star_measures",
    "closing-now": "view_reports",
    "closing-board": "view_reports",
    "closing-remind": "close_quarters",
    "closing-accept": "close_quarters",
    "why-it-moved": "view_reports",
    "board-officer": "see_dashboard",
    "board-star": "view_reports",
    "board-steering": "view_reports",
    "public-board": PUBLIC,
    "board-supplier": "report_delivery",
    "figure-detail": "view_commitments",
    "api-figures": ("use_api", "view_commitments"),
    "measure-set-list": "view_reports",
    "measure-set-create": "change_star_measures",
    "measure-set-detail": "view_reports",
    "measure-set-edit": "change_star_measures",
    "measure-set-approve": "change_star_measures",
    "api-star-measures": ("use_api", "view_reports"),
    "api-star-readings": ("use_api", "view_reports"),
    "api-star-movements": ("use_api", "view_reports"),
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EVERYONES: dict[str, str] = {
    "figure-detail": "a figure over what the person may see; its address names no record",
}


def extend(side: dict[str, Any]) -> None:
    """Measures are the whole council's; no limited role reads them."""

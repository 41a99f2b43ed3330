"""Who opens the pages about reports by e-mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

PUBLIC = "public"
TABLE: dict[str, str | tuple[str, ...]] = {
    "mailing-home": "run_mailings",
    "mailing-send": "run_mailings",
    "mailing-rehearsal": "run_mailings",
    "mailing-preview": "run_mailings",
    "mailing-preview-html": "run_mailings",
    "mailing-log": "run_mailings",
    "mailing-mail": "run_mailings",
    "mailing-late": "run_mailings",
    "mail-schedule-create": "run_mailings",
    "mail-schedule-edit": "run_mailings",
    "mail-subscription-list": "run_mailings",
    "mail-subscription-create": "run_mailings",
    "mail-subscription-seats": "run_mailings",
    "mail-subscription-detail": "run_mailings",
    "mail-subscription-edit": "run_mailings",
    "mail-subscription-decide": "run_mailings",
    "report-mail-sign-up": PUBLIC,
    "report-mail-asked": PUBLIC,
    "report-mail-yes": PUBLIC,
    "report-mail-stop": PUBLIC,
    "api-subscriptions": ("use_api", "run_mailings"),
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """Only roles that reach everything run the mailings."""

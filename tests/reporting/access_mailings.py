"""Who opens the pages about reports by e-mail."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from reporting.models import Audience, MailSubscription

from .mailings import make_reader

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
    "api-subscriptions": "use_api",
    "api-subscription": "use_api",
    "api-subscription-stop": "use_api",
}


def _subscription(side: dict[str, Any]) -> dict[str, Any]:
    """Of the person whose token the side holds: who asks, or somebody else."""
    address = side["token"].user.email
    row = MailSubscription.objects.filter(email=address).first()
    return {"pk": (row or make_reader(Audience.SUBSCRIBERS, email=address)).pk}


OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "api-subscription": _subscription,
    "api-subscription-stop": _subscription,
}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """Only roles that reach everything run the mailings; subscriptions are made as they are asked for."""

"""The Steering Group's addresses: what opens each."""

from __future__ import annotations

from typing import Any

from tests.access_table import PUBLIC

READ, PART, RUN = "view_steering", "take_part_in_steering", "run_steering"
TABLE: dict[str, Any] = {
    "steering-group": PUBLIC,
    "steering-terms": PUBLIC,
    "seat-list": READ,
    "seat-detail": READ,
    "seat-create": RUN,
    "seat-edit": RUN,
    "chair-name": RUN,
    "quorum-rules": RUN,
    "meeting-list": PUBLIC,
    "meeting-detail": PUBLIC,
    "meeting-create": RUN,
    "meeting-edit": RUN,
    "meeting-call": RUN,
    "meeting-cancel": RUN,
    "meeting-apologies": PART,
    "meeting-attendance": RUN,
    "series-create": RUN,
    "series-edit": RUN,
    "series-dates": RUN,
    "agenda-item-create": RUN,
    "agenda-item-detail": READ,
    "agenda-item-edit": RUN,
    "agenda-item-remove": RUN,
    "agenda-item-move": RUN,
    "agenda-item-settle": RUN,
    "agenda-item-comment": PART,
    "interest-declare": PART,
    "interest-record": RUN,
    "paper-add": RUN,
    "paper-file": PUBLIC,
    "paper-remove": RUN,
    "decision-list": PUBLIC,
    "decision-detail": PUBLIC,
    "decision-record": RUN,
    "decide-new-action": (RUN, "change_plan"),
    "decide-action-change": (RUN, "change_plan"),
    "decide-stage": (RUN, "moderate_maturity"),
    "decide-charter": (RUN, "change_charter"),
    "steering-pack": PUBLIC,
    "steering-pack-pdf": PUBLIC,
    "pack-mail-settle": RUN,
    "kept-pack": READ,
    "kept-pack-pdf": READ,
    "pack-choice": READ,
    "packs-off": PUBLIC,
    "committee-block": "see_dashboard",
    "arising-list": READ,
    "arising-detail": READ,
    "arising-record": RUN,
    "arising-edit": RUN,
    "arising-close": READ,
    "minutes-detail": PUBLIC,
    "minutes-draft": RUN,
    "minutes-edit": RUN,
    "minutes-section-edit": RUN,
    "minutes-publish": RUN,
    "minutes-confirm": RUN,
    "minutes-reply": PART,
    "api-steering-seats": ("use_api", READ),
    "api-steering-meetings": ("use_api", READ),
    "api-steering-meeting": ("use_api", READ),
    "api-steering-decisions": ("use_api", READ),
    "api-steering-actions": ("use_api", READ),
}
OBJECTS: dict[str, Any] = {}
EVERYONES: dict[str, str] = {}


def extend(side: dict[str, Any]) -> None:
    """No role with a limited reach has to do with the Group."""

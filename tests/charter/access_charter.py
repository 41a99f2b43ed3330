"""What opens the addresses of the charter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_CHANGE = "change_charter"
_KEEP = "keep_adoptions"

TABLE: dict[str, str | tuple[str, ...]] = {
    "charter": "public",
    "charter-pdf": "public",
    "charter-version-list": "public",
    "charter-version-detail": "public",
    "charter-version-pdf": "public",
    "charter-compare": "public",
    "charter-draft-start": _CHANGE,
    "charter-draft": _CHANGE,
    "charter-draft-edit": _CHANGE,
    "charter-draft-discard": _CHANGE,
    "charter-approve": _CHANGE,
    "charter-approval-correct": _CHANGE,
    "charter-approval-take-back": _CHANGE,
    "charter-principle-create": _CHANGE,
    "charter-principle-edit": _CHANGE,
    "charter-principle-remove": _CHANGE,
    "charter-area-create": _CHANGE,
    "charter-area-edit": _CHANGE,
    "charter-area-remove": _CHANGE,
    "charter-initiative-create": _CHANGE,
    "charter-initiative-edit": _CHANGE,
    "charter-initiative-remove": _CHANGE,
    "adoption-ask": "public",
    "adoption-asked": "public",
    "adoption-list": "public",
    "adoption-detail": "public",
    "adoption-badge": "public",
    "adoption-certificate": "public",
    "adoption-affirm": "public",
    "adoption-create": _KEEP,
    "adoption-edit": _KEEP,
    "adoption-withdraw": _KEEP,
    "adoption-reaffirm": _KEEP,
    "request-letter-settle": _KEEP,
    "adoption-reminder-settle": _KEEP,
    "adoption-request-list": "view_charter",
    "adoption-request-detail": "view_charter",
    "pledge-list": "public",
    "pledge-detail": "public",
    "pledge-answer": "public",
    "pledge-thanks": "public",
    "pledge-create": _KEEP,
    "pledge-edit": _KEEP,
    "pledge-report": _KEEP,
    "pledge-ask": _KEEP,
    "pledge-withdraw": _KEEP,
    "case-study-list": "public",
    "case-study-detail": "public",
    "case-study-picture": "public",
    "case-study-create": _KEEP,
    "case-study-edit": _KEEP,
    "case-study-picture-set": _KEEP,
    "case-study-publish": _KEEP,
    "case-study-withdraw": _KEEP,
    "api-charter-versions": "use_api",
    "api-charter-version": "use_api",
    "api-principles": "use_api",
    "api-adoptions": "use_api",
    "api-adoption": "use_api",
    "api-pledges": "use_api",
    "api-pledge": "use_api",
    "api-case-studies": "use_api",
    "api-case-study": "use_api",
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
EVERYONES: dict[str, str] = {
    "api-charter-version": "approved versions are public; drafts are not among the rows",
    "api-adoption": "the register is public",
    "api-pledge": "pledges are public",
    "api-case-study": "published stories are public; drafts are not among the rows",
}


def extend(side: dict[str, Any]) -> None:
    """The charter belongs to nobody in particular, so there is nothing to add."""

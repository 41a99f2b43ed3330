"""Who opens editions and their drafts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

TABLE: dict[str, str | tuple[str, ...]] = {
    "edition-list": "public",
    "edition-detail": "public",
    "edition-figures": "public",
    "edition-figure": "public",
    "edition-file": "public",
    "edition-draft": "view_reports",
    "edition-draft-figures": "view_reports",
    "edition-draft-figure": "view_reports",
    "edition-publish": "publish_reports",
    "edition-files-again": "publish_reports",
    "api-editions": "use_api",
    "api-edition": "use_api",
    "api-edition-figures": "use_api",
    "api-edition-figure": "use_api",
}
OBJECTS: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {}
_PUBLISHED = "what is published is nobody's in particular; other kinds are left out of the rows"
EVERYONES: dict[str, str] = {
    "api-edition": _PUBLISHED,
    "api-edition-figures": _PUBLISHED,
    "api-edition-figure": _PUBLISHED,
}


def extend(side: dict[str, Any]) -> None:
    """Editions are the whole council's; which kinds are public is asked in test_edition_pages."""

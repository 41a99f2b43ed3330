"""Principles across versions, each once by its key."""

from __future__ import annotations

from ..models import Principle


def principle_choices() -> list[tuple[str, str]]:
    """(key, short name) of the latest approved version that has it. One query."""
    rows = (
        Principle.objects.filter(charter_version__state="approved")
        .order_by("charter_version__number", "number")
        .values_list("key", "title")
    )
    return list(dict(rows).items())

"""Pledges as lists and pages read them."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet

from ..models import Pledge


def pledge_rows(user: Any) -> QuerySet[Pledge]:
    """With what a list reads joined."""
    return Pledge.objects.visible_to(user).select_related(
        "organisation", "principle", "initiative", "confirmed_by"
    )

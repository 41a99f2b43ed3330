"""Rows as they were known at a moment, from the history that every write leaves.

What a service writes carries its moment, so a row's latest history up to a moment is the row as it
stood then. Rows that were put in without a history (a generated load) are not known on any day.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet


def known(model: Any, at: datetime.datetime) -> QuerySet[Any]:
    """The rows of a model as known at the moment. Of two changes at one moment the later counts."""
    rows = model.history.filter(history_date__lte=at)
    later = model.history.filter(id=OuterRef("id"), history_date__lte=at).filter(
        Q(history_date__gt=OuterRef("history_date"))
        | Q(history_date=OuterRef("history_date"), history_id__gt=OuterRef("history_id"))
    )
    found: QuerySet[Any] = rows.filter(~Exists(later)).exclude(history_type="-").order_by()
    return found

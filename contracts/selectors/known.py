"""Rows as they were known at a moment, from the history that every write leaves.

What a service writes carries its moment, so a row's latest history up to a moment is the row as it
stood then. Rows that were put in without a history (a generated load) are not known on any day.

An agreement's own facts (kind, directorate, category, dates) say which promises are asked about, so
one whose history begins later than the moment is read as it was first known.
"""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from ..models import Commitment, Contract


def known(model: Any, at: datetime.datetime) -> QuerySet[Any]:
    """The rows of a model as known at the moment. Of two changes at one moment the later counts."""
    rows = model.history.filter(history_date__lte=at)
    later = model.history.filter(id=OuterRef("id"), history_date__lte=at).filter(
        Q(history_date__gt=OuterRef("history_date"))
        | Q(history_date=OuterRef("history_date"), history_id__gt=OuterRef("history_id"))
    )
    found: QuerySet[Any] = rows.filter(~Exists(later)).exclude(history_type="-").order_by()
    return found


def agreements_known(at: datetime.datetime) -> QuerySet[Any]:
    """Agreements as they stood at the moment, as rows of their history; as first known before that."""
    history = Contract.history  # type: ignore[attr-defined]
    mine = history.filter(id=OuterRef("id"))
    up_to = Q(history_date__lte=at)
    later, earlier = (
        Q(**{f"history_date__{way}": OuterRef("history_date")})
        | Q(history_date=OuterRef("history_date"), **{f"history_id__{way}": OuterRef("history_id")})
        for way in ("gt", "lt")
    )
    found: QuerySet[Any] = history.filter(
        (up_to & ~Exists(mine.filter(up_to).filter(later)))
        | (Q(history_date__gt=at) & ~Exists(mine.filter(up_to)) & ~Exists(mine.filter(earlier)))
    )
    return found.exclude(history_type="-").order_by()


def serving(ward: str, at: datetime.datetime | None = None) -> QuerySet[Any]:
    """The promises that are for a ward; as known at the moment, as rows of their history."""
    if at is None:
        return Commitment.objects.filter(wards__code=ward)
    places = Commitment.history.model.wards.model.objects.filter(  # type: ignore[attr-defined]
        history=OuterRef("history_id"), area__code=ward
    )
    return known(Commitment, at).filter(Exists(places))

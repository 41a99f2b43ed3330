"""What waits for an officer: returns, possible double claims, ratings, scores and imports."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from django.db.models import (
    BigIntegerField,
    CharField,
    Count,
    Exists,
    F,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Value,
)
from django.db.models.functions import Cast

from trafford_sv.core.access import can, reach
from trafford_sv.core.models import ImportRun

from ..models import DeliveryRating, DuplicateFlag, Evaluator, Tender
from .verification import waiting_returns


class Work(StrEnum):
    RETURNS = "returns"
    DOUBLE_CLAIMS = "double claims"
    RATINGS = "ratings"
    SCORES = "scores"
    IMPORTS = "imports"


@dataclass(frozen=True)
class WaitingWork:
    """`number` of them wait, the longest since `since`. `first` is the key of one: where only one
    waits, of that one; of a tender it is the contract's, of imports None."""

    kind: Work
    number: int
    first: int | None
    since: datetime.datetime | None


def waiting_work(user: Any, *, now: datetime.datetime) -> tuple[WaitingWork, ...]:
    """What this person may act on, in the order of `Work`; nothing where nothing waits. One query.

    Each kind is limited by the permission to act, not only to read: a contract manager's are
    those of the own directorate.
    """
    branches = [
        branch
        for branch in (
            _returns(user, now),
            _double_claims(user),
            _ratings(user),
            _scores(user),
            _imports(user),
        )
        if branch is not None
    ]
    if not branches:
        return ()
    first, *others = branches
    rows = first.union(*others, all=True) if others else first
    found = {kind: (number, key, since) for kind, number, key, since in rows}
    return tuple(
        WaitingWork(kind, *found[kind]) for kind in Work if kind in found and found[kind][0]
    )


def _within(user: Any, permission: str, *paths: str) -> Q | None:
    """Rows whose contract, at any of the paths, is within the person's reach; None: none is."""
    everything, own = reach(user, permission)
    if everything:
        return Q()
    directorates = [pk for role, pk in own if role == "contract_manager"]
    if not directorates:
        return None
    found = Q()
    for path in paths:
        found |= Q(**{f"{path}__directorate__in": directorates})
    return found


def _counted(kind: Work, rows: QuerySet[Any], since: str, key: str | None = "pk") -> QuerySet[Any]:
    first: Any = Cast(Value(None), BigIntegerField()) if key is None else Min(F(key))
    return (
        rows.order_by()
        .annotate(what=Value(kind.value, output_field=CharField()))
        .values("what")
        .annotate(number=Count("pk"), first=first, since=Min(F(since)))
        .values_list("what", "number", "first", "since")
    )


def _returns(user: Any, now: datetime.datetime) -> QuerySet[Any] | None:
    """Those of the inbox."""
    within = _within(user, "verify_delivery", "contract")
    if within is None:
        return None
    return _counted(Work.RETURNS, waiting_returns(user, now=now).filter(within), "submitted_at")


def _double_claims(user: Any) -> QuerySet[Any] | None:
    path = "{}__delivery_return__contract"
    within = _within(user, "verify_delivery", path.format("first"), path.format("second"))
    if within is None:
        return None
    rows = DuplicateFlag.objects.filter(within, state=DuplicateFlag.State.OPEN)
    return _counted(Work.DOUBLE_CLAIMS, rows, "found_at")


def _ratings(user: Any) -> QuerySet[Any] | None:
    """Those that the supplier has replied to."""
    within = _within(user, "rate_delivery", "contract")
    if within is None:
        return None
    rows = DeliveryRating.objects.filter(within, state=DeliveryRating.State.REPLIED)
    return _counted(Work.RATINGS, rows, "replied_at")


def _scores(user: Any) -> QuerySet[Any] | None:
    """Every evaluator has finished, or no answer is scored; somebody agrees the scores now."""
    within = _within(user, "change_tenders", "contract")
    if within is None:
        return None
    named = Evaluator.objects.filter(tender=OuterRef("pk"))
    rows = Tender.objects.filter(
        within,
        Q(quantitative_share=1) | (Exists(named) & ~Exists(named.filter(finished_at__isnull=True))),
        state=Tender.State.EVALUATING,
    )
    return _counted(Work.SCORES, rows, "closes_at", key="contract")


def _imports(user: Any) -> QuerySet[Any] | None:
    """Checked and not applied yet, or applied with rejected rows that nobody has looked at."""
    if not can(user, "view_imports"):
        return None
    rows = ImportRun.objects.filter(
        Q(state=ImportRun.State.PLANNED)
        | Q(state=ImportRun.State.APPLIED, rejected__gt=0, rejects_seen_at__isnull=True)
    )
    return _counted(Work.IMPORTS, rows, "created_at", key=None)

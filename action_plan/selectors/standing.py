"""Stale and overdue in SQL: the same answer as `action_plan.progress`, for lists of any length."""

from __future__ import annotations

import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from trafford_sv.core.periods import Quarter

from ..models import ActionUpdate, Milestone
from ..progress import OVER, expected_quarter

_OVER = [status.value for status in OVER]
_SENT_IN = [ActionUpdate.State.SUBMITTED.value, ActionUpdate.State.APPROVED.value]


def quarter_number(quarter: Quarter) -> int:
    """Counts quarters, so that they can be compared in SQL."""
    return quarter.start_year * 4 + quarter.number - 1


def quarter_of_number(number: int | None) -> Quarter | None:
    return None if number is None else Quarter(number // 4, number % 4 + 1)


NUMBER = F("financial_year") * 4 + F("quarter") - 1


def with_standing(rows: QuerySet[Any], *, as_of: datetime.date) -> QuerySet[Any]:
    """Actions with `is_stale`, `is_overdue`, `updated_number` (the latest quarter that has an
    update sent in, or None), `milestones_total`, `milestones_done`, `milestones_late`,
    `next_step` and `next_step_due`."""
    expected = expected_quarter(as_of)
    sent_in = ActionUpdate.objects.filter(action=OuterRef("pk"), state__in=_SENT_IN)
    latest = (
        sent_in.order_by("-financial_year", "-quarter").annotate(number=NUMBER).values("number")[:1]
    )
    recent = sent_in.filter(
        Q(financial_year__gt=expected.start_year)
        | Q(financial_year=expected.start_year, quarter__gte=expected.number)
    )
    steps = Milestone.objects.filter(action=OuterRef("pk")).order_by()
    ahead = steps.filter(done_on__isnull=True).order_by("due", "pk")

    def count(chosen: QuerySet[Any]) -> Any:
        found = chosen.values("action").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(found, output_field=IntegerField()), 0)

    is_live = ~Q(status__in=_OVER)
    return rows.annotate(
        updated_number=Subquery(latest, output_field=IntegerField()),
        is_stale=Case(
            When(is_live & Q(starts__lte=expected.end) & ~Exists(recent), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
        is_overdue=Case(
            When(is_live & Q(due__lt=as_of), then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
        milestones_total=count(steps),
        milestones_done=count(steps.filter(done_on__isnull=False)),
        milestones_late=count(steps.filter(done_on__isnull=True, due__lt=as_of)),
        next_step=Subquery(ahead.values("title")[:1]),
        next_step_due=Subquery(ahead.values("due")[:1]),
    )

"""Which deliveries count otherwise now than they were known to on a day: the restatements since."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Case, DecimalField, F, OuterRef, Q, Subquery, Value, When

from trafford_sv.core.periods import Quarter

from ..models import ReturnLine
from .known import known
from .position import Scope, lines_in
from .position_scope import total_reader

_POUNDS: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=2)


@dataclass(frozen=True)
class RestatedDelivery:
    """One line that counts otherwise. None: it did not count, or had no amount, at that time.

    `is_withheld`: a licence keeps its pounds from this reader, and all four are None (decision 16).
    """

    return_pk: int
    label: str
    counted_in: Quarter | None
    reported_then: Decimal | None
    reported_now: Decimal | None
    verified_then: Decimal | None
    verified_now: Decimal | None
    decided_by: str
    decided_at: datetime.datetime | None
    is_withheld: bool = False


def restated_since(
    user: Any,
    scope: Scope,
    *,
    first: Quarter | None,
    last: Quarter,
    as_known: datetime.datetime,
    limit: int = 20,
) -> tuple[tuple[RestatedDelivery, ...], bool]:
    """Lines that count in the period now and said something else then, the latest decision first;
    and whether there are more than `limit`. One query. A line that was taken out since is not among them.
    """
    past = known(ReturnLine, as_known).filter(id=OuterRef("pk"))

    def then(name: str) -> Subquery:
        # What did not count then had no amount then.
        counted = Case(When(is_counted=True, then=name), default=Value(None), output_field=_POUNDS)
        return Subquery(past.annotate(amount_then=counted).values("amount_then")[:1])

    rows = (
        lines_in(user, scope, first, last)
        .annotate(old_reported=then("reported_pounds"), old_verified=then("verified_pounds"))
        .filter(
            _differs("reported_pounds", "old_reported")
            | _differs("verified_pounds", "old_verified")
        )
        .select_related("commitment__contract", "commitment__measure__edition")
        .order_by("-decided_at", "-pk")[: limit + 1]
    )
    tells_each = total_reader(user, outward=False).may_have_each

    def is_withheld(row: ReturnLine) -> bool:
        return not (tells_each or row.commitment.measure.edition.values_may_be_published)

    found = [
        RestatedDelivery(
            return_pk=row.delivery_return_id,
            label=f"{row.commitment.contract.reference}/{row.commitment.number} "
            f"{row.commitment.title or row.commitment.contract.title}",
            counted_in=Quarter(row.counted_year, row.counted_quarter),
            reported_then=None if is_withheld(row) else row.old_reported,
            reported_now=None if is_withheld(row) else row.reported_pounds,
            verified_then=None if is_withheld(row) else row.old_verified,
            verified_now=None if is_withheld(row) else row.verified_pounds,
            decided_by=row.decided_by_name,
            decided_at=row.decided_at,
            is_withheld=is_withheld(row),
        )
        for row in rows
    ]
    return tuple(found[:limit]), len(found) > limit


def _differs(now: str, then: str) -> Q:
    return (
        Q(**{f"{now}__isnull": True, f"{then}__isnull": False})
        | Q(**{f"{now}__isnull": False, f"{then}__isnull": True})
        | (Q(**{f"{now}__isnull": False, f"{then}__isnull": False}) & ~Q(**{now: F(then)}))
    )

"""What winners offered, agreement by agreement: the lines of a bid are sealed, its total is not."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Sum

from contracts.selectors.position import Scope, offers_in
from contracts.selectors.position_scope import total_reader
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import Quarter

from .report_rows import held_measures


@dataclass(frozen=True)
class OfferTotal:
    """`offered_pounds` None: nothing is priced, or `is_withheld` by a licence."""

    contract: int
    reference: str
    title: str
    rows: int
    offered_pounds: Decimal | None
    is_withheld: bool


def offer_totals(
    user: Any, kind: str, scope: Scope, first: Quarter | None, last: Quarter, *, outward: bool
) -> tuple[OfferTotal, ...]:
    """Of each agreement that `offered` adds up for this person. One query, and what they may see."""
    path, reader = "bid__tender__contract", total_reader(user, outward=outward)
    found = (
        offers_in(user, scope, first.start if first else None, last.end)
        .filter(requested__measure__kind=kind)
        .order_by()
        .values(f"{path}_id", f"{path}__reference", f"{path}__title")
        .annotate(
            lines=Count("pk"),
            total=Sum("offered_pounds"),
            held=held_measures("requested__measure", "offered_pounds"),
        )
        .order_by(f"{path}__reference", f"{path}_id")
    )
    totals = []
    for row in found:
        may_be_told = reader.may_have(row["held"])
        amount = pounds(row["total"]) if row["total"] is not None and may_be_told else None
        totals.append(
            OfferTotal(
                row[f"{path}_id"], row[f"{path}__reference"], row[f"{path}__title"], row["lines"],
                amount, not may_be_told,
            )
        )  # fmt: skip
    return tuple(totals)

"""A position with the completeness that every published figure lists."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, OuterRef

from trafford_sv.core.periods import Quarter

from ..four_figures import Completeness
from ..models import Contract, DeliveryReturn
from .delivery_sums import Closings
from .known import agreements_known
from .position import EVERYWHERE, Position, Scope, agreements_of, position
from .position_rows import promised_in
from .returns import completeness, expected_returns, seen_by


@dataclass(frozen=True)
class PositionReport:
    """`quarter` is the one whose returns `completeness` counts."""

    position: Position
    quarter: Quarter
    completeness: Completeness


def portfolio_report(
    user: Any,
    scope: Scope,
    *,
    first: Quarter | None,
    last: Quarter,
    returns_of: Quarter | None = None,
    outward: bool = False,
    as_known: datetime.datetime | None = None,
    closings: Closings | None = None,
    with_awards: bool = True,
) -> PositionReport:
    """The four figures, and how many of a quarter's returns are in. 2 queries, and one as in
    `position`.

    `returns_of`: the last of the period unless given. While a quarter runs nobody owes its
    return, so a page about today names the one before. `as_known`: as known at that moment.
    """
    quarter = returns_of or last
    return PositionReport(
        position=position(
            user,
            scope,
            first=first,
            last=last,
            outward=outward,
            as_known=as_known,
            closings=closings,
            with_awards=with_awards,
        ),  # fmt: skip
        quarter=quarter,
        completeness=completeness_of(user, scope, quarter, as_known=as_known),
    )


def came_in(rows: Any, scope: Scope, quarter: Quarter) -> Any:
    """Of these returns, the ones that `completeness_of` counts as received. No query."""
    due = expected_returns(
        quarter,
        contracts=Contract.objects.filter(agreements_of(scope)).values("pk"),
        seen=promised_in(scope),
    ).filter(contract=OuterRef("contract_id"), supplier=OuterRef("supplier_id"))
    return rows.filter(
        Exists(due),
        financial_year=quarter.start_year,
        quarter=quarter.number,
        state__in=DeliveryReturn.RECEIVED_STATES,
    )


def completeness_of(
    user: Any, scope: Scope, quarter: Quarter, *, as_known: datetime.datetime | None = None
) -> Completeness:
    """Of the returns that agreements in the scope owe for the quarter. 1 query.

    A theme, a measure or a ward is a part of a return, so there each return that owes something of it
    counts once.
    """
    agreements: Any = Contract.objects.all()
    if user is not EVERYWHERE:
        agreements = Contract.objects.visible_to(user)
    if as_known is None:
        found = agreements.filter(agreements_of(scope))
    else:
        every = agreements_known(as_known)
        kept = every.filter(agreements_of(scope, among=every))
        found = agreements.filter(pk__in=kept.values("id"))
    promised = promised_in(scope, as_known)
    return completeness(
        quarter,
        as_known=as_known,
        contracts=found.values("pk"),
        seen=promised if user is EVERYWHERE else promised & seen_by(user),
    )

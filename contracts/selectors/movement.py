"""Which rows moved a figure from one period to another: late returns, new agreements, new values.

The conditions are those of the list of deliveries (`moved=` and `compared=`), so that each part
of a change opens exactly its rows. Parts exclude each other: a line that came late is late,
whatever else it is; then one of a new agreement is new; the rest is delivery, of which the lines
whose value per unit changed bring a part that is told apart in pounds.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any

from django.db.models import (
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Sum,
    Value,
)

from trafford_sv.core.periods import Quarter

from ..models import Commitment, ReturnLine
from ..valuation import price_line

_POUNDS: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=2)


class Moved(StrEnum):
    LATE = "late"
    NEW = "new"
    REVALUED = "revalued"
    REST = "rest"
    IN_TIME = "in_time"


MOVED_WORDS = {
    Moved.LATE: "Of returns that came late",
    Moved.NEW: "Of agreements with nothing before",
    Moved.REVALUED: "At a value of one unit that changed",
    Moved.REST: "In time, of agreements that had something before",
    Moved.IN_TIME: "In time",
}

# A line that counts in a later quarter than the one that it is about.
CAME_LATE = Q(delivery_return__financial_year__lt=F("counted_year")) | Q(
    delivery_return__financial_year=F("counted_year"),
    delivery_return__quarter__lt=F("counted_quarter"),
)


def _until(last: Quarter) -> Q:
    return Q(counted_year__lt=last.start_year) | Q(
        counted_year=last.start_year, counted_quarter__lte=last.number
    )


def is_new(compared: Quarter) -> Any:
    """Of an agreement of which nothing counted by the end of the quarter compared with."""
    before = ReturnLine.objects.filter(
        _until(compared),
        is_counted=True,
        commitment__contract=OuterRef("commitment__contract"),
    )
    return ~Exists(before)


def is_revalued(compared: Quarter, path: str = "commitment__") -> Q:
    """Of a commitment that varied another after that quarter, with another value of one unit."""
    return Q(
        **{
            f"{path}replaces__value__isnull": False,
            f"{path}value__isnull": False,
            f"{path}agreed_on__gt": compared.end,
        }
    ) & ~Q(**{f"{path}value__value_pounds": F(f"{path}replaces__value__value_pounds")})


def moved(rows: QuerySet[ReturnLine], part: Moved | str, compared: Quarter) -> QuerySet[ReturnLine]:
    """The lines of one part of a change."""
    match Moved(part):
        case Moved.LATE:
            return rows.filter(CAME_LATE)
        case Moved.NEW:
            return rows.filter(~CAME_LATE, is_new(compared))
        case Moved.REVALUED:
            return rows.filter(~CAME_LATE, ~is_new(compared), is_revalued(compared))
        case Moved.REST:
            return rows.filter(~CAME_LATE, ~is_new(compared))
        case Moved.IN_TIME:
            return rows.filter(~CAME_LATE)


def revalued_lines(
    rows: QuerySet[ReturnLine], compared: Quarter, amount: str, quantity: str
) -> dict[int, Decimal]:
    """By agreement: what the new value of one unit adds to these lines, over what the old one would
    have made. One query.

    Priced by the one function that prices a line, so that it agrees with the stored pounds.
    """
    totals: dict[int, Decimal] = {}
    for contract, pounds, counted, share, old, kind in moved(
        rows, Moved.REVALUED, compared
    ).values_list(
        "commitment__contract_id",
        amount,
        quantity,
        "attribution_share",
        "commitment__replaces__value__value_pounds",
        "commitment__measure__kind",
    ):
        if pounds is not None:
            more = pounds - (price_line(counted, old, kind, share) or Decimal(0))
            totals[contract] = totals.get(contract, Decimal(0)) + more
    return totals


def revalued_commitments(rows: QuerySet[Commitment], compared: Quarter) -> dict[int, Decimal]:
    """The same for promises."""
    totals: dict[int, Decimal] = {}
    for contract, pounds, promised, old, kind in rows.filter(
        is_revalued(compared, path=""), state=Commitment.State.AGREED
    ).values_list(
        "contract_id", "committed_pounds", "promised_quantity", "replaces__value__value_pounds",
        "measure__kind",
    ):  # fmt: skip
        if pounds is not None:
            more = pounds - (price_line(promised, old, kind) or Decimal(0))
            totals[contract] = totals.get(contract, Decimal(0)) + more
    return totals


def kept_in(path: str) -> Q:
    """Rows from which a value could be told that a licence keeps in: their own, or the one before it."""
    return Q(**{f"{path}measure__edition__values_may_be_published": False}) | Q(
        **{f"{path}replaces__measure__edition__values_may_be_published": False}
    )


def summed_by(
    periods: Sequence[QuerySet[Any]], agreement: str, **amounts: Any
) -> list[dict[int, dict[str, Any]]]:
    """Of each of these rows, by agreement: each of `amounts` (an aggregate) as pounds. One query for all."""
    names = list(amounts)
    branches = [
        rows.order_by()
        .annotate(period=Value(number, IntegerField()))
        .values("period", agreement)
        .annotate(**amounts)
        .values_list("period", agreement, *names)
        .order_by()
        for number, rows in enumerate(periods)
    ]
    found: list[dict[int, dict[str, Any]]] = [{} for _ in periods]
    for number, pk, *values in branches[0].union(*branches[1:], all=True).order_by():
        found[number][pk] = {
            name: value if isinstance(value, int) else _pounds(value)
            for name, value in zip(names, values, strict=True)
        }
    return found


def any_row(of: Sequence[QuerySet[Any]]) -> bool:
    """Whether any of these has a row. One query, none for none of them."""
    branches = [
        rows.order_by()
        .annotate(any=Value(1, IntegerField()))
        .values("any")
        .annotate(rows=Count("pk"))
        .values_list("rows", flat=True)
        .order_by()
        for rows in of
    ]
    return bool(branches) and any(branches[0].union(*branches[1:], all=True).order_by())


def summed(rows: QuerySet[Any], amount: str) -> Decimal:
    found = rows.order_by().aggregate(total=Sum(amount, output_field=_POUNDS))["total"]
    return _pounds(found)


def _pounds(amount: Decimal | None) -> Decimal:
    # SQLite adds decimals in binary; each addend was whole pennies, so the sum is too.
    return Decimal(0) if amount is None else amount.quantize(Decimal("0.01"))

"""Which returns are expected, which of them are due, and everything about one of them.

A return is expected of a supplier for an agreement and a quarter when a commitment that both
sides agreed has something planned in the quarter or runs through it, and the agreement was not
over before the quarter began. Completeness, reminders and the supplier's list all ask here.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import (
    Case,
    Exists,
    F,
    IntegerField,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from trafford_sv.core.access import reach
from trafford_sv.core.periods import Quarter

from ..due_dates import days_left, due_on, left_words
from ..four_figures import Completeness
from ..models import Commitment, Contract, DeliveryReturn, ProfileQuarter
from .known import agreements_known, known
from .return_detail import ReturnDetail, return_detail

__all__ = [
    "DueReturn",
    "ReturnDetail",
    "completeness",
    "expected_commitments",
    "expected_returns",
    "own_suppliers",
    "received_of",
    "return_detail",
    "returns_due",
]
# How far back a return that never came is still listed as late.
QUARTERS_BACK = 12


def own_suppliers(user: Any) -> list[int]:
    """The organisations that this person reports for, by key."""
    _, own = reach(user, "report_delivery")
    return [pk for role, pk in own if role == "supplier"]


def expected_commitments(
    quarter: Quarter, as_known: datetime.datetime | None = None
) -> QuerySet[Any]:
    """The agreed commitments that make a return expected for the quarter, as known at a moment."""
    planned = ProfileQuarter.objects.filter(
        commitment=OuterRef("id"),
        financial_year=quarter.start_year,
        quarter=quarter.number,
    )
    running = Q(first_day__lte=quarter.end) & (
        Q(last_day__isnull=True) | Q(last_day__gte=quarter.start)
    )
    agreed: QuerySet[Any] = Commitment.objects.counted()
    begins: Any = F("contract__start")
    ends: Any = F("contract__end")
    not_over = _not_over("contract__", quarter)
    if as_known is not None:
        agreed = known(Commitment, as_known).filter(state=Commitment.State.AGREED)
        agreements = agreements_known(as_known)
        of_row = agreements.filter(id=OuterRef("contract_id"))
        begins, ends = (Subquery(of_row.values(name)[:1]) for name in ("start", "end"))
        not_over = Q(contract_id__in=agreements.filter(_not_over("", quarter)).values("id"))
    found: QuerySet[Any] = agreed.annotate(
        first_day=Coalesce("starts", begins, "agreed_on"),
        last_day=Coalesce("due", ends),
    ).filter(not_over, Exists(planned) | running)
    return found


def _not_over(path: str, quarter: Quarter) -> Q:
    over = [Contract.Stage.ENDED, Contract.Stage.TERMINATED]
    return Q(**{f"{path}end__gte": quarter.start}) | (
        Q(**{f"{path}end__isnull": True}) & ~Q(**{f"{path}stage__in": over})
    )


def expected_returns(
    quarter: Quarter,
    *,
    contracts: Any = None,
    suppliers: Collection[int] | None = None,
    kinds: Collection[str] | None = None,
    seen: Q | None = None,
    as_known: datetime.datetime | None = None,
) -> QuerySet[Any, Any]:
    """Rows {contract_id, supplier_id} of the returns expected for a quarter; lazy, to be joined.

    `contracts`: keys or a queryset; `kinds`: of agreement, all unless named; `seen`: the
    commitments that a person may know of (`seen_by`).
    """
    rows = expected_commitments(quarter, as_known)
    if seen is not None:
        rows = rows.filter(seen)
    if contracts is not None:
        rows = rows.filter(contract__in=contracts)
    if suppliers is not None:
        rows = rows.filter(supplier__in=suppliers)
    if kinds is not None:
        rows = rows.filter(contract__kind__in=kinds)
    return rows.order_by().values("contract_id", "supplier_id").distinct()


def seen_by(user: Any) -> Q:
    """Whose returns a person may know of: on a shared contract a supplier's own only."""
    everything, own = reach(user, "view_commitments")
    if everything:
        return Q()
    return Q(
        contract__directorate_id__in=[pk for role, pk in own if role == "contract_manager"]
    ) | Q(supplier_id__in=[pk for role, pk in own if role == "supplier"])


def _received(quarter: Quarter, as_known: datetime.datetime | None = None) -> QuerySet[Any]:
    """The return of a row of `expected_returns`, where it came in."""
    rows: QuerySet[Any] = DeliveryReturn.objects.received()  # type: ignore[attr-defined]
    if as_known is not None:
        rows = known(DeliveryReturn, as_known).filter(state__in=DeliveryReturn.RECEIVED_STATES)
    found: QuerySet[Any] = rows.filter(
        contract=OuterRef("contract_id"),
        supplier=OuterRef("supplier_id"),
        financial_year=quarter.start_year,
        quarter=quarter.number,
    )
    return found


def received_of(rows: QuerySet[Any, Any], quarter: Quarter) -> QuerySet[Any, Any]:
    """Those of `expected_returns` that came in."""
    return rows.filter(Exists(_received(quarter)))


def completeness(
    quarter: Quarter, *, as_known: datetime.datetime | None = None, **scope: Any
) -> Completeness:
    """How many of a quarter's expected returns have come in. One query; scope as above."""
    rows = expected_returns(quarter, as_known=as_known, **scope).annotate(
        came=Case(
            When(Exists(_received(quarter, as_known)), then=Value(1)),
            default=Value(0),
            output_field=IntegerField(),
        )
    )
    # The distinct rows are one subquery; both counts are taken over it at once.
    counted = rows.aggregate(expected=Sum(Value(1)), received=Sum("came"))
    return Completeness(counted["expected"] or 0, counted["received"] or 0)


@dataclass(frozen=True)
class DueReturn:
    """One expected return that has not come in. `return_pk` is None where nobody has begun it."""

    contract_pk: int
    reference: str
    title: str
    kind: str
    supplier_pk: int
    supplier_name: str
    quarter: Quarter
    due_on: datetime.date
    days_left: int
    state: str
    return_pk: int | None

    @property
    def is_late(self) -> bool:
        return self.days_left < 0

    @property
    def words(self) -> str:
        return left_words(self.days_left)


def returns_due(
    organisation_ids: Collection[int] | None,
    as_of: datetime.date,
    *,
    quarters: Iterable[Quarter] | None = None,
    contracts: Any = None,
) -> tuple[DueReturn, ...]:
    """Expected returns that have not come in, the most late first. At most two queries.

    Of these suppliers (None: of all), for the quarters named, or for all up to the running one.
    """
    wanted = list(quarters) if quarters is not None else _quarters_to(as_of, organisation_ids)
    if not wanted:
        return ()
    own = DeliveryReturn.objects.filter(
        contract=OuterRef("contract_id"), supplier=OuterRef("supplier_id")
    )
    parts = []
    for quarter in wanted:
        mine = own.filter(financial_year=quarter.start_year, quarter=quarter.number)
        parts.append(
            expected_returns(quarter, contracts=contracts, suppliers=organisation_ids)
            .annotate(
                year=Value(quarter.start_year, output_field=IntegerField()),
                number_of_quarter=Value(quarter.number, output_field=IntegerField()),
                return_pk=Subquery(mine.values("pk")[:1]),
                return_state=Subquery(mine.values("state")[:1]),
            )
            .filter(Q(return_state__isnull=True) | Q(return_state=DeliveryReturn.State.DRAFT))
            .values_list(
                "contract_id", "contract__reference", "contract__title", "contract__kind",
                "supplier_id", "supplier__name", "year", "number_of_quarter", "return_pk",
                "return_state",
            )
        )  # fmt: skip
    rows = parts[0].union(*parts[1:], all=True) if len(parts) > 1 else parts[0]
    found = []
    for contract, reference, title, kind, supplier, name, year, number, pk, state in rows:
        quarter = Quarter(year, number)
        found.append(
            DueReturn(
                contract, reference, title, kind, supplier, name, quarter, due_on(quarter),
                days_left(quarter, as_of), state or "", pk,
            )
        )  # fmt: skip
    return tuple(sorted(found, key=lambda due: (due.due_on, due.reference, due.supplier_pk)))


def _quarters_to(as_of: datetime.date, organisation_ids: Collection[int] | None) -> list[Quarter]:
    """From the first day of the suppliers' first commitment to the running quarter."""
    rows = Commitment.objects.counted()
    if organisation_ids is not None:
        rows = rows.filter(supplier__in=organisation_ids)
    earliest = rows.order_by().aggregate(
        day=Min(Coalesce("starts", "contract__start", "agreed_on"))
    )["day"]
    if earliest is None or earliest > as_of:
        return []
    quarter = Quarter.of(as_of)
    found = [quarter]
    while len(found) < QUARTERS_BACK and quarter.start > earliest:
        quarter = quarter.previous
        found.append(quarter)
    return found

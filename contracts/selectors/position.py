"""The four figures of any scope: one contract, a supplier, a measure, or everything.

This is the one place they are read. Page, command, export and API ask here, and each figure
names the list of rows that it adds up (`/deliveries/`, `/commitments/`).

* offered: the winning bids of agreements in the scope.
* committed: what both sides agreed by the end of the period, on agreements in force during it.
  A commitment that was varied counts in full until its variation is agreed. From then on it
  counts with what was verified under it by the end of the period: that part of the promise was
  kept, and the variation promises what comes after. So no variation takes committed below
  verified. A commitment withdrawn outright is no longer committed.
* reported: lines of submitted returns that count in the period.
* verified: the part of those that an officer accepted.

Every amount was rounded per line when it was written; here amounts are only added. Social and
local economic value stay apart. A sum over nothing is None, a sum over zeros is 0.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    F,
    IntegerField,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast

from trafford_sv.core.access import reach
from trafford_sv.core.money import pounds, share
from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, FourFigures
from ..models import Award, Bid, Commitment, Contract, Offer, ReturnLine
from ..models.agreements import own_agreements

# Replaced by a variation that both sides agreed, also where that one was withdrawn since.
VARIED = Q(state=Commitment.State.WITHDRAWN, replaced_by__agreed_on__isnull=False)
_POUNDS: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=2)
OVER = (Contract.Stage.ENDED, Contract.Stage.TERMINATED)


class Everywhere:
    """In place of a person, for a command at the terminal and for a published report."""


EVERYWHERE = Everywhere()


@dataclass(frozen=True)
class Scope:
    """What the figures are about. Names are those of the lists behind them; None is "any".

    `agreement`: contract, grant, planning or pledge. `measure`: a code, in one `edition` or in
    all. `theme`: a title, because editions share themes. `ward`: a ward's code.
    """

    agreement: str = ""
    contract: int | None = None
    supplier: int | None = None
    measure: str = ""
    edition: int | None = None
    theme: str = ""
    directorate: int | None = None
    ward: str = ""

    def query(self, **more: Any) -> str:
        """The parameters of a list page that hold exactly this scope's rows."""
        held = {one.name: getattr(self, one.name) for one in fields(self)}
        return urlencode({k: v for k, v in {**held, **more}.items() if v not in (None, "")})


@dataclass(frozen=True)
class Counts:
    """What the sums rest on, so that nobody takes a gap for a zero."""

    agreements: int = 0
    commitments: int = 0
    commitments_varied: int = 0  # besides those; they count with what was verified under them
    commitments_without_value: int = 0
    lines: int = 0
    lines_not_reported: int = 0
    lines_undecided: int = 0
    lines_without_value: int = 0


@dataclass(frozen=True)
class Position:
    """The four figures of a scope in one period, with what they rest on."""

    scope: Scope
    first: datetime.date | None
    last: datetime.date
    figures: FourFigures
    counts: Counts
    contract_value_pounds: Decimal | None
    contracts_without_value: int
    tendered_value_pounds: Decimal | None = None
    of_kind: Mapping[str, Counts] = field(default_factory=dict)  # `counts`, for each kind of value

    @property
    def offered_share(self) -> Decimal | None:
        """Social value offered for each pound of the contracts that have a winning bid.

        Contracts whose bids are not recorded are no part of the base: their offers are unknown.
        """
        offered = self.figures.offered
        return share(offered.social_pounds if offered else None, self.tendered_value_pounds)


def _reach(user: Any, permission: str) -> tuple[bool, list[tuple[str, int]]]:
    return (True, []) if user is EVERYWHERE else reach(user, permission)


def _reads(user: Any, path: str) -> Q:
    """Whose agreements this person sees, as `Commitment.visible_to` has it. `path` to a commitment."""
    everything, own = _reach(user, "view_commitments")
    if everything:
        return Q()
    directorates = [pk for role, pk in own if role == "contract_manager"]
    suppliers = [pk for role, pk in own if role == "supplier"]
    return Q(**{f"{path}contract__directorate_id__in": directorates}) | Q(
        **{f"{path}supplier_id__in": suppliers}
    )


def agreements_of(scope: Scope, path: str = "") -> Q:
    """The scope's conditions on the agreement at `path` ("" for the agreement itself)."""
    found = own_agreements(path)
    if scope.agreement:
        found &= Q(**{f"{path}kind": scope.agreement})
    if scope.contract is not None:
        # A page about one contract shows that contract, whoever bought it.
        found = Q(**{f"{path}pk": scope.contract})
    if scope.directorate is not None:
        found &= Q(**{f"{path}directorate_id": scope.directorate})
    return found


def _measured(scope: Scope, path: str) -> Q:
    found = Q()
    if scope.measure:
        found &= Q(**{f"{path}code": scope.measure})
    if scope.edition is not None:
        found &= Q(**{f"{path}edition_id": scope.edition})
    if scope.theme:
        found &= Q(**{f"{path}outcome__theme__title": scope.theme})
    return found


def _in_force(path: str, first: datetime.date | None, last: datetime.date) -> Q:
    """Agreements that had begun by `last` and were not over before `first`.

    Without an end date only the stage says that one is over.
    """
    begun = Q(**{f"{path}start__isnull": True}) | Q(**{f"{path}start__lte": last})
    if first is None:
        return begun
    no_end = Q(**{f"{path}end__isnull": True})
    return begun & (Q(**{f"{path}end__gte": first}) | (no_end & ~Q(**{f"{path}stage__in": OVER})))


def _stood(last: datetime.date) -> Q:
    """Of `commitments_in`, those that no variation had replaced by then."""
    return Q(state=Commitment.State.AGREED) | Q(replaced_by__agreed_on__gt=last)


def commitments_in(
    user: Any, scope: Scope, first: datetime.date | None, last: datetime.date
) -> QuerySet[Commitment]:
    """The rows that `committed` adds up, each with its part as `counted_pounds`."""
    verified = (
        ReturnLine.objects.filter(
            _quarters(None, Quarter.of(last)), commitment=OuterRef("pk"), is_counted=True
        )
        .order_by()
        .values("commitment")
        .annotate(pounds=Sum("verified_pounds"))
        .values("pounds")
    )
    rows: QuerySet[Commitment] = Commitment.objects.filter(
        Q(state=Commitment.State.AGREED) | VARIED,
        _reads(user, ""),
        agreements_of(scope, "contract__"),
        _in_force("contract__", first, last),
        agreed_on__lte=last,
    ).annotate(
        counted_pounds=Case(
            When(_stood(last), then=F("committed_pounds")),
            default=Subquery(verified),
            output_field=_POUNDS,
        )
    )
    if scope.supplier is not None:
        rows = rows.filter(supplier_id=scope.supplier)
    rows = rows.filter(_measured(scope, "measure__"))
    if scope.ward:
        rows = rows.filter(_serves(scope.ward, "pk"))
    return rows


def lines_in(user: Any, scope: Scope, first: Quarter | None, last: Quarter) -> QuerySet[ReturnLine]:
    """The rows that `reported` and `verified` add up: what counts from quarter to quarter."""
    rows: QuerySet[ReturnLine] = ReturnLine.objects.filter(
        _reads(user, "commitment__"),
        agreements_of(scope, "commitment__contract__"),
        _quarters(first, last),
        is_counted=True,
    )
    if scope.supplier is not None:
        rows = rows.filter(commitment__supplier_id=scope.supplier)
    rows = rows.filter(_measured(scope, "commitment__measure__"))
    if scope.ward:
        rows = rows.filter(_serves(scope.ward, "commitment_id"))
    return rows


def _serves(ward: str, key: str) -> Q:
    through = Commitment.wards.through.objects.filter(area__code=ward).values("commitment_id")
    return Q(**{f"{key}__in": through})


def _quarters(first: Quarter | None, last: Quarter) -> Q:
    if first == last:
        return Q(counted_year=last.start_year, counted_quarter=last.number)
    until = Q(counted_year__lt=last.start_year) | Q(
        counted_year=last.start_year, counted_quarter__lte=last.number
    )
    if first is None:
        return until
    return until & (
        Q(counted_year__gt=first.start_year)
        | Q(counted_year=first.start_year, counted_quarter__gte=first.number)
    )


def offers_in(user: Any, scope: Scope, first: datetime.date | None, last: datetime.date) -> Any:
    """What the winners offered. Whoever reads commitments reads this total, never a bid."""
    everything, own = _reach(user, "view_commitments")
    seen = Q()
    if not everything:
        seen = Q(
            bid__tender__contract__directorate_id__in=[
                pk for role, pk in own if role == "contract_manager"
            ]
        ) | Q(bid__organisation_id__in=[pk for role, pk in own if role == "supplier"])
    rows = Offer.objects.filter(
        seen,
        agreements_of(scope, "bid__tender__contract__"),
        _in_force("bid__tender__contract__", first, last),
        bid__state=Bid.State.WON,
        offered_quantity__isnull=False,
    )
    if scope.supplier is not None:
        rows = rows.filter(bid__organisation_id=scope.supplier)
    rows = rows.filter(_measured(scope, "requested__measure__"))
    if scope.ward:
        rows = rows.filter(_serves(scope.ward, "commitment__pk"))
    return rows


def position(user: Any, scope: Scope, *, first: Quarter | None, last: Quarter) -> Position:
    """The four figures from quarter to quarter; `first` None is "since the beginning". 2 queries.

    A part of an agreement (a measure, a theme, a ward, one supplier's part) has no contract value.
    """
    starts = first.start if first else None
    found: dict[str, dict[str, _Sums]] = {"offered": {}, "committed": {}, "delivered": {}}
    for figure, kind, *sums in (
        _sums(
            offers_in(user, scope, starts, last.end),
            "offered",
            "requested__measure__kind",
            one="offered_pounds",
        )
        .union(
            _sums(
                commitments_in(user, scope, starts, last.end),
                "committed",
                "measure__kind",
                one="counted_pounds",
                blank=~_stood(last.end),
                unpriced=Q(committed_pounds__isnull=True) & _stood(last.end),
            ),
            _sums(
                lines_in(user, scope, first, last),
                "delivered",
                "commitment__measure__kind",
                one="reported_pounds",
                two="verified_pounds",
                blank=Q(reported_quantity__isnull=True),
                undecided=Q(state=ReturnLine.State.OPEN),
                unpriced=Q(reported_quantity__isnull=False, reported_pounds__isnull=True),
            ),
            all=True,
        )
        .order_by()
    ):
        found[figure][kind] = _Sums(*sums)
    offered, committed, delivered = found["offered"], found["committed"], found["delivered"]
    value, tendered, agreements, without_value = _contract_value(user, scope, starts, last.end)
    return Position(
        scope=scope,
        first=starts,
        last=last.end,
        figures=FourFigures(
            offered=amounts((kind, row.one) for kind, row in offered.items()),
            committed=amounts((kind, row.one) for kind, row in committed.items()),
            reported=amounts((kind, row.one) for kind, row in delivered.items()),
            verified=amounts((kind, row.two) for kind, row in delivered.items()),
        ),
        counts=_counts(committed, delivered, agreements),
        of_kind={
            kind: _counts(_only(kind, committed), _only(kind, delivered), agreements)
            for kind in {*committed, *delivered}
        },
        contract_value_pounds=value,
        contracts_without_value=without_value,
        tendered_value_pounds=tendered,
    )


@dataclass(frozen=True)
class _Sums:
    """What one branch of the query says of one kind of value; the same columns for each.

    `blank`: lines without a quantity, or commitments that were varied.
    """

    one: Decimal | None
    two: Decimal | None
    rows: int
    blank: int
    undecided: int
    unpriced: int


def _only(kind: str, found: dict[str, _Sums]) -> dict[str, _Sums]:
    return {kind: found[kind]} if kind in found else {}


def _counts(committed: dict[str, _Sums], delivered: dict[str, _Sums], agreements: int) -> Counts:
    return Counts(
        agreements=agreements,
        commitments=sum(row.rows - row.blank for row in committed.values()),
        commitments_varied=sum(row.blank for row in committed.values()),
        commitments_without_value=_unpriced(committed),
        lines=sum(row.rows for row in delivered.values()),
        lines_not_reported=sum(row.blank for row in delivered.values()),
        lines_undecided=sum(row.undecided for row in delivered.values()),
        lines_without_value=_unpriced(delivered),
    )


def _unpriced(found: dict[str, _Sums]) -> int:
    """Rows that could have pounds and have none. What is only counted never could."""
    return sum(row.unpriced for kind, row in found.items() if kind != "record_only")


_NEVER = Q(pk__in=[])


def _sums(
    rows: Any,
    figure: str,
    kind: str,
    *,
    one: str,
    two: str = "",
    blank: Q = _NEVER,
    undecided: Q = _NEVER,
    unpriced: Q = _NEVER,
) -> Any:
    """One branch: (figure, kind, two sums, four counts), a row for each kind of value."""
    return (
        rows.annotate(figure=Value(figure, CharField()), kind_of_value=F(kind))
        .values("figure", "kind_of_value")
        .annotate(
            one=Sum(one, output_field=_POUNDS),
            two=Sum(two, output_field=_POUNDS) if two else Cast(Value(None), _POUNDS),
            rows=Count("pk"),
            blank=_count(blank),
            undecided=_count(undecided),
            unpriced=_count(unpriced),
        )
        .values_list(
            "figure", "kind_of_value", "one", "two", "rows", "blank", "undecided", "unpriced"
        )
        .order_by()
    )


def _count(condition: Q) -> Any:
    return Value(0, IntegerField()) if condition is _NEVER else Count("pk", filter=condition)


def amounts(rows: Iterable[tuple[str, Decimal | None]]) -> Amounts:
    by_kind = {kind: amount for kind, amount in rows if amount is not None}
    social, local = by_kind.get("social"), by_kind.get("local_economic")
    # SQLite adds decimals in binary; each addend was whole pennies, so the sum is too.
    return Amounts(
        None if social is None else pounds(social), None if local is None else pounds(local)
    )


def awards_in(
    user: Any, scope: Scope, first: datetime.date | None, last: datetime.date
) -> QuerySet[Award]:
    """Awards made by `last` on agreements in force, each with `has_bid`: its winning bid is recorded.

    None for a part of an agreement (a measure, a theme, a ward, a supplier): no part of the value is its.
    """
    parts = (scope.measure, scope.theme, scope.ward, scope.edition, scope.supplier)
    if any(part not in ("", None) for part in parts):
        return Award.objects.none()
    everything, own = _reach(user, "view_contracts")
    seen = Q()
    if not everything:
        seen = Q(
            contract__directorate_id__in=[pk for role, pk in own if role == "contract_manager"]
        ) | Q(supplier_links__organisation_id__in=[pk for role, pk in own if role == "supplier"])
    awards: QuerySet[Award] = Award.objects.filter(
        seen,
        agreements_of(scope, "contract__"),
        _in_force("contract__", first, last),
        status__in=Award.COUNTED_STATUSES,
        awarded_on__lte=last,
    )
    if not scope.agreement and scope.contract is None:
        # A grant is not contract value; asked for by kind, it is the grant's own.
        awards = awards.filter(contract__kind=Contract.Kind.CONTRACT)
    won = Bid.objects.filter(tender__contract=OuterRef("contract"), state=Bid.State.WON)
    return awards.annotate(has_bid=Exists(won))


def _contract_value(
    user: Any, scope: Scope, first: datetime.date | None, last: datetime.date
) -> tuple[Decimal | None, Decimal | None, int, int]:
    """Awards made by `last` on agreements in force: pounds, the part of it whose contract has a
    winning bid, agreements, and awards without a value.
    """
    awards = awards_in(user, scope, first, last)
    if awards.query.is_empty():
        return None, None, 0, 0
    found = awards.aggregate(
        total=Sum("value_pounds", filter=Q(contract__is_framework=False)),
        tendered=Sum("value_pounds", filter=Q(has_bid=True, contract__is_framework=False)),
        agreements=Count("contract_id", distinct=True),
        unknown=Count("pk", filter=Q(value_pounds__isnull=True, contract__is_framework=False)),
    )
    total, tendered = (
        None if found[name] is None else pounds(found[name]) for name in ("total", "tendered")
    )
    return total, tendered, found["agreements"], found["unknown"]

"""Figures over many contracts: by directorate, category, year and ward, and what needs a look.

One query each, whatever the number of contracts. A contract's value is the sum of its awards
and is counted once, however many suppliers share it. A value that is not recorded is left out
of a sum and counted in `without_value`, never taken for 0.

Every row carries `query`: the parameters of `/contracts/` that list exactly its contracts.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import (
    BooleanField,
    Case,
    Count,
    OuterRef,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Substr

from trafford_sv.core.money import pounds, share
from trafford_sv.core.periods import FinancialYear
from trafford_sv.directory.models import Area

from ..models import Contract, CpvCode
from ..models.agreements import ContractQuerySet, is_followed, not_over

OWN_COUNCIL = "own"


@dataclass(frozen=True)
class PortfolioFilters:
    """Which contracts a figure is about; the names are those of the list page.

    `buyer`: "own" leaves out the contracts of other buyers; an organisation's key; None for all.

    `portfolio`: "current" is awarded by the day and not over; "all" is everything awarded by
    the day, over or not.
    """

    portfolio: str = "current"
    directorate: int | None = None
    buyer: int | str | None = OWN_COUNCIL
    division: str = ""
    ward: str = ""

    def query(self, **more: Any) -> str:
        held = {field.name: getattr(self, field.name) for field in fields(self)}
        return urlencode({k: v for k, v in {**held, **more}.items() if v not in (None, "")})


@dataclass(frozen=True)
class PortfolioRow:
    """`value_pounds` adds the values that are recorded; None where none is.

    `over_threshold`: those that must carry social value. `cannot_say`: those where it cannot be
    judged. `with_social_value`: those of `over_threshold` where it is recorded as included.
    """

    key: str
    label: str
    contracts: int
    over_threshold: int
    cannot_say: int
    with_social_value: int
    value_pounds: Decimal | None
    over_threshold_pounds: Decimal | None
    without_value: int
    query: str


@dataclass(frozen=True)
class ThresholdSummary:
    """How the current portfolio stands against the threshold on the day.

    `shown_share` is with_social_value / over_threshold, None where nothing is over.
    """

    as_of: datetime.date
    contracts: int
    over_threshold: int
    under_threshold: int
    cannot_say: int
    with_social_value: int
    without_social_value: int
    not_recorded: int
    value_pounds: Decimal | None
    over_threshold_pounds: Decimal | None
    without_value: int
    query_all: str
    query_over: str
    query_missing: str
    query_cannot_say: str

    @property
    def shown_share(self) -> Decimal | None:
        return share(Decimal(self.with_social_value), Decimal(self.over_threshold))


@dataclass(frozen=True)
class PortfolioFigures:
    """What a dashboard shows of the portfolio, read in one query."""

    summary: ThresholdSummary
    by_directorate: tuple[PortfolioRow, ...]
    by_category: tuple[PortfolioRow, ...]
    by_year: tuple[PortfolioRow, ...]


@dataclass(frozen=True)
class ContractLine:
    """A contract in a short list. `days`: until `date`, below zero where it has passed."""

    pk: int
    reference: str
    title: str
    directorate: str
    stage: str
    stage_label: str
    value_pounds: Decimal | None
    awarded_on: datetime.date | None
    start: datetime.date | None
    end: datetime.date | None
    notice_date: datetime.date | None
    must_carry: bool | None
    social_value: str
    social_value_label: str
    has_successor: bool
    date: datetime.date | None = None
    days: int | None = None


@dataclass(frozen=True)
class Worklist:
    """The first `lines` of `total` contracts, worst first, and the list page that has them all."""

    total: int
    value_pounds: Decimal | None
    lines: tuple[ContractLine, ...]
    query: str


@dataclass(frozen=True)
class WardRow:
    """`geometry`: the ward's outline, for a map."""

    code: str
    name: str
    contracts: int
    query: str
    geometry: dict[str, Any] | None


@dataclass(frozen=True)
class WardCounts:
    """Current contracts by ward served; a contract serving two wards counts in both.

    `no_ward`: contracts with no ward recorded, which is not the same as serving none.
    """

    as_of: datetime.date
    rows: tuple[WardRow, ...]
    contracts: int
    no_ward: int
    query_no_ward: str

    @property
    def by_code(self) -> dict[str, int]:
        return {row.code: row.contracts for row in self.rows}


def portfolio(user: Any, as_of: datetime.date, filters: PortfolioFilters) -> ContractQuerySet:
    """The contracts a figure is about, with their figures, limited to what the person may see."""
    rows: Any = Contract.objects.visible_to(user).contracts().with_figures()
    rows = (
        rows.current_on(as_of)
        if filters.portfolio == "current"
        else rows.filter(awarded_on__lte=as_of)
    )
    if filters.directorate is not None:
        rows = rows.filter(directorate_id=filters.directorate)
    if filters.buyer == OWN_COUNCIL:
        rows = rows.of_own_council()
    elif filters.buyer is not None:
        rows = rows.filter(buyer_id=filters.buyer)
    if filters.division:
        rows = rows.filter(category__code__startswith=filters.division)
    if filters.ward:
        rows = rows.filter(
            pk__in=Contract.wards.through.objects.filter(area__code=filters.ward).values(
                "contract_id"
            )
        )
    return rows.annotate(has_successor=is_followed()).order_by()


_COLUMNS = (
    "kind", "key", "label", "n", "over", "unsaid", "carrying", "left_out", "unvalued", "value", "over_value",
)  # fmt: skip
# What is asked of each contract, once; everything below is added up from these rows.
_HELD = (
    "directorate_id", "directorate_name", "division", "social", "is_current", "awarded", "worth", "must",
)  # fmt: skip
_SUMS = """
    COUNT(*),
    SUM(CASE WHEN must THEN 1 ELSE 0 END),
    SUM(CASE WHEN must IS NULL THEN 1 ELSE 0 END),
    SUM(CASE WHEN must AND social = 'included' THEN 1 ELSE 0 END),
    SUM(CASE WHEN must AND social = 'not_included' THEN 1 ELSE 0 END),
    SUM(CASE WHEN worth IS NULL THEN 1 ELSE 0 END),
    SUM(worth),
    SUM(CASE WHEN must THEN worth END)
"""
_YEAR = """
    CAST(SUBSTR(CAST(awarded AS TEXT), 1, 4) AS INTEGER)
    - CASE WHEN SUBSTR(CAST(awarded AS TEXT), 6, 2) < '04' THEN 1 ELSE 0 END
"""
_BRANCHES = {
    "all": f"SELECT 'all', '', '', {_SUMS} FROM held WHERE is_current HAVING COUNT(*) > 0",
    "directorate": f"""
        SELECT 'directorate', CAST(directorate_id AS TEXT), directorate_name, {_SUMS}
        FROM held WHERE is_current GROUP BY directorate_id, directorate_name""",
    "division": f"""
        SELECT 'division', division, cpv.name, {_SUMS}
        FROM held LEFT JOIN {CpvCode._meta.db_table} cpv ON cpv.code = division || '000000'
        WHERE is_current GROUP BY division, cpv.name""",
    "year": f"SELECT 'year', CAST({_YEAR} AS TEXT), '', {_SUMS} FROM held GROUP BY {_YEAR}",
}


def _pounds(value: Any) -> Decimal | None:
    return None if value is None else pounds(Decimal(str(value)))


def _read(user: Any, as_of: datetime.date, filters: PortfolioFilters) -> list[dict[str, Any]]:
    """The sums by each kind of `_BRANCHES`, in one query over rows that are worked out once.

    Written in SQL because the ORM would repeat each contract's sub-queries in every sum: at
    10,000 contracts that took 13 seconds, and this takes a fraction of one.
    """
    every = portfolio(user, as_of, replace(filters, portfolio="all"))
    current = Case(
        When(not_over(as_of), then=Value(True)),
        default=Value(filters.portfolio != "current"),
        output_field=BooleanField(),
    )
    inner = every.annotate(is_current=current, division=Substr("category_id", 1, 2)).values_list(
        "directorate_id", "directorate__name", "division", "social_value_now", "is_current",
        "awarded_on", "value_pounds", "must_carry",
    )  # fmt: skip
    try:
        sql, params = inner.query.sql_with_params()
    except EmptyResultSet:  # a person who may see nothing
        return []
    branches = " UNION ALL ".join(
        f"SELECT * FROM ({branch}) {kind}_sums" for kind, branch in _BRANCHES.items()
    )
    with connection.cursor() as cursor:
        cursor.execute(f"WITH held ({', '.join(_HELD)}) AS MATERIALIZED ({sql}) {branches}", params)
        return [dict(zip(_COLUMNS, row, strict=True)) for row in cursor.fetchall()]


def _row(found: dict[str, Any], filters: PortfolioFilters) -> PortfolioRow:
    kind, key = found["kind"], found["key"] or ""
    if kind == "year":
        key = str(FinancialYear(int(key)))
        label, query = key.replace("-", "/"), filters.query(award_year=key)
    elif kind == "division":
        label = found["label"] or (f"Division {key}" if key else "No category recorded")
        query = filters.query(division=key or "none")
    else:
        label = found["label"] or "No directorate recorded"
        query = filters.query(directorate=key or "none")
    return PortfolioRow(
        key=key,
        label=label,
        contracts=found["n"],
        over_threshold=found["over"],
        cannot_say=found["unsaid"],
        with_social_value=found["carrying"],
        value_pounds=_pounds(found["value"]),
        over_threshold_pounds=_pounds(found["over_value"]),
        without_value=found["unvalued"],
        query=query,
    )


def _summary(
    found: dict[str, Any], as_of: datetime.date, filters: PortfolioFilters
) -> ThresholdSummary:
    return ThresholdSummary(
        as_of=as_of,
        contracts=found["n"],
        over_threshold=found["over"],
        under_threshold=found["n"] - found["over"] - found["unsaid"],
        cannot_say=found["unsaid"],
        with_social_value=found["carrying"],
        without_social_value=found["left_out"],
        not_recorded=found["over"] - found["carrying"] - found["left_out"],
        value_pounds=_pounds(found["value"]),
        over_threshold_pounds=_pounds(found["over_value"]),
        without_value=found["unvalued"],
        query_all=filters.query(),
        query_over=filters.query(must_carry="yes"),
        query_missing=filters.query(must_carry="yes", social_value="missing"),
        query_cannot_say=filters.query(must_carry="cannot-say"),
    )


_NOTHING: dict[str, Any] = {**dict.fromkeys(_COLUMNS, 0), "value": None, "over_value": None}


def _largest_first(rows: Iterable[PortfolioRow]) -> tuple[PortfolioRow, ...]:
    """Unnamed groups last, because they are work to do rather than an answer."""
    return tuple(
        sorted(rows, key=lambda row: (not row.key, -(row.value_pounds or Decimal(0)), row.label))
    )


def portfolio_figures(
    user: Any, as_of: datetime.date, filters: PortfolioFilters = PortfolioFilters()
) -> PortfolioFigures:
    """The summary and three breakdowns in one query. `by_year` covers everything awarded by the day."""
    years = replace(filters, portfolio="all")
    found = _read(user, as_of, filters)
    of = lambda kind: [item for item in found if item["kind"] == kind]  # noqa: E731
    return PortfolioFigures(
        summary=_summary((of("all") or [_NOTHING])[0], as_of, filters),
        by_directorate=_largest_first(_row(item, filters) for item in of("directorate")),
        by_category=_largest_first(_row(item, filters) for item in of("division")),
        by_year=tuple(sorted((_row(item, years) for item in of("year")), key=lambda row: row.key)),
    )


def notices_due(
    user: Any,
    as_of: datetime.date,
    days: int,
    filters: PortfolioFilters = PortfolioFilters(),
    *,
    limit: int = 5,
) -> Worklist:
    """Current contracts whose notice date falls within `days`, or passed in the last 30 days
    without a successor being linked; soonest first."""
    rows = portfolio(user, as_of, filters).notice_due(as_of, days)
    return _worklist(
        rows,
        order=("notice_date", "reference"),
        limit=limit,
        as_of=as_of,
        dated="notice_date",
        query=filters.query(notice_within=days),
    )


def _worklist(
    rows: ContractQuerySet,
    *,
    order: tuple[Any, ...],
    limit: int,
    as_of: datetime.date,
    dated: str,
    query: str,
) -> Worklist:
    """One query: the first few, each carrying the count and sum of all."""
    found = list(
        rows.annotate(all_rows=Window(Count("pk")), all_pounds=Window(Sum("value_pounds")))
        .order_by(*order)
        .values(*_LINE, "all_rows", "all_pounds")[:limit]
    )
    return Worklist(
        total=found[0]["all_rows"] if found else 0,
        value_pounds=_pounds(found[0]["all_pounds"]) if found else None,
        lines=tuple(_line(item, as_of, dated) for item in found),
        query=query,
    )


_LINE = (
    "pk", "reference", "title", "directorate__name", "stage", "value_pounds", "awarded_on", "start",
    "end", "notice_date", "must_carry", "social_value_now", "has_successor",
)  # fmt: skip


def _line(item: dict[str, Any], as_of: datetime.date, dated: str) -> ContractLine:
    date = item[dated] if dated else None
    return ContractLine(
        pk=item["pk"],
        reference=item["reference"],
        title=item["title"],
        directorate=item["directorate__name"] or "",
        stage=item["stage"],
        stage_label=Contract.Stage(item["stage"]).label,
        value_pounds=_pounds(item["value_pounds"]),
        awarded_on=item["awarded_on"],
        start=item["start"],
        end=item["end"],
        notice_date=item["notice_date"],
        must_carry=item["must_carry"],
        social_value=item["social_value_now"],
        social_value_label=Contract.SocialValue(item["social_value_now"]).label,
        has_successor=item["has_successor"],
        date=date,
        days=(date - as_of).days if date else None,
    )


def contracts_by_ward(
    user: Any, as_of: datetime.date, filters: PortfolioFilters = PortfolioFilters()
) -> WardCounts:
    """One query: all 21 wards of 2023 with their counts, each row carrying the totals."""
    current = portfolio(user, as_of, filters)
    links = Contract.wards.through.objects
    served = links.filter(area=OuterRef("pk"), contract__in=current.values("pk"))
    unplaced = current.exclude(pk__in=links.values("contract_id"))
    rows = (
        Area.objects.wards(2023)
        .annotate(
            n=Coalesce(Subquery(_count(served, "area")), 0),
            all_rows=Coalesce(Subquery(_count_all(current)), 0),
            no_ward=Coalesce(Subquery(_count_all(unplaced)), 0),
        )
        .order_by("name")
        .values("code", "name", "geometry", "n", "all_rows", "no_ward")
    )
    found = list(rows)
    return WardCounts(
        as_of=as_of,
        rows=tuple(
            WardRow(
                item["code"],
                item["name"],
                item["n"],
                filters.query(ward=item["code"]),
                item["geometry"],
            )
            for item in found
        ),
        contracts=found[0]["all_rows"] if found else 0,
        no_ward=found[0]["no_ward"] if found else 0,
        query_no_ward=filters.query(ward="none"),
    )


def _count(rows: Any, by: str) -> Any:
    return rows.order_by().values(by).annotate(n=Count("pk")).values("n")


def _count_all(rows: ContractQuerySet) -> Any:
    return (
        Contract.objects.filter(pk__in=rows.values("pk"))
        .order_by()
        .values(one=Value(1))
        .annotate(n=Count("pk"))
        .values("n")
    )

"""Retained spend and everything else that is read about payments."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    F,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, Round

from trafford_sv.core.money import pounds
from trafford_sv.core.periods import FinancialYear, Quarter
from trafford_sv.directory.models import Organisation

from ..models import (
    Payee,
    PayeeProposal,
    Payment,
    SpendCategory,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from ..retained import (
    CONTESTABLE,
    EXCLUDED,
    KNOWN,
    PARTS_OF,
    PLACES,
    UNKNOWN,
    ZERO,
    RetainedSpend,
)

Locality = Organisation.Locality


def place_is(place: str, payee: str = "payee__") -> Q:
    """`retained.place_of` in SQL: the condition for one of PLACES or of WIDER_PLACES, on a
    queryset that reaches the payee by `payee`."""
    if place == EXCLUDED:
        return Q(**{f"{payee}exclusion__isnull": False})
    contestable = Q(**{f"{payee}exclusion__isnull": True})
    if place == CONTESTABLE:
        return contestable
    if place == UNKNOWN:
        return contestable & (
            Q(**{f"{payee}organisation__isnull": True})
            | ~Q(**{f"{payee}organisation__locality__in": PARTS_OF[KNOWN]})
        )
    return contestable & Q(**{f"{payee}organisation__locality__in": PARTS_OF[place]})


def place_case(payee: str = "payee__") -> Case:
    """`retained.place_of` as a column: one of PLACES."""
    whens = [When(place_is(place, payee=payee), then=Value(place)) for place in PLACES]
    return Case(*whens, default=Value(UNKNOWN), output_field=CharField())


def _totals(
    user: Any,
    source: SpendSource | None,
    year: FinancialYear | None,
    quarter: Quarter | None = None,
    category: SpendCategory | int | None = None,
    directorate: Organisation | int | None = None,
    unit: SpendUnit | int | None = None,
) -> QuerySet[SpendTotal]:
    rows = SpendTotal.objects.visible_to(user)
    rows = rows.filter(source=source) if source else rows.filter(source__is_own_council=True)
    if year:
        rows = rows.filter(financial_year=year.start_year)
    if quarter:
        rows = rows.filter(financial_year=quarter.start_year, quarter=quarter.number)
    if category:
        rows = rows.filter(category=category)
    if directorate:
        rows = rows.filter(unit__directorate=directorate)
    if unit:
        rows = rows.filter(unit=unit)
    return rows


_SUMS: dict[str, Any] = {
    "excluded_pounds": Sum("amount_pounds", filter=place_is(EXCLUDED)),
    "trafford_pounds": Sum("amount_pounds", filter=place_is(Locality.TRAFFORD)),
    "greater_manchester_pounds": Sum("amount_pounds", filter=place_is(Locality.GREATER_MANCHESTER)),
    "elsewhere_pounds": Sum("amount_pounds", filter=place_is(Locality.ELSEWHERE)),
    "unknown_pounds": Sum("amount_pounds", filter=place_is(Locality.UNKNOWN)),
    "withheld_pounds": Sum(
        "amount_pounds",
        filter=place_is(Locality.UNKNOWN) & Q(payee__is_withheld=True),
    ),
    "line_count": Sum("lines"),
}


def _figure(row: dict[str, Any]) -> RetainedSpend:
    return RetainedSpend(
        **{name: pounds(row[name] or ZERO) for name in _SUMS if name != "line_count"},
        lines=row["line_count"] or 0,
    )


def retained_spend(
    user: Any,
    source: SpendSource | None = None,
    year: FinancialYear | None = None,
    quarter: Quarter | None = None,
    category: SpendCategory | int | None = None,
    directorate: Organisation | int | None = None,
    unit: SpendUnit | int | None = None,
) -> RetainedSpend:
    """Where the money went, in one query over the roll-up.

    `source` None means the council's own payments; `year` None means every year. A person
    without `view_spend` gets the figure of no payments at all: zero pounds, shares None.
    """
    rows = _totals(user, source, year, quarter, category, directorate, unit)
    return _figure(rows.aggregate(**_SUMS))


def retained_spend_everywhere(
    *,
    source: SpendSource | None = None,
    year: FinancialYear | None = None,
    first: Quarter | None = None,
    last: Quarter | None = None,
) -> RetainedSpend:
    """The same figure for whoever holds the server: the command line, reports in the background.

    `first` and `last` are quarters, both counted; None is open.
    """
    rows = SpendTotal.objects.all()
    rows = rows.filter(source=source) if source else rows.filter(source__is_own_council=True)
    if year:
        rows = rows.filter(financial_year=year.start_year)
    if last:
        rows = rows.filter(
            Q(financial_year__lt=last.start_year)
            | Q(financial_year=last.start_year, quarter__lte=last.number)
        )
    if first:
        rows = rows.filter(
            Q(financial_year__gt=first.start_year)
            | Q(financial_year=first.start_year, quarter__gte=first.number)
        )
    return _figure(rows.aggregate(**_SUMS))


@dataclass(frozen=True)
class RetainedGroup:
    """The figure for one quarter, year, category, unit or directorate. `key` filters by it."""

    key: Any
    label: str
    spend: RetainedSpend


_GROUPS: dict[str, tuple[str, ...]] = {
    "year": ("financial_year",),
    "quarter": ("financial_year", "quarter"),
    "category": ("category_id", "category__label"),
    "unit": ("unit_id", "unit__name"),
    "directorate": ("unit__directorate_id", "unit__directorate__name"),
}


def retained_spend_by(
    user: Any,
    by: str,
    source: SpendSource | None = None,
    year: FinancialYear | None = None,
    quarter: Quarter | None = None,
    limit: int | None = None,
) -> list[RetainedGroup]:
    """The same figure for each `by`: "year", "quarter", "category", "unit", "directorate".

    Periods in their order, the rest largest contestable spend first. One query.
    """
    fields = _GROUPS[by]
    rows = _totals(user, source, year, quarter).order_by().values(*fields).annotate(**_SUMS)
    groups = [RetainedGroup(*_name(by, row), _figure(row)) for row in rows]
    if by in ("year", "quarter"):
        groups.sort(key=lambda group: group.key)
    else:
        groups.sort(key=lambda group: (-group.spend.contestable_pounds, group.label))
    return groups[:limit]


def _name(by: str, row: dict[str, Any]) -> tuple[Any, str]:
    if by == "year":
        year = FinancialYear(row["financial_year"])
        return str(year), year.label
    if by == "quarter":
        quarter = Quarter(row["financial_year"], row["quarter"])
        return quarter.code, f"Q{quarter.number} {quarter.year.label}"
    key, label = (row[name] for name in _GROUPS[by])
    missing = {"directorate": "Not linked to a directorate", "unit": "Not stated"}
    return key, label or missing.get(by, "Not classified")


def spend_years(user: Any, source: SpendSource | None = None) -> list[FinancialYear]:
    """The years that have payments, latest first."""
    starts = (
        _totals(user, source, None)
        .order_by("-financial_year")
        .values_list("financial_year", flat=True)
        .distinct()
    )
    return [FinancialYear(start) for start in starts]


@dataclass(frozen=True)
class UnknownPayee:
    """A payee whose location is not known, what it was paid, and the best proposal if any."""

    payee: Payee
    pounds: Decimal
    lines: int
    proposal: PayeeProposal | None
    of_unknown: Decimal | None  # its share of all unknown spend, withheld names left out


def payees_with_totals(
    user: Any, source: SpendSource | None = None, year: FinancialYear | None = None
) -> QuerySet[Payee]:
    """Payees with `pounds` (None where nothing falls in the year) and `line_count`."""
    when = Q(totals__financial_year=year.start_year) if year else Q()
    rows = Payee.objects.visible_to(user)
    rows = rows.filter(source=source) if source else rows.filter(source__is_own_council=True)
    return rows.annotate(
        # Rounded because SQLite adds in binary: what nets to nothing must not be above zero.
        pounds=Round(Sum("totals__amount_pounds", filter=when), 2),
        line_count=Coalesce(Sum("totals__lines", filter=when), 0),
    )


def paid_in(rows: QuerySet[Payee], period: FinancialYear | Quarter | None = None) -> QuerySet[Any]:
    """Payees with `pounds` and `line_count` of the period, both None without a payment in it;
    None: of all periods."""
    totals = SpendTotal.objects.filter(payee=OuterRef("pk")).order_by().values("payee")
    if isinstance(period, Quarter):
        totals = totals.filter(financial_year=period.start_year, quarter=period.number)
    elif period:
        totals = totals.filter(financial_year=period.start_year)
    return rows.annotate(
        pounds=Subquery(totals.annotate(s=Sum("amount_pounds")).values("s")),
        line_count=Subquery(totals.annotate(n=Sum("lines")).values("n")),
    )


def unknown_payees(
    user: Any,
    source: SpendSource | None = None,
    year: FinancialYear | None = None,
    limit: int | None = 25,
    offset: int = 0,
    spend: RetainedSpend | None = None,
) -> list[UnknownPayee]:
    """The unknown suppliers that matter most: not decided or without a location, by value.

    Withheld names, those a person found impossible to locate and those whose refunds outweigh
    their payments are left out; `spend_worklist` counts the same. Three queries, two where
    `spend` is given: the figure of the same source and year.
    """
    rows = (
        payees_with_totals(user, source, year)  # type: ignore[misc]
        .filter(place_is(Locality.UNKNOWN, payee=""), is_withheld=False)
        .exclude(state=Payee.State.UNLOCATABLE)
        .filter(pounds__gt=0)
        .select_related("organisation", "source")
        .order_by("-pounds", "pk")
    )
    page = list(rows[offset : offset + limit] if limit is not None else rows[offset:])
    best: dict[int, PayeeProposal] = {}
    for proposal in (
        PayeeProposal.objects.filter(
            payee__in=[payee.pk for payee in page], state=PayeeProposal.State.PROPOSED
        )
        .select_related("organisation")
        .order_by("payee_id", "-score", "pk")
    ):
        best.setdefault(proposal.payee_id, proposal)
    spend = spend or retained_spend(user, source, year)
    base = spend.unknown_pounds - spend.withheld_pounds
    return [
        UnknownPayee(
            payee,
            payee.pounds or ZERO,  # type: ignore[attr-defined]
            payee.line_count,  # type: ignore[attr-defined]
            best.get(payee.pk),
            (payee.pounds or ZERO) / base if base > 0 else None,  # type: ignore[attr-defined]
        )
        for payee in page
    ]


@dataclass(frozen=True)
class PaymentsFigure:
    """Of a set of payments: how many, their net sum, and the latest date (None if none)."""

    lines: int
    pounds: Decimal
    latest: Any


def payments_figure(payments: QuerySet[Payment]) -> PaymentsFigure:
    row = payments.order_by().aggregate(
        lines=Count("pk"), pounds=Sum("amount_pounds"), latest=Max("paid_on")
    )
    return PaymentsFigure(row["lines"], pounds(row["pounds"] or ZERO), row["latest"])


def proposals_to_decide(user: Any, source: SpendSource | None = None) -> QuerySet[PayeeProposal]:
    """Open proposals of payees that nobody decided, most money first, then the best score."""
    rows = PayeeProposal.objects.visible_to(user).filter(
        state=PayeeProposal.State.PROPOSED,
        payee__state=Payee.State.UNDECIDED,
        payee__exclusion__isnull=True,
    )
    rows = (
        rows.filter(payee__source=source)
        if source
        else rows.filter(payee__source__is_own_council=True)
    )
    return (
        rows.select_related("payee__source", "organisation")
        .annotate(pounds=Sum("payee__totals__amount_pounds"))
        .order_by(F("pounds").desc(nulls_last=True), "payee_id", "-score", "pk")
    )

"""The rows that each of the four figures adds up, for whoever asks."""

from __future__ import annotations

import datetime
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from django.db.models import (
    Case,
    DecimalField,
    Exists,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
)

from trafford_sv.core.periods import Quarter

from ..models import Award, AwardSupplier, Bid, Commitment, Contract, Offer, ReturnLine
from .known import agreements_known, known, serving
from .position_scope import Scope, agreements_at, in_force, measured, reach_of, reads

POUNDS: DecimalField[Any, Any] = DecimalField(max_digits=20, decimal_places=2)


def stood(last: datetime.date, as_known: datetime.datetime | None = None) -> Q:
    """Of promises that both sides had agreed, those that were neither varied by then nor withdrawn."""
    agreed = Q(state=Commitment.State.AGREED)
    if as_known is not None:
        # Said twice, because the database's "not" of an unknown day is unknown.
        return agreed | Q(varied_on__isnull=False, varied_on__gt=last)
    return agreed | Q(replaced_by__agreed_on__gt=last)


def counted_in(
    rows: Any,
    first: datetime.date | None,
    last: datetime.date,
    as_known: datetime.datetime | None = None,
) -> Any:
    """Of these commitments, what `committed` adds up in the period: each with its part as
    `counted_pounds`. A promise that no longer stands is in it with what was verified under it.

    `as_known`: the rows are those of `known(Commitment, as_known)`, of agreements that were known to
    be in force.
    """
    begun = in_force("contract__", first, last) if as_known is None else Q()
    if as_known is not None:
        later = known(Commitment, as_known).filter(
            replaces_id=OuterRef("id"), agreed_on__isnull=False
        )
        rows = rows.annotate(varied_on=Subquery(later.values("agreed_on")[:1]))
    verified = (
        _rows(ReturnLine, as_known)
        .filter(_quarters(None, Quarter.of(last)), commitment=OuterRef("id"), is_counted=True)
        .order_by()
        .values("commitment")
        .annotate(pounds=Sum("verified_pounds"))
        .values("pounds")
    )
    return (
        rows.filter(
            begun,
            state__in=(Commitment.State.AGREED, Commitment.State.WITHDRAWN),
            agreed_on__lte=last,
        )
        .annotate(
            counted_pounds=Case(
                When(stood(last, as_known), then=F("committed_pounds")),
                default=Subquery(verified),
                output_field=POUNDS,
            )
        )
        .filter(stood(last, as_known) | Q(counted_pounds__isnull=False))
    )


def commitments_in(
    user: Any,
    scope: Scope,
    first: datetime.date | None,
    last: datetime.date,
    *,
    as_known: datetime.datetime | None = None,
) -> QuerySet[Any]:
    """The rows that `committed` adds up, as `counted_in` has them.

    `as_known`: as they stood at that moment, as rows of their history; so do their agreements. What
    this person may read is asked of now.
    """
    every = _rows(Commitment, as_known)
    span = None if as_known is None else (first, last)
    ours = agreements_at(scope, "contract", as_known, span=span)
    rows: QuerySet[Any] = counted_in(every.filter(reads(user, ""), ours), first, last, as_known)
    return rows.filter(promised_in(scope, as_known))


def promised_in(scope: Scope, as_known: datetime.datetime | None = None) -> Q:
    """The scope's conditions on a promise besides those on its agreement: supplier, measure, ward."""
    found = measured(scope, "measure__")
    if scope.supplier is not None:
        found &= Q(supplier_id=scope.supplier)
    if scope.ward:
        found &= Q(id__in=serving(scope.ward, as_known).values("id"))
    return found


def _rows(model: Any, as_known: datetime.datetime | None) -> QuerySet[Any]:
    rows: QuerySet[Any] = model.objects.all() if as_known is None else known(model, as_known)
    return rows


def lines_in(
    user: Any,
    scope: Scope,
    first: Quarter | None,
    last: Quarter,
    *,
    as_known: datetime.datetime | None = None,
    without: Collection[Quarter] = (),
) -> QuerySet[Any]:
    """The rows that `reported` and `verified` add up: what counts from quarter to quarter.

    `as_known`: as they stood at that moment, as rows of their history. `without` leaves out the
    quarters that are read from their sums.
    """
    rows = _rows(ReturnLine, as_known).filter(
        reads(user, "commitment__"),
        agreements_at(scope, "commitment__contract", as_known),
        _spans(first, last, without),
        is_counted=True,
    )
    if scope.supplier is not None:
        rows = rows.filter(commitment__supplier_id=scope.supplier)
    rows = rows.filter(measured(scope, "commitment__measure__"))
    if scope.ward:
        rows = rows.filter(commitment_id__in=serving(scope.ward, as_known).values("id"))
    return rows


def _quarters(first: Quarter | None, last: Quarter) -> Q:
    return quarters_between(first, last, "counted_year", "counted_quarter")


def _spans(first: Quarter | None, last: Quarter, without: Collection[Quarter]) -> Q:
    """From quarter to quarter, as the stretches that are left between those without."""
    if not without:
        return _quarters(first, last)
    found, begin = Q(pk__in=[]), first
    for gap in sorted(one for one in without if (first is None or one >= first) and one <= last):
        if begin is None or begin < gap:
            found |= _quarters(begin, gap.previous)
        begin = gap.next
    if begin is None or begin <= last:
        found |= _quarters(begin, last)
    return found


def quarters_between(first: Quarter | None, last: Quarter, year: str, quarter: str) -> Q:
    """From quarter to quarter, both counted, by the names of two columns; `first` None is open."""
    if first == last:
        return Q(**{year: last.start_year, quarter: last.number})
    until = Q(**{f"{year}__lt": last.start_year}) | Q(
        **{year: last.start_year, f"{quarter}__lte": last.number}
    )
    if first is None:
        return until
    return until & (
        Q(**{f"{year}__gt": first.start_year})
        | Q(**{year: first.start_year, f"{quarter}__gte": first.number})
    )


def offers_in(
    user: Any,
    scope: Scope,
    first: datetime.date | None,
    last: datetime.date,
    *,
    as_known: datetime.datetime | None = None,
) -> Any:
    """What the winners offered. Whoever reads commitments reads this total, never a bid.

    A winner whose award was cancelled since promises nothing any more. Each row says with `in_base`
    whether it is of a contract whose whole value is known: `offered_share` divides by those.

    `as_known`: offers, bids, awards and agreements as they stood at that moment.
    """
    awards = _rows(Award, as_known).filter(contract=OuterRef("bid__tender__contract"))
    counted = awards.filter(status__in=Award.COUNTED_STATUSES)
    rows = _rows(Offer, as_known).filter(
        agreements_at(scope, "bid__tender__contract", as_known, span=(first, last)),
        ~Exists(awards.filter(status=Award.Status.CANCELLED)) | Exists(counted),
        bid__in=won_bids(user, as_known=as_known).values("id"),
        offered_quantity__isnull=False,
    )
    if scope.supplier is not None:
        rows = rows.filter(bid__organisation_id=scope.supplier)
    rows = rows.filter(measured(scope, "requested__measure__"))
    if scope.ward:
        rows = rows.filter(id__in=serving(scope.ward, as_known).values("offer_id"))
    valued = _awards(user, scope, first, last, as_known).filter(
        contract=OuterRef("bid__tender__contract"), of_framework=False
    )
    return rows.annotate(
        in_base=Exists(valued.filter(value_pounds__isnull=False))
        & ~Exists(valued.filter(value_pounds__isnull=True))
    )


def won_bids(user: Any, *, as_known: datetime.datetime | None = None) -> QuerySet[Any]:
    """The winning bids whose totals this person reads."""
    everything, own = reach_of(user, "view_commitments")
    rows = _rows(Bid, as_known).filter(state=Bid.State.WON)
    if everything:
        return rows
    return rows.filter(
        Q(tender__contract__directorate_id__in=[p for r, p in own if r == "contract_manager"])
        | Q(organisation_id__in=[p for r, p in own if r == "supplier"])
    )


def awards_in(
    user: Any,
    scope: Scope,
    first: datetime.date | None,
    last: datetime.date,
    *,
    as_known: datetime.datetime | None = None,
) -> QuerySet[Any]:
    """Awards made by `last` on agreements in force, each once, however many suppliers share it.

    Each says with `has_bid` whether its winning bid is on record, and with `in_base` whether what
    was offered can be measured by it: then the contract's whole value is known as well. None for a
    part of an agreement (a measure, a theme, a ward, a supplier): no part of the value is its.

    `as_known`: awards, bids and agreements as they stood at that moment.
    """
    parts = (scope.measure, scope.theme, scope.ward, scope.edition, scope.supplier)
    if any(part not in ("", None) for part in parts):
        return Award.objects.none()
    if not scope.agreement and scope.contract is None:
        # A grant is not contract value; asked for by kind, it is the grant's own.
        scope = replace(scope, agreement=Contract.Kind.CONTRACT)
    awards = _awards(user, scope, first, last, as_known)
    unknown = awards.filter(contract=OuterRef("contract"), value_pounds__isnull=True)
    won = won_bids(user, as_known=as_known).filter(tender__contract=OuterRef("contract"))
    return awards.annotate(
        has_bid=Exists(won),
        in_base=Exists(won) & ~Exists(unknown) & Q(of_framework=False),
    )


def _awards(
    user: Any,
    scope: Scope,
    first: datetime.date | None,
    last: datetime.date,
    as_known: datetime.datetime | None,
) -> QuerySet[Any]:
    """Each says with `of_framework` whether its agreement is one, which has no value of its own."""
    everything, own = reach_of(user, "view_contracts")
    seen: Any = Q()
    if not everything:
        # Not a join: somebody with grants for two suppliers of an award would count it twice.
        part = AwardSupplier.objects.filter(
            award=OuterRef("id"),
            organisation_id__in=[pk for role, pk in own if role == "supplier"],
        )
        seen = Q(
            contract__directorate_id__in=[pk for role, pk in own if role == "contract_manager"]
        ) | Exists(part)
    framework: Any = F("contract__is_framework")
    if as_known is not None:
        framework = Exists(
            agreements_known(as_known).filter(id=OuterRef("contract_id"), is_framework=True)
        )
    return (
        _rows(Award, as_known)
        .filter(
            seen,
            agreements_at(scope, "contract", as_known, span=(first, last)),
            status__in=Award.COUNTED_STATUSES,
            awarded_on__lte=last,
        )
        .annotate(of_framework=framework)
    )

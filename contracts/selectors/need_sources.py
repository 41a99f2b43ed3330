"""The promises and spare offers that may meet needs, as they come out of SQL.

SQL finds what fits, is live and has something left, and puts it in order by the three heaviest
criteria (measure, ward, quantity: 70 of 100 points), so that the best few can be ranked by all six.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    CharField,
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Cast, Coalesce, Least, RowNumber

from community_needs.matching import WEIGHTS, Criterion, Fit
from community_needs.models import Need

from ..licensing import may_show_text
from ..models import Commitment, Contract, SpareOffer
from .need_supply import QUANTITY, live_commitments, open_spares, with_free, with_free_spares

SPARES = 100
Placed = tuple[Decimal, Decimal]
_POINTS: DecimalField[Any, Any] = DecimalField(max_digits=8, decimal_places=4)


@dataclass(frozen=True)
class Source:
    """A promise as it comes out of SQL. `principle` is its own title, `principle_number` the one
    that its measure gives."""

    key: str
    kind: str
    pk: int
    measure: int | None
    title: str
    reference: str
    supplier_id: int
    supplier_name: str
    unit: str
    free: Decimal
    starts: datetime.date | None
    ends: datetime.date | None
    principle: str
    principle_number: str
    place: Placed | None
    wards: frozenset[str]
    priorities: frozenset[int]
    needs: frozenset[int]


# --- rows, not read yet -------------------------------------------------------------------


def fitting_commitments(
    need: Need, fits: Mapping[int, tuple[Fit, str]], wards: int, as_of: datetime.date, user: Any
) -> Any:
    """What fits the need and has something left, the best by measure, ward and quantity first.
    `wards` is how many the need has; each row says how many there are in all as `found`."""
    named = Commitment.needs.through.objects.filter(commitment=OuterRef("pk"), need=need.pk)
    rows: Any = live_commitments(as_of).exclude(supplier=need.hub_id)
    if user is not None:
        rows = rows.visible_to(user)
    rows = with_free(
        rows.annotate(names_it=Exists(named)).filter(Q(measure__in=list(fits)) | Q(names_it=True))
    ).filter(free_quantity__gt=0)
    strong = [measure for measure, (fit, _) in fits.items() if fit is Fit.STRONG]
    fit_points = Case(
        When(Q(measure__in=strong) | Q(names_it=True), then=_points(WEIGHTS[Criterion.FIT])),
        default=_points(Decimal(WEIGHTS[Criterion.FIT]) / 2),
        output_field=_POINTS,
    )
    links: Any = Commitment.wards.through.objects
    shared = (
        links.filter(
            commitment=OuterRef("pk"),
            area__in=Need.wards.through.objects.filter(need=need.pk).values("area"),
        )
        .order_by()
        .values("commitment")
        .annotate(number=Count("pk"))
        .values("number")
    )
    each = Decimal(WEIGHTS[Criterion.WARD]) / (wards or 1)
    ward_points = ExpressionWrapper(
        Coalesce(Subquery(shared), 0) * Value(each, output_field=_POINTS), output_field=_POINTS
    )
    return rows.annotate(
        narrow=ExpressionWrapper(
            fit_points + ward_points + _quantity_points(need), output_field=_POINTS
        ),
        found=Window(Count("pk")),
    ).order_by("-narrow", F("due").asc(nulls_last=True), "pk")


def soonest_of_each(suppliers: Any, as_of: datetime.date, most: int) -> Any:
    """Of each supplier the `most` promises that have something left and end soonest."""
    rows = with_free(live_commitments(as_of).filter(supplier__in=suppliers))
    return (
        rows.filter(free_quantity__gt=0)
        .annotate(
            found=Window(
                RowNumber(),
                partition_by=[F("supplier")],
                order_by=[F("due").asc(nulls_last=True), F("pk").asc()],
            )
        )
        .filter(found__lte=most)
        .order_by("pk")
    )


def open_spares_with_something_left(as_of: datetime.date) -> QuerySet[SpareOffer]:
    rows: QuerySet[SpareOffer] = (
        with_free_spares(open_spares(as_of))
        .filter(free_quantity__gt=0)
        .order_by(F("ends").asc(nulls_last=True), "pk")
    )
    return rows


def _points(points: Decimal | int) -> Value:
    return Value(Decimal(points), output_field=_POINTS)


def _quantity_points(need: Need) -> Any:
    weight = WEIGHTS[Criterion.QUANTITY]
    left = need.still_wanted_quantity
    if left is None or left <= 0:
        return _points(weight)
    share = Least(
        ExpressionWrapper(
            F("free_quantity") * Value(Decimal(weight) / left, output_field=QUANTITY),
            output_field=_POINTS,
        ),
        _points(weight),
    )
    return Case(
        When(Q(measure__unit__iexact=need.unit.strip()), then=share),
        default=_points(0),
        output_field=_POINTS,
    )


# --- reading them -------------------------------------------------------------------------

_COMMITMENT = (
    "pk", "measure", "title", "measure__title", "contract__reference", "contract__kind", "number",
    "supplier", "supplier__name", "measure__unit", "free_quantity", "starts", "due",
    "principle__title", "measure__charter_principle", "supplier__ward__longitude",
    "supplier__ward__latitude", "measure__edition__text_may_be_published", "found",
)  # fmt: skip
_SPARE = (
    "pk", "title", "supplier", "supplier__name", "unit", "free_quantity", "starts", "ends",
    "supplier__ward__longitude", "supplier__ward__latitude",
)  # fmt: skip


def read_sources(commitments: Any, spares: Any, *, most: int) -> tuple[list[Source], int]:
    """The sources of both sorts, and what the first commitment says as `found`, else 0.

    Three queries: commitments, spare offers, and what both are linked to.
    """
    promised = list(commitments.values_list(*_COMMITMENT)[:most])
    spared = list(spares.values_list(*_SPARE)[:SPARES])
    links = _linked([row[0] for row in promised], [row[0] for row in spared])
    found = promised[0][-1] if promised else 0
    return [
        *(_commitment(row, links) for row in promised),
        *(_spare(row, links) for row in spared),
    ], found


def read_chosen(pk: int) -> list[Source]:
    """One commitment whether or not it is among the best. Two queries."""
    rows = with_free(Commitment.objects.filter(pk=pk)).annotate(found=Value(1))
    return read_sources(rows, SpareOffer.objects.none(), most=1)[0]


_Links = Mapping[tuple[str, int], frozenset[str]]


def _linked(commitments: Sequence[int], spares: Sequence[int]) -> _Links:
    """Wards, needs and priorities of the promises, by kind and key. One query, or none."""
    if not commitments and not spares:
        return {}

    def rows(kind: str, found: Any, owner: str, other: str) -> Any:
        return (
            found.order_by()
            .annotate(
                link_kind=Value(kind, CharField()),
                link_owner=F(f"{owner}_id"),
                link_other=Cast(other, CharField()),
            )
            .values_list("link_kind", "link_owner", "link_other")
        )

    ours = Commitment.wards.through.objects.filter(commitment__in=commitments)
    asked = Commitment.needs.through.objects.filter(commitment__in=commitments)
    near = SpareOffer.wards.through.objects.filter(spareoffer__in=spares)
    meant = SpareOffer.priorities.through.objects.filter(spareoffer__in=spares)
    kinds: list[tuple[str, Iterable[int], Any, str, str]] = [
        ("wards", commitments, ours, "commitment", "area__code"),
        ("needs", commitments, asked, "commitment", "need_id"),
        ("spare wards", spares, near, "spareoffer", "area__code"),
        ("priorities", spares, meant, "spareoffer", "priority_id"),
    ]
    first, *rest = (rows(kind, *more) for kind, keys, *more in kinds if keys)
    held: dict[tuple[str, int], set[str]] = defaultdict(set)
    for kind, owner, other in first.union(*rest, all=True):
        held[kind, owner].add(other)
    return {key: frozenset(values) for key, values in held.items()}


def _numbers(links: _Links, kind: str, pk: int) -> frozenset[int]:
    return frozenset(int(other) for other in links.get((kind, pk), ()))


def _placed(lon: Decimal | None, lat: Decimal | None) -> Placed | None:
    return None if lon is None or lat is None else (lon, lat)


def _commitment(row: Sequence[Any], links: _Links) -> Source:
    (pk, measure, title, measure_title, reference, kind, number, supplier, supplier_name, unit,
     free, starts, due, principle, measure_principle, lon, lat, may_show, _found) = row  # fmt: skip
    if not title and may_show_text(may_show, is_public=False):
        title = measure_title
    return Source(
        f"commitment:{pk}",
        "pledge" if kind == Contract.Kind.PLEDGE else "commitment",
        pk,
        measure,
        title or f"Promise number {number}",
        f"{reference}/{number}",
        supplier,
        supplier_name,
        unit,
        Decimal(free),
        starts,
        due,
        principle or "",
        measure_principle or "",
        _placed(lon, lat),
        links.get(("wards", pk), frozenset()),
        frozenset(),
        _numbers(links, "needs", pk),
    )


def _spare(row: Sequence[Any], links: _Links) -> Source:
    pk, title, supplier, name, unit, free, starts, ends, lon, lat = row
    return Source(
        f"spare:{pk}", "spare", pk, None, title, "", supplier, name, unit, Decimal(free), starts,
        ends, "", "", _placed(lon, lat), links.get(("spare wards", pk), frozenset()),
        _numbers(links, "priorities", pk), frozenset(),
    )  # fmt: skip

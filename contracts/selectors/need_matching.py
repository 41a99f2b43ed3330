"""What could meet a need, and what needs a supplier could meet: narrowed in SQL, ranked in words.

SQL finds what fits, is live and has something left, and puts it in order by the three heaviest
criteria (measure, ward, quantity: 70 of 100 points). The best `NARROWED` of them are then ranked
by all six. The number of queries does not depend on how much there is.
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
    Count,
    DecimalField,
    Exists,
    ExpressionWrapper,
    F,
    OuterRef,
    Q,
    Subquery,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, Least, RowNumber

from community_needs.matching import (
    WEIGHTS,
    CandidateFacts,
    Criterion,
    Fit,
    NeedFacts,
    Ranked,
    rank,
)
from community_needs.models import Need

from ..licensing import may_show_text
from ..models import Commitment, Contract, PriorityFit, SpareOffer
from .need_supply import QUANTITY, live_commitments, open_spares, with_free, with_free_spares
from .principles import principles_by_number

NARROWED = 200
SPARES = 100
_POINTS: DecimalField[Any, Any] = DecimalField(max_digits=8, decimal_places=4)
_NAMES_IT = "The promise names this very need."
Placed = tuple[Decimal, Decimal]


@dataclass(frozen=True)
class Candidate:
    """One ranked promise. `kind` is commitment, pledge or spare; `pk` is its own."""

    ranked: Ranked
    kind: str
    pk: int
    title: str
    reference: str
    supplier_id: int
    supplier_name: str
    unit: str
    free: Decimal
    ends: datetime.date | None

    @property
    def key(self) -> str:
        return self.ranked.candidate.key


@dataclass(frozen=True)
class Candidates:
    """`found` fit and are live; the best of them were ranked, `rows`, best first."""

    rows: tuple[Candidate, ...]
    found: int

    @property
    def is_narrowed(self) -> bool:
        return self.found > len(self.rows)


@dataclass(frozen=True)
class _Table:
    """The reviewed table for some priorities: {priority: {measure: (fit, reason)}}, and the
    charter principles that each priority's direct measures serve."""

    fits: Mapping[int, Mapping[int, tuple[Fit, str]]]
    principles: Mapping[int, frozenset[str]]
    titles: Mapping[str, str]


@dataclass(frozen=True)
class _Source:
    """A promise as it comes out of SQL."""

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
    place: Placed | None
    wards: frozenset[str]
    priorities: frozenset[int]
    needs: frozenset[int]


def candidates_for(
    need: Need, *, as_of: datetime.date, user: Any = None, always: str = "", limit: int = NARROWED
) -> Candidates:
    """Ranked for one need. `user` None: whoever's they are. `always` names one that is ranked too.

    Seven queries, three more where `always` is not among the best.
    """
    table = _table([need.priority_id], as_of)
    wards = _wards([need.pk]).get(need.pk, {})
    fits = table.fits.get(need.priority_id, {})
    facts = _facts(need, wards, table)
    rows, found = _commitments(need, fits, wards, table, as_of, user, limit)
    spares = _spares(need.priority_id, as_of, user)
    sources = [*rows, *spares]
    if always.startswith("commitment:") and all(one.key != always for one in sources):
        chosen = Commitment.objects.filter(pk=int(always.partition(":")[2]))
        sources += _read(with_free(chosen), table, needs=[need.pk])
    by_key = {one.key: one for one in sources}
    ranked = rank(
        facts,
        [_candidate(one, need, fits) for one in sources],
        as_of=as_of,
        ward_names={code: name for code, (name, _) in wards.items()},
    )
    return Candidates(
        tuple(_shown(row, by_key[row.candidate.key]) for row in ranked), found + len(spares)
    )


# --- for suppliers --------------------------------------------------------------------------

SUPPLIERS_NEEDS = 100
SUPPLIERS_PROMISES = 40


@dataclass(frozen=True)
class NeedMatch:
    """A need that one of the supplier's promises could meet, by the best of them."""

    need: Need
    supplier_id: int
    best: Candidate
    promises: int


def needs_for_suppliers(
    suppliers: Sequence[int], *, as_of: datetime.date, each: int = SUPPLIERS_NEEDS
) -> dict[int, tuple[NeedMatch, ...]]:
    """For each supplier the published needs that its own promises could meet, best first.

    Of each supplier the promises that end soonest, `SUPPLIERS_PROMISES` of them; of the needs
    those that fit any of them and close soonest. Eight queries, however many suppliers.
    """
    if not suppliers:
        return {}
    promises = _of_suppliers(suppliers, as_of)
    measures = {one.measure for one in promises if one.measure is not None}
    named = {pk for one in promises for pk in one.needs}
    wanted = {pk for one in promises for pk in one.priorities}
    fitting = PriorityFit.objects.filter(measure__in=measures).values("priority")
    needs = list(
        Need.objects.wanting(as_of)
        .public()
        .filter(Q(priority__in=fitting) | Q(pk__in=named) | Q(priority__in=wanted))
        .select_related("priority", "hub__ward")
        .defer("hub__ward__geometry")
        .order_by(F("closes").asc(nulls_last=True), "raised_at", "pk")[:SUPPLIERS_NEEDS]
    )
    table = _table([need.priority_id for need in needs], as_of)
    wards = _wards([need.pk for need in needs])
    own: dict[int, list[_Source]] = defaultdict(list)
    for one in promises:
        own[one.supplier_id].append(one)
    found: dict[int, tuple[NeedMatch, ...]] = {}
    for supplier in suppliers:
        matches = []
        for need in needs:
            if need.hub_id == supplier:
                continue
            match = _best(need, own[supplier], wards.get(need.pk, {}), table, as_of)
            if match is not None:
                matches.append(match)
        matches.sort(
            key=lambda one: (-one.best.ranked.score, -one.best.ranked.possible, one.need.pk)
        )
        found[supplier] = tuple(matches[:each])
    return found


def _best(
    need: Need,
    sources: Iterable[_Source],
    wards: Mapping[str, tuple[str, Placed | None]],
    table: _Table,
    as_of: datetime.date,
) -> NeedMatch | None:
    fits = table.fits.get(need.priority_id, {})
    could = [
        one
        for one in sources
        if one.measure in fits or need.pk in one.needs or need.priority_id in one.priorities
    ]
    if not could:
        return None
    by_key = {one.key: one for one in could}
    first, *_ = rank(
        _facts(need, wards, table),
        [_candidate(one, need, fits) for one in could],
        as_of=as_of,
        ward_names={code: name for code, (name, _) in wards.items()},
    )
    best = by_key[first.candidate.key]
    return NeedMatch(need, best.supplier_id, _shown(first, best), len(could))


# --- inside -------------------------------------------------------------------------------


def _table(priorities: Iterable[int], as_of: datetime.date) -> _Table:
    """Two queries."""
    fits: dict[int, dict[int, tuple[Fit, str]]] = defaultdict(dict)
    numbers: dict[int, set[str]] = defaultdict(set)
    for priority, measure, fit, reason, number in PriorityFit.objects.filter(
        priority__in=set(priorities)
    ).values_list("priority", "measure", "fit", "reason", "measure__charter_principle"):
        fits[priority][measure] = (Fit(fit), reason)
        if fit == Fit.STRONG and number:
            numbers[priority].add(number)
    titles = {number: row.title for number, row in principles_by_number(as_of).items()}
    principles = {
        priority: frozenset(titles[number] for number in held if number in titles)
        for priority, held in numbers.items()
    }
    return _Table(fits, principles, titles)


def _wards(needs: Sequence[int]) -> dict[int, dict[str, tuple[str, Placed | None]]]:
    """{need: {code: (name, place)}}. One query."""
    found: dict[int, dict[str, tuple[str, Placed | None]]] = defaultdict(dict)
    for need, code, name, lon, lat in Need.wards.through.objects.filter(need__in=needs).values_list(
        "need", "area__code", "area__name", "area__longitude", "area__latitude"
    ):
        found[need][code] = (name, None if lon is None or lat is None else (lon, lat))
    return found


def _facts(need: Need, wards: Mapping[str, tuple[str, Placed | None]], table: _Table) -> NeedFacts:
    places = [place for _, place in wards.values() if place is not None]
    middle = None
    if places:
        middle = (
            sum((lon for lon, _ in places), Decimal(0)) / len(places),
            sum((lat for _, lat in places), Decimal(0)) / len(places),
        )
    return NeedFacts(
        priority=need.priority.name,
        wards=frozenset(wards),
        quantity_left=need.still_wanted_quantity,
        unit=need.unit,
        opens=need.open_from,
        closes=need.closes,
        principles=table.principles.get(need.priority_id, frozenset()),
        place=middle,
    )


def _candidate(one: _Source, need: Need, fits: Mapping[int, tuple[Fit, str]]) -> CandidateFacts:
    fit, why = fits.get(one.measure or 0, (None, ""))
    if need.pk in one.needs:
        fit, why = Fit.STRONG, _NAMES_IT
    elif need.priority_id in one.priorities:
        fit, why = Fit.STRONG, "The supplier offers it for this."
    return CandidateFacts(
        key=one.key,
        fit=fit,
        fit_reason=why,
        wards=one.wards,
        quantity_free=one.free,
        unit=one.unit,
        starts=one.starts,
        ends=one.ends,
        principle=one.principle,
        place=one.place,
    )


def _shown(row: Ranked, one: _Source) -> Candidate:
    return Candidate(
        row, one.kind, one.pk, one.title, one.reference, one.supplier_id, one.supplier_name,
        one.unit, one.free, one.ends,
    )  # fmt: skip


def _commitments(
    need: Need,
    fits: Mapping[int, tuple[Fit, str]],
    wards: Mapping[str, Any],
    table: _Table,
    as_of: datetime.date,
    user: Any,
    limit: int,
) -> tuple[list[_Source], int]:
    """The best by measure, ward and quantity, and how many there are. Three queries."""
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
    each = Decimal(WEIGHTS[Criterion.WARD]) / (len(wards) or 1)
    ward_points = ExpressionWrapper(
        Coalesce(Subquery(shared), 0) * Value(each, output_field=_POINTS), output_field=_POINTS
    )
    rows = rows.annotate(
        narrow=ExpressionWrapper(
            fit_points + ward_points + _quantity_points(need), output_field=_POINTS
        ),
        found=Window(Count("pk")),
    ).order_by("-narrow", F("due").asc(nulls_last=True), "pk")
    return _read(rows[:limit], table, needs=[need.pk], counted=True)


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


_FIELDS = (
    "pk", "measure", "title", "measure__title", "contract__reference", "contract__kind", "number",
    "supplier", "supplier__name", "measure__unit", "free_quantity", "starts", "due",
    "principle__title", "measure__charter_principle", "supplier__ward__longitude",
    "supplier__ward__latitude", "measure__edition__text_may_be_published",
)  # fmt: skip


def _read(rows: Any, table: _Table, *, needs: Sequence[int], counted: bool = False) -> Any:
    """Sources out of commitments with `free_quantity`; with `counted` also how many there are.

    The rows, their wards, and (unless they say so themselves) the needs that they name.
    """
    read = list(rows.values_list(*_FIELDS, *(["found", "names_it"] if counted else [])))
    keys = [row[0] for row in read]
    wards: dict[int, set[str]] = defaultdict(set)
    for pk, code in Commitment.wards.through.objects.filter(commitment__in=keys).values_list(
        "commitment", "area__code"
    ):
        wards[pk].add(code)
    named: dict[int, set[int]] = defaultdict(set)
    if counted:  # for one need, and the rows say so themselves
        for row in read:
            if row[-1]:
                named[row[0]].update(needs)
    else:
        links = Commitment.needs.through.objects.filter(commitment__in=keys)
        for pk, need in links.values_list("commitment", "need"):
            named[pk].add(need)
    sources = []
    for row in read:
        (pk, measure, title, measure_title, reference, kind, number, supplier, supplier_name,
         unit, free, starts, due, principle, measure_principle, lon, lat, may_show) = row[:18]  # fmt: skip
        if not title and may_show_text(may_show, is_public=False):
            title = measure_title
        sources.append(
            _Source(
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
                principle or table.titles.get(measure_principle, ""),
                None if lon is None or lat is None else (lon, lat),
                frozenset(wards[pk]),
                frozenset(),
                frozenset(named[pk]),
            )
        )
    if counted:
        return sources, (read[0][-2] if read else 0)
    return sources


def _spares(priority: int, as_of: datetime.date, user: Any) -> list[_Source]:
    """Two queries, or one where there are none."""
    rows: Any = open_spares(as_of).filter(priorities=priority)
    if user is not None:
        rows = rows.visible_to(user)
    return _read_spares(rows, priority)


def _read_spares(rows: Any, priority: int | None = None) -> list[_Source]:
    """Of one priority, or of whichever each of them names."""
    read = list(
        with_free_spares(rows)
        .filter(free_quantity__gt=0)
        .order_by(F("ends").asc(nulls_last=True), "pk")
        .values_list(
            "pk", "title", "supplier", "supplier__name", "unit", "free_quantity", "starts", "ends",
            "supplier__ward__longitude", "supplier__ward__latitude",
        )[:SPARES]
    )  # fmt: skip
    keys = [row[0] for row in read]
    wards: dict[int, set[str]] = defaultdict(set)
    priorities: dict[int, set[int]] = defaultdict(set)
    if keys:
        for pk, code in SpareOffer.wards.through.objects.filter(spareoffer__in=keys).values_list(
            "spareoffer", "area__code"
        ):
            wards[pk].add(code)
    if keys and priority is None:
        for pk, key in SpareOffer.priorities.through.objects.filter(
            spareoffer__in=keys
        ).values_list("spareoffer", "priority"):
            priorities[pk].add(key)
    return [
        _Source(
            f"spare:{pk}", "spare", pk, None, title, "", supplier, name, unit, Decimal(free),
            starts, ends, "", None if lon is None or lat is None else (lon, lat),
            frozenset(wards[pk]), frozenset(priorities[pk] if priority is None else {priority}), frozenset(),
        )
        for pk, title, supplier, name, unit, free, starts, ends, lon, lat in read
    ]  # fmt: skip


def _of_suppliers(suppliers: Sequence[int], as_of: datetime.date) -> list[_Source]:
    """The promises of each that have something left and end soonest. Six queries."""
    rows = with_free(live_commitments(as_of).filter(supplier__in=suppliers)).filter(
        free_quantity__gt=0
    )
    rows = rows.annotate(
        place=Window(
            RowNumber(),
            partition_by=[F("supplier")],
            order_by=[F("due").asc(nulls_last=True), F("pk").asc()],
        )
    ).filter(place__lte=SUPPLIERS_PROMISES)
    table = _table([], as_of)
    sources: list[_Source] = _read(rows.order_by("pk"), table, needs=[])
    spares = _read_spares(open_spares(as_of).filter(supplier__in=suppliers))
    return [*sources, *spares]

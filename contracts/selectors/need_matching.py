"""What could meet a need, and what needs a supplier could meet: narrowed in SQL, ranked in words.

`need_sources` narrows by the three heaviest criteria; the best `NARROWED` are then ranked by all
six. The number of queries does not depend on how much there is.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, Q

from community_needs.matching import CandidateFacts, Fit, NeedFacts, Ranked, rank, same_unit
from community_needs.models import Need

from ..models import PriorityFit
from .need_sources import (
    Placed,
    Source,
    fitting_commitments,
    open_spares_with_something_left,
    read_chosen,
    read_sources,
    soonest_of_each,
)
from .principles import principles_by_number

NARROWED = 200
_NAMES_IT = "The promise names this very need."


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


def candidates_for(
    need: Need, *, as_of: datetime.date, user: Any = None, always: str = "", limit: int = NARROWED
) -> Candidates:
    """Ranked for one need. `user` None: whoever's they are. `always` names one that is ranked too.

    Six queries, two more where `always` is not among the best.
    """
    table = _table([need.priority_id], as_of)
    wards = _wards([need.pk]).get(need.pk, {})
    fits = table.fits.get(need.priority_id, {})
    spares: Any = open_spares_with_something_left(as_of).filter(priorities=need.priority_id)
    if user is not None:
        spares = spares.visible_to(user)
    sources, found = read_sources(
        fitting_commitments(need, fits, len(wards), as_of, user), spares, most=limit
    )
    found += sum(1 for one in sources if one.kind == "spare")
    if always.startswith("commitment:") and all(one.key != always for one in sources):
        sources += read_chosen(int(always.partition(":")[2]))
    by_key = {one.key: one for one in sources}
    ranked = rank(
        _facts(need, wards, table),
        [_candidate(one, need, table) for one in sources],
        as_of=as_of,
        ward_names={code: name for code, (name, _) in wards.items()},
    )
    return Candidates(tuple(_shown(row, by_key[row.candidate.key]) for row in ranked), found)


# --- for suppliers --------------------------------------------------------------------------

SUPPLIERS_NEEDS = 100
SUPPLIERS_PROMISES = 40
SUPPLIERS_BEST = 6


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
    those that fit any of them and close soonest. Seven queries, however many suppliers.
    """
    if not suppliers:
        return {}
    promises, _ = read_sources(
        soonest_of_each(suppliers, as_of, SUPPLIERS_PROMISES),
        open_spares_with_something_left(as_of).filter(supplier__in=suppliers),
        most=SUPPLIERS_PROMISES * len(suppliers),
    )
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
    own: dict[int, list[Source]] = defaultdict(list)
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
    sources: Iterable[Source],
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
    facts = _facts(need, wards, table)
    # As in SQL: the few that come closest by the heaviest criteria are judged by all six.
    close = sorted(could, key=lambda one: (_closeness(one, need, facts, fits), one.key))
    first, *_ = rank(
        facts,
        [_candidate(one, need, table) for one in close[:SUPPLIERS_BEST]],
        as_of=as_of,
        ward_names={code: name for code, (name, _) in wards.items()},
    )
    best = by_key[first.candidate.key]
    return NeedMatch(need, best.supplier_id, _shown(first, best), len(could))


def _closeness(
    one: Source, need: Need, facts: NeedFacts, fits: Mapping[int, tuple[Fit, str]]
) -> tuple[bool, int, bool]:
    """Smallest first: fits directly, shares wards, counts in the need's unit."""
    fit, _ = fits.get(one.measure or 0, (None, ""))
    is_direct = fit is Fit.STRONG or need.pk in one.needs or need.priority_id in one.priorities
    return not is_direct, -len(one.wards & facts.wards), not same_unit(one.unit, need.unit)


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


def _candidate(one: Source, need: Need, table: _Table) -> CandidateFacts:
    fit, why = table.fits.get(need.priority_id, {}).get(one.measure or 0, (None, ""))
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
        principle=one.principle or table.titles.get(one.principle_number, ""),
        place=one.place,
    )


def _shown(row: Ranked, one: Source) -> Candidate:
    return Candidate(
        row, one.kind, one.pk, one.title, one.reference, one.supplier_id, one.supplier_name,
        one.unit, one.free, one.ends,
    )  # fmt: skip

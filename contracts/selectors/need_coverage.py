"""Coverage: needs by ward and priority against live promises, and the unmet ones ranked.

The number of queries is the same for one need and for thousands.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q

from community_needs.coverage import Matrix, UnmetNeed, coverage, rank_unmet
from community_needs.models import Catchment, Need, Priority
from trafford_sv.directory.models import Area
from trafford_sv.directory.selectors.indicators import Indicator, ward_indicators

from .need_supply import live_commitments

YEAR = 2023
UNMET_SHOWN = 25


@dataclass(frozen=True)
class UnmetRow:
    """One unmet need in its place. `live` promises fit its priority in one of its wards."""

    place: int
    need: Need
    facts: UnmetNeed
    wards: tuple[str, ...]


@dataclass(frozen=True)
class Coverage:
    """`matrix` by ward code and priority key; `anywhere` counts live promises that name no ward."""

    as_of: datetime.date
    wards: tuple[Area, ...]
    priorities: tuple[Priority, ...]
    matrix: Matrix
    anywhere: Mapping[str, int]
    indicators: Mapping[str, Mapping[str, Indicator]]
    unmet: tuple[UnmetRow, ...]
    unmet_total: int

    def ward(self, code: str) -> Area:
        return next(ward for ward in self.wards if ward.code == code)


def coverage_on(day: datetime.date, user: Any, *, most: int = UNMET_SHOWN) -> Coverage:
    """Of the needs that this person may see. Eight queries."""
    wards = tuple(Area.objects.wards(YEAR).order_by("name"))
    priorities = tuple(Priority.objects.order_by("position", "name"))
    needs = Need.objects.visible_to(user).standing().filter(open_from__lte=day).order_by()
    by_cell: dict[tuple[str, str, str], int] = {}
    by_ward: dict[tuple[str, str], int] = defaultdict(int)
    for ward, priority, state, number in (
        needs.filter(wards__boundary_year=YEAR, wards__kind=Area.Kind.WARD)
        .values_list("wards__code", "priority__key", "state")
        .annotate(number=Count("pk"))
    ):
        by_cell[ward, priority, state] = number
        by_ward[ward, state] += number  # a need has one priority, so no cell repeats it
    by_priority = {
        (priority, state): number
        for priority, state, number in needs.values_list("priority__key", "state").annotate(
            number=Count("pk")
        )
    }
    asked = set(
        Catchment.objects.filter(
            ward__boundary_year=YEAR, hub__merged_into__isnull=True
        ).values_list("ward__code", flat=True)
    )
    live, anywhere = live_by_cell(day)
    matrix = coverage(
        [ward.code for ward in wards],
        [priority.key for priority in priorities],
        counted=by_cell,
        by_ward=by_ward,
        by_priority=by_priority,
        asked=asked,
        live=live,
    )
    indicators = ward_indicators()
    unmet, total = _unmet(needs, day, live, indicators, most)
    return Coverage(day, wards, priorities, matrix, anywhere, indicators, unmet, total)


def unmet_on(
    day: datetime.date, user: Any, *, most: int = UNMET_SHOWN
) -> tuple[tuple[UnmetRow, ...], int]:
    """The open needs alone, ranked as on the page of coverage, and how many there are. Four queries."""
    needs = Need.objects.visible_to(user).standing().filter(open_from__lte=day).order_by()
    live, _ = live_by_cell(day)
    return _unmet(needs, day, live, ward_indicators(), most)


def live_by_cell(day: datetime.date) -> tuple[dict[tuple[str, str], int], dict[str, int]]:
    """Live promises whose measure fits, by (ward, priority), and those that name no ward, by
    priority. One query."""
    cells: dict[tuple[str, str], int] = {}
    anywhere: dict[str, int] = {}
    rows: Any = live_commitments(day).filter(measure__fits__isnull=False).order_by()
    for ward, priority, number in rows.values_list(
        "wards__code", "measure__fits__priority__key"
    ).annotate(number=Count("pk")):
        if ward is None:
            anywhere[priority] = number
        else:
            cells[ward, priority] = number
    return cells, anywhere


def _unmet(
    needs: Any,
    day: datetime.date,
    live: Mapping[tuple[str, str], int],
    indicators: Mapping[str, Mapping[str, Indicator]],
    most: int,
) -> tuple[tuple[UnmetRow, ...], int]:
    """All open needs are ranked by their facts; only those shown are read whole. Three queries."""
    rows = list(
        needs.filter(
            Q(closes__isnull=True) | Q(closes__gte=day), state=Need.State.OPEN
        ).values_list("pk", "priority__key", "open_from", "closes")
    )
    held: dict[int, list[str]] = defaultdict(list)
    open_needs = needs.filter(
        Q(closes__isnull=True) | Q(closes__gte=day), state=Need.State.OPEN
    ).values("pk")
    for pk, code in Need.wards.through.objects.filter(need__in=open_needs).values_list(
        "need", "area__code"
    ):
        held[pk].append(code)
    facts = []
    for pk, priority, opened, closes in rows:
        scores = [
            indicators[code]["imd"].value
            for code in held[pk]
            if code in indicators and "imd" in indicators[code]
        ]
        facts.append(
            UnmetNeed(
                f"{pk:012d}",
                None,
                (day - opened).days,
                None if closes is None else (closes - day).days,
                sum(scores, Decimal(0)) / len(scores) if scores else None,
                sum(live.get((code, priority), 0) for code in set(held[pk])),
            )
        )
    ranked = rank_unmet(facts)[:most]
    shown = {
        need.pk: need
        for need in Need.objects.filter(pk__in=[int(one.key) for one in ranked]).select_related(
            "priority", "hub"
        )
    }
    return (
        tuple(
            UnmetRow(place, shown[int(one.key)], one, tuple(sorted(held[int(one.key)])))
            for place, one in enumerate(ranked, 1)
        ),
        len(rows),
    )

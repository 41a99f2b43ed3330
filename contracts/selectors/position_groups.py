"""The four figures broken down: by kind, directorate, theme, supplier, measure, contract, quarter.

The rows are those of `selectors.position`, so a breakdown always adds up to its total.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import Sum

from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, FourFigures, ValueState
from ..licensing import TotalReader, withheld_parts
from ..models import Contract
from ..valuation import plus
from .delivery_sums import Closings, delivered_by, summed_quarters
from .position import amounts
from .position_rows import commitments_in
from .position_scope import Scope, held_measure, total_reader


@dataclass(frozen=True)
class Group:
    """One line of a breakdown: four figures of a kind, directorate, theme, supplier or quarter."""

    key: str
    label: str
    figures: FourFigures
    lines: int
    query: str


# What a breakdown is by: (key of a commitment, its label, the name of the filter).
BREAKDOWNS = {
    "agreement": ("contract__kind", "contract__kind", "agreement"),
    "directorate": ("contract__directorate_id", "contract__directorate__name", "directorate"),
    "theme": ("measure__outcome__theme__title", "measure__outcome__theme__title", "theme"),
    "supplier": ("supplier_id", "supplier__name", "supplier"),
    "measure": ("measure__code", "measure__title", "measure"),
    "contract": ("contract_id", "contract__title", "contract"),
}

# Those that the sums of closed quarters tell apart.
_BY_AGREEMENT = {"agreement", "directorate", "contract"}


def breakdown(
    user: Any,
    scope: Scope,
    by: str,
    *,
    first: Quarter | None,
    last: Quarter,
    outward: bool = False,
    closings: Closings | None = None,
) -> list[Group]:
    """Committed, reported and verified by one of BREAKDOWNS, largest promise first. 2 queries, and
    one as in `position`.

    What a licence keeps in is kept in as in `position`, and so that the total less the parts that are
    shown tells no more (`licensing.withheld_parts`).
    """
    key, label, parameter = BREAKDOWNS[by]
    starts = first.start if first else None
    names: dict[Any, str] = {}
    parts = _Parts()
    rows: Any = (
        commitments_in(user, scope, starts, last.end)
        .annotate(held=held_measure("measure"))
        .values(*{key, label, "measure__kind", "held"})
        .annotate(pounds=Sum("counted_pounds"))
        .order_by()
    )
    for row in rows:
        names[row[key]] = row[label] or ""
        parts.add(ValueState.COMMITTED, row["measure__kind"], row[key], row["held"], row["pounds"])
    lines: dict[Any, int] = defaultdict(int)
    if by not in _BY_AGREEMENT:
        closings = {}
    elif closings is None:
        closings = summed_quarters(user, scope) if first != last else {}
    columns = {"part": (f"commitment__{key}", key), "label": (f"commitment__{label}", label)}
    for row in delivered_by(user, scope, first, last, columns, closings=closings):
        one = row["part"]
        names.setdefault(one, row["label"] or "")
        lines[one] += row["rows"]
        parts.add_line(one, row)
    withheld = parts.withheld(total_reader(user, outward=outward))
    groups = []
    for held, name in names.items():
        if by == "agreement":
            name = Contract.Kind(held).label
        groups.append(
            Group(
                key="" if held is None else str(held),
                label=name or "Not recorded",
                figures=parts.figures(held, withheld),
                lines=lines[held],
                query=scope.query(**{parameter: held if held is not None else "none"}),
            )
        )
    return sorted(groups, key=_largest_first)


_DELIVERED = (ValueState.REPORTED, ValueState.VERIFIED)


class _Parts:
    """Pounds of each part of a total, with the measures in them whose values a licence keeps in."""

    def __init__(self) -> None:
        self._pounds: dict[tuple[ValueState, str], dict[Any, Decimal | None]] = defaultdict(dict)
        self._held: dict[tuple[ValueState, str], dict[Any, set[int]]] = defaultdict(
            lambda: defaultdict(set)
        )

    def add(
        self, state: ValueState, kind: str, part: Any, held: int | None, amount: Decimal | None
    ) -> None:
        sums = self._pounds[state, kind]
        sums[part] = plus(sums.get(part), amount)
        if held is not None and amount:
            self._held[state, kind][part].add(held)

    def add_line(self, part: Any, row: dict[str, Any]) -> None:
        kind, held = row["value_kind"], row["held"]
        for state in _DELIVERED:
            self.add(state, kind, part, held, row[state.value])

    def withheld(self, reader: TotalReader) -> dict[Any, frozenset[tuple[str, str]]]:
        """Of each part, the (state, kind) that this reader may not have."""
        found: dict[Any, set[tuple[str, str]]] = defaultdict(set)
        for (state, kind), parts in self._held.items():
            for part in withheld_parts(parts, reader):
                found[part].add((state.value, kind))
        return {part: frozenset(states) for part, states in found.items()}

    def figures(
        self,
        part: Any,
        withheld: dict[Any, frozenset[tuple[str, str]]],
        states: tuple[ValueState, ...] = (ValueState.COMMITTED, *_DELIVERED),
    ) -> FourFigures:
        def of(state: ValueState) -> Amounts | None:
            if state not in states:
                return None
            return amounts(
                (kind, sums.get(part)) for (one, kind), sums in self._pounds.items() if one is state
            )

        return FourFigures(
            committed=of(ValueState.COMMITTED),
            reported=of(ValueState.REPORTED),
            verified=of(ValueState.VERIFIED),
        ).without(withheld.get(part, frozenset()))


def _largest_first(group: Group) -> tuple[Decimal, str, str]:
    committed = group.figures.committed or Amounts()
    total = max(
        committed.social_pounds or Decimal(0), committed.local_economic_pounds or Decimal(0)
    )
    return -total, group.label, group.key


_QUARTER = {
    "in_year": ("counted_year", "closed__financial_year"),
    "in_quarter": ("counted_quarter", "closed__quarter"),
}


def by_quarter(
    user: Any,
    scope: Scope,
    *,
    last: Quarter,
    quarters: int = 8,
    outward: bool = False,
    as_known: datetime.datetime | None = None,
    closings: Closings | None = None,
) -> list[Group]:
    """Reported and verified in each of the last quarters, earliest first. 1 query, and one as in
    `position`.

    A quarter without a line has None, which is "nothing came in" and not £0.
    """
    wanted = [last]
    while len(wanted) < quarters:
        wanted.insert(0, wanted[0].previous)
    parts, lines = _Parts(), defaultdict[Quarter, int](int)
    if closings is None:
        closings = summed_quarters(user, scope, as_known=as_known)
    rows = delivered_by(
        user, scope, wanted[0], last, _QUARTER, closings=closings, as_known=as_known
    )
    for row in rows:
        quarter = Quarter(row["in_year"], row["in_quarter"])
        lines[quarter] += row["rows"]
        parts.add_line(quarter, row)
    withheld = parts.withheld(total_reader(user, outward=outward, any_day=as_known is not None))
    return [
        Group(
            key=quarter.code,
            label=quarter.short,
            figures=parts.figures(quarter, withheld, _DELIVERED),
            lines=lines[quarter],
            query=scope.query(counted=quarter.code),
        )
        for quarter in wanted
    ]

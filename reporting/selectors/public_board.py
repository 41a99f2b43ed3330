"""What the public board may show: closed quarters, and no figure from which one supplier's part could be
worked out, alone or by taking other figures from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F, Value
from django.db.models.functions import Substr

from contracts.four_figures import ValueState
from contracts.selectors.position import EVERYWHERE, Scope, commitments_in, lines_in
from contracts.valuation import Kind
from trafford_sv.core.disclosure import withheld_parts
from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter

from .boards import Board, BoardScope, board

# Behind fewer suppliers a total gives one's figure away: of two, each would know the other's.
FEWEST_SUPPLIERS = 3
# What the board can be narrowed to in public, one at a time: where a promise says it.
_WHERE: dict[str, Any] = {
    "agreement": F("contract__kind"),
    "directorate": F("contract__directorate_id"),
    "division": Substr("contract__category_id", 1, 2),
    "theme": F("measure__outcome__theme__title"),
    "ward": F("wards__code"),
}
TWO_FILTERS = (
    "In public, choose one of directorate, category, ward, theme and kind of agreement at a time. Two together "
    "could tell one organisation’s figure."
)
TOO_FEW = (
    "Too few suppliers are behind this choice, or behind the rest of its kind, so its figures are not shown: they could tell "
    "one organisation’s figure. Choose a larger part of the council, or another quarter."
)


_Behind = dict[Kind, dict[Any, set[int]]]


@dataclass(frozen=True)
class PublicQuarters:
    """What the public may read: the quarters that are closed, the latest first. `invented`: those that
    the demo closed."""

    quarters: tuple[Quarter, ...]
    invented: frozenset[Quarter]


def public_quarters() -> PublicQuarters:
    """One query."""
    rows = ClosedQuarter.objects.filter(reopened_at__isnull=True).values_list(
        "financial_year", "quarter", "is_demo"
    )
    held = {Quarter(year, number): is_demo for year, number, is_demo in rows}
    return PublicQuarters(
        tuple(sorted(held, reverse=True)),
        frozenset(quarter for quarter, is_demo in held.items() if is_demo),
    )


def public_board(about: BoardScope) -> tuple[Board | None, str]:
    """The board of a choice for anyone, or None and the sentence that says why not.

    A quarter in which too few suppliers proved something says nothing of itself, and ends no sum up
    to it. Each kind of value is judged alone; where it may not be told, social value takes the board
    with it and local economic value is left out. Two queries more than a board.
    """
    chosen = [name for name in _WHERE if getattr(about.scope, name) not in ("", None)]
    if len(chosen) > 1:
        return None, TWO_FILTERS
    promised = _suppliers_behind(about, chosen[0] if chosen else "")
    proved = _suppliers_by_quarter(about)
    wanted = getattr(about.scope, chosen[0]) if chosen else ""
    untold = {kind for kind in Kind if not _may_stand(kind, wanted, promised, proved, about.last)}
    if Kind.SOCIAL in untold:
        return None, TOO_FEW
    found = board(EVERYWHERE, about, outward=True)
    report = found.report
    kept_in = frozenset((state.value, kind.value) for state in ValueState for kind in untold)
    figures = report.position.figures.without(kept_in)
    trend = []
    for group in found.trend:
        few = kept_in | {
            (state.value, kind.value)
            for kind in Kind
            for quarter in withheld_parts(proved[kind], _may_tell)
            for state in ValueState
            if quarter.code == group.key
        }
        trend.append(replace(group, figures=group.figures.without(frozenset(few))))
    position = replace(report.position, figures=figures)
    return replace(found, report=replace(report, position=position), trend=tuple(trend)), ""


def _may_tell(suppliers: int) -> bool:
    """Nothing at all is no secret."""
    return suppliers == 0 or suppliers >= FEWEST_SUPPLIERS


def _may_stand(kind: Kind, wanted: Any, promised: _Behind, proved: _Behind, last: Quarter) -> bool:
    """Every choice of a filter is judged together with its neighbours, because all but one of them and
    the whole give the last one away."""
    parts, quarters = promised[kind], proved[kind]
    everybody = set().union(*quarters.values())
    return (
        wanted in parts
        and wanted not in withheld_parts(parts, _may_tell)
        and _may_tell(len(everybody))
        and _may_tell(len(quarters.get(last, ())))
    )


def _suppliers_behind(about: BoardScope, name: str) -> _Behind:
    """Suppliers with a promise in the period, by what a filter divides them into; all under "" for none."""
    starts = about.first.start if about.first else None
    rows: Any = commitments_in(EVERYWHERE, Scope(), starts, about.last.end).order_by()
    part = _WHERE[name] if name else Value("")
    found: _Behind = {kind: {} for kind in Kind}
    for kind, one, supplier in (
        rows.annotate(part=part).values_list("measure__kind", "part", "supplier_id").distinct()
    ):
        found[Kind(kind)].setdefault(one, set()).add(supplier)
    return found


def _suppliers_by_quarter(about: BoardScope) -> _Behind:
    """Who has a verified delivery that counts in each quarter. One query."""
    rows = (
        lines_in(EVERYWHERE, about.scope, None, about.last)
        .filter(verified_quantity__gt=0)
        .order_by()
        .values_list(
            "commitment__measure__kind", "counted_year", "counted_quarter", "commitment__supplier"
        )
        .distinct()
    )
    found: _Behind = {kind: {} for kind in Kind}
    for kind, year, number, supplier in rows:
        found[Kind(kind)].setdefault(Quarter(year, number), set()).add(supplier)
    return found

"""What the public board may show: closed quarters, and no figure from which one supplier's part could be
worked out, alone or by taking other figures from it.
"""

from __future__ import annotations

from collections.abc import Mapping
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
_WHERE = {
    "agreement": "contract__kind",
    "directorate": "contract__directorate_id",
    "division": "contract__category_id",
    "theme": "measure__outcome__theme__title",
    "ward": "wards__code",
}
TWO_FILTERS = (
    "In public, choose one of directorate, category, ward, theme and kind of agreement at a time. Two together "
    "could tell one organisation’s figure."
)
TOO_FEW = (
    "Too few suppliers are behind this choice, or behind the rest of its kind, so its figures are not shown: they could tell "
    "one organisation’s figure. Choose a larger part of the council, or another quarter."
)


# Suppliers, by quarter and part.
_Proving = dict[Quarter, dict[Any, set[int]]]


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


def public_board(about: BoardScope, latest: Quarter | None = None) -> tuple[Board | None, str]:
    """The board of a choice for anyone, or None and the sentence that says why not. `latest`: the latest
    closed quarter, which `about` ends with unless given.

    Each kind of value is judged alone; where it may not be told, social value takes the board with it
    and local economic value is left out. Two queries more than a board.
    """
    chosen = [name for name in _WHERE if getattr(about.scope, name) not in ("", None)]
    if len(chosen) > 1:
        return None, TWO_FILTERS
    name = chosen[0] if chosen else ""
    part = getattr(about.scope, name) if name else ""
    promised = _promising(about, name)
    proving = _proving(latest or about.last, name)
    untold, hidden = set(), {}
    for kind in Kind:
        hidden[kind] = _hidden_quarters(part, proving[kind])
        if not _may_stand(about, part, promised[kind], proving[kind], hidden[kind]):
            untold.add(kind)
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
            for kind, quarters in hidden.items()
            if any(quarter.code == group.key for quarter in quarters)
            for state in ValueState
        }
        trend.append(replace(group, figures=group.figures.without(frozenset(few))))
    position = replace(report.position, figures=figures)
    return replace(found, report=replace(report, position=position), trend=tuple(trend)), ""


def _may_tell(suppliers: int) -> bool:
    """Nothing at all is no secret."""
    return suppliers == 0 or suppliers >= FEWEST_SUPPLIERS


def _own(part: Any, proving: _Proving) -> tuple[dict[Quarter, set[int]], Quarter | None]:
    """Who proves something in each quarter of this part, and the last quarter of which enough do."""
    own = {quarter: parts[part] for quarter, parts in proving.items() if part in parts}
    return own, max((one for one, who in own.items() if _may_tell(len(who))), default=None)


def _hidden_quarters(part: Any, proving: _Proving) -> set[Quarter]:
    """The quarters of which nothing is told by themselves: those of few suppliers, those that the rest of
    the council would give away, and as many more as it takes that the whole gives none of them away.
    """
    own, until = _own(part, proving)
    if until is None:
        return set(own)
    # What came after is in no sum that is told.
    after = {quarter for quarter in own if quarter > until}
    hidden = {
        quarter
        for quarter in own.keys() - after
        if part in withheld_parts(proving[quarter], _may_tell)
    }
    behind: dict[Any, set[int]] = {one: own[one] for one in own.keys() - after - hidden}
    behind[None] = {supplier for one in hidden for supplier in own[one]}
    return hidden | after | (withheld_parts(behind, _may_tell) - {None})


def _may_stand(
    about: BoardScope,
    part: Any,
    promised: Mapping[Any, set[int]],
    proving: _Proving,
    hidden: set[Quarter],
) -> bool:
    """Every choice of a filter is judged together with its neighbours, because all but one of them and
    the whole give the last one away. A sum up to a quarter stands before the first hidden one, or where it
    is up to the last that enough prove: any other two sums would tell what came between.
    """
    first, last = about.first, about.last
    counted: dict[Any, set[int]] = {}
    for quarter, parts in proving.items():
        if quarter <= last and (first is None or quarter >= first):
            for one, suppliers in parts.items():
                counted.setdefault(one, set()).update(suppliers)
    if part not in promised or part in withheld_parts(promised, _may_tell):
        return False
    if part in withheld_parts(counted, _may_tell):
        return False
    if first is not None:
        return last not in hidden
    if not any(quarter <= last for quarter in hidden):
        return True
    own, until = _own(part, proving)
    return until is not None and last >= until and not any(until < one <= last for one in own)


def _promising(about: BoardScope, name: str) -> dict[Kind, dict[Any, set[int]]]:
    """Suppliers with a promise in the period, by what a filter divides them into; all under "" for none.
    One query."""
    starts = about.first.start if about.first else None
    rows: Any = commitments_in(EVERYWHERE, Scope(), starts, about.last.end).order_by()
    found: dict[Kind, dict[Any, set[int]]] = {kind: {} for kind in Kind}
    for kind, one, supplier in (
        rows.annotate(part=_where("", name))
        .values_list("measure__kind", "part", "supplier_id")
        .distinct()
    ):
        found[Kind(kind)].setdefault(one, set()).add(supplier)
    return found


def _proving(last: Quarter, name: str) -> dict[Kind, _Proving]:
    """Who has verified pounds in each quarter up to the last, by the same parts. One query."""
    rows: Any = (
        lines_in(EVERYWHERE, Scope(), None, last)
        .filter(verified_pounds__gt=0)
        .order_by()
        .annotate(part=_where("commitment__", name))
        .values_list(
            "commitment__measure__kind", "counted_year", "counted_quarter", "part",
            "commitment__supplier_id",
        )
        .distinct()
    )  # fmt: skip
    found: dict[Kind, _Proving] = {kind: {} for kind in Kind}
    for kind, year, number, one, supplier in rows:
        quarter = found[Kind(kind)].setdefault(Quarter(year, number), {})
        quarter.setdefault(one, set()).add(supplier)
    return found


def _where(path: str, name: str) -> Any:
    if not name:
        return Value("")
    if name == "division":
        return Substr(f"{path}contract__category_id", 1, 2)
    return F(f"{path}{_WHERE[name]}")

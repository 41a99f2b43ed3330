"""What the public board may show: closed quarters, and no figure from which one supplier's part could be
worked out, alone or by taking other figures from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.db.models import F
from django.db.models.functions import Substr

from contracts.four_figures import FourFigures, ValueState
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
    to it. Two queries more than a board.
    """
    if why_not := _why_not(about):
        return None, why_not
    proved = _suppliers_by_quarter(about)
    hidden = withheld_parts(proved, _may_tell)
    everybody = set().union(*proved.values())
    if not _may_tell(len(everybody)) or not _may_tell(len(proved.get(about.last, ()))):
        return None, TOO_FEW
    found = board(EVERYWHERE, about, outward=True)
    kept_in = FourFigures(withheld=frozenset((ValueState.VERIFIED.value, one) for one in Kind))
    codes = {quarter.code for quarter in hidden}
    trend = tuple(
        replace(group, figures=kept_in) if group.key in codes else group for group in found.trend
    )
    return replace(found, trend=trend), ""


def _may_tell(suppliers: int) -> bool:
    """Nothing at all is no secret."""
    return suppliers == 0 or suppliers >= FEWEST_SUPPLIERS


def _why_not(about: BoardScope) -> str:
    """Of whom a choice is. Every choice of a filter is judged together with its neighbours, because all
    but one of them and the whole give the last one away. One query.
    """
    chosen = [name for name in _WHERE if getattr(about.scope, name) not in ("", None)]
    if len(chosen) > 1:
        return TWO_FILTERS
    parts = _suppliers_behind(about, chosen[0] if chosen else "")
    wanted = getattr(about.scope, chosen[0]) if chosen else ""
    if wanted not in parts or wanted in withheld_parts(parts, _may_tell):
        return TOO_FEW
    return ""


def _suppliers_behind(about: BoardScope, name: str) -> dict[Any, set[int]]:
    """Suppliers with a promise in the period, by what a filter divides them into; all under "" for none."""
    starts = about.first.start if about.first else None
    rows: Any = commitments_in(EVERYWHERE, Scope(), starts, about.last.end).order_by()
    found: dict[Any, set[int]] = {}
    if not name:
        for supplier in rows.values_list("supplier_id", flat=True).distinct():
            found.setdefault("", set()).add(supplier)
        return found
    for part, supplier in (
        rows.annotate(part=_WHERE[name]).values_list("part", "supplier_id").distinct()
    ):
        found.setdefault(part, set()).add(supplier)
    return found


def _suppliers_by_quarter(about: BoardScope) -> dict[Quarter, set[int]]:
    """Who has a verified delivery that counts in each quarter. One query."""
    rows = (
        lines_in(EVERYWHERE, about.scope, None, about.last)
        .filter(verified_quantity__gt=0)
        .order_by()
        .values_list("counted_year", "counted_quarter", "commitment__supplier")
        .distinct()
    )
    found: dict[Quarter, set[int]] = {}
    for year, number, supplier in rows:
        found.setdefault(Quarter(year, number), set()).add(supplier)
    return found

"""What the public board may show: no figure from which one supplier's part could be worked out."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.db.models.functions import Substr

from contracts.selectors.position import EVERYWHERE, Scope, commitments_in
from trafford_sv.core.disclosure import withheld_parts

from .boards import BoardScope

# Behind fewer suppliers than this a total in public could give one's figure away.
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
    "one organisation’s figure. Choose a larger part of the council."
)


def why_not_in_public(about: BoardScope) -> str:
    """The sentence that stands in place of the figures; "" where they may be shown. One query.

    Every choice of a filter is judged together with its neighbours, because all but one of them and the
    whole give the last one away.
    """
    chosen = [name for name in _WHERE if getattr(about.scope, name) not in ("", None)]
    if len(chosen) > 1:
        return TWO_FILTERS
    parts = _suppliers_behind(about, chosen[0] if chosen else "")
    wanted = getattr(about.scope, chosen[0]) if chosen else ""
    if wanted not in parts or wanted in withheld_parts(parts, _may_tell):
        return TOO_FEW
    return ""


def _may_tell(suppliers: int) -> bool:
    return suppliers >= FEWEST_SUPPLIERS


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

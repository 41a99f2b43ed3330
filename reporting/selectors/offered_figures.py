"""The catalogue's figures as the Action Plan uses them: proof of a criterion, yardstick of an action."""

from __future__ import annotations

import datetime
from decimal import Decimal

from django.urls import reverse

from action_plan.offered_figures import FigureReading
from contracts.selectors.position import Scope
from trafford_sv.core.money import percentage, readable, share
from trafford_sv.core.periods import Quarter

from ..catalogue import BASIS_WORDS, CATALOGUE, Unit
from .figures import FigureReader

# Shares that people ask for, by the keys of their part and their whole in the catalogue.
SHARES = {
    "spend_retained_share": (
        "Share of spend with a known place that is retained", "spend_retained", "spend_known",
    ),
    "returns_received_share": (
        "Share of returns due that came in", "returns_received", "returns_expected",
    ),
}  # fmt: skip


def offered_names() -> dict[str, str]:
    """ "social_value.verified": "Social value, verified with evidence"; without a query."""
    found = {}
    for figure in CATALOGUE.values():
        for basis in figure.bases:
            several = len(figure.bases) > 1
            key = f"{figure.key}.{basis.value}" if several else figure.key
            found[key] = f"{figure.name}, {BASIS_WORDS[basis]}" if several else figure.name
    return {**found, **{key: name for key, (name, _, _) in SHARES.items()}}


def read_offered(key: str, today: datetime.date) -> FigureReading:
    """The figure of the whole council up to the last complete quarter. At most 4 queries."""
    quarter = Quarter.of(today).previous
    reader = FigureReader()
    if key in SHARES:
        _, part, whole = SHARES[key]
        quantity = share(_value(reader, part, quarter), _value(reader, whole, quarter))
        words = percentage(quantity)
    else:
        quantity = _value(reader, key, quarter)
        is_pounds = CATALOGUE[key.partition(".")[0]].unit is Unit.POUNDS
        words = "" if quantity is None else readable(quantity) if is_pounds else f"{quantity:,.0f}"
    is_spend = key.startswith("spend_")
    return FigureReading(
        key=key,
        name=offered_names()[key],
        quantity=quantity,
        on=quarter.end,
        words=words if quantity is not None else "",
        completeness="" if is_spend else reader.completeness(Scope(), quarter).sentence,
        address=reverse("spend-retained" if is_spend else "portfolio"),
    )


def _value(reader: FigureReader, key: str, quarter: Quarter) -> Decimal | None:
    name, _, basis = key.partition(".")
    return reader.value(name, basis, Scope(), None, quarter)

"""The words of a suggested clause, from the facts of a need. Pure. A person edits them."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from decimal import Decimal

from community_needs.matching import day, joined, plain


def suggested_clause(
    *,
    title: str,
    for_whom: str,
    wards: Sequence[str],
    quantity: Decimal | None,
    unit: str,
    closes: datetime.date | None,
    hub: str,
    measures: Sequence[str],
) -> str:
    """One paragraph: what is needed, how much, where, by when, how it is counted, who confirms.

    A fact that is not known makes no sentence.
    """
    where = f" in {joined(list(wards))}" if 0 < len(wards) <= 4 else " in Trafford"
    parts = [f"The community has asked for this: {title.rstrip('. ')}."]
    if for_whom:
        parts.append(f"It is for {for_whom.rstrip('. ')}.")
    amount = f"at least {plain(quantity)} {unit}" if quantity is not None else "a stated quantity"
    by_when = f" by {day(closes)}" if closes else " during the contract"
    parts.append(f"The bidder should offer {amount} towards it{where}{by_when}.")
    if measures:
        parts.append(f"The offer is counted by {joined(list(measures))}.")
    if hub:
        parts.append(
            f"The supplier will agree the place and time with {hub}, which confirms what arrived."
        )
    return " ".join(parts)

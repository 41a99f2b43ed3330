"""Where a need stands, from what a hub accepted and what it confirmed. Nobody types a state.

A need that can be counted is met when what was confirmed reaches what was asked. A need that
cannot be counted ("somewhere to meet on Sundays") has no quantity, so its offers are counted:
it is met when every offer that was accepted has been confirmed.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

ZERO = Decimal(0)


class NeedState(StrEnum):
    OPEN = "open"
    MATCHED = "matched"
    PART_MET = "part_met"
    MET = "met"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True)
class Progress:
    """Quantities in the need's own unit; offers as whole numbers. Confirmed is part of accepted."""

    accepted_quantity: Decimal = ZERO
    confirmed_quantity: Decimal = ZERO
    accepted_offers: int = 0
    confirmed_offers: int = 0


def state_of(
    needed_quantity: Decimal | None, progress: Progress, *, is_withdrawn: bool = False
) -> NeedState:
    """Open, matched, part met, met or withdrawn. Zero accepted is open, not matched."""
    if is_withdrawn:
        return NeedState.WITHDRAWN
    if needed_quantity is None:
        confirmed, whole = progress.confirmed_offers, progress.accepted_offers
        if confirmed and confirmed >= whole:
            return NeedState.MET
        if confirmed:
            return NeedState.PART_MET
        return NeedState.MATCHED if whole else NeedState.OPEN
    if progress.confirmed_quantity >= needed_quantity:
        return NeedState.MET
    if progress.confirmed_quantity > 0:
        return NeedState.PART_MET
    return NeedState.MATCHED if progress.accepted_quantity > 0 else NeedState.OPEN


def still_wanted(needed_quantity: Decimal | None, progress: Progress) -> Decimal | None:
    """What nobody has offered and the hub accepted yet; None for what is not counted."""
    if needed_quantity is None:
        return None
    return max(ZERO, needed_quantity - progress.accepted_quantity)


def why_not_possible(progress: Progress) -> str:
    """A sentence where the counters contradict each other; empty where they do not."""
    if min(progress.accepted_quantity, progress.confirmed_quantity) < 0:
        return "A quantity below nothing cannot be accepted or confirmed."
    if min(progress.accepted_offers, progress.confirmed_offers) < 0:
        return "There cannot be fewer than no offers."
    if progress.confirmed_offers > progress.accepted_offers:
        return "More offers are confirmed than were accepted."
    return ""

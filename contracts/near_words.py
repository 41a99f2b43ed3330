"""Words for residents: what was promised and done, with small numbers left out. Pure.

A number from 1 to 4 may point at somebody, so it is told as "fewer than 5", unless the measure
says that its unit is no person. What people typed as a unit says nothing of the kind, so its
words decide: money, miles, hours, weight, energy, trees or space are no people.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from community_needs.matching import plain

SMALLEST_TOLD = 5
_NO_PEOPLE = frozenset(
    "pound pounds £ mile miles hour hours tonne tonnes kwh tree trees square metre metres "
    "meal meals laptop laptops book books".split()
)


@dataclass(frozen=True)
class Told:
    """A quantity as anyone may read it. `words` is empty where nothing is known."""

    words: str
    is_hidden: bool = False
    is_nothing: bool = False


def counts_people(unit: str, said: bool | None = None) -> bool:
    """What the measure says of its unit. Where it says nothing (`said` None): True unless one of
    the unit's words says that it is something else. Careful by default."""
    if said is not None:
        return said
    words = unit.casefold().replace("-", " ").replace("(", " ").replace(")", " ").split()
    return not any(word in _NO_PEOPLE for word in words)


def told(quantity: Decimal | None, unit: str, said: bool | None = None) -> Told:
    """None is not known, 0 is nothing, below five of what may be people is "fewer than 5"."""
    if quantity is None:
        return Told("")
    if quantity == 0:
        return Told("nothing", is_nothing=True)
    if quantity < SMALLEST_TOLD and counts_people(unit, said):
        return Told(f"fewer than {SMALLEST_TOLD} {unit}".strip(), is_hidden=True)
    return Told(f"{plain(quantity)} {unit}".strip())


def promise_sentence(supplier: str, what: str, amount: Told, agreement: str) -> str:
    """Who promised what, how much, under what."""
    how_much = f" ({amount.words})" if amount.words else ""
    return f"{supplier} promised: {what.rstrip('. ')}{how_much}. It is part of “{agreement}”."

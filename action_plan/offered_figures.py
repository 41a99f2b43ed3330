"""Figures of the product that the storeys above offer: proof of a criterion, yardstick of an action.

They register in `apps.ready`. The plan knows a figure by its key alone; whoever offers it reads it.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True)
class FigureReading:
    """`quantity` None: nothing is recorded, which is not zero. `on`: the last day that it covers.

    `words` read as a value ("£1.24 million"); `completeness` says how much of it is in.
    """

    key: str
    name: str
    quantity: Decimal | None
    on: datetime.date
    words: str
    completeness: str = ""
    address: str = ""


@dataclass(frozen=True)
class _Offer:
    names: Callable[[], Mapping[str, str]]
    read: Callable[[str, datetime.date], FigureReading]


_OFFERS: list[_Offer] = []


def register_figures(
    names: Callable[[], Mapping[str, str]], read: Callable[[str, datetime.date], FigureReading]
) -> None:
    """`names`: a name for each key. `read(key, today)`: the figure at the last complete quarter."""
    _OFFERS.append(_Offer(names, read))


def offered_names() -> dict[str, str]:
    return {key: name for offer in _OFFERS for key, name in offer.names().items()}


def read_figure(key: str, today: datetime.date) -> FigureReading | None:
    """None where nobody offers the key, such as one that was typed by hand."""
    for offer in _OFFERS:
        if key in offer.names():
            return offer.read(key, today)
    return None

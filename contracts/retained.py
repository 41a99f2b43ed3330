"""How much of what the council pays stays in the borough, and how sure that is.

Pure. Every pound paid falls into exactly one of five places, so the five always sum to the
total: excluded (nobody could have been chosen instead), Trafford, the rest of Greater
Manchester, elsewhere, and unknown. A share is of what is known and never stands without the
share that is known, because published files carry no addresses.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from trafford_sv.core.money import share

ZERO = Decimal("0.00")
# Below this a percentage of what is known says little, so the range is shown instead.
ENOUGH_KNOWN = Decimal("0.5")

TRAFFORD, GREATER_MANCHESTER = "trafford", "greater_manchester"
ELSEWHERE, UNKNOWN, EXCLUDED = "elsewhere", "unknown", "excluded"
# The words that pages, addresses and exports use for where the money went.
PLACES: dict[str, str] = {
    TRAFFORD: "Trafford",
    GREATER_MANCHESTER: "Rest of Greater Manchester",
    ELSEWHERE: "Elsewhere",
    UNKNOWN: "Location unknown",
    EXCLUDED: "Not contestable",
}
RETAINED, KNOWN, CONTESTABLE = "retained", "known", "contestable"
# Several of the five together, for the figures that are sums of them.
WIDER_PLACES: dict[str, str] = {
    RETAINED: "Trafford and the rest of Greater Manchester",
    KNOWN: "Contestable, location known",
    CONTESTABLE: "Contestable, wherever it is",
}
PARTS_OF: dict[str, tuple[str, ...]] = {
    **{place: (place,) for place in PLACES},
    RETAINED: (TRAFFORD, GREATER_MANCHESTER),
    KNOWN: (TRAFFORD, GREATER_MANCHESTER, ELSEWHERE),
    CONTESTABLE: (TRAFFORD, GREATER_MANCHESTER, ELSEWHERE, UNKNOWN),
}


def place_of(*, is_excluded: bool, locality: str | None) -> str:
    """Where money to a payee went, a key of PLACES. `locality` is its organisation's; None
    where it has none. What is not contestable is that, wherever it is."""
    if is_excluded:
        return EXCLUDED
    return locality if locality in PARTS_OF[KNOWN] else UNKNOWN  # type: ignore[return-value]


@dataclass(frozen=True)
class RetainedSpend:
    """Net pounds by place; `lines` counts payments. Shares lie in 0..1 for positive sums.

    A share whose base is empty or below zero is None: not available, never 0.
    """

    excluded_pounds: Decimal = ZERO
    trafford_pounds: Decimal = ZERO
    greater_manchester_pounds: Decimal = ZERO  # the rest of it, without Trafford
    elsewhere_pounds: Decimal = ZERO
    unknown_pounds: Decimal = ZERO
    withheld_pounds: Decimal = ZERO  # part of unknown: the publisher withheld the name
    lines: int = 0

    @property
    def total_pounds(self) -> Decimal:
        return self.excluded_pounds + self.contestable_pounds

    @property
    def contestable_pounds(self) -> Decimal:
        return self.known_pounds + self.unknown_pounds

    @property
    def known_pounds(self) -> Decimal:
        return self.retained_pounds + self.elsewhere_pounds

    @property
    def retained_pounds(self) -> Decimal:
        return self.trafford_pounds + self.greater_manchester_pounds

    @property
    def known_share(self) -> Decimal | None:
        """Of contestable spend, how much went to suppliers whose location is known."""
        return share(self.known_pounds, self.contestable_pounds)

    @property
    def retained_share(self) -> Decimal | None:
        """Of spend whose location is known, how much stayed. Always shown with `known_share`."""
        return share(self.retained_pounds, self.known_pounds)

    @property
    def trafford_share(self) -> Decimal | None:
        """Of spend whose location is known, how much stayed in Trafford itself."""
        return share(self.trafford_pounds, self.known_pounds)

    @property
    def lowest_share(self) -> Decimal | None:
        """Of contestable spend, the share that stayed if no unknown supplier is local."""
        return self.bounds_of(self.retained_pounds)[0]

    @property
    def highest_share(self) -> Decimal | None:
        """Of contestable spend, the share that stayed if every unknown supplier is local."""
        return self.bounds_of(self.retained_pounds)[1]

    def bounds_of(self, pounds: Decimal) -> tuple[Decimal | None, Decimal | None]:
        """Of contestable spend, the least and the most that `pounds` of it can be, if none or
        all of the unknown belongs to it."""
        return (
            share(pounds + min(self.unknown_pounds, ZERO), self.contestable_pounds),
            share(pounds + max(self.unknown_pounds, ZERO), self.contestable_pounds),
        )

    @property
    def enough_known(self) -> bool | None:
        """Whether a share of what is known may be the figure. False: show the range instead.

        None: nothing can be said, because nothing is known or there is nothing to know.
        """
        if self.known_share is None or self.retained_share is None:
            return None
        return self.known_share >= ENOUGH_KNOWN

    def __add__(self, other: RetainedSpend) -> RetainedSpend:
        return RetainedSpend(
            self.excluded_pounds + other.excluded_pounds,
            self.trafford_pounds + other.trafford_pounds,
            self.greater_manchester_pounds + other.greater_manchester_pounds,
            self.elsewhere_pounds + other.elsewhere_pounds,
            self.unknown_pounds + other.unknown_pounds,
            self.withheld_pounds + other.withheld_pounds,
            self.lines + other.lines,
        )

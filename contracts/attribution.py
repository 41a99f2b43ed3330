"""One activity shared by several contracts: each claims a share, together never above 100%. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

WHOLE = Decimal(1)
NOTHING = Decimal(0)


class AttributionError(ValueError):
    """A share that cannot be claimed; the message says what is left."""


def left(claimed: Iterable[Decimal]) -> Decimal:
    """The share nobody has claimed yet, from 0 to 1."""
    return max(NOTHING, WHOLE - sum(claimed, NOTHING))


def claimable(claimed: Iterable[Decimal], wanted: Decimal) -> Decimal:
    """As much of the wanted share as is left: never more than wanted, never below 0."""
    return max(NOTHING, min(wanted, left(claimed)))


def check_share(claimed: Iterable[Decimal], wanted: Decimal) -> None:
    """Raise AttributionError unless the wanted share fits beside those claimed already."""
    held = tuple(claimed)
    if not wanted.is_finite() or wanted <= 0 or wanted > WHOLE:
        raise AttributionError("Give a share above 0% and up to 100%.")
    rest = left(held)
    if wanted <= rest:
        return
    verb = "is" if len(held) == 1 else "are"
    taken = f"{_listed([percent_words(share) for share in held])} {verb} claimed already"
    if rest == 0:
        raise AttributionError(
            f"{taken}, so nothing is left. Agree the split with the other contracts first."
        )
    raise AttributionError(
        f"{taken}, so {percent_words(rest)} is left. Claim {percent_words(rest)} or less, "
        "or agree the split with the other contracts first."
    )


def percent_words(share: Decimal) -> str:
    """A share of 1 for a sentence: 50%, 33.33%. No trailing zeros."""
    text = f"{share * 100:f}"
    return (text.rstrip("0").rstrip(".") if "." in text else text) + "%"


def _listed(words: list[str]) -> str:
    return " and ".join(words) if len(words) < 3 else f"{', '.join(words[:-1])} and {words[-1]}"

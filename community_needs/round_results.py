"""How priorities came out of a round, from ranks and weights. Silence is not a zero.

Points: with n priorities, a first place brings n, a last place 1, no rank none. The share is what
a priority got of what it could have got, so that 1 means everybody put it first.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

TENTH = Decimal("0.1")


@dataclass(frozen=True)
class Said:
    """One response's word on one priority; None is "did not say"."""

    response: int
    priority: int
    rank: int | None
    weight: Decimal | None


@dataclass(frozen=True)
class Outcome:
    """`points_share` in 0..1, None where nobody ranked anything; `mean_weight` in 0..10."""

    priority: int
    points_share: Decimal | None
    first_places: int
    ranked: int
    mean_weight: Decimal | None
    weighed: int


def outcomes(priorities: Sequence[int], said: Sequence[Said]) -> list[Outcome]:
    """One for each priority, the strongest first; equals keep the order of `priorities`."""
    count = len(priorities)
    rankers = {row.response for row in said if row.rank is not None}
    found = []
    for priority in priorities:
        rows = [row for row in said if row.priority == priority]
        ranks = [row.rank for row in rows if row.rank is not None]
        weights = [row.weight for row in rows if row.weight is not None]
        points = sum(max(0, count + 1 - rank) for rank in ranks)
        found.append(
            Outcome(
                priority=priority,
                points_share=Decimal(points) / (count * len(rankers)) if rankers else None,
                first_places=ranks.count(1),
                ranked=len(ranks),
                mean_weight=(sum(weights, Decimal(0)) / len(weights)).quantize(TENTH, ROUND_HALF_UP)
                if weights
                else None,
                weighed=len(weights),
            )
        )
    return sorted(found, key=lambda row: (row.points_share is None, -(row.points_share or 0)))


def repeated_ranks(ranks: Sequence[int | None]) -> list[int]:
    """Ranks that were given to more than one priority, in order."""
    given = [rank for rank in ranks if rank is not None]
    return sorted({rank for rank in given if given.count(rank) > 1})

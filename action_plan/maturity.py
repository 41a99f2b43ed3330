"""Where a theme stands among the stages, what blocks the next one, and what would clear it. Pure.

A criterion is covered by evidence or by a reason that was recorded; one with neither is open. A
theme cannot be agreed at a stage while a criterion of that stage, or of one below it, is open.
A stage that nobody has agreed is None and never the lowest.
"""

from __future__ import annotations

import datetime
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from .shortest_set import Cover, shortest_set
from .stages import ORDER, Stage


@dataclass(frozen=True)
class CriterionFact:
    """One criterion of one theme in one assessment."""

    key: int
    stage: Stage
    has_evidence: bool = False
    has_reason: bool = False

    @property
    def is_open(self) -> bool:
        return not (self.has_evidence or self.has_reason)


def blocking(stage: Stage, criteria: Iterable[CriterionFact]) -> tuple[int, ...]:
    """The open criteria of this stage and of those below it, lowest stage first."""
    found = [fact for fact in criteria if fact.is_open and fact.stage.rank <= stage.rank]
    return tuple(fact.key for fact in sorted(found, key=lambda fact: (fact.stage.rank, fact.key)))


def highest_unblocked(criteria: Collection[CriterionFact]) -> Stage | None:
    """The highest stage that could be agreed today. None where the lowest is blocked already."""
    found: Stage | None = None
    for stage in ORDER:
        if blocking(stage, criteria):
            break
        found = stage
    return found


def stages_to_go(current: Stage | None, target: Stage | None) -> int | None:
    """How many stages are still to climb: 0 at the target and above it, None where one is unknown."""
    if current is None or target is None:
        return None
    return max(0, target.rank - current.rank)


@dataclass(frozen=True)
class Spread:
    """How far first scores lie apart. `cannot_say` counts those who gave no stage."""

    lowest: Stage | None
    highest: Stage | None
    given: int
    cannot_say: int

    @property
    def stages_apart(self) -> int | None:
        if self.lowest is None or self.highest is None:
            return None
        return self.highest.rank - self.lowest.rank


def spread(scores: Sequence[Stage | None]) -> Spread:
    given = sorted((score for score in scores if score is not None), key=lambda stage: stage.rank)
    return Spread(
        given[0] if given else None,
        given[-1] if given else None,
        len(given),
        len(scores) - len(given),
    )


@dataclass(frozen=True)
class Overall:
    """`words` "Developing to mature", "Leader", or "" where no theme has an agreed stage."""

    words: str
    agreed: int
    of: int

    @property
    def is_whole(self) -> bool:
        return self.agreed == self.of


def overall(stages: Sequence[Stage | None]) -> Overall:
    """From the lowest to the highest theme. Never an average: stages are an order, not amounts."""
    reach = spread(stages)
    words = ""
    if reach.lowest is not None and reach.highest is not None:
        words = reach.lowest.label
        if reach.highest is not reach.lowest:
            words = f"{reach.lowest.label} to {reach.highest.label.lower()}"
    return Overall(words, reach.given, len(stages))


@dataclass(frozen=True)
class Target:
    """A stage to be reached by a day."""

    by_date: datetime.date
    stage: Stage


def planned_on(targets: Iterable[Target], day: datetime.date) -> Stage | None:
    """What should have been reached by then: the latest target whose day has come."""
    due = [target for target in targets if target.by_date <= day]
    return max(due, key=lambda target: target.by_date).stage if due else None


def next_target(targets: Iterable[Target], day: datetime.date) -> Target | None:
    """The nearest target whose day has not passed."""
    ahead = [target for target in targets if target.by_date >= day]
    return min(ahead, key=lambda target: target.by_date) if ahead else None


@dataclass(frozen=True)
class Gap:
    """What lies between a theme and a stage.

    `finished` criteria need no more work, only the proof put to them: a finished action satisfies
    them. `cover` answers for the others: the fewest living actions, and what has no action at all.
    """

    stage: Stage
    blocking: tuple[int, ...]
    finished: tuple[int, ...]
    cover: Cover


def gap_to(
    stage: Stage,
    criteria: Iterable[CriterionFact],
    *,
    living: Mapping[int, Collection[int]],
    finished: Mapping[int, Collection[int]],
) -> Gap:
    """`living` and `finished` map actions to the criteria that each would satisfy."""
    blocked = blocking(stage, criteria)
    done = {criterion for satisfied in finished.values() for criterion in satisfied}
    still = [criterion for criterion in blocked if criterion not in done]
    return Gap(stage, blocked, tuple(c for c in blocked if c in done), shortest_set(still, living))

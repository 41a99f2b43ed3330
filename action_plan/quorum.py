"""May a meeting decide: how many seats must be filled, and how many are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal

ONE = Decimal(1)


@dataclass(frozen=True)
class QuorumRule:
    """In force on the day of the meeting. `share` in 0..1 of the seats in force, rounded up."""

    share: Decimal
    at_least: int
    needs_chair: bool
    substitutes_count: bool


@dataclass(frozen=True)
class Present:
    """Who is there. `members` without substitutes; `has_chair`: somebody present takes the chair."""

    members: int
    substitutes: int
    has_chair: bool


@dataclass(frozen=True)
class Quorum:
    """`needed` None: no rule is recorded for the day, so nothing says that it cannot decide."""

    needed: int | None
    counted: int
    seats: int
    lacks_chair: bool = False

    @property
    def is_met(self) -> bool:
        return self.needed is None or (self.counted >= self.needed and not self.lacks_chair)

    @property
    def sentence(self) -> str:
        here = (
            f"{self.counted} of {self.seats} {'seat is' if self.seats == 1 else 'seats are'} filled"
        )
        if self.needed is None:
            return f"{here}. No quorum rule is recorded for that day."
        if self.counted < self.needed:
            return f"{here}; {self.needed} must be, so the meeting cannot decide."
        if self.lacks_chair:
            return f"{here}, but nobody present takes the chair, so the meeting cannot decide."
        return f"{here}; {self.needed} must be, so the meeting can decide."


def needed(rule: QuorumRule, seats: int) -> int:
    """Seats that must be filled: the share rounded up, and never fewer than the rule's least."""
    return max(rule.at_least, int((rule.share * seats).to_integral_value(ROUND_CEILING)))


def quorum(rule: QuorumRule | None, seats: int, present: Present) -> Quorum:
    """`seats`: those in force on the day of the meeting."""
    if rule is None:
        return Quorum(None, present.members + present.substitutes, seats)
    counted = present.members + (present.substitutes if rule.substitutes_count else 0)
    return Quorum(needed(rule, seats), counted, seats, rule.needs_chair and not present.has_chair)

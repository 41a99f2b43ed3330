"""The same file, or the same people, hours and date, claimed twice. Pure.

A pair is a question for an officer and never a verdict.
"""

from __future__ import annotations

import datetime
from collections import defaultdict
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import combinations

SAME_FILE = "the same file"
SAME_SESSION = "the same people, hours and date"
REASONS = (SAME_FILE, SAME_SESSION)
# The short code under which each reason is stored.
CODES = {SAME_FILE: "same_file", SAME_SESSION: "same_event"}


@dataclass(frozen=True)
class Claim:
    """One line of a return as far as it can be claimed twice.

    `return_key`: a file may serve several lines of one return, so two lines of the same return
    are not asked about for sharing a file. Leave it None to ask always.
    """

    line_key: int
    agreement: Hashable
    people: Decimal | None = None
    hours: Decimal | None = None
    happened_on: datetime.date | None = None
    file_hashes: frozenset[str] = field(default_factory=frozenset)
    return_key: Hashable | None = None


@dataclass(frozen=True)
class Duplicate:
    """Two claims, the smaller line key first, and why they look alike."""

    first: Claim
    second: Claim
    reasons: tuple[str, ...]

    @property
    def is_across_agreements(self) -> bool:
        return self.first.agreement != self.second.agreement

    @property
    def sentence(self) -> str:
        where = "in two agreements" if self.is_across_agreements else "twice in this agreement"
        return f"{' and '.join(self.reasons).capitalize()} claimed {where}."


def find_duplicates(claims: Iterable[Claim]) -> tuple[Duplicate, ...]:
    """Every pair that shares a file or a session, in the order of the line keys."""
    held = {claim.line_key: claim for claim in claims}
    by_file: dict[str, set[int]] = defaultdict(set)
    by_session: dict[tuple[Decimal, Decimal, datetime.date], set[int]] = defaultdict(set)
    for key, claim in held.items():
        for digest in claim.file_hashes:
            by_file[digest].add(key)
        session = _session(claim)
        if session is not None:
            by_session[session].add(key)
    found: dict[tuple[int, int], set[str]] = defaultdict(set)
    for keys in by_file.values():
        for first, second in combinations(sorted(keys), 2):
            own, other = held[first].return_key, held[second].return_key
            if own is None or own != other:
                found[first, second].add(SAME_FILE)
    for keys in by_session.values():
        for first, second in combinations(sorted(keys), 2):
            found[first, second].add(SAME_SESSION)
    return tuple(
        Duplicate(
            held[first], held[second], tuple(reason for reason in REASONS if reason in reasons)
        )
        for (first, second), reasons in sorted(found.items())
    )


def _session(claim: Claim) -> tuple[Decimal, Decimal, datetime.date] | None:
    """None where a part is not known, or nothing was claimed."""
    if not claim.people or not claim.hours or claim.happened_on is None:
        return None
    return (claim.people, claim.hours, claim.happened_on)

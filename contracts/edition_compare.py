"""What differs between two editions, measure by measure, found by code. Pure.

Where the licence keeps a value in, the two are still compared and only "value" is said.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from .licensing import TEXT_WITHHELD, WITHHELD
from .measure_words import unit_value

ADDED, GONE = "added", "gone"


@dataclass(frozen=True)
class Facts:
    """One measure as one edition has it on a day."""

    code: str
    title: str
    unit: str
    kind: str
    kind_words: str
    counting: str
    value_pounds: Decimal | None
    shows_value: bool = True
    shows_text: bool = True

    @property
    def value(self) -> Decimal | str | None:
        """For an export: the amount, None where there is none, or that it is withheld."""
        if self.value_pounds is None or self.shows_value:
            return self.value_pounds
        return WITHHELD

    @property
    def value_words(self) -> str:
        return "" if self.value_pounds is None else unit_value(self.value_pounds)


@dataclass(frozen=True)
class Change:
    """`what`: "added", "gone", or any of "value", "kind", "unit", "counting", "title"."""

    code: str
    before: Facts | None
    after: Facts | None
    what: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    changes: tuple[Change, ...]
    unchanged: int

    def of(self, what: str) -> tuple[Change, ...]:
        return tuple(change for change in self.changes if what in change.what)

    @property
    def added(self) -> tuple[Change, ...]:
        return self.of(ADDED)

    @property
    def gone(self) -> tuple[Change, ...]:
        return self.of(GONE)

    @property
    def changed(self) -> tuple[Change, ...]:
        return tuple(c for c in self.changes if c.before is not None and c.after is not None)


def compare(before: Iterable[Facts], after: Iterable[Facts]) -> Comparison:
    """In the order of the codes of either side. Comparing back gives the same codes."""
    old = {facts.code: facts for facts in before}
    new = {facts.code: facts for facts in after}
    changes = []
    unchanged = 0
    for code in sorted(old.keys() | new.keys()):
        first, second = old.get(code), new.get(code)
        what = _what(first, second)
        if what:
            changes.append(Change(code, _shown(first), _shown(second), what))
        else:
            unchanged += 1
    return Comparison(tuple(changes), unchanged)


def _what(before: Facts | None, after: Facts | None) -> tuple[str, ...]:
    if before is None:
        return (ADDED,)
    if after is None:
        return (GONE,)
    pairs = (
        ("value", before.value_pounds, after.value_pounds),
        ("kind", before.kind, after.kind),
        ("unit", before.unit, after.unit),
        ("counting", before.counting, after.counting),
        ("title", before.title, after.title),
    )
    return tuple(name for name, old, new in pairs if old != new)


def _shown(facts: Facts | None) -> Facts | None:
    if facts is None or facts.shows_text:
        return facts
    return replace(facts, title=TEXT_WITHHELD, unit=TEXT_WITHHELD)

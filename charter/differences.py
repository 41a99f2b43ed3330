"""What differs between two versions of the charter, part by part and word by word. Pure.

Parts are matched by their key, which stays the same across versions, so that a renamed principle
is a changed one, and not one that went and one that came.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from .texts import CharterText

# Above this many words in one text the whole of it is shown as changed: comparing grows with the square.
MOST_WORDS = 1500


class Change(StrEnum):
    SAME = "same"
    CHANGED = "changed"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True)
class Span:
    """A run of words; `differs` where the other side has others."""

    text: str
    differs: bool


@dataclass(frozen=True)
class Difference:
    """One part of the charter on both sides. `level` is 0 for the charter itself, then principle,
    area, initiative; a side that lacks it has no spans."""

    level: int
    what: str
    change: Change
    title: str
    before: tuple[Span, ...]
    after: tuple[Span, ...]


def differences(before: CharterText, after: CharterText) -> tuple[Difference, ...]:
    """Every part of either version in reading order: the later one's, with what went where it stood."""
    return tuple(
        _difference(level, what, one, other)
        for level, what, one, other in _matched(_root(before), _root(after), 0)
    )


def changed_only(found: Sequence[Difference]) -> tuple[Difference, ...]:
    """Without what is the same on both sides."""
    return tuple(each for each in found if each.change is not Change.SAME)


def word_spans(before: str, after: str) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Both texts in runs of words that are the same or differ. Joined, each is its text again."""
    if before == after:
        same = (Span(before, False),) if before else ()
        return same, same
    one, other = _words(before), _words(after)
    if max(len(one), len(other)) > MOST_WORDS:
        return _whole(before), _whole(after)
    left: list[Span] = []
    right: list[Span] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        _add(left, "".join(one[a:b]), tag != "equal")
        _add(right, "".join(other[c:d]), tag != "equal")
    return tuple(left), tuple(right)


@dataclass(frozen=True)
class _Part:
    key: str
    title: str
    text: str
    children: tuple[_Part, ...]


_NAMES = ("The charter", "Principle", "Area for focus", "Initiative")


def _root(charter: CharterText) -> _Part:
    text = "\n".join(filter(None, (charter.title, charter.introduction)))
    principles = tuple(
        _Part(
            principle.key,
            f"{principle.number}. {principle.title}",
            _text(f"{principle.number}. {principle.title}", principle.words),
            tuple(
                _Part(
                    area.key,
                    area.title,
                    _text(area.title, area.words),
                    tuple(
                        _Part(one.key, one.title, _text(one.title, one.words, one.unit), ())
                        for one in area.initiatives
                    ),
                )
                for area in principle.focus_areas
            ),
        )
        for principle in charter.principles
    )
    return _Part("", charter.title, text, principles)


def _text(title: str, words: str, unit: str = "") -> str:
    return "\n".join(filter(None, (title, words, unit and f"Counted in: {unit}")))


def _matched(
    one: _Part | None, other: _Part | None, level: int
) -> Iterator[tuple[int, str, _Part | None, _Part | None]]:
    yield level, _NAMES[level], one, other
    left = {part.key: part for part in one.children} if one else {}
    right = {part.key: part for part in other.children} if other else {}
    for key in _order(list(left), list(right)):
        yield from _matched(left.get(key), right.get(key), level + 1)


def _order(left: list[str], right: list[str]) -> list[str]:
    """The right side's order, with what is only on the left after whatever it followed there."""
    order = list(right)
    for at, key in enumerate(left):
        if key not in right:
            order.insert(order.index(left[at - 1]) + 1 if at else 0, key)
    return order


def _difference(level: int, what: str, one: _Part | None, other: _Part | None) -> Difference:
    shown: Any = other or one
    if one is None:
        return Difference(level, what, Change.ADDED, shown.title, (), _whole(shown.text))
    if other is None:
        return Difference(level, what, Change.REMOVED, shown.title, _whole(shown.text), ())
    before, after = word_spans(one.text, other.text)
    change = Change.SAME if one.text == other.text else Change.CHANGED
    return Difference(level, what, change, shown.title, before, after)


def _words(text: str) -> list[str]:
    return re.findall(r"\S+\s*|^\s+", text)


def _whole(text: str) -> tuple[Span, ...]:
    return (Span(text, True),) if text else ()


def _add(spans: list[Span], text: str, differs: bool) -> None:
    if not text:
        return
    if spans and spans[-1].differs == differs:
        spans[-1] = Span(spans[-1].text + text, differs)
    else:
        spans.append(Span(text, differs))

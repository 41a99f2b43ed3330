"""Counts of answers that anyone may read: fewer than five says nothing about anybody."""

from __future__ import annotations

SMALLEST_SHOWN = 5
FEW = "Fewer than 5"


def public_count(count: int) -> int | None:
    """The count, or None where it is from 1 to 4. Nothing at all is no secret."""
    return count if count == 0 or count >= SMALLEST_SHOWN else None


def public_words(count: int) -> str:
    """As it is printed for anyone."""
    shown = public_count(count)
    return FEW if shown is None else f"{shown:,}"


def public_rows(counts: list[int]) -> list[int | None]:
    """Several parts of one whole whose total is printed beside them.

    Where exactly one part is hidden, the total would give it away, so the next smallest part is
    hidden with it.
    """
    shown = [public_count(count) for count in counts]
    if shown.count(None) == 1:
        others = [(count, at) for at, count in enumerate(counts) if shown[at] and count > 0]
        if others:
            shown[min(others)[1]] = None
    return shown

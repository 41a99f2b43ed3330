"""Which actions wait for which: a loop is found and named. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping


def find_loop(waits_for: Mapping[int, Collection[int]], start: int) -> tuple[int, ...]:
    """A shortest way from `start` back to itself, both ends named: (1, 2, 1). () where there is none.

    `waits_for[a]` holds what `a` waits for; keys that are missing wait for nothing.
    """
    came_from: dict[int, int] = {}
    front = [start]
    while front:
        following: list[int] = []
        for here in front:
            for there in sorted(waits_for.get(here, ())):
                if there == start:
                    way = [start, here]
                    while way[-1] != start:
                        way.append(came_from[way[-1]])
                    return tuple(reversed(way))
                if there not in came_from:
                    came_from[there] = here
                    following.append(there)
        front = following
    return ()


def loop_words(names: Collection[str]) -> str:
    """The loop as a sentence: "GO-01 waits for PR-02, and PR-02 waits for GO-01"."""
    steps = list(names)
    parts = [f"{one} waits for {two}" for one, two in zip(steps, steps[1:], strict=False)]
    if len(parts) == 1:
        return parts[0]
    return f"{', '.join(parts[:-1])}, and {parts[-1]}"

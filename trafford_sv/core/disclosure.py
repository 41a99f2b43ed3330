"""Which parts of a whole may not be told, so that no single contributor's part can be worked out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any


def withheld_parts(parts: Mapping[Any, Iterable[Any]], may_tell: Callable[[int], bool]) -> set[Any]:
    """Of a total's parts those that may not be told, by who or what adds to each.

    Whoever knows the total and all parts but some knows the sum of those, so together they are held to
    the same rule as one: the smallest others go with them until their sum tells nothing.
    """
    held = {key: frozenset(behind) for key, behind in parts.items()}
    hidden = {key for key, behind in held.items() if not may_tell(len(behind))}
    together = {one for key in hidden for one in held[key]}
    for key in sorted(held, key=lambda key: (len(held[key]), str(key))):
        if not hidden or may_tell(len(together)):
            break
        if held[key] and key not in hidden:
            hidden.add(key)
            together |= held[key]
    return hidden

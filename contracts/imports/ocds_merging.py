"""Several releases of one process as one, by the merging rules of OCDS 1.1. Pure.

A later release wins field by field: what it does not say leaves what was said before, null takes
it away. Objects are merged; lists of objects are merged by their `id`, other lists are replaced.
An empty text says nothing, as publishers' forms leave it where a box was not filled in.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

Json = dict[str, Any]

# Lists of objects that the standard replaces as a whole.
WHOLE = frozenset({"additionalIdentifiers", "additionalClassifications", "changes"})
DEEPEST = 12  # nothing that is read lies deeper; below it the later one stands as it is


def merged(releases: Iterable[Json]) -> Json:
    """One release out of several, given in the order of their dates. Changes none of them."""
    result: Json = {}
    for release in releases:
        result = _objects(result, release, 0)
    return result


def _objects(before: Json, after: Json, depth: int) -> Json:
    result = dict(before)
    for name, value in after.items():
        held = result.get(name)
        if value is None:
            result.pop(name, None)
        elif value == "":
            continue
        elif isinstance(value, dict) and isinstance(held, dict) and depth < DEEPEST:
            result[name] = _objects(held, value, depth + 1)
        elif isinstance(value, list) and name not in WHOLE and _all_objects(value):
            result[name] = _lists(
                held if isinstance(held, list) and _all_objects(held) else [],
                value,
                name,
                depth + 1,
            )
        else:
            result[name] = value
    return result


def _all_objects(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, dict) for item in value)


def _lists(before: list[Json], after: list[Json], name: str, depth: int) -> list[Json]:
    result = {_key(item, place, name, "before"): item for place, item in enumerate(before)}
    for key, item in {_key(i, place, name, "after"): i for place, i in enumerate(after)}.items():
        held = result.get(key)
        result[key] = item if held is None else _objects(held, item, depth)
    return list(result.values())


def _key(item: Json, place: int, name: str, side: str) -> tuple[str, ...]:
    """By `id`. Where the publisher gives none: an award is the one in its place, an agreement
    that of its award; any other object is one of its own."""
    if item.get("id") not in (None, ""):
        return ("id", str(item["id"]))
    if name == "awards":
        return ("place", str(place))
    if name == "contracts" and item.get("awardID") not in (None, ""):
        return ("award", str(item["awardID"]))
    return (side, str(place))

"""Reference data that apps bring: they register a loader in `apps.ready`, one command runs all.

A loader takes `(now, dry_run)` and returns Counts. Run twice, the second changes nothing.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Counts:
    """Rows created, updated and left as they were."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0

    def __add__(self, other: Counts) -> Counts:
        return Counts(
            self.created + other.created,
            self.updated + other.updated,
            self.unchanged + other.unchanged,
        )


Loader = Callable[[datetime.datetime, bool], Counts]
_REGISTRY: dict[str, Loader] = {}


def register_loader(name: str, function: Loader) -> None:
    """Loaders run in the order in which they were registered: lower storeys first."""
    _REGISTRY[name] = function


def loaders() -> Mapping[str, Loader]:
    return dict(_REGISTRY)

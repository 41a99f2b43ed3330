"""What else happens when a quarter is closed. The storeys above register in `apps.ready`.

A step takes `(quarter, by, now)` and runs in the transaction that closes the quarter, after the lock
is taken: what it counts cannot change any more. A step that raises leaves the quarter open.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable
from typing import Any

from .periods import Quarter

Step = Callable[[Quarter, Any, datetime.datetime], None]
_REGISTRY: dict[str, Step] = {}


def register_closing_step(name: str, step: Step) -> None:
    """Steps run in the order in which they were registered."""
    _REGISTRY[name] = step


def run_closing_steps(quarter: Quarter, by: Any, now: datetime.datetime) -> None:
    for step in _REGISTRY.values():
        step(quarter, by, now)

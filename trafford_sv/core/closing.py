"""What closing a quarter asks and does. The storeys above register in `apps.ready`.

A step takes `(quarter, by, now)` and runs in the transaction that closes the quarter, after the lock
is taken: what it counts cannot change any more. A step that raises leaves the quarter open.

A list of checks says in sentences what is outstanding before a quarter may be closed, and accepts
what is outstanding with a reason. `core.services.quarters.close_quarter(checked=True)` asks every list.
"""

from __future__ import annotations

import datetime
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from .periods import Quarter

Step = Callable[[Quarter, Any, datetime.datetime], None]
_REGISTRY: dict[str, Step] = {}


@dataclass(frozen=True)
class Outstanding:
    """One thing that neither passes nor was accepted. `url` leads to where it can be settled."""

    sentence: str
    url: str = ""


class ClosingChecks(Protocol):
    """`board` is the address of the page on which the checks of a quarter stand, or ""."""

    def outstanding(self, quarter: Quarter, now: datetime.datetime) -> Sequence[Outstanding]: ...

    def accept(self, quarter: Quarter, reason: str, by: Any, now: datetime.datetime) -> None: ...

    def board(self, quarter: Quarter) -> str: ...


_CHECKS: dict[str, ClosingChecks] = {}


def register_closing_step(name: str, step: Step) -> None:
    """Steps run in the order in which they were registered."""
    _REGISTRY[name] = step


def run_closing_steps(quarter: Quarter, by: Any, now: datetime.datetime) -> None:
    for step in _REGISTRY.values():
        step(quarter, by, now)


def register_closing_checks(name: str, checks: ClosingChecks) -> None:
    _CHECKS[name] = checks


def outstanding_checks(quarter: Quarter, now: datetime.datetime) -> tuple[Outstanding, ...]:
    """What keeps the quarter from being closed, of every list."""
    return tuple(one for checks in _CHECKS.values() for one in checks.outstanding(quarter, now))


def accept_outstanding(*, quarter: Quarter, reason: str, by: Any, now: datetime.datetime) -> None:
    """Everything that is outstanding, with one reason. Raises ValueError where there is no reason."""
    for checks in _CHECKS.values():
        checks.accept(quarter, reason, by, now)


def closing_board(quarter: Quarter) -> str:
    """The page with the checks of the quarter; "" where no storey above has one."""
    return next((found for one in _CHECKS.values() if (found := one.board(quarter))), "")

"""What must pass, or be accepted with a reason, before a quarter is closed. Pure.

An acceptance holds for as much as was outstanding when it was given. Where more is outstanding
since, somebody decides again; where a quarter was reopened since, everything is asked again.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class CheckKey(StrEnum):
    PREVIOUS = "previous"
    RETURNS = "returns"
    VERIFICATION = "verification"
    CONFIRMATIONS = "confirmations"
    DOUBLE_CLAIMS = "double_claims"
    UPDATES = "updates"
    APPROVALS = "approvals"
    SET = "set"
    FORMULAS = "formulas"
    SUPPLIED = "supplied"
    COMMENTARY = "commentary"
    SPENDING = "spending"


class CheckState(StrEnum):
    PASSED = "passed"
    ACCEPTED = "accepted"
    OUTSTANDING = "outstanding"


# For each: its name; what is said where nothing is outstanding; and of one thing and of many.
CHECK_WORDS: dict[CheckKey, tuple[str, str, str, str]] = {
    CheckKey.PREVIOUS: (
        "The quarter before is closed", "It is closed, or this is the first to be closed.",
        "The quarter before is still open.", "The quarter before is still open.",
    ),
    CheckKey.RETURNS: (
        "Returns are in", "Every return that was due has come in.",
        "1 return has not come in.", "{n} returns have not come in.",
    ),
    CheckKey.VERIFICATION: (
        "Deliveries are decided", "Every delivery that counts in the quarter is decided.",
        "1 delivery waits for a decision.", "{n} deliveries wait for a decision.",
    ),
    CheckKey.CONFIRMATIONS: (
        "Confirmations are answered", "No hub or school still has a question of ours.",
        "1 confirmation is not answered.", "{n} confirmations are not answered.",
    ),
    CheckKey.DOUBLE_CLAIMS: (
        "Possible double claims are decided", "None is open.",
        "1 possible double claim is open.", "{n} possible double claims are open.",
    ),
    CheckKey.UPDATES: (
        "Action Plan updates are in", "Every running action has its update.",
        "1 action has no update.", "{n} actions have no update.",
    ),
    CheckKey.APPROVALS: (
        "Action Plan updates are decided", "No update waits.",
        "1 update waits for approval.", "{n} updates wait for approval.",
    ),
    CheckKey.SET: (
        "Five measures are approved", "A set of five is in force.",
        "No approved set of measures is in force.", "No approved set of measures is in force.",
    ),
    CheckKey.FORMULAS: (
        "Every measure can be worked out", "Each names figures that the catalogue has.",
        "1 measure names a figure that is gone.", "{n} measures name a figure that is gone.",
    ),
    CheckKey.SUPPLIED: (
        "STAR’s own values are on record", "Nothing is left to supply.",
        "1 measure has no value from STAR.", "{n} measures have no value from STAR.",
    ),
    CheckKey.COMMENTARY: (
        "Every measure has its commentary", "Each has one.",
        "1 measure has no commentary.", "{n} measures have no commentary.",
    ),
    CheckKey.SPENDING: (
        "Spending is imported", "Payments of the quarter are here.",
        "No payment of the quarter is imported.", "No payment of the quarter is imported.",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Acceptance:
    """Somebody accepted that `number` things are outstanding."""

    number: int
    reason: str
    by_name: str
    at: datetime.datetime


@dataclass(frozen=True)
class Check:
    """`number`: how many things are outstanding; 0 passes. `url`: where they are settled."""

    key: CheckKey
    number: int
    url: str = ""
    acceptance: Acceptance | None = None

    @property
    def state(self) -> CheckState:
        if self.number <= 0:
            return CheckState.PASSED
        if self.acceptance is not None and self.number <= self.acceptance.number:
            return CheckState.ACCEPTED
        return CheckState.OUTSTANDING

    @property
    def name(self) -> str:
        return CHECK_WORDS[self.key][0]

    @property
    def sentence(self) -> str:
        _, passed, one, many = CHECK_WORDS[self.key]
        if self.number <= 0:
            return passed
        return one if self.number == 1 else many.format(n=f"{self.number:,}")

    @property
    def is_worse(self) -> bool:
        """It was accepted, and more is outstanding now than was accepted."""
        return self.acceptance is not None and self.number > self.acceptance.number


def outstanding(checks: Iterable[Check]) -> tuple[Check, ...]:
    return tuple(check for check in checks if check.state is CheckState.OUTSTANDING)

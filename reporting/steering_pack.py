"""The pack of one Steering Group meeting, whole and frozen: page, PDF and e-mail read nothing else. Pure."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

# Without a meeting before this one, the pack looks this far back.
FIRST_LOOK_DAYS = 365
SHOWN = 100


@dataclass(frozen=True)
class Part:
    """A line with what there is to say of it. `address` opens it, where the reader may."""

    title: str
    detail: str = ""
    address: str = ""
    note: str = ""


@dataclass(frozen=True)
class PackItem:
    """One item of the agenda. A hidden one has its number and nothing more."""

    position: int
    title: str
    purpose: str
    words: str
    presented_by: str
    is_confidential: bool
    is_hidden: bool
    is_for_decision: bool
    carried_from: datetime.date | None
    address: str
    papers: tuple[Part, ...] = ()
    chair_decided: tuple[Part, ...] = ()


@dataclass(frozen=True)
class PackPlan:
    """What became of the plan. `stale` and `overdue` as of the day of the pack."""

    live: int
    moved: tuple[Part, ...] = ()
    added: tuple[Part, ...] = ()
    ended: tuple[Part, ...] = ()
    other_changes: int = 0
    stale: tuple[Part, ...] = ()
    overdue: tuple[Part, ...] = ()


@dataclass(frozen=True)
class PackFigure:
    """One of the four figures. `pounds` None: nothing has an amount, which is not zero, or its kind of
    value ("social", "local_economic") is among the `withheld`: a licence keeps it in.
    """

    name: str
    meaning: str
    social_pounds: Decimal | None
    local_economic_pounds: Decimal | None
    withheld: tuple[str, ...] = ()

    @property
    def social_none(self) -> str:
        return self._none("social")

    @property
    def local_economic_none(self) -> str:
        return self._none("local_economic")

    def _none(self, kind: str) -> str:
        return "Withheld by a licence" if kind in self.withheld else "None recorded"


@dataclass(frozen=True)
class PackMeasures:
    """The four figures up to the end of a quarter, with how complete they are."""

    quarter: str
    figures: tuple[PackFigure, ...]
    completeness: str
    behind: int
    at_risk: int
    address: str
    behind_address: str


@dataclass(frozen=True)
class PackNeeds:
    """How many needs there are in each state."""

    open: int
    matched: int
    part_met: int
    met: int


@dataclass(frozen=True)
class SteeringPack:
    """`since`: the day of the meeting before, or None where there was none.

    `is_public`: what is confidential and what members alone read is left out.
    """

    day: datetime.date
    time: datetime.time
    place: str
    address: str
    is_public: bool
    prepared_at: datetime.datetime
    since: datetime.date | None
    looks_back_to: datetime.date
    items: tuple[PackItem, ...]
    plan: PackPlan
    maturity: tuple[Part, ...] = ()
    arising: tuple[Part, ...] = ()
    arising_overdue: int = 0
    closed: tuple[Part, ...] = ()
    measures: PackMeasures | None = None
    needs: PackNeeds | None = None

    @property
    def for_decision(self) -> tuple[PackItem, ...]:
        return tuple(item for item in self.items if item.is_for_decision and not item.is_hidden)

    @property
    def hidden(self) -> int:
        return sum(item.is_hidden for item in self.items)

    @property
    def sentence(self) -> str:
        """What a member should know before reading on."""
        decisions = len(self.for_decision)
        first = {0: "Nothing is for decision", 1: "1 item is for decision"}.get(
            decisions, f"{decisions} items are for decision"
        )
        return (
            f"{first}. In the plan {len(self.plan.moved)} of {self.plan.live} live actions moved, "
            f"{len(self.plan.overdue)} passed the due day and {len(self.plan.stale)} owe an update."
        )

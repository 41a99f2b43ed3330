"""Who stands behind the charter, in figures. Pure: no queries, no clock.

Pledges are promises outside contracts. They are counted here and nowhere else, never in pounds,
and quantities are added only where they are counted in the same unit.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

FEWEST_PEOPLE = 5
OPEN, REPORTED, CONFIRMED = "promised", "reported", "confirmed"
NOT_CONFIRMED, WITHDRAWN = "not_confirmed", "withdrawn"
BEFORE_DUE_DAYS = 14


@dataclass(frozen=True)
class PledgeGroup:
    """Pledges of one principle, unit and state. A quantity is None where none of them states one."""

    principle_key: str
    unit: str
    state: str
    pledges: int
    promised_quantity: Decimal | None = None
    reported_quantity: Decimal | None = None
    confirmed_quantity: Decimal | None = None


@dataclass(frozen=True)
class UnitTotal:
    """What is counted in one unit; None is not stated, 0 is stated as nothing."""

    unit: str
    promised_quantity: Decimal | None
    reported_quantity: Decimal | None
    confirmed_quantity: Decimal | None


@dataclass(frozen=True)
class Uptake:
    """Pledges by how they stand; the counts add up to `pledges`, which leaves withdrawn ones out."""

    promised: int = 0
    reported: int = 0
    confirmed: int = 0
    not_confirmed: int = 0
    withdrawn: int = 0
    units: tuple[UnitTotal, ...] = ()

    @property
    def pledges(self) -> int:
        return self.promised + self.reported + self.confirmed + self.not_confirmed

    @property
    def confirmed_share(self) -> Decimal | None:
        """Of the pledges that stand, how many were confirmed; None where there is none."""
        return Decimal(self.confirmed) / self.pledges if self.pledges else None


def uptake_of(groups: Iterable[PledgeGroup]) -> Uptake:
    """Withdrawn pledges are counted as such, and their quantities are left out."""
    counts = dict.fromkeys((OPEN, REPORTED, CONFIRMED, NOT_CONFIRMED, WITHDRAWN), 0)
    units: dict[str, UnitTotal] = {}
    for group in groups:
        counts[group.state] += group.pledges
        key = " ".join(group.unit.split()).casefold()
        if group.state == WITHDRAWN or not key:
            continue
        held = units.get(key) or UnitTotal(" ".join(group.unit.split()), None, None, None)
        units[key] = UnitTotal(
            held.unit,
            _plus(held.promised_quantity, group.promised_quantity),
            _plus(held.reported_quantity, group.reported_quantity),
            _plus(held.confirmed_quantity, group.confirmed_quantity),
        )
    return Uptake(
        promised=counts[OPEN],
        reported=counts[REPORTED],
        confirmed=counts[CONFIRMED],
        not_confirmed=counts[NOT_CONFIRMED],
        withdrawn=counts[WITHDRAWN],
        units=tuple(units[key] for key in sorted(units)),
    )


def by_principle(groups: Iterable[PledgeGroup]) -> dict[str, Uptake]:
    """By the principle's key, so that a principle is one across versions."""
    gathered: dict[str, list[PledgeGroup]] = {}
    for group in groups:
        gathered.setdefault(group.principle_key, []).append(group)
    return {key: uptake_of(found) for key, found in gathered.items()}


def _plus(one: Decimal | None, other: Decimal | None) -> Decimal | None:
    if one is None or other is None:
        return other if one is None else one
    return one + other


def people_words(count: int | None, *, is_at_least: bool, is_public: bool) -> str:
    """How many people were helped, as it may be said. In public, 1 to 4 is “fewer than 5”.

    So few could be recognised. Nobody known is "", and 0 is said as it is.
    """
    if count is None:
        return ""
    if is_public and 0 < count < FEWEST_PEOPLE:
        return f"fewer than {FEWEST_PEOPLE} people"
    many = "person" if count == 1 else "people"
    return f"{'at least ' if is_at_least and count else ''}{count:,} {many}"


def public_count(count: int | None) -> int | None:
    """The number as it may be published: None where it is not known or too small to be safe."""
    if count is None or 0 < count < FEWEST_PEOPLE:
        return None
    return count


def affirm_by(last_said: datetime.date) -> datetime.date:
    """A year after the organisation last stood by the charter; from 29 February, the 28th."""
    try:
        return last_said.replace(year=last_said.year + 1)
    except ValueError:
        return last_said.replace(year=last_said.year + 1, day=28)


def asks_from(due: datetime.date) -> datetime.date:
    """The first day on which the yearly question goes out: 14 days before it is due."""
    return due - datetime.timedelta(days=BEFORE_DUE_DAYS)

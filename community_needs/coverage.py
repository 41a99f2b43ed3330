"""Which needs are matched and met, ward by ward and priority by priority. Pure.

A hub speaks for its catchment of wards, not only for the ward that it stands in, so all wards are
counted. A need in several wards is counted in each of their cells and once in each total.
"Nobody was asked" (None) is not "nothing is needed" (0).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# The states of a need that stands, as `need_progress` computes them.
STATES = ("open", "matched", "part_met", "met")


@dataclass(frozen=True)
class Tally:
    """Needs by how far they are. Each is in exactly one of the four; they add up to `needs`."""

    open: int = 0
    matched: int = 0
    part_met: int = 0
    met: int = 0

    @property
    def needs(self) -> int:
        return self.open + self.matched + self.part_met + self.met

    @property
    def unmet(self) -> int:
        """Nothing has been agreed for these yet."""
        return self.open

    @property
    def answered(self) -> int:
        return self.needs - self.open

    @property
    def met_share(self) -> Decimal | None:
        return Decimal(self.met) / self.needs if self.needs else None

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.open + other.open,
            self.matched + other.matched,
            self.part_met + other.part_met,
            self.met + other.met,
        )


@dataclass(frozen=True)
class Cell:
    """One ward and priority. `tally` None: nobody there was asked; `live` promises that fit."""

    ward: str
    priority: str
    tally: Tally | None
    live: int

    @property
    def is_gap(self) -> bool:
        """Something is needed, and nothing that is promised there fits it."""
        return self.tally is not None and self.tally.unmet > 0 and self.live == 0


@dataclass(frozen=True)
class Row:
    ward: str
    cells: tuple[Cell, ...]
    total: Tally | None


@dataclass(frozen=True)
class Matrix:
    """Rows in the order of the wards given, cells in the order of the priorities given."""

    priorities: tuple[str, ...]
    rows: tuple[Row, ...]
    by_priority: Mapping[str, Tally]
    total: Tally

    @property
    def not_asked(self) -> tuple[str, ...]:
        return tuple(row.ward for row in self.rows if row.total is None)


Counts = Mapping[tuple[str, str, str], int]


def coverage(
    wards: Sequence[str],
    priorities: Sequence[str],
    *,
    counted: Counts,
    by_ward: Mapping[tuple[str, str], int],
    by_priority: Mapping[tuple[str, str], int],
    asked: Collection[str],
    live: Mapping[tuple[str, str], int],
) -> Matrix:
    """`counted` by ward, priority and state; `by_ward` and `by_priority` count each need once.

    `asked` are the wards in the catchment of some hub. A ward outside all of them with no need of
    its own is not known. What is counted for other wards or priorities is left out.
    """
    reached = set(asked) | {ward for (ward, _), number in by_ward.items() if number}
    rows = []
    for ward in wards:
        cells = tuple(
            Cell(
                ward,
                priority,
                _tally(counted, ward, priority) if ward in reached else None,
                live.get((ward, priority), 0),
            )
            for priority in priorities
        )
        rows.append(Row(ward, cells, _tally(by_ward, ward) if ward in reached else None))
    columns = {priority: _tally(by_priority, priority) for priority in priorities}
    return Matrix(tuple(priorities), tuple(rows), columns, sum(columns.values(), Tally()))


def _tally(counts: Mapping[Any, int], *key: str) -> Tally:
    return Tally(**{state: counts.get((*key, state), 0) for state in STATES})


@dataclass(frozen=True)
class UnmetNeed:
    """`share_left` (0..1) of what was asked; None where it is not countable.

    `deprivation` is the mean score of its wards, None where not known; higher is more deprived.
    """

    key: str
    share_left: Decimal | None
    days_open: int
    days_left: int | None
    deprivation: Decimal | None
    live: int


def rank_unmet(needs: Iterable[UnmetNeed]) -> tuple[UnmetNeed, ...]:
    """Most urgent first: without any live promise that fits, then soonest to close, then most
    deprived, then longest open, then the key. The order given never matters."""
    return tuple(
        sorted(
            needs,
            key=lambda need: (
                need.live > 0,
                need.days_left is None,
                need.days_left or 0,
                need.deprivation is None,
                -(need.deprivation or Decimal(0)),
                -need.days_open,
                need.key,
            ),
        )
    )

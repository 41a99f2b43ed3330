"""Financial years (April to March) and their quarters. Pure: no clock, no queries."""

from __future__ import annotations

import datetime
import re
from dataclasses import dataclass

MONTHS = (
    "January February March April May June July August September October November December"
).split()
_YEAR = re.compile(r"^(\d{4})[-/](\d{2}|\d{4})$", re.ASCII)
_QUARTER = re.compile(r"^(\d{4}[-/](?:\d{2}|\d{4}))[\s-]*Q([1-4])$", re.IGNORECASE | re.ASCII)


class PeriodError(ValueError):
    """Text that names no financial year or quarter; the message says what would."""


# Far enough for any record, and within what a calendar holds whatever is counted back or on.
YEARS = range(1900, 2200)


@dataclass(frozen=True, order=True)
class FinancialYear:
    """A year from 1 April `start_year` to 31 March of the next."""

    start_year: int

    @classmethod
    def of(cls, day: datetime.date) -> FinancialYear:
        return cls(day.year if day.month >= 4 else day.year - 1)

    @classmethod
    def parse(cls, text: str) -> FinancialYear:
        """From "2025-26", "2025/26" or "2025-2026". Raises PeriodError."""
        match = _YEAR.match(text.strip())
        if not match:
            raise PeriodError(f"“{text}” is not a financial year. Write it like 2025-26.")
        start, end = int(match[1]), int(match[2])
        if end != (start + 1) % (100 if len(match[2]) == 2 else 10_000):
            raise PeriodError(
                f"“{text}” does not end in the year after it begins. Write it like 2025-26."
            )
        if start not in YEARS:
            raise PeriodError(f"“{text}” is too far from today. Write it like 2025-26.")
        return cls(start)

    @property
    def start(self) -> datetime.date:
        return datetime.date(self.start_year, 4, 1)

    @property
    def end(self) -> datetime.date:
        return datetime.date(self.start_year + 1, 3, 31)

    @property
    def quarters(self) -> tuple[Quarter, ...]:
        return tuple(Quarter(self.start_year, number) for number in (1, 2, 3, 4))

    @property
    def label(self) -> str:
        """For readers: 2026/27. Addresses and files write `str(year)`: 2026-27."""
        return f"{self.start_year}/{(self.start_year + 1) % 100:02d}"

    def __str__(self) -> str:
        return f"{self.start_year}-{(self.start_year + 1) % 100:02d}"


@dataclass(frozen=True, order=True)
class Quarter:
    """A quarter of a financial year: number 1 is April to June."""

    start_year: int
    number: int

    def __post_init__(self) -> None:
        if self.number not in (1, 2, 3, 4):
            raise PeriodError(f"There is no quarter {self.number}; quarters run from 1 to 4.")

    @classmethod
    def of(cls, day: datetime.date) -> Quarter:
        return cls(FinancialYear.of(day).start_year, (day.month - 4) % 12 // 3 + 1)

    @classmethod
    def parse(cls, text: str) -> Quarter:
        """From "2026-27 Q1" or "2026-27-Q1". Raises PeriodError."""
        match = _QUARTER.match(text.strip())
        if not match:
            raise PeriodError(f"“{text}” is not a quarter. Write it like 2026-27 Q1.")
        return cls(FinancialYear.parse(match[1]).start_year, int(match[2]))

    @property
    def year(self) -> FinancialYear:
        return FinancialYear(self.start_year)

    @property
    def start(self) -> datetime.date:
        month = 3 * self.number + 1
        return datetime.date(self.start_year + (month > 12), (month - 1) % 12 + 1, 1)

    @property
    def end(self) -> datetime.date:
        return self.next.start - datetime.timedelta(days=1)

    @property
    def next(self) -> Quarter:
        return Quarter(self.start_year + self.number // 4, self.number % 4 + 1)

    @property
    def previous(self) -> Quarter:
        return Quarter(self.start_year - (self.number == 1), (self.number - 2) % 4 + 1)

    @property
    def code(self) -> str:
        """For addresses and commands: 2026-27-Q1."""
        return f"{self.year}-Q{self.number}"

    @property
    def label(self) -> str:
        """For readers: April to June 2026 (Q1 2026/27)."""
        return (
            f"{MONTHS[self.start.month - 1]} to {MONTHS[self.end.month - 1]} {self.end.year} "
            f"({self.short})"
        )

    @property
    def short(self) -> str:
        """For readers where room is scarce, such as a chart: Q1 2026/27."""
        return f"Q{self.number} {self.year.label}"

    def __contains__(self, day: datetime.date) -> bool:
        return self.start <= day <= self.end

    def __str__(self) -> str:
        return f"{self.year} Q{self.number}"

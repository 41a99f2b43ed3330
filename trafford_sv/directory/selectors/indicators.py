"""Published figures about Trafford's wards, from a small reviewed file: no query.

A figure belongs to a ward by code and boundary year. None is ever joined by a ward's name.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path

FILE = Path(__file__).resolve().parent.parent / "reference" / "ward_indicators.csv"
BOUNDARY_YEAR = 2023


@dataclass(frozen=True)
class Indicator:
    """One figure of one ward. `period` is the index's or census's own; `source` is printed."""

    key: str
    label: str
    value: Decimal
    unit: str
    period: str
    source: str


@cache
def ward_indicators() -> Mapping[str, Mapping[str, Indicator]]:
    """{ward code of 2023: {key: Indicator}}. Read once."""
    found: dict[str, dict[str, Indicator]] = {}
    with FILE.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if int(row["boundary_year"]) != BOUNDARY_YEAR:
                continue
            found.setdefault(row["ward_code"], {})[row["key"]] = Indicator(
                row["key"], row["label"], Decimal(row["value"]), row["unit"], row["period"],
                row["source"],
            )  # fmt: skip
    return found

"""Local authorities by code: what they are called, and which make up Greater Manchester. Pure."""

from __future__ import annotations

import csv
from functools import cache
from pathlib import Path

TRAFFORD = "E08000009"
GREATER_MANCHESTER = "E47000001"
GREATER_MANCHESTER_AUTHORITIES = frozenset(f"E080000{number:02d}" for number in range(1, 11))
# The names, as `names.name_key` writes them, under which this register's own council buys.
OWN_COUNCIL_KEYS = (
    "trafford council",
    "trafford borough council",
    "trafford mbc",
    "trafford metropolitan borough council",
)
# A name that goes on, such as "Trafford Council, Housing", is the council's too; another body that
# only begins with the borough's name, such as a college, is not.
_NAMES = Path(__file__).parent / "reference" / "local_authority_names.csv"


def is_own_council_key(key: str) -> bool:
    """Whether a name, as `names.name_key` writes it, is this register's own council."""
    return any(key == own or key.startswith(f"{own} ") for own in OWN_COUNCIL_KEYS)


@cache
def _names() -> dict[str, str]:
    with _NAMES.open(encoding="utf-8", newline="") as file:
        return {row["la_code"]: row["name"] for row in csv.DictReader(file)}


def authority_name(la_code: str) -> str:
    """The authority's name; the code itself where it is not listed, "" for ""."""
    return _names().get(la_code, la_code)


def locality_of(la_code: str) -> str:
    """ "trafford", "greater_manchester" (its other nine), "elsewhere", or "unknown" for ""."""
    if not la_code:
        return "unknown"
    if la_code == TRAFFORD:
        return "trafford"
    return "greater_manchester" if la_code in GREATER_MANCHESTER_AUTHORITIES else "elsewhere"

"""What each kind of agreement is called, and what the other side is called in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """`party` is who promises; `giver` is the council's side; `value` is what an award's value is."""

    kind: str
    noun: str
    plural: str
    party: str
    parties: str
    giver: str
    value: str
    decided: str
    has_value: bool = True

    @property
    def title(self) -> str:
        return f"{self.noun[0].upper()}{self.noun[1:]}"


CONTRACT = Words(
    "contract", "contract", "contracts", "supplier", "Suppliers and awards", "Directorate",
    "Value, excluding VAT", "Award date",
)  # fmt: skip
GRANT = Words(
    "grant", "grant", "grants", "grant holder", "Grant holder", "Given by",
    "Amount of the grant", "Awarded on",
)  # fmt: skip
PLANNING = Words(
    "planning", "planning obligation", "planning obligations", "developer", "Developer",
    "Looked after by", "Value", "Signed on", has_value=False,
)  # fmt: skip
PLEDGE = Words(
    "pledge", "pledge", "pledges", "organisation", "Organisation", "Looked after by", "Value",
    "Pledged on", has_value=False,
)  # fmt: skip
WORDS = {words.kind: words for words in (CONTRACT, GRANT, PLANNING, PLEDGE)}


def words_for(kind: str) -> Words:
    return WORDS.get(kind, CONTRACT)

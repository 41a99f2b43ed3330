"""What each kind of agreement is called, and what the other side is called in it. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Words:
    """`party` is who promises; `giver` is the council's side; `value` is what an award's value is;
    `tie` is what binds them, as somebody reads it who has never heard of the agreement."""

    kind: str
    noun: str
    plural: str
    party: str
    parties: str
    giver: str
    value: str
    decided: str
    tie: str
    has_value: bool = True

    @property
    def title(self) -> str:
        return f"{self.noun[0].upper()}{self.noun[1:]}"


CONTRACT = Words(
    "contract", "contract", "contracts", "supplier", "Suppliers and awards", "Directorate",
    "Value, excluding VAT", "Award date", "has a contract with the Council",
)  # fmt: skip
GRANT = Words(
    "grant", "grant", "grants", "grant holder", "Grant holder", "Given by",
    "Amount of the grant", "Awarded on", "has a grant from the Council",
)  # fmt: skip
PLANNING = Words(
    "planning", "planning obligation", "planning obligations", "developer", "Developer",
    "Looked after by", "Value", "Signed on", "has a planning agreement with the Council",
    has_value=False,
)  # fmt: skip
PLEDGE = Words(
    "pledge", "pledge", "pledges", "organisation", "Organisation", "Looked after by", "Value",
    "Pledged on", "has made a pledge to the Council", has_value=False,
)  # fmt: skip
WORDS = {words.kind: words for words in (CONTRACT, GRANT, PLANNING, PLEDGE)}


def words_for(kind: str) -> Words:
    return WORDS.get(kind, CONTRACT)

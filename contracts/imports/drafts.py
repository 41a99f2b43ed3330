"""What a file says about one contract, before it is compared with what is recorded.

Drafts are plain values: they go into `ImportRow.values` as JSON and come back the same.
"""

from __future__ import annotations

import datetime
from dataclasses import asdict, dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Party:
    """An organisation as the file names it. `identifiers` are well-formed (scheme, value) pairs."""

    name: str
    identifiers: tuple[tuple[str, str], ...] = ()
    address: str = ""
    postcode: str = ""
    size: str = "unknown"
    is_voluntary: bool | None = None


@dataclass
class AwardDraft:
    source_id: str = ""
    title: str = ""
    status: str = "active"
    awarded_on: datetime.date | None = None
    value_pounds: Decimal | None = None
    suppliers: list[Party] = field(default_factory=list)


@dataclass
class Flag:
    """A dirty value: `about` is "contract" or the name of the organisation it belongs to."""

    field: str
    code: str
    raw: str
    sentence: str
    understood: str = ""
    proposal: str = ""
    about: str = "contract"


@dataclass
class ContractDraft:
    """`fields` holds the contract's own values by model field name; what the file does not say
    is not in it, and never erases what is recorded. A draft with problems is rejected.
    """

    key: str
    row_number: int
    sheet: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    buyer: Party | None = None
    directorate: str = ""
    awards: list[AwardDraft] = field(default_factory=list)
    flags: list[Flag] = field(default_factory=list)
    problems: list[dict[str, str]] = field(default_factory=list)
    raw: dict[str, Any] = field(default_factory=dict)

    def problem(self, column: str, value: Any, sentence: str) -> None:
        self.problems.append(
            {
                "column": column,
                "value": str(value if value is not None else "")[:500],
                "sentence": sentence,
            }
        )

    @property
    def title(self) -> str:
        return str(self.fields.get("title", ""))[:300]

    def parties(self) -> list[Party]:
        named = [party for award in self.awards for party in award.suppliers]
        return [self.buyer, *named] if self.buyer else named


DATES = frozenset({"start", "end", "notice_date"})
POUNDS = frozenset({"estimated_value_pounds"})


def to_json(draft: ContractDraft) -> dict[str, Any]:
    return {
        "fields": {
            name: _plain(value)
            for name, value in draft.fields.items()
            if value is not None and value != ""
        },
        "buyer": asdict(draft.buyer) if draft.buyer else None,
        "directorate": draft.directorate,
        "awards": [
            {
                **asdict(award),
                "awarded_on": _plain(award.awarded_on),
                "value_pounds": _plain(award.value_pounds),
            }
            for award in draft.awards
        ],
    }


def _plain(value: Any) -> Any:
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, datetime.date) else value


def from_json(values: dict[str, Any], *, key: str, row_number: int) -> ContractDraft:
    fields = {
        name: _day(value) if name in DATES else Decimal(value) if name in POUNDS else value
        for name, value in values["fields"].items()
    }
    return ContractDraft(
        key=key,
        row_number=row_number,
        fields=fields,
        buyer=_party(values["buyer"]) if values["buyer"] else None,
        directorate=values.get("directorate", ""),
        awards=[
            AwardDraft(
                source_id=award["source_id"],
                title=award["title"],
                status=award["status"],
                awarded_on=_day(award["awarded_on"]),
                value_pounds=None
                if award["value_pounds"] is None
                else Decimal(award["value_pounds"]),
                suppliers=[_party(party) for party in award["suppliers"]],
            )
            for award in values["awards"]
        ],
    )


def _party(values: dict[str, Any]) -> Party:
    return Party(
        **{
            **values,
            "identifiers": tuple((scheme, value) for scheme, value in values["identifiers"]),
        }
    )


def _day(text: str | None) -> datetime.date | None:
    return datetime.date.fromisoformat(text) if text else None

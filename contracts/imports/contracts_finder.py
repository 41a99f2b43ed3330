"""Contracts Finder's own CSV of award notices: 43 columns, suppliers packed into one cell."""

from __future__ import annotations

import datetime
import hashlib
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trafford_sv.core.cells import CellError, is_missing, read_date, read_pounds
from trafford_sv.core.importing import Beat, FileRefused
from trafford_sv.core.models import ImportRun
from trafford_sv.core.money import pounds
from trafford_sv.core.workbooks import cell_text, read_tables

from .base import ContractImporter, check_order, published_value
from .drafts import AwardDraft, ContractDraft, Flag, Party
from .parties import read_party
from .planning import Planner

SUPPLIERS = "Supplier [Name|Address|Ref type|Ref Number|Is SME|Is VCSE]"
NEEDED = ("Notice Identifier", "Organisation Name", "Title", "Awarded Value", SUPPLIERS)
_BLOCK_END = re.compile(
    r"\|\s*(Yes|No|True|False|)\s*\|\s*(Yes|No|True|False|)\s*\]\s*(?=\[|$)", re.I
)
_SCHEMES = {"COMPANIES_HOUSE": "GB-COH", "CHARITY_COMMISSION": "GB-CHC"}
_CPV = re.compile(r"\b(\d{8})(?:-\d)?\b")
LONGEST_REFERENCE = 80


class ContractsFinderImporter(ContractImporter):
    kind = "contracts-finder"
    title = "Contracts, from a Contracts Finder download"
    description = "The CSV that Contracts Finder gives for award notices, as it comes."
    extensions = (".csv", ".zip", ".xlsx")

    def headings(self, run: ImportRun) -> list[str]:
        """[]: the format is fixed. Raises FileRefused when it is another file."""
        with run.file.open("rb") as file:
            table = next(read_tables(file))
            _check(table.headings)
        return []

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        planner = Planner(run, now=now, beat=beat)
        with run.file.open("rb") as file:
            headings: list[str] = []

            def drafts() -> Iterator[ContractDraft]:
                for table in read_tables(file, as_text=True):
                    _check(table.headings)
                    headings[:] = headings or table.headings
                    for number, cells in table.rows:
                        yield read_notice(table.headings, cells, number, table.sheet)

            planner.plan(drafts(), total=0)
        run.facts = {**run.facts, "headings": headings}


def _check(headings: list[str]) -> None:
    lacking = [name for name in NEEDED if name not in headings]
    if lacking:
        raise FileRefused(
            f"This is not a Contracts Finder download: it has no column “{lacking[0]}”. "
            "For any other table choose “Contracts, from any table”."
        )


def read_notice(headings: list[str], cells: list[Any], number: int, sheet: str) -> ContractDraft:
    """One line of the download as a draft."""
    raw = {name: cell_text(cell) for name, cell in zip(headings, cells, strict=False)}
    draft = ContractDraft(key="", row_number=number, sheet=sheet, raw=raw)
    if len(cells) > len(headings) and any(cells[len(headings) :]):
        draft.problem(
            "", "", f"This row has {len(cells)} cells and the file {len(headings)} columns."
        )
    identifier = raw.get("Notice Identifier", "").strip()
    draft.key = reference_from(identifier)
    if not identifier:
        draft.problem("Notice Identifier", "", "A notice needs its identifier.")
    elif draft.key != identifier:
        draft.flags.append(
            Flag(
                "reference",
                "shortened_reference",
                identifier,
                f"The notice’s identifier is longer than {LONGEST_REFERENCE} characters and was shortened.",
                understood=draft.key,
            )
        )
    draft.fields["title"] = " ".join(raw.get("Title", "").split())[:500]
    draft.fields["description"] = raw.get("Description", "").strip()
    codes = _CPV.findall(raw.get("Cpv Codes", ""))
    if codes:
        draft.fields["category"] = codes[0]
    draft.fields["start"] = _date(draft, raw, "Contract start date") or _date(
        draft, raw, "Start Date"
    )
    draft.fields["end"] = _date(draft, raw, "Contract end date") or _date(draft, raw, "End Date")
    check_order(draft)
    draft.fields["estimated_value_pounds"] = _estimate(draft, raw)
    draft.buyer = read_party(
        name=raw.get("Organisation Name", ""),
        address="\n".join(
            raw.get(name, "") for name in ("Contact Address 1", "Contact Address 2", "Contact Town")
        ),
        postal_code=raw.get("Contact Postcode", ""),
        flags=draft.flags,
    )
    value = published_value(
        draft, _pounds(draft, raw, "Awarded Value"), field="value_pounds", column="Awarded Value"
    )
    draft.awards = [
        AwardDraft(
            source_id="notice",
            awarded_on=_date(draft, raw, "Awarded Date"),
            value_pounds=value,
            suppliers=unpack_suppliers(draft, raw.get(SUPPLIERS, "")),
        )
    ]
    return draft


def reference_from(identifier: str) -> str:
    """The identifier where it fits, else its beginning and a digest of the whole: still unique."""
    if len(identifier) <= LONGEST_REFERENCE:
        return identifier
    digest = hashlib.sha256(identifier.encode()).hexdigest()[:8]
    return f"{identifier[: LONGEST_REFERENCE - 9].rstrip()}~{digest}"


def unpack_suppliers(draft: ContractDraft, packed: str) -> list[Party]:
    """`[Name|Address|Ref type|Ref|SME|VCSE][...]`: names and addresses may hold line breaks,
    brackets and bars, so a block is read from both of its ends.
    """
    parties: list[Party] = []
    rest = packed.strip()
    while rest:
        end = _BLOCK_END.search(rest)
        if not rest.startswith("[") or end is None:
            draft.problem(
                SUPPLIERS,
                rest[:200],
                "The suppliers in this cell are not packed as Contracts Finder does.",
            )
            break
        parts = rest[1 : end.start()].split("|")
        rest = rest[end.end() :].strip()
        if len(parts) < 4:
            draft.problem(
                SUPPLIERS, "|".join(parts)[:200], "A supplier in this cell is incomplete."
            )
            break
        scheme = _SCHEMES.get(parts[-2].strip().upper())
        number = parts[-1].strip()
        party = read_party(
            name=parts[0],
            address="\n".join(part for part in parts[1:-2] if part.strip() not in ("", "0")),
            identifiers=[(scheme, number)] if scheme else [],
            size="sme" if end[1].lower() in ("yes", "true") else "unknown",
            is_voluntary=True if end[2].lower() in ("yes", "true") else None,
            flags=draft.flags,
        )
        if party and party not in parties:
            parties.append(party)
    return parties


def _estimate(draft: ContractDraft, raw: Mapping[str, str]) -> Decimal | None:
    """The upper value of the notice, or the lower where there is only that."""
    low, high = (_pounds(draft, raw, name) for name in ("Value Low", "Value High"))
    if low is not None and high is not None and low > high:
        draft.flags.append(
            Flag(
                "estimated_value_pounds",
                "low_above_high",
                f"{low:f} to {high:f}",
                "The notice’s lower value is above its upper value, so no estimate was recorded.",
            )
        )
        return None
    for value in (high, low):
        if value is not None and value > 1:
            return pounds(value)
    return None


def _pounds(draft: ContractDraft, raw: Mapping[str, str], column: str) -> Decimal | None:
    try:
        return read_pounds(raw.get(column, ""), missing=("null",))
    except CellError as error:
        draft.problem(column, raw.get(column, ""), str(error))
        return None


def _date(draft: ContractDraft, raw: Mapping[str, str], column: str) -> datetime.date | None:
    if is_missing(raw.get(column)):
        return None
    try:
        return read_date(raw[column])
    except CellError as error:
        draft.problem(column, raw[column], str(error))
        return None

"""Contracts from any CSV or workbook: the person says which column is which."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable, Iterator
from typing import Any

from trafford_sv.core.cells import (
    MISSING,
    CellError,
    is_missing,
    read_choice,
    read_date,
    read_pounds,
    read_text,
    read_yes_no,
)
from trafford_sv.core.importing import Beat, FieldSpec, FileRefused
from trafford_sv.core.models import ImportRun
from trafford_sv.core.money import pounds
from trafford_sv.core.workbooks import cell_text, headings_hash, read_tables

from ..models import Contract
from .base import ContractImporter
from .drafts import AwardDraft, ContractDraft, Party
from .parties import read_party
from .planning import Planner

_CPV = re.compile(r"^\s*(\d{8})(?:-\d)?\b")
FIELDS = (
    FieldSpec(
        "reference",
        "Reference",
        True,
        "What tells this contract from every other.",
        (
            "contract reference",
            "contract ref",
            "ref",
            "contract id",
            "contract number",
            "contract no",
            "id",
            "reference number",
        ),
    ),
    FieldSpec("title", "Title", True, "", ("contract title", "name", "contract name", "subject")),
    FieldSpec(
        "supplier",
        "Supplier",
        False,
        "Several suppliers are separated by a semicolon.",
        ("supplier name", "suppliers", "contractor", "vendor", "provider", "supplier(s)"),
    ),
    FieldSpec(
        "supplier_postcode",
        "Supplier’s postcode",
        False,
        "Used where there is one supplier.",
        ("postcode", "supplier postcode"),
    ),
    FieldSpec(
        "company_number",
        "Supplier’s company number",
        False,
        "Used where there is one supplier.",
        ("company number", "company registration number", "companies house number", "crn"),
    ),
    FieldSpec(
        "value",
        "Value excluding VAT",
        False,
        "In pounds. Empty means not known, never nothing.",
        (
            "value",
            "contract value",
            "award value",
            "awarded value",
            "total value",
            "total contract value",
            "total contract value (£)",
            "contract value (£)",
            "value (£)",
            "amount",
        ),
    ),
    FieldSpec(
        "award_date",
        "Award date",
        False,
        "",
        ("awarded date", "date awarded", "awarded on", "date of award"),
    ),
    FieldSpec(
        "start", "Start", False, "", ("start date", "contract start date", "contract start", "from")
    ),
    FieldSpec(
        "end",
        "End",
        False,
        "",
        ("end date", "contract end date", "contract end", "expiry date", "expires", "to"),
    ),
    FieldSpec(
        "notice_date",
        "Notice date",
        False,
        "When notice or an extension must be decided.",
        ("review date", "notice by"),
    ),
    FieldSpec(
        "extension_options",
        "Extension options",
        False,
        "",
        ("extension", "extensions", "option to extend"),
    ),
    FieldSpec(
        "directorate",
        "Directorate",
        False,
        "",
        ("department", "service", "service area", "directorate/service"),
    ),
    FieldSpec(
        "buyer",
        "Buyer",
        False,
        "",
        ("organisation", "authority", "contracting authority", "buyer name"),
    ),
    FieldSpec(
        "cpv", "Category (CPV code)", False, "", ("cpv", "cpv code", "cpv codes", "category code")
    ),
    FieldSpec("stage", "Stage", False, "", ("status", "contract status", "contract stage")),
    FieldSpec(
        "description", "Description", False, "", ("contract description", "details", "summary")
    ),
    FieldSpec(
        "framework",
        "Framework (yes or no)",
        False,
        "A framework has no value of its own.",
        ("is framework", "framework agreement"),
    ),
    FieldSpec("light_touch", "Light-touch regime (yes or no)", False, "", ("light touch", "ltr")),
    FieldSpec("social_value", "Social value (included or not)", False, "", ("social value",)),
)


class ContractsTableImporter(ContractImporter):
    kind = "contracts-table"
    title = "Contracts, from any table"
    description = "A CSV or Excel file with one contract to a row. You say which column is which."
    extensions = (".csv", ".xlsx", ".zip")
    fields = FIELDS

    def headings(self, run: ImportRun) -> list[str]:
        with run.file.open("rb") as file:
            return next(read_tables(file)).headings

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        planner = Planner(run, now=now, beat=beat)
        columns = run.columns
        lacking = [spec.label for spec in FIELDS if spec.required and spec.name not in columns]
        if lacking:
            raise FileRefused(f"Choose the column that holds the {lacking[0].lower()}.")
        left_out: list[str] = []
        with run.file.open("rb") as file:

            def drafts() -> Iterator[ContractDraft]:
                wanted = ""
                for table in read_tables(file):
                    wanted = wanted or headings_hash(table.headings)
                    if headings_hash(table.headings) != wanted:
                        left_out.append(table.sheet)
                        for _ in table.rows:
                            pass
                        continue
                    run.facts = {**run.facts, "headings": table.headings}
                    for number, cells in table.rows:
                        yield read_row(table.headings, cells, columns, number, table.sheet)

            planner.plan(drafts(), total=0)
        if left_out:
            run.facts = {**run.facts, "sheets_left_out": left_out}


def read_row(
    headings: list[str], cells: list[Any], columns: dict[str, str], number: int, sheet: str
) -> ContractDraft:
    """One row as a draft; every cell that cannot be understood is a problem with a sentence."""
    raw = {name: cell_text(cell) for name, cell in zip(headings, cells, strict=False)}
    by_heading = dict(zip(headings, cells, strict=False))
    draft = ContractDraft(key="", row_number=number, sheet=sheet, raw=raw)
    if len(cells) > len(headings) and any(not is_missing(cell) for cell in cells[len(headings) :]):
        draft.problem(
            "", "", f"This row has {len(cells)} cells and the file {len(headings)} columns."
        )

    def read(name: str, reader: Callable[..., Any], *args: Any, **options: Any) -> Any:
        heading = columns.get(name)
        if heading is None:
            return None
        value = by_heading.get(heading)
        try:
            return reader(value, *args, missing=MISSING, **options)
        except CellError as error:
            draft.problem(heading, cell_text(value), str(error))
            return None

    draft.key = read("reference", read_text, longest=80) or ""
    if not draft.key and not draft.problems:
        draft.problem(columns["reference"], "", "A contract needs a reference.")
    fields: dict[str, Any] = {
        "title": read("title", read_text, longest=500),
        "description": read("description", read_text, longest=20_000),
        "start": read("start", read_date),
        "end": read("end", read_date),
        "notice_date": read("notice_date", read_date),
        "extension_options": read("extension_options", read_text, longest=300),
        "stage": read("stage", read_choice, dict(Contract.Stage.choices)),
        "social_value": read("social_value", _read_social_value),
        "is_framework": read("framework", read_yes_no),
        "is_light_touch": read("light_touch", read_yes_no),
    }
    draft.fields = {name: value for name, value in fields.items() if value is not None}
    code = read("cpv", read_text, longest=200)
    if code:
        match = _CPV.match(code)
        if match:
            draft.fields["category"] = match[1]
        else:
            draft.problem(columns["cpv"], code, f"“{code}” is not a CPV code, which has 8 digits.")
    draft.directorate = read("directorate", read_text, longest=300) or ""
    buyer = read("buyer", read_text, longest=300)
    if buyer:
        draft.buyer = read_party(name=buyer, flags=draft.flags)
    _read_award(draft, read, columns)
    return draft


def _read_award(draft: ContractDraft, read: Callable[..., Any], columns: dict[str, str]) -> None:
    value = read("value", read_pounds)
    if value is not None and value < 0:
        draft.problem(columns["value"], f"{value:f}", "A contract’s value cannot be below zero.")
    if value is not None and value != pounds(value):
        draft.problem(
            columns["value"],
            f"{value:f}",
            f"“{value:f}” has fractions of a penny. Write pounds and pence.",
        )
    if value is not None and draft.fields.get("is_framework"):
        draft.problem(
            columns["value"],
            f"{value:f}",
            "A framework has no value of its own. Empty the value, or say that it is not a framework.",
        )
    awarded_on = read("award_date", read_date)
    postcode = read("supplier_postcode", read_text, longest=20) or ""
    company = read("company_number", read_text, longest=40) or ""
    names = [name.strip() for name in (read("supplier", read_text, longest=2000) or "").split(";")]
    names = [name for name in names if name]
    alone = len(names) == 1
    suppliers: list[Party] = []
    for name in names:
        party = read_party(
            name=name,
            postal_code=postcode if alone else "",
            identifiers=[("GB-COH", company)] if alone and company else [],
            strict=False,
            flags=draft.flags,
        )
        if party and party not in suppliers:
            suppliers.append(party)
    if value is not None or awarded_on or suppliers:
        draft.awards = [AwardDraft(awarded_on=awarded_on, value_pounds=value, suppliers=suppliers)]


def _read_social_value(value: Any, *, missing: Any) -> str | None:
    """ "included" and "not included", or yes and no."""
    try:
        said = read_yes_no(value, missing=missing)
    except CellError:
        return read_choice(value, dict(Contract.SocialValue.choices), missing=missing)
    if said is None:
        return None
    return Contract.SocialValue.INCLUDED if said else Contract.SocialValue.NOT_INCLUDED

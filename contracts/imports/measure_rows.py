"""One row of a council's workbook of measures, cell by cell, before it is compared."""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator

from trafford_sv.core.cells import (
    MISSING,
    CellError,
    is_missing,
    read_choice,
    read_date,
    read_pounds,
    read_text,
)
from trafford_sv.core.importing import FieldSpec
from trafford_sv.core.workbooks import cell_text
from trafford_sv.directory.models import Area

from ..models import Measure
from ..models.measures import CONFIDENCE
from ..services.measures.importing import ValueFacts

_CODE = re.compile(r"^[\w.\- ]+$")
LARGEST_VALUE = Decimal("999999999999.999999")
FIELDS = (
    FieldSpec(
        "code", "Code", True, "What tells this measure from every other.",
        ("ref", "reference", "measure code", "measure ref", "id", "number", "no"),
    ),
    FieldSpec(
        "title", "Title", True, "",
        ("measure", "measure title", "name", "description", "measure name", "indicator"),
    ),
    FieldSpec("unit", "Unit", True, "", ("units", "unit of measure", "measured in", "metric")),
    FieldSpec(
        "kind", "Kind", True, "Social value, local economic value, or counted and not priced.",
        ("type", "value type", "category of value", "measure type", "valuation kind"),
    ),
    FieldSpec("theme", "Theme", False, "", ("themes", "theme name")),
    FieldSpec("outcome", "Outcome", False, "", ("outcomes", "outcome name")),
    FieldSpec(
        "value", "Value of one unit", False, "In pounds. Empty means that it has none.",
        ("proxy", "proxy value", "unit value", "value", "value (£)", "proxy (£)", "value per unit",
         "proxy gbp", "pounds"),
    ),
    FieldSpec(
        "valid_from", "Value holds from", False, "The edition’s first day where it is empty.",
        ("from", "start", "start date", "effective from", "valid from", "date from"),
    ),
    FieldSpec(
        "valid_to", "Value holds to", False, "", ("to", "end", "end date", "valid to", "date to")
    ),
    FieldSpec(
        "area", "Area", False, "For a value of one place: a code or name that we know.",
        ("place", "region", "local authority", "localised to"),
    ),
    FieldSpec("price_year", "Price year", False, "", ("prices of", "price base")),
    FieldSpec("source_title", "Source", False, "", ("source title", "evidence source", "citation")),
    FieldSpec("source_address", "Address of the source", False, "", ("source address", "url", "link")),
    FieldSpec("method", "Method", False, "", ("guidance", "rationale", "how it is valued", "notes")),
    FieldSpec(
        "evidence_asked", "Evidence asked", False, "",
        ("evidence", "evidence required", "evidence requirements"),
    ),
    FieldSpec(
        "counting", "How it is counted", False, "Counted as given where it is empty.",
        ("counting", "counting rule"),
    ),
    FieldSpec(
        "exclusive_with", "Not together with", False, "Codes, separated by semicolons.",
        ("not together", "double count with", "mutually exclusive with", "exclusions", "exclusive with"),
    ),
    FieldSpec("charter_principle", "Charter principle", False, "", ("principle",)),
    FieldSpec("confidence", "Confidence", False, "Confirmed where it is empty.", ()),
)  # fmt: skip
_KINDS = {
    "social": "social", "social value": "social",
    "local economic": "local_economic", "local economic value": "local_economic",
    "economic": "local_economic", "local": "local_economic",
    "record only": "record_only", "counted, not priced": "record_only",
    "record": "record_only", "no value": "record_only", "non-financial": "record_only",
}  # fmt: skip


@dataclass
class Draft:
    row_number: int
    sheet: str
    code: str = ""
    theme: str = ""
    outcome: str = ""
    fields: dict[str, Any] = field(default_factory=dict)
    exclusive_with: list[str] = field(default_factory=list)
    value: ValueFacts | None = None
    problems: list[dict[str, str]] = field(default_factory=list)
    raw: dict[str, str] = field(default_factory=dict)

    def problem(self, column: str, value: str, sentence: str) -> None:
        self.problems.append({"column": column, "value": value, "sentence": sentence})

    @property
    def dated(self) -> tuple[str, int | None, datetime.date | None]:
        return (
            self.code,
            self.value.area_id if self.value else None,
            self.value.valid_from if self.value else None,
        )


class Places:
    """Areas by code or name; a name that two areas share is nobody's."""

    def __init__(self) -> None:
        self.found: dict[str, int | None] = {}
        for pk, code, name in Area.objects.values_list("pk", "code", "name"):
            self.found[code.casefold()] = pk
            key = name.casefold()
            self.found[key] = None if key in self.found else pk

    def of(self, text: str) -> int:
        pk = self.found.get(text.casefold())
        if pk is None:
            raise CellError(f"“{text}” is not one area that we know. Give its code.")
        return pk


def read_row(
    draft: Draft,
    headings: list[str],
    cells: list[Any],
    columns: dict[str, str],
    first_day: datetime.date,
    places: Places,
) -> None:
    draft.raw = {name: cell_text(cell) for name, cell in zip(headings, cells, strict=False)}
    by_heading = dict(zip(headings, cells, strict=False))
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

    def text(name: str, longest: int) -> str:
        return read(name, read_text, longest=longest) or ""

    draft.code = text("code", 40)
    if draft.code and not _CODE.match(draft.code):
        draft.problem(
            columns["code"],
            draft.code,
            f"“{draft.code}” cannot be a code: use letters, digits, dots and hyphens.",
        )
    unit = text("unit", 120)
    draft.theme = text("theme", 200) or "No theme given"
    draft.outcome = text("outcome", 300) or draft.theme
    kind = read("kind", _read_kind)
    counting = read("counting", read_choice, dict(Measure.Counting.choices))
    draft.fields = {
        "title": text("title", 400),
        "unit": unit,
        "kind": kind or "",
        "counting": counting or _counting_of(unit),
        "evidence_asked": text("evidence_asked", 20_000),
        "method": text("method", 20_000),
        "charter_principle": text("charter_principle", 20),
        "confidence": read("confidence", read_choice, dict(CONFIDENCE)) or "confirmed",
    }
    draft.exclusive_with = [
        code.strip() for code in re.split(r"[;,]", text("exclusive_with", 2000)) if code.strip()
    ]
    for name, label in (("code", "code"), ("title", "title"), ("unit", "unit"), ("kind", "kind")):
        empty = not (draft.code if name == "code" else draft.fields[name])
        if empty and not any(problem["column"] == columns[name] for problem in draft.problems):
            draft.problem(columns[name], "", f"A measure needs a {label}. This cell is empty.")
    _read_value(draft, read, text, columns, first_day, places)


def _read_value(
    draft: Draft,
    read: Callable[..., Any],
    text: Callable[[str, int], str],
    columns: dict[str, str],
    first_day: datetime.date,
    places: Places,
) -> None:
    amount = read("value", read_pounds)
    valid_from = read("valid_from", read_date) or first_day
    valid_to = read("valid_to", read_date)
    place = text("area", 200)
    area_id = None
    if place:
        try:
            area_id = places.of(place)
        except CellError as error:
            draft.problem(columns["area"], place, str(error))
    if amount is None:
        return
    heading = columns["value"]
    # The sentences name no amount: the file of rejected rows may not hold it.
    if amount < 0:
        draft.problem(heading, f"{amount:f}", "A value of one unit cannot be below zero.")
    elif amount > LARGEST_VALUE:
        draft.problem(heading, f"{amount:f}", "This value is larger than this system can hold.")
    elif amount != amount.quantize(Decimal("0.000001")):
        draft.problem(heading, f"{amount:f}", "A value of one unit has at most six decimals.")
    if draft.fields["kind"] == Measure.Kind.RECORD_ONLY:
        draft.problem(
            heading,
            f"{amount:f}",
            "A measure that is counted and not priced has no value. Empty it, or change the kind.",
        )
    if valid_to and valid_to < valid_from:
        draft.problem(
            columns["valid_to"],
            valid_to.isoformat(),
            f"The value ends before it starts on {valid_from:%-d %B %Y}. Check both dates.",
        )
    draft.value = ValueFacts(
        value_pounds=amount,
        valid_from=valid_from,
        valid_to=valid_to,
        area_id=area_id,
        price_year=text("price_year", 40),
        source_title=text("source_title", 500) or "As the edition gives it",
        source_address=_address(draft, text("source_address", 500), columns),
        licence="",
        method="",
        confidence=draft.fields["confidence"],
    )


def _address(draft: Draft, address: str, columns: dict[str, str]) -> str:
    """It becomes a link, so it must be one."""
    try:
        if address:
            URLValidator(schemes=["http", "https"])(address)
    except ValidationError:
        draft.problem(
            columns["source_address"],
            address,
            "This is not an address on the web. Begin it with https://, or empty the cell.",
        )
    return address


def _read_kind(value: Any, *, missing: Any) -> str | None:
    if is_missing(value, missing):
        return None
    word = " ".join(str(value).replace("_", " ").split()).casefold()
    if word not in _KINDS:
        raise CellError(
            f"“{value}” is not a kind that we know. Write social value, local economic value, "
            "or record only."
        )
    return _KINDS[word]


def _counting_of(unit: str) -> str:
    """Shares are never added up; everything else is counted as given unless the file says."""
    is_share = unit.strip().casefold().startswith(("%", "per cent", "percent"))
    return Measure.Counting.PERCENTAGE if is_share else Measure.Counting.UNITS

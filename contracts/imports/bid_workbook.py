"""A bid filled in offline: the workbook to download, and what an uploaded one would change.

Sheets are known by their headings and rows by the measure's code, so that neither a renamed
sheet nor another order of rows matters. The identity cell is signed: it says which bid the
workbook was made for, and what stood in it then, so that a colleague's later work is not lost.
"""

from __future__ import annotations

import datetime
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import IO, Any

from django.core import signing
from django.core.exceptions import ValidationError

from trafford_sv.core.workbooks import (
    FileRefused,
    Limits,
    Table,
    cell_text,
    column_letter,
    read_tables,
)

from ..models import Bid, RequestedMeasure
from ..selectors.bids import plain, requested_rows
from ..services.bids.answering import LONGEST_STATEMENT, Answer, checked_quantity
from ..typed_quantities import QuantityError, read_quantity
from .bid_workbook_writing import (
    CODE,
    FIELD_WORDS,
    FIELDS,
    HEADINGS,
    IDENTITY,
    QUANTITY,
    SALT,
    WHOLE,
    cell_digest,
    cell_texts,
    normal,
)

MOST_BYTES = 5 * 1024 * 1024
_FORMULA = re.compile(
    rb"""<c\b(?>[^<>]{0,200}?\br=["']([A-Z]{1,3})([0-9]{1,7})["'])[^<>]{0,200}>\s{0,20}<f\b"""
)
_APOSTROPHE = re.compile(r"^'(?=[\s\u00a0]*[=+\-@\t\r\n＝＋－＠])")


class Change(StrEnum):
    """What would become of one cell."""

    NEW = "new"
    CHANGED = "changed"
    CONFLICT = "conflict"
    ERROR = "error"


CHANGE_WORDS = {
    Change.NEW: "New",
    Change.CHANGED: "Changed",
    Change.CONFLICT: "Changed here too",
    Change.ERROR: "Cannot be read",
}


@dataclass(frozen=True)
class Cell:
    """One differing cell. `name` is "key:field"; `note` says what to mind or what is wrong."""

    name: str
    code: str
    field: str
    state: Change
    stored: str
    given: str
    note: str = ""

    @property
    def words(self) -> str:
        return CHANGE_WORDS[self.state]

    @property
    def field_words(self) -> str:
        return FIELD_WORDS[self.field]


@dataclass(frozen=True)
class Preview:
    """What the workbook would change; `unchanged` cells are only counted."""

    cells: tuple[Cell, ...]
    unchanged: int
    notes: tuple[str, ...]

    @property
    def acceptable(self) -> list[Cell]:
        return [cell for cell in self.cells if cell.state != Change.ERROR]


@dataclass(frozen=True)
class _Read:
    identity: str | None
    whole: str | None
    rows: tuple[tuple[int, dict[str, Any]], ...] | None
    formulas: frozenset[str]


def read_bid_workbook(file: IO[bytes], bid: Bid) -> Preview:
    """Compare an uploaded workbook with what is stored. Raises FileRefused for a wrong one."""
    read = _read(file)
    base = _belongs(read.identity, bid)
    if read.rows is None and read.whole is None:
        raise FileRefused(
            "No sheet here has the headings of the offers. Download the workbook again and fill "
            f"it in; its columns “{CODE}” and “{QUANTITY}” must stay."
        )
    asked = list(requested_rows(bid.tender))
    stored = cell_texts(bid, asked)
    by_code = {row.measure.code.casefold(): row for row in asked}
    cells: list[Cell] = []
    notes: list[str] = []
    unchanged = 0
    seen: set[str] = set()
    for number, given in read.rows or ():
        code = cell_text(given.get(CODE)).strip()
        code = _APOSTROPHE.sub("", code)
        row = by_code.get(code.casefold())
        if row is None:
            notes.append(
                f"Row {number}: “{code[:60]}” is not a measure of this tender. The row is left out."
                if code
                else f"Row {number} has no measure code. The row is left out."
            )
            continue
        if code.casefold() in seen:
            notes.append(
                f"Row {number}: {row.measure.code} is there twice. Only its first row counts."
            )
            continue
        seen.add(code.casefold())
        for field in FIELDS:
            if FIELD_WORDS[field] not in given:
                continue
            cell = _cell(row, field, given[FIELD_WORDS[field]], stored, base)
            if cell is None:
                unchanged += 1
                continue
            reference = f"{given['letters'][FIELD_WORDS[field]]}{number}"
            if reference in read.formulas:
                cell = _with_formula(cell, reference)
            cells.append(cell)
    if read.whole is not None:
        cell = _compare("0:whole", "", "whole", stored["0:whole"], read.whole, base, "")
        unchanged += cell is None
        cells += [cell] if cell else []
    return Preview(tuple(cells), unchanged, tuple(notes))


def _with_formula(cell: Cell, reference: str) -> Cell:
    note = f"Cell {reference} holds a formula. What it last worked out to is taken: check it."
    return Cell(
        cell.name, cell.code, cell.field, cell.state, cell.stored, cell.given,
        f"{cell.note} {note}".strip(),
    )  # fmt: skip


def _belongs(identity: str | None, bid: Bid) -> Mapping[str, str]:
    """The digests of the cells on downloading. Refuses another bid's workbook."""
    if identity is None:
        raise FileRefused(
            "This workbook has no identity code. Download the workbook of this tender and fill "
            "that in; the sheet “About” must stay in it."
        )
    try:
        read = signing.loads(identity, salt=SALT)
        key, base = read["bid"], dict(read["base"])
    except (signing.BadSignature, KeyError, TypeError, ValueError):
        raise FileRefused(
            "The identity code of this workbook was altered, so it cannot be told whose it is. "
            "Download the workbook again and copy your answers into it."
        ) from None
    if key != bid.pk:
        # Whose it is is not said: that would tell one bidder of another.
        raise FileRefused(
            "This workbook was made for another tender or another organisation. Choose the one "
            "that you downloaded for this tender."
        )
    return base


def _read(file: IO[bytes]) -> _Read:
    identity = whole = None
    rows: tuple[tuple[int, dict[str, Any]], ...] | None = None
    limits = Limits(
        file_bytes=MOST_BYTES, rows=5_000, columns=40, workbook_unzipped_bytes=50 * 1024 * 1024,
        workbook_cells=50_000,
    )  # fmt: skip
    for table in read_tables(file, limits=limits):
        if table.encoding:
            raise FileRefused(
                "This is not an Excel workbook. Upload the .xlsx that you downloaded."
            )
        headings = [heading.casefold() for heading in table.headings]
        if CODE.casefold() in headings and rows is None:
            rows = _offer_rows(table)
        elif headings[:1] == [WHOLE.casefold()]:
            whole = _APOSTROPHE.sub(
                "", "\n".join(cell_text(cells[0]) for _, cells in table.rows if cells)
            ).strip()
        else:
            for _, cells in table.rows:
                if len(cells) > 1 and cell_text(cells[0]).strip() == IDENTITY:
                    identity = cell_text(cells[1]).strip().lstrip("'")
    return _Read(identity, whole, rows, _formulas(file))


def _offer_rows(table: Table) -> tuple[tuple[int, dict[str, Any]], ...]:
    names = {heading.casefold(): heading for heading in HEADINGS}
    places = {
        names[heading.casefold()]: index
        for index, heading in enumerate(table.headings)
        if heading.casefold() in names
    }
    letters = {heading: column_letter(index) for heading, index in places.items()}
    return tuple(
        (
            number,
            {
                "letters": letters,
                **{
                    heading: cells[index] if index < len(cells) else None
                    for heading, index in places.items()
                },
            },
        )
        for number, cells in table.rows
    )


def _formulas(file: IO[bytes]) -> frozenset[str]:
    """Cells that hold a formula, on whichever sheet: enough to ask the person to look."""
    found: set[str] = set()
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    content = archive.read(name)
                    found |= {
                        f"{match[1].decode()}{match[2].decode()}"
                        for match in _FORMULA.finditer(content)
                    }
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return frozenset()
    return frozenset(found)


def _cell(
    row: RequestedMeasure,
    field: str,
    value: Any,
    stored: Mapping[str, str],
    base: Mapping[str, str],
) -> Cell | None:
    name, code = f"{row.pk}:{field}", row.measure.code
    text = _APOSTROPHE.sub("", cell_text(value)).strip()
    problem = ""
    if field == "quantity":
        try:
            if isinstance(value, bool | datetime.date | datetime.time):
                raise QuantityError(f"“{text}” is not a quantity. Type a number.")
            if isinstance(value, int | Decimal):
                quantity: Decimal | None = Decimal(value)
            else:
                quantity = read_quantity(text, row.measure.unit)
            quantity = checked_quantity(row, quantity)
            text = "" if quantity is None else plain(quantity)
        except QuantityError as error:
            problem = str(error)
        except ValidationError as error:
            problem = " ".join(error.messages)
    elif len(text) > (LONGEST_STATEMENT if field == "statement" else 200):
        most = LONGEST_STATEMENT if field == "statement" else 200
        problem = f"This is {len(text):,} characters long; at most {most:,} are taken. Shorten it."
    return _compare(name, code, field, stored[name], text, base, problem)


def _compare(
    name: str,
    code: str,
    field: str,
    stored: str,
    given: str,
    base: Mapping[str, str],
    problem: str,
) -> Cell | None:
    """None where the cell changes nothing: the same, or left as it was on downloading."""
    if problem:
        return Cell(name, code, field, Change.ERROR, stored, given, problem)
    if len(given) > LONGEST_STATEMENT:
        said = f"This is {len(given):,} characters long; at most {LONGEST_STATEMENT:,} are taken."
        return Cell(name, code, field, Change.ERROR, stored, given[:200], f"{said} Shorten it.")
    if normal(given) == normal(stored):
        return None
    before, empty = base.get(name, ""), cell_digest("")
    given_digest, stored_digest = cell_digest(normal(given)), cell_digest(normal(stored))
    if (before or empty) == given_digest:
        return None
    if (before or empty) != stored_digest:
        note = "Somebody changed this here after the workbook was downloaded. Tick it to use yours."
        return Cell(name, code, field, Change.CONFLICT, stored, given, note)
    return Cell(name, code, field, Change.CHANGED if stored else Change.NEW, stored, given)


def sealed_changes(bid: Bid, preview: Preview) -> str:
    """What a preview found, signed, to travel with the page: nothing is kept before it is accepted."""
    return signing.dumps(
        {
            "bid": bid.pk,
            "version": bid.version,
            "cells": {cell.name: cell.given for cell in preview.acceptable},
        },
        salt=f"{SALT}.preview",
        compress=True,
    )


@dataclass(frozen=True)
class Accepted:
    """What `save_bid` needs."""

    version: int
    answers: dict[int, Answer]
    method_statement: str | None


def accepted(bid: Bid, sealed: str, ticked: Iterable[str]) -> Accepted:
    """The ticked cells of a preview over what is stored. Raises FileRefused for a stale page."""
    try:
        read = signing.loads(sealed, salt=f"{SALT}.preview", max_age=datetime.timedelta(days=1))
    except signing.BadSignature:
        raise FileRefused(
            "This preview is too old or was altered. Upload the workbook again."
        ) from None
    if read["bid"] != bid.pk:
        raise FileRefused("This preview belongs to another bid. Upload the workbook again.")
    cells: dict[str, str] = {k: v for k, v in read["cells"].items() if k in set(ticked)}
    asked = list(requested_rows(bid.tender))
    stored = cell_texts(bid, asked)
    touched = {name.split(":")[0] for name in cells} - {"0"}
    answers = {}
    for row in asked:
        if str(row.pk) not in touched:
            continue
        text = {f: cells.get(f"{row.pk}:{f}", stored[f"{row.pk}:{f}"]) for f in FIELDS}
        answers[row.pk] = Answer(
            Decimal(text["quantity"]) if text["quantity"] else None,
            text["statement"],
            text["partner"],
        )
    return Accepted(int(read["version"]), answers, cells.get("0:whole"))

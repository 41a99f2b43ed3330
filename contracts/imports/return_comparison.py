"""What an uploaded return workbook would change, cell by cell, beside what is stored now."""

from __future__ import annotations

import datetime
import itertools
import re
import zipfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from types import SimpleNamespace
from typing import IO, Any

from django.core import signing

from trafford_sv.core.workbooks import (
    FileRefused,
    Limits,
    Table,
    cell_text,
    column_letter,
    read_tables,
)

from ..models import ActivityClaim, Commitment, DeliveryReturn, ReturnLine
from ..return_cells import (
    COLUMNS,
    HUNDRED,
    QUANTITIES,
    CellRefused,
    as_text,
    from_text,
    raw_text,
    read_cell,
    unit_of,
)
from ..return_rules import line_is_editable, return_is_editable
from ..services.return_uploads import CHANGED, CONFLICT, EMPTIED, ERROR, NEW
from ..services.returns.line_values import fields_for, line_problems
from ..typed_quantities import unit_problem
from .return_workbook import COMMITMENT, HEADINGS, IDENTITY, LINE, MOST_BYTES, SALT, UNIT, code_of

MOST_NEW_LINES = 200
LIMITS = Limits(
    file_bytes=MOST_BYTES,
    rows=20_000,
    columns=60,
    workbook_unzipped_bytes=100 * 1024 * 1024,
    workbook_cells=600_000,
)
_FORMULA = re.compile(
    rb"""<c\b(?>[^<>]{0,200}?\br=["']([A-Z]{1,3}[0-9]{1,7})["'])[^<>]{0,200}>\s{0,20}<f\b"""
)


@dataclass(frozen=True)
class Preview:
    """What the workbook would change, as `ReturnUpload.cells` keeps it; `notes` are about rows."""

    cells: list[dict[str, Any]]
    unchanged: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Read:
    identity: str
    lines: Table | None
    rows: list[tuple[int, list[Any]]]
    formulas: frozenset[str]


@dataclass
class _Line:
    """What is stored of a line: only what comparing needs, 5,000 times."""

    pk: int
    number: int
    version: int
    state: str
    commitment: int
    partner: int | None
    values: dict[str, Any]
    base: dict[str, Any]


@dataclass
class _Comparison:
    row: DeliveryReturn
    today: datetime.date
    sheet: str
    columns: list[tuple[int, str]]
    places: Mapping[str, int]
    letters: Mapping[int, str]
    formulas: frozenset[str]
    commitments: Mapping[int, Commitment]
    claims: Mapping[int, str]
    cells: list[dict[str, Any]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unchanged: int = 0
    new_lines: int = 0
    # Sessions are much alike: what was found of one is found of the next like it.
    judged: dict[tuple[Any, ...], dict[str, list[str]]] = field(default_factory=dict)
    units: dict[tuple[str, str], str] = field(default_factory=dict)
    typed: dict[str, tuple[str, ...]] = field(default_factory=dict)


def read_return_workbook(file: IO[bytes], row: DeliveryReturn, *, today: datetime.date) -> Preview:
    """Compare an uploaded workbook with what is stored. Raises FileRefused for a wrong one.

    A fixed number of queries, however many lines.
    """
    read = _read(file)
    versions = _belongs(read.identity, row)
    if read.lines is None:
        raise FileRefused(
            f"No sheet here has the columns “{LINE}” and “{COMMITMENT}” of a return. Download the "
            "workbook again and fill that in."
        )
    places = _places(read.lines)
    commitments = {
        each.number: each
        for each in Commitment.objects.filter(
            contract=row.contract_id, supplier=row.supplier_id
        ).select_related("measure")
    }
    by_key = {each.pk: each for each in commitments.values()}
    stored = _stored(row, versions)
    look = _Comparison(
        row=row,
        today=today,
        sheet=read.lines.sheet,
        columns=[(places[heading], name) for name, heading in COLUMNS.items() if heading in places],
        places=places,
        letters={place: column_letter(place) for place in places.values()},
        formulas=read.formulas,
        commitments=by_key,
        claims=dict(
            ActivityClaim.objects.filter(line__delivery_return=row).values_list(
                "line_id", "activity__code"
            )
        ),
    )
    seen: set[int] = set()
    at_line, at_code = places[LINE], places[COMMITMENT]
    for number, cells in read.rows:
        width = len(cells)
        given = cells[at_line] if at_line < width else None
        code = raw_text(cells[at_code]).strip() if at_code < width else ""
        if given is None or (isinstance(given, str) and given.strip().casefold() in {"", "new"}):
            _new_line(look, number, cells, code, commitments)
            continue
        line = stored.get(given) if isinstance(given, int) else stored.get(_whole(given))
        if line is None:
            look.notes.append(_no_such_line(number, given, versions))
            continue
        if line.number in seen:
            look.notes.append(
                f"Row {number}: line {line.number} is there twice. Only its first row counts."
            )
            continue
        seen.add(line.number)
        commitment = by_key[line.commitment]
        if code and code.casefold() != code_of(row, commitment.number).casefold():
            look.notes.append(
                f"Row {number}: line {line.number} belongs to {code_of(row, commitment.number)}, "
                f"not to “{code[:60]}”. The row is left out. For a new line, leave “{LINE}” empty."
            )
            continue
        _compare_line(look, number, cells, line, commitment)
    return Preview(look.cells, look.unchanged, look.notes)


def _whole(given: Any) -> int:
    text = raw_text(given).strip()
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else -1


def _no_such_line(number: int, given: Any, versions: Mapping[int, int]) -> str:
    shown = raw_text(given).strip()[:40]
    if _whole(given) in versions:
        return f"Row {number}: line {shown} was taken off this return meanwhile. It is left out."
    return (
        f"Row {number}: this return has no line “{shown}”. The row is left out. For a new line, "
        f"leave “{LINE}” empty."
    )


def _read(file: IO[bytes]) -> _Read:
    identity, lines = "", None
    rows: list[tuple[int, list[Any]]] = []
    wanted = {LINE.casefold(), COMMITMENT.casefold()}
    for table in read_tables(file, limits=LIMITS):
        if table.encoding:
            raise FileRefused(
                "This is not an Excel workbook. Upload the .xlsx that you downloaded."
            )
        if lines is None and wanted <= {heading.casefold() for heading in table.headings}:
            lines, rows = table, list(table.rows)
            continue
        for _, cells in itertools.islice(table.rows, 200):
            if len(cells) > 1 and cell_text(cells[0]).strip() == IDENTITY:
                identity = cell_text(cells[1]).strip().lstrip("'")
    return _Read(identity, lines, rows, _formulas(file))


def _formulas(file: IO[bytes]) -> frozenset[str]:
    """Cells that hold a formula, on whichever sheet: enough to ask the person to look."""
    found: set[str] = set()
    file.seek(0)
    try:
        with zipfile.ZipFile(file) as archive:
            for name in archive.namelist():
                if name.startswith("xl/worksheets/") and name.endswith(".xml"):
                    content = archive.read(name)
                    if b"<f" in content:
                        found |= {match[1].decode() for match in _FORMULA.finditer(content)}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        return frozenset()
    return frozenset(found)


def _belongs(identity: str, row: DeliveryReturn) -> dict[int, int]:
    """The versions of the lines on downloading. Refuses the workbook of another return."""
    if not identity:
        raise FileRefused(
            "This workbook has no identity code. Download the workbook of this return and fill "
            "that in; the sheet “About” must stay in it."
        )
    try:
        read = signing.loads(identity, salt=SALT)
        key = int(read["r"])
        versions = {
            number: int(version)
            for run in filter(None, read["v"].split(";"))
            for span, _, version in [run.partition(":")]
            for first, _, last in [span.partition("-")]
            for number in range(int(first), int(last) + 1)
        }
    except (signing.BadSignature, KeyError, TypeError, ValueError, AttributeError):
        raise FileRefused(
            "The identity code of this workbook was altered, so it cannot be told whose it is. "
            "Download the workbook again and copy your figures into it."
        ) from None
    if key != row.pk:
        raise FileRefused(_another(key, row))
    return versions


def _another(key: int, row: DeliveryReturn) -> str:
    """Whose it is is only said where it is their own: else it would tell one of another."""
    other = (
        DeliveryReturn.objects.filter(pk=key, supplier=row.supplier_id)
        .select_related("contract")
        .first()
    )
    if other is None:
        return (
            "This workbook was made for another organisation. Choose the one that you downloaded "
            f"for {row.contract.reference}, {row.period.label}."
        )
    return (
        f"This workbook was made for {other.contract.reference}, {other.period.label}. Choose the "
        f"one for {row.contract.reference}, {row.period.label}, or upload this one there."
    )


def _places(table: Table) -> dict[str, int]:
    names = {heading.casefold(): heading for heading in HEADINGS}
    found: dict[str, int] = {}
    for place, heading in enumerate(table.headings):
        name = names.get(heading.casefold())
        if name is not None:
            found.setdefault(name, place)
    return found


def _stored(row: DeliveryReturn, versions: Mapping[int, int]) -> dict[int, _Line]:
    """The lines by number, each with what it held when the workbook was downloaded."""
    names = tuple(COLUMNS)
    lines: dict[int, _Line] = {}
    moved: list[int] = []
    for pk, number, version, state, commitment, partner, *values in ReturnLine.objects.filter(
        delivery_return=row
    ).values_list("pk", "number", "version", "state", "commitment_id", "partner_id", *names):
        now = dict(zip(names, values, strict=True))
        lines[number] = _Line(pk, number, version, state, commitment, partner, now, now)
        if version != versions.get(number):
            moved.append(number)
    if moved:
        by_pk = {lines[number].pk: lines[number] for number in moved}
        for pk, version, *values in (
            ReturnLine.history.filter(delivery_return_id=row.pk, id__in=list(by_pk))
            .order_by("history_id")
            .values_list("id", "version", *names)
        ):
            if version == versions.get(by_pk[pk].number):
                by_pk[pk].base = dict(zip(names, values, strict=True))
    return lines


def _compare_line(
    look: _Comparison, number: int, cells: Sequence[Any], line: _Line, commitment: Commitment
) -> None:
    width = len(cells)
    found: list[dict[str, Any]] = []
    values, base = line.values, line.base
    for place, name in look.columns:
        given = cells[place] if place < width else None
        now = values[name]
        # Nearly every cell is as it was: said by one comparison, before anything is made of it.
        if given == now or (given is None and now == ""):
            look.unchanged += 1
            continue
        if name == "attribution_share" and (given is None or given == now * HUNDRED):
            look.unchanged += 1
            continue
        stored = as_text(name, now)
        cell = _cell(look, number, place, name, given, stored, commitment, line.number)
        if cell["outcome"] != ERROR:
            was = stored if base is values else as_text(name, base[name])
            if cell["after"] in (stored, was):
                look.unchanged += 1
                continue
            cell["base"] = was
            if was != stored:
                cell["outcome"] = CONFLICT
                cell["sentence"] = (
                    "Somebody changed this here after you downloaded the workbook. "
                    "Tick it to use yours. "
                ) + cell["sentence"]
        found.append(cell)
    if found:
        _judge(look, number, cells, found, line, commitment)
        look.cells += found


def _cell(
    look: _Comparison,
    number: int,
    place: int,
    name: str,
    given: Any,
    stored: str,
    commitment: Commitment,
    line: int | None,
) -> dict[str, Any]:
    reference = f"{look.letters[place]}{number}"
    cell: dict[str, Any] = {
        "sheet": look.sheet,
        "cell": reference,
        "row": number,
        "line": line,
        "commitment": commitment.number,
        "field": name,
        "before": stored,
        "base": stored,
        "after": "",
        "outcome": ERROR,
        "sentence": "",
    }
    try:
        cell["after"] = read_cell(name, given, unit_of(name, commitment.measure.unit))
    except CellRefused as error:
        cell["after"], cell["sentence"] = raw_text(given)[:200], str(error)
        return cell
    cell["outcome"] = EMPTIED if not cell["after"] else CHANGED if stored else NEW
    if reference in look.formulas:
        cell["sentence"] = (
            "This cell holds a formula. What it last worked out to is taken: check it."
        )
    return cell


def _judge(
    look: _Comparison,
    number: int,
    cells: Sequence[Any],
    found: list[dict[str, Any]],
    line: _Line,
    commitment: Commitment,
) -> None:
    """Each changed cell by the rules that saving it would apply, before anybody accepts it."""
    measure = commitment.measure
    typed = look.typed.get(measure.counting)
    if typed is None:
        typed = look.typed[measure.counting] = fields_for(measure.counting)
    place = look.places.get(UNIT)
    given_unit = raw_text(cells[place]) if place is not None and place < len(cells) else ""
    wrong_unit = look.units.get((given_unit, measure.unit))
    if wrong_unit is None:
        wrong_unit = unit_problem(given_unit, measure.unit)
        look.units[given_unit, measure.unit] = wrong_unit
    locked = not line_is_editable(look.row.state, line.state)
    for cell in found:
        name = cell["field"]
        if cell["outcome"] == ERROR:
            continue
        if locked:
            _refuse(cell, f"Line {line.number} is locked: it was accepted or is being checked.")
        elif name in QUANTITIES and name not in typed:
            if cell["after"]:
                columns = " and ".join(f"“{COLUMNS[each]}”" for each in typed)
                _refuse(
                    cell,
                    f"This measure is counted from {columns}. Leave “{COLUMNS[name]}” empty.",
                )
        elif name in QUANTITIES and wrong_unit:
            _refuse(cell, wrong_unit)
        elif name == "attribution_share" and line.pk in look.claims:
            _refuse(
                cell,
                f"This line claims a share of activity {look.claims[line.pk]}. Change the share "
                "there.",
            )
    good = {cell["field"]: cell for cell in found if cell["outcome"] != ERROR}
    if not good:
        return
    after = line.values | {name: from_text(name, cell["after"]) for name, cell in good.items()}
    for name, sentences in _problems(look, after, line, commitment).items():
        # A problem with parts that are not in the workbook is said at one that is.
        said_at = good.get(name) or next(
            (good[each] for each in typed if each in good and name in QUANTITIES), None
        )
        if said_at is not None:
            _refuse(said_at, " ".join(sentences))


def _problems(
    look: _Comparison, after: dict[str, Any], line: _Line, commitment: Commitment
) -> dict[str, list[str]]:
    """What saving the line would say, by field."""
    key = (
        commitment.measure.counting,
        line.partner,
        len(after["narrative"]),
        len(after["warning_reason"]),
        *(value for name, value in after.items() if name not in ("narrative", "warning_reason")),
    )
    found = look.judged.get(key)
    if found is None:
        would_be: Any = SimpleNamespace(
            **after,
            commitment=commitment,
            delivery_return=look.row,
            partner_id=line.partner,
        )
        found = look.judged[key] = line_problems(would_be, look.today)
    return found


def _refuse(cell: dict[str, Any], sentence: str) -> None:
    cell["outcome"], cell["sentence"] = ERROR, sentence


def _new_line(
    look: _Comparison,
    number: int,
    cells: Sequence[Any],
    code: str,
    commitments: Mapping[int, Commitment],
) -> None:
    """A row without a line number is one more line of its commitment, if anything is typed in it."""
    width = len(cells)
    given = [
        (place, name)
        for place, name in look.columns
        if place < width and cells[place] not in (None, "") and name != "attribution_share"
    ]
    if not given:
        return
    prefix, _, tail = code.rpartition("/")
    commitment = commitments.get(int(tail)) if tail.isascii() and tail.isdigit() else None
    if (
        commitment is None
        or prefix.casefold() != look.row.contract.reference.casefold()
        or commitment.state != Commitment.State.AGREED
    ):
        look.notes.append(
            f"Row {number}: “{code[:60]}” is not a commitment of yours that is agreed here. "
            "The row is left out."
            if code
            else f"Row {number} names neither a line nor a commitment. The row is left out."
        )
        return
    if not return_is_editable(look.row.state):
        look.notes.append(f"Row {number}: this return takes no new lines now.")
        return
    look.new_lines += 1
    if look.new_lines > MOST_NEW_LINES:
        if look.new_lines == MOST_NEW_LINES + 1:
            look.notes.append(
                f"From row {number} on new lines are left out: at most {MOST_NEW_LINES} come in "
                "at once. Accept these, then upload the workbook with the others."
            )
        return
    shares = [(place, name) for place, name in look.columns if name == "attribution_share"]
    empty: dict[str, Any] = {
        name: Decimal(1) if name == "attribution_share" else None for name in COLUMNS
    }
    empty |= dict.fromkeys(("place", "narrative", "warning_reason"), "")
    found = []
    for place, name in given + shares:
        value = cells[place] if place < width else None
        cell = _cell(look, number, place, name, value, as_text(name, empty[name]), commitment, None)
        if name == "attribution_share" and cell["after"] in ("", "100"):
            continue
        cell["new"] = number
        found.append(cell)
    line = _Line(0, 0, 0, ReturnLine.State.OPEN, commitment.pk, None, empty, empty)
    _judge(look, number, cells, found, line, commitment)
    look.cells += found

"""Reading about imports: which column is probably which, how far one is, what its file holds."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.cache import cache
from django.db.models import Min, QuerySet

from ..importing import importer_for
from ..models import ColumnMapping, ImportRow, ImportRun
from ..workbooks import FileRefused, cell_text, headings_hash, read_tables


def suggest_mapping(*, kind: str, headings: Sequence[str]) -> tuple[dict[str, str], str]:
    """({our field: their heading}, why): remembered for these very headings, or by likeness.

    `why` is the remembered mapping's name, "" where it was only guessed from the headings.
    """
    remembered = ColumnMapping.objects.filter(
        kind=kind, headings_hash=headings_hash(headings)
    ).first()
    if remembered:
        return dict(remembered.columns), remembered.name
    by_key = {_heading_key(heading): heading for heading in reversed(headings)}
    columns: dict[str, str] = {}
    for field in importer_for(kind).fields:
        for alias in (field.label, field.name, *field.aliases):
            heading = by_key.get(_heading_key(alias))
            if heading and heading not in columns.values():
                columns[field.name] = heading
                break
    return columns, ""


def _heading_key(text: str) -> str:
    return "".join(character for character in text.casefold() if character.isalnum())


def progress_key(run: ImportRun) -> str:
    """Where the cache keeps how far an apply is."""
    return f"import-progress-{run.pk}"


def progress_of(run: ImportRun) -> tuple[int, int]:
    """(done, total) as last heard, from the row while planning and the cache while applying."""
    if run.state == ImportRun.State.APPLYING:
        heard = cache.get(progress_key(run))
        return (heard[0], heard[1]) if heard else (0, 0)
    return run.progress_done, run.progress_total


@dataclass(frozen=True)
class ColumnSample:
    """A column of the file and the first values in it that are not empty."""

    heading: str
    values: tuple[str, ...]


def column_samples(run: ImportRun, *, rows: int = 20, values: int = 3) -> list[ColumnSample]:
    """The first table's columns, each with a few of its first values. Reads `rows` rows."""
    try:
        with (
            run.file.open("rb") as file,
            contextlib.closing(read_tables(file, as_text=True)) as tables,
        ):
            table = next(tables)
            first = [
                cells for _, cells in zip(range(rows), (c for _, c in table.rows), strict=False)
            ]
    except (FileRefused, OSError):
        return []
    return [
        ColumnSample(
            heading,
            tuple(
                dict.fromkeys(
                    cells[index].strip()[:80]
                    for cells in first
                    if index < len(cells) and cells[index].strip()
                )
            )[:values],
        )
        for index, heading in enumerate(table.headings)
    ]


@dataclass(frozen=True)
class RejectedRow:
    """A row that was left out: its cells by heading, and why, in sentences."""

    sheet: str
    row_number: int
    raw: dict[str, Any]
    why: str


def _rejects(run: ImportRun, sheet: str | None) -> QuerySet[ImportRow]:
    rows = run.planned_rows.filter(outcome=ImportRow.Outcome.REJECTED)
    return rows if sheet is None else rows.filter(sheet=sheet)


def rejected_sheets(run: ImportRun) -> list[str]:
    """The sheets of a workbook, or files of a zip, that have rejected rows."""
    return list(
        _rejects(run, None)
        .order_by()
        .values_list("sheet", flat=True)
        .annotate(first=Min("pk"))
        .order_by("first")
    )


def reject_headings(run: ImportRun, sheet: str | None = None) -> list[str]:
    """The file's own headings in their order; where they were not kept, or another sheet has
    other ones, those of a first reject."""
    kept = list(run.facts.get("headings") or [])
    if kept and sheet is None:
        return kept
    first = _rejects(run, sheet).first()
    if first is None or set(kept) >= set(first.raw) > set():
        return kept
    return list(first.raw)


def rejected_rows(run: ImportRun, sheet: str | None = None) -> Iterator[RejectedRow]:
    """Every rejected row, of one sheet where it is named, without holding them all."""
    for row in _rejects(run, sheet).iterator(2000):
        yield RejectedRow(
            sheet=row.sheet,
            row_number=row.row_number,
            raw={name: cell_text(value) for name, value in row.raw.items()},
            why=" ".join(
                f"{problem['column']}: {problem['sentence']}"
                if problem.get("column")
                else problem["sentence"]
                for problem in row.problems
            ),
        )

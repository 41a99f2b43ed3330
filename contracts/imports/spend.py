"""Spending files as councils publish them: read as a stream, checked, staged, added once."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from trafford_sv.core.importing import Beat, FileRefused
from trafford_sv.core.models import ImportRow, ImportRun
from trafford_sv.core.money import exact
from trafford_sv.core.services.imports import PlanIsStale, suggest_mapping
from trafford_sv.core.workbooks import Table, read_tables
from trafford_sv.directory.authorities import is_own_council_key
from trafford_sv.directory.names import name_key

from ..models import SpendSource
from ..services.spend import payments, proposals, staging
from .spend_lines import FIELDS, IDENTITY, LineReader, Problem, folded

ROWS_PER_TABLE = 10_000_000  # keeps the row numbers of a zip's tables apart in staging
_BEAT_EVERY = 20_000
_REJECTS_AT_ONCE = 500
_LABELS = {field.name: field.label for field in FIELDS}


class SpendImporter:
    """Payments to suppliers. Identical lines are separate payments; a grown file adds its own."""

    kind = "spend"
    title = "Spending, as published by a council"
    description = (
        "Payments to suppliers, one line each. Import the same file again, or the year’s file when "
        "it has grown: only lines that were not there before are added."
    )
    permission = "run_imports"
    extensions = (".csv", ".xlsx", ".zip")
    needs_source_name = True
    fields = FIELDS

    def headings(self, run: ImportRun) -> list[str]:
        with run.file.open("rb") as file:
            return next(iter(read_tables(file))).headings

    def plan(self, run: ImportRun, *, now: datetime.datetime, beat: Beat) -> None:
        staging.drop_abandoned()
        staging.create(run.pk)
        plan = _Plan(run, beat)
        plan.read_file()
        plan.count()

    def apply(self, run: ImportRun, *, by: Any, now: datetime.datetime, beat: Beat) -> None:
        if staging.lines_in(run.pk) != run.created + run.unchanged:
            raise PlanIsStale("The checked lines are gone. Check the file again.")
        try:
            source, added = payments.add_staged_payments(
                run_id=run.pk,
                source_name=run.facts["source_name"],
                is_own_council=is_own_council(run.facts["source_name"]),
                identity_fields=run.facts["identity_fields"],
                by=by,
                now=now,
                beat=beat,
            )
        except payments.LinesChanged as error:
            raise PlanIsStale(str(error)) from error
        run.unchanged += run.created - added.payments
        run.created = added.payments
        run.facts["new_pounds"] = str(added.pounds)
        proposals.propose_for_new_payees(source=source)

    def discard(self, run: ImportRun) -> None:
        staging.drop(run.pk)

    def figures(self, run: ImportRun) -> list[tuple[str, str]]:
        """What the import's page says beside the counts."""
        facts = run.facts
        lines = [
            (label, exact(Decimal(facts[name])))
            for name, label in (
                ("net_pounds", "Net total of the file"),
                ("new_pounds", "Net of what is new"),
            )
            if facts.get(name) is not None
        ]
        if facts.get("first_day"):
            first, last = (datetime.date.fromisoformat(facts[n]) for n in ("first_day", "last_day"))
            lines.append(("Payments dated", f"{first:%-d %B %Y} to {last:%-d %B %Y}"))
        counted = (
            ("suppliers", "Payees"),
            ("new_suppliers", "Payees not seen before"),
            ("negative_lines", "Lines below zero"),
            ("missing_lines", "Earlier payments not in this file"),
        )
        return lines + [(label, f"{facts[name]:,}") for name, label in counted if facts.get(name)]


def is_own_council(name: str) -> bool:
    """Whose payments count in retained spend: this is Trafford Council's register."""
    key = name_key(name)
    return key == "trafford" or is_own_council_key(key)


class _Plan:
    """One reading of one file."""

    def __init__(self, run: ImportRun, beat: Beat) -> None:
        self.run, self.beat = run, beat
        self.columns: Mapping[str, str] = run.columns
        self.rejects: list[ImportRow] = []
        self.rejected = 0
        self.source_name = folded(run.source_name)
        self.source: SpendSource | None = None
        self.sheets: list[tuple[str, list[str]]] = []
        self.bytes = max(run.file_bytes, 1)
        self.done = 0
        self.head_numbers = itertools.count(1)

    def read_file(self) -> None:
        with self.run.file.open("rb") as file:
            self.file = file
            for index, table in enumerate(read_tables(file, as_text=True)):
                self._read_table(index, table)
        self._write_rejects()

    def _read_table(self, index: int, table: Table) -> None:
        columns = self._columns_of(table)
        positions = {name: table.headings.index(heading) for name, heading in columns.items()}
        offset = index * ROWS_PER_TABLE
        self.sheets.append((table.sheet, table.headings))
        rows: Iterator[tuple[int, list[str]]] = table.rows
        if index == 0:
            rows = self._find_source(rows, positions)
            self._check_identity(positions)
        if offset:
            rows = ((offset + number, cells) for number, cells in rows)
        reader = LineReader(positions, len(table.headings), self.head_numbers)

        def rejected(number: int, cells: list[str], problems: list[Problem]) -> None:
            self._reject(number, cells, [_worded(problem, columns) for problem in problems])

        self.done += staging.fill(
            self.run.pk,
            reader.lines(rows, rejected),
            reader.heads,
            pause=self._pause,
            every=_BEAT_EVERY,
        )

    def _columns_of(self, table: Table) -> dict[str, str]:
        """What the person chose, or for another table with other headings, what they suggest."""
        columns = {name: heading for name, heading in self.columns.items() if heading}
        if not columns or any(heading not in table.headings for heading in columns.values()):
            columns, _ = suggest_mapping(kind="spend", headings=table.headings)
        missing = [f.label.lower() for f in FIELDS if f.required and f.name not in columns]
        if missing:
            where = f"In “{table.sheet}”: c" if table.sheet else "C"
            raise FileRefused(
                f"{where}hoose the columns that hold {' and '.join(missing)}. "
                f"The headings found are: {', '.join(table.headings[:20])}."
            )
        return columns

    def _find_source(
        self, rows: Iterator[tuple[int, list[str]]], positions: Mapping[str, int]
    ) -> Iterator[tuple[int, list[str]]]:
        """The publisher by the name given, else by what the first line says."""
        first = next(rows)
        if not self.source_name and "publisher" in positions:
            at = positions["publisher"]
            self.source_name = folded(first[1][at])[:200] if at < len(first[1]) else ""
        if not self.source_name:
            raise FileRefused("Say which council published this file.")
        self.source = SpendSource.objects.filter(name__iexact=self.source_name).first()
        if self.source:
            self.source_name = self.source.name

        return itertools.chain([first], rows)

    def _check_identity(self, positions: Mapping[str, int]) -> None:
        """The same columns must tell a publisher's lines apart in every file, or lines that are
        held already would come in again as new ones."""
        given = {name for name in IDENTITY if name in positions}
        if "category_label" in positions:
            given.add("category_code")  # where there is no code, the label stands for it
        self.identity_fields = sorted(given)
        if not self.source or not self.source.identity_fields:
            return
        before = set(self.source.identity_fields)
        if given != before:
            other = " and ".join(f"“{_LABELS[name]}”" for name in sorted(before ^ given))
            raise FileRefused(
                f"Earlier files of {self.source.name} were read with other columns: {other} "
                f"{'was' if before - given else 'was not'} among them. Map the same columns again, "
                "so that lines which are held already are recognised, "
                "or give this file another publisher’s name."
            )

    def _reject(self, number: int, cells: list[str], problems: list[dict[str, str]]) -> None:
        sheet, headings = self.sheets[number // ROWS_PER_TABLE]
        raw = dict(zip(headings, cells, strict=False))
        for extra, cell in enumerate(cells[len(headings) :], 1):
            raw[f"Extra cell {extra}"] = cell
        self.rejected += 1
        self.rejects.append(
            ImportRow(
                run=self.run,
                sheet=sheet[:120],
                row_number=number % ROWS_PER_TABLE,
                outcome=ImportRow.Outcome.REJECTED,
                title=folded(raw.get(self.columns.get("payee", ""), ""))[:300],
                raw=raw,
                problems=problems,
            )
        )

    def _pause(self, lines: int) -> None:
        self._write_rejects()
        done = self.done + lines
        # How many lines there are is not known before the last: as many as the bytes promise.
        read = 0 if self.file.closed else self.file.tell()
        self.beat(done, max(done, done * self.bytes // read) if read else 0)

    def _write_rejects(self) -> None:
        ImportRow.objects.bulk_create(self.rejects, batch_size=_REJECTS_AT_ONCE)
        self.rejects.clear()

    def _reject_closed_quarters(self, counts: payments.StagedCounts) -> bool:
        """New lines dated in a closed quarter, one sentence each; those held already are fine.
        Whether there were any."""
        closed = payments.closed_days(counts.first_day, counts.last_day)
        if not closed or not counts.created:
            return False
        wanted = dict(
            payments.new_lines_in(run_id=self.run.pk, source=self.source, quarters=closed)
        )
        if not wanted:
            return False
        with self.run.file.open("rb") as file:
            for index, table in enumerate(read_tables(file, as_text=True)):
                heading = self._columns_of(table)["paid_on"]
                at = table.headings.index(heading)
                for number, cells in table.rows:
                    quarter = wanted.get(index * ROWS_PER_TABLE + number)
                    if quarter is None:
                        continue
                    sentence = (
                        f"{quarter.label} is closed, so nothing can be added to it. "
                        "Ask the social value co-ordinator to reopen it."
                    )
                    self._reject(
                        index * ROWS_PER_TABLE + number,
                        cells,
                        [{"column": heading, "value": cells[at], "sentence": sentence}],
                    )
                    if len(self.rejects) >= _REJECTS_AT_ONCE:
                        self._write_rejects()
        self._write_rejects()
        payments.remove_new_lines_in(run_id=self.run.pk, source=self.source, quarters=closed)
        return True

    def count(self) -> None:
        counts = payments.count_staged(run_id=self.run.pk, source=self.source)
        if self._reject_closed_quarters(counts):
            counts = payments.count_staged(run_id=self.run.pk, source=self.source)
        run = self.run
        run.rows = counts.lines + self.rejected
        run.created, run.unchanged, run.rejected = counts.created, counts.unchanged, self.rejected
        run.facts = {
            **run.facts,
            "source_name": self.source_name,
            "identity_fields": self.identity_fields,
            "net_pounds": str(counts.net_pounds),
            "new_pounds": str(counts.new_pounds),
            "suppliers": counts.suppliers,
            "new_suppliers": counts.new_suppliers,
            "negative_lines": counts.negative,
            "missing_lines": counts.missing,
            "first_day": counts.first_day.isoformat() if counts.first_day else None,
            "last_day": counts.last_day.isoformat() if counts.last_day else None,
        }
        if counts.missing:
            run.message = (
                f"{counts.missing:,} payments from earlier files, dated within this file, "
                "are not in it. They are kept."
            )


def _worded(problem: Problem, columns: Mapping[str, str]) -> dict[str, str]:
    return {
        "column": columns.get(problem.field, ""),
        "value": problem.value,
        "sentence": problem.sentence,
    }

"""`manage.py import_spend FILE`: payments from a council's published spending file."""

from __future__ import annotations

import argparse
import json
import sys
import time
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.importing import FileRefused, importer_for, sentence_of
from trafford_sv.core.models import ColumnMapping, ImportRow, ImportRun
from trafford_sv.core.money import exact
from trafford_sv.core.services import imports

from ...imports.spend import SpendImporter

SHOWN = 50
_WIDTH = 30
EXAMPLE = """Example:
  manage.py import_spend trafford-supplier-spend-2025-26.zip --source "Trafford Council"
  manage.py import_spend bradford.csv --source "Bradford Council" --dry-run --json

The same file again changes nothing; a file that has grown adds its new lines only.
exit code: 0 done, 1 done with rejected rows, 2 refused and nothing written"""


class Command(BaseCommand):
    help = "Imports payments from a published spending file (csv, xlsx, or a zip of csv)."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("file", type=Path)
        parser.add_argument(
            "--source", default="", help="the publisher; left out, the file's own column says it"
        )
        parser.add_argument("--mapping", default="", help="name of a remembered column mapping")
        parser.add_argument("--dry-run", action="store_true", help="check the file, change nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )
        rejects = parser.add_mutually_exclusive_group()
        rejects.add_argument(
            "--only-valid",
            action="store_true",
            help="when rows are rejected, import the others; this is what happens anyway",
        )
        rejects.add_argument(
            "--all-or-nothing", action="store_true", help="when rows are rejected, import none"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        path = options["file"]
        try:
            if options["dry_run"]:
                with transaction.atomic():
                    run = self._plan(path, options["source"], options["mapping"])
                    self._show_rejects(run)
                    transaction.set_rollback(True)
                run.file.storage.delete(run.file.name or "")
            else:
                run = self._plan(path, options["source"], options["mapping"])
                self._show_rejects(run)
                run = self._apply(run, options["all_or_nothing"])
        except (FileRefused, imports.ImportStateError, OSError) as error:
            self.stderr.write(sentence_of(error))
            sys.exit(2)
        self._say(run, options)
        if run.rejected:
            sys.exit(1)

    def _say(self, run: ImportRun, options: dict[str, Any]) -> None:
        if run.message:
            self.stderr.write(run.message)
        if options["json"]:
            summary = {
                "file_sha256": run.file_sha256,
                "rows": run.rows,
                "created": run.created,
                "unchanged": run.unchanged,
                "rejected": run.rejected,
                "net_pounds": run.facts["net_pounds"],
                "suppliers": run.facts["suppliers"],
            }
            self.stdout.write(json.dumps(summary))
            return
        done = "Would add" if options["dry_run"] else "Added"
        self.stdout.write(
            f"{done} {run.created:,} payments of {run.facts['source_name']}; {run.unchanged:,} were "
            f"there already, {run.rejected:,} rejected. The file's good lines come to "
            f"{exact(Decimal(run.facts['net_pounds']))} paid to {run.facts['suppliers']:,} payees."
        )

    def _plan(self, path: Path, source: str, mapping: str) -> ImportRun:
        now = timezone.now()
        with path.open("rb") as file:
            run = imports.upload_file(
                kind=SpendImporter.kind,
                file=file,
                name=path.name,
                source_name=source,
                by=None,
                now=now,
            )
        try:
            headings = run.facts["headings"]
            run = imports.remember_mapping(
                run=run,
                headings=headings,
                columns=self._columns(mapping, headings),
                name=mapping,
                by=None,
                now=now,
            )
        except (imports.ImportStateError, FileRefused):
            imports.cancel_run(run=run, by=None, now=now)
            raise
        run = imports.queue_planning(run=run, by=None, now=now)
        with _Bar(self.stderr, f"Checking {path.name}") as bar:
            run = imports.plan_run(run=run, by=None, now=now, watch=bar.show)
        if run.state == ImportRun.State.REFUSED:
            imports.cancel_run(run=run, by=None, now=now)
            raise FileRefused(run.message)
        return run

    def _columns(self, mapping: str, headings: list[str]) -> dict[str, str]:
        if not mapping:
            return imports.suggest_mapping(kind=SpendImporter.kind, headings=headings)[0]
        remembered = ColumnMapping.objects.filter(kind=SpendImporter.kind, name=mapping).first()
        if remembered is None:
            names = ColumnMapping.objects.filter(kind=SpendImporter.kind).values_list(
                "name", flat=True
            )
            there = f" There are: {', '.join(names)}." if names else " There are none yet."
            raise FileRefused(f"There is no column mapping called “{mapping}”.{there}")
        return dict(remembered.columns)

    def _show_rejects(self, run: ImportRun) -> None:
        rows = run.planned_rows.filter(outcome=ImportRow.Outcome.REJECTED)
        for row in rows[:SHOWN]:
            sheet = f"{row.sheet}, " if row.sheet else ""
            for problem in row.problems:
                self.stderr.write(
                    f"{sheet}row {row.row_number}, {problem['column'] or 'whole row'}: "
                    f"{problem['sentence']}"
                )
        if run.rejected > SHOWN:
            self.stderr.write(f"... and {run.rejected - SHOWN:,} more rejected rows")

    def _apply(self, run: ImportRun, all_or_nothing: bool) -> ImportRun:
        now = timezone.now()
        if run.rejected and all_or_nothing:
            imports.cancel_run(run=run, by=None, now=now)
            raise FileRefused(
                f"{run.rejected:,} rows were rejected, so nothing was imported. "
                "Correct them, or leave out --all-or-nothing to import the others."
            )
        if not run.created:
            importer_for(run.kind).discard(run)
            return imports.finish_unchanged(run=run, by=None, now=now)
        with _Bar(self.stderr, f"Adding {run.created:,} payments"):
            return imports.apply_run(run=run, only_valid=True, by=None, now=now)


class _Bar:
    """How far it is and how long it took, on a terminal only."""

    def __init__(self, stream: Any, words: str) -> None:
        self.stream, self.words = stream, words
        self.shown = bool(getattr(stream, "isatty", lambda: False)())

    def __enter__(self) -> _Bar:
        self.started = time.monotonic()
        self.show(0, 0)
        return self

    def show(self, done: int, total: int) -> None:
        if not self.shown:
            return
        if total:
            full = min(_WIDTH, _WIDTH * done // total)
            told = f"{'#' * full}{'.' * (_WIDTH - full)} {min(100, 100 * done // total):>3} %"
        else:
            told = "..."
        self.stream.write(f"{self.words} {told}", ending="\r")
        self.stream.flush()

    def __exit__(self, *error: Any) -> None:
        if self.shown:
            said = f"{self.words}: {time.monotonic() - self.started:.1f} seconds"
            self.stream.write(said.ljust(len(self.words) + _WIDTH + 7))

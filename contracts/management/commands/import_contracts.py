"""`manage.py import_contracts FILE --format ocds|contracts-finder|csv`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.importing import FileRefused, sentence_of
from trafford_sv.core.models import ColumnMapping, ImportRow, ImportRun
from trafford_sv.core.services import imports

KINDS = {
    "ocds": "contracts-ocds",
    "contracts-finder": "contracts-finder",
    "csv": "contracts-table",
}
SHOWN = 50
EXAMPLE = """Example:
  manage.py import_contracts releases.json --format ocds
  manage.py import_contracts register.xlsx --format csv --mapping "Contracts register" --dry-run

exit code: 0 done, 1 done with rejected rows, 2 refused and nothing written"""


class Command(BaseCommand):
    help = "Imports contracts from a file, as the Import page does."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("file", type=Path)
        parser.add_argument("--format", required=True, choices=sorted(KINDS))
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
        kind = KINDS[options["format"]]
        try:
            if options["dry_run"]:
                run = self._rehearse(options["file"], kind, options["mapping"])
            else:
                run = self._plan(options["file"], kind, options["mapping"])
                self._show_rejects(run)
                run = self._apply(run, options["all_or_nothing"])
        except (FileRefused, imports.ImportStateError, OSError) as error:
            self.stderr.write(sentence_of(error))
            sys.exit(2)
        summary = {
            "rows": run.rows,
            "created": run.created,
            "updated": run.changed,
            "unchanged": run.unchanged,
            "rejected": run.rejected,
            "suppliers": run.facts.get("suppliers", 0),
        }
        if options["json"]:
            self.stdout.write(json.dumps(summary))
        else:
            done = "Would import" if options["dry_run"] else "Imported"
            self.stdout.write(
                f"{done} {run.original_name}: {run.created:,} new, {run.changed:,} changed, "
                f"{run.unchanged:,} unchanged, {run.rejected:,} rejected."
            )
        if run.rejected:
            sys.exit(1)

    def _rehearse(self, path: Path, kind: str, mapping: str) -> ImportRun:
        """Plan, show, and take every trace back."""
        with transaction.atomic():
            run = self._plan(path, kind, mapping)
            self._show_rejects(run)
            transaction.set_rollback(True)
        run.file.storage.delete(str(run.file.name))
        return run

    def _plan(self, path: Path, kind: str, mapping: str) -> ImportRun:
        now = timezone.now()
        with path.open("rb") as file:
            run = imports.upload_file(kind=kind, file=file, name=path.name, by=None, now=now)
        headings = run.facts.get("headings")
        if headings:
            try:
                columns = self._columns(kind, mapping, headings)
                run = imports.remember_mapping(
                    run=run, headings=headings, columns=columns, name=mapping, by=None, now=now
                )
            except (imports.ImportStateError, FileRefused):
                imports.cancel_run(run=run, by=None, now=now)
                raise
        run = imports.queue_planning(run=run, by=None, now=now)
        run = imports.plan_run(run=run, by=None, now=now)
        if run.state == ImportRun.State.REFUSED:
            imports.cancel_run(run=run, by=None, now=now)
            raise FileRefused(run.message)
        return run

    def _columns(self, kind: str, mapping: str, headings: list[str]) -> dict[str, str]:
        if mapping:
            remembered = ColumnMapping.objects.filter(kind=kind, name=mapping).first()
            if remembered is None:
                names = ", ".join(
                    ColumnMapping.objects.filter(kind=kind).values_list("name", flat=True)
                )
                raise FileRefused(
                    f"There is no column mapping called “{mapping}”."
                    + (
                        f" There are: {names}."
                        if names
                        else " Import once in the browser to make one."
                    )
                )
            return dict(remembered.columns)
        return imports.suggest_mapping(kind=kind, headings=headings)[0]

    def _show_rejects(self, run: ImportRun) -> None:
        for row in run.planned_rows.filter(outcome=ImportRow.Outcome.REJECTED)[:SHOWN]:
            sheet = f"{row.sheet}, " if row.sheet else ""
            for problem in row.problems:
                self.stderr.write(
                    f"{sheet}row {row.row_number}, {problem['column'] or 'whole row'}: {problem['sentence']}"
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
        if not run.created and not run.changed:
            return imports.finish_unchanged(run=run, by=None, now=now)
        return imports.apply_run(run=run, only_valid=True, by=None, now=now)

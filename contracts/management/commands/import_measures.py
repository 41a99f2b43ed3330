"""`manage.py import_measures FILE`: a council's own workbook of measures."""

from __future__ import annotations

import argparse
import datetime
import json
import sys
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone
from django.utils.text import slugify

from contracts.forms.measures import NEW, RESERVED_KEYS
from contracts.models import MeasureEdition
from trafford_sv.core.importing import FileRefused, sentence_of
from trafford_sv.core.models import ColumnMapping, ImportRow, ImportRun
from trafford_sv.core.periods import FinancialYear
from trafford_sv.core.services import imports

KIND = "measures"
SHOWN = 50
EXAMPLE = """Examples:
  manage.py import_measures measures.xlsx --dry-run
  manage.py import_measures measures.xlsx --edition council-2026 --name "Council measures 2026" \\
    --publisher "Invented publisher" --licence "CC BY-NC-ND 4.0" --holder "The council" \\
    --valid-from 2026-04-01 --confirmed-by "Social value co-ordinator"

Without --confirmed-by a new edition stays a draft until somebody confirms its licence on its page.
Without the two --...-may-be-published, nothing of it is published.

exit code: 0 done, 1 done with rejected rows, 2 refused and nothing written"""


class Command(BaseCommand):
    help = "Imports an edition of the measure library, as the Import page does."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("file", type=Path)
        parser.add_argument("--edition", default="", help="its key; the file's name if left out")
        parser.add_argument("--name", default="", help="of a new edition")
        parser.add_argument("--publisher", default="Not stated")
        parser.add_argument("--licence", default="Not stated: treated as closed")
        parser.add_argument("--holder", default="", help="who holds the licence")
        parser.add_argument(
            "--valid-from",
            type=datetime.date.fromisoformat,
            help="for rows without a date; this financial year's first day if left out",
        )
        parser.add_argument("--valid-to", type=datetime.date.fromisoformat)
        parser.add_argument("--values-may-be-published", action="store_true")
        parser.add_argument("--text-may-be-published", action="store_true")
        parser.add_argument("--combinable", action="store_true")
        parser.add_argument(
            "--confirmed-by", default="", help="the role that confirms that the licence is held"
        )
        parser.add_argument("--mapping", default="", help="name of a remembered column mapping")
        parser.add_argument("--dry-run", action="store_true", help="check the file, change nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["dry_run"]:
                with transaction.atomic():
                    run = self._plan(options)
                    transaction.set_rollback(True)
                run.file.storage.delete(str(run.file.name))
            else:
                run = self._apply(self._plan(options))
        except (FileRefused, imports.ImportStateError, OSError) as error:
            self.stderr.write(sentence_of(error))
            sys.exit(2)
        key = run.facts.get("edition_key") or run.answers["key"]
        measures = run.facts["measures"]
        if options["json"]:
            summary = {"edition": key, "measures": measures, "rejected": run.rejected}
            self.stdout.write(json.dumps(summary))
        else:
            done = "Would import" if options["dry_run"] else "Imported"
            self.stdout.write(
                f"{done} {run.original_name} into {key}: {run.created:,} new, "
                f"{run.changed:,} changed, {run.unchanged:,} unchanged, {run.rejected:,} rejected."
            )
        if run.rejected:
            sys.exit(1)

    def _plan(self, options: dict[str, Any]) -> ImportRun:
        now = timezone.now()
        path: Path = options["file"]
        with path.open("rb") as file:
            run = imports.upload_file(kind=KIND, file=file, name=path.name, by=None, now=now)
        try:
            headings = run.facts.get("headings", [])
            run = imports.remember_mapping(
                run=run,
                headings=headings,
                columns=self._columns(options["mapping"], headings),
                name=options["mapping"],
                by=None,
                now=now,
            )
            answers = self._answers(options, timezone.localdate())
            run = imports.keep_answers(run=run, answers=answers, by=None, now=now)
        except (imports.ImportStateError, FileRefused):
            imports.cancel_run(run=run, by=None, now=now)
            raise
        run = imports.queue_planning(run=run, by=None, now=now)
        run = imports.plan_run(run=run, by=None, now=now)
        if run.state == ImportRun.State.REFUSED:
            imports.cancel_run(run=run, by=None, now=now)
            raise FileRefused(run.message)
        self._show_rejects(run)
        return run

    def _answers(self, options: dict[str, Any], today: datetime.date) -> dict[str, Any]:
        key = slugify(options["edition"] or options["file"].stem)[:60]
        if not key or key in RESERVED_KEYS:
            raise FileRefused(f"“{key}” cannot be an edition's key. Give one with --edition.")
        held = MeasureEdition.objects.filter(key=key).first()
        if held is not None and held.source == "reference":
            raise FileRefused(
                f"“{key}” ships with the product and is changed by its own files. Use another key."
            )
        first_day = FinancialYear.of(today).start
        return {
            "edition": key if held else NEW,
            "key": key,
            "name": options["name"] or options["file"].stem.replace("_", " ").replace("-", " "),
            "publisher": options["publisher"],
            "valid_from": options["valid_from"] or (held.valid_from if held else first_day),
            "valid_to": options["valid_to"],
            "licence": options["licence"],
            "licence_holder": options["holder"],
            "values_may_be_published": options["values_may_be_published"],
            "text_may_be_published": options["text_may_be_published"],
            "is_combinable": options["combinable"],
            "confirmed": bool(options["confirmed_by"]),
            "confirmed_by": options["confirmed_by"],
        }

    def _columns(self, mapping: str, headings: list[str]) -> dict[str, str]:
        if not mapping:
            return imports.suggest_mapping(kind=KIND, headings=headings)[0]
        remembered = ColumnMapping.objects.filter(kind=KIND, name=mapping).first()
        if remembered is None:
            raise FileRefused(f"There is no column mapping called “{mapping}”.")
        return dict(remembered.columns)

    def _show_rejects(self, run: ImportRun) -> None:
        for row in run.planned_rows.filter(outcome=ImportRow.Outcome.REJECTED)[:SHOWN]:
            sheet = f"{row.sheet}, " if row.sheet else ""
            for problem in row.problems:
                self.stderr.write(
                    f"{sheet}row {row.row_number}, {problem['column'] or 'whole row'}: "
                    f"{problem['sentence']}"
                )
        if run.rejected > SHOWN:
            self.stderr.write(f"... and {run.rejected - SHOWN:,} more rejected rows")

    def _apply(self, run: ImportRun) -> ImportRun:
        now = timezone.now()
        if not run.created and not run.changed:
            if run.rejected and not run.unchanged:
                imports.cancel_run(run=run, by=None, now=now)
                raise FileRefused("Every row was rejected, so nothing was imported.")
            return imports.finish_unchanged(run=run, by=None, now=now)
        return imports.apply_run(run=run, only_valid=True, by=None, now=now)

"""Load every app's reference data. Safe to run as often as you like."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.reference_data import Counts, loaders


class Command(BaseCommand):
    help = (
        "Load wards, postcodes, codes and rules that ship with the product. "
        "Running it again changes nothing that is already right.\n\n"
        "Example: manage.py load_reference --dry-run"
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, write nothing"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")
        parser.add_argument(
            "--only", action="append", metavar="NAME", help=f"one of: {', '.join(loaders())}"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        now = timezone.now()
        chosen = loaders()
        if options["only"]:
            unknown = sorted(set(options["only"]) - set(chosen))
            if unknown:
                self.stderr.write(
                    f"There is no reference data called {', '.join(unknown)}. "
                    f"There is: {', '.join(chosen)}."
                )
                raise SystemExit(2)
            chosen = {name: chosen[name] for name in options["only"]}
        total = Counts()
        for name, loader in chosen.items():
            try:
                with transaction.atomic():
                    counts = loader(now, options["dry_run"])
                    if options["dry_run"]:
                        # A later loader may lean on an earlier one's rows: a rehearsal writes nothing.
                        transaction.set_rollback(True)
            except ValidationError as error:
                self.stderr.write(f"{name}: {' '.join(error.messages)}")
                raise SystemExit(2) from error
            total += counts
            if not options["json"]:
                self.stdout.write(
                    f"{name}: {counts.created:,} created, {counts.updated:,} updated, "
                    f"{counts.unchanged:,} unchanged"
                )
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "created": total.created,
                        "updated": total.updated,
                        "unchanged": total.unchanged,
                    }
                )
            )
        elif options["dry_run"]:
            self.stdout.write("Nothing was written.")

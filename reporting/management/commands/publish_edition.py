"""`manage.py publish_edition`: freeze a report, draw its files, write it out as a folder."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.periods import PeriodError

from ...datasets import with_period
from ...editions import NotReady, UnknownKind, kind_of, kinds
from ...models import ReportEdition
from ...services.edition_export import NotExported, export_edition
from ...services.edition_files import make_files
from ...services.editions import NotPublishable, next_number, publish_edition


class Command(BaseCommand):
    help = (
        "Publish a report of a period: its data is frozen with its hash, and its files are drawn from it. "
        "With --out it is written as a folder that verify_edition checks anywhere. A report that is published "
        "already is corrected with --what-changed, or written out as it stands with --existing.\n\n"
        "Example: manage.py publish_edition star-quarterly 2026-27-Q1 --out q1-report"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        names = ", ".join(sorted(kind.key for kind in kinds()))
        parser.add_argument("kind", help=names)
        parser.add_argument("period", help="2026-27-Q1, or 2026-27 for a yearly report")
        parser.add_argument("--out", metavar="DIR", help="write the edition into this new folder")
        parser.add_argument("--what-changed", default="", help="of a correction: what it corrects")
        parser.add_argument(
            "--existing", action="store_true", help="publish nothing: take the edition that stands"
        )
        parser.add_argument("--dry-run", action="store_true", help="check, and write nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        files: list[str] = []
        try:
            edition = self._edition(options)
            if not options["dry_run"]:
                make_files(edition=edition, by=None, now=timezone.now())
                if options["out"]:
                    files = export_edition(edition, Path(options["out"]))
        except (
            NotPublishable,
            NotReady,
            NotExported,
            UnknownKind,
            PeriodError,
        ) as error:
            messages = getattr(error, "messages", None) or [str(error)]
            for message in messages:
                self.stderr.write(message)
            sys.exit(2)
        done = "would be" if options["dry_run"] else "is"
        self.stdout.write(
            f"{with_period(edition.title, edition.period_label)}: edition {edition.number} {done} "
            "published. "
            f"SHA-256 of its data: {edition.sha256}"
        )
        for file in [] if options["dry_run"] else edition.files.all():
            if not file.is_ready:
                self.stdout.write(
                    f"{file.get_format_display()}: {file.failure or file.get_state_display()}"
                )
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "edition": None if options["dry_run"] else edition.pk,
                        "number": edition.number,
                        "sha256": edition.sha256,
                        "files": files,
                    }
                )
            )

    def _edition(self, options: dict[str, Any]) -> ReportEdition:
        kind = kind_of(options["kind"])
        period = kind.parse_period(options["period"])
        if options["existing"]:
            held = ReportEdition.objects.of_period(kind.key, period).order_by("-number").first()
            if held is None:
                raise NotPublishable(f"No {kind.noun} of {period.label} is published yet.")
            return held
        with transaction.atomic():
            edition = publish_edition(
                kind=kind.key,
                period=period,
                number=next_number(kind.key, period),
                what_changed=options["what_changed"],
                by=None,
                now=timezone.now(),
            )
            if options["dry_run"]:
                transaction.set_rollback(True)
        return edition

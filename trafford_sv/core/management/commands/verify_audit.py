"""`manage.py verify_audit`: does the audit log's chain hold?"""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand

from trafford_sv.core.services.audit import verify_chain


class Command(BaseCommand):
    help = (
        "Recompute the hash of every audit event and say which were altered or removed.\n"
        "Exits with 0 when the chain holds and with 1 when it does not.\n\n"
        "Example: manage.py verify_audit --json"
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        on_terminal = sys.stderr.isatty()

        def progress(count: int) -> None:
            self.stderr.write(f"\r{count:,} events checked", ending="")

        report = verify_chain(progress=progress if on_terminal else None)
        if on_terminal:
            self.stderr.write("\r", ending="")
        for sequence, problem in report.broken:
            self.stdout.write(f"Event {sequence}: {problem}.")
        if not report.broken:
            self.stdout.write(f"The chain of {report.events:,} events holds.")
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "events": report.events,
                        "broken": len(report.broken),
                        "head": report.head,
                        "problems": [
                            {"event": sequence, "problem": problem}
                            for sequence, problem in report.broken
                        ],
                    }
                )
            )
        if report.broken:
            sys.exit(1)

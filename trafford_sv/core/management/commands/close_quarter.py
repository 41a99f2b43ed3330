"""`manage.py close_quarter`: lock a quarter that is over."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.closing import accept_outstanding
from trafford_sv.core.periods import PeriodError, Quarter
from trafford_sv.core.services.quarters import QuarterStateError, close_quarter


class Command(BaseCommand):
    help = (
        "Close a quarter: what it counted can no longer be changed until it is reopened.\n"
        "Refused while a check is outstanding, unless it is accepted with a reason.\n\n"
        "Example: manage.py close_quarter 2026-27-Q1 --dry-run\n"
        '         manage.py close_quarter 2026-27-Q1 --accept "Two suppliers are in dispute"'
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("quarter", help="for example 2026-27-Q1")
        parser.add_argument(
            "--accept", metavar="REASON", default="", help="accept every outstanding check"
        )
        parser.add_argument("--dry-run", action="store_true", help="check, and write nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                quarter = Quarter.parse(options["quarter"])
                now = timezone.now()
                if options["accept"]:
                    accept_outstanding(quarter=quarter, reason=options["accept"], by=None, now=now)
                close_quarter(quarter=quarter, by=None, now=now, checked=True)
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except (PeriodError, QuarterStateError, ValueError) as error:
            self.stderr.write(str(error))
            sys.exit(2)
        closed = not options["dry_run"]
        self.stdout.write(
            f"{quarter.label} is closed."
            if closed
            else f"{quarter.label} can be closed. Nothing was written."
        )
        if options["json"]:
            self.stdout.write(json.dumps({"quarter": quarter.code, "closed": closed}))

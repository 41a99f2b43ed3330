"""`manage.py check_delivery_sums`: are the sums of closed quarters still what their lines say?"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ...services.delivery_sums import SumsCheck, check_delivery_sums

EXAMPLE = """Example:
  manage.py check_delivery_sums
  manage.py check_delivery_sums --dry-run

Every closed quarter is added up again. exit code: 0 all are equal, 1 some were not (put right, unless --dry-run)"""


class Command(BaseCommand):
    help = "Adds up every closed quarter again, and puts right what was kept of it."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument(
            "--dry-run", action="store_true", help="say what differs, and change nothing"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        found = check_delivery_sums(by=None, now=timezone.now(), dry_run=options["dry_run"])
        if options["json"]:
            self.stdout.write(json.dumps(asdict(found)))
        else:
            self._say(found)
        for sentence in found.differing:
            self.stderr.write(sentence)
        if found.differing:
            sys.exit(1)

    def _say(self, found: SumsCheck) -> None:
        many = "quarter" if found.quarters == 1 else "quarters"
        self.stdout.write(f"{found.quarters} closed {many} added up; {found.added} summed anew.")

"""`manage.py send_packs`: the pack of each coming meeting to each member, once."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from trafford_sv.core.sending import MailServerAway

from ...services.pack_mails import send_packs

EXAMPLE = """Example:
  manage.py send_packs
  manage.py send_packs --as-of 2026-11-16 --dry-run --json

exit code: 0 done, 1 done and something was refused, 2 refused"""


class Command(BaseCommand):
    help = (
        "Sends the packs of Steering Group meetings that are due. The beat process does so hourly."
    )

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--as-of", default="", help="a day like 2026-11-16; today unless given")
        parser.add_argument("--dry-run", action="store_true", help="count, and send nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        day = timezone.localdate()
        if options["as_of"]:
            try:
                day = datetime.date.fromisoformat(options["as_of"])
            except ValueError:
                self.stderr.write(f"“{options['as_of']}” is not a day. Write it like 2026-11-16.")
                sys.exit(2)
        try:
            report = send_packs(as_of=day, by=None, now=timezone.now(), dry_run=options["dry_run"])
        except MailServerAway as error:
            self.stderr.write(f"{error}. Nothing was sent.")
            sys.exit(2)
        if options["dry_run"]:
            self.stdout.write(f"{report.due - report.others} would be sent. Nothing was sent.")
        else:
            self.stdout.write(
                f"{report.sent} sent, {report.failed} refused, {report.in_doubt} in doubt."
            )
        if options["json"]:
            self.stdout.write(json.dumps({"as_of": day.isoformat(), **dataclasses.asdict(report)}))
        if report.failed:
            sys.exit(1)

"""`manage.py send_reminders`: one e-mail to each person whose returns are due or late."""

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

from ...services.reminders import send_reminders

EXAMPLE = """Example:
  manage.py send_reminders
  manage.py send_reminders --as-of 2026-11-23 --dry-run --json

Nobody hears twice of the same step, however often it runs. exit code: 0 done, 2 refused"""


class Command(BaseCommand):
    help = "Sends the reminders of delivery returns that are due on a day. The beat process does so hourly."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--as-of", default="", help="a day like 2026-11-23; today unless given")
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
                self.stderr.write(f"“{options['as_of']}” is not a day. Write it like 2026-11-23.")
                sys.exit(2)
        try:
            report = send_reminders(
                as_of=day, by=None, now=timezone.now(), dry_run=options["dry_run"]
            )
        except MailServerAway as error:
            self.stderr.write(f"{error}. Nothing was sent.")
            sys.exit(2)
        if options["dry_run"]:
            self.stdout.write(f"{report.due} would be looked at. Nothing was sent.")
        else:
            self.stdout.write(
                f"{report.sent} sent, {report.skipped} no longer due, {report.failed} refused, "
                f"{report.in_doubt} in doubt."
            )
        if options["json"]:
            self.stdout.write(json.dumps({"as_of": day.isoformat(), **dataclasses.asdict(report)}))

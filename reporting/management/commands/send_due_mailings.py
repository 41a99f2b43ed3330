"""`manage.py send_due_mailings`: each published report to each reader, once."""

from __future__ import annotations

import argparse
import dataclasses
import datetime
import json
import sys
from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from ...selectors.mailings.pages import rehearsal
from ...selectors.mailings.recipients import Verdict
from ...services.mailings.sending import send_due_mailings

EXAMPLE = """Example:
  manage.py send_due_mailings
  manage.py send_due_mailings --as-of 2026-11-16 --dry-run --json

The same as the schedule of the beat process does; run it from cron where there is none. However
often it runs, and however many run at once, nobody gets an edition twice.
exit code: 0 done, 1 done and something was refused or could not be sent, 2 refused"""


class Command(BaseCommand):
    help = "Sends what is due by e-mail: reports to their readers, a nudge where one is late."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--as-of", default="", help="a day like 2026-11-16; today unless given")
        parser.add_argument(
            "--dry-run", action="store_true", help="say who would get what, and send nothing"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        day, now = timezone.localdate(), timezone.now()
        if options["as_of"]:
            try:
                day = datetime.date.fromisoformat(options["as_of"])
            except ValueError:
                self.stderr.write(f"“{options['as_of']}” is not a day. Write it like 2026-11-16.")
                sys.exit(2)
        dry_run = options["dry_run"]
        if dry_run:
            self.say_who(day, now)
        report = send_due_mailings(as_of=day, by=None, now=now, dry_run=dry_run)
        for sentence in [*report.problems, *report.notes]:
            self.stderr.write(sentence)
        if dry_run:
            self.stdout.write(f"{report.waiting} would be sent. Nothing was sent.")
        else:
            self.stdout.write(
                f"{report.sent} sent, {report.already_sent} sent before, {report.failed} refused, "
                f"{report.in_doubt} in doubt, {report.waiting} waiting."
            )
        if options["json"]:
            values = dataclasses.asdict(report)
            self.stdout.write(json.dumps({"as_of": day.isoformat(), **values}))
        if report.problems or report.failed:
            sys.exit(1)

    def say_who(self, day: datetime.date, now: datetime.datetime) -> None:
        seen, missing = rehearsal(as_of=day, now=now)
        for one in seen:
            self.stdout.write(str(one.edition))
            for row in one.recipients:
                mark = "+" if row.verdict is Verdict.SEND else " "
                self.stdout.write(f"  {mark} {row.address or row.subscription.reader}: {row.why}")
        for line in missing:
            self.stdout.write(
                f"{line.kind_name}, {line.period.label}, {line.line.get_audience_display()}: "
                f"not published yet, due on {line.due:%-d %B %Y}, {len(line.readers)} readers"
            )

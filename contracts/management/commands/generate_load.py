"""`manage.py generate_load --contracts 100 --commitments 1000 --deliveries 10000 --seed 1`."""

from __future__ import annotations

import argparse
import json
import sys
import time
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand
from django.utils import timezone

from ...generated_load import generate
from ...services.delivery_sums import check_delivery_sums

EXAMPLE = """Example:
  manage.py generate_load --contracts 100 --commitments 1000 --deliveries 10000 --seed 1
  manage.py generate_load --contracts 10000 --commitments 100000 --deliveries 1000000 --dry-run

Everything it makes is invented and marked as such. exit code: 0 done, 2 refused"""


class Command(BaseCommand):
    help = "Fills a database with invented agreements, commitments and deliveries, to measure with."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--contracts", type=int, required=True)
        parser.add_argument("--commitments", type=int, required=True)
        parser.add_argument("--deliveries", type=int, required=True)
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--dry-run", action="store_true", help="say what it would make")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        wanted = {name: options[name] for name in ("contracts", "commitments", "deliveries")}
        if settings.DEPLOYMENT == "production":
            self.stderr.write("This is a production site. Invented rows have no place in it.")
            sys.exit(2)
        began = time.perf_counter()
        if not options["dry_run"]:
            try:
                generate(
                    **wanted, seed=options["seed"], by=None, now=timezone.now(), beat=self._beat
                )
            except ValueError as error:
                self.stderr.write(str(error))
                sys.exit(2)
            # Its rows went into quarters that may be closed and summed.
            check_delivery_sums(by=None, now=timezone.now())
        seconds = round(time.perf_counter() - began, 1)
        if options["json"]:
            self.stdout.write(json.dumps({**wanted, "seconds": seconds}))
            return
        verb = "Would make" if options["dry_run"] else "Made"
        counts = ", ".join(f"{number:,} {name}" for name, number in wanted.items())
        self.stdout.write(f"{verb} {counts} in {seconds} seconds.")

    def _beat(self, done: int, total: int) -> None:
        if self.stderr.isatty():
            self.stderr.write(f"\r{done:,} of {total:,}", ending="")

"""`manage.py spend_retained --year 2025-26`: where a year's money went."""

from __future__ import annotations

import argparse
import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.management.base import BaseCommand

from trafford_sv.core.money import exact, percentage
from trafford_sv.core.periods import FinancialYear, PeriodError

from ...models import SpendSource
from ...selectors.spend import retained_spend_everywhere

EXAMPLE = """Example:
  manage.py spend_retained --year 2025-26
  manage.py spend_retained --year 2025-26 --source "Trafford Council" --json

Shares are of spend whose location is known. exit code: 0 done, 2 refused"""


class Command(BaseCommand):
    help = "Says how much of the council's spend stayed in Trafford and in Greater Manchester."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--year", required=True, help="a financial year, like 2025-26")
        parser.add_argument(
            "--source", default="", help="a publisher; left out, the council itself"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            year = FinancialYear.parse(options["year"])
        except PeriodError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        source = None
        if options["source"]:
            source = SpendSource.objects.filter(name__iexact=options["source"]).first()
            if source is None:
                names = ", ".join(SpendSource.objects.values_list("name", flat=True)) or "none"
                self.stderr.write(f"No file of “{options['source']}” is held. There are: {names}.")
                sys.exit(2)
        spend = retained_spend_everywhere(source=source, year=year)
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "total_pounds": str(spend.total_pounds),
                        "trafford_pounds": str(spend.trafford_pounds),
                        "greater_manchester_pounds": str(spend.greater_manchester_pounds),
                        "elsewhere_pounds": str(spend.elsewhere_pounds),
                        "unknown_pounds": str(spend.unknown_pounds),
                        "excluded_pounds": str(spend.excluded_pounds),
                        "retained_share": _four_places(spend.retained_share),
                        "known_share": _four_places(spend.known_share),
                    }
                )
            )
            return
        for words, amount in (
            ("Paid in all", spend.total_pounds),
            ("Not contestable", spend.excluded_pounds),
            ("Trafford", spend.trafford_pounds),
            ("Rest of Greater Manchester", spend.greater_manchester_pounds),
            ("Elsewhere", spend.elsewhere_pounds),
            ("Location unknown", spend.unknown_pounds),
        ):
            self.stdout.write(f"{words:<28}{exact(amount):>20}")
        self.stdout.write(
            f"Stayed: {percentage(spend.retained_share, 1)} of spend whose location is known, which is "
            f"{percentage(spend.known_share, 1)} of contestable spend."
        )


def _four_places(share: Decimal | None) -> str | None:
    return None if share is None else str(share.quantize(Decimal("0.0001"), ROUND_HALF_UP))

"""`manage.py portfolio --period 2026-27-Q1`: the four figures of one quarter."""

from __future__ import annotations

import argparse
import json
import sys
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.core.management.base import BaseCommand

from trafford_sv.core.money import exact
from trafford_sv.core.periods import PeriodError, Quarter

from ...four_figures import Amounts
from ...models import Contract
from ...selectors.position import EVERYWHERE, Scope
from ...selectors.position_report import portfolio_report

EXAMPLE = """Example:
  manage.py portfolio --period 2026-27-Q1
  manage.py portfolio --period 2026-27-Q1 --kind grant --json

The four pounds are social value; local economic value stands beside each and is never added.
exit code: 0 done, 2 refused"""


class Command(BaseCommand):
    help = "Says what was offered, committed, reported and verified in a quarter."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = EXAMPLE
        parser.add_argument("--period", required=True, help="a quarter, like 2026-27-Q1")
        parser.add_argument(
            "--kind", default="", help="contract, grant, planning or pledge; left out, all"
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        kind = options["kind"]
        try:
            quarter = Quarter.parse(options["period"])
        except PeriodError as error:
            self.stderr.write(str(error))
            sys.exit(2)
        if kind and kind not in Contract.Kind.values:
            self.stderr.write(f"“{kind}” is no kind. There are: {', '.join(Contract.Kind.values)}.")
            sys.exit(2)
        report = portfolio_report(EVERYWHERE, Scope(agreement=kind), first=quarter, last=quarter)
        figures, completeness = report.position.figures, report.completeness
        four = {
            "offered": figures.offered,
            "committed": figures.committed,
            "reported": figures.reported,
            "verified": figures.verified,
        }
        if options["json"]:
            verified = figures.verified or Amounts()
            value = report.position.contract_value_pounds
            share = report.position.offered_share
            self.stdout.write(
                json.dumps(
                    {
                        "contract_value_pounds": _text(value),
                        **{
                            f"{name}_pounds": _text((amounts or Amounts()).social_pounds)
                            for name, amounts in four.items()
                        },
                        **{
                            f"{name}_local_economic_pounds": _text(
                                (amounts or Amounts()).local_economic_pounds
                            )
                            for name, amounts in four.items()
                        },
                        "social_pounds": _text(verified.social_pounds),
                        "local_economic_pounds": _text(verified.local_economic_pounds),
                        "offered_share": None
                        if share is None
                        else str(share.quantize(Decimal("0.0001"), ROUND_HALF_UP)),
                        "returns_expected": completeness.expected,
                        "returns_received": completeness.received,
                    }
                )
            )
            return
        self.stdout.write(f"{quarter.label}. {completeness.sentence}.")
        self.stdout.write(f"{'':<12}{'social':>20}{'local economic':>20}")
        for name, amounts in four.items():
            both = amounts or Amounts()
            self.stdout.write(
                f"{name:<12}{_words(both.social_pounds):>20}"
                f"{_words(both.local_economic_pounds):>20}"
            )


def _text(amount: Decimal | None) -> str | None:
    return None if amount is None else str(amount)


def _words(amount: Decimal | None) -> str:
    return "none" if amount is None else exact(amount)

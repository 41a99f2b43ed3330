"""Load the demo council, or take it away again."""

from __future__ import annotations

import json
from argparse import RawDescriptionHelpFormatter
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from action_plan.demo_maturity import load_maturity, remove_maturity
from action_plan.demo_plan import load_plan, remove_plan
from action_plan.demo_steering import load_steering, remove_steering
from charter.demo import load_charter_demo, remove_charter_demo
from community_needs.demo import load_needs, remove_needs
from contracts.demo import load_contracts, remove_contracts
from contracts.demo_delivery import load_delivery, remove_delivery
from contracts.demo_needs import load_offers, remove_offers
from contracts.demo_spend import load_payments, remove_payments
from contracts.models import CpvCode
from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.drawn_documents import forget_documents
from trafford_sv.directory.demo import load_directory, remove_directory
from trafford_sv.directory.models import Area

from ...demo import load_measures, load_readings, remove_measures
from ...demo_closing import load_closings, remove_closings
from ...demo_editions import load_editions, remove_editions
from ...demo_mailings import load_mailings, remove_mailings
from ...demo_papers import load_papers, remove_papers


class Command(BaseCommand):
    help = (
        "Load an invented council: suppliers, contracts, deliveries, spending and one account for each role, on "
        "the real wards and hubs. Running it again changes nothing. --reset removes the demo's rows, "
        "and only those, before loading it anew.\n\n"
        "Example: manage.py load_demo --reset"
    )

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reset", action="store_true", help="remove the demo's rows first")
        parser.add_argument(
            "--dry-run", action="store_true", help="say what would change, write nothing"
        )
        parser.add_argument("--json", action="store_true", help="one JSON object as the last line")

    def handle(self, *args: Any, **options: Any) -> None:
        now, today = timezone.now(), timezone.localdate()
        if not Area.objects.wards(2023).exists() or not CpvCode.objects.exists():
            self.stderr.write(
                "The reference data is missing. Run this first: manage.py load_reference"
            )
            raise SystemExit(2)
        removed, left_open, refused = 0, "", ""
        with transaction.atomic():
            if options["reset"]:
                removed = remove_papers() + remove_mailings() + remove_editions()
                removed += remove_closings()
                removed += remove_offers() + remove_measures()
                removed += remove_steering() + remove_maturity() + remove_plan()
                removed += remove_payments() + remove_delivery()
                removed += remove_contracts() + remove_needs()
                removed += remove_charter_demo() + remove_directory()
            directory = load_directory(by=None, now=now)
            counts = directory.counts
            counts += load_charter_demo(directory, by=None, now=now, today=today)
            counts += load_needs(directory, by=None, now=now, today=today)
            counts += load_contracts(directory, by=None, now=now, today=today)
            counts += load_plan(directory, by=None, now=now, today=today)
            counts += load_maturity(directory.people, by=None, now=now, today=today)
            if not options["dry_run"]:
                # Its evidence is written to the disk, so it is not rehearsed.
                counts += load_delivery(directory, by=None, now=now, today=today)
                counts += load_steering(by=None, now=now, today=today)
                counts += load_offers(directory, by=None, now=now, today=today)
            if options["dry_run"]:
                transaction.set_rollback(True)
            elif counts.created or removed:
                record_event(
                    by=None,
                    now=now,
                    verb="demo council loaded",
                    subject_type="demo",
                    subject_id="demo",
                    subject_name="Demo council",
                    after={"created": counts.created, "removed": removed},
                )
        if options["reset"] and not options["dry_run"]:
            # Of what was invented, and drawn anew for whoever asks.
            forget_documents(days=0, by=None, now=timezone.now())
        if not options["dry_run"]:
            # An import keeps its own transactions: a file, a plan, then all rows at once.
            counts += load_payments(by=None, now=now, today=today)
            counts += load_measures(by=None, now=now, today=today)
            counts += load_papers(by=None, now=now, today=today)
            closed, left_open = load_closings(directory, by=None, now=now, today=today)
            counts += closed
            counts += load_readings(by=None, now=now, today=today)
            published, refused = load_editions(by=None, now=now, today=today)
            counts += published
            counts += load_mailings(by=None, now=now, today=today)
        self._say(options, counts, removed, [left_open, refused])

    def _say(
        self, options: dict[str, Any], counts: Counts, removed: int, beside: list[str]
    ) -> None:
        for sentences in filter(None, beside):
            # Beside the answer for programs, which stays one object.
            (self.stderr if options["json"] else self.stdout).write(sentences)
        if not options["json"]:
            if removed:
                self.stdout.write(f"{removed:,} demo rows removed")
            self.stdout.write(
                f"{counts.created:,} created, {counts.updated:,} updated, {counts.unchanged:,} unchanged"
            )
            if options["dry_run"]:
                self.stdout.write("Nothing was written. Payments and deliveries are not rehearsed.")
            elif not settings.PRODUCTION:
                self.stdout.write(
                    f"Accounts end in {settings.DEMO_EMAIL_DOMAIN}, one for each role, for example "
                    f"coordinator{settings.DEMO_EMAIL_DOMAIN}. The password is {settings.DEMO_PASSWORD}"
                )
            return
        self.stdout.write(
            json.dumps(
                {
                    "created": counts.created,
                    "updated": counts.updated,
                    "unchanged": counts.unchanged,
                }
            )
        )

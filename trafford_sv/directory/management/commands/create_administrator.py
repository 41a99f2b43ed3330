"""`manage.py create_administrator`: the first person, on a new site."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand
from django.db import transaction
from django.utils import timezone

from trafford_sv.directory.services.grants import invite_person


class Command(BaseCommand):
    help = (
        "Make an administrator and print a one-time link with which they choose a password.\n"
        "No e-mail is sent. The link is shown once and works for seven days.\n\n"
        'Example: manage.py create_administrator officer@example.gov.uk --name "Sam Example"'
    )

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("email")
        parser.add_argument("--name", required=True)
        parser.add_argument("--dry-run", action="store_true", help="check, and write nothing")
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            with transaction.atomic():
                issued = invite_person(
                    email=options["email"],
                    name=options["name"],
                    role="administrator",
                    organisation=None,
                    by=None,
                    now=timezone.now(),
                )
                if options["dry_run"]:
                    transaction.set_rollback(True)
        except ValidationError as error:
            self.stderr.write(" ".join(error.messages))
            sys.exit(2)
        email = issued.invitation.user.email
        if options["dry_run"]:
            self.stdout.write(f"{email} could be made an administrator. Nothing was written.")
        else:
            expires = timezone.localtime(issued.invitation.expires_at)
            self.stdout.write(f"{email} is an administrator once they choose a password here,")
            self.stdout.write(f"by {expires:%-d %B %Y}: {issued.link}")
        if options["json"]:
            link = None if options["dry_run"] else issued.link
            self.stdout.write(json.dumps({"email": email, "link": link}))

"""`manage.py verify_edition`: work an edition's figures out again, and name what was altered."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand

from ...edition_folder import DATA, Checked, check_folder

LARGEST_BYTES = 2 * 1024**3


class Refused(ValueError):
    """There is nothing here to check; the message says why."""


class Command(BaseCommand):
    help = (
        "Check an edition: every figure is worked out again from its rows, and every hash of data, files and "
        "evidence is compared. A folder that publish_edition wrote is checked without a database and without a "
        "network; a number is an edition of this database. Exit 0: all holds. 1: something differs, and is named. "
        "2: there is nothing to check.\n\n"
        "A folder's own lists find damage; only hashes from outside it, as the edition's page shows them, find "
        "somebody who wrote it anew. What no such hash proves is named.\n\n"
        "Example: manage.py verify_edition q1-report --sha256 3f8a... --manifest-sha256 91c0..."
    )
    requires_system_checks: list[str] = []  # type: ignore[assignment]  # they may ask the database

    def create_parser(self, *args: Any, **kwargs: Any) -> Any:
        return super().create_parser(*args, formatter_class=RawDescriptionHelpFormatter, **kwargs)

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("edition", help="a folder, or the number of an edition")
        parser.add_argument(
            "--sha256", default="", help="the hash that was published, to compare the data with"
        )
        parser.add_argument(
            "--manifest-sha256",
            default="",
            help="the published hash of all files, to compare the data and the files drawn from it with",
        )
        parser.add_argument(
            "--file-sha256",
            action="append",
            default=[],
            help="the published hash of one file; once for each file, so that one that differs is named",
        )
        parser.add_argument(
            "--json", action="store_true", help="print one JSON object as the last line"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            found = self._check(
                options["edition"],
                published=options["sha256"],
                manifest=options["manifest_sha256"],
                each=options["file_sha256"],
            )
        except Refused as error:
            self.stderr.write(str(error))
            sys.exit(2)
        for sentence in found.altered:
            self.stdout.write(f"Altered: {sentence}.")
        for sentence in found.differences:
            self.stdout.write(f"Does not follow from its rows: {sentence}.")
        self.stdout.write(
            f"{found.recomputed:,} of {found.figures:,} figures worked out again, "
            f"{len(found.differences):,} differ. " + _verdict(found)
        )
        if found.unproved:
            self.stdout.write(
                f"Not proved by a published hash: {', '.join(found.unproved)}. They agree with the lists inside the "
                "folder, which whoever writes a folder writes too. The edition's page shows the hashes: of the data "
                "(--sha256), of all files (--manifest-sha256), of each file (--file-sha256)."
                if found.holds
                else f"Not proved by a published hash: {', '.join(found.unproved)}."
            )
        if options["json"]:
            self.stdout.write(
                json.dumps(
                    {
                        "figures": found.figures,
                        "recomputed": found.recomputed,
                        "differences": len(found.differences),
                        "altered": list(found.altered),
                        "sha256": found.sha256,
                        "manifest_sha256": found.manifest_sha256,
                        "unproved": list(found.unproved),
                    }
                )
            )
        if not found.holds:
            sys.exit(1)

    def _check(self, what: str, **hashes: Any) -> Checked:
        folder = Path(what)
        if folder.is_dir():
            return check_folder(read_folder(folder), **hashes)
        if not what.isascii() or not what.isdigit() or len(what) > 18:
            raise Refused(f"“{what}” is neither a folder nor the number of an edition.")
        from ...models import ReportEdition  # only here is there a database
        from ...services.edition_export import check_edition

        edition = ReportEdition.objects.filter(pk=int(what)).first()
        if edition is None:
            raise Refused(f"There is no edition {what}.")
        return check_edition(edition, **hashes)


def _verdict(found: Checked) -> str:
    if not found.holds:
        return "It is not as it was published."
    if found.unproved:
        return "Nothing in it was altered since its lists were written."
    return "Everything is as it was published."


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file of it by its name, without following links. Raises Refused."""
    if not (folder / DATA).is_file():
        raise Refused(f"{folder} holds no {DATA}, so it is no exported edition.")
    found: dict[str, bytes] = {}
    size = 0
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() or not path.is_file():
            continue
        size += path.stat().st_size
        if size > LARGEST_BYTES:
            raise Refused(f"{folder} is larger than any edition. Nothing was checked.")
        found[path.relative_to(folder).as_posix()] = path.read_bytes()
    return found

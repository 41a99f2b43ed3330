"""Bringing in what ships with the product: priorities, hubs' catchments, the round of summer 2022."""

from __future__ import annotations

import csv
import datetime
import json
from collections import defaultdict
from pathlib import Path

from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record
from trafford_sv.directory.models import Area, Identifier, Organisation
from trafford_sv.directory.services.reference import HUB_SOURCE

from ..models import Catchment, Hub, Priority, Round
from ..models.hubs import CATCHMENT_YEAR

FOLDER = Path(__file__).resolve().parent.parent / "reference"
REPORT = "Trafford Council, report to the Executive, 24 October 2022"
SUMMER_2022 = "Summer 2022 consultation"


def load_priorities(now: datetime.datetime, dry_run: bool) -> Counts:
    """Adds a priority that is missing; one that an officer has edited stays as it is."""
    created = unchanged = 0
    held = set(Priority.objects.values_list("key", flat=True))
    for row in json.loads((FOLDER / "priorities.json").read_text(encoding="utf-8")):
        if row["key"] in held:
            unchanged += 1
            continue
        created += 1
        if not dry_run:
            create_record(
                model=Priority,
                values={**row, "source": f"{REPORT}, section 2.8, summarised"},
                by=None,
                now=now,
            )
    return Counts(created, 0, unchanged)


def load_hubs_and_catchments(now: datetime.datetime, dry_run: bool) -> Counts:
    """A hub gets its proposed catchment once, when it is first known; afterwards it is people's."""
    created = unchanged = 0
    hubs = dict(
        Identifier.objects.filter(scheme=Identifier.Scheme.OTHER, source=HUB_SOURCE).values_list(
            "value", "organisation"
        )
    )
    wards = dict(Area.objects.wards(CATCHMENT_YEAR).values_list("code", "pk"))
    wanted: dict[str, list[str]] = defaultdict(list)
    with (FOLDER / "hub_catchments.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            wanted[row["hub"]].append(row["ward_code"])
    held = set(Hub.objects.values_list("organisation", flat=True))
    with transaction.atomic():
        for key, codes in wanted.items():
            if key not in hubs:
                continue
            if hubs[key] in held:
                unchanged += 1
                continue
            created += 1
            if dry_run:
                continue
            organisation = Organisation.objects.get(pk=hubs[key])
            create_record(model=Hub, values={"organisation": organisation}, by=None, now=now)
            Catchment.objects.bulk_create(
                Catchment(hub=organisation, ward_id=wards[code]) for code in codes if code in wards
            )
    return Counts(created, 0, unchanged)


def load_summer_2022(now: datetime.datetime, dry_run: bool) -> Counts:
    """The round of record. How many hubs answered is not published, so nothing is counted."""
    if Round.objects.filter(is_history=True, name=SUMMER_2022).exists():
        return Counts(unchanged=1)
    if not dry_run:
        keys = [row["key"] for row in json.loads((FOLDER / "priorities.json").read_text("utf-8"))]
        create_record(
            model=Round,
            values={
                "name": SUMMER_2022,
                "introduction": (
                    "Over the summer of 2022 the Inclusive Economy and Communities Team asked "
                    "communities, with a focus on the community hubs, what they need most."
                ),
                "period_words": "Summer 2022",
                "state": Round.State.PUBLISHED,
                "is_history": True,
                "source": f"{REPORT}, sections 2.7 and 2.8",
                "heard": (
                    "Six priorities came out of it. The report does not say how many hubs were "
                    "asked or answered, nor what each of them said, so neither is shown here."
                ),
                "priorities": list(Priority.objects.filter(key__in=keys)),
            },
            by=None,
            now=now,
        )
    return Counts(created=1)

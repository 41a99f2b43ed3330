"""Bringing in what the app knows from the start: threshold rules and CPV names."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
from decimal import Decimal
from pathlib import Path

from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record

from ..models import CpvCode, ThresholdRule

FOLDER = Path(__file__).resolve().parent.parent / "reference"


def load_cpv_codes(now: datetime.datetime, dry_run: bool) -> Counts:
    """Codes that are missing are added and names that differ are corrected; none is removed."""
    text = gzip.decompress((FOLDER / "cpv_2008.csv.gz").read_bytes()).decode()
    wanted = {row["code"]: row["name"] for row in csv.DictReader(io.StringIO(text))}
    stored = dict(CpvCode.objects.values_list("code", "name"))
    new = [CpvCode(code=code, name=name) for code, name in wanted.items() if code not in stored]
    renamed = [
        CpvCode(code=code, name=name)
        for code, name in wanted.items()
        if code in stored and stored[code] != name
    ]
    if not dry_run:
        with transaction.atomic():
            CpvCode.objects.bulk_create(new, batch_size=400)
            CpvCode.objects.bulk_update(renamed, ["name"], batch_size=400)
    return Counts(len(new), len(renamed), len(wanted) - len(new) - len(renamed))


def load_threshold_rules(now: datetime.datetime, dry_run: bool) -> Counts:
    """Adds a duty's rules where it has none; a rule that an officer changed stays as it is."""
    created = unchanged = 0
    held = set(ThresholdRule.objects.values_list("duty", flat=True))
    with (FOLDER / "threshold_rules.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if row["duty"] in held:
                unchanged += 1
                continue
            created += 1
            if not dry_run:
                create_record(model=ThresholdRule, values=_rule_values(row), by=None, now=now)
    return Counts(created=created, unchanged=unchanged)


def _rule_values(row: dict[str, str]) -> dict[str, object]:
    return {
        "duty": row["duty"],
        "amount_pounds": Decimal(row["amount_pounds"]),
        "applies_at_amount": row["applies_at_amount"] == "yes",
        "exempts_light_touch": row["exempts_light_touch"] == "yes",
        "starts": datetime.date.fromisoformat(row["starts"]),
        "ends": datetime.date.fromisoformat(row["ends"]) if row["ends"] else None,
        "is_confirmed": row["is_confirmed"] == "yes",
        "source": row["source"],
    }

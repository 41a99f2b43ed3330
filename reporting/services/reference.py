"""Measures, the set of 2020/21 and the report's three headlines, as they come with the product."""

from __future__ import annotations

import datetime
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record

from ..models import MeasureSet, PublishedFigure, SetMember, StarMeasure
from .star_measures import define_measure

FOLDER = Path(__file__).resolve().parent.parent / "reference"


def load_star_measures(now: datetime.datetime, dry_run: bool) -> Counts:
    """Adds what is missing; a measure or set that somebody changed stays as it is."""
    data = json.loads((FOLDER / "star_measures.json").read_text(encoding="utf-8"))
    held = set(StarMeasure.objects.values_list("key", flat=True))
    sets = set(MeasureSet.objects.values_list("name", flat=True))
    new = [row for row in data["measures"] if row["key"] not in held]
    new_sets = [row for row in data["sets"] if row["name"] not in sets]
    if not dry_run:
        with transaction.atomic():
            for row in new:
                values = {name: value for name, value in row.items() if name != "key"}
                define_measure(values=values, key=row["key"], by=None, now=now)
            for row in new_sets:
                _record_set(row, now)
    total = len(data["measures"]) + len(data["sets"])
    created = len(new) + len(new_sets)
    return Counts(created=created, unchanged=total - created)


def _record_set(row: dict[str, Any], now: datetime.datetime) -> None:
    """A set of the past, as it is known: approved, with no day of approval on record."""
    made = create_record(
        model=MeasureSet,
        values={
            "name": row["name"],
            "state": MeasureSet.State.APPROVED,
            "starts": datetime.date.fromisoformat(row["starts"]),
            "ends": datetime.date.fromisoformat(row["ends"]),
            "approved_by": row["approved_by"],
            "reference": row["reference"],
            "note": row["note"],
        },
        by=None,
        now=now,
    )
    measures = {one.key: one for one in StarMeasure.objects.filter(key__in=row["measures"])}
    SetMember.objects.bulk_create(
        SetMember(measure_set=made, measure=measures[key], place=place)
        for place, key in enumerate(row["measures"], start=1)
    )


def load_published_figures(now: datetime.datetime, dry_run: bool) -> Counts:
    """Figures of record: corrected where the file was corrected, because nobody edits them here."""
    rows = json.loads((FOLDER / "published_figures.json").read_text(encoding="utf-8"))
    held = {one.key: one for one in PublishedFigure.objects.all()}
    measures = dict(StarMeasure.objects.values_list("key", "pk"))
    created = updated = 0
    for row in rows:
        values = {
            **{name: value for name, value in row.items() if name != "value"},
            "value_quantity": Decimal(row["value"]),
            "published_on": datetime.date.fromisoformat(row["published_on"]),
            "beside_id": measures.get(row["beside"] or ""),
        }
        del values["beside"]
        stored = held.get(row["key"])
        if stored is None:
            created += 1
            stored = PublishedFigure(**values)
        elif any(getattr(stored, name) != value for name, value in values.items()):
            updated += 1
            for name, value in values.items():
                setattr(stored, name, value)
        else:
            continue
        if not dry_run:
            stored.full_clean()
            stored.save()
    return Counts(created, updated, len(rows) - created - updated)

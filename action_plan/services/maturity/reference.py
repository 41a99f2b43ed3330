"""What the room knows from the start: the starter edition, and the baseline as the report gives it."""

from __future__ import annotations

import datetime
import json
from typing import Any

from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.records import create_record

from ...models import Assessment, Criterion, EditionStage, MaturityEdition, Theme
from ..reference import FOLDER


def _read() -> dict[str, Any]:
    document: dict[str, Any] = json.loads((FOLDER / "maturity.json").read_text(encoding="utf-8"))
    return document


def load_starter_edition(now: datetime.datetime, dry_run: bool) -> Counts:
    """Once: what was changed or retired since stays so."""
    document = _read()
    rows = 1 + len(document["stages"]) + len(document["criteria"])
    if MaturityEdition.objects.filter(key=document["edition"]["key"]).exists():
        return Counts(unchanged=rows)
    if not dry_run:
        with transaction.atomic():
            edition = create_record(
                model=MaturityEdition,
                values={
                    **document["edition"],
                    "is_own_words": True,
                    "state": MaturityEdition.State.IN_USE,
                    "taken_into_use_at": now,
                },
                by=None,
                now=now,
            )
            EditionStage.objects.bulk_create(
                EditionStage(edition=edition, **row) for row in document["stages"]
            )
            themes = {theme.code: theme for theme in Theme.objects.all()}
            Criterion.objects.bulk_create(
                Criterion(edition=edition, **{**row, "theme": themes[row["theme"]]})
                for row in document["criteria"]
            )
    return Counts(created=rows)


def load_baseline(now: datetime.datetime, dry_run: bool) -> Counts:
    """The assessment of February 2021: its overall words, and no stage for any theme."""
    row = _read()["baseline"]
    if Assessment.objects.filter(is_of_record=True, name=row["name"]).exists():
        return Counts(unchanged=1)
    if not dry_run:
        create_record(
            model=Assessment,
            values={
                **row,
                "assessed_on": datetime.date.fromisoformat(row["assessed_on"]),
                "day_is_known": False,
                "is_of_record": True,
                "state": Assessment.State.AGREED,
                "created_at": now,
            },
            by=None,
            now=now,
            verb="maturity baseline recorded",
        )
    return Counts(created=1)

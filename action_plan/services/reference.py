"""What the plan knows from the start: the seven themes and the actions that the report names."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from django.db import transaction
from django.utils import timezone

from trafford_sv.core.reference_data import Counts

from ..models import Action, Theme
from ..progress import Status
from .actions import create_action

FOLDER = Path(__file__).resolve().parent.parent / "reference"


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = json.loads((FOLDER / name).read_text(encoding="utf-8"))
    return rows


def load_themes(now: datetime.datetime, dry_run: bool) -> Counts:
    """The themes in the report's order; a name or description that differs is corrected."""
    stored = {theme.key: theme for theme in Theme.objects.all()}
    counts = Counts()
    with transaction.atomic():
        for position, row in enumerate(_read("themes.json"), start=1):
            wanted = {**row, "position": position}
            theme = stored.get(row["key"])
            if theme is None:
                counts += Counts(created=1)
                theme = Theme(key=row["key"])
            elif all(getattr(theme, name) == value for name, value in wanted.items()):
                counts += Counts(unchanged=1)
                continue
            else:
                counts += Counts(updated=1)
            if not dry_run:
                for name, value in wanted.items():
                    setattr(theme, name, value)
                theme.save()
    return counts


def load_starting_actions(now: datetime.datetime, dry_run: bool) -> Counts:
    """The report's own actions, once: one that stands under its reference is left as it is.

    They have neither lead nor dates, because the report gives none.
    """
    held = set(Action.objects.values_list("reference", flat=True))
    themes = {theme.code: theme for theme in Theme.objects.all()}
    counts = Counts()
    for row in _read("starting_actions.json"):
        if row["reference"] in held:
            counts += Counts(unchanged=1)
            continue
        counts += Counts(created=1)
        if dry_run:
            continue
        completed = row.get("completed_on")
        create_action(
            values={
                "reference": row["reference"],
                "theme": themes[row["theme"]],
                "title": row["title"],
                "description": row["description"],
                "source": row["source"],
                "status": Status.COMPLETE if completed else Status.NOT_STARTED,
                "completed_on": datetime.date.fromisoformat(completed) if completed else None,
            },
            by=None,
            now=now,
            today=timezone.localtime(now).date(),
        )
    return counts

"""Bringing in the charter of October 2022, with whose words are whose."""

from __future__ import annotations

import datetime
import json
from pathlib import Path
from typing import Any

from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.audit import record_event

from ..models import CaseStudy, CharterVersion, FocusArea, Initiative, Origin, Principle

REPORT = (
    "Trafford Council, report to the Executive of 24 October 2022, “Trafford Social Value Charter and"
    " Draft Social Value Action Plan”, paragraph 3.2"
)
REPORTED_ON = datetime.date(2022, 10, 24)
FOLDER = Path(__file__).resolve().parent.parent / "reference"


def load_charter(now: datetime.datetime, dry_run: bool) -> Counts:
    """Adds version 1 with all that is under it where there is none; otherwise leaves all as it is."""
    wanted = json.loads((FOLDER / "charter_2022.json").read_text(encoding="utf-8"))
    rows = 1 + sum(
        1 + sum(1 + len(area["initiatives"]) for area in principle["focus_areas"])
        for principle in wanted["principles"]
    )
    if CharterVersion.objects.filter(number=wanted["number"]).exists():
        return Counts(unchanged=rows)
    if not dry_run:
        with transaction.atomic():
            version = _write(wanted, now)
            record_event(by=None, now=now, verb="charter version recorded", subject=version)
    return Counts(created=rows)


def _write(wanted: dict[str, Any], now: datetime.datetime) -> CharterVersion:
    version = CharterVersion(
        state=CharterVersion.State.APPROVED,
        approved_on=datetime.date.fromisoformat(wanted["approved_on"]),
        in_force_from=datetime.date.fromisoformat(wanted["in_force_from"]),
        **{
            name: wanted[name]
            for name in (
                "number",
                "title",
                "introduction",
                "approving_body",
                "decision_reference",
                "source_note",
            )
        },
    )
    _save(version, now)
    for told in wanted["principles"]:
        principle = Principle(charter_version=version, **_without(told, "focus_areas"))
        _save(principle, now)
        for at, area_told in enumerate(told["focus_areas"], 1):
            area = FocusArea(
                principle=principle,
                position=at,
                origin=Origin.SUGGESTED,
                **_without(area_told, "initiatives"),
            )
            _save(area, now)
            for place, initiative in enumerate(area_told["initiatives"], 1):
                _save(
                    Initiative(
                        focus_area=area, position=place, origin=Origin.SUGGESTED, **initiative
                    ),
                    now,
                )
    return version


def _without(told: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in told.items() if key != name}


def _save(record: Any, now: datetime.datetime) -> None:
    record.full_clean()
    record._history_date = now
    record.save()


def load_case_studies(now: datetime.datetime, dry_run: bool) -> Counts:
    """The two examples of the report, published; one that is there already stays as it is."""
    created = unchanged = 0
    principles = {
        row.key: row for row in Principle.objects.filter(charter_version__number=1).order_by("pk")
    }
    held = set(CaseStudy.objects.values_list("key", flat=True))
    for told in json.loads((FOLDER / "case_studies.json").read_text(encoding="utf-8")):
        if told["key"] in held:
            unchanged += 1
            continue
        created += 1
        if dry_run:
            continue
        with transaction.atomic():
            study = CaseStudy(
                **_without(told, "principle"),
                principle=principles.get(told["principle"]),
                consent_on=REPORTED_ON,
                source_title=REPORT,
                state=CaseStudy.State.PUBLISHED,
                published_on=REPORTED_ON,
            )
            _save(study, now)
            record_event(by=None, now=now, verb="case study recorded", subject=study)
    return Counts(created=created, unchanged=unchanged)

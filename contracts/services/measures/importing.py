"""Bringing in an edition that a council holds: measures added, values added, none ever changed."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record, update_record

from ...models import Measure, MeasureEdition, MeasureOutcome, MeasureTheme, MeasureValue

STALE = "The library has changed since this file was checked. Check the file again."
FACTS = (
    "title", "unit", "kind", "counting", "evidence_asked", "method", "charter_principle",
    "confidence",
)  # fmt: skip


@dataclass(frozen=True)
class EditionFacts:
    """A new edition as the person who brings it in describes it."""

    key: str
    name: str
    publisher: str
    valid_from: datetime.date
    valid_to: datetime.date | None
    licence: str
    licence_holder: str
    values_may_be_published: bool
    text_may_be_published: bool
    is_combinable: bool
    provenance: str
    source: str
    confirmed_by: str = ""  # empty: nobody yet, so the edition is a draft
    confirmed_at: datetime.datetime | None = None


@dataclass(frozen=True)
class ValueFacts:
    value_pounds: Decimal
    valid_from: datetime.date
    valid_to: datetime.date | None
    area_id: int | None
    price_year: str
    source_title: str
    source_address: str
    licence: str
    method: str
    confidence: str


@dataclass(frozen=True)
class MeasureFacts:
    """One row of a workbook, checked. A second row of a code brings another value of it."""

    code: str
    theme: str
    outcome: str
    fields: Mapping[str, Any]
    exclusive_with: tuple[str, ...] = ()
    value: ValueFacts | None = None


def create_edition(*, facts: EditionFacts, by: Any, now: datetime.datetime) -> MeasureEdition:
    """In use where somebody confirmed the licence, else a draft. Raises ValidationError."""
    return create_record(
        model=MeasureEdition,
        values={
            "key": facts.key,
            "name": facts.name,
            "publisher": facts.publisher,
            "status": MeasureEdition.Status.IN_USE
            if facts.confirmed_by
            else MeasureEdition.Status.DRAFT,
            "valid_from": facts.valid_from,
            "valid_to": facts.valid_to,
            "licence": facts.licence,
            "licence_holder": facts.licence_holder,
            "licence_confirmed_by_name": facts.confirmed_by,
            "licence_confirmed_at": facts.confirmed_at if facts.confirmed_by else None,
            "values_may_be_published": facts.values_may_be_published,
            "text_may_be_published": facts.text_may_be_published,
            "is_combinable": facts.is_combinable,
            "provenance": facts.provenance,
            "source": facts.source,
        },
        by=by,
        now=now,
        verb="edition of measures brought in",
    )


def bring_in_measures(
    *,
    edition: MeasureEdition,
    rows: Iterable[MeasureFacts],
    by: Any,
    now: datetime.datetime,
) -> tuple[int, int]:
    """Adds and corrects measures and adds values; returns how many of each were written.

    Raises ValidationError, with nothing written, where a value of that day is there with another
    amount, or a measure has another unit or kind than the row says.
    """
    rows = list(rows)
    with transaction.atomic():
        stored = {each.code: each for each in edition.measures.select_for_update(no_key=True)}
        places = Places(edition)
        written = 0
        for row in rows:
            before = stored.get(row.code)
            stored[row.code] = _measure(before, row, len(stored) + 1, edition, places, by, now)
            written += before is None or stored[row.code].version != before.version
        for row in rows:
            _exclude(stored, row)
        values = _values(stored, rows)
        MeasureValue.objects.bulk_create(values)
        if values:
            # The amounts stay out of the log: an edition's licence may keep them in.
            record_event(
                by=by,
                now=now,
                verb="values of measures added",
                subject=edition,
                after={
                    "values": len(values),
                    "from": sorted({f"{value.valid_from}" for value in values}),
                },
            )
    return written, len(values)


class Places:
    """Themes and outcomes of an edition, found or made, in the order they come."""

    def __init__(self, edition: MeasureEdition) -> None:
        self.edition = edition
        self.themes = {theme.title: theme for theme in edition.themes.all()}
        self.outcomes = {
            (outcome.theme_id, outcome.title): outcome
            for outcome in MeasureOutcome.objects.filter(theme__edition=edition)
        }

    def outcome(self, theme_title: str, title: str) -> MeasureOutcome:
        theme = self.themes.get(theme_title)
        if theme is None:
            theme = self.themes[theme_title] = MeasureTheme.objects.create(
                edition=self.edition, title=theme_title, position=len(self.themes) + 1
            )
        outcome = self.outcomes.get((theme.pk, title))
        if outcome is None:
            outcome = self.outcomes[theme.pk, title] = MeasureOutcome.objects.create(
                theme=theme, title=title, position=len(self.outcomes) + 1
            )
        return outcome


def _measure(
    stored: Measure | None,
    row: MeasureFacts,
    position: int,
    edition: MeasureEdition,
    places: Places,
    by: Any,
    now: datetime.datetime,
) -> Measure:
    values = {**row.fields, "outcome": places.outcome(row.theme, row.outcome)}
    if stored is None:
        return create_record(
            model=Measure,
            values={"edition": edition, "code": row.code, "position": position, **values},
            by=by,
            now=now,
        )
    if any(row.fields.get(name, getattr(stored, name)) != getattr(stored, name) for name in FIXED):
        raise ValidationError(STALE)
    return update_record(
        record=stored, changes=values, expected_version=stored.version, by=by, now=now
    )


# What a promise leans on: another of these is another measure.
FIXED = ("unit", "kind", "counting")


def _exclude(stored: Mapping[str, Measure], row: MeasureFacts) -> None:
    others = [stored[code] for code in row.exclusive_with if code in stored and code != row.code]
    if others:
        stored[row.code].exclusive_with.add(*others)


def _values(stored: Mapping[str, Measure], rows: list[MeasureFacts]) -> list[MeasureValue]:
    held = {
        (value.measure_id, value.area_id, value.valid_from): value.value_pounds
        for value in MeasureValue.objects.filter(measure__in=stored.values())
    }
    new = []
    for row in rows:
        if row.value is None:
            continue
        measure = stored[row.code]
        amount = held.get((measure.pk, row.value.area_id, row.value.valid_from))
        if amount is None:
            new.append(MeasureValue(measure=measure, **row.value.__dict__))
        elif amount != row.value.value_pounds:
            raise ValidationError(STALE)
    return new

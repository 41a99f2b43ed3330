"""Bringing in the open library that ships with the product. Safe to run as often as you like.

What is there stays: a measure is added where it is missing, a value where its day is missing.
A file that gives another amount for a day we hold is refused, because promises lean on it.
"""

from __future__ import annotations

import csv
import datetime
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.reference_data import Counts
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import create_record

from ... import open_values
from ...models import (
    Measure,
    MeasureCrosswalk,
    MeasureEdition,
    MeasureValue,
    OpenRate,
)
from .importing import Places

FOLDER = Path(__file__).resolve().parent.parent.parent / "reference"
KEY = "open-2026"
ATTRIBUTION = (
    "Contains public sector information licensed under the Open Government Licence v3.0. "
    "Unit costs: © GMCA / New Economy, Unit Cost Database v1.4, CC BY 4.0, figures selected and "
    "some parts left out."
)
METHOD_NOTE = (
    "Every value is a deliberate floor: the legal minimum wage and not what was paid, the lower "
    "estimates of the unit cost database, one year of benefit, no benefits or taxes moved from one "
    "purse to another, and the hours that were given and not hours times the audience. Totals are "
    "therefore far below those of the commercial libraries. That is a choice, not an error. Social "
    "value and local economic value stand apart and are not added, because the same wage is in both. "
    "Values are in the prices of the year that each one names and are not uprated."
)
PROVENANCE = (
    "Made from published rates and openly licensed unit costs, researched up to 22 November 2026. "
    "Each value names its source, its licence and its arithmetic. Environment measures stand under "
    "the Charter's second principle: our inference. Where a figure could not be read at its own "
    "publisher yet, it is marked as not confirmed."
)


def load_open_rates(now: datetime.datetime, dry_run: bool, folder: Path = FOLDER) -> Counts:
    """The dated public rates. Raises ValidationError where the file contradicts a rate we hold."""
    held = {
        (rate.code, rate.valid_from): rate.rate_quantity for rate in OpenRate.objects.iterator()
    }
    new: list[OpenRate] = []
    rates = list(_rates(folder))
    for rate in rates:
        stored = held.get((rate.code, rate.valid_from))
        if stored is None:
            new.append(
                OpenRate(
                    code=rate.code,
                    label=rate.label,
                    unit=rate.unit,
                    rate_quantity=rate.amount,
                    valid_from=rate.valid_from,
                    valid_to=rate.valid_to,
                    price_year=rate.price_year,
                    source_title=rate.source_title,
                    source_address=rate.source_address,
                    licence=rate.licence,
                    confidence=_confidence(rate.is_confirmed),
                    note=rate.note,
                )
            )
        elif stored != rate.amount:
            raise _contradiction(rate.label, rate.valid_from, stored, rate.amount)
    if new and not dry_run:
        with transaction.atomic():
            OpenRate.objects.bulk_create(new)
            record_event(
                by=None,
                now=now,
                verb="open rates loaded",
                subject_type="openrate",
                subject_name="Open rates",
                after={"rates": len(new)},
            )
    return Counts(len(new), 0, len(rates) - len(new))


def load_open_library(now: datetime.datetime, dry_run: bool, folder: Path = FOLDER) -> Counts:
    """The edition, its measures, their values by day, and the crosswalks."""
    with transaction.atomic():
        counts = _load_library(now, folder)
        if dry_run:
            transaction.set_rollback(True)
    return counts


def _load_library(now: datetime.datetime, folder: Path) -> Counts:
    rows = list(_read(folder / "open_measures.csv"))
    counting = {row["code"]: row for row in _read(folder / "open_counting.csv")}
    edition = MeasureEdition.objects.filter(key=KEY).first()
    total = Counts(0, 0, 1) if edition else Counts(1)
    if edition is None:
        edition = _make_edition(now)
    stored = {measure.code: measure for measure in edition.measures.all()}
    places = Places(edition)
    for position, row in enumerate(rows, start=1):
        if row["code"] in stored:
            total += Counts(unchanged=1)
            continue
        stored[row["code"]] = _make_measure(row, counting[row["code"]], position, places, now)
        total += Counts(created=1)
    _say_what_counts_people(counting, stored)
    _link_exclusions(rows, stored)
    total += _add_values(rows, stored, list(_rates(folder)))
    total += _add_crosswalks(list(_read(folder / "open_crosswalks.csv")), stored)
    return total


def _say_what_counts_people(
    counting: Mapping[str, Mapping[str, str]], stored: Mapping[str, Measure]
) -> None:
    """For rows that are older than this column; what a person has said stays."""
    for answer in (True, False):
        unsaid = [
            measure.pk
            for code, measure in stored.items()
            if measure.counts_people is None
            and code in counting
            and (counting[code]["counts_people"] == "yes") is answer
        ]
        if unsaid:
            Measure.objects.filter(pk__in=unsaid).update(counts_people=answer)


def _make_edition(now: datetime.datetime) -> MeasureEdition:
    return create_record(
        model=MeasureEdition,
        values={
            "key": KEY,
            "name": "Trafford open measures 2026",
            "publisher": "Trafford Social Value (open library)",
            "is_default": not MeasureEdition.objects.filter(is_default=True).exists(),
            "valid_from": datetime.date(2022, 10, 24),
            "licence": "Open Government Licence v3.0 and CC BY 4.0, named at each value",
            "licence_address": "https://www.nationalarchives.gov.uk/doc/open-government-licence/version/3/",
            "licence_holder": "Open to everyone",
            "values_may_be_published": True,
            "text_may_be_published": True,
            "is_combinable": False,
            "attribution": ATTRIBUTION,
            "provenance": PROVENANCE,
            "method_note": METHOD_NOTE,
            "source": "reference",
        },
        by=None,
        now=now,
        reason="The open library that ships with the product",
    )


def _make_measure(
    row: dict[str, str],
    rule: dict[str, str],
    position: int,
    places: Places,
    now: datetime.datetime,
) -> Measure:
    return create_record(
        model=Measure,
        values={
            "edition": places.edition,
            "outcome": places.outcome(row["theme"], row["outcome"]),
            "code": row["code"],
            "title": row["title"],
            "unit": row["unit"],
            "kind": row["valuation_kind"],
            "counting": rule["counting"],
            "needs_attribution": rule["needs_attribution"] == "yes",
            "counts_people": rule["counts_people"] == "yes",
            "evidence_asked": row["evidence_asked"],
            "method": row["method"],
            "charter_principle": row["charter_principle"],
            "confidence": row["confidence"],
            "position": position,
        },
        by=None,
        now=now,
        reason="The open library that ships with the product",
    )


def _link_exclusions(rows: list[dict[str, str]], stored: dict[str, Measure]) -> None:
    """The model keeps the pairs both ways; a pair that is there stays."""
    held = set(
        Measure.exclusive_with.through.objects.filter(from_measure__in=stored.values()).values_list(
            "from_measure_id", "to_measure_id"
        )
    )
    for row in rows:
        measure = stored[row["code"]]
        others = [stored[code] for code in row["double_count_with"].split(";") if code]
        missing = [other for other in others if (measure.pk, other.pk) not in held]
        if missing:
            measure.exclusive_with.add(*missing)
            for other in missing:
                held |= {(measure.pk, other.pk), (other.pk, measure.pk)}


def _add_values(
    rows: list[dict[str, str]], stored: dict[str, Measure], rates: list[open_values.Rate]
) -> Counts:
    held = {
        (value.measure_id, value.valid_from): value.value_pounds
        for value in MeasureValue.objects.filter(measure__in=stored.values(), area=None)
    }
    new: list[MeasureValue] = []
    unchanged = 0
    for row in rows:
        measure = stored[row["code"]]
        for value in values_of(row, rates):
            amount = held.get((measure.pk, value.valid_from))
            if amount is None:
                new.append(
                    MeasureValue(
                        measure=measure,
                        value_pounds=value.value_pounds,
                        valid_from=value.valid_from,
                        valid_to=value.valid_to,
                        price_year=value.price_year,
                        source_title=value.source_title,
                        source_address=value.source_address,
                        licence=value.licence,
                        method=value.method,
                        confidence=_confidence(value.is_confirmed),
                    )
                )
            elif amount != value.value_pounds:
                raise _contradiction(measure.code, value.valid_from, amount, value.value_pounds)
            else:
                unchanged += 1
    MeasureValue.objects.bulk_create(new)
    return Counts(len(new), 0, unchanged)


def values_of(row: dict[str, str], rates: list[open_values.Rate]) -> tuple[open_values.Value, ...]:
    """The dated values of one row of the file: derived from rates, or the one it names."""
    recipe = open_values.RECIPES.get(row["code"])
    if recipe is not None:
        return open_values.derive(recipe, rates)
    if not row["proxy_gbp"]:
        return ()
    return (
        open_values.Value(
            value_pounds=Decimal(row["proxy_gbp"]),
            valid_from=datetime.date.fromisoformat(row["valid_from"]),
            valid_to=None,
            price_year=row["price_year"],
            source_title=row["source_title"],
            source_address=row["source_address"],
            licence=row["licence"],
            method=row["method"],
            is_confirmed=row["confidence"] == "confirmed",
        ),
    )


def _add_crosswalks(rows: list[dict[str, str]], stored: dict[str, Measure]) -> Counts:
    held = set(
        MeasureCrosswalk.objects.filter(measure__in=stored.values()).values_list(
            "measure_id", "framework", "reference"
        )
    )
    new = [
        MeasureCrosswalk(
            measure=stored[row["code"]],
            framework=row["framework"],
            reference=row["reference"],
            title=row["title"],
            is_confirmed=row["confidence"] == "confirmed",
        )
        for row in rows
        if (stored[row["code"]].pk, row["framework"], row["reference"]) not in held
    ]
    MeasureCrosswalk.objects.bulk_create(new)
    return Counts(len(new), 0, len(rows) - len(new))


def _contradiction(
    name: str, day: datetime.date, held: Decimal, offered: Decimal
) -> ValidationError:
    return ValidationError(
        f"{name}: the file gives {offered.normalize():f} from {day:%-d %B %Y}, but "
        f"{held.normalize():f} is recorded from that day and promises may be priced by it. "
        "A correction is a new row with its own start date."
    )


def _confidence(is_confirmed: bool) -> str:
    return "confirmed" if is_confirmed else "unconfirmed"


def _rates(folder: Path) -> Iterator[open_values.Rate]:
    for row in _read(folder / "open_rates.csv"):
        yield open_values.Rate(
            code=row["rate_code"],
            label=row["label"],
            unit=row["unit"],
            amount=Decimal(row["value"]),
            valid_from=datetime.date.fromisoformat(row["valid_from"]),
            valid_to=datetime.date.fromisoformat(row["valid_to"]) if row["valid_to"] else None,
            price_year=row["price_year"],
            source_title=row["source_title"],
            source_address=row["source_address"],
            licence=row["licence"],
            is_confirmed=row["confidence"] == "confirmed",
            note=row["note"],
        )


def _read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)

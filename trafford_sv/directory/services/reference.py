"""Loading areas, postcodes and hubs from `reference/`. Each loader may run any number of times."""

from __future__ import annotations

import csv
import datetime
import gzip
import io
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path

from django.db import connection, models, transaction

from trafford_sv.core.reference_data import Counts

from ..authorities import TRAFFORD
from ..models import Area, Identifier, OrganisationKind, Postcode, PostcodeSector
from .organisations import create_organisation

REFERENCE = Path(__file__).resolve().parent.parent / "reference"
CURRENT_WARDS = 2023
HUB_SOURCE = "Trafford Council community hubs"
BATCH = 4000
_MICRO = Decimal("0.000001")


def load_areas(now: datetime.datetime, dry_run: bool, folder: Path = REFERENCE) -> Counts:
    """Greater Manchester, its authorities and Trafford's wards of both vintages."""
    entries = json.loads((folder / "areas.json").read_text(encoding="utf-8"))
    stored = {
        (area.code, area.boundary_year): area for area in Area.objects.select_related("parent")
    }
    by_code: dict[str, Area] = {}
    created = updated = unchanged = 0
    with transaction.atomic():
        for entry in entries:  # parents come before their children
            values = {
                "name": entry["name"],
                "kind": entry["kind"],
                "parent": by_code.get(entry["parent"] or ""),
                "geometry": entry["geometry"],
                "longitude": _coordinate(entry["longitude"]),
                "latitude": _coordinate(entry["latitude"]),
            }
            key = (entry["code"], entry["boundary_year"])
            area = stored.get(key)
            if area is None:
                created += 1
                area = Area(code=key[0], boundary_year=key[1], **values)
                if not dry_run:
                    area.save()
            elif any(getattr(area, name) != value for name, value in values.items()):
                updated += 1
                for name, value in values.items():
                    setattr(area, name, value)
                if not dry_run:
                    area.save()
            else:
                unchanged += 1
            by_code[area.code] = area
    return Counts(created, updated, unchanged)


def _coordinate(text: str | None) -> Decimal | None:
    return Decimal(text).quantize(_MICRO) if text else None


def _read(path: Path) -> Iterator[dict[str, str]]:
    """The rows of a CSV file, compressed or not; the plain one is looked for first."""
    if path.exists():
        with path.open(encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)
    else:
        with gzip.open(f"{path}.gz", "rt", encoding="utf-8", newline="") as file:
            yield from csv.DictReader(file)


def load_postcodes(now: datetime.datetime, dry_run: bool, folder: Path = REFERENCE) -> Counts:
    """Exact postcodes of Trafford (2025) and around it (2014), and the sectors of Great Britain."""
    wards = dict(Area.objects.wards(CURRENT_WARDS).values_list("code", "pk"))
    rows: dict[str, tuple] = {}
    for row in _read(folder / "area_postcodes_2014.csv"):
        code = row["postcode"]
        rows[code] = (code, row["la_code"], None, None, None, "Code-Point Open 2014")
    for row in _read(folder / "trafford_postcodes_2025.csv"):
        code = row["postcode"]
        rows[code] = (
            code,
            TRAFFORD,
            wards.get(row["ward_code"]),
            _coordinate(row["longitude"]),
            _coordinate(row["latitude"]),
            "ONS Postcode Directory February 2025",
        )
    sectors = {
        row["sector"]: (
            row["sector"],
            row["la_code"],
            Decimal(row["share"]).quantize(Decimal("0.0001")),
        )
        for row in _read(folder / "postcode_sectors_2014.csv")
    }
    with transaction.atomic():
        return _bring_to(
            Postcode,
            ["postcode", "la_code", "ward_id", "longitude", "latitude", "source"],
            rows,
            dry_run,
        ) + _bring_to(PostcodeSector, ["sector", "la_code", "share"], sectors, dry_run)


def _bring_to(
    model: type[models.Model], columns: list[str], rows: dict[str, tuple], dry_run: bool
) -> Counts:
    """Insert what is missing and correct what differs; rows that are no longer listed stay,
    because something may lean on them."""
    stored = {row[0]: row for row in model._default_manager.values_list(*columns).iterator(20_000)}
    new = [row for key, row in rows.items() if key not in stored]
    changed = [row for key, row in rows.items() if key in stored and stored[key] != row]
    counts = Counts(len(new), len(changed), len(rows) - len(new) - len(changed))
    if dry_run:
        return counts
    _insert(model, columns, new)
    for start in range(0, len(changed), BATCH):
        model._default_manager.bulk_update(
            [
                model(**dict(zip(columns, row, strict=True)))
                for row in changed[start : start + BATCH]
            ],
            [name.removesuffix("_id") for name in columns[1:]],
            batch_size=500,
        )
    return counts


def _insert(model: type[models.Model], columns: list[str], rows: list[tuple]) -> None:
    if not rows:
        return
    names = ", ".join(connection.ops.quote_name(name) for name in columns)
    table = connection.ops.quote_name(model._meta.db_table)
    if connection.vendor == "postgresql":
        # COPY takes a fifth of the time of inserts, and this table is the largest that ships.
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerows(rows)
        buffer.seek(0)
        with connection.cursor() as cursor:
            cursor.copy_expert(f"COPY {table} ({names}) FROM STDIN WITH (FORMAT csv)", buffer)
        return
    # Plain values into plain columns: a tenth of what building model objects costs.
    places = ", ".join(["%s"] * len(columns))
    with connection.cursor() as cursor:
        cursor.executemany(
            f"INSERT INTO {table} ({names}) VALUES ({places})",
            [tuple(format(v, "f") if isinstance(v, Decimal) else v for v in row) for row in rows],
        )


def load_hubs(now: datetime.datetime, dry_run: bool, folder: Path = REFERENCE) -> Counts:
    """The six community hubs. One that is there already is left as officers keep it."""
    held = set(
        Identifier.objects.filter(scheme=Identifier.Scheme.OTHER, source=HUB_SOURCE).values_list(
            "value", flat=True
        )
    )
    created = unchanged = 0
    for row in _read(folder / "community_hubs.csv"):
        value = "hub-" + row["name"].removesuffix(" Community Hub").lower().replace(" ", "-")
        if value in held:
            unchanged += 1
            continue
        created += 1
        if dry_run:
            continue
        create_organisation(
            values={
                "name": row["name"],
                "address": row["address"],
                "postcode": row["postcode"],
                "website": row["website"],
                "opening_hours": row["opening_hours"],
                "is_voluntary": True,
            },
            kinds=[OrganisationKind.Kind.HUB],
            identifiers=[(Identifier.Scheme.OTHER, value, HUB_SOURCE)],
            by=None,
            now=now,
            reason="Trafford Council's open list of community hubs",
        )
    return Counts(created, 0, unchanged)

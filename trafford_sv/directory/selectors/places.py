"""Where a postcode is: exactly, then by its sector, then unknown, and always saying which."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_DOWN, Decimal
from typing import Any

from django.db.models import Count, QuerySet

from ..authorities import authority_name, locality_of
from ..models import Area, Organisation, Postcode, PostcodeSector
from ..postcodes import OUTSIDE_GREAT_BRITAIN, area, compact, normalise, proposal, sector

CHUNK = 900  # values in one IN list that every database accepts


@dataclass(frozen=True)
class Location:
    """An answer about one postcode.

    `precision` is "exact", "approximate" or "unknown"; `share` (0..1) is how much of the sector
    lies in the authority named, None where the answer is exact or unknown; `locality` is
    "trafford", "greater_manchester" (the rest of it), "elsewhere" or "unknown". The ward is
    known for Trafford's exact postcodes only. `proposal` is a repair that a person may accept.
    """

    postcode: str
    precision: str
    locality: str
    sentence: str
    la_code: str = ""
    la_name: str = ""
    share: Decimal | None = None
    ward_id: int | None = None
    ward_code: str | None = None
    ward_name: str | None = None
    ward_year: int | None = None
    longitude: Decimal | None = None
    latitude: Decimal | None = None
    proposal: str = ""

    @property
    def is_known(self) -> bool:
        return self.precision != "unknown"


def locate(postcode: str) -> Location:
    """Where this postcode is. At most two queries; never raises."""
    return locate_many([postcode])[postcode]


def locate_many(postcodes: Iterable[str]) -> dict[str, Location]:
    """An answer for each text as it was given. Two queries for each 900 different postcodes."""
    given = dict.fromkeys(postcodes)
    valid = {text: found for text in given if (found := normalise(text))}
    codes = sorted({compact(found) for found in valid.values()})
    exact: dict[str, tuple] = {}
    for start in range(0, len(codes), CHUNK):
        for row in Postcode.objects.filter(pk__in=codes[start : start + CHUNK]).values_list(
            "pk",
            "la_code",
            "ward_id",
            "ward__code",
            "ward__name",
            "ward__boundary_year",
            "longitude",
            "latitude",
            "source",
        ):
            exact[row[0]] = row
    wanted = sorted({sector(found) for found in valid.values() if compact(found) not in exact})
    sectors: dict[str, tuple[str, Decimal]] = {}
    for start in range(0, len(wanted), CHUNK):
        for key, la_code, share in PostcodeSector.objects.filter(
            pk__in=wanted[start : start + CHUNK]
        ).values_list("pk", "la_code", "share"):
            sectors[key] = (la_code, share)
    return {text: _answer(text, valid.get(text), exact, sectors) for text in given}


def _answer(
    text: str,
    found: str | None,
    exact: dict[str, tuple],
    sectors: dict[str, tuple[str, Decimal]],
) -> Location:
    if found is None:
        return _not_a_postcode(text)
    row = exact.get(compact(found))
    if row:
        return _exact(found, row)
    key = sector(found)
    if key in sectors:
        return _approximate(found, key, *sectors[key])
    outside = OUTSIDE_GREAT_BRITAIN.get(area(found))
    if outside:
        return Location(
            found,
            "approximate",
            "elsewhere",
            f"Every postcode that begins with {area(found)} is in {outside}.",
            la_name=outside[:1].upper() + outside[1:],
        )
    return Location(
        found,
        "unknown",
        "unknown",
        f"{found} is not in our postcode tables and neither is its sector, {key}.",
    )


def _not_a_postcode(text: str) -> Location:
    if not text.strip():
        return Location(
            "", "unknown", "unknown", "There is no postcode, so the location is not known."
        )
    repair = proposal(text) or ""
    sentence = f"“{text.strip()}” is not a postcode."
    if repair:
        sentence += f" It could be {repair}."
    return Location(text.strip(), "unknown", "unknown", sentence, proposal=repair)


def _exact(found: str, row: tuple) -> Location:
    _, la_code, ward_id, ward_code, ward_name, ward_year, longitude, latitude, source = row
    name = authority_name(la_code)
    if ward_id:
        sentence = f"{found} is in {ward_name} ward, {name}."
    elif locality_of(la_code) == "greater_manchester":
        sentence = f"{found} is in {name}, Greater Manchester."
    else:
        sentence = f"{found} is in {name}."
    if source.endswith("2014"):
        sentence += " This is from the postcode table of 2014."
    return Location(
        found,
        "exact",
        locality_of(la_code),
        sentence,
        la_code=la_code,
        la_name=name,
        ward_id=ward_id,
        ward_code=ward_code,
        ward_name=ward_name,
        ward_year=ward_year,
        longitude=longitude,
        latitude=latitude,
    )


def _approximate(found: str, key: str, la_code: str, share: Decimal) -> Location:
    name = authority_name(la_code)
    if share < 1:
        # Rounded down, so that a share below 1 never reads as all of them.
        per_cent = (share * 100).quantize(Decimal(1), rounding=ROUND_DOWN)
        whose = f"{per_cent}% of the postcodes in sector {key} were in {name} in 2014"
    else:
        whose = f"all postcodes in sector {key} were in {name} in 2014"
    return Location(
        found,
        "approximate",
        locality_of(la_code),
        f"Approximate: {found} itself is not in our tables, but {whose}.",
        la_code=la_code,
        la_name=name,
        share=share,
    )


def current_wards() -> list[Area]:
    """Trafford's 21 wards of 2023, with geometry, by name. One query."""
    return list(Area.objects.wards().order_by("name"))


@dataclass(frozen=True)
class WardLine:
    """A ward for the map and the list, with how many of the organisations asked about it holds."""

    code: str
    name: str
    boundary_year: int
    geometry: Any
    organisations: int


def wards_with_counts(boundary_year: int, organisations: QuerySet[Organisation]) -> list[WardLine]:
    """Wards of one vintage by name, with how many of these organisations stand in each.

    Two queries.
    """
    counts: dict[int, int] = dict(
        organisations.filter(ward__isnull=False)
        .order_by()
        .values_list("ward")
        .annotate(rows=Count("pk", distinct=True))
    )
    return [
        WardLine(ward.code, ward.name, ward.boundary_year, ward.geometry, counts.get(ward.pk, 0))
        for ward in Area.objects.wards(boundary_year).order_by("name")
    ]


def other_vintages(area: Area) -> list[Area]:
    """Areas of another year that bear the same name; other places, named so that nobody
    takes one for the other."""
    return list(
        Area.objects.filter(name=area.name, kind=area.kind)
        .exclude(pk=area.pk)
        .defer("geometry")
        .order_by("-boundary_year")
    )

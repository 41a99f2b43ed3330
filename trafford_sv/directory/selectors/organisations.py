"""What an organisation's page says."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from django.db.models import Value

from ..authorities import authority_name
from ..models import (
    Identifier,
    Organisation,
    OrganisationAlias,
    OrganisationKind,
    OrganisationMerge,
)
from ..names import name_core, name_key
from .places import Location, locate


@dataclass(frozen=True)
class MergeLine:
    """A merge in which this organisation was kept."""

    pk: int
    absorbed_pk: int
    absorbed_name: str
    reason: str
    merged_at: datetime.datetime
    merged_by_name: str
    undone_at: datetime.datetime | None
    undone_by_name: str


@dataclass(frozen=True)
class WhereItIs:
    """The stored answer and the sentence that explains it."""

    locality: str
    precision: str
    sentence: str
    authority: str
    location: Location


def where_it_is(organisation: Organisation) -> WhereItIs:
    """At most two queries."""
    location = locate(organisation.postcode)
    sentence = location.sentence
    if organisation.location_precision == Organisation.Precision.STATED:
        place = organisation.get_locality_display()
        sentence = f"{place}, as stated by an officer. {location.sentence}"
    return WhereItIs(
        organisation.get_locality_display(),
        organisation.get_location_precision_display(),
        sentence,
        authority_name(organisation.la_code) or location.la_name,
        location,
    )


def with_identity(organisation: Organisation) -> Organisation:
    """The same, its kinds, numbers and other names read with it. One query for the three."""
    rows = (
        organisation.kinds.order_by()
        .values_list(Value("kinds"), "pk", "kind", Value(""), Value(""))
        .union(
            organisation.identifiers.order_by().values_list(
                Value("identifiers"), "pk", "scheme", "value", "source"
            ),
            organisation.aliases.order_by().values_list(
                Value("aliases"), "pk", "name", "key", "source"
            ),
            all=True,
        )
    )
    found: dict[str, list[Any]] = {"kinds": [], "identifiers": [], "aliases": []}
    for what, pk, one, two, source in rows:
        if what == "kinds":
            row: Any = OrganisationKind(pk=pk, kind=one)
        elif what == "identifiers":
            row = Identifier(pk=pk, scheme=one, value=two, source=source)
        else:
            row = OrganisationAlias(pk=pk, name=one, key=two, source=source)
        row.organisation = organisation
        found[what].append(row)
    found["kinds"].sort(key=lambda row: row.kind)
    found["identifiers"].sort(key=lambda row: (row.scheme, row.value))
    found["aliases"].sort(key=lambda row: row.name)
    cache = organisation.__dict__.setdefault("_prefetched_objects_cache", {})
    for name, held in found.items():
        cache[name] = getattr(organisation, name).all()
        cache[name]._result_cache = held
        cache[name]._prefetch_done = True
    return organisation


def merges_kept(organisation: Organisation) -> list[MergeLine]:
    """Newest first. One query."""
    return [
        MergeLine(
            row.pk,
            row.absorbed_id,
            row.absorbed.name,
            row.reason,
            row.merged_at,
            row.merged_by_name,
            row.undone_at,
            row.undone_by_name,
        )
        for row in OrganisationMerge.objects.filter(kept=organisation).select_related("absorbed")
    ]


def merge_candidates(
    organisation: Organisation, user: Any, text: str, limit: int = 20
) -> list[Organisation]:
    """Current organisations that the words find; without words, those whose name looks alike."""
    rows = (
        Organisation.objects.visible_to(user)
        .current()
        .exclude(pk=organisation.pk)
        .prefetch_related("identifiers", "kinds")
    )
    if text.strip():
        return list(rows.matching(text)[:limit])
    core = name_core(organisation.name)
    start = " ".join(core.split()[:2]) or name_key(organisation.name)
    return list(rows.filter(name_key__contains=start)[:limit]) if start else []

"""Recording and editing organisations, one at a time or by the hundred."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from simple_history.utils import bulk_create_with_history

from trafford_sv.core.cells import one_line
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, read_fields

from ..identifiers import STRONG, clean_identifier, identifier_problem
from ..models import Identifier, Organisation, OrganisationAlias, OrganisationKind
from ..names import name_key
from ..postcodes import normalise, proposal
from ..selectors.matching import (
    IdentifierPair,
    Match,
    OrganisationIndex,
    find_organisation,
)
from ..selectors.places import Location, locate, locate_many
from .merging import MergeRefused, merge_organisations, undo_merge

__all__ = [
    "Match",
    "MergeRefused",
    "NewOrganisation",
    "OrganisationIndex",
    "create_organisation",
    "create_organisations",
    "find_organisation",
    "merge_organisations",
    "postcode_problem",
    "undo_merge",
    "update_organisation",
]
_LOCATED = ("ward", "la_code", "locality", "location_precision")
Held = tuple[str, str] | tuple[str, str, str]


def _located(location: Location) -> dict[str, Any]:
    return {
        "ward_id": location.ward_id,
        "la_code": location.la_code,
        "locality": location.locality,
        "location_precision": location.precision,
    }


def _place(organisation: Organisation, stated_locality: str | None) -> None:
    """Location from the postcode; an officer's word counts only where that says nothing.

    Raises ValidationError for what is not a postcode, with a repair to accept where there is one.
    """
    location = locate(organisation.postcode)
    if organisation.postcode.strip() and not normalise(organisation.postcode):
        raise ValidationError({"postcode": [postcode_problem(organisation.postcode)]})
    organisation.postcode = location.postcode
    was_stated = organisation.location_precision == Organisation.Precision.STATED
    stated = organisation.locality if stated_locality is None and was_stated else stated_locality
    for name, value in _located(location).items():
        setattr(organisation, name, value)
    if not location.is_known and stated and stated != Organisation.Locality.UNKNOWN:
        organisation.locality = stated
        organisation.location_precision = Organisation.Precision.STATED


def postcode_problem(text: str) -> str:
    """Why this is not a postcode, and what it could be; nothing is repaired for the person."""
    repair = proposal(text)
    could_be = f"It could be {repair}." if repair else "Enter it like M32 0TH, or leave it empty."
    return f"“{text.strip()}” is not a UK postcode. {could_be}"


def _checked_identifiers(identifiers: Iterable[Held]) -> list[tuple[str, str, str]]:
    """Cleaned (scheme, value, source) triples without repeats. Raises ValidationError."""
    checked: dict[IdentifierPair, str] = {}
    for scheme, value, *source in identifiers:
        problem = identifier_problem(scheme, value)
        if problem:
            raise ValidationError({"identifiers": [f"“{value}”: {problem}"]})
        checked.setdefault((scheme, clean_identifier(scheme, value)), source[0] if source else "")
    return [(scheme, value, source) for (scheme, value), source in checked.items()]


def _refuse_taken(identifiers: Iterable[tuple[str, str, str]], own: int | None) -> None:
    """Raises ValidationError naming the organisation that holds one of these already."""
    for scheme, value, _ in identifiers:
        if scheme not in STRONG:
            continue
        holders = Identifier.objects.filter(scheme=scheme, value=value)
        if own is not None:
            holders = holders.exclude(organisation_id=own)
        holder = holders.select_related("organisation").first()
        if holder:
            raise ValidationError(
                {"identifiers": [f"{holder} belongs to {holder.organisation.name} already."]}
            )


@contextmanager
def _quicker_hands() -> Iterator[None]:
    """A number that somebody else recorded a moment ago reads as a sentence, not as a failure."""
    try:
        yield
    except IntegrityError as error:
        raise ValidationError(
            {"identifiers": ["Someone else has just recorded one of these numbers. Search for it."]}
        ) from error


def _aliases(organisation: Organisation, names: Iterable[str]) -> dict[str, str]:
    """key -> spelling, without the organisation's own name and repeats."""
    wanted: dict[str, str] = {}
    for name in names:
        spelling = " ".join(name.split())[:300]
        key = name_key(spelling)[:320]
        if key and key != name_key(organisation.name)[:320]:
            wanted.setdefault(key, spelling)
    return wanted


def _sign(organisation: Organisation, by: Any, now: datetime.datetime, reason: str) -> None:
    organisation._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    organisation._history_date = now  # type: ignore[attr-defined]
    organisation._change_reason = reason  # type: ignore[attr-defined]


def create_organisation(
    *,
    values: Mapping[str, Any],
    kinds: Iterable[str] = (),
    identifiers: Iterable[Held] = (),
    aliases: Iterable[str] = (),
    stated_locality: str | None = None,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Organisation:
    """Record an organisation. `values` are its own fields; location is worked out from the
    postcode. Raises ValidationError."""
    with _quicker_hands(), transaction.atomic():
        organisation = Organisation(**{**values, "name": one_line(str(values.get("name", "")))})
        _place(organisation, stated_locality)
        organisation.full_clean()
        triples = _checked_identifiers(identifiers)
        _refuse_taken(triples, None)
        _sign(organisation, by, now, reason)
        organisation.save()
        kinds = sorted(set(kinds))
        OrganisationKind.objects.bulk_create(
            OrganisationKind(organisation=organisation, kind=kind) for kind in kinds
        )
        Identifier.objects.bulk_create(
            Identifier(organisation=organisation, scheme=scheme, value=value, source=source)
            for scheme, value, source in triples
        )
        spellings = _aliases(organisation, aliases)
        OrganisationAlias.objects.bulk_create(
            OrganisationAlias(organisation=organisation, name=name) for name in spellings.values()
        )
        record_event(
            by=by,
            now=now,
            verb="organisation recorded",
            subject=organisation,
            after={
                **{name: getattr(organisation, name) for name in values},
                "kinds": kinds,
                "identifiers": sorted(f"{scheme} {value}" for scheme, value, _ in triples),
                "aliases": sorted(spellings.values()),
            },
            reason=reason,
        )
    return organisation


def update_organisation(
    *,
    organisation: Organisation,
    changes: Mapping[str, Any],
    expected_version: int,
    kinds: Iterable[str] | None = None,
    identifiers: Iterable[Held] | None = None,
    aliases: Iterable[str] | None = None,
    stated_locality: str | None = None,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Organisation:
    """Change an organisation; a set left at None stays as it is. Nothing changed writes nothing.

    Raises Collision where somebody else saved first, ValidationError where the result is wrong.
    """
    with _quicker_hands(), transaction.atomic():
        stored = Organisation.objects.select_for_update().get(pk=organisation.pk)
        if stored.version != expected_version:
            raise Collision(stored, changes)
        names = (*changes, *(name for name in _LOCATED if name not in changes))
        before = {**read_fields(stored, names), **_sets(stored)}
        for name, value in changes.items():
            setattr(stored, name, one_line(value) if name == "name" else value)
        _place(stored, stated_locality)
        stored.version = expected_version + 1
        stored.full_clean()
        if kinds is not None:
            _set_kinds(stored, set(kinds))
        if identifiers is not None:
            _set_identifiers(stored, _checked_identifiers(identifiers))
        if aliases is not None:
            _set_aliases(stored, _aliases(stored, aliases))
        after = {**read_fields(stored, names), **_sets(stored)}
        differing = [name for name in after if after[name] != before[name]]
        if not differing:
            return Organisation.objects.get(pk=stored.pk)
        _sign(stored, by, now, reason)
        stored.save()
        record_event(
            by=by,
            now=now,
            verb="organisation changed",
            subject=stored,
            before={name: before[name] for name in differing},
            after={name: after[name] for name in differing},
            reason=reason,
        )
    return stored


def _sets(organisation: Organisation) -> dict[str, list[str]]:
    pk = organisation.pk
    return {
        "kinds": sorted(
            OrganisationKind.objects.filter(organisation=pk).values_list("kind", flat=True)
        ),
        "identifiers": sorted(
            f"{scheme} {value}"
            for scheme, value in Identifier.objects.filter(organisation=pk).values_list(
                "scheme", "value"
            )
        ),
        "aliases": sorted(
            OrganisationAlias.objects.filter(organisation=pk).values_list("name", flat=True)
        ),
    }


def _set_kinds(organisation: Organisation, wanted: set[str]) -> None:
    held = set(organisation.kinds.values_list("kind", flat=True))
    organisation.kinds.filter(kind__in=held - wanted).delete()
    OrganisationKind.objects.bulk_create(
        OrganisationKind(organisation=organisation, kind=kind) for kind in sorted(wanted - held)
    )


def _set_identifiers(organisation: Organisation, wanted: Sequence[tuple[str, str, str]]) -> None:
    _refuse_taken(wanted, organisation.pk)
    pairs = {(scheme, value) for scheme, value, _ in wanted}
    held = {(row.scheme, row.value): row.pk for row in organisation.identifiers.all()}
    organisation.identifiers.filter(
        pk__in=[pk for pair, pk in held.items() if pair not in pairs]
    ).delete()
    Identifier.objects.bulk_create(
        Identifier(organisation=organisation, scheme=scheme, value=value, source=source)
        for scheme, value, source in wanted
        if (scheme, value) not in held
    )


def _set_aliases(organisation: Organisation, wanted: Mapping[str, str]) -> None:
    held = {row.key: row for row in organisation.aliases.all()}
    organisation.aliases.filter(
        pk__in=[row.pk for key, row in held.items() if key not in wanted]
    ).delete()
    OrganisationAlias.objects.bulk_create(
        OrganisationAlias(organisation=organisation, name=name)
        for key, name in wanted.items()
        if key not in held
    )


@dataclass(frozen=True)
class NewOrganisation:
    """One organisation for `create_organisations`: plain values, ready to store.

    Identifiers that are malformed, or that another organisation holds, are left out by the
    service; the importer flags them.
    """

    name: str
    kinds: tuple[str, ...] = ()
    identifiers: tuple[Held, ...] = ()
    aliases: tuple[str, ...] = ()
    address: str = ""
    postcode: str = ""
    size: str = Organisation.Size.UNKNOWN
    is_voluntary: bool | None = None
    is_demo: bool = False
    extra: Mapping[str, Any] = field(default_factory=dict)


def create_organisations(
    *,
    rows: Sequence[NewOrganisation],
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> list[Organisation]:
    """Record many, in the order given, in a constant number of queries and with one audit event.

    The caller has looked for them first (OrganisationIndex). Raises ValidationError where a
    name is missing; a postcode that is not one is kept in the address only.
    """
    if not rows:
        return []
    if any(not row.name.strip() for row in rows):
        raise ValidationError("An organisation needs a name.")
    with transaction.atomic():
        places = locate_many({row.postcode for row in rows})
        organisations = []
        for row in rows:
            organisation = Organisation(
                name=one_line(row.name)[:300],
                address=row.address,
                postcode=normalise(row.postcode) or "",
                size=row.size,
                is_voluntary=row.is_voluntary,
                is_demo=row.is_demo,
                **row.extra,
            )
            for name, value in _located(places[row.postcode]).items():
                setattr(organisation, name, value)
            organisations.append(organisation)
        user = by if getattr(by, "pk", None) else None
        saved = bulk_create_with_history(
            organisations,
            Organisation,
            batch_size=500,
            default_user=user,
            default_change_reason=reason,
            default_date=now,
        )
        taken = set(Identifier.objects.filter(scheme__in=STRONG).values_list("scheme", "value"))
        held: list[Identifier] = []
        for organisation, row in zip(saved, rows, strict=True):
            usable = [triple for triple in row.identifiers if not identifier_problem(*triple[:2])]
            for scheme, value, source in _checked_identifiers(usable):
                if scheme in STRONG and (scheme, value) in taken:
                    continue
                taken.add((scheme, value))
                held.append(
                    Identifier(organisation=organisation, scheme=scheme, value=value, source=source)
                )
        OrganisationKind.objects.bulk_create(
            OrganisationKind(organisation=organisation, kind=kind)
            for organisation, row in zip(saved, rows, strict=True)
            for kind in sorted(set(row.kinds))
        )
        Identifier.objects.bulk_create(held)
        OrganisationAlias.objects.bulk_create(
            OrganisationAlias(organisation=organisation, name=name)
            for organisation, row in zip(saved, rows, strict=True)
            for name in _aliases(organisation, row.aliases).values()
        )
        record_event(
            by=by,
            now=now,
            verb="organisations recorded",
            subject_type="organisation",
            subject_name=f"{len(saved)} organisations",
            after={"organisations": {str(item.pk): item.name for item in saved}},
            reason=reason,
        )
    return saved

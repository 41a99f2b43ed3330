"""A hub's catchment and its address for rounds."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, create_record, update_record
from trafford_sv.directory.models import Area, Organisation

from ..models import Catchment, Hub
from ..models.hubs import CATCHMENT_YEAR


def register_hub(
    *, organisation: Organisation, by: Any, now: datetime.datetime, is_demo: bool = False
) -> Hub:
    """An organisation that is marked as a hub takes part in rounds from now on. Its catchment begins
    with the ward it stands in."""
    if not organisation.kinds.filter(kind="hub").exists():
        raise ValidationError(
            "This organisation is not marked as a community hub. Add that kind to it first."
        )
    with transaction.atomic():
        hub = create_record(
            model=Hub,
            values={"organisation": organisation, "is_demo": is_demo},
            by=by,
            now=now,
            verb="hub registered",
        )
        home = organisation.ward
        if home is not None and home.boundary_year == CATCHMENT_YEAR:
            Catchment.objects.get_or_create(hub=organisation, ward=home)
    return hub


def change_hub(
    *,
    hub: Hub,
    email: str,
    prefers_paper: bool,
    catchment_is_agreed: bool,
    wards: Iterable[Area],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> Hub:
    """Its address and its catchment together. Raises Collision or ValidationError."""
    chosen = sorted(set(wards), key=lambda ward: ward.code)
    if not chosen:
        raise ValidationError({"wards": ["Choose at least one ward that the hub serves."]})
    if any(w.boundary_year != CATCHMENT_YEAR or w.kind != Area.Kind.WARD for w in chosen):
        raise ValidationError({"wards": [f"Choose wards of the {CATCHMENT_YEAR} boundaries."]})
    with transaction.atomic():
        stored = Hub.objects.select_for_update().get(pk=hub.pk)
        attempted = {
            "email": email,
            "prefers_paper": prefers_paper,
            "catchment_is_agreed": catchment_is_agreed,
        }
        if stored.version != expected_version:
            raise Collision(stored, {**attempted, "wards": chosen})
        held = {row.ward_id: row.ward for row in stored_wards(stored)}
        wanted = {ward.pk: ward for ward in chosen}
        changed = update_record(
            record=stored,
            changes=attempted,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="hub changed",
        )
        if set(held) != set(wanted):
            Catchment.objects.filter(
                hub=stored.organisation, ward_id__in=set(held) - set(wanted)
            ).delete()
            Catchment.objects.bulk_create(
                Catchment(hub=stored.organisation, ward=ward)
                for key, ward in wanted.items()
                if key not in held
            )
            if changed.version == expected_version:  # only the wards changed
                changed.version += 1
                changed._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
                changed._history_date = now  # type: ignore[attr-defined]
                changed.save()
            record_event(
                by=by,
                now=now,
                verb="catchment changed",
                subject=changed,
                before={"wards": sorted(str(ward) for ward in held.values())},
                after={"wards": sorted(str(ward) for ward in wanted.values())},
            )
    return changed


def stored_wards(hub: Hub) -> list[Catchment]:
    return list(Catchment.objects.filter(hub=hub.organisation_id).select_related("ward"))

"""Changing what is said about an edition: its licence above all."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import update_record

from ...models import MeasureEdition

_LICENCE = ("licence", "licence_holder", "values_may_be_published", "text_may_be_published")


def change_edition(
    *,
    edition: MeasureEdition,
    changes: Mapping[str, Any],
    expected_version: int,
    licence_is_confirmed: bool,
    by: Any,
    now: datetime.datetime,
) -> MeasureEdition:
    """Raises Collision, or ValidationError with sentences by field.

    A licence that changes needs to be confirmed again. The edition that was offered first gives
    way to the one that is made so.
    """
    values = dict(changes)

    def read(name: str) -> Any:
        return values.get(name, getattr(edition, name))

    is_open = read("values_may_be_published") and read("text_may_be_published")
    has_changed = any(read(name) != getattr(edition, name) for name in _LICENCE)
    is_confirmed = edition.licence_confirmed_at is not None and not has_changed
    if licence_is_confirmed and not is_confirmed:
        values["licence_confirmed_by_name"] = actor_name(by)
        values["licence_confirmed_at"] = now
    elif has_changed or (
        read("status") == MeasureEdition.Status.IN_USE and not is_open and not is_confirmed
    ):
        raise ValidationError(
            {
                "confirmed": [
                    "The licence has changed. Confirm that the council holds it."
                    if has_changed
                    else "Confirm that the council holds this licence before the edition is in use."
                ]
            }
        )
    if read("is_default") and read("status") != MeasureEdition.Status.IN_USE:
        raise ValidationError(
            {"is_default": ["Only an edition that is in use can be offered first."]}
        )
    with transaction.atomic():
        if values.get("is_default") and not edition.is_default:
            for other in MeasureEdition.objects.select_for_update(no_key=True).filter(
                is_default=True
            ):
                update_record(
                    record=other,
                    changes={"is_default": False},
                    expected_version=other.version,
                    by=by,
                    now=now,
                    reason=f"{edition.name} is offered first now",
                )
        return update_record(
            record=edition,
            changes=values,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="edition of measures changed",
        )

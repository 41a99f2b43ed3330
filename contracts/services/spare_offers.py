"""What a supplier can spare: offered, changed and taken back by the supplier itself."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from community_needs.matching import plain
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.directory.models import Organisation

from ..models import NeedOffer, SpareOffer
from .need_offers.holding import LARGEST


def offer_spare(
    *,
    supplier: Organisation,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    is_demo: bool = False,
) -> SpareOffer:
    """`values` by the fields of SpareOffer, with priorities and wards. Raises ValidationError."""
    _check(values)
    return create_record(
        model=SpareOffer,
        values={**values, "supplier": supplier, "is_demo": is_demo},
        by=by,
        now=now,
        verb="spare offer made",
    )


def change_spare(
    *,
    spare: SpareOffer,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> SpareOffer:
    """Not below what needs hold of it, nor in another unit then. Raises Collision, ValidationError."""
    with transaction.atomic():
        stored = SpareOffer.objects.select_for_update(no_key=True).get(pk=spare.pk)
        if stored.version == expected_version:
            if stored.state != SpareOffer.State.OPEN:
                raise ValidationError("This offer was taken back. Make a new one.")
            _check(changes)
            _keeps_what_is_held(stored, changes)
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="spare offer changed",
        )


def take_back_spare(
    *, spare: SpareOffer, expected_version: int, by: Any, now: datetime.datetime
) -> SpareOffer:
    """Nobody can ask for it any more. What was agreed for a need stays agreed."""
    with transaction.atomic():
        stored = SpareOffer.objects.select_for_update(no_key=True).get(pk=spare.pk)
        if stored.version == expected_version and stored.state != SpareOffer.State.OPEN:
            raise ValidationError("This offer was taken back already.")
        return update_record(
            record=stored,
            changes={"state": SpareOffer.State.WITHDRAWN},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="spare offer taken back",
        )


def _check(values: Mapping[str, Any]) -> None:
    errors: dict[str, list[str]] = {}
    quantity: Decimal | None = values.get("offered_quantity")
    if quantity is not None and not quantity.is_finite():
        errors["offered_quantity"] = ["Enter a number, for example 12."]
    elif quantity is not None and quantity > LARGEST:
        errors["offered_quantity"] = [f"Enter at most {LARGEST:,}."]
    if "priorities" in values and not list(values["priorities"]):
        errors["priorities"] = ["Choose at least one thing that it could help with."]
    if any(ward.boundary_year != 2023 for ward in values.get("wards", ())):
        errors["wards"] = ["Choose wards of the 2023 boundaries."]
    if errors:
        raise ValidationError(errors)


def _keeps_what_is_held(stored: SpareOffer, changes: Mapping[str, Any]) -> None:
    standing = NeedOffer.objects.filter(spare=stored).exclude(held_quantity=0)
    held = sum(standing.values_list("held_quantity", flat=True), Decimal(0))
    if not held:
        return
    if changes.get("unit", stored.unit) != stored.unit:
        raise ValidationError({"unit": ["Part of it is agreed for a need, so the unit must stay."]})
    if changes.get("offered_quantity", stored.offered_quantity) < held:
        raise ValidationError(
            {
                "offered_quantity": [
                    f"{plain(held)} {stored.unit} are agreed for needs. Enter at least that."
                ]
            }
        )

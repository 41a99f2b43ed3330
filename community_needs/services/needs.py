"""Raising, changing, publishing, withdrawing and merging needs, and how far each has come.

What is accepted and confirmed stands in contracts, which is above. Its services call
`record_need_progress` in their own transaction, with the whole sums and not with differences, so
that a call made twice changes nothing. Nothing here looks up.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.directory.models import Area

from ..models import MergeDecision, Need, NeedSource, Response
from ..models.hubs import CATCHMENT_YEAR
from ..need_progress import Progress, state_of, why_not_possible

LARGEST_QUANTITY = Decimal(1_000_000)


def raise_need(
    *,
    values: Mapping[str, Any],
    raised_from: str,
    by: Any,
    now: datetime.datetime,
    responses: Iterable[Response] = (),
) -> Need:
    """A new need. `values` by the fields of `Need`, with `wards`. Raises ValidationError by field."""
    behind = list(responses)
    _check(values)
    if raised_from == Need.RaisedFrom.RESPONSES and not behind:
        raise ValidationError("Choose at least one answer that this need comes from.")
    _same_round(values.get("round"), behind)
    with transaction.atomic():
        need = create_record(
            model=Need,
            values={
                **values,
                "raised_from": raised_from,
                "raised_at": now,
                "raised_by_name": actor_name(by),
            },
            by=by,
            now=now,
            verb="need raised",
        )
        NeedSource.objects.bulk_create(
            NeedSource(need=need, response=response) for response in behind
        )
    return need


def change_need(
    *,
    need: Need,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Need:
    """Raises Collision or ValidationError. The state follows from the quantity by itself."""
    with transaction.atomic():
        stored = Need.objects.select_for_update().get(pk=need.pk)
        if stored.version == expected_version:
            _standing(stored)
            _check(changes, stored)
            if "needed_quantity" in changes:
                quantity = changes["needed_quantity"]
                _keeps_its_offers(stored, quantity, str(changes.get("unit", stored.unit)))
                changes = {**changes, "state": state_of(quantity, stored.progress).value}
        return update_record(
            record=stored,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="need changed",
        )


def publish_need(
    *, need: Need, is_public: bool, expected_version: int, by: Any, now: datetime.datetime
) -> Need:
    """Show it to anyone, or keep it to officers and its hub. Raises Collision."""
    return update_record(
        record=need,
        changes={"is_public": is_public},
        expected_version=expected_version,
        by=by,
        now=now,
        verb="need published" if is_public else "need taken from the public pages",
    )


def withdraw_need(
    *, need: Need, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> Need:
    """It is needed no longer. Refused while an accepted offer has not been delivered."""
    if not reason.strip():
        raise ValidationError({"reason": ["Say why it is no longer needed. It stays on record."]})
    with transaction.atomic():
        stored = Need.objects.select_for_update().get(pk=need.pk)
        if stored.version == expected_version:
            _standing(stored)
            _nothing_under_way(stored, "withdraw it")
        return update_record(
            record=stored,
            changes={
                "state": Need.State.WITHDRAWN,
                "withdrawn_at": now,
                "withdrawn_reason": reason.strip(),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason.strip()[:300],
            verb="need withdrawn",
        )


def merge_needs(
    *,
    kept: Need,
    absorbed: Need,
    changes: Mapping[str, Any],
    kept_version: int,
    absorbed_version: int,
    reason: str,
    by: Any,
    now: datetime.datetime,
) -> Need:
    """One need out of two: wards and responses are joined, `changes` says the rest (title, quantity).

    The absorbed one is withdrawn and points at the kept one. Raises Collision or ValidationError.
    """
    if kept.pk == absorbed.pk:
        raise ValidationError("Choose two different needs.")
    with transaction.atomic():
        held = {
            need.pk: need
            for need in Need.objects.select_for_update()
            .filter(pk__in=[kept.pk, absorbed.pk])
            .order_by("pk")
        }
        first, second = held[kept.pk], held[absorbed.pk]
        if second.version == absorbed_version and first.version == kept_version:
            _standing(first)
            _standing(second)
            if second.accepted_offers:
                raise ValidationError(
                    f"An offer is accepted for “{second}”. Keep that one, and merge the other into it."
                )
        wards = set(first.wards.all()) | set(second.wards.all())
        result = change_need(
            need=first,
            changes={**changes, "wards": list(wards)},
            expected_version=kept_version,
            by=by,
            now=now,
            reason=reason,
        )
        update_record(
            record=second,
            changes={
                "state": Need.State.WITHDRAWN,
                "merged_into": result,
                "withdrawn_at": now,
                "withdrawn_reason": reason.strip() or f"Merged into “{result}”",
            },
            expected_version=absorbed_version,
            by=by,
            now=now,
            reason=reason,
            verb="need merged into another",
        )
        already = set(result.sources.values_list("response", flat=True))
        NeedSource.objects.bulk_create(
            NeedSource(need=result, response_id=response)
            for response in second.sources.values_list("response", flat=True)
            if response not in already
        )
        Need.objects.filter(merged_into=second).update(merged_into=result)
    return result


def keep_needs_apart(
    *, first: Need, second: Need, reason: str, by: Any, now: datetime.datetime
) -> MergeDecision:
    """These two are not the same; they are not proposed again. Saying it twice changes nothing."""
    low, high = sorted((first, second), key=lambda need: need.pk)
    with transaction.atomic():
        decision, made = MergeDecision.objects.get_or_create(
            first=low,
            second=high,
            defaults={
                "decided_at": now,
                "decided_by_name": actor_name(by),
                "reason": reason.strip(),
            },
        )
        if made:
            record_event(
                by=by, now=now, verb="needs kept apart", subject=low,
                after={"other": str(high)}, reason=reason.strip(),
            )  # fmt: skip
    return decision


def record_need_progress(
    *,
    need_id: int,
    accepted_quantity: Decimal,
    confirmed_quantity: Decimal,
    accepted_offers: int,
    confirmed_offers: int,
    by: Any,
    now: datetime.datetime,
) -> Need:
    """The whole sums over this need's offers, as they stand now. The version stays: no person edits
    these, and whoever edits the words meanwhile loses nothing. Raises ValidationError."""
    progress = Progress(accepted_quantity, confirmed_quantity, accepted_offers, confirmed_offers)
    if sentence := why_not_possible(progress):
        raise ValidationError(sentence)
    with transaction.atomic():
        need = Need.objects.select_for_update().get(pk=need_id)
        state = state_of(
            need.needed_quantity, progress, is_withdrawn=need.state == Need.State.WITHDRAWN
        )
        if need.progress == progress and need.state == state.value:
            return need
        before = {"state": need.state, **vars(need.progress)}
        need.accepted_quantity = accepted_quantity
        need.confirmed_quantity = confirmed_quantity
        need.accepted_offers = accepted_offers
        need.confirmed_offers = confirmed_offers
        need.state = state.value
        need._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
        need._history_date = now  # type: ignore[attr-defined]
        need.save()
        record_event(
            by=by,
            now=now,
            verb="need progress recorded",
            subject=need,
            before=before,
            after={"state": need.state, **vars(progress)},
        )
    return need


# --- inside -------------------------------------------------------------------------------


def _check(values: Mapping[str, Any], stored: Need | None = None) -> None:
    """What a form cannot see: wards of the right boundaries, a priority in use, a sane quantity."""
    errors: dict[str, list[str]] = {}
    if "wards" in values:
        wards: list[Area] = list(values["wards"])
        if not wards:
            errors["wards"] = ["Choose at least one ward."]
        elif any(w.boundary_year != CATCHMENT_YEAR or w.kind != Area.Kind.WARD for w in wards):
            errors["wards"] = [f"Choose wards of the {CATCHMENT_YEAR} boundaries."]
    elif stored is None:
        errors["wards"] = ["Choose at least one ward."]
    priority = values.get("priority")
    if priority is not None and not priority.is_current:
        if stored is None or stored.priority_id != priority.pk:
            errors["priority"] = [f"“{priority}” is no longer in use. Choose another priority."]
    quantity = values.get("needed_quantity")
    if quantity is not None and not quantity.is_finite():
        errors["needed_quantity"] = ["Enter a number, for example 40."]
    elif quantity is not None and quantity > LARGEST_QUANTITY:
        errors["needed_quantity"] = [f"Enter at most {LARGEST_QUANTITY:,}."]
    if errors:
        raise ValidationError(errors)


def _same_round(held: Any, responses: list[Response]) -> None:
    if any(response.state != Response.State.SENT for response in responses):
        raise ValidationError("Only answers that were sent can stand behind a need.")
    if held is not None and any(response.round_id != held.pk for response in responses):
        raise ValidationError("These answers belong to another round.")


def _standing(need: Need) -> None:
    if need.merged_into_id:
        raise ValidationError("This need was merged into another. Change that one.")
    if need.state == Need.State.WITHDRAWN:
        raise ValidationError("This need was withdrawn. Raise a new one if it is needed again.")


def _nothing_under_way(need: Need, verb: str) -> None:
    if need.accepted_offers > need.confirmed_offers:
        raise ValidationError(
            f"An offer is accepted and not delivered yet, so you cannot {verb} now. "
            "Release the offer first."
        )


def _keeps_its_offers(need: Need, quantity: Decimal | None, unit: str) -> None:
    """What suppliers were told must stay true."""
    if not need.accepted_offers:
        return
    if (quantity is None) != (need.needed_quantity is None) or unit != need.unit:
        raise ValidationError(
            {"unit": ["An offer is accepted in this unit, so the unit must stay as it is."]}
        )
    if quantity is not None and quantity < need.accepted_quantity:
        least = f"{need.accepted_quantity.normalize():f}"
        raise ValidationError(
            {"needed_quantity": [f"{least} {need.unit} are accepted already. Enter at least that."]}
        )

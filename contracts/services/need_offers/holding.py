"""Locks in one order (source, need, offer), what is held of the source, and what the need learns.

Whoever changes an offer goes through `hold` and `settle`, so two at once cannot give away the
same quantity twice: the second waits at the source and then sees what is left.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Count, Q, Sum

from community_needs.matching import plain
from community_needs.models import Need
from community_needs.services.needs import record_need_progress
from trafford_sv.core.services.records import Collision, update_record

from ...models import Commitment, NeedOffer, SpareOffer
from ...selectors.need_supply import free_of
from .telling import tell_of_step

State = NeedOffer.State
LARGEST = Decimal(1_000_000)


def hold_source(commitment: Commitment | None, spare: SpareOffer | None) -> Commitment | SpareOffer:
    """The promise, locked, with its measure and agreement where it is a commitment."""
    if commitment is not None:
        found: Commitment = (
            Commitment.objects.select_for_update(of=("self",), no_key=True)
            .select_related("measure", "contract", "supplier")
            .get(pk=commitment.pk)
        )
        return found
    assert spare is not None
    return (
        SpareOffer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("supplier")
        .get(pk=spare.pk)
    )


def hold_need(need_id: int) -> Need:
    return Need.objects.select_for_update(of=("self",), no_key=True).get(pk=need_id)


def hold(offer: NeedOffer, expected_version: int, attempted: Mapping[str, Any]) -> NeedOffer:
    """The offer as it stands, with its source and its need locked. Raises Collision."""
    source = hold_source(offer.commitment, offer.spare)
    need = hold_need(offer.need_id)
    stored: NeedOffer = (
        NeedOffer.objects.select_for_update(of=("self",), no_key=True)
        .select_related("supplier", "commitment__measure", "commitment__contract", "spare")
        .get(pk=offer.pk)
    )
    stored.need = need
    if isinstance(source, Commitment):
        stored.commitment = source
    else:
        stored.spare = source
    if stored.version != expected_version:
        raise Collision(stored, attempted)
    return stored


def expect(offer: NeedOffer, *states: str) -> None:
    if offer.state not in states:
        raise ValidationError(
            f"This offer is now “{offer.get_state_display()}”, so this step is no longer open. "
            "Nothing was changed."
        )


def refuse_more_than_free(source: Commitment | SpareOffer, wanted: Decimal, unit: str) -> None:
    """The rule that two at once cannot break: the source is locked."""
    free = free_of(source)
    if wanted > free:
        raise ValidationError(
            f"Only {plain(free)} {unit} of this promise are left; {plain(wanted)} would be needed. "
            "Another need has the rest."
        )


def save(
    *,
    offer: NeedOffer,
    changes: Mapping[str, Any],
    verb: str,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> NeedOffer:
    """The offer changed, and its need told."""
    changed = update_record(
        record=offer,
        changes=changes,
        expected_version=offer.version,
        by=by,
        now=now,
        reason=reason[:300],
        verb=verb,
    )
    settle(offer.need_id, by=by, now=now)
    tell_of_step(offer=changed, by=by, now=now)
    return changed


def settle(need_id: int, *, by: Any, now: datetime.datetime) -> None:
    """Tell the need the whole sums. Of a confirmed offer what arrived counts, not what was agreed,
    so that the rest is asked for again."""
    taken = NeedOffer.objects.filter(need=need_id).taken()  # type: ignore[attr-defined]
    done = Q(state=State.CONFIRMED)
    sums = taken.aggregate(
        offers=Count("pk"),
        confirmed_offers=Count("pk", filter=done),
        to_come=Sum("accepted_quantity", filter=~done),
        confirmed=Sum("confirmed_quantity", filter=done),
    )
    confirmed = _two(sums["confirmed"])
    record_need_progress(
        need_id=need_id,
        accepted_quantity=_two(sums["to_come"]) + confirmed,
        confirmed_quantity=confirmed,
        accepted_offers=sums["offers"],
        confirmed_offers=sums["confirmed_offers"],
        by=by,
        now=now,
    )


def _two(amount: Decimal | None) -> Decimal:
    return (amount or Decimal(0)).quantize(Decimal("0.01"))


def checked(quantity: Decimal | None, field: str, *, least: Decimal = Decimal(0)) -> Decimal:
    """A quantity that makes sense: a number, not below `least`, not absurd, two decimals."""
    if quantity is None or not quantity.is_finite():
        raise ValidationError({field: ["Enter a number, for example 12."]})
    if quantity < least or (least == 0 and quantity < 0):
        raise ValidationError({field: [f"Enter {plain(least)} or more."]})
    if quantity > LARGEST:
        raise ValidationError({field: [f"Enter at most {LARGEST:,}."]})
    return quantity


def needed_reason(reason: str, field: str, sentence: str) -> str:
    if not reason.strip():
        raise ValidationError({field: [sentence]})
    return reason.strip()

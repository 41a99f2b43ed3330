"""What the services of commitments share: the lock, the version, and one saving."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision

from ...counting import CountingRule
from ...models import Commitment, ProfileQuarter
from ...profiles import even_profile, level_profile

Profile = tuple[tuple[Quarter, Decimal], ...]


def locked(
    commitment: Commitment, expected_version: int, attempted: Mapping[str, Any] | None = None
) -> Commitment:
    """The stored row, held until the transaction ends. Raises Collision when it has moved on."""
    # `of` because the joined rows may be missing, and because only this one is changed.
    stored: Commitment = (
        Commitment.objects.select_for_update(of=("self",), no_key=True)
        .select_related("measure__edition", "contract", "supplier", "offer__requested__value")
        .get(pk=commitment.pk)
    )
    if stored.version != expected_version:
        raise Collision(stored, attempted or {})
    return stored


def save(
    *,
    commitment: Commitment,
    changes: Mapping[str, Any],
    verb: str,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
    is_new_version: bool = True,
) -> Commitment:
    """Write fields with history and one audit event."""
    before = {name: getattr(commitment, name) for name in changes}
    for name, value in changes.items():
        setattr(commitment, name, value)
    if is_new_version:
        commitment.version += 1
    commitment.full_clean()
    note_history(commitment, by=by, now=now, reason=reason or verb)
    try:
        commitment.save()
    except IntegrityError as error:
        raise ValidationError(
            "Someone else has just changed this commitment. Look at it again first."
        ) from error
    record_event(
        by=by,
        now=now,
        verb=verb,
        subject=commitment,
        before=before,
        after=dict(changes),
        reason=reason,
    )
    return commitment


def note_history(record: Any, *, by: Any, now: datetime.datetime, reason: str) -> None:
    """Who, when and why, for the row that its history gets with the next saving."""
    record._history_user = by if getattr(by, "pk", None) else None
    record._history_date = now
    record._change_reason = reason


def profile_of(commitment: Commitment) -> Profile:
    return tuple((part.period, part.due_quantity) for part in commitment.profile.all())


def _write_profile(commitment: Commitment, profile: Profile) -> None:
    commitment.profile.all().delete()
    ProfileQuarter.objects.bulk_create(
        ProfileQuarter(
            commitment=commitment,
            financial_year=quarter.start_year,
            quarter=quarter.number,
            due_quantity=quantity,
        )
        for quarter, quantity in profile
    )


def spread(
    quantity: Decimal,
    starts: datetime.date | None,
    due: datetime.date | None,
    counting: str,
) -> Profile:
    """The same for every month (a percentage: the same in every quarter). Empty without dates."""
    if starts is None or due is None or due < starts:
        return ()
    if CountingRule(counting) == CountingRule.PERCENTAGE:
        return level_profile(quantity, starts, due)
    return even_profile(quantity, starts, due)


def spread_of(commitment: Commitment) -> Profile:
    return spread(
        commitment.promised_quantity,
        commitment.starts,
        commitment.due,
        commitment.measure.counting,
    )

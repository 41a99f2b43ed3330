"""What is done about a shortfall: opened with an owner and a date, changed, and closed with an outcome.

One is open for a commitment at a time. Every night each red commitment without one gets one.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.audit import actor_name
from trafford_sv.core.services.records import create_record, update_record

from ..models import Commitment, RecoveryAction
from ..pacing import Rating
from ..selectors.pacing import JOINED, CommitmentPace, paces_of
from ..selectors.pacing_rows import OVER, annotated
from ..thresholds import day_words

DAYS_TO_RECOVER = 30
BATCH = 200


def open_recovery(
    *,
    commitment: Commitment,
    owner: Any,
    due: datetime.date | None,
    reason: str,
    by: Any,
    now: datetime.datetime,
    plan: str = "",
    today: datetime.date | None = None,
) -> RecoveryAction:
    """Raises ValidationError with sentences by field."""
    day = today or now.date()
    with transaction.atomic():
        stored = Commitment.objects.select_for_update(no_key=True).get(pk=commitment.pk)
        if stored.state != Commitment.State.AGREED:
            raise ValidationError(
                "Only an agreed commitment can be behind. Agree it first, or leave it."
            )
        _refuse({"owner": owner, "due": due, "reason": reason}, day)
        already = RecoveryAction.objects.filter(
            commitment=stored, state=RecoveryAction.State.OPEN
        ).first()
        if already is not None:
            raise ValidationError(
                f"A recovery action is open for this commitment since "
                f"{day_words(already.opened_at.date())}. Change that one, or close it first."
            )
        (pace,) = paces_of(
            Commitment.objects.filter(pk=stored.pk).select_related(*JOINED), as_of=day
        )
        return _create(pace, owner, due, reason, plan, by, now)


def _create(
    pace: CommitmentPace,
    owner: Any,
    due: datetime.date | None,
    reason: str,
    plan: str,
    by: Any,
    now: datetime.datetime,
) -> RecoveryAction:
    return create_record(
        model=RecoveryAction,
        values={
            "commitment": pace.commitment,
            "shortfall_quantity": pace.verified.shortfall or Decimal(0),
            "reason": reason.strip(),
            "plan": plan.strip(),
            "owner": owner,
            "owner_name": str(owner) if owner else "",
            "due": due,
            "opened_at": now,
            "opened_by_name": actor_name(by),
        },
        by=by,
        now=now,
        verb="recovery action opened",
    )


def change_recovery(
    *,
    recovery: RecoveryAction,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date | None = None,
) -> RecoveryAction:
    """`changes` may hold owner, due, reason and plan. Raises Collision or ValidationError."""
    with transaction.atomic():
        stored = RecoveryAction.objects.select_for_update(no_key=True).get(pk=recovery.pk)
        if stored.version == expected_version:
            _still_open(stored)
            after = {
                "owner": changes.get("owner", stored.owner),
                "reason": changes.get("reason", stored.reason),
                "due": changes.get("due", stored.due),
            }
            # A day that has passed since may stay; only a new one must lie ahead.
            _refuse(after, None if after["due"] == stored.due else today or now.date())
        written = dict(changes)
        if "owner" in written:
            written["owner_name"] = str(written["owner"]) if written["owner"] else ""
        return update_record(
            record=stored,
            changes=written,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="recovery action changed",
        )


def close_recovery(
    *,
    recovery: RecoveryAction,
    state: str,
    outcome: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> RecoveryAction:
    """Done, or no longer needed, with what came of it. Raises Collision or ValidationError."""
    if state not in (RecoveryAction.State.DONE, RecoveryAction.State.CANCELLED):
        raise ValidationError({"state": ["Say whether it is done or no longer needed."]})
    if not outcome.strip():
        raise ValidationError({"outcome": ["Say what came of it. It stays on record."]})
    with transaction.atomic():
        stored = RecoveryAction.objects.select_for_update(no_key=True).get(pk=recovery.pk)
        if stored.version == expected_version:
            _still_open(stored)
        return update_record(
            record=stored,
            changes={
                "state": state,
                "outcome": outcome.strip(),
                "closed_at": now,
                "closed_by_name": actor_name(by),
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=outcome.strip()[:300],
            verb="recovery action closed",
        )


def open_recoveries(*, as_of: datetime.date, by: Any, now: datetime.datetime) -> int:
    """Open one for each red commitment that has none; how many were opened.

    Where somebody closed one in the running quarter, no new one is opened before the next: the
    same shortfall was just dealt with. The owner is the contract manager; where there is none,
    nobody yet, which the list shows.
    """
    lately = Quarter.of(as_of).start
    handled = RecoveryAction.objects.filter(state=RecoveryAction.State.OPEN).values("commitment")
    closed = RecoveryAction.objects.filter(closed_at__date__gte=lately).values("commitment")
    rows = Commitment.objects.filter(state=Commitment.State.AGREED)
    rows = rows.exclude(contract__stage__in=OVER).exclude(pk__in=handled).exclude(pk__in=closed)
    red = annotated(rows, as_of=as_of).filter(rating=Rating.RED.value).order_by("pk")
    keys = list(red.values_list("pk", flat=True))
    opened = 0
    for first in range(0, len(keys), BATCH):
        batch = Commitment.objects.filter(pk__in=keys[first : first + BATCH])
        for pace in paces_of(batch.select_related(*JOINED, "contract__manager"), as_of=as_of):
            opened += _open_one(pace, as_of, by, now)
    return opened


def _open_one(pace: CommitmentPace, as_of: datetime.date, by: Any, now: datetime.datetime) -> int:
    manager = pace.commitment.contract.manager
    with transaction.atomic():
        # The same lock as `open_recovery`, so that a person who opens one meanwhile is first.
        Commitment.objects.select_for_update(no_key=True).get(pk=pace.commitment.pk)
        if RecoveryAction.objects.filter(
            commitment=pace.commitment, state=RecoveryAction.State.OPEN
        ).exists():
            return 0
        _create(
            pace,
            manager if manager is not None and manager.is_active else None,
            as_of + datetime.timedelta(days=DAYS_TO_RECOVER),
            " ".join(pace.verified.reasons),
            "",
            by,
            now,
        )
    return 1


def _still_open(recovery: RecoveryAction) -> None:
    if recovery.state != RecoveryAction.State.OPEN:
        raise ValidationError(
            f"This recovery action is closed ({recovery.get_state_display().lower()}). "
            "Open a new one for the commitment."
        )


def _refuse(values: Mapping[str, Any], today: datetime.date | None) -> None:
    found: dict[str, list[str]] = {}
    if not values["owner"]:
        found["owner"] = ["Choose who answers for it."]
    if not values["due"]:
        found["due"] = ["Give the day by which it should be done."]
    elif today is not None and values["due"] < today:
        found["due"] = [f"{day_words(values['due'])} has passed. Give a day from today on."]
    if not (values["reason"] or "").strip():
        found["reason"] = ["Say what is behind, and why if it is known."]
    if found:
        raise ValidationError(found)

"""One activity that serves several agreements: each line claims a share, never above 100% together."""

from __future__ import annotations

import datetime
import re
import secrets
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import update_record

from ...attribution import AttributionError, check_share
from ...models import ActivityClaim, DeliveryReturn, ReturnLine, SharedActivity
from ...return_rules import line_is_editable
from .locks import check_version, lines_of, locked_return

# Without letters and figures that look alike.
_LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"
STEP = Decimal("0.0001")


def start_activity(
    *, title: str, happened_on: datetime.date | None, by: Any, now: datetime.datetime
) -> SharedActivity:
    """A new activity with a code to pass on to the others. Raises ValidationError."""
    title = title.replace("\x00", "").strip()
    if not title:
        raise ValidationError({"title": "Say what the activity was, so that others know it."})
    if len(title) > 300:
        raise ValidationError({"title": "Say it in 300 characters or fewer."})
    with transaction.atomic():
        activity = SharedActivity.objects.create(
            code=_new_code(),
            title=title,
            happened_on=happened_on,
            created_at=now,
            created_by_name=actor_name(by),
        )
        record_event(
            by=by,
            now=now,
            verb="shared activity begun",
            subject=activity,
            after={"title": title, "happened_on": happened_on},
        )
    return activity


def claim_share(
    *,
    line: ReturnLine,
    code: str,
    share: Decimal,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ReturnLine:
    """Claim a share (of 1) of the activity for a line, or change the one it has.

    Raises ValidationError with a sentence that says what is left, or Collision.
    """
    if share.is_finite() and 0 < share <= 1 and share != share.quantize(STEP):
        raise ValidationError({"share": "Give the share with at most two decimals, like 33.33%."})
    with transaction.atomic():
        row = locked_return(line.delivery_return_id)
        # The activity's row before the line's: two claims wait for each other here.
        activity = (
            SharedActivity.objects.select_for_update(no_key=True)
            .filter(code=tidy_code(code))
            .first()
        )
        if activity is None:
            raise ValidationError(
                {
                    "code": "There is no shared activity with this code. Check it with whoever "
                    "gave it to you, or begin a new one."
                }
            )
        stored = _changeable(row, line.pk, expected_version)
        try:
            check_share(_claimed(activity, stored), share)
        except AttributionError as error:
            raise ValidationError({"share": str(error)}) from error
        _write_claim(activity, stored, share)
        return update_record(
            record=stored,
            changes={"attribution_share": share},
            expected_version=stored.version,
            by=by,
            now=now,
            reason=f"Share of activity {activity.code}",
            verb="share claimed",
        )


def release_share(
    *, line: ReturnLine, expected_version: int, by: Any, now: datetime.datetime
) -> ReturnLine:
    """The line no longer belongs to a shared activity; all of it is this agreement's."""
    with transaction.atomic():
        row = locked_return(line.delivery_return_id)
        stored = _changeable(row, line.pk, expected_version)
        ActivityClaim.objects.filter(line=stored).delete()
        return update_record(
            record=stored,
            changes={"attribution_share": Decimal(1)},
            expected_version=stored.version,
            by=by,
            now=now,
            verb="share released",
        )


def tidy_code(text: str) -> str:
    """As it is stored: capitals, without spaces."""
    return re.sub(r"\s+", "", text.replace("\x00", "")).upper()[:20]


def _claimed(activity: SharedActivity, line: ReturnLine) -> list[Decimal]:
    """What others claim of it, in the order of their claims."""
    return list(
        activity.claims.exclude(line=line).order_by("pk").values_list("claimed_share", flat=True)
    )


def _write_claim(activity: SharedActivity, line: ReturnLine, share: Decimal) -> None:
    try:
        with transaction.atomic():
            ActivityClaim.objects.update_or_create(
                line=line, defaults={"activity": activity, "claimed_share": share}
            )
    except IntegrityError as error:
        # The database's own guard: somebody else's claim was there a moment sooner.
        try:
            check_share(_claimed(activity, line), share)
        except AttributionError as refusal:
            raise ValidationError({"share": str(refusal)}) from error
        raise ValidationError(
            {"share": "This share could not be claimed just now. Try again."}
        ) from error


def _changeable(row: DeliveryReturn, pk: int, expected_version: int) -> ReturnLine:
    found = lines_of(row, [pk])
    if not found:
        raise ValidationError("This line was removed meanwhile. Open the return again.")
    check_version(found[0], expected_version)
    if not line_is_editable(row.state, found[0].state):
        raise ValidationError(
            f"Line {found[0].number} was sent, so its share cannot be changed. "
            "Ask the council’s officer to send it back."
        )
    return found[0]


def _new_code() -> str:
    """Eight letters that nobody guesses, in two groups to be read out."""
    letters = "".join(secrets.choice(_LETTERS) for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"

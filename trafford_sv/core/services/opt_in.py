"""Asking an address before it is written to: double opt-in, for every list that anybody may join.

Whoever types an address learns nothing and starts nothing but one mail a day: the page answers the
same and does the same whether the address is held or not, and a task sends the link. Who never
clicks is forgotten after a week.

A list's rows have `email`, `state` ("pending" until the click, "left" once the address is
forgotten), `link_seed`, `asked_at`, `confirm_sent_at` (empty where a link is to go) and `left_at`.
"""

from __future__ import annotations

import datetime
import hmac
from collections.abc import Callable
from typing import Any

from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce

from ..one_time_links import new_seed, token_of
from ..sending import (
    FAILED,
    SENT,
    MailServerAway,
    has_no_such_address,
    open_connection,
    send_one,
)
from .audit import record_event

PENDING, LEFT = "pending", "left"
_NEW = Q(state=PENDING)
# One link a day to one address, whoever types it and however often.
ASK_AGAIN_AFTER = datetime.timedelta(hours=20)
TRIED_FOR = datetime.timedelta(days=1)
UNCONFIRMED_FOR = datetime.timedelta(days=7)
MOST_A_RUN = 500


def clean_address(email: str) -> str:
    """One address, on one line. Raises ValidationError for the field `email`."""
    address = email.strip(" \t")
    try:
        if any(sign in address for sign in "\r\n\x00"):
            raise ValidationError("more than one line")
        validate_email(address)
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter one e-mail address like name@example.org."]}
        ) from error
    return address


def hold_row(
    *,
    rows: QuerySet[Any],
    found_by: dict[str, Any],
    fresh: dict[str, Any],
    by: Any,
    writes: bool = True,
) -> tuple[Any, bool]:
    """The row of one address, locked, and whether it is new. Call it inside a transaction.

    A row that is held is written too, so that the answer takes as long for an address that is held;
    without `writes` by the caller, whatever it finds.
    """
    row, is_new = rows.select_for_update().get_or_create(defaults=fresh, **found_by)
    if not is_new and writes:
        rows.filter(pk=row.pk).update(asked_at=F("asked_at"))
    return row, is_new


def renew_link(row: Any, *, now: datetime.datetime) -> bool:
    """A link is to go, unless one went in the last day: that one works on. The caller saves the row,
    which it has locked."""
    sent = row.confirm_sent_at
    if sent is not None and now - sent < ASK_AGAIN_AFTER:
        return False
    row.link_seed, row.asked_at, row.confirm_sent_at = new_seed(), now, None
    return True


def row_token(row: Any, *, purpose: str, seed: str = "link_seed") -> str:
    """The secret part of a link to one row; one purpose's link does not serve another."""
    return f"{row.pk}.{token_of(getattr(row, seed), salt=purpose)}"


def find_by_token(
    rows: QuerySet[Any], *, token: str, purpose: str, seed: str = "link_seed"
) -> Any | None:
    """Whose link it is; None for one that was altered or replaced."""
    number, _, given = token.partition(".")
    if not (number.isascii() and number.isdigit() and len(number) < 15):
        return None
    found = rows.filter(pk=int(number)).first()
    if found is None:
        return None
    right = token_of(getattr(found, seed), salt=purpose)
    return found if hmac.compare_digest(right.encode(), given.encode("utf-8", "replace")) else None


def send_links(
    *,
    rows: QuerySet[Any],
    message: Callable[[Any], EmailMessage],
    by: Any,
    now: datetime.datetime,
    who: Q = _NEW,
    asked: str = "asked_at",
) -> int:
    """The links that are to go to `who`, each claimed first, so that two workers send one. Returns
    how many went. What the server refused for now is tried again for a day since it was `asked`;
    what is in doubt never."""
    pending = rows.filter(who, confirm_sent_at=None)
    waiting = pending.filter(**{f"{asked}__gt": now - TRIED_FOR}).order_by(asked, "pk")
    keys = list(waiting.values_list("pk", flat=True)[:MOST_A_RUN])
    if not keys:
        return 0
    try:
        connection = open_connection()
    except MailServerAway:
        return 0
    sent = 0
    try:
        for key in keys:
            if not pending.filter(pk=key).update(confirm_sent_at=now):
                continue
            outcome, said = send_one(connection, message(rows.get(pk=key)))
            sent += outcome == SENT
            if outcome == FAILED and not has_no_such_address(said):
                rows.filter(who, pk=key).update(confirm_sent_at=None)
    finally:
        connection.close()
    return sent


def forget_unconfirmed(
    *,
    rows: QuerySet[Any],
    was_here: Q,
    subject_type: str,
    subject_name: str,
    by: Any,
    now: datetime.datetime,
) -> int:
    """Addresses that nobody confirmed in a week. Of one that `was_here` before (it had left, or mail
    went to it), the row stays with the digest; any other is deleted. Returns how many."""
    old = rows.filter(state=PENDING, asked_at__lte=now - UNCONFIRMED_FOR)
    with transaction.atomic():
        # Locked, and then named by key: who clicks at this moment is waited for, and stays.
        held = set(old.select_for_update().order_by("pk").values_list("pk", flat=True))
        back = set(rows.filter(was_here, pk__in=held).values_list("pk", flat=True))
        rows.filter(pk__in=back).update(
            state=LEFT, email="", left_at=Coalesce(F("left_at"), now), confirm_sent_at=None
        )
        rows.filter(pk__in=held - back).delete()
        if held:
            record_event(
                by=by,
                now=now,
                verb="unconfirmed addresses forgotten",
                subject_type=subject_type,
                subject_name=subject_name,
                after={"addresses": len(held)},
            )
    return len(held)

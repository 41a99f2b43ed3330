"""Reading a return and its lines for writing."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

from django.core.exceptions import ValidationError
from simple_history.utils import bulk_update_with_history

from trafford_sv.core.services.records import Collision

from ...models import DeliveryReturn, ReturnLine
from ...return_rules import return_is_editable


def locked_return(pk: int) -> DeliveryReturn:
    """The return as stored, locked until the transaction ends. Whoever changes a line begins here."""
    row: DeliveryReturn = (
        DeliveryReturn.objects.select_for_update(of=("self",), no_key=True)
        .select_related("contract", "supplier")
        .get(pk=pk)
    )
    return row


def lines_of(row: DeliveryReturn, pks: Iterable[int] | None = None) -> list[ReturnLine]:
    """The return's lines, locked, in their order, with what counting and pricing read."""
    lines = (
        ReturnLine.objects.select_for_update(of=("self",), no_key=True)
        .filter(delivery_return=row)
        .select_related("commitment__measure", "commitment__value", "partner", "claim__activity")
        .order_by("number")
    )
    found = list(lines if pks is None else lines.filter(pk__in=pks))
    for line in found:
        line.delivery_return = row
    return found


def check_version(row: Any, expected_version: int | None) -> None:
    if expected_version is not None and row.version != expected_version:
        raise Collision(row, {})


def refuse_unless_editable(row: DeliveryReturn) -> None:
    if not return_is_editable(row.state):
        raise ValidationError(
            f"This return is {row.get_state_display().lower()}, so it cannot be changed. "
            "Take it back, or ask the council’s officer to send it back to you."
        )


def write_lines(
    lines: list[ReturnLine],
    fields: Iterable[str],
    *,
    by: Any,
    now: datetime.datetime,
    reason: str,
) -> None:
    """Store lines that have changed, each with its next version and its history."""
    if not lines:
        return
    for line in lines:
        line.version += 1
    bulk_update_with_history(
        lines,
        ReturnLine,
        [*fields, "version"],
        batch_size=200,
        default_user=by if getattr(by, "pk", None) else None,
        default_change_reason=reason[:100],
        default_date=now,
    )

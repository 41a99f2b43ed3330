"""What an officer makes of a return: accept, accept in part, send back, look again.

`verified` is written here and nowhere else. It never passes what was reported nor, where a
beneficiary was asked, what they confirmed; while their answer is out the line waits.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q

from trafford_sv.core.access import can
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.deadlocks import once_more
from trafford_sv.core.services.records import Collision, update_record

from ..counting import quantity_words
from ..four_figures import Settled, settle
from ..models import ConfirmationRequest, DeliveryReturn, DuplicateFlag, ReturnLine
from ..valuation import price_line
from .confirmations import withdraw_open_requests
from .return_records import (
    Action,
    LineState,
    ReturnState,
    counted_quarter,
    hold_line,
    hold_open_quarters,
    hold_return,
    log_event,
    needed_reason,
    settle_return,
)

FlagState = DuplicateFlag.State
WAITS = (
    "Line {number} waits for the answer of {who}. Wait for it, or withdraw the request and say why."
)
LOOK_FIRST = (
    "Line {number} may be claimed twice. Decide that first, under “Possibly claimed twice”."
)
NO_REASON_PART = "Say why only a part is accepted. The supplier reads it."
NO_REASON_BACK = "Say what the supplier should change. They read it."
NO_REASON_REOPEN = "Say why the decision is taken back. The supplier reads it."


@dataclass(frozen=True)
class Verified:
    """What accepting everything did: the numbers of the lines, and why some were left."""

    delivery_return: DeliveryReturn
    accepted: tuple[int, ...]
    left: tuple[tuple[int, str], ...]


@once_more
def accept_line(
    *, line: ReturnLine, expected_version: int, by: Any, now: datetime.datetime
) -> ReturnLine:
    """All of the line or, where a beneficiary confirmed less, what they confirmed."""
    with transaction.atomic():
        held = hold_return(delivery_return_id=line.delivery_return_id, by=by)
        stored = hold_line(line_id=line.pk, expected_version=expected_version)
        _refuse_decided(stored)
        accepted = _accept(held, stored, by, now)
        settle_return(held=held, by=by, now=now)
        return accepted


@once_more
def accept_part(
    *,
    line: ReturnLine,
    quantity: Decimal,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ReturnLine:
    """Less than was reported, with a reason that both sides see. 0 accepts nothing of it."""
    with transaction.atomic():
        held = hold_return(delivery_return_id=line.delivery_return_id, by=by)
        stored = hold_line(line_id=line.pk, expected_version=expected_version)
        _refuse_decided(stored)
        reason = needed_reason(reason, NO_REASON_PART)
        reported = _reported(stored)
        ceiling = ceiling_of(line=stored)
        if not quantity.is_finite() or quantity < 0:
            raise ValidationError({"quantity": ["Give a quantity of 0 or more."]})
        if quantity > reported:
            raise ValidationError(
                {"quantity": [f"The supplier reported {quantity_words(reported)}. Accept that at most."]}
            )  # fmt: skip
        _refuse_waiting(stored, ceiling)
        _hold_flags(stored)
        _refuse_open_flags(stored)
        if ceiling.confirmed is not None and quantity > ceiling.confirmed:
            raise ValidationError(
                {
                    "quantity": [
                        f"{ceiling.who} confirmed {quantity_words(ceiling.confirmed)}. Accept that "
                        "at most."
                    ]
                }
            )
        part = _write(held, stored, quantity, reason, by, now)
        settle_return(held=held, by=by, now=now)
        return part


@once_more
def send_back_line(
    *, line: ReturnLine, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> ReturnLine:
    """To the supplier, who can correct it and submit again. Figures reported so far stay."""
    with transaction.atomic():
        held = hold_return(delivery_return_id=line.delivery_return_id, by=by)
        stored = hold_line(line_id=line.pk, expected_version=expected_version)
        _refuse_decided(stored)
        reason = needed_reason(reason, NO_REASON_BACK)
        back = _send_back(held, stored, reason, by, now)
        said = f"Line {stored.number}: {reason}"
        if held.state == ReturnState.SENT_BACK and held.sent_back_reason:
            said = f"{held.sent_back_reason}\n{said}"
        settle_return(held=held, by=by, now=now, sent_back_reason=said)
        return back


@once_more
def send_back_return(
    *,
    delivery_return: DeliveryReturn,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> DeliveryReturn:
    """Every line that is not decided yet goes back. What was accepted stays accepted."""
    with transaction.atomic():
        held = hold_return(delivery_return_id=delivery_return.pk, by=by)
        if held.version != expected_version:
            raise Collision(held, {})
        reason = needed_reason(reason, NO_REASON_BACK)
        counted = held.lines.filter(is_counted=True)
        waiting = list(
            counted.filter(state=LineState.OPEN)
            .select_for_update(of=("self",), no_key=True)
            .order_by("number")
        )
        if not waiting and counted.exists():
            raise ValidationError(
                "Every line of this return is decided or with the supplier already. The "
                "co-ordinator can open a line again."
            )
        closed = hold_open_quarters(lines=waiting)
        for refused in closed.values():
            raise refused
        for each in waiting:
            _send_back(held, each, reason, by, now, log=False)
        log_event(
            delivery_return=held, action=Action.SENT_BACK, by=by, now=now, words=reason
        )  # fmt: skip
        return settle_return(held=held, by=by, now=now, sent_back_reason=reason)


@once_more
def verify_return(
    *,
    delivery_return: DeliveryReturn,
    expected_version: int,
    versions: Mapping[int, int],
    by: Any,
    now: datetime.datetime,
) -> Verified:
    """Accept every open line that the person has seen: `versions` is line pk -> version.

    A line that waits for a confirmation or may be claimed twice is left, with the reason.
    """
    with transaction.atomic():
        held = hold_return(delivery_return_id=delivery_return.pk, by=by)
        if held.version != expected_version:
            raise Collision(held, {})
        accepted: list[int] = []
        left: list[tuple[int, str]] = []
        counted = held.lines.filter(is_counted=True)
        reporting = counted.filter(reported_quantity__isnull=False)
        waiting = list(reporting.filter(state=LineState.OPEN, pk__in=versions).order_by("number"))
        closed = hold_open_quarters(lines=waiting)
        if closed and all(counted_quarter(line=each) in closed for each in waiting):
            raise next(iter(closed.values()))
        for each in waiting:
            quarter = counted_quarter(line=each)
            if quarter is not None and quarter in closed:
                left.append((each.number, str(closed[quarter])))
                continue
            stored = hold_line(
                line_id=each.pk, expected_version=versions[each.pk], quarter_is_held=True
            )
            try:
                with transaction.atomic():
                    _accept(held, stored, by, now)
            except ValidationError as error:
                left.append((stored.number, " ".join(error.messages)))
            else:
                accepted.append(stored.number)
        if accepted:
            held = settle_return(held=held, by=by, now=now)
        elif not reporting.exists() and held.state == ReturnState.SUBMITTED:
            held = _nothing_reported(held, by, now)
        elif not left:
            raise ValidationError("No line of this return is left to accept.")
        return Verified(held, tuple(accepted), tuple(left))


@once_more
def reopen_line(
    *, line: ReturnLine, reason: str, expected_version: int, by: Any, now: datetime.datetime
) -> ReturnLine:
    """Take a decision back, with a reason. Only while the quarter that it counts in is open."""
    with transaction.atomic():
        held = hold_return(delivery_return_id=line.delivery_return_id, by=by)
        stored = hold_line(line_id=line.pk, expected_version=expected_version)
        if stored.state == LineState.OPEN:
            raise ValidationError(f"Line {stored.number} is open already.")
        reason = needed_reason(reason, NO_REASON_REOPEN)
        reopened = update_record(
            record=stored,
            changes={
                "state": LineState.OPEN,
                "verified_quantity": None,
                "verified_pounds": None,
                "decision_reason": "",
                "decided_at": None,
                "decided_by_name": "",
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="return line reopened",
        )
        log_event(
            delivery_return=held, line=stored, action=Action.REOPENED, by=by, now=now, words=reason
        )
        settle_return(held=held, by=by, now=now)
        return reopened


@once_more
def decide_duplicate(
    *,
    flag: DuplicateFlag,
    state: str,
    reason: str,
    expected_state: str,
    by: Any,
    now: datetime.datetime,
) -> DuplicateFlag:
    """Two different things, or one thing claimed twice. Changes no figure by itself.

    The log of each return says the outcome only: the other place may be another supplier's.
    """
    if state not in {FlagState.FINE, FlagState.DOUBLE}:
        raise ValidationError({"state": ["Choose one of the two."]})
    reason = needed_reason(reason, "Say what you compared. The reason stays on record.")
    with transaction.atomic():
        stored = DuplicateFlag.objects.select_for_update(no_key=True).get(pk=flag.pk)
        if stored.state != expected_state:
            raise Collision(stored, {})
        lines = list(
            ReturnLine.objects.select_related("delivery_return").filter(
                pk__in=[stored.first_id, stored.second_id]
            )
        )
        who = getattr(by, "pk", None)
        if who is not None and any(
            each.delivery_return.submitted_by_id == who
            or can(by, "report_delivery", on=each.delivery_return)
            for each in lines
        ):
            raise ValidationError(
                "One of these returns is yours or your organisation’s, so somebody else must decide."
            )
        before = {"state": stored.get_state_display()}
        stored.state, stored.reason = state, reason
        stored.decided_at, stored.decided_by_name = now, actor_name(by)
        stored.save()
        record_event(
            by=by,
            now=now,
            verb="possible double claim decided",
            subject=stored,
            before=before,
            after={"state": stored.get_state_display()},
            reason=reason,
        )
        for each in lines:
            log_event(
                delivery_return=each.delivery_return,
                line=each,
                action=Action.COMPARED,
                by=by,
                now=now,
                words=stored.get_state_display(),
            )
        return stored


@dataclass(frozen=True)
class Ceiling:
    """What a beneficiary's answer allows. `who` was asked; `confirmed` None: no answer yet."""

    is_asked: bool = False
    confirmed: Decimal | None = None
    who: str = ""

    def settle(self, reported: Decimal | None, accepted: Decimal | None) -> Settled:
        return settle(reported, accepted, self.confirmed, confirmation_asked=self.is_asked)


def ceiling_of(*, line: ReturnLine) -> Ceiling:
    """By the request that is open, or else the answer to the one asked last. One query."""
    return ceiling_from(
        requests=line.confirmations.select_related("organisation").order_by("-asked_at", "-pk")
    )


def ceiling_from(*, requests: Iterable[ConfirmationRequest]) -> Ceiling:
    """The same from requests at hand, the latest first."""
    for request in requests:
        if request.state == ConfirmationRequest.State.WITHDRAWN:
            continue
        answered = request.state == ConfirmationRequest.State.ANSWERED
        return Ceiling(
            True, request.confirmed_quantity if answered else None, request.organisation.name
        )
    return Ceiling()


# --- inside -------------------------------------------------------------------------------


def _refuse_decided(line: ReturnLine) -> None:
    if line.state == LineState.OPEN:
        return
    if line.state == LineState.SENT_BACK:
        raise ValidationError(
            f"Line {line.number} was sent back by {line.decided_by_name}. It can be decided when "
            "the supplier has submitted it again."
        )
    raise ValidationError(
        f"Line {line.number} was decided by {line.decided_by_name} already "
        f"({line.get_state_display().lower()}). The co-ordinator can open it again."
    )


def _reported(line: ReturnLine) -> Decimal:
    if line.reported_quantity is None:
        raise ValidationError(
            f"Nothing is reported on line {line.number}, so there is nothing to verify."
        )
    return line.reported_quantity


def _refuse_waiting(line: ReturnLine, ceiling: Ceiling) -> None:
    if ceiling.is_asked and ceiling.confirmed is None:
        raise ValidationError(WAITS.format(number=line.number, who=ceiling.who))


def _hold_flags(line: ReturnLine) -> None:
    """Before anything is read of the other line: the two lie in two returns, so the pair's flag is
    the one row on which their two officers wait for each other."""
    list(_flags_of(line).select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))


def _refuse_open_flags(line: ReturnLine) -> None:
    if _flags_of(line).filter(state=FlagState.OPEN).exists():
        raise ValidationError(LOOK_FIRST.format(number=line.number))


def _flags_of(line: ReturnLine) -> Any:
    return DuplicateFlag.objects.filter(Q(first=line) | Q(second=line))


def _refuse_doubles(line: ReturnLine) -> None:
    """Of two lines that are one thing, only one can be accepted whole."""
    for flag in _flags_of(line).filter(state=FlagState.DOUBLE).select_related("first", "second"):
        other = flag.second if flag.first_id == line.pk else flag.first
        if other.verified_quantity:
            raise ValidationError(
                f"Line {line.number} was found to be claimed twice, and the other claim is "
                "accepted already. Send this one back, or accept a part of it with a reason."
            )


def _accept(
    held: DeliveryReturn, stored: ReturnLine, by: Any, now: datetime.datetime
) -> ReturnLine:
    reported = _reported(stored)
    ceiling = ceiling_of(line=stored)
    _refuse_waiting(stored, ceiling)
    _hold_flags(stored)
    _refuse_open_flags(stored)
    _refuse_doubles(stored)
    verified = ceiling.settle(reported, reported).verified
    assert verified is not None  # reported, and nothing is waited for
    reason = ""
    if verified < reported:
        reason = (
            f"{ceiling.who} confirmed {quantity_words(verified)} of {quantity_words(reported)}."
        )
    return _write(held, stored, verified, reason, by, now)


def _write(
    held: DeliveryReturn,
    stored: ReturnLine,
    verified: Decimal,
    reason: str,
    by: Any,
    now: datetime.datetime,
) -> ReturnLine:
    commitment = stored.commitment
    whole = verified == stored.reported_quantity
    changed = update_record(
        record=stored,
        changes={
            "verified_quantity": verified,
            "verified_pounds": price_line(
                verified,
                commitment.value.value_pounds if commitment.value else None,
                commitment.measure.kind,
                stored.attribution_share,
            ),
            "state": LineState.ACCEPTED if whole else LineState.PART,
            "decision_reason": reason,
            "decided_at": now,
            "decided_by_name": actor_name(by),
        },
        expected_version=stored.version,
        by=by,
        now=now,
        reason=reason,
        verb="return line accepted" if whole else "return line accepted in part",
    )
    log_event(
        delivery_return=held,
        line=stored,
        action=Action.ACCEPTED if whole else Action.PART,
        by=by,
        now=now,
        quantity=verified,
        words=reason,
    )
    return changed


def _send_back(
    held: DeliveryReturn,
    stored: ReturnLine,
    reason: str,
    by: Any,
    now: datetime.datetime,
    *,
    log: bool = True,
) -> ReturnLine:
    # What was asked about may be another quantity when it comes again.
    withdraw_open_requests(
        line=stored, reason="The line was sent back to the supplier.", by=by, now=now
    )
    changed = update_record(
        record=stored,
        changes={
            "state": LineState.SENT_BACK,
            "decision_reason": reason,
            "decided_at": now,
            "decided_by_name": actor_name(by),
        },
        expected_version=stored.version,
        by=by,
        now=now,
        reason=reason,
        verb="return line sent back",
    )
    if log:
        log_event(
            delivery_return=held, line=stored, action=Action.SENT_BACK, by=by, now=now, words=reason
        )
    return changed


def _nothing_reported(held: DeliveryReturn, by: Any, now: datetime.datetime) -> DeliveryReturn:
    """A return on which every line is blank is seen, so that nobody waits for it any more."""
    log_event(
        delivery_return=held,
        action=Action.ACCEPTED,
        by=by,
        now=now,
        words="Nothing was reported, so there was nothing to verify.",
    )
    return update_record(
        record=held,
        changes={"state": ReturnState.VERIFIED},
        expected_version=held.version,
        by=by,
        now=now,
        verb="return verified",
    )

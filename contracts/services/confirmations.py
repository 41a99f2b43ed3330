"""Asking a hub or a school what really arrived, by a link that works once.

The link is made from the request's seed and the site's secret key, so neither the database nor
the queue holds it, and the same mail can be built again. Its address is forgotten when the
answer is there or the time is over.
"""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.mail import EmailMultiAlternatives
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.one_mail import send_claimed
from trafford_sv.directory.models import Organisation, RoleGrant

from ..agreement_words import words_for
from ..counting import LARGEST_QUANTITY, quantity_words
from ..licensing import may_show_text
from ..models import ConfirmationRequest, DeliveryReturn, ReturnLine
from .return_records import (
    Action,
    LineState,
    hold_line,
    hold_open_quarters,
    hold_return,
    log_event,
    needed_reason,
    refuse_own,
)

State = ConfirmationRequest.State


class ConfirmationRefused(ValueError):
    """The link cannot be used. `state` is unknown, used, expired or withdrawn."""

    def __init__(self, state: str, request: ConfirmationRequest | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.request = request


def ask_confirmation(
    *,
    line: ReturnLine,
    organisation: Organisation,
    email: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> ConfirmationRequest:
    """A request for the quantity reported. Send it with `email_confirmation` after the commit."""
    email = _address(email)
    with transaction.atomic():
        held = hold_return(delivery_return_id=line.delivery_return_id, by=by)
        stored = hold_line(line_id=line.pk, expected_version=expected_version)
        if stored.state != LineState.OPEN:
            raise ValidationError(
                f"Line {stored.number} is decided or with the supplier, so there is nothing to "
                "confirm. The co-ordinator can open it again."
            )
        if not stored.reported_quantity:
            raise ValidationError(
                f"Nothing is claimed on line {stored.number}, so there is nothing to confirm."
            )
        if organisation.pk == held.supplier_id:
            raise ValidationError(
                {"organisation": ["The supplier cannot confirm its own delivery. Choose whom it helped."]}
            )  # fmt: skip
        _refuse_suppliers_address(held, email)
        if stored.confirmations.filter(state=State.ASKED).exists():
            raise ValidationError(
                "Somebody is asked about this line already. Send that request again, or withdraw it."
            )
        seed = new_seed()
        request = ConfirmationRequest.objects.create(
            line=stored,
            organisation=organisation,
            sent_to=email,
            link_seed=seed,
            token_hash=digest_of(_token(seed)),
            asked_quantity=stored.reported_quantity,
            asked_at=now,
            asked_by_name=actor_name(by),
            expires_at=now + datetime.timedelta(days=settings.CONFIRMATION_DAYS),
        )
        _log(held, request, Action.ASKED, by, now, words=f"{organisation.name} was asked.")
        record_event(
            by=by,
            now=now,
            verb="confirmation asked for",
            subject=request,
            after={"quantity": request.asked_quantity, "expires": request.expires_at},
        )
        return request


def send_again(
    *, request: ConfirmationRequest, email: str, by: Any, now: datetime.datetime
) -> ConfirmationRequest:
    """A new link with a new time limit; the old one stops working."""
    email = _address(email)
    with transaction.atomic():
        held, stored = _hold(request)
        refuse_own(held, by)
        if stored.state != State.ASKED:
            raise ValidationError("This request is answered or withdrawn. Ask again if need be.")
        _refuse_suppliers_address(held, email)
        stored.link_seed = new_seed()
        stored.token_hash = digest_of(_token(stored.link_seed))
        stored.sent_to, stored.mail_failure = email, ""
        stored.emailed_at = stored.mail_claimed_at = None
        stored.expires_at = now + datetime.timedelta(days=settings.CONFIRMATION_DAYS)
        stored.save()
        _log(
            held, stored, Action.ASKED, by, now, words=f"{stored.organisation.name} was asked again."
        )  # fmt: skip
        record_event(
            by=by,
            now=now,
            verb="confirmation asked for again",
            subject=stored,
            after={"expires": stored.expires_at},
        )
        return stored


def withdraw_confirmation(
    *, request: ConfirmationRequest, reason: str, by: Any, now: datetime.datetime
) -> ConfirmationRequest:
    """No longer asked, with a reason. An answer that is there cannot be withdrawn."""
    reason = needed_reason(reason, "Say why the answer is no longer needed. It stays on record.")
    with transaction.atomic():
        hold_return(delivery_return_id=request.line.delivery_return_id, by=by)
        held, stored = _hold(request)
        for refused in hold_open_quarters(lines=[stored.line]).values():
            raise refused
        if stored.state != State.ASKED:
            raise ValidationError("This request is answered or withdrawn already.")
        return _withdraw(held, stored, reason, by, now)


def withdraw_open_requests(
    *, line: ReturnLine, reason: str, by: Any, now: datetime.datetime
) -> None:
    """In the caller's transaction, which holds the return."""
    asked = line.confirmations.select_for_update(no_key=True).filter(state=State.ASKED)
    for request in asked.order_by("pk"):
        _withdraw(line.delivery_return, request, reason, by, now)


def email_confirmation(*, request_pk: int, by: Any, now: datetime.datetime) -> bool:
    """Send the link. A refusal is written on the request, where the officer sees it.

    A second call for the same link, as a queue may make it, sends nothing, nor does one after a
    worker that was lost while it was sending. Must not run inside a transaction.
    """
    request = (
        ConfirmationRequest.objects.select_related(
            "organisation", "line__commitment__measure__edition", "line__delivery_return__contract",
            "line__delivery_return__supplier",
        )
        .filter(pk=request_pk, state=State.ASKED, emailed_at__isnull=True)
        .exclude(sent_to="")
        .first()
    )  # fmt: skip
    if request is None:
        return False
    context = {
        "link": link_of(request=request),
        "claim": claim_words(request=request),
        "request": request,
        "product_name": "Trafford Social Value",
    }
    message = EmailMultiAlternatives(
        subject="Please check what reached you",
        body=render_to_string("contracts/email/confirmation.txt", context),
        to=[request.sent_to],
    )
    message.attach_alternative(
        render_to_string("contracts/email/confirmation.html", context), "text/html"
    )
    # Asked again meanwhile: another link, and this mail is nobody's.
    mine = ConfirmationRequest.objects.filter(pk=request.pk, link_seed=request.link_seed)
    return send_claimed(rows=mine, message=message, by=by, now=now)


def note_unsent(*, request: ConfirmationRequest, by: Any, now: datetime.datetime) -> None:
    """The queue could not be reached, so nobody will send it until a person asks again."""
    unsent = ConfirmationRequest.objects.filter(
        pk=request.pk, emailed_at=None, mail_claimed_at=None
    )
    unsent.update(mail_failure="The background service could not be reached.")


def find_confirmation(*, token: str, now: datetime.datetime) -> ConfirmationRequest:
    """The usable request behind a link; looking at it uses nothing up. Raises ConfirmationRefused."""
    request = (
        ConfirmationRequest.objects.select_related(
            "organisation", "line__commitment__measure__edition", "line__delivery_return__contract",
            "line__delivery_return__supplier",
        )
        .filter(token_hash=digest_of(token))
        .first()
    )  # fmt: skip
    if request is None:
        raise ConfirmationRefused("unknown")
    if request.state == State.ANSWERED:
        raise ConfirmationRefused("used", request)
    if request.state == State.WITHDRAWN:
        raise ConfirmationRefused("withdrawn", request)
    if request.expires_at <= now:
        raise ConfirmationRefused("expired", request)
    return request


def answer_confirmation(
    *, token: str, quantity: Decimal, comment: str, role: str, now: datetime.datetime
) -> ConfirmationRequest:
    """Exactly once. Raises ConfirmationRefused, or ValidationError where the answer makes no sense."""
    if not quantity.is_finite() or quantity < 0:
        raise ValidationError({"quantity": ["Give a number, 0 or more."]})
    if quantity > LARGEST_QUANTITY:
        raise ValidationError({"quantity": ["That number is too large. Check it."]})
    with transaction.atomic():
        found = find_confirmation(token=token, now=now)
        held, _ = _hold(found)
        # Asked again under the lock: two clicks on one link must not both answer.
        request = find_confirmation(token=token, now=now)
        request.state = State.ANSWERED
        request.confirmed_quantity = quantity
        request.comment = comment.strip()
        request.answered_at = now
        request.answered_by_role = role.strip()
        request.sent_to = ""
        request.save()
        who = f"{request.answered_by_role or 'Somebody'}, {request.organisation.name}"
        words = f"Confirmed {quantity_words(quantity)} of {quantity_words(request.asked_quantity)}."
        if request.comment:
            words = f"{words} {request.comment}"
        _log(held, request, Action.CONFIRMED, who, now, quantity=quantity, words=words)
        record_event(
            by=None,
            now=now,
            verb="confirmation answered",
            subject=request,
            after={"quantity": quantity, "role": request.answered_by_role},
            reason=request.comment,
        )
        return request


def forget_addresses(*, by: Any, now: datetime.datetime) -> int:
    """Addresses that are of no more use: the request is over in one way or another."""
    with transaction.atomic():
        forgotten = (
            ConfirmationRequest.objects.filter(~Q(state=State.ASKED) | Q(expires_at__lte=now))
            .exclude(sent_to="")
            .update(sent_to="")
        )
        if forgotten:
            record_event(
                by=by,
                now=now,
                verb="addresses forgotten",
                subject_type="confirmationrequest",
                subject_name=f"{forgotten} of beneficiaries",
                after={"addresses": forgotten},
            )
    return forgotten


def link_of(*, request: ConfirmationRequest) -> str:
    """The one-time address. Only the mail has it."""
    token = _token(request.link_seed)
    return settings.SITE_URL + reverse("confirmation-answer", kwargs={"token": token})


def claim_words(*, request: ConfirmationRequest) -> dict[str, Any]:
    """What is claimed, for the page and the mail: nothing that a licence keeps back."""
    line = request.line
    commitment, edition = line.commitment, line.commitment.measure.edition
    what = commitment.title
    if not what and may_show_text(edition.text_may_be_published, is_public=True):
        what = commitment.measure.title
    shown = may_show_text(edition.text_may_be_published, is_public=True)
    return {
        "contract": line.delivery_return.contract.title,
        "agreement": words_for(line.delivery_return.contract.kind),
        "supplier": line.delivery_return.supplier.name,
        "what": what or f"Promise number {commitment.number} of this contract",
        "happened_on": line.happened_on,
        "period": line.delivery_return.period,
        "place": line.place,
        "quantity": quantity_words(request.asked_quantity),
        "unit": commitment.measure.unit if shown else "",
    }


# --- inside -------------------------------------------------------------------------------


def _token(seed: str) -> str:
    return token_of(seed, salt="contracts.confirmation")


def _address(email: str) -> str:
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter an e-mail address like name@example.org."]}
        ) from error
    return email


def _refuse_suppliers_address(held: DeliveryReturn, email: str) -> None:
    """The link is the right to answer, so it never goes to whoever made the claim."""
    if RoleGrant.objects.filter(
        user__email__iexact=email, role="supplier", organisation=held.supplier_id
    ).exists():
        raise ValidationError(
            {"email": ["This address belongs to somebody at the supplier. Ask whom it helped."]}
        )


def _hold(request: ConfirmationRequest) -> tuple[DeliveryReturn, ConfirmationRequest]:
    """The return first, as every decision does, and then the request."""
    held = DeliveryReturn.objects.select_for_update(of=("self",), no_key=True).get(
        lines=request.line_id
    )
    stored = (
        ConfirmationRequest.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation", "line")
        .get(pk=request.pk)
    )
    return held, stored


def _withdraw(
    held: DeliveryReturn,
    request: ConfirmationRequest,
    reason: str,
    by: Any,
    now: datetime.datetime,
) -> ConfirmationRequest:
    request.state, request.sent_to = State.WITHDRAWN, ""
    request.withdrawn_at, request.withdrawn_by_name = now, actor_name(by)
    request.withdrawn_reason = reason
    request.save()
    _log(held, request, Action.WITHDRAWN, by, now, words=reason)
    record_event(by=by, now=now, verb="confirmation withdrawn", subject=request, reason=reason)
    return request


def _log(
    held: DeliveryReturn,
    request: ConfirmationRequest,
    action: str,
    by: Any,
    now: datetime.datetime,
    *,
    quantity: Decimal | None = None,
    words: str = "",
) -> None:
    log_event(
        delivery_return=held,
        line=request.line,
        action=action,
        by=by,
        now=now,
        quantity=request.asked_quantity if quantity is None else quantity,
        words=words,
    )

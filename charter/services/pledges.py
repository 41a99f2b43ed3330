"""Pledges outside contracts: promised, reported as done, confirmed by whom they were for.

The link is the right to answer, so it never goes to whoever made the pledge.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction
from django.db.models import Q

from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.one_mail import send_claimed
from trafford_sv.core.services.records import create_record, update_record
from trafford_sv.directory.models import Organisation, RoleGrant

from ..mailings.letters import PLEDGE_SALT, pledge_email
from ..models import Adoption, CharterVersion, Pledge, PledgeConfirmation, Principle

State = Pledge.State
LARGEST_QUANTITY = Decimal("999999999999.9999")


class PledgeLinkRefused(ValueError):
    """The link cannot be used. `state` is unknown, used, expired or withdrawn."""

    def __init__(self, state: str, asked: PledgeConfirmation | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.asked = asked


def make_pledge(*, values: Mapping[str, Any], by: Any, now: datetime.datetime) -> Pledge:
    """A promise outside any contract, towards a principle of an approved charter."""
    with transaction.atomic():
        _check_principle(values["principle"], values.get("initiative"))
        return create_record(model=Pledge, values=values, by=by, now=now, verb="pledge made")


def _check_principle(principle: Principle, initiative: Any) -> None:
    """The principle is held, so that its version is not discarded at the same moment."""
    version = CharterVersion.objects.select_for_update().get(pk=principle.charter_version_id)
    if version.state != CharterVersion.State.APPROVED:
        raise ValidationError(
            {"principle": ["This principle is in a draft. Choose one of an approved charter."]}
        )
    if initiative is not None and initiative.focus_area.principle_id != principle.pk:
        raise ValidationError(
            {"initiative": ["This initiative is under another principle. Choose one of the two again."]}
        )  # fmt: skip


def change_pledge(
    *,
    pledge: Pledge,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    reason: str = "",
) -> Pledge:
    """Its terms, while nothing is reported. Raises Collision too."""
    with transaction.atomic():
        held = Pledge.objects.select_for_update().get(pk=pledge.pk)
        if held.state != State.PROMISED:
            raise ValidationError(
                "Something is reported on this pledge, so what was promised stays as it is."
            )
        initiative = changes.get("initiative", held.initiative)
        _check_principle(changes.get("principle", held.principle), initiative)
        return update_record(
            record=held,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
        )


def report_pledge(
    *,
    pledge: Pledge,
    quantity: Decimal | None,
    reported_on: datetime.date,
    words: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Pledge:
    """What the organisation says it did. It counts as confirmed only once those it was for say so."""
    with transaction.atomic():
        held = Pledge.objects.select_for_update().get(pk=pledge.pk)
        if held.state not in (State.PROMISED, State.REPORTED, State.NOT_CONFIRMED):
            raise ValidationError(
                f"This pledge is {held.get_state_display().lower()}, so nothing more is reported on it."
            )
        if held.confirmations.filter(state=PledgeConfirmation.State.ASKED).exists():
            raise ValidationError(
                "Somebody is asked about this pledge now. Wait for the answer, or take the question back."
            )
        if reported_on > today:
            raise ValidationError({"reported_on": ["That day is still to come."]})
        if reported_on < held.pledged_on:
            raise ValidationError(
                {"reported_on": ["That is before the pledge was made. Check the day."]}
            )
        if held.unit and held.promised_quantity is not None and quantity is None:
            raise ValidationError(
                {"quantity": [f"Enter how many {held.unit} it was. Enter 0 if it was none."]}
            )
        if quantity is not None and not held.unit:
            raise ValidationError(
                {"quantity": ["This pledge is not counted in anything. Leave the number empty."]}
            )
        return update_record(
            record=held,
            changes={
                "state": State.REPORTED,
                "reported_quantity": quantity,
                "reported_on": reported_on,
                "report_words": words,
                "confirmed_quantity": None,
                "confirmed_on": None,
                "confirmed_by": None,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            verb="pledge reported as done",
        )


def withdraw_pledge(
    *,
    pledge: Pledge,
    withdrawn_on: datetime.date,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Pledge:
    """It stays on the list as withdrawn. One that is confirmed stays confirmed."""
    with transaction.atomic():
        held = Pledge.objects.select_for_update().get(pk=pledge.pk)
        if held.state in (State.CONFIRMED, State.WITHDRAWN):
            raise ValidationError(
                f"This pledge is {held.get_state_display().lower()}, so it is not withdrawn."
            )
        if withdrawn_on > today:
            raise ValidationError({"withdrawn_on": ["That day is still to come."]})
        if withdrawn_on < held.pledged_on:
            raise ValidationError(
                {"withdrawn_on": ["That is before the pledge was made. Check the day."]}
            )
        _close_questions(held)
        return update_record(
            record=held,
            changes={
                "state": State.WITHDRAWN,
                "withdrawn_on": withdrawn_on,
                "withdrawn_reason": reason,
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="pledge withdrawn",
        )


def _close_questions(pledge: Pledge) -> None:
    pledge.confirmations.filter(state=PledgeConfirmation.State.ASKED).update(
        state=PledgeConfirmation.State.WITHDRAWN, sent_to=""
    )


def ask_beneficiary(
    *,
    pledge: Pledge,
    organisation: Organisation,
    email: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> PledgeConfirmation:
    """A one-time link for whom it was for. Send it with `email_pledge_question` after the commit.

    Asking again withdraws the question before: its link stops working.
    """
    email = email.strip()
    try:
        validate_email(email)
    except ValidationError as error:
        raise ValidationError(
            {"email": ["Enter an e-mail address like name@example.org."]}
        ) from error
    with transaction.atomic():
        held = Pledge.objects.select_for_update().get(pk=pledge.pk)
        if held.state != State.REPORTED:
            raise ValidationError("Nothing waits to be confirmed here. Record what was done first.")
        if organisation.pk == held.organisation_id:
            raise ValidationError(
                {"organisation": ["Whoever made the pledge cannot confirm it. Choose whom it was for."]}
            )  # fmt: skip
        own = Q(user__email__iexact=email, organisation=held.organisation_id)
        if (
            RoleGrant.objects.filter(own).exists()
            or Adoption.objects.filter(
                organisation=held.organisation_id, contact_email__iexact=email
            ).exists()
        ):
            raise ValidationError(
                {"email": ["This address belongs to whoever made the pledge. Ask whom it was for."]}
            )
        update_record(
            record=held,
            changes={"confirmed_by": organisation},
            expected_version=expected_version,
            by=by,
            now=now,
            verb="pledge’s beneficiary named",
        )
        _close_questions(held)
        seed = new_seed()
        asked = PledgeConfirmation.objects.create(
            pledge=held,
            organisation=organisation,
            sent_to=email,
            link_seed=seed,
            token_hash=digest_of(token_of(seed, salt=PLEDGE_SALT)),
            asked_quantity=held.reported_quantity,
            asked_at=now,
            asked_by_name=actor_name(by),
            expires_at=now + datetime.timedelta(days=settings.CONFIRMATION_DAYS),
        )
        record_event(
            by=by,
            now=now,
            verb="pledge’s confirmation asked for",
            subject=asked,
            after={"quantity": asked.asked_quantity, "expires": asked.expires_at},
        )
    return asked


def email_pledge_question(*, asked_pk: int, by: Any, now: datetime.datetime) -> bool:
    """Send the link once. A refusal or a doubt is written on the question, where the officer sees it.

    Must not run inside a transaction.
    """
    asked = (
        PledgeConfirmation.objects.select_related("organisation", "pledge__organisation")
        .filter(pk=asked_pk, state=PledgeConfirmation.State.ASKED, emailed_at__isnull=True)
        .exclude(sent_to="")
        .first()
    )
    if asked is None:
        return False
    mine = PledgeConfirmation.objects.filter(pk=asked.pk)
    return send_claimed(rows=mine, message=pledge_email(asked), by=by, now=now)


def note_question_unsent(*, asked: PledgeConfirmation, by: Any, now: datetime.datetime) -> None:
    """The queue could not be reached, so nobody will send it until a person asks again."""
    PledgeConfirmation.objects.filter(pk=asked.pk, emailed_at=None, mail_claimed_at=None).update(
        mail_failure="The background service could not be reached."
    )


def find_pledge_question(*, token: str, now: datetime.datetime) -> PledgeConfirmation:
    """The usable question behind a link; looking uses nothing up. Raises PledgeLinkRefused."""
    asked = (
        PledgeConfirmation.objects.select_related("organisation", "pledge__organisation")
        .filter(token_hash=digest_of(token))
        .first()
    )
    if asked is None:
        raise PledgeLinkRefused("unknown")
    if asked.state == PledgeConfirmation.State.ANSWERED:
        raise PledgeLinkRefused("used", asked)
    if asked.state == PledgeConfirmation.State.WITHDRAWN:
        raise PledgeLinkRefused("withdrawn", asked)
    if asked.expires_at <= now:
        raise PledgeLinkRefused("expired", asked)
    return asked


def answer_pledge(
    *,
    token: str,
    did_happen: bool,
    quantity: Decimal | None,
    comment: str,
    role: str,
    now: datetime.datetime,
    today: datetime.date,
) -> Pledge:
    """Exactly once. No more is confirmed than was reported. Raises PledgeLinkRefused."""
    if quantity is not None and (
        not quantity.is_finite() or quantity < 0 or quantity > LARGEST_QUANTITY
    ):
        raise ValidationError({"quantity": ["Give a number, 0 or more. Check it."]})
    with transaction.atomic():
        found = find_pledge_question(token=token, now=now)
        held = Pledge.objects.select_for_update().get(pk=found.pledge_id)
        # Asked again under the lock: two clicks on one link must not both answer.
        asked = find_pledge_question(token=token, now=now)
        said = quantity
        if asked.asked_quantity is not None and said is None:
            said = asked.asked_quantity if did_happen else Decimal(0)
        asked.state = PledgeConfirmation.State.ANSWERED
        asked.did_happen, asked.confirmed_quantity = did_happen, said
        asked.comment, asked.answered_by_role = comment.strip(), role.strip()
        asked.answered_at, asked.sent_to = now, ""
        asked.save()
        counted = None
        if said is not None and held.reported_quantity is not None:
            counted = min(said, held.reported_quantity)
        confirmed = did_happen and counted != 0
        update_record(
            record=held,
            changes={
                "state": State.CONFIRMED if confirmed else State.NOT_CONFIRMED,
                "confirmed_quantity": counted,
                "confirmed_on": today,
                "confirmed_by": asked.organisation,
            },
            expected_version=held.version,
            by=None,
            now=now,
            reason=asked.comment[:500],
            verb="pledge confirmed" if confirmed else "pledge not confirmed",
        )
    held.refresh_from_db()
    return held


def forget_pledge_addresses(*, by: Any, now: datetime.datetime) -> int:
    """Addresses of questions that are over in one way or another."""
    asked = PledgeConfirmation.State.ASKED
    with transaction.atomic():
        forgotten = (
            PledgeConfirmation.objects.filter(~Q(state=asked) | Q(expires_at__lte=now))
            .exclude(sent_to="")
            .update(sent_to="")
        )
        if forgotten:
            record_event(
                by=by,
                now=now,
                verb="addresses forgotten",
                subject_type="pledgeconfirmation",
                subject_name=f"{forgotten} of those pledges were for",
                after={"addresses": forgotten},
            )
    return forgotten

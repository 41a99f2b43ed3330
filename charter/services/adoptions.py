"""The register of adopters: asked for, confirmed by an officer, affirmed each year, withdrawn."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.cells import one_line
from trafford_sv.core.one_time_links import digest_of, new_seed, token_of
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.records import create_record, forget_in_history, update_record
from trafford_sv.directory.models import Organisation

from ..mailings.letters import AFFIRM_SALT
from ..models import (
    Adoption,
    AdoptionRequest,
    CharterVersion,
    Reaffirmation,
    ReaffirmationReminder,
)
from ..selectors.versions import version_in_force

State = AdoptionRequest.State
Letter = AdoptionRequest.Letter


def ask_to_adopt(
    *,
    values: Mapping[str, Any],
    now: datetime.datetime,
    today: datetime.date,
    is_demo: bool = False,
) -> AdoptionRequest:
    """What the public form sends. Nothing is in the register until an officer confirms it.

    `values`: organisation_name, signed_by_name, signed_by_role, contact_email, lead_words, message.
    """
    version = version_in_force(today)
    if version is None:
        raise ValidationError("No charter is in force today, so there is none to adopt yet.")
    with transaction.atomic():
        request = AdoptionRequest(charter_version=version, asked_at=now, is_demo=is_demo, **values)
        for name in ("organisation_name", "signed_by_name", "signed_by_role"):
            setattr(request, name, one_line(getattr(request, name)))
        request.full_clean()
        request.save()
        record_event(
            by=None,
            now=now,
            verb="adoption asked for",
            subject=request,
            after={"role": request.signed_by_role},
        )
    return request


def confirm_request(
    *,
    request: AdoptionRequest,
    organisation: Organisation,
    adopted_on: datetime.date,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Adoption:
    """The request becomes an adoption by an organisation of the directory. Raises Collision too."""
    with transaction.atomic():
        held = _hold_waiting(request)
        adoption = record_adoption(
            organisation=organisation,
            charter_version=held.charter_version,
            values={
                "adopted_on": adopted_on,
                "signed_by_name": held.signed_by_name,
                "signed_by_role": held.signed_by_role,
                "contact_email": held.contact_email,
                "lead_words": held.lead_words,
                "is_demo": held.is_demo,
            },
            by=by,
            now=now,
            today=today,
        )
        _decide(held, State.CONFIRMED, {"adoption": adoption}, expected_version, "", by, now)
    return adoption


def decline_request(
    *, request: AdoptionRequest, expected_version: int, reason: str, by: Any, now: datetime.datetime
) -> AdoptionRequest:
    """Not put into the register, with a reason. The address is forgotten once the answer is sent."""
    with transaction.atomic():
        held = _hold_waiting(request)
        changes = {"signed_by_name": "Forgotten", "message": ""}
        return _decide(held, State.DECLINED, changes, expected_version, reason, by, now)


def _hold_waiting(request: AdoptionRequest) -> AdoptionRequest:
    held = (
        AdoptionRequest.objects.select_for_update(of=("self",))
        .select_related("charter_version")
        .get(pk=request.pk)
    )
    if held.state != State.WAITING:
        raise ValidationError(
            f"This request is {held.get_state_display().lower()} already, by {held.decided_by_name}."
        )
    return held


def _decide(
    held: AdoptionRequest,
    state: str,
    changes: Mapping[str, Any],
    expected_version: int,
    reason: str,
    by: Any,
    now: datetime.datetime,
) -> AdoptionRequest:
    return update_record(
        record=held,
        changes={
            **changes,
            "state": state,
            "decided_at": now,
            "decided_by_name": actor_name(by),
            "decided_reason": reason,
            "letter_state": Letter.DUE if held.contact_email else Letter.NONE,
        },
        expected_version=expected_version,
        by=by,
        now=now,
        reason=reason,
        verb=f"request to adopt {State(state).label.lower()}",
    )


def record_adoption(
    *,
    organisation: Organisation,
    charter_version: CharterVersion,
    values: Mapping[str, Any],
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Adoption:
    """An adoption that was signed. Raises ValidationError where it cannot be right."""
    with transaction.atomic():
        # Whoever corrects the approval's day waits, or makes this wait.
        version = CharterVersion.objects.select_for_update().get(pk=charter_version.pk)
        _check_day(version, values["adopted_on"], today)
        return create_record(
            model=Adoption,
            values={**values, "organisation": organisation, "charter_version": version},
            by=by,
            now=now,
            verb="charter adopted",
        )


def _check_day(version: CharterVersion, day: datetime.date, today: datetime.date) -> None:
    if version.state != CharterVersion.State.APPROVED or version.approved_on is None:
        raise ValidationError(
            {"charter_version": ["This version is a draft. It can be adopted once it is approved."]}
        )
    if day < version.approved_on:
        raise ValidationError(
            {
                "adopted_on": [
                    f"The charter was approved on {version.approved_on.day}"
                    f" {version.approved_on:%B %Y}, so it cannot have been signed before that."
                    " Check the day, or choose the version that was signed."
                ]
            }
        )
    if day > today:
        raise ValidationError(
            {"adopted_on": ["That day is still to come. Record it once it is signed."]}
        )


def change_adoption(
    *,
    adoption: Adoption,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    reason: str = "",
) -> Adoption:
    """What was recorded of it, put right. Raises Collision too."""
    with transaction.atomic():
        held = Adoption.objects.select_for_update().get(pk=adoption.pk)
        version = changes.get("charter_version", held.charter_version)
        version = CharterVersion.objects.select_for_update().get(pk=version.pk)
        _check_day(version, changes.get("adopted_on", held.adopted_on), today)
        if changes.get("contact_email", held.contact_email) != held.contact_email:
            _close_questions(held)
        return update_record(
            record=held,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
        )


def _close_questions(adoption: Adoption) -> None:
    """The address changed: links that went to the old one end; the new one is asked in its turn."""
    rows = ReaffirmationReminder.objects.select_for_update().filter(adoption=adoption)
    for row in rows.exclude(state=ReaffirmationReminder.State.ANSWERED):
        row.link_seed = new_seed()
        row.token_hash = digest_of(token_of(row.link_seed, salt=AFFIRM_SALT))
        row.state = ReaffirmationReminder.State.FAILED
        row.failure = "The address changed."
        row.save()


def withdraw_adoption(
    *,
    adoption: Adoption,
    withdrawn_on: datetime.date,
    reason: str,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> Adoption:
    """From that day it no longer stands; it stays in the register as withdrawn."""
    with transaction.atomic():
        held = Adoption.objects.select_for_update().get(pk=adoption.pk)
        if held.withdrawn_on is not None:
            raise ValidationError("This adoption is withdrawn already.")
        if withdrawn_on > today:
            raise ValidationError(
                {"withdrawn_on": ["That day is still to come. Record it on the day."]}
            )
        ended = update_record(
            record=held,
            changes={
                "withdrawn_on": withdrawn_on,
                "withdrawn_reason": reason,
                "contact_email": "",
            },
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="adoption withdrawn",
        )
        # After the row: what led up to the withdrawal must not keep what it forgets.
        forget_in_history(record=ended, values={"contact_email": ""}, by=by)
    return ended


def reaffirm_adoption(
    *, adoption: Adoption, day: datetime.date, role: str, by: Any, now: datetime.datetime
) -> Reaffirmation:
    """It stands by the charter in the version in force on the day."""
    with transaction.atomic():
        held = Adoption.objects.select_for_update().get(pk=adoption.pk)
        if held.withdrawn_on is not None:
            raise ValidationError("This adoption is withdrawn, so it cannot be affirmed.")
        if day < held.last_said:
            raise ValidationError(
                {"day": [f"It last stood by the charter on {held.last_said.day} {held.last_said:%B %Y}. Choose that day or a later one."]}
            )  # fmt: skip
        if day > timezone.localtime(now).date():
            raise ValidationError({"day": ["That day is still to come."]})
        version = version_in_force(day) or held.charter_version
        made = Reaffirmation(
            adoption=held,
            charter_version=version,
            reaffirmed_on=day,
            signed_by_role=role,
            recorded_at=now,
            recorded_by_name=actor_name(by) if by is not None else f"{role}, by their link",
        )
        made.full_clean()
        made.save()
        update_record(
            record=held,
            changes={"reaffirmed_on": day},
            expected_version=held.version,
            by=by,
            now=now,
            verb="adoption affirmed",
        )
    return made

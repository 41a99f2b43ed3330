"""Approving a version of the charter: which body, on what day, by which decision, from when.

Approving the next version supersedes the one before: it ends the day before. All approved
versions are held while one is approved, and the database refuses two that begin on one day.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from trafford_sv.core.services.audit import record_event
from trafford_sv.core.services.records import Collision, update_record

from ..models import CharterVersion, FocusArea, Initiative, Origin, Principle
from .drafts import hold_draft

State = CharterVersion.State


def approve_version(
    *,
    version: CharterVersion,
    approving_body: str,
    approved_on: datetime.date,
    decision_reference: str,
    in_force_from: datetime.date,
    expected_version: int,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
    decision_address: str = "",
) -> CharterVersion:
    """The draft becomes the charter from `in_force_from`; its words are final and all its own.

    Raises Collision where the draft was edited since it was opened, ValidationError otherwise.
    """
    with transaction.atomic():
        # The versions approved before it, so that two approvals at once come one after the other.
        earlier = list(
            CharterVersion.objects.select_for_update().approved().order_by("in_force_from")
        )
        held = hold_draft(version_id=version.pk)
        changes = {
            "state": State.APPROVED,
            "approving_body": approving_body.strip(),
            "approved_on": approved_on,
            "decision_reference": decision_reference.strip(),
            "decision_address": decision_address,
            "in_force_from": in_force_from,
        }
        if held.version != expected_version:
            raise Collision(held, changes)
        if not held.principles.exists():
            raise ValidationError("A charter has at least one principle. Write one first.")
        _check_days(approved_on, in_force_from, today)
        latest = earlier[-1] if earlier else None
        if latest and latest.in_force_from and in_force_from <= latest.in_force_from:
            raise ValidationError(
                {
                    "in_force_from": [
                        f"Version {latest.number} is in force from {_day(latest.in_force_from)}, and"
                        " only one version can be in force on a day. Choose a later day."
                    ]
                }
            )
        approved = update_record(
            record=held,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="charter approved",
        )
        _make_its_own(approved)
        if latest:
            record_event(
                by=by,
                now=now,
                verb="charter superseded",
                subject=latest,
                after={"last day in force": in_force_from - datetime.timedelta(days=1)},
            )
    return approved


def _check_days(
    approved_on: datetime.date, in_force_from: datetime.date, today: datetime.date
) -> None:
    if approved_on > today:
        raise ValidationError(
            {"approved_on": ["That day is still to come. Record the approval once it is given."]}
        )
    if in_force_from < approved_on:
        raise ValidationError(
            {
                "in_force_from": [
                    "The charter cannot be in force before the day it was approved,"
                    f" {_day(approved_on)}. Check both dates."
                ]
            }
        )


def _make_its_own(version: CharterVersion) -> None:
    """What was a suggestion, and has now been approved, is the charter's own."""
    for parts in (
        Principle.objects.filter(charter_version=version),
        FocusArea.objects.filter(principle__charter_version=version),
        Initiative.objects.filter(focus_area__principle__charter_version=version),
    ):
        for part in parts.exclude(origin=Origin.CHARTER):
            part.origin = Origin.CHARTER
            part.version += 1
            part.save()


def correct_approval(
    *,
    version: CharterVersion,
    changes: Mapping[str, Any],
    expected_version: int,
    reason: str,
    by: Any,
    now: datetime.datetime,
    today: datetime.date,
) -> CharterVersion:
    """What is on record of the decision: body, day, reference, address. The words stay.

    `changes` may name approving_body, approved_on, decision_reference, decision_address.
    """
    with transaction.atomic():
        held = CharterVersion.objects.select_for_update().get(pk=version.pk)
        if held.state != State.APPROVED or held.in_force_from is None:
            raise ValidationError("This version is not approved, so there is nothing to correct.")
        approved_on = changes.get("approved_on", held.approved_on)
        if approved_on is not None:
            _check_days(approved_on, held.in_force_from, today)
            first = held.adoptions.order_by("adopted_on").first()
            if first is not None and first.adopted_on < approved_on:
                raise ValidationError(
                    {
                        "approved_on": [
                            f"{first.organisation.name} signed it on {_day(first.adopted_on)}, before"
                            " that day. Correct that adoption first."
                        ]
                    }
                )
        return update_record(
            record=held,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            reason=reason,
            verb="charter’s approval corrected",
        )


def take_back_approval(
    *, version: CharterVersion, reason: str, by: Any, now: datetime.datetime, today: datetime.date
) -> CharterVersion:
    """Only before the version is in force, and before anybody has adopted it. It is a draft again."""
    with transaction.atomic():
        held = CharterVersion.objects.select_for_update().get(pk=version.pk)
        if held.state != State.APPROVED or held.in_force_from is None:
            raise ValidationError("This version is a draft already.")
        if held.in_force_from <= today:
            raise ValidationError(
                f"Version {held.number} has been in force since {_day(held.in_force_from)}, so it"
                " stays on record. Begin a new draft to replace it."
            )
        if held.adoptions.exists():
            raise ValidationError("Organisations have adopted this version, so it stays approved.")
        if CharterVersion.objects.drafts().exists():
            raise ValidationError("Another draft is open. Discard it first.")
        return update_record(
            record=held,
            changes={
                "state": State.DRAFT,
                "approving_body": "",
                "approved_on": None,
                "decision_reference": "",
                "decision_address": "",
                "in_force_from": None,
            },
            expected_version=held.version,
            by=by,
            now=now,
            reason=reason,
            verb="charter’s approval taken back",
        )


def _day(day: datetime.date | None) -> str:
    return f"{day.day} {day:%B %Y}" if day else ""

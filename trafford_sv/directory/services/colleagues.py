"""People of a supplier, who invite their own colleagues. Nobody else needs to be asked."""

from __future__ import annotations

import datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.models import Invitation, User
from trafford_sv.core.services.invitations import IssuedInvitation, issue_invitation

from ..models import Organisation, RoleGrant
from .grants import invite_person

ROLE = "supplier"
MOST_PEOPLE = 25
MOST_INVITATIONS_A_DAY = 10


def invite_colleague(
    *,
    organisation: Organisation,
    email: str,
    name: str,
    by: User,
    now: datetime.datetime,
    job_title: str = "",
) -> IssuedInvitation:
    """An account for a colleague in the same organisation, with the same role and no other."""
    with transaction.atomic():
        _hold(organisation, by, now)
        today = timezone.localtime(now).date()
        people = (
            RoleGrant.objects.in_force(today)
            .filter(role=ROLE, organisation=organisation, user__is_active=True)
            .values("user")
            .distinct()
            .count()
        )
        if people >= MOST_PEOPLE:
            raise ValidationError(
                f"{organisation.name} has {MOST_PEOPLE} people here, which is the most. "
                "Ask the council’s social value co-ordinator to close an account first."
            )
        _refuse_too_many(organisation, now)
        if User.objects.filter(email__iexact=email.strip()).exists():
            # The same sentence whoever holds the account; the page limits how often one may try.
            raise ValidationError(
                {
                    "email": "This address cannot be invited here. Ask the council’s social value "
                    "co-ordinator to add this person."
                }
            )
        return invite_person(
            email=email,
            name=name,
            job_title=job_title,
            role=ROLE,
            organisation=organisation,
            by=by,
            now=now,
        )


def invite_colleague_again(
    *, organisation: Organisation, colleague: User, by: User, now: datetime.datetime
) -> IssuedInvitation:
    """A new link for a colleague who has not chosen a password yet; the old one stops working."""
    with transaction.atomic():
        _hold(organisation, by, now)
        _refuse_too_many(organisation, now)
        stored = User.objects.select_for_update().get(pk=colleague.pk)
        today = timezone.localtime(now).date()
        held = list(stored.grants.in_force(today).values_list("role", "organisation_id"))
        if held != [(ROLE, organisation.pk)] or stored.has_usable_password():
            raise ValidationError(
                f"{stored} needs no invitation. Who forgot their password asks for a new one on "
                "the sign-in page."
            )
        return issue_invitation(user=stored, by=by, now=now)


def _hold(organisation: Organisation, by: User, now: datetime.datetime) -> None:
    """One invitation of an organisation at a time, by one of its own people."""
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    today = timezone.localtime(now).date()
    if not by.grants.in_force(today).filter(role=ROLE, organisation=organisation).exists():
        raise ValidationError(f"Only people of {organisation.name} can invite their colleagues.")


def _refuse_too_many(organisation: Organisation, now: datetime.datetime) -> None:
    sent = (
        Invitation.objects.filter(
            user__grants__organisation=organisation,
            user__grants__role=ROLE,
            sent_at__gt=now - datetime.timedelta(days=1),
        )
        .values("pk")
        .distinct()
        .count()
    )
    if sent >= MOST_INVITATIONS_A_DAY:
        raise ValidationError(
            f"{MOST_INVITATIONS_A_DAY} invitations were made for {organisation.name} in the last "
            "24 hours. Try again tomorrow."
        )

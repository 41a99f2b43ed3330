"""Who holds which role. The site always keeps one administrator who can sign in."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from typing import Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone

from trafford_sv.core.access import forget_grants
from trafford_sv.core.models import User
from trafford_sv.core.roles import ROLES
from trafford_sv.core.services.audit import actor_name, record_event
from trafford_sv.core.services.invitations import (
    IssuedInvitation,
    create_person,
    issue_invitation,
)
from trafford_sv.core.services.records import update_record

from ..models import Organisation, RoleGrant


class LastAdministrator(ValueError):
    """The change would leave nobody who can manage people."""

    def __init__(self) -> None:
        super().__init__(
            "This is the only administrator who can sign in. "
            "Make another person an administrator first."
        )


class GrantRefused(ValueError):
    """Somebody tried to change their own roles, or a role that is not theirs to change."""


def invite_person(
    *,
    email: str,
    name: str,
    role: str,
    organisation: Organisation | None,
    by: Any,
    now: datetime.datetime,
    job_title: str = "",
) -> IssuedInvitation:
    """A new account with one role and a one-time link, all or nothing. Raises ValidationError."""
    with transaction.atomic():
        user = create_person(email=email, name=name, job_title=job_title, by=by, now=now)
        grant_role(user=user, role=role, organisation=organisation, by=by, now=now)
        return issue_invitation(user=user, by=by, now=now)


def grant_role(
    *,
    user: User,
    role: str,
    organisation: Organisation | None,
    by: Any,
    now: datetime.datetime,
    ends: datetime.date | None = None,
    reason: str = "",
) -> RoleGrant:
    """From today. `ends` is the first day without it. Raises ValidationError or GrantRefused."""
    if by is not None and getattr(by, "pk", None) == user.pk:
        raise GrantRefused("You cannot change your own roles. Ask another administrator.")
    if role not in ROLES or role == "public":
        raise ValidationError({"role": "Choose a role from the list."})
    if ROLES[role].needs_organisation and organisation is None:
        raise ValidationError(
            {"organisation": f"Choose the organisation this {ROLES[role].name.lower()} belongs to."}
        )
    if not ROLES[role].needs_organisation:
        organisation = None
    today = timezone.localtime(now).date()
    if ends is not None and ends <= today:
        raise ValidationError({"ends": "The last day must be in the future."})
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        if user.grants.in_force(today).filter(role=role, organisation=organisation).exists():
            raise ValidationError({"role": f"{user} holds this role already."})
        grant = RoleGrant(
            user=user,
            role=role,
            organisation=organisation,
            starts=today,
            ends=ends,
            granted_by_name=actor_name(by),
        )
        grant.full_clean()
        _keep(grant, by=by, now=now, reason=reason)
        record_event(
            by=by,
            now=now,
            verb="role granted",
            subject=user,
            after={"role": str(grant), "ends": ends},
            reason=reason,
        )
    forget_grants(user)
    return grant


def end_role(*, grant: RoleGrant, by: Any, now: datetime.datetime, reason: str = "") -> RoleGrant:
    """At once. Raises LastAdministrator or GrantRefused."""
    today = timezone.localtime(now).date()
    if by is not None and getattr(by, "pk", None) == grant.user_id:
        raise GrantRefused("You cannot change your own roles. Ask another administrator.")
    with transaction.atomic():
        _lock_administrators()
        grant = RoleGrant.objects.select_for_update().select_related("user").get(pk=grant.pk)
        if grant.ends is not None and grant.ends <= today:
            return grant
        before = grant.ends
        grant.ends = max(today, grant.starts)
        grant.version += 1
        _keep(grant, by=by, now=now, reason=reason)
        if grant.role == "administrator":
            _assert_an_administrator_remains(today)
        record_event(
            by=by,
            now=now,
            verb="role ended",
            subject=grant.user,
            before={"role": str(grant), "ends": before},
            after={"role": str(grant), "ends": grant.ends},
            reason=reason,
        )
    forget_grants(grant.user)
    return grant


def change_person(
    *,
    user: User,
    changes: Mapping[str, Any],
    expected_version: int,
    by: Any,
    now: datetime.datetime,
) -> User:
    """Name, address, job title. A new address ends open links and resets. Raises as update_record."""
    with transaction.atomic():
        old = user.email
        changed = update_record(
            record=user,
            changes=changes,
            expected_version=expected_version,
            by=by,
            now=now,
            verb="person changed",
        )
        if changed.email != old:
            # Sign-in looks at these too: the former address must not open the account.
            EmailAddress.objects.filter(user_id=user.pk).delete()
            changed.invitations.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(
                withdrawn_at=now
            )
    return changed


def deactivate_person(*, user: User, by: Any, now: datetime.datetime, reason: str = "") -> User:
    """No more sign-in, from now; API tokens and open invitations are gone. Raises as `end_role`."""
    if by is not None and getattr(by, "pk", None) == user.pk:
        raise GrantRefused("You cannot close your own account. Ask another administrator.")
    with transaction.atomic():
        _lock_administrators()
        user = User.objects.select_for_update().get(pk=user.pk)
        if not user.is_active:
            return user
        _set_active(user, False, by=by, now=now, reason=reason)
        _assert_an_administrator_remains(timezone.localtime(now).date())
        user.auth_token_set.all().delete()
        user.invitations.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(
            withdrawn_at=now
        )
        record_event(by=by, now=now, verb="account closed", subject=user, reason=reason)
    return user


def reactivate_person(*, user: User, by: Any, now: datetime.datetime, reason: str = "") -> User:
    """The account opens again with the roles that are still in force."""
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=user.pk)
        if user.is_active:
            return user
        _set_active(user, True, by=by, now=now, reason=reason)
        record_event(by=by, now=now, verb="account reopened", subject=user, reason=reason)
    return user


def _set_active(user: User, active: bool, *, by: Any, now: datetime.datetime, reason: str) -> None:
    user.is_active = active
    user.version += 1
    user._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    user._history_date = now  # type: ignore[attr-defined]
    user._change_reason = reason  # type: ignore[attr-defined]
    user.save()


def _keep(grant: RoleGrant, *, by: Any, now: datetime.datetime, reason: str) -> None:
    grant._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    grant._history_date = now  # type: ignore[attr-defined]
    grant._change_reason = reason  # type: ignore[attr-defined]
    grant.save()


def _lock_administrators() -> None:
    """Two administrators who remove each other at the same moment: the second waits, then is refused."""
    list(
        RoleGrant.objects.select_for_update()
        .filter(role="administrator")
        .order_by("pk")
        .values_list("pk", flat=True)
    )


def _assert_an_administrator_remains(day: datetime.date) -> None:
    """One who has a password: an invitation that nobody has accepted looks after nothing."""
    remaining = (
        RoleGrant.objects.in_force(day)
        .filter(role="administrator", user__is_active=True)
        .exclude(user__password__startswith="!")
    )
    if not remaining.exists():
        raise LastAdministrator

"""A person's way in: the account, the one-time link, and the password they choose."""

from __future__ import annotations

import datetime
import hashlib
import secrets
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse

from ..models import Invitation, User
from ..models.users import normalise_email
from .audit import actor_name, record_event
from .tokens import revoke_tokens_of


class InvitationRefused(ValueError):
    """The link cannot be used. `state` is unknown, used, expired or withdrawn."""

    def __init__(self, state: str, user: User | None = None) -> None:
        super().__init__(state)
        self.state = state
        self.user = user


@dataclass(frozen=True)
class IssuedInvitation:
    """An invitation with its link: the only moment at which the link is known."""

    invitation: Invitation
    link: str


def _digest(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def create_person(
    *, email: str, name: str, by: Any, now: datetime.datetime, job_title: str = ""
) -> User:
    """An account without a password. Raises ValidationError, also when the address is taken."""
    email = normalise_email(email)
    if User.objects.filter(email=email).exists():
        raise ValidationError({"email": "Someone with this e-mail address has an account already."})
    user = User(email=email, name=name.strip(), job_title=job_title.strip())
    user.set_unusable_password()
    user.full_clean(exclude=["password"])
    user._history_user = by if getattr(by, "pk", None) else None  # type: ignore[attr-defined]
    user._history_date = now  # type: ignore[attr-defined]
    with transaction.atomic():
        user.save()
        record_event(
            by=by,
            now=now,
            verb="person added",
            subject=user,
            after={"email": user.email, "name": user.name, "job_title": user.job_title},
        )
    return user


def issue_invitation(*, user: User, by: Any, now: datetime.datetime) -> IssuedInvitation:
    """A new one-time link; earlier ones that are unused stop working. Raises ValidationError."""
    if not user.is_active:
        raise ValidationError("This account is closed. Reopen it before you send an invitation.")
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        user.invitations.filter(used_at__isnull=True, withdrawn_at__isnull=True).update(
            withdrawn_at=now
        )
        invitation = Invitation.objects.create(
            user=user,
            token_hash=_digest(token),
            sent_by_name=actor_name(by),
            sent_at=now,
            expires_at=now + datetime.timedelta(days=settings.INVITATION_DAYS),
        )
        record_event(
            by=by,
            now=now,
            verb="invitation made",
            subject=user,
            after={"expires": invitation.expires_at},
        )
    return IssuedInvitation(
        invitation, settings.SITE_URL + reverse("invitation-accept", kwargs={"token": token})
    )


def email_invitation(*, issued: IssuedInvitation, by: Any, now: datetime.datetime) -> None:
    """Send the link. Call after the transaction is over; raises OSError when the server refuses.

    The row is marked only once the server has taken the message, so that a failure shows.
    """
    invitation = issued.invitation
    context = {
        "person": invitation.user,
        "link": issued.link,
        "expires_at": invitation.expires_at,
        "sent_by": actor_name(by) if by is not None else "",
        "product_name": "Trafford Social Value",
    }
    EmailMessage(
        subject="Your invitation to Trafford Social Value",
        body=render_to_string("account/email/invitation.txt", context),
        to=[invitation.user.email],
    ).send()
    Invitation.objects.filter(pk=invitation.pk).update(emailed_at=now)


def find_invitation(*, token: str, now: datetime.datetime) -> Invitation:
    """The usable invitation behind a link. Raises InvitationRefused."""
    invitation = Invitation.objects.select_related("user").filter(token_hash=_digest(token)).first()
    if invitation is None:
        raise InvitationRefused("unknown")
    if invitation.used_at is not None:
        raise InvitationRefused("used", invitation.user)
    if invitation.withdrawn_at is not None or not invitation.user.is_active:
        raise InvitationRefused("withdrawn", invitation.user)
    if invitation.expires_at <= now:
        raise InvitationRefused("expired", invitation.user)
    return invitation


def accept_invitation(*, token: str, password: str, now: datetime.datetime) -> User:
    """Use the link up and set the password. Raises InvitationRefused or ValidationError (password)."""
    with transaction.atomic():
        found = find_invitation(token=token, now=now)
        user = User.objects.select_for_update().get(pk=found.user_id)
        # Asked again under the lock: two clicks on one link must not both succeed.
        invitation = find_invitation(token=token, now=now)
        try:
            validate_password(password, user)
        except ValidationError as error:
            raise ValidationError({"password": error.messages}) from error
        user.set_password(password)
        user._history_user = user  # type: ignore[attr-defined]
        user._history_date = now  # type: ignore[attr-defined]
        user._change_reason = "Invitation accepted"  # type: ignore[attr-defined]
        user.save()
        invitation.used_at = now
        invitation.save(update_fields=["used_at"])
        record_event(by=user, now=now, verb="invitation accepted", subject=user)
        revoke_tokens_of(user=user, by=user, now=now)
    return user

"""The signed address of a member's calendar. It ends with their password or their role."""

from __future__ import annotations

from typing import Any

from django.core import signing
from django.utils.crypto import salted_hmac

from trafford_sv.core.models import User

SALT = "action_plan.calendar"


def _mark(user: Any) -> str:
    """Changes with the password, so that choosing a new one ends old addresses."""
    return salted_hmac(SALT, f"{user.pk}:{user.password}", algorithm="sha256").hexdigest()[:16]


def token_for(user: Any) -> str:
    return signing.Signer(salt=SALT).sign(f"{user.pk}-{_mark(user)}")


def user_of_token(token: str) -> User:
    """Raises BadSignature or User.DoesNotExist."""
    said = signing.Signer(salt=SALT).unsign(token)
    pk, _, mark = said.partition("-")
    user = User.objects.get(pk=int(pk), is_active=True)
    if mark != _mark(user):
        raise signing.BadSignature("The password has changed since.")
    return user

"""Keys to the API: made, shown once, taken back."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from ..models import ApiToken, User
from .audit import record_event

MOST_TOKENS = 10


def create_token(
    *, user: User, name: str, days: int, by: Any, now: datetime.datetime
) -> tuple[ApiToken, str]:
    """(the token's row, its text). The text is not kept. Raises ValidationError."""
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)
        live = ApiToken.objects.filter(user=user, expiry__gt=now)
        if live.count() >= MOST_TOKENS:
            raise ValidationError(
                f"You have {MOST_TOKENS} tokens. Take one back before you make another."
            )
        token, text = ApiToken.objects.create(user=user, expiry=None, name=name)
        token.expiry = now + datetime.timedelta(days=days)
        token.save(update_fields=["expiry"])
        record_event(
            by=by,
            now=now,
            verb="API token made",
            subject=user,
            after={"token": name, "begins": token.token_key[:8], "expires": token.expiry},
        )
    return token, text


def revoke_token(*, token: ApiToken, by: Any, now: datetime.datetime) -> None:
    """It stops working at once."""
    with transaction.atomic():
        record_event(
            by=by,
            now=now,
            verb="API token taken back",
            subject=token.user,
            before={"token": token.name, "begins": token.token_key[:8]},
        )
        token.delete()


def revoke_tokens_of(*, user: User, by: Any, now: datetime.datetime) -> int:
    """All of a person's tokens, for when somebody else may know the password. How many."""
    tokens = list(ApiToken.objects.filter(user=user))
    for token in tokens:
        revoke_token(token=token, by=by, now=now)
    return len(tokens)

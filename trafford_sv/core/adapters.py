"""How allauth behaves here: people are invited, nobody registers alone."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core import ratelimit
from allauth.core.exceptions import ImmediateHttpResponse
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from .services.audit import record_event
from .services.tokens import revoke_tokens_of


class InvitationOnlyAdapter(DefaultAccountAdapter):
    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def get_from_email(self) -> Any:
        return settings.DEFAULT_FROM_EMAIL

    def get_reset_password_from_key_url(self, key: str) -> str:
        """On the site's own address, whatever host name the request came with."""
        path = reverse("account_reset_password_from_key", kwargs={"uidb36": "UID", "key": "KEY"})
        return settings.SITE_URL + path.replace("UID-KEY", key)

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        """Too many failed sign-ins answer 429, also to a program, instead of one more form."""
        try:
            super().pre_authenticate(request, **credentials)
        except ValidationError as error:
            raise ImmediateHttpResponse(ratelimit.respond_429(request)) from error

    def set_password(self, user: Any, password: str) -> None:
        """A change or a reset, on record like everything else that changes an account. Keys to
        the API go with the old password, in case somebody else knew it."""
        with transaction.atomic():
            super().set_password(user, password)
            now = timezone.now()  # noqa: TID251 - allauth calls this from its own view
            record_event(by=user, now=now, verb="password changed", subject=user)
            revoke_tokens_of(user=user, by=user, now=now)

    def add_message(self, request: HttpRequest, level: int, *args: Any, **kwargs: Any) -> None:
        """The pages say what happened; allauth's own messages would say it twice."""

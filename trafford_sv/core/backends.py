"""Who is signed in, with what they may do: one query instead of two on every page."""

from __future__ import annotations

from typing import Any

from allauth.account.auth_backends import AuthenticationBackend

from .access import user_with_grants


class PeopleWithGrants(AuthenticationBackend):
    """Signs in as the library does; reads whoever comes back together with their grants in force."""

    def get_user(self, user_id: Any) -> Any:
        """None for nobody, and for whoever may no longer sign in."""
        user = user_with_grants(user_id)
        if user is None:
            return super().get_user(user_id)
        return user if self.user_can_authenticate(user) else None

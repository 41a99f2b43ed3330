"""People with tokens, and clients that speak as they do."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from knox.models import get_token_model
from rest_framework.test import APIClient
from rest_framework.throttling import SimpleRateThrottle

from tests.factories import make_organisation, make_user
from trafford_sv.directory.models import Organisation


@pytest.fixture
def tight_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two requests a minute."""
    monkeypatch.setattr(SimpleRateThrottle, "THROTTLE_RATES", {"anon": "2/min", "user": "2/min"})


Client = Callable[..., APIClient]


@pytest.fixture
def client_of(db: None) -> Client:
    """`client_of("supplier", organisation)`: a client with that person's token."""

    def make(role: str = "coordinator", organisation: Organisation | None = None) -> APIClient:
        user = make_user(role, organisation)
        _, token = get_token_model().objects.create(user)
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
        client.user, client.token = user, f"Token {token}"
        return client

    return make


@pytest.fixture
def officer(client_of: Client) -> APIClient:
    return client_of("coordinator")


@pytest.fixture
def directorate(db: None) -> Organisation:
    return make_organisation("Directorate of Invented Services", "council_service")

"""Who gets in, and what they see."""

from __future__ import annotations

import pytest
from rest_framework.test import APIClient

LISTS = ["contracts", "organisations", "wards"]


@pytest.mark.parametrize("name", LISTS)
def test_without_a_token_every_list_is_refused(db: None, name: str) -> None:
    response = APIClient().get(f"/api/v1/{name}/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 401


@pytest.mark.parametrize("name", LISTS)
def test_officer_reads(officer: APIClient, name: str) -> None:
    response = officer.get(f"/api/v1/{name}/")
    assert response.status_code == 200, response.content
    assert response.json()["results"] == []

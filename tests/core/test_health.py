"""The two addresses that machines ask."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from kombu.exceptions import OperationalError

from trafford_sv.core.views import health


def test_the_process_answers_without_a_database(client: Client) -> None:
    # No database mark: a query here would be an error.
    assert client.get("/healthz").json() == {"status": "ok"}


@pytest.mark.django_db
def test_ready_names_each_part(client: Client) -> None:
    answer = client.get("/readyz")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ok",
        "parts": {"database": "ok", "migrations": "ok", "broker": "ok"},
    }


@pytest.mark.django_db
def test_a_broker_that_is_away_gives_503_and_its_name(client: Client, monkeypatch: Any) -> None:
    def away() -> None:
        raise OperationalError("secret-host:6379 refused")

    monkeypatch.setitem(health.PARTS, "broker", away)
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": "ok", "migrations": "ok", "broker": "failed"}
    assert "secret-host" not in answer.content.decode()


@pytest.mark.django_db
def test_a_migration_that_waits_gives_503(client: Client) -> None:
    from django.db.migrations.recorder import MigrationRecorder

    MigrationRecorder.Migration.objects.filter(app="sessions").delete()
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["parts"]["migrations"] == "failed"

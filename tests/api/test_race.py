"""Two programs at the same moment, on a database where moments can be the same."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connections
from knox.models import get_token_model
from rest_framework.test import APIClient

from contracts.models import Contract
from tests.factories import make_contract, make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.directory.models import Organisation

pytestmark = [pytest.mark.services, pytest.mark.django_db(transaction=True)]
TWINS = 6


def at_once(send: Any) -> list[Any]:
    """The answers to TWINS requests sent at the same moment by one person."""
    _, token = get_token_model().objects.create(make_user("coordinator"))
    barrier = Barrier(TWINS)

    def one(number: int) -> Any:
        try:
            client = APIClient(HTTP_AUTHORIZATION=f"Token {token}")
            barrier.wait()
            return send(client, number)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(TWINS) as pool:
        return list(pool.map(one, range(TWINS)))


def test_twins_with_one_key_create_one_record_and_get_one_answer() -> None:
    answers = at_once(
        lambda client, number: client.post(
            "/api/v1/organisations/",
            {"name": "Invented Gardens Ltd"},
            format="json",
            HTTP_IDEMPOTENCY_KEY="twin",
        )
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert sum("Idempotent-Replayed" not in answer for answer in answers) == 1
    assert Organisation.objects.count() == 1


def test_one_of_several_changes_wins_and_the_others_learn_of_it() -> None:
    contract = make_contract()
    answers = at_once(
        lambda client, number: client.patch(
            f"/api/v1/contracts/{contract.pk}/",
            {"title": f"Title {number}"},
            format="json",
            HTTP_IF_MATCH='"1"',
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, *[412] * (TWINS - 1)]
    winner = next(answer for answer in answers if answer.status_code == 200)
    stored = Contract.objects.get()
    assert (stored.title, stored.version) == (winner.json()["title"], 2)
    for answer in answers:
        if answer.status_code == 412:
            assert answer.json()["stored"]["title"] == stored.title
    assert AuditEvent.objects.count() == 1


def test_two_contracts_with_one_reference_are_a_refusal_not_a_failure() -> None:
    answers = at_once(
        lambda client, number: client.post(
            "/api/v1/contracts/", {"reference": "SAME", "title": f"T {number}"}, format="json"
        )
    )
    codes = sorted(answer.status_code for answer in answers)
    assert codes[0] == 201
    assert set(codes[1:]) <= {400, 409}
    assert Contract.objects.count() == 1

"""Writing through the API: nobody's change is lost, and nothing is done twice."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from contracts.models import Contract
from tests.api.conftest import Client
from tests.factories import (
    make_category,
    make_contract,
    make_organisation,
    make_threshold,
    make_ward,
)
from trafford_sv.core.models import AuditEvent, IdempotentAnswer
from trafford_sv.directory.models import Organisation

NEW = {"name": "Invented Gardens Ltd", "kinds": ["supplier"]}


def test_an_organisation_is_recorded_read_and_changed(officer: APIClient) -> None:
    made = officer.post(
        "/api/v1/organisations/",
        {
            **NEW,
            "size": "small",
            "is_voluntary": False,
            "identifiers": [{"scheme": "other", "value": "G-1", "source": "Test"}],
            "aliases": ["Gardens Invented"],
            "stated_locality": "elsewhere",
            "reason": "Told by telephone",
        },
        format="json",
    )
    assert made.status_code == 201, made.content
    read = officer.get(made["Location"])
    assert read.json() == made.json()
    assert read["ETag"] == made["ETag"]
    assert read.json()["locality"] == "elsewhere"
    changed = officer.patch(
        made["Location"],
        {"name": "Invented Parks Ltd", "kinds": ["supplier", "partner"]},
        format="json",
        HTTP_IF_MATCH=made["ETag"],
    )
    assert changed.status_code == 200, changed.content
    assert (changed.json()["name"], changed.json()["version"]) == ("Invented Parks Ltd", 2)
    assert changed.json()["kinds"] == ["partner", "supplier"]
    assert changed.json()["size"] == "small"
    events = list(AuditEvent.objects.order_by("sequence"))
    assert [event.verb for event in events] == ["organisation recorded", "organisation changed"]
    assert {event.actor_id for event in events} == {officer.user.pk}
    assert events[0].reason == "Told by telephone"


def test_a_contract_is_recorded_with_its_award_and_explained(
    officer: APIClient, directorate: Organisation
) -> None:
    make_threshold("50000")
    make_ward("E05999998", "Invented ward")
    first, second = make_organisation("Alder Invented"), make_organisation("Birch Invented")
    made = officer.post(
        "/api/v1/contracts/",
        {
            "reference": "API-1",
            "title": "Grounds",
            "directorate": directorate.pk,
            "category": make_category().code,
            "wards": ["E05999998"],
            "start": "2025-06-01",
            "end": "2027-05-31",
            "awards": [
                {
                    "awarded_on": "2025-05-03",
                    "value_pounds": "180000.00",
                    "suppliers": [first.pk, second.pk],
                }
            ],
        },
        format="json",
    )
    assert made.status_code == 201, made.content
    body = made.json()
    # One award of £180,000 shared by two suppliers is £180,000, not £360,000.
    assert (body["value_pounds"], body["value_state"]) == ("180000.00", "awarded")
    assert {supplier["id"] for supplier in body["awards"][0]["suppliers"]} == {first.pk, second.pk}
    assert body["must_carry"] is True
    assert "3 May 2025" in body["must_carry_explanation"]
    assert "£50,000" in body["must_carry_explanation"]
    assert body["wards"] == [{"code": "E05999998", "boundary_year": 2023, "name": "Invented ward"}]
    row = officer.get("/api/v1/contracts/").json()["results"][0]
    assert row["value_pounds"] == "180000.00"
    assert row["must_carry_explanation"] == body["must_carry_explanation"]
    names = {supplier["name"] for supplier in row["suppliers"]}
    assert names == {"Alder Invented", "Birch Invented"}
    assert row["ward_codes"] == ["E05999998"]


def test_an_award_is_added_and_changed(officer: APIClient) -> None:
    contract = make_contract()
    address = f"/api/v1/contracts/{contract.pk}/"
    before = officer.get(address)
    assert (before.json()["value_pounds"], before.json()["value_state"]) == (None, "not_recorded")
    made = officer.post(
        f"{address}awards/", {"awarded_on": "2025-05-03", "value_pounds": "10.50"}, format="json"
    )
    assert made.status_code == 201, made.content
    changed = officer.patch(
        made["Location"], {"value_pounds": "11.50"}, format="json", HTTP_IF_MATCH=made["ETag"]
    )
    assert (changed.status_code, changed.json()["value_pounds"]) == (200, "11.50")
    again = officer.patch(
        made["Location"], {"value_pounds": "12.50"}, format="json", HTTP_IF_MATCH=made["ETag"]
    )
    assert again.status_code == 412
    after = officer.get(address)
    assert after.json()["value_pounds"] == "11.50"
    # The contract's own version stands, and yet its ETag changed with what it shows.
    assert after.json()["version"] == before.json()["version"]
    assert after["ETag"] != before["ETag"]


def test_not_changed_since(officer: APIClient) -> None:
    contract = make_contract()
    address = f"/api/v1/contracts/{contract.pk}/"
    etag = officer.get(address)["ETag"]
    for header in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        response = officer.get(address, HTTP_IF_NONE_MATCH=header)
        assert (response.status_code, response.content) == (304, b"")
        assert response["ETag"] == etag
    assert officer.get(address, HTTP_IF_NONE_MATCH='"other"').status_code == 200


@pytest.mark.parametrize("header", [None, "", "*"])
def test_a_change_must_say_which_version_it_is_of(officer: APIClient, header: str | None) -> None:
    contract = make_contract()
    headers = {} if header is None else {"HTTP_IF_MATCH": header}
    response = officer.patch(
        f"/api/v1/contracts/{contract.pk}/", {"title": "Z"}, format="json", **headers
    )
    assert response.status_code == 428
    assert Contract.objects.get().title != "Z"


def test_the_loser_of_a_race_sees_both_versions(officer: APIClient, client_of: Client) -> None:
    contract = make_contract(title="First")
    address = f"/api/v1/contracts/{contract.pk}/"
    etag = officer.get(address)["ETag"]
    other = client_of("coordinator")
    won = other.patch(address, {"title": "Theirs"}, format="json", HTTP_IF_MATCH=etag)
    assert won.status_code == 200
    lost = officer.patch(address, {"title": "Mine"}, format="json", HTTP_IF_MATCH=etag)
    assert lost.status_code == 412
    body = lost.json()
    assert body["stored"]["title"] == "Theirs"
    assert body["attempted"] == {"title": "Mine"}
    assert (body["stored_version"], body["expected_version"]) == (2, 1)
    assert Contract.objects.get().title == "Theirs"
    retry = officer.patch(address, {"title": "Mine"}, format="json", HTTP_IF_MATCH=won["ETag"])
    assert (retry.status_code, retry.json()["version"]) == (200, 3)


def test_the_same_key_and_body_is_done_once(officer: APIClient) -> None:
    answers = [
        officer.post("/api/v1/organisations/", NEW, format="json", HTTP_IDEMPOTENCY_KEY="key-1")
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert answers[0].json() == answers[1].json() == answers[2].json()
    assert answers[1]["Location"] == answers[0]["Location"]
    assert answers[1]["ETag"] == answers[0]["ETag"]
    assert "Idempotent-Replayed" not in answers[0]
    assert answers[1]["Idempotent-Replayed"] == "true"
    assert Organisation.objects.count() == 1


def test_the_same_key_for_something_else_is_refused(officer: APIClient, client_of: Client) -> None:
    def post(client: APIClient, address: str, body: dict[str, Any]) -> int:
        return client.post(
            f"/api/v1/{address}/", body, format="json", HTTP_IDEMPOTENCY_KEY="key-1"
        ).status_code

    assert post(officer, "organisations", NEW) == 201
    assert post(officer, "organisations", {**NEW, "name": "Another"}) == 422
    assert post(officer, "contracts", {"reference": "A", "title": "B"}) == 422
    # Keys are each person's own.
    assert post(client_of("coordinator"), "organisations", {**NEW, "name": "Another"}) == 201


def test_a_refused_request_may_be_corrected_under_its_key(officer: APIClient) -> None:
    bad = officer.post(
        "/api/v1/organisations/", {"name": ""}, format="json", HTTP_IDEMPOTENCY_KEY="key-1"
    )
    assert bad.status_code == 400
    good = officer.post("/api/v1/organisations/", NEW, format="json", HTTP_IDEMPOTENCY_KEY="key-1")
    assert good.status_code == 201


def test_a_key_lives_for_a_day(officer: APIClient) -> None:
    start = datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC)
    for hours, status in ((0, 201), (23, 422), (25, 201)):
        with time_machine.travel(start + datetime.timedelta(hours=hours), tick=False):
            response = officer.post(
                "/api/v1/organisations/",
                {**NEW, "name": f"Invented {hours}"},
                format="json",
                HTTP_IDEMPOTENCY_KEY="key-1",
            )
            assert response.status_code == status
    assert IdempotentAnswer.objects.count() == 1


@pytest.mark.parametrize("key", ["", "two words", "a" * 201, "é"])
def test_a_key_has_a_shape(officer: APIClient, key: str) -> None:
    response = officer.post("/api/v1/organisations/", NEW, format="json", HTTP_IDEMPOTENCY_KEY=key)
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "Idempotency-Key"

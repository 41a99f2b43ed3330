"""Commitments for programs: what is listed, written, withheld and refused."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from contracts.models import Commitment, Contract
from tests.factories import make_organisation, make_user, make_ward
from tests.factories_delivery import make_commitment, make_edition, make_measure

pytestmark = pytest.mark.django_db
LIST = "/api/v1/commitments/"


def client_of(role: str = "coordinator", organisation: Any = None) -> APIClient:
    client = APIClient()
    client.force_login(make_user(role, organisation))
    return client


@pytest.fixture
def officer() -> APIClient:
    return client_of()


def results(client: APIClient, query: str = "") -> list[dict[str, Any]]:
    answer = client.get(LIST + query)
    assert answer.status_code == 200, answer.content
    rows: list[dict[str, Any]] = answer.json()["results"]
    return rows


def test_a_commitment_is_listed_with_its_pinned_value_and_quarters(officer: APIClient) -> None:
    made = make_commitment(title="Placements")
    made.wards.add(make_ward("E05099001"))
    (row,) = results(officer)
    assert (row["promised_quantity"], row["value_pounds"], row["committed_pounds"]) == (
        "100.0000", "10.000000", "1000.00",
    )  # fmt: skip
    assert row["profile"][0] == {"quarter": "2026-27-Q1", "due_quantity": "25.0000"}
    assert row["ward_codes"] == ["E05099001"]
    answer = officer.get(f"{LIST}{made.pk}/")
    assert answer.json() == row and answer["ETag"].startswith('"1-')


def test_the_file_holds_the_same(officer: APIClient) -> None:
    make_commitment()
    make_commitment(agreed=False)
    answer = officer.get(f"{LIST}?format=csv&state=agreed")
    (row,) = csv.DictReader(io.StringIO(answer.getvalue().decode()))
    assert row["committed_pounds"] == "1000.00" and "profile" not in row


def test_what_a_licence_keeps_in_is_null_for_everyone() -> None:
    edition = make_edition(values_may_be_published=False, text_may_be_published=False)
    make_commitment(measure=make_measure(edition, value="12.34"))
    for role in ("administrator", "coordinator", "auditor"):
        client = client_of(role)
        (row,) = results(client)
        assert row["value_pounds"] is row["committed_pounds"] is row["measure_title"] is None
        text = client.get(f"{LIST}?format=csv").getvalue().decode()
        assert "12.34" not in text and "1234" not in text


def test_a_supplier_has_its_own_without_drafts() -> None:
    made = make_commitment()
    draft = make_commitment(made.contract, supplier=made.supplier, agreed=False)
    other = make_commitment(made.contract, supplier=make_organisation())
    client = client_of("supplier", made.supplier)
    assert [row["id"] for row in results(client)] == [made.pk]
    for hidden in (draft, other):
        assert client.get(f"{LIST}{hidden.pk}/").status_code == 404
    assert client.patch(f"{LIST}{made.pk}/", {"title": "x"}, format="json").status_code == 403


def test_a_draft_is_written_and_changed(officer: APIClient) -> None:
    there = make_commitment()
    body = {
        "contract": there.contract_id,
        "supplier": there.supplier_id,
        "measure": there.measure_id,
        "promised_quantity": "10",
        "profile": [{"quarter": "2026-27-Q4", "due_quantity": "10"}],
    }
    answer = officer.post(LIST, body, format="json")
    assert answer.status_code == 201, answer.content
    made = answer.json()
    assert made["state"] == "draft" and made["committed_pounds"] is None
    assert made["profile"] == [{"quarter": "2026-27-Q4", "due_quantity": "10.0000"}]
    address = f"{LIST}{made['id']}/"
    change = {
        "promised_quantity": "12",
        "profile": [{"quarter": "2026-27-Q3", "due_quantity": "12"}],
    }
    assert officer.patch(address, change, format="json").status_code == 428
    changed = officer.patch(address, change, format="json", HTTP_IF_MATCH=answer["ETag"])
    assert changed.status_code == 200, changed.content
    assert changed.json()["promised_quantity"] == "12.0000"
    late = officer.patch(address, change, format="json", HTTP_IF_MATCH=answer["ETag"])
    assert late.status_code == 412


def test_a_change_that_does_not_add_up_changes_nothing(officer: APIClient) -> None:
    made = make_commitment(agreed=False)
    address = f"{LIST}{made.pk}/"
    etag = officer.get(address)["ETag"]
    change = {
        "promised_quantity": "12",
        "profile": [{"quarter": "2026-27-Q3", "due_quantity": "1"}],
    }
    answer = officer.patch(address, change, format="json", HTTP_IF_MATCH=etag)
    assert answer.status_code == 400 and "11 missing" in answer.content.decode()
    made.refresh_from_db()
    assert (made.promised_quantity, made.version) == (100, 1)


@pytest.mark.parametrize(
    "body",
    [
        {"promised_quantity": "-1"},
        {"promised_quantity": "NaN"},
        {"committed_pounds": "5"},
        {"profile": [{"quarter": "2026", "due_quantity": "1"}]},
    ],
)
def test_what_makes_no_sense_is_refused(officer: APIClient, body: dict[str, Any]) -> None:
    made = make_commitment(agreed=False)
    address = f"{LIST}{made.pk}/"
    answer = officer.patch(address, body, format="json", HTTP_IF_MATCH=officer.get(address)["ETag"])
    assert answer.status_code == 400
    assert answer["Content-Type"].startswith("application/problem+json")


def test_the_terms_of_what_is_agreed_are_not_changed(officer: APIClient) -> None:
    made = make_commitment()
    address = f"{LIST}{made.pk}/"
    answer = officer.patch(
        address,
        {"promised_quantity": "1"},
        format="json",
        HTTP_IF_MATCH=officer.get(address)["ETag"],
    )
    assert answer.status_code == 400 and "Vary it instead" in answer.content.decode()


def test_a_contract_manager_writes_in_the_own_directorate_only() -> None:
    there = make_commitment()
    parks = make_organisation("Parks (invented)", "council_service")
    client = client_of("contract_manager", parks)
    body = {
        "contract": there.contract_id,
        "supplier": there.supplier_id,
        "measure": there.measure_id,
        "promised_quantity": "10",
    }
    assert client.post(LIST, body, format="json").status_code == 400  # not to be seen: no such id
    Contract.objects.update(directorate=parks)
    assert client.post(LIST, body, format="json").status_code == 201
    assert Commitment.objects.count() == 2


def test_the_number_of_queries_does_not_grow(officer: APIClient) -> None:
    made = make_commitment()

    def queries() -> int:
        with CaptureQueriesContext(connection) as held:
            results(officer)
        return len(held)

    one = queries()
    for _ in range(20):
        make_commitment(made.contract, supplier=made.supplier).wards.add(make_ward())
    assert queries() == one <= 7

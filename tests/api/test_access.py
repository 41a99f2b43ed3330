"""Who gets in, and what they see."""

from __future__ import annotations

import datetime

import pytest
from knox.models import get_token_model
from rest_framework.test import APIClient

from tests.api.conftest import Client
from tests.factories import make_contract, make_organisation, make_user, make_ward
from trafford_sv.directory.models import Organisation, RoleGrant

LISTS = ["contracts", "organisations", "wards"]


@pytest.mark.parametrize("name", LISTS)
def test_without_a_token_every_list_is_refused(db: None, name: str) -> None:
    response = APIClient().get(f"/api/v1/{name}/")
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert response["Content-Type"] == "application/problem+json"
    assert response.json()["status"] == 401


@pytest.mark.parametrize(
    "header",
    ["Token", "Token wrong", "Token two words", "Token \udcff", "Bearer abc", "Token " + "a" * 64],
)
def test_a_wrong_token_is_refused(db: None, header: str) -> None:
    client = APIClient(
        HTTP_AUTHORIZATION=header.encode("utf-8", "surrogateescape").decode("latin-1")
    )
    assert client.get("/api/v1/contracts/").status_code == 401


def test_an_expired_token_is_refused_and_other_tokens_live_on(client_of: Client) -> None:
    client = client_of("coordinator")
    _, old = get_token_model().objects.create(client.user, expiry=datetime.timedelta(seconds=-1))
    late = APIClient(HTTP_AUTHORIZATION=f"Token {old}")
    assert late.get("/api/v1/contracts/").status_code == 401
    assert client.get("/api/v1/contracts/").status_code == 200


def test_a_closed_account_is_refused(officer: APIClient) -> None:
    officer.user.is_active = False
    officer.user.save()
    assert officer.get("/api/v1/contracts/").status_code == 401


def test_a_role_that_has_ended_opens_nothing(officer: APIClient) -> None:
    RoleGrant.objects.update(ends=datetime.date(2020, 12, 31))
    assert officer.get("/api/v1/contracts/").status_code == 403


def test_a_session_reads_and_must_prove_itself_to_write(db: None) -> None:
    user = make_user("coordinator")
    client = APIClient(enforce_csrf_checks=True)
    client.force_login(user, backend="trafford_sv.core.backends.PeopleWithGrants")
    assert client.get("/api/v1/contracts/").status_code == 200
    response = client.post("/api/v1/organisations/", {"name": "Invented"}, format="json")
    assert response.status_code == 403
    assert "CSRF" in response.json()["detail"]
    assert not Organisation.objects.exists()


ALLOWED = {
    "administrator": {"contracts", "organisations", "wards"},
    "coordinator": {"contracts", "organisations", "wards"},
    "contract_manager": {"contracts", "organisations", "wards"},
    "star_officer": {"contracts", "organisations", "wards"},
    "steering_member": {"contracts", "organisations", "wards"},
    "steering_chair": {"contracts", "organisations", "wards"},
    "auditor": {"contracts", "organisations", "wards"},
    "supplier": {"contracts", "wards"},
    "hub": {"wards"},
    "": set(),
}


@pytest.mark.parametrize("role", ALLOWED)
def test_each_role_reads_what_its_line_of_the_table_says(client_of: Client, role: str) -> None:
    own = make_organisation() if role in ("contract_manager", "supplier", "hub") else None
    client = client_of(role, own)
    answers = {name: client.get(f"/api/v1/{name}/").status_code for name in LISTS}
    assert answers == {name: 200 if name in ALLOWED[role] else 403 for name in LISTS}


@pytest.mark.parametrize("role", ["auditor", "steering_member", "supplier"])
def test_readers_change_nothing(client_of: Client, role: str) -> None:
    supplier = make_organisation()
    contract = make_contract(
        value="60000", awarded_on=datetime.date(2025, 5, 3), suppliers=[supplier]
    )
    client = client_of(role, supplier if role == "supplier" else None)
    body = {"reference": "X", "title": "Y"}
    assert client.post("/api/v1/contracts/", body, format="json").status_code == 403
    response = client.patch(
        f"/api/v1/contracts/{contract.pk}/", {"title": "Z"}, format="json", HTTP_IF_MATCH='"1"'
    )
    assert response.status_code == 403
    award = contract.awards.get()
    address = f"/api/v1/contracts/{contract.pk}/awards/{award.pk}/"
    assert (
        client.patch(address, {"title": "Z"}, format="json", HTTP_IF_MATCH='"1"').status_code == 403
    )
    assert (
        client.post(f"/api/v1/contracts/{contract.pk}/awards/", {}, format="json").status_code
        == 403
    )


class Two:
    """Two suppliers, each with contracts of its own, and one that they share."""

    def __init__(self, client_of: Client) -> None:
        day = datetime.date(2025, 5, 3)
        self.a, self.b = make_organisation("Alder Invented"), make_organisation("Birch Invented")
        self.of_a = [
            make_contract(value="60000", awarded_on=day, suppliers=[self.a], title=f"Alder {n}")
            for n in range(3)
        ]
        self.of_b = [
            make_contract(value="70000", awarded_on=day, suppliers=[self.b], title=f"Birch {n}")
            for n in range(3)
        ]
        self.shared = make_contract(
            value="80000", awarded_on=day, suppliers=[self.a, self.b], title="Shared"
        )
        self.of_b[0].predecessor = self.of_a[0]
        self.of_b[0].save()
        self.client = client_of("supplier", self.a)


@pytest.fixture
def two(client_of: Client) -> Two:
    return Two(client_of)


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?q=Birch",
        "?limit=1",
        "?limit=500",
        "?must_carry=yes",
        "?portfolio=all",
        "?stage=pipeline",
        "?format=csv",
        "?format=csv&q=Birch",
        "?value_from=65000",
        "?as_of=2030-01-01",
    ],
)
def test_a_supplier_lists_only_its_own(two: Two, query: str) -> None:
    address: str | None = f"/api/v1/contracts/{query}"
    seen = ""
    while address:
        response = two.client.get(address)
        assert response.status_code == 200, response.content
        if "csv" in query:
            seen += response.getvalue().decode()
            break
        seen += response.content.decode()
        address = response.json()["next"]
    for contract in two.of_b:
        assert contract.reference not in seen
        assert contract.title not in seen


def test_a_supplier_opens_only_its_own(two: Two) -> None:
    assert two.client.get(f"/api/v1/contracts/{two.shared.pk}/").status_code == 200
    for contract in two.of_b:
        assert two.client.get(f"/api/v1/contracts/{contract.pk}/").status_code == 404
        award = contract.awards.get()
        for holder in (contract, two.of_a[0]):
            address = f"/api/v1/contracts/{holder.pk}/awards/{award.pk}/"
            assert two.client.get(address).status_code == 404


def test_another_suppliers_successor_is_not_shown(two: Two) -> None:
    assert two.client.get(f"/api/v1/contracts/{two.of_a[0].pk}/").json()["successors"] == []


def test_a_cursor_from_someone_else_shows_nothing_more(two: Two, client_of: Client) -> None:
    other = client_of("supplier", two.b)
    theirs = other.get("/api/v1/contracts/?limit=1").json()["next"]
    results = two.client.get(theirs).json()["results"]
    assert {row["title"] for row in results} <= {"Alder 0", "Alder 1", "Alder 2", "Shared"}


def test_an_award_that_came_to_nothing_is_not_shown_to_other_suppliers(
    two: Two, officer: APIClient
) -> None:
    from tests.factories import make_award

    lost = make_award(two.of_a[0], suppliers=[two.b], status="unsuccessful")
    address = f"/api/v1/contracts/{two.of_a[0].pk}/"
    assert "Birch" not in two.client.get(address).content.decode()
    assert two.client.get(f"{address}awards/{lost.pk}/").status_code == 404
    assert "Birch" in officer.get(address).content.decode()


def test_a_contract_manager_reads_and_writes_the_own_directorate_only(
    client_of: Client, directorate: Organisation
) -> None:
    elsewhere = make_organisation("Another directorate", "council_service")
    mine, theirs = make_contract(directorate=directorate), make_contract(directorate=elsewhere)
    client = client_of("contract_manager", directorate)
    assert [row["id"] for row in client.get("/api/v1/contracts/").json()["results"]] == [mine.pk]
    assert client.get(f"/api/v1/contracts/{theirs.pk}/").status_code == 404

    def patch(pk: int, body: dict[str, object]) -> int:
        return client.patch(
            f"/api/v1/contracts/{pk}/", body, format="json", HTTP_IF_MATCH='"1"'
        ).status_code

    assert patch(theirs.pk, {"title": "Taken"}) == 404
    assert patch(mine.pk, {"directorate": elsewhere.pk}) == 403
    assert patch(mine.pk, {"predecessor": theirs.pk}) == 400
    assert patch(mine.pk, {"title": "Renamed"}) == 200
    body = {"reference": "N1", "title": "New"}
    assert client.post("/api/v1/contracts/", body, format="json").status_code == 403
    body["directorate"] = elsewhere.pk
    assert client.post("/api/v1/contracts/", body, format="json").status_code == 403
    body["directorate"] = directorate.pk
    assert client.post("/api/v1/contracts/", body, format="json").status_code == 201


def test_wards_are_open_to_every_role(client_of: Client) -> None:
    make_ward("E05999999", "Invented ward")
    client = client_of("hub", make_organisation("A hub", "hub"))
    assert client.get("/api/v1/wards/2023/E05999999/").json()["name"] == "Invented ward"

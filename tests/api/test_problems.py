"""Every error is problem details, whatever was asked for and wherever it arose."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError
from django.db.models import ProtectedError
from django.test import RequestFactory
from rest_framework.test import APIClient

from tests.factories import make_contract, make_organisation
from trafford_sv.core.api.problems import KINDS
from trafford_sv.core.api.views import ApiView
from trafford_sv.core.models import User


def problem(response: Any, status: int, code: str) -> dict[str, Any]:
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    body = response.json()
    assert set(body) >= {"type", "title", "status", "detail", "errors"}
    assert body["status"] == status
    assert body["type"] == f"/api/v1/problems/{code}/"
    return body  # type: ignore[no-any-return]


@pytest.mark.parametrize(
    "address",
    [
        "nothing/",
        "contracts/1/nothing/",
        "contracts/999999/",
        "organisations/99999999999999999999/",
        "organisations/%0a%f2/",
    ],
)
def test_404(officer: APIClient, address: str) -> None:
    problem(officer.get(f"/api/v1/{address}"), 404, "not-found")


def test_404_needs_no_token(db: None) -> None:
    problem(APIClient().post("/api/v1/nothing/"), 404, "not-found")


def test_a_forgotten_slash_is_forgiven(db: None) -> None:
    response = APIClient().get("/api/v1/contracts?q=a")
    assert (response.status_code, response["Location"]) == (308, "/api/v1/contracts/?q=a")
    problem(APIClient().post("/api/v1/contracts"), 404, "not-found")


@pytest.mark.parametrize("method", ["put", "delete", "patch", "trace"])
def test_405(officer: APIClient, method: str) -> None:
    response = officer.generic(method.upper(), "/api/v1/contracts/")
    problem(response, 405, "method-not-allowed")
    assert response["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_406(officer: APIClient) -> None:
    problem(officer.get("/api/v1/contracts/", HTTP_ACCEPT="text/html"), 406, "not-acceptable")
    contract = make_contract()
    address = f"/api/v1/contracts/{contract.pk}/"
    problem(officer.get(address, HTTP_ACCEPT="text/csv"), 406, "not-acceptable")


def test_415(officer: APIClient) -> None:
    response = officer.post("/api/v1/organisations/", "name=X", content_type="text/plain")
    problem(response, 415, "unsupported-media-type")


@pytest.mark.parametrize(
    "body",
    ["", "{", '{"name": NaN}', b"\xff\xfe", "[" * 100_000, '{"name": "a"} and more'],
)
def test_malformed_json(officer: APIClient, body: str | bytes) -> None:
    response = officer.post("/api/v1/organisations/", body, content_type="application/json")
    assert response.status_code == 400
    assert response["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize("body", ["[]", '"text"', "1", "null", "true"])
def test_json_that_is_no_object(officer: APIClient, body: str) -> None:
    response = officer.post("/api/v1/organisations/", body, content_type="application/json")
    problem(response, 400, "invalid-values")


def test_413(officer: APIClient, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 1000
    response = officer.post("/api/v1/organisations/", {"name": "a" * 2000}, format="json")
    problem(response, 413, "too-large")


def test_429(officer: APIClient, tight_limit: None) -> None:
    for _ in range(2):
        assert officer.get("/api/v1/wards/").status_code == 200
    response = officer.get("/api/v1/wards/")
    problem(response, 429, "too-many-requests")
    assert 1 <= int(response["Retry-After"]) <= 60


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("contracts/?stage=nonsense", "stage"),
        ("contracts/?must_carry=maybe", "must_carry"),
        ("contracts/?value_from=lots", "value_from"),
        ("contracts/?award_year=2025-27", "award_year"),
        ("contracts/?directorate=999999", "directorate"),
        ("contracts/?as_of=31/02/2026", "as_of"),
        ("contracts/?as_of=2026-02-31", "as_of"),
        ("contracts/?limit=0", "limit"),
        ("contracts/?limit=-1", "limit"),
        ("contracts/?limit=ten", "limit"),
        ("contracts/?cursor=abc", "cursor"),
        ("contracts/?cursor=YWZ0ZXI6MTAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDA=", "cursor"),
        ("contracts/?cursor=%00", "cursor"),
        ("contracts/?format=xml", "format"),
        ("organisations/?kind=wizard", "kind"),
        ("wards/?boundary_year=soon", "boundary_year"),
        ("wards/?geometry=perhaps", "geometry"),
    ],
)
def test_a_value_that_is_not_valid_is_named(officer: APIClient, query: str, field: str) -> None:
    body = problem(officer.get(f"/api/v1/{query}"), 400, "invalid-values")
    assert [error["field"] for error in body["errors"]] == [field]
    assert body["errors"][0]["detail"]


def test_an_unknown_parameter_is_answered_with_the_known_ones(officer: APIClient) -> None:
    body = problem(officer.get("/api/v1/contracts/?stagee=live"), 400, "unknown-parameter")
    assert "“stagee”" in body["detail"]
    for name in ("stage", "must_carry", "limit", "cursor", "format", "as_of"):
        assert name in body["detail"]


def test_an_unknown_field_is_answered_with_the_known_ones(officer: APIClient) -> None:
    response = officer.post("/api/v1/organisations/", {"name": "A", "nmae": "B"}, format="json")
    body = problem(response, 400, "invalid-values")
    assert body["errors"][0]["field"] == "nmae"
    assert "legal_name" in body["errors"][0]["detail"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("title", 5),
        ("is_framework", 0),
        ("is_framework", "true"),
        ("estimated_value_pounds", 12.5),
        ("estimated_value_pounds", "1e5x"),
        ("stage", 1),
        ("directorate", "1"),
        ("directorate", True),
        ("wards", "E05015239"),
        ("wards", [1]),
        ("start", 20260501),
        ("category", 45000000),
    ],
)
def test_a_value_of_another_type_is_not_guessed_at(
    officer: APIClient, field: str, value: object
) -> None:
    body = {"reference": "A", "title": "B", field: value}
    found = problem(officer.post("/api/v1/contracts/", body, format="json"), 400, "invalid-values")
    assert {error["field"].split(".")[0] for error in found["errors"]} == {field}


def test_each_wrong_field_is_named_even_inside_a_list(officer: APIClient) -> None:
    response = officer.post(
        "/api/v1/contracts/",
        {"title": "", "awards": [{}, {"value_pounds": "lots"}], "wards": ["E0"]},
        format="json",
    )
    fields = [error["field"] for error in problem(response, 400, "invalid-values")["errors"]]
    assert set(fields) == {"reference", "title", "awards.1.value_pounds", "wards"}


def test_a_rule_of_the_service_is_a_problem_too(officer: APIClient) -> None:
    make_contract(reference="TAKEN")
    body = {"reference": "TAKEN", "title": "A", "start": "2026-05-01", "end": "2026-04-01"}
    found = problem(officer.post("/api/v1/contracts/", body, format="json"), 400, "invalid-values")
    assert {error["field"] for error in found["errors"]} == {"reference", "end"}


def test_a_refused_award_leaves_no_contract_behind(officer: APIClient) -> None:
    body = {
        "reference": "F1",
        "title": "A",
        "is_framework": True,
        "awards": [{"value_pounds": "5"}],
    }
    found = problem(officer.post("/api/v1/contracts/", body, format="json"), 400, "invalid-values")
    assert {error["field"] for error in found["errors"]} >= {"awards.0.value_pounds"}
    assert officer.get("/api/v1/contracts/").json()["results"] == []


class Failing(ApiView):
    """A view that fails as it is told to."""

    permission = "use_api"
    failure: Exception = RuntimeError("told to")

    def get(self, request: Any) -> None:
        raise self.failure


def _fail(user: User, failure: Exception) -> Any:
    request = RequestFactory().get("/api/v1/failing/", HTTP_ACCEPT="text/csv, */*")
    request.user = user
    response = Failing.as_view(failure=failure, authentication_classes=[SignedIn])(request)
    response.json = lambda: response.data
    return response.render()


class SignedIn:
    def authenticate(self, request: Any) -> Any:
        return request._request.user, None

    def authenticate_header(self, request: Any) -> str:
        return "Token"


def test_deleting_what_others_depend_on_is_a_conflict(officer: APIClient) -> None:
    organisation = make_organisation()
    failure = ProtectedError("protected", {organisation})
    problem(_fail(officer.user, failure), 409, "conflict")
    problem(_fail(officer.user, IntegrityError("unique")), 409, "conflict")


def test_a_failure_of_ours_says_so_and_shows_nothing_of_it(
    officer: APIClient, caplog: pytest.LogCaptureFixture
) -> None:
    body = problem(_fail(officer.user, RuntimeError("secret detail")), 500, "server-error")
    assert "secret" not in str(body)
    assert "secret detail" in caplog.text


def test_every_kind_of_problem_is_explained(db: None) -> None:
    client = APIClient()
    rows = client.get("/api/v1/problems/").json()["results"]
    assert len(rows) == len(KINDS)
    for row in rows:
        assert client.get(row["type"]).json() == row
    problem(client.get("/api/v1/problems/other/"), 404, "not-found")


def test_head_and_options(officer: APIClient) -> None:
    make_contract()
    head = officer.head("/api/v1/contracts/")
    assert (head.status_code, head.content) == (200, b"")
    options = officer.options("/api/v1/contracts/")
    assert (options.status_code, options["Allow"]) == (204, "GET, POST, HEAD, OPTIONS")
    assert officer.head("/api/v1/contracts/?format=csv").status_code == 200

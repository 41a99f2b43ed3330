"""The API keeps to its own schema, for what is right and for what is wrong."""

from __future__ import annotations

import datetime
import functools
import os
import re
from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.validation import validate_schema
from hypothesis import HealthCheck, Phase, given, seed, settings
from rest_framework.test import APIClient
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks as conformance

from contracts.models import Contract
from tests.api.conftest import Client
from tests.factories import make_contract, make_organisation, make_threshold, make_ward
from trafford_sv.wsgi import application


def test_the_schema_is_openapi_3_1_without_a_warning(db: None, tmp_path: Any) -> None:
    call_command(
        "spectacular", validate=True, fail_on_warn=True, file=str(tmp_path / "schema.yaml")
    )
    schema = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(schema)
    assert schema["openapi"].startswith("3.1")
    for path, item in schema["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (path, method)
            assert operation["security"], (path, method)
            assert "401" in operation["responses"], (path, method)


@pytest.mark.parametrize("address", ["", "schema/", "schema/?format=json", "docs/", "problems/"])
def test_what_holds_no_data_needs_no_sign_in(db: None, address: str) -> None:
    assert APIClient().get(f"/api/v1/{address}").status_code == 200


def test_the_page_runs_nothing_inline(db: None) -> None:
    response = APIClient().get("/api/v1/docs/")
    text = response.content.decode()
    assert "<style" not in text
    assert " style=" not in text
    scripts = re.findall(r"<script\b[^>]*>", text)
    assert len(scripts) == 3
    assert all("src=" in script for script in scripts)
    assert "default-src 'self'" in response["Content-Security-Policy"]


@pytest.fixture
def one_connection(db: None) -> Iterator[None]:
    """Requests through WSGI share the test's transaction: nothing hangs up between them."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


# More where `make test-services` walks further.
EXAMPLES = 5 if os.environ.get("WALK") is None else 20
TAGS = [
    "actions", "bids", "charter", "commitments", "contracts", "coverage", "hubs", "maturity",
    "measures", "needs", "offers", "organisations", "pacing", "portfolio", "reports", "returns",
    "rounds", "spend", "steering-group", "wards",
]  # fmt: skip
CHECKS: list[Any] = [
    not_a_server_error,
    conformance.status_code_conformance,
    conformance.content_type_conformance,
    conformance.response_headers_conformance,
    conformance.response_schema_conformance,
    conformance.negative_data_rejection,
]


@functools.cache
def all_operations() -> list[Any]:
    schema = schemathesis.openapi.from_wsgi("/api/v1/schema/?format=json", application)
    return [result.ok() for result in schema.get_all_operations()]


def operations(tag: str) -> list[Any]:
    found = all_operations()
    assert {tags[0] for item in found if (tags := item.definition.raw["tags"])} == set(TAGS)
    return [item for item in found if tag in item.definition.raw["tags"]]


def takes_any_words(operation: Any) -> bool:
    """All it takes is free text, so no request to it is off the schema."""
    raw = operation.definition.raw
    narrow = {"pattern", "format", "enum", "maxLength", "minLength"}
    return "requestBody" not in raw and all(
        one["schema"].get("type") == "string" and not narrow & set(one["schema"])
        for one in raw.get("parameters", [])
    )


@pytest.mark.parametrize("mode", list(GenerationMode))
@pytest.mark.parametrize("tag", TAGS)
def test_answers_keep_to_the_schema(
    one_connection: None, client_of: Client, tag: str, mode: GenerationMode
) -> None:
    """Right and wrong requests made up from the schema: never a 500, and never off the schema."""
    day = datetime.date(2025, 5, 3)
    make_threshold()
    for number in range(1, 4):
        contract = make_contract(value="60000", awarded_on=day, suppliers=[make_organisation()])
        contract.wards.add(make_ward())
        assert Contract.objects.filter(pk=contract.pk).exists(), number
    headers = {"Authorization": client_of("coordinator").token}

    for operation in operations(tag):
        if mode is GenerationMode.NEGATIVE and takes_any_words(operation):
            continue

        @seed(20221024)
        @settings(
            max_examples=EXAMPLES,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def obeys(case: Any) -> None:
            response = case.call(headers=headers)
            # A blank filter is no filter, as on the pages, whatever type the schema gives it.
            blank = re.search(r"[?&][^=&]+=(&|$)", str(response.request.url))
            case.validate_response(response, checks=CHECKS if not blank else CHECKS[:-1])

        obeys()

"""No value of any field of any form of the plan, and none of its addresses' parts, breaks a page."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from action_plan.forms.plan import ReferencesField
from action_plan.mailings.update_links import link_of
from action_plan.models import DesiredOutcome
from action_plan.services.update_links import ask_again
from tests.factories import make_user
from tests.factories_plan import make_action, make_milestone, make_theme, make_update
from tests.security.test_nasty_values import as_query, broken, fields_of
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db
# The whole walk of `tests.security` takes seconds; these have each broken something somewhere.
VALUES = ["a\x00b", "0001-01-01", "\u202e²" + "a b " * 25_000]


@pytest.fixture
def addresses(client: Client) -> list[str]:
    client.raise_request_exception = False
    client.force_login(make_user("administrator"))
    make_theme("PR")
    action = make_action(lead_email="lead@example.org")
    outcome = DesiredOutcome.objects.create(
        theme=make_theme(), words="W", target_stage="leader", by_date=datetime.date(2030, 3, 31)
    )
    link = ask_again(
        action=action,
        quarter=Quarter.parse("2026-27 Q2"),
        email="lead@example.org",
        by=None,
        now=datetime.datetime.now(datetime.UTC),
    )
    at: dict[str, list[Any]] = {
        "action-create": [],
        "action-edit": [action.pk],
        "milestone-create": [action.pk],
        "milestone-edit": [make_milestone(action).pk],
        "target-create": ["governance"],
        "target-edit": [outcome.pk],
        "update-write": [action.pk, "2026-27-Q2"],
        "update-decide": [make_update(action).pk],
        "update-ask": ["2026-27-Q2"],
        "update-ask-again": [action.pk, "2026-27-Q2"],
    }
    found = [reverse(name, args=args) for name, args in at.items()]
    return [*found, link_of(link).replace("http://testserver", "")]


def test_no_value_of_a_field_breaks_a_form_of_the_plan(client: Client, addresses: Any) -> None:
    failures, tried = [], 0
    for url in addresses:
        url = "/" + url.split("/", 3)[3] if url.startswith("http") else url
        page = client.get(url)
        assert page.status_code == 200, url
        for _, fields in fields_of(page.content.decode()):
            if "version" not in fields and not set(fields) & {
                "title",
                "words",
                "email",
                "narrative",
            }:
                continue
            for field in fields:
                # A very long text only where people write freely: it is slow to draw again.
                for value in VALUES if field in ("title", "narrative", "reason") else VALUES[:2]:
                    tried += 1
                    if failure := broken(client, "post", url, data={**fields, field: value}):
                        failures.append(f"{field}: {failure}")
    assert failures == []
    assert tried > 100


def test_no_value_of_a_parameter_breaks_a_page_of_the_plan(client: Client, addresses: Any) -> None:
    queries = {
        "action-list": "q theme status organisation stale overdue due_from due_to sort page format",
        "plan-changes": "since until",
        "update-list": "q state quarter action theme sort page format",
        "action-create": "theme",
    }
    failures = [
        failure
        for name, parameters in queries.items()
        for parameter in parameters.split()
        for value in [*VALUES[:2], "9999-12-31", "9999-00-Q4"]
        if (
            failure := broken(client, "get", f"{reverse(name)}?{as_query(parameter, value[:3000])}")
        )
    ]
    assert failures == []


@pytest.mark.parametrize("quarter", ["9999-00-Q4", "0001-02-Q1", "\x00", "x" * 500, "2026-27-Q9"])
def test_a_quarter_that_is_none_is_not_found(client: Client, addresses: Any, quarter: str) -> None:
    action = make_action()
    for name, args in (
        ("update-ask", [quarter]),
        ("update-write", [action.pk, quarter]),
        ("update-ask-again", [10**30, quarter]),
    ):
        assert client.get(reverse(name, args=args)).status_code == 404


@pytest.mark.parametrize("typed", ["a\x00b", "GO-01 " * 200])
def test_references_that_no_database_should_be_asked_for_are_said_in_words(typed: str) -> None:
    with CaptureQueriesContext(connection) as asked, pytest.raises(ValidationError):
        ReferencesField(max_length=500).clean(typed)
    assert len(asked) == 0

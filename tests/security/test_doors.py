"""Signing in, headers and error pages as an attacker would try them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_user

ELSEWHERE = [
    "//evil.example",
    "https://evil.example",
    "/\\evil.example",
    "https:///evil.example",
    "http:evil.example",
    "javascript:alert(1)",
    "/\t/evil.example",
]


@pytest.mark.parametrize("address", ELSEWHERE)
def test_signing_in_never_leads_to_another_site(client: Client, db: None, address: str) -> None:
    person = make_user("coordinator")
    person.set_password("a long invented password")
    person.save()
    answer = client.post(
        reverse("account_login"),
        {"login": person.email, "password": "a long invented password", "next": address},
    )
    assert (answer.status_code, answer["Location"]) == (302, reverse("after-sign-in"))


def test_a_form_without_its_mark_is_refused_on_a_page_of_ours(db: None) -> None:
    stranger = Client(enforce_csrf_checks=True)
    answer = stranger.post(reverse("account_login"), {"login": "a", "password": "b"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.content.decode()


def test_a_shared_computer_keeps_no_page_of_the_person_before(client: Client, db: None) -> None:
    client.force_login(make_user("coordinator"))
    for name in ("contract-list", "organisation-list", "my-account"):
        assert client.get(reverse(name))["Cache-Control"] == "private, no-cache"
    assert client.get(f"{reverse('contract-list')}?format=csv")["Cache-Control"].startswith(
        "private"
    )
    assert client.post(reverse("account_logout"))["Clear-Site-Data"] == '"cache"'


def test_every_page_says_what_may_run_on_it(client: Client, db: None) -> None:
    policy = client.get(reverse("home"))["Content-Security-Policy"]
    assert "unsafe" not in policy and "*" not in policy
    for rule in ("default-src 'self'", "object-src 'none'", "base-uri 'none'",
                 "form-action 'self'", "frame-ancestors 'none'"):  # fmt: skip
        assert rule in policy


@pytest.mark.parametrize("key", ["%00", "a%00b"])
def test_a_name_that_no_database_takes_is_not_found(client: Client, db: None, key: str) -> None:
    client.force_login(make_user("coordinator"))
    assert client.get(f"/account/tokens/{key}/take-back/").status_code == 404

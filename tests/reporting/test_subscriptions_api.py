"""One's own reports by e-mail through the API: listed, asked for and stopped, and nobody else's."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from knox.models import get_token_model
from rest_framework.test import APIClient

from reporting.models import Audience, EditionMail, MailSubscription
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent

from .mailings import KIND, NOON, a_report, make_edition, make_reader

pytestmark = pytest.mark.django_db
LIST = "/api/v1/subscriptions/"


@pytest.fixture
def held() -> Any:
    with a_report() as one:
        yield one


def client_of(role: str, organisation: Any = None) -> APIClient:
    client = APIClient()
    client.user = make_user(role, organisation)
    _, token = get_token_model().objects.create(client.user)
    client.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    return client


@pytest.fixture
def supplier() -> APIClient:
    return client_of("supplier", make_organisation("Alder Invented"))


def ask(client: APIClient, key: str | None = None, **body: Any) -> Any:
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key else {}
    return client.post(LIST, body, format="json", **headers)


def stop(client: APIClient, pk: int, **body: Any) -> Any:
    return client.post(f"{LIST}{pk}/stop/", body, format="json")


def test_a_person_asks_for_reports_and_is_in_after_their_own_click(
    held: Any, supplier: APIClient, client: Client
) -> None:
    made = ask(supplier, kinds=[KIND])
    assert made.status_code == 201, made.content
    body = made.json()
    assert (body["address"], body["state"], body["kinds"]) == (
        supplier.user.email, "pending", [KIND],
    )  # fmt: skip
    assert (body["audience"], body["reader_since"]) == ("subscribers", None)
    read = supplier.get(made["Location"])
    assert read.json() == body and read["ETag"] == made["ETag"]
    (message,) = mail.outbox
    assert message.to == [supplier.user.email]
    client.post(re.search(r"/reports/by-email/yes/\S+", message.body)[0])  # type: ignore[index]
    (row,) = supplier.get(LIST).json()["results"]
    assert (row["state"], row["kinds"]) == ("active", [KIND]) and row["reader_since"]


def test_asking_twice_asks_once(held: Any, supplier: APIClient) -> None:
    first, again = ask(supplier, "k-1", kinds=[]), ask(supplier, "k-1", kinds=[])
    assert again["Idempotent-Replayed"] == "true" and again.json() == first.json()
    assert ask(supplier, "k-1", kinds=[KIND]).status_code == 422
    assert ask(supplier).json()["id"] == first.json()["id"]
    assert len(mail.outbox) == 1 and MailSubscription.objects.count() == 1


@pytest.mark.parametrize(
    "body", [{"kinds": ["secret"]}, {"kinds": "x"}, {"email": "b@example.org"}, {"kinds": [1]}]
)
def test_what_cannot_be_asked_for_gets_a_sentence(
    held: Any, supplier: APIClient, body: dict[str, Any]
) -> None:
    answer = ask(supplier, **body)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] in body
    assert not MailSubscription.objects.exists() and not mail.outbox


def test_a_person_stops_their_own_and_the_address_is_forgotten(
    held: Any, supplier: APIClient
) -> None:
    edition = make_edition(held)
    by_address = make_reader(email=supplier.user.email, name="The difficult one")
    by_account = make_reader(Audience.STEERING_GROUP, user=supplier.user)
    EditionMail.objects.create(
        edition=edition, subscription=by_address, address=by_address.email, state="sent",
        planned_at=NOON, sent_at=NOON,
    )  # fmt: skip
    rows = supplier.get(LIST).json()["results"]
    assert {row["id"] for row in rows} == {by_address.pk, by_account.pk}
    assert "difficult" not in str(rows), "what officers call somebody is for officers"
    assert supplier.get(f"{LIST}?q=difficult").json()["results"] == []
    for row in (by_address, by_account):
        answer = stop(supplier, row.pk)
        assert (answer.status_code, answer.json()["state"]) == (201, "left"), answer.content
        assert stop(supplier, row.pk).json() == answer.json(), "twice changes nothing"
    assert EditionMail.objects.get().address == ""
    assert set(MailSubscription.objects.values_list("state", "email")) == {("left", "")}
    events = AuditEvent.objects.filter(verb="reports by e-mail stopped")
    assert [event.actor_id for event in events] == [supplier.user.pk] * 2
    assert stop(supplier, by_address.pk, state="x").status_code == 400


def test_nobody_elses_is_listed_opened_or_stopped(held: Any, supplier: APIClient) -> None:
    colleague = make_user("supplier", supplier.user.grants.get().organisation)
    others = [
        make_reader(email="somebody@example.org"),
        make_reader(Audience.SUBSCRIBERS, email=f"x{supplier.user.email}"),
        make_reader(Audience.SUBSCRIBERS, user=colleague),
        # An account counts, not what its row may still hold of an address.
        make_reader(Audience.AUDIT_COMMITTEE, user=colleague, email_key="k"),
    ]
    for query in ("", "?q=somebody", "?state=active", "?audience=star-board", "?format=csv"):
        answer = supplier.get(f"{LIST}{query}")
        text = answer.getvalue().decode() if "csv" in query else answer.content.decode()
        assert answer.status_code == 200 and "@" not in text, (query, text)
    for row in others:
        assert supplier.get(f"{LIST}{row.pk}/").status_code == 404
        assert stop(supplier, row.pk).status_code == 404
    assert stop(supplier, 10**18).status_code == 404
    assert set(MailSubscription.objects.values_list("state", flat=True)) == {"active"}
    # The co-ordinator reads all, as before, and stops through the API what is their own alone.
    officer = client_of("coordinator")
    assert len(officer.get(LIST).json()["results"]) == 4
    assert officer.get(f"{LIST}{others[0].pk}/").json()["address"] == "somebody@example.org"
    assert stop(officer, others[0].pk).status_code == 404
    assert APIClient().get(LIST).status_code == 401


def test_the_list_asks_as_often_for_many(held: Any) -> None:
    officer = client_of("coordinator")

    def asked(readers: int) -> int:
        for _ in range(readers):
            make_reader(user=make_user(""))
        with CaptureQueriesContext(connection) as seen:
            assert officer.get(LIST).status_code == 200
        return len(seen)

    few, many = asked(1), asked(30)
    assert few == many <= 7

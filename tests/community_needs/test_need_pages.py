"""Pages of needs and hubs, for anyone, for a hub and for officers."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from charter.models import Principle
from community_needs.models import Catchment, Need, NeedSource, Response
from tests.factories import make_user, make_ward
from tests.factories_needs import (
    NOW,
    make_hub,
    make_need,
    make_priority,
    make_response,
    make_round,
)

pytestmark = pytest.mark.django_db
LIST, DETAIL = 8, 12


def signed_in(client: Client, role: str = "coordinator", organisation=None) -> Client:
    client.force_login(make_user(role, organisation))
    return client


def queries(client: Client, address: str) -> int:
    client.get(address)  # warm: drawings and templates are kept
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


def test_anyone_reads_what_is_published_and_nothing_else(client: Client) -> None:
    shown = make_need(title="A warm place on Sundays", quantity="40")
    hidden = make_need(title="Not read yet", is_public=False)
    page = client.get(reverse("need-list")).text
    assert "A warm place on Sundays" in page and "Not read yet" not in page
    assert "40 sessions wanted" in client.get(reverse("needs-home")).text
    assert client.get(reverse("need-detail", args=[hidden.pk])).status_code == 404
    assert client.get(reverse("need-detail", args=[shown.pk])).status_code == 200


def test_fewer_than_five_answers_are_not_counted_in_public(client: Client) -> None:
    need, asked = make_need(), make_round()
    for _ in range(4):
        NeedSource.objects.create(need=need, response=make_response(asked))
    address = reverse("need-detail", args=[need.pk])
    assert "Fewer than 5 answers" in client.get(address).text
    officer = signed_in(client).get(address).text
    assert "4 answers" in officer and "Fewer than 5" not in officer
    NeedSource.objects.create(need=need, response=make_response(asked))
    client.logout()
    assert "5 answers" in client.get(address).text


def test_the_priority_with_most_open_needs_is_first(client: Client) -> None:
    food, jobs = make_priority("Food"), make_priority("Jobs")
    make_need(priority=food)
    make_need(priority=jobs)
    make_need(priority=jobs)
    make_need(priority=food, closes=datetime.date(2020, 1, 2), open_from=datetime.date(2020, 1, 1))
    page = client.get(reverse("needs-home")).text
    assert "Jobs: 2 needs are waiting for help" in page


def test_a_hub_asks_and_an_officer_shows_it_to_anyone(client: Client) -> None:
    ward, hub, priority = make_ward(), make_hub("Invented Hub"), make_priority()
    worker = signed_in(Client(), "hub", hub.organisation)
    answer = worker.post(
        reverse("hub-need-create"),
        {"title": "Chairs", "priority": priority.pk, "wards": [ward.pk], "open_from": "1/12/2026"},
    )
    assert answer.status_code == 302, answer.context["form"].errors
    need = Need.objects.get()
    assert need.hub == hub.organisation and need.raised_from == "hub" and not need.is_public
    assert "Chairs" in worker.get(reverse("hub-home")).text
    address = reverse("need-detail", args=[need.pk])
    assert client.get(address).status_code == 404
    officer = signed_in(Client())
    assert "Show it to anyone" in officer.get(address).text
    officer.post(reverse("need-publish", args=[need.pk]), {"is_public": "yes", "version": "1"})
    assert "Chairs" in client.get(address).text
    stranger = signed_in(Client(), "hub", make_hub().organisation)
    assert stranger.get(reverse("hub-need-edit", args=[need.pk])).status_code == 403


def test_nothing_typed_is_lost_and_each_mistake_has_its_sentence(client: Client) -> None:
    priority, ward = make_priority(), make_ward()
    signed_in(client)
    typed = {
        "title": "Chairs <script>alert(1)</script>", "priority": priority.pk, "wards": [ward.pk],
        "words": "x" * 100_000, "needed_quantity": "NaN", "unit": "chairs", "open_from": "31/2/2026",
    }  # fmt: skip
    answer = client.post(reverse("need-create"), typed)
    assert answer.status_code == 200 and not Need.objects.exists()
    assert "Chairs &lt;script&gt;alert(1)&lt;/script&gt;" in answer.text
    assert "x" * 100_000 in answer.text and "31/2/2026" in answer.text
    assert set(answer.context["form"].errors) == {"words", "needed_quantity", "open_from"}
    right = {**typed, "words": "<b>Soft</b>", "needed_quantity": "40", "open_from": "1/12/2026"}
    page = client.post(reverse("need-create"), right, follow=True).text
    assert "&lt;b&gt;Soft&lt;/b&gt;" in page and "<script>alert" not in page


def test_two_alike_are_proposed_merged_or_kept_apart(client: Client) -> None:
    priority, ward = make_priority(), make_ward()
    one = make_need(ward, priority=priority, title="A warm place on Sundays", quantity="40")
    other = make_need(ward, priority=priority, title="Warm place on Sundays", quantity="20")
    signed_in(client)
    listed = client.get(reverse("need-merge-list")).text
    assert "they are for the same wards" in listed
    address = reverse("need-merge", args=[one.pk, other.pk])
    versions = {"first_version": "1", "second_version": "1"}
    assert client.post(address, versions).status_code == 200, "one of the three must be chosen"
    stale = client.post(address, {**versions, "first_version": "7", "keep": one.pk})
    assert "Somebody changed one of the two" in stale.text
    client.post(address, {**versions, "keep": one.pk, "needed_quantity": "60"})
    one.refresh_from_db(), other.refresh_from_db()
    assert one.needed_quantity == Decimal(60) and other.merged_into == one


def test_a_catchment_is_edited_with_boxes_beside_the_map(client: Client) -> None:
    here, there = make_ward(name="Herely"), make_ward(name="Therely")
    hub = make_hub("Invented Hub", here)
    signed_in(client)
    address = reverse("hub-edit", args=[hub.pk])
    assert "Therely" in client.get(address).text
    client.post(address, {"version": "1", "wards": [there.pk], "email": "hub@example.org"})
    assert Catchment.objects.get().ward == there
    assert client.post(address, {"version": "2"}).status_code == 200, "at least one ward"
    listed = client.get(reverse("hub-list")).text
    assert "No hub serves Herely" in listed


def more_needs(count: int) -> None:
    hub, asked = make_hub(), make_round()
    for _ in range(count):
        need = make_need(make_ward(), make_ward(), hub=hub.organisation)
        NeedSource.objects.create(need=need, response=make_response(asked))


@pytest.mark.parametrize("name", ["need-list", "needs-home", "hub-list", "need-merge-list"])
def test_a_list_asks_the_database_as_often_for_many_as_for_one(client: Client, name: str) -> None:
    signed_in(client)
    more_needs(1)
    few = queries(client, reverse(name))
    more_needs(12)
    assert queries(client, reverse(name)) == few <= LIST


def test_a_needs_page_asks_a_fixed_number_of_times(client: Client) -> None:
    signed_in(client)
    more_needs(1)
    need = Need.objects.latest("pk")
    address = reverse("need-detail", args=[need.pk])
    few = queries(client, address)
    asked = make_round()
    for _ in range(8):
        NeedSource.objects.create(need=need, response=make_response(asked, make_hub().organisation))
        need.wards.add(make_ward())
    assert queries(client, address) == few <= DETAIL


def test_the_api_and_the_list_say_the_same(client: Client) -> None:
    hub, ward = make_hub(), make_ward()
    need = make_need(ward, hub=hub.organisation, quantity="40")
    make_need(is_public=False)
    signed_in(client, "supplier", make_hub().organisation)
    (row,) = client.get(reverse("api-needs")).json()["results"]
    assert row["ward_codes"] == [ward.code] and row["needed_quantity"] == "40.00"
    assert row["answers_behind"] == 0 and row["state"] == "open"
    assert client.get(reverse("api-needs") + "?ward=E00000000").status_code == 400
    found = client.get(reverse("api-needs") + f"?ward={ward.code}&wanting=yes").json()["results"]
    assert [item["id"] for item in found] == [need.pk]
    hubs = client.get(reverse("api-hubs")).json()["results"]
    assert {item["name"] for item in hubs} >= {hub.organisation.name}
    with CaptureQueriesContext(connection) as caught:
        client.get(reverse("api-needs"))
    assert len(caught) <= 7


def test_drafts_of_answers_are_not_among_those_of_a_round() -> None:
    asked = make_round()
    make_response(asked, state=Response.State.DRAFT, sent_at=None, saved_at=NOW)
    make_response(asked)
    assert Response.objects.visible_to(make_user()).count() == 1


def test_a_need_may_name_a_principle_of_the_charter(client: Client) -> None:
    call_command("load_reference", "--only", "charter")
    need, principle = make_need(), Principle.objects.first()
    assert principle is not None
    signed_in(client)
    values = {
        "version": "1", "title": need.title, "priority": need.priority_id, "open_from": "1/12/2026",
        "wards": [need.wards.get().pk], "principle": principle.pk, "is_public": "on",
    }  # fmt: skip
    client.post(reverse("need-edit", args=[need.pk]), values)
    need.refresh_from_db()
    assert need.principle == principle
    assert principle.title in client.get(reverse("need-detail", args=[need.pk])).text

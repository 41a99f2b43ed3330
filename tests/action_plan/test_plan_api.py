"""The plan for programs: the same rows as on the pages, and the same services behind writes."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from action_plan.models import Action, DesiredOutcome
from tests.factories import make_organisation, make_user
from tests.factories_plan import make_action, make_milestone, make_theme, make_update

pytestmark = pytest.mark.django_db
ACTIONS = "/api/v1/actions/"


def client_of(role="coordinator", organisation=None):
    client = APIClient()
    client.force_login(make_user(role, organisation))
    return client


def results(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def test_a_member_reads_the_whole_plan_and_others_what_is_public():
    one = make_action(title="Open", lead_name="Invented Lead", metric_key="spend.retained")
    secret = make_action(title="Secret", is_public=False)
    one.waits_for.add(secret)
    make_milestone(one, title="Survey")
    make_update(one, state="approved", narrative="Open words")
    make_update(one, "2026-27 Q2", narrative="Waiting words")
    rows = {row["title"]: row for row in results(client_of("steering_member"), ACTIONS)}
    assert set(rows) == {"Open", "Secret"}
    assert rows["Open"]["lead_name"] == "Invented Lead"
    assert rows["Open"]["waits_for"] == [secret.reference]
    assert rows["Open"]["updated"] == "2026-27-Q2"
    assert rows["Open"]["milestones"] == [{"title": "Survey", "due": "2026-06-30", "done_on": None}]
    supplier = client_of("supplier", make_organisation())
    (row,) = results(supplier, ACTIONS)
    assert (row["lead_name"], row["metric_key"], row["waits_for"]) == (None, None, [])
    assert supplier.get(f"{ACTIONS}{secret.pk}/").status_code == 404
    assert supplier.get(f"{ACTIONS}{one.pk}/").json() == row
    assert [u["narrative"] for u in results(supplier, "/api/v1/action-updates/")] == ["Open words"]
    assert supplier.patch(f"{ACTIONS}{one.pk}/", {}, format="json").status_code == 403


def test_themes_come_with_the_target_that_counts():
    theme = make_theme()
    DesiredOutcome.objects.create(
        theme=theme, words="W", target_stage="leader", by_date=datetime.date(2090, 3, 31)
    )
    (row,) = results(client_of(), "/api/v1/themes/")
    assert row["key"] == "governance" and row["desired_outcome"]["target_stage"] == "leader"


def test_an_action_is_created_and_changed_with_its_etag():
    client, theme = client_of(), make_theme()
    other = make_action(reference="GO-01")
    said = {"theme": theme.key, "title": "Ask", "due": "2027-01-31", "waits_for": ["GO-01"]}
    made = client.post(ACTIONS, said, format="json")
    assert made.status_code == 201, made.content
    assert made.json()["reference"] == "GO-02" and made.json()["waits_for"] == ["GO-01"]
    address = made["Location"]
    late = client.patch(
        address, {"starts": "2027-02-01"}, format="json", headers={"If-Match": made["ETag"]}
    )
    assert late.status_code == 400 and "before its start" in late.content.decode()
    loop = client.patch(
        f"{ACTIONS}{other.pk}/",
        {"waits_for": ["GO-02"]},
        format="json",
        headers={"If-Match": '"1"'},
    )
    assert loop.status_code == 400 and "GO-01 waits for GO-02" in loop.content.decode()
    fine = client.patch(
        address, {"status": "at_risk"}, format="json", headers={"If-Match": made["ETag"]}
    )
    assert fine.status_code == 200 and fine.json()["status"] == "at_risk"
    lost = client.patch(
        address, {"status": "on_track"}, format="json", headers={"If-Match": made["ETag"]}
    )
    assert lost.status_code == 412
    assert Action.objects.get(reference="GO-02").status == "at_risk"
    bad = client.post(ACTIONS, {"theme": "cooking", "title": "A", "colour": "red"}, format="json")
    assert bad.status_code == 400


def test_lists_make_the_same_number_of_queries_for_few_and_many():
    client = client_of()

    def count(address):
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    def fill():
        action = make_action(lead_organisation=make_organisation())
        make_milestone(action)
        make_update(action)

    fill()
    addresses = (ACTIONS, "/api/v1/action-updates/", "/api/v1/themes/")
    few = [count(address) for address in addresses]
    for _ in range(10):
        fill()
    assert [count(address) for address in addresses] == few
    assert max(few) <= 7


def test_filters_are_the_pages():
    late = make_action(due=datetime.date(2025, 1, 1))
    make_action(due=datetime.date(2090, 1, 1))
    client = client_of()
    assert [row["id"] for row in results(client, f"{ACTIONS}?overdue=true")] == [late.pk]
    make_update(late)
    assert len(results(client, "/api/v1/action-updates/?quarter=2026-27 Q1")) == 1
    assert client.get("/api/v1/action-updates/?quarter=soon").status_code == 400
    assert client.get(f"{ACTIONS}?theme=cooking").status_code == 400

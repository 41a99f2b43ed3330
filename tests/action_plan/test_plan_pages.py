"""The plan's pages: what they show to whom, what they refuse, and how many queries they make."""

from __future__ import annotations

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from action_plan.models import Action, ActionUpdate, DesiredOutcome, Milestone
from tests.factories import make_organisation, make_user
from tests.factories_plan import THEMES, make_action, make_milestone, make_theme, make_update
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter

pytestmark = pytest.mark.django_db
PAGES = ("plan-board", "action-list", "action-timeline", "plan-changes", "action-calendar")


@pytest.fixture
def themes():
    return [make_theme(code) for code, _ in THEMES]


@pytest.fixture
def coordinator(client, themes):
    user = make_user("coordinator")
    client.force_login(user)
    return user


def fill(number):
    """`number` actions with everything, a few updates each."""
    start = Action.objects.count()
    for index in range(start, start + number):
        action = make_action(
            theme=make_theme(THEMES[index % 7][0]),
            lead_organisation=make_organisation(f"Invented Partner {index}", "partner"),
            lead_name="Invented lead",
            due=datetime.date(2025, 1, 1) if index % 3 else None,
        )
        make_milestone(action)
        for quarter in ("2025-26 Q1", "2025-26 Q2"):
            make_update(action, quarter, state="approved")


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("role", ["", "steering_member"])
def test_a_page_makes_the_same_number_of_queries_for_few_and_many(client, themes, name, role):
    if role:
        client.force_login(make_user(role))

    def count():
        with CaptureQueriesContext(connection) as captured:
            assert client.get(reverse(name)).status_code == 200
        return len(captured)

    fill(2)
    few = count()
    fill(20)
    assert count() == few <= (8 if name != "plan-changes" else 13)


def test_an_action_makes_the_same_number_of_queries_whatever_it_has(client, coordinator):
    action = make_action()
    address = action.get_absolute_url()

    def count():
        with CaptureQueriesContext(connection) as captured:
            client.get(address)
        return len(captured)

    make_update(action, "2024-25 Q1")
    make_milestone(action)
    few = count()
    for number in (2, 3, 4):
        make_update(action, f"2024-25 Q{number}", state="approved")
        make_milestone(action)
        other = make_action()
        other.waits_for.add(action)
        action.waits_for.add(make_action())
    assert count() == few <= 12


def test_what_is_not_public_is_on_no_page_of_a_stranger(client, themes):
    action = make_action(
        title="Open action", lead_name="Invented Lead", lead_email="lead@example.org",
        waits_for_references="GO-901",
    )  # fmt: skip
    secret = make_action(title="Secret action", is_public=False)
    action.waits_for.add(secret)
    make_update(action, "2025-26 Q1", narrative="Waiting words")
    make_update(action, "2025-26 Q2", narrative="Open words", state="approved")
    make_update(action, "2025-26 Q3", narrative="Kept words", state="approved", is_public=False)
    pages = [client.get(reverse(name)).text for name in (*PAGES, "action-calendar-help")]
    pages.append(client.get(action.get_absolute_url()).text)
    assert "Open words" in pages[-1]
    for page in pages:
        for words in ("Secret action", "Invented Lead", "lead@example.org", "Waiting words",
                      "Kept words", "GO-901", secret.reference):  # fmt: skip
            assert words not in page
    assert client.get(secret.get_absolute_url()).status_code == 404
    client.force_login(make_user("steering_member"))
    assert "Secret action" in client.get(reverse("plan-board")).text
    page = client.get(action.get_absolute_url()).text
    assert "Waiting words" in page and "Invented Lead" in page and "Secret action" in page


def test_stale_and_overdue_are_tags_figures_and_filters(client, coordinator):
    make_action(title="Late one", due=datetime.date(2025, 1, 1))
    fresh = make_action(title="Fresh one")
    make_update(fresh, str(Quarter.of(timezone.localdate()).previous))
    page = client.get(reverse("plan-board")).text
    assert "months overdue" in page and "No update for" in page
    listing = reverse("action-list")
    assert "Late one" in client.get(f"{listing}?overdue=true").text
    assert "Fresh one" not in client.get(f"{listing}?overdue=true").text
    assert "Fresh one" not in client.get(f"{listing}?stale=true").text
    assert client.get(f"{listing}?theme=cooking&due_from=soon").status_code == 200


def test_the_empty_plan_says_how_to_begin(client, coordinator):
    assert "Record one" in client.get(reverse("plan-board")).text
    assert "The plan is empty" in client.get(reverse("action-list")).text
    assert "nothing to draw" in client.get(reverse("action-timeline")).text
    assert "Nothing changed" in client.get(reverse("plan-changes")).text


def test_an_action_is_recorded_changed_and_its_history_kept(client, coordinator):
    theme = make_theme("GO")
    said = {
        "theme": theme.pk, "title": "Ask the hubs", "status": "on_track", "is_public": "on",
        "starts": "3/5/2026", "due": "2/5/2026",
    }  # fmt: skip
    page = client.post(reverse("action-create"), said)
    assert "before its start on 3 May 2026" in page.text and "Ask the hubs" in page.text
    client.post(reverse("action-create"), {**said, "due": "3 June 2026"})
    action = Action.objects.get()
    assert action.reference == "GO-01"
    edit = reverse("action-edit", args=[action.pk])
    changed = {**said, "due": "3 July 2026", "version": "1", "reason": "Agreed in May"}
    assert client.post(edit, changed)["Location"] == action.get_absolute_url()
    page = client.get(action.get_absolute_url()).text
    assert "Agreed in May" in page and "3 June 2026" in page and "3 July 2026" in page
    lost = client.post(edit, {**changed, "title": "Mine", "version": "1"})
    assert lost.status_code == 409 and "Mine" in lost.text


def test_a_loop_of_actions_is_named_on_the_form(client, coordinator):
    one, two = make_action(reference="GO-01"), make_action(reference="GO-02")
    one.waits_for.add(two)
    said = {
        "theme": two.theme_id, "title": "Two", "status": "on_track", "version": "1",
        "waits_for": "go-01",
    }  # fmt: skip
    page = client.post(reverse("action-edit", args=[two.pk]), said).text
    assert "GO-02 waits for GO-01, and GO-01 waits for GO-02" in page
    page = client.post(reverse("action-edit", args=[two.pk]), {**said, "waits_for": "GO-77"}).text
    assert "There is no action GO-77" in page
    client.post(reverse("action-edit", args=[one.pk]), {**said, "waits_for": " , "})
    assert not one.waits_for.exists()


def test_milestones_and_targets_are_kept_on_their_pages(client, coordinator):
    action = make_action()
    step = {"title": "Survey out", "due": "1 June 2026"}
    client.post(reverse("milestone-create", args=[action.pk]), step)
    milestone = Milestone.objects.get()
    edit = reverse("milestone-edit", args=[milestone.pk])
    client.post(edit, {**step, "done_on": "2 June 2026", "version": "1"})
    assert "reached on 2 June 2026" in client.get(action.get_absolute_url()).text
    assert client.post(edit, {**step, "version": "1"}).status_code == 409
    client.post(edit, {"version": "2", "remove": "yes"})
    assert not Milestone.objects.exists()
    target = {"words": "Reports say it", "target_stage": "leader", "by_date": "31 March 2030"}
    client.post(reverse("target-create", args=["governance"]), target)
    outcome = DesiredOutcome.objects.get()
    assert "Leader" in client.get(reverse("plan-board")).text
    again = client.post(reverse("target-create", args=["governance"]), target).text
    assert "has a target for that day already" in again
    client.post(
        reverse("target-edit", args=[outcome.pk]),
        {**target, "target_stage": "innovator", "version": "1"},
    )
    assert DesiredOutcome.objects.get().target_stage == "innovator"


def test_an_update_is_written_sent_back_and_approved_on_the_pages(client, coordinator):
    action = make_action(lead_email="lead@example.org")
    quarter = Quarter.of(timezone.localdate()).previous
    write = reverse("update-write", args=[action.pk, quarter.code])
    said = {"narrative": "Six hubs.", "status": "at_risk"}
    client.post(write, {**said, "step": "keep"})
    assert ActionUpdate.objects.get().state == "draft"
    assert client.post(write, {**said, "step": "submit"}).status_code == 409  # opened before
    client.post(write, {**said, "version": "1", "step": "submit"})
    update = ActionUpdate.objects.get()
    assert action.title in client.get(reverse("update-inbox")).text
    decide = reverse("update-decide", args=[update.pk])
    page = client.post(decide, {"decision": "send_back", "version": update.version}).text
    assert "what is missing" in page
    assert client.post(decide, {"decision": "approve", "version": "1"}).status_code == 409
    answer = client.post(
        decide,
        {"decision": "send_back", "reason": "How many?", "version": update.version},
        follow=True,
    )
    assert "sent back" in answer.text
    assert "How many?" in client.get(write).text
    update.refresh_from_db()
    client.post(write, {**said, "version": update.version, "step": "submit"})
    update.refresh_from_db()
    client.post(decide, {"decision": "approve", "is_public": "on", "version": update.version})
    assert Action.objects.get(pk=action.pk).status == "at_risk"
    assert "nothing to decide" in client.get(decide).text


def test_asking_shows_whom_it_reaches_before_it_does(client, coordinator):
    make_action(lead_email="lead@example.org", title="Asked one")
    make_action(title="Nobody leads")
    quarter = Quarter.of(timezone.localdate()).previous
    inbox = client.get(reverse("update-inbox")).text
    assert "Ask 1 lead" in inbox and "Nobody leads" in inbox
    ask = reverse("update-ask", args=[quarter.code])
    page = client.get(ask).text
    assert "Asked one" in page and "Nobody leads" not in page
    assert "1 lead is asked" in client.post(ask, follow=True).text
    close_quarter(quarter=quarter, by=None, now=timezone.now())
    assert "was closed" in client.post(ask).text
    for bad in ("2026-27-Q5", "soon", "9999-00-Q1"):
        assert client.get(reverse("update-ask", args=[bad])).status_code == 404


def test_what_changed_between_two_days_is_on_a_page(client, coordinator):
    make_action(title="Old")
    client.post(
        reverse("action-create"),
        {"theme": make_theme().pk, "title": "Fresh action", "status": "on_track"},
    )
    page = client.get(reverse("plan-changes")).text
    assert "Fresh action" in page and "New" in page
    page = client.get(reverse("plan-changes") + "?since=3/5/2026&until=2/5/2026")
    assert page.status_code == 400 and "before the first" in page.text
    assert (
        "Nothing changed"
        in client.get(reverse("plan-changes") + "?since=1/1/2020&until=1/2/2020").text
    )


def test_the_calendar_is_open_and_a_members_own_address_ends_with_their_part(client, themes):
    make_action(title="Open; action", due=datetime.date(2026, 12, 1))
    make_action(title="Secret", due=datetime.date(2026, 12, 1), is_public=False)
    feed = client.get(reverse("action-calendar"))
    assert feed["Content-Type"] == "text/calendar; charset=utf-8"
    assert "SUMMARY:Due: Open\\; action" in feed.text and "Secret" not in feed.text
    member = make_user("steering_member")
    client.force_login(member)
    page = client.get(reverse("action-calendar-help")).text
    address = page.split('href="http://testserver')[2].split('"')[0]
    client.logout()
    assert "Secret" in client.get(address).text
    assert client.get(address.replace(".ics", "x.ics")).status_code == 404
    member.set_password("three words together")
    member.save()
    assert client.get(address).status_code == 404

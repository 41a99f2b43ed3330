"""The Steering Group's pages: what each reader finds, what a form says, and how often they ask."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from action_plan.models import AgendaItem, ArisingAction, Decision, Meeting, Minutes, Seat
from action_plan.services.agenda import add_paper
from action_plan.services.decisions import record_decision
from action_plan.services.holding import settle_item
from action_plan.services.meetings import call_meeting
from action_plan.services.minutes import draft_minutes, publish_minutes
from tests.factories import make_user
from tests.factories_steering import at, hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.models import ApiToken

pytestmark = pytest.mark.django_db


def days(number: int) -> datetime.date:
    return timezone.localdate() + datetime.timedelta(days=number)


def held_meeting(day: datetime.date, *, items: int = 2, papers: int = 1) -> Meeting:
    """With decisions and actions arising under each item, one of them confidential; minuted."""
    meeting = make_meeting(day)
    made = [make_item(meeting, f"Open topic {n}") for n in range(items)]
    made.append(make_item(meeting, "Hidden topic", words="Hidden words", is_confidential=True))
    for n, item in enumerate(made):
        for p in range(papers):
            file = SimpleUploadedFile("p.txt", f"Words of paper {n} {p} for the Group.".encode())
            add_paper(item=item, file=file, title="", is_confidential=False, by=None, now=at(day))
    call_meeting(meeting=meeting, expected_version=1, by=None, now=at(day))
    seats = list(Seat.objects.all())
    hold(meeting, *seats)
    for item in made:
        item.meeting.refresh_from_db()
        record_decision(item=item, words=f"Agreed on {item.title}", by=None, now=at(day))
        ArisingAction.objects.create(
            item=item, words=f"Follow {item.title}", owner=seats[0], due=day, recorded_at=at(day)
        )
    for item in meeting.items.filter(outcome="open"):
        settle_item(item=item, outcome="done", expected_version=item.version, by=None, now=at(day))
    minutes = draft_minutes(meeting=meeting, by=None, now=at(day))
    publish_minutes(minutes=minutes, expected_version=minutes.version, by=None, now=at(day))
    return meeting


@pytest.fixture
def member(client: Client) -> Any:
    person = make_user("steering_member")
    make_chair()
    person.seat = make_seat("Health", person)
    client.force_login(person)
    return person


@pytest.fixture
def officer(client: Client) -> Any:
    person = make_user("coordinator")
    make_chair()
    make_seat("Health")
    client.force_login(person)
    return person


def test_the_public_page_says_what_the_group_is_for_before_anything_is_recorded(
    client: Client,
) -> None:
    page = client.get(reverse("steering-group"))
    assert page.status_code == 200 and "No seats are recorded yet" in page.text
    terms = client.get(reverse("steering-terms")).text
    assert terms.count("<li><strong>") == 7
    for name in ("Health", "Trafford College", "STAR Procurement"):
        assert name in terms


@pytest.mark.parametrize("name", ["meeting-detail", "minutes-detail"])
def test_the_public_version_leaves_out_what_is_confidential(client: Client, name: str) -> None:
    make_chair()
    meeting = held_meeting(days(-30))
    page = client.get(reverse(name, args=[meeting.pk]))
    assert page.status_code == 200
    assert "Open topic 0" in page.text and "Confidential item" in page.text
    assert "Hidden" not in page.text
    assert "Hidden" not in client.get(reverse("decision-list")).text
    assert "Hidden" not in client.get(reverse("decision-list") + "?format=csv").getvalue().decode()
    hidden = Decision.objects.get(item__is_confidential=True)
    assert client.get(reverse("decision-detail", args=[hidden.pk])).status_code == 404
    papers = {
        paper.item.is_confidential: paper
        for item in meeting.items.all()
        for paper in item.papers.all()
    }
    file = client.get(reverse("paper-file", args=[papers[False].pk]))
    assert b"Words of paper" in file.getvalue()
    assert file["Content-Disposition"].startswith("attachment")
    assert client.get(reverse("paper-file", args=[papers[True].pk])).status_code == 404


def test_a_member_reads_what_is_confidential_while_the_seat_lasts(
    client: Client, member: Any
) -> None:
    meeting = held_meeting(days(-30))
    address = reverse("meeting-detail", args=[meeting.pk])
    hidden = AgendaItem.objects.get(is_confidential=True)
    item = reverse("agenda-item-detail", args=[hidden.pk])
    assert "Hidden topic" in client.get(address).text
    assert "Hidden words" in client.get(item).text
    Seat.objects.filter(pk=member.seat.pk).update(ends=days(-1))
    assert "Hidden" not in client.get(address).text
    assert client.get(item).status_code == 404
    assert "Your seat on the Group has ended" in client.get(reverse("steering-group")).text


def test_a_planned_meeting_is_not_public_before_its_agenda_is_out(client: Client) -> None:
    meeting = make_meeting(days(20))
    address = reverse("meeting-detail", args=[meeting.pk])
    assert client.get(address).status_code == 404
    call_meeting(meeting=meeting, expected_version=1, by=None, now=timezone.now())
    assert "Social Value Action Plan" in client.get(address).text


def test_a_member_comments_and_what_was_typed_stays_where_it_is_refused(
    client: Client, member: Any
) -> None:
    item = make_item(make_meeting(days(20)))
    address = reverse("agenda-item-comment", args=[item.pk])
    assert client.post(address, {"text": "I agree."}).status_code == 302
    assert "I agree." in client.get(reverse("agenda-item-detail", args=[item.pk])).text
    empty = client.post(address, {"text": " "})
    assert "Write your comment before you send it." in empty.text
    Seat.objects.filter(pk=member.seat.pk).update(ends=days(-1))
    late = client.post(address, {"text": "One more thing"})
    assert "Your seat for Health ended on" in late.text and "One more thing" in late.text
    assert item.comments.count() == 1


def test_a_member_answers_the_minutes_on_their_page(client: Client, member: Any) -> None:
    meeting = held_meeting(days(-10))
    page = client.get(reverse("minutes-detail", args=[meeting.pk])).text
    version = re.search(r'name="of_version" value="(\d+)"', page)
    assert version
    address = reverse("minutes-reply", args=[meeting.pk])
    bad = client.post(address, {"says": "correct", "text": "", "of_version": version[1]})
    assert "Say what is to be corrected" in bad.text
    assert client.post(address, {"says": "right", "of_version": version[1]}).status_code == 302
    assert "They are right" in client.get(reverse("minutes-detail", args=[meeting.pk])).text
    assert "Say whether the minutes" not in client.get(reverse("steering-group")).text


def test_a_chair_without_a_seat_reads_why_nothing_can_be_recorded(client: Client) -> None:
    person = make_user("steering_chair")
    make_chair(person)
    Seat.objects.update(ends=days(-1))
    client.force_login(person)
    answer = client.get(reverse("meeting-create"))
    assert answer.status_code == 409 and "ended on" in answer.text


def test_an_officer_takes_a_meeting_from_its_plan_to_published_minutes(
    client: Client, officer: Any
) -> None:
    today = days(0)
    client.post(reverse("meeting-create"), {"day": today.isoformat(), "starts_at": "14:00"})
    meeting = Meeting.objects.get()
    added = {"title": "Grants", "purpose": "decision"}
    client.post(reverse("agenda-item-create", args=[meeting.pk]), added)
    item = meeting.items.get(title="Grants")
    client.post(reverse("agenda-item-move", args=[item.pk]), {"way": "up"})
    item.refresh_from_db()
    assert item.position == 1
    assert "Nobody can" not in client.get(reverse("meeting-call", args=[meeting.pk])).text
    assert (
        client.post(
            reverse("meeting-call", args=[meeting.pk]), {"version": meeting.version}
        ).status_code
        == 302
    )
    stale = client.post(reverse("meeting-cancel", args=[meeting.pk]), {"version": 1, "reason": "X"})
    assert stale.status_code == 409 and "Somebody changed" in stale.text
    meeting.refresh_from_db()
    seats = {f"seat_{seat.pk}": "present" for seat in Seat.objects.all()}
    chair = Seat.objects.get(body="Inclusive Economy")
    data = {"version": meeting.version, "chaired_by": chair.pk, **seats}
    assert client.post(reverse("meeting-attendance", args=[meeting.pk]), data).status_code == 302
    late = client.post(reverse("agenda-item-create", args=[meeting.pk]), added)
    assert "was held, so its agenda stays" in late.text and "Grants" in late.text
    client.post(
        reverse("decision-record", args=[item.pk]), {"kind": "other", "words": "Grants are in"}
    )
    decision = Decision.objects.get()
    assert decision.words == "Grants are in"
    client.post(
        reverse("arising-record", args=[item.pk]),
        {"words": "Tell them", "owner": chair.pk, "due": days(30).isoformat()},
    )
    assert ArisingAction.objects.get().owner == chair
    plan = meeting.items.get(kind="plan")
    client.post(
        reverse("agenda-item-settle", args=[plan.pk]), {"version": plan.version, "outcome": "done"}
    )
    client.post(reverse("minutes-draft", args=[meeting.pk]))
    minutes = Minutes.objects.get()
    page = client.get(reverse("minutes-detail", args=[meeting.pk])).text
    assert "Decided (" in page and "Tell them" in page
    publish = reverse("minutes-publish", args=[meeting.pk])
    assert client.post(publish, {"version": minutes.version}).status_code == 302
    client.logout()
    assert "Grants are in" in client.get(reverse("minutes-detail", args=[meeting.pk])).text


@pytest.mark.parametrize(
    ("day", "sentence"),
    [("31/2/2027", "real date"), ("0001-01-01", ""), ("9999-12-31", ""), ("", "Enter the day")],
)
def test_a_wrong_day_gets_a_sentence_and_no_meeting(
    client: Client, officer: Any, day: str, sentence: str
) -> None:
    answer = client.post(reverse("meeting-create"), {"day": day, "starts_at": "25:99"})
    assert answer.status_code == 200 and not Meeting.objects.exists()
    assert sentence in answer.text or "date" in answer.text
    assert "There is a problem" in answer.text


def test_naming_a_second_chair_from_the_same_day_gets_a_sentence(
    client: Client, officer: Any
) -> None:
    other = Seat.objects.get(body="Health")
    data = {"seat": other.pk, "starts": "1/1/2020"}
    answer = client.post(reverse("chair-name"), data)
    assert "one chair at a time" in answer.text
    assert client.post(reverse("chair-name"), {**data, "starts": "2/1/2024"}).status_code == 302


def test_the_quorum_is_typed_in_per_cent(client: Client, officer: Any) -> None:
    data = {"starts": "1/1/2026", "percent": "NaN", "at_least": "3", "source": "The Group"}
    assert "There is a problem" in client.post(reverse("quorum-rules"), data).text
    client.post(reverse("quorum-rules"), {**data, "percent": "60"})
    assert "60% of the seats" in client.get(reverse("quorum-rules")).text


COUNTED = [
    ("steering-group", False, 12),
    ("meeting-list", False, 8),
    ("decision-list", False, 8),
    ("arising-list", False, 8),
    ("seat-list", False, 8),
    ("meeting-detail", True, 12),
    ("minutes-detail", True, 12),
]


def test_pages_ask_as_often_for_many_meetings_as_for_one(client: Client, member: Any) -> None:
    def counts(meeting: Meeting) -> dict[str, int]:
        found = {}
        for name, is_one, _ in COUNTED:
            with CaptureQueriesContext(
                connection,
            ) as asked:
                page = client.get(reverse(name, args=[meeting.pk] if is_one else []))
            assert page.status_code == 200
            found[name] = len(asked)
        return found

    few = counts(held_meeting(days(-60)))
    for number in range(8):
        make_seat(f"Body {number}")
    many = counts(held_meeting(days(-30), items=9, papers=2))
    assert many == few
    assert {name: few[name] for name, _, most in COUNTED if few[name] > most} == {}


def test_the_api_lists_the_groups_nouns_and_hides_the_same(client: Client) -> None:
    make_chair()
    meeting = held_meeting(days(-30))
    person = make_user("steering_member")  # the role, and no seat
    token = ApiToken.objects.create(user=person, name="A test")[1]
    ask = {"headers": {"Authorization": f"Token {token}"}}
    for name in ("seats", "meetings", "decisions", "actions"):
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(reverse(f"api-steering-{name}"), **ask)
        assert answer.status_code == 200 and answer.json()["results"]
        assert "Hidden" not in answer.text and len(asked) <= 8
    found = client.get(reverse("api-steering-meeting", args=[meeting.pk]), **ask)
    assert found.json()["quorum_is_met"] is True and "Hidden" not in found.text
    assert [item["is_hidden"] for item in found.json()["items"]].count(True) == 1
    assert client.get(reverse("api-steering-seats") + "?state=ended", **ask).json()["results"] == []
    csv = client.get(reverse("api-steering-decisions") + "?format=csv", **ask)
    assert b"Agreed on Open topic 0" in csv.getvalue()

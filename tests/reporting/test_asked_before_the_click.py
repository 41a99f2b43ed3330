"""Somebody types the address of a subscription that stands: before its owner clicks, nothing changes."""

from __future__ import annotations

import datetime
import re
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting import editions
from reporting.models import Audience, EditionMail, MailSubscription
from reporting.services.mailings.preparing import confirm_token, leave_token
from reporting.services.mailings.sending import send_due_mailings
from reporting.services.mailings.subscriptions import (
    ask_for_reports,
    confirm_reader,
    end_reader,
    forget_unconfirmed,
    send_links,
    stop_reports,
)
from tests.factories import make_user

from .mailings import DUE, KIND, LONG_AGO, NOON, a_report, make_edition, make_line, make_reader

pytestmark = pytest.mark.django_db
ADDRESS = "resident@example.org"
DAY = datetime.timedelta(days=1)
STANDING = ["active", "ended", "suspended"]
COLUMNS = [
    "state", "kinds", "email", "confirmed_at", "asked_at", "bounces", "bounced_at", "link_seed",
    "left_at",
]  # fmt: skip


@pytest.fixture
def held() -> Any:
    with a_report() as one:
        editions.register_kind(replace(editions.kind_of(KIND), key="other", name="Other report"))
        yield one


def stands(state: str = "active", **values: Any) -> MailSubscription:
    bounced = {"bounces": 3, "bounced_at": LONG_AGO} if state == "suspended" else {}
    return make_reader(
        Audience.SUBSCRIBERS, email=ADDRESS, state=state, **{"kinds": [KIND], **bounced, **values}
    )


def ask(*wanted: str, now: datetime.datetime = NOON) -> MailSubscription:
    return ask_for_reports(email=ADDRESS.upper(), wanted=wanted, by=None, now=now)


def now_of(row: MailSubscription) -> dict[str, Any]:
    return MailSubscription.objects.filter(pk=row.pk).values(*COLUMNS).get()


def click(now: datetime.datetime = NOON) -> MailSubscription | None:
    """By the link of the last e-mail."""
    token = re.search(r"/by-email/yes/([^/\s]+)/", mail.outbox[-1].body)[1]  # type: ignore[index]
    return confirm_reader(token=token, by=None, now=now)


@pytest.mark.parametrize("state", STANDING)
def test_nothing_of_it_changes_before_the_click(held: Any, client: Client, state: str) -> None:
    row = stands(state)
    before = now_of(row)
    stop = leave_token(row)
    with time_machine.travel(NOON, tick=False):
        client.post(reverse("report-mail-sign-up"), {"email": ADDRESS, "wanted": ["other"]})
    assert now_of(row) == before
    (message,) = mail.outbox
    assert message.to == [ADDRESS] and "Other report" in message.body
    assert ("what you chose before" in message.body) is (state == "active")
    page = client.get(re.search(r"/reports/by-email/yes/\S+", message.body)[0])  # type: ignore[index]
    assert "You asked for: Other report." in page.text
    assert now_of(row) == before, "looking changes nothing"
    assert click(NOON + DAY) is not None and click(NOON + 2 * DAY) is not None
    after = now_of(row)
    assert (after["state"], after["kinds"], after["bounces"]) == ("active", ["other"], 0)
    # Who was one stays one since then; who comes back is one from the click on.
    since = LONG_AGO if state == "active" else NOON + DAY
    assert after["confirmed_at"] == since
    # The link in mails of before still stops them.
    assert stop_reports(token=stop, by=None, now=NOON + 3 * DAY).state == "left"  # type: ignore[union-attr]


@pytest.mark.parametrize("state", STANDING)
def test_what_nobody_clicks_for_is_forgotten_and_the_subscription_stays(
    held: Any, state: str
) -> None:
    row = stands(state)
    before = now_of(row)
    ask("other")
    send_links(by=None, now=NOON)
    assert forget_unconfirmed(by=None, now=NOON + 7 * DAY - datetime.timedelta(seconds=1)) == 0
    assert forget_unconfirmed(by=None, now=NOON + 7 * DAY) == 1
    assert now_of(row) == before
    row.refresh_from_db()
    assert (row.asked_kinds, row.wanted) == (None, [KIND])
    click(NOON + 8 * DAY)
    assert now_of(row) == before, "a click that comes too late changes nothing"


def test_an_active_reader_goes_on_to_get_what_they_chose(held: Any) -> None:
    stands()
    make_edition(held)
    make_line(Audience.SUBSCRIBERS)
    ask("other")
    assert send_due_mailings(as_of=DUE, by=None, now=NOON).sent == 1
    assert EditionMail.objects.get().address == ADDRESS


@pytest.mark.parametrize("state", ["ended", "suspended"])
def test_who_ended_gets_nothing_before_the_click(held: Any, state: str) -> None:
    stands(state)
    make_edition(held)
    make_line(Audience.SUBSCRIBERS)
    ask(KIND)
    assert send_due_mailings(as_of=DUE, by=None, now=NOON).sent == 0


def test_one_link_a_day_for_what_is_asked(held: Any) -> None:
    stands()
    ask(KIND)
    assert send_links(by=None, now=NOON) == 0, "asked for what they get"
    for hours in (0, 1, 19):
        ask("other", now=NOON + datetime.timedelta(hours=hours))
        send_links(by=None, now=NOON + datetime.timedelta(hours=hours))
    assert len(mail.outbox) == 1
    ask("other", now=NOON + datetime.timedelta(hours=20))
    assert send_links(by=None, now=NOON + datetime.timedelta(hours=20)) == 1
    first, second = (re.search(r"/yes/(\S+)/", one.body)[1] for one in mail.outbox)  # type: ignore[index]
    assert confirm_reader(token=first, by=None, now=NOON + DAY) is None
    assert confirm_reader(token=second, by=None, now=NOON + DAY).kinds == ["other"]  # type: ignore[union-attr]
    # Of the page's own link at the time of signing up nothing is left.
    row = MailSubscription.objects.get()
    assert confirm_token(row).partition(".")[2] == second.partition(".")[2]


def test_what_an_officer_ends_is_not_undone_by_a_link_on_its_way(held: Any) -> None:
    row = stands()
    ask("other")
    send_links(by=None, now=NOON)
    end_reader(subscription=row, by=make_user(), now=NOON)
    assert click() is None
    assert (now_of(row)["state"], now_of(row)["kinds"]) == ("ended", [KIND])


@pytest.mark.parametrize("state", [*STANDING, "pending", "left"])
def test_the_page_asks_the_database_as_often_whatever_is_held(
    held: Any, client: Client, queue_away: Any, state: str
) -> None:
    row = stands()
    MailSubscription.objects.filter(pk=row.pk).update(
        state=state, email="" if state == "left" else ADDRESS
    )
    with CaptureQueriesContext(connection) as queries:
        client.post(reverse("report-mail-sign-up"), {"email": ADDRESS, "wanted": ["other"]})
    words = [one["sql"].split()[0] for one in queries]
    assert [word for word in words if word not in ("SAVEPOINT", "RELEASE")] == ["SELECT", "UPDATE"]


def test_officers_see_what_waits(held: Any, client: Client) -> None:
    stands()
    row = ask("other")
    client.force_login(make_user())
    page = client.get(row.get_absolute_url()).text
    assert "Asked for" in page and "Other report" in page
    found = client.get(f"/api/v1/subscriptions/{row.pk}/").json()
    assert (found["kinds"], found["asked_kinds"]) == ([KIND], ["other"])


@pytest.mark.parametrize("standing", [True, False])
def test_a_click_brings_what_the_e_mail_names_whatever_a_stranger_types_after(
    held: Any, standing: bool
) -> None:
    third = replace(editions.kind_of(KIND), key="third", name="Third report")
    editions.register_kind(third)
    row = stands("active") if standing else ask("other")
    version = row.version
    if standing:
        ask("other")
    send_links(by=None, now=NOON)
    assert "Other report" in mail.outbox[-1].body
    for minutes in range(1, 4):
        ask("third", now=NOON + datetime.timedelta(minutes=minutes))
    assert send_links(by=None, now=NOON + datetime.timedelta(minutes=9)) == 0
    row.refresh_from_db()
    assert row.version == version, "an officer's open form would be refused"
    click(NOON + datetime.timedelta(hours=1))
    assert now_of(row)["kinds"] == ["other"]

"""Both lists that anybody may join: one link a day, the same for every address, forgotten in a week."""

from __future__ import annotations

import datetime
import re
import smtplib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from community_needs import tasks as follower_tasks
from community_needs.models import BulletinIssue, BulletinMail, Subscription
from community_needs.services import following
from reporting import tasks as reader_tasks
from reporting.models import EditionMail, MailSubscription
from reporting.services.mailings import preparing, subscriptions
from tests.reporting.mailings import a_report, make_edition
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.opt_in import clean_address

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 5, 4, 10, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
ADDRESS = "resident@example.org"


@dataclass(frozen=True)
class AnyList:
    model: Any
    page: str
    stop: str
    ask: Callable[..., Any]
    send: Callable[..., int]
    forget: Callable[..., int]
    confirm: Callable[..., Any]
    leave_token: Callable[[Any], str]
    confirm_token: Callable[[Any], str]
    tasks: tuple[Any, Any]

    def rows(self) -> list[Any]:
        return list(self.model.objects.order_by("pk"))

    def joined(self, email: str = ADDRESS, now: datetime.datetime = NOW) -> Any:
        row = self.ask(email=email, by=None, now=now)
        return self.confirm(token=self.confirm_token(row), by=None, now=now)


LISTS = {
    "followers": AnyList(
        Subscription,
        "bulletin-follow",
        "bulletin-leave",
        lambda **said: following.ask_to_follow(topic="needs", **said),
        following.send_confirmations,
        following.forget_unconfirmed,
        following.confirm_following,
        following.leave_token,
        following.confirm_token,
        (follower_tasks.send_follow_links, follower_tasks.forget_unconfirmed_addresses),
    ),
    "readers": AnyList(
        MailSubscription,
        "report-mail-sign-up",
        "report-mail-stop",
        lambda **said: subscriptions.ask_for_reports(wanted=[], **said),
        subscriptions.send_links,
        subscriptions.forget_unconfirmed,
        subscriptions.confirm_reader,
        preparing.leave_token,
        preparing.confirm_token,
        (reader_tasks.send_reader_links, reader_tasks.forget_unconfirmed_readers),
    ),
}


@pytest.fixture(params=LISTS)
def held(request: pytest.FixtureRequest) -> AnyList:
    return LISTS[request.param]


def link() -> str:
    return re.search(r"/by-email/yes/\S+", mail.outbox[-1].body)[0]  # type: ignore[index]


def test_one_address_gets_one_link_a_day_however_often_it_is_typed(held, client):
    typed = (ADDRESS, ADDRESS.upper(), f" {ADDRESS}\t", ADDRESS)
    with time_machine.travel(NOW, tick=False):
        for email in typed:
            assert client.post(reverse(held.page), {"email": email}).status_code == 302
    assert [message.to for message in mail.outbox] == [[ADDRESS]]
    first = link()
    # One that went 19 hours ago still works; after 20 another goes, and only that one works.
    with time_machine.travel(NOW + datetime.timedelta(hours=19), tick=False):
        client.post(reverse(held.page), {"email": ADDRESS})
    assert len(mail.outbox) == 1
    with time_machine.travel(NOW + datetime.timedelta(hours=20), tick=False):
        client.post(reverse(held.page), {"email": ADDRESS})
    assert len(mail.outbox) == 2 and link() != first


def test_a_held_address_gets_the_same_answer_and_the_same_work(held, client, queue_away):
    """Nothing is sent in the request, and both ask the database for as much: one read, one write."""
    held.joined()
    asked, answers = [], []
    for email in (ADDRESS, "nobody.yet@example.org"):
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(reverse(held.page), {"email": email})
        words = [one["sql"].split()[0] for one in queries]
        asked.append([word for word in words if word not in ("SAVEPOINT", "RELEASE")])
        answers.append((answer.status_code, answer.url, client.get(answer.url).content))
    assert answers[0] == answers[1]
    assert asked == [["SELECT", "UPDATE"], ["SELECT", "INSERT"]]
    assert not mail.outbox


def test_who_never_clicks_is_forgotten_after_a_week_and_the_log_holds_no_address(held):
    held.joined("in@example.org")
    held.ask(email=ADDRESS, by=None, now=NOW)
    assert held.forget(by=None, now=NOW + 7 * DAY - datetime.timedelta(seconds=1)) == 0
    assert held.forget(by=None, now=NOW + 7 * DAY) == 1
    assert [row.email for row in held.rows()] == ["in@example.org"]
    event = AuditEvent.objects.filter(verb="unconfirmed addresses forgotten").get()
    assert event.after == {"addresses": 1}
    assert held.forget(by=None, now=NOW + 8 * DAY) == 0


def test_who_left_and_is_asked_again_is_forgotten_again_and_not_lost(held, client):
    """The digest says that it left, so that no list brings it back; that stays until a click."""
    row = held.joined()
    client.post(reverse(held.stop, args=[held.leave_token(row)]))
    left = held.model.objects.get()
    assert (left.state, left.email) == ("left", "")
    held.ask(email=ADDRESS, by=None, now=NOW + DAY)
    assert held.model.objects.get().state == "pending"
    assert held.forget(by=None, now=NOW + 9 * DAY) == 1
    row = held.model.objects.get()
    assert (row.state, row.email, row.left_at) == ("left", "", left.left_at)
    # Its owner comes back by a click.
    assert held.joined(now=NOW + 10 * DAY).state == "active"
    assert held.model.objects.get().left_at is None


def test_who_has_mails_on_record_and_never_clicks_leaves_the_record(client):
    with a_report() as report:
        edition = make_edition(report)
    reader = LISTS["readers"].joined()
    reader.state = "suspended"
    reader.save()
    EditionMail.objects.create(
        edition=edition, subscription=reader, address=ADDRESS, state="sent", planned_at=NOW,
        sent_at=NOW,
    )  # fmt: skip
    follower = LISTS["followers"].joined()
    follower.state = "bouncing"
    follower.save()
    issue = BulletinIssue.objects.create(
        number=1, made_at=NOW, made_by_name="An officer", dataset={}
    )
    BulletinMail.objects.create(issue=issue, subscription=follower)
    for held, is_forgotten in zip(LISTS.values(), (True, False), strict=True):
        held.ask(email=ADDRESS, by=None, now=NOW + DAY)
        assert held.forget(by=None, now=NOW + 8 * DAY) == 1
        row = held.model.objects.get()
        # Of reports a subscription stands until its owner clicks; what was asked is forgotten.
        expected = ("left", "") if is_forgotten else ("suspended", ADDRESS)
        assert (row.state, row.email) == expected
    assert EditionMail.objects.count() == BulletinMail.objects.count() == 1


def test_what_the_server_refused_for_now_goes_later_and_what_is_in_doubt_never(held, monkeypatch):
    held.ask(email=ADDRESS, by=None, now=NOW)
    answers = iter([smtplib.SMTPResponseException(451, b"later"), OSError("line broke")])

    def refuse(self: Any, messages: Any) -> int:
        raise next(answers)

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert held.send(by=None, now=NOW) == 0
        assert held.model.objects.get().confirm_sent_at is None
        assert held.send(by=None, now=NOW) == 0
    assert held.model.objects.get().confirm_sent_at == NOW
    assert held.send(by=None, now=NOW + datetime.timedelta(hours=1)) == 0 and not mail.outbox


def test_a_link_that_nobody_could_send_for_a_day_is_not_sent_any_more(held):
    held.ask(email=ADDRESS, by=None, now=NOW)
    assert held.send(by=None, now=NOW + DAY) == 0
    held.ask(email=ADDRESS, by=None, now=NOW + 2 * DAY)
    assert held.send(by=None, now=NOW + 2 * DAY) == 1


def test_the_schedule_names_these_tasks(held, settings):
    named = {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
    assert {task.name for task in held.tasks} <= named


def test_a_link_serves_its_purpose_and_no_other_row(held):
    mine, other = held.joined(), held.joined("other@example.org")
    token = held.leave_token(mine)
    assert held.confirm(token=token, by=None, now=NOW) is None
    for wrong in ("", ".", "x.y", f"{other.pk}.{token.partition('.')[2]}", f"{'9' * 20}.x"):
        assert Client().post(reverse(held.stop, args=[wrong or "-"])).status_code == 404
    assert {row.state for row in held.rows()} == {"active"}


@pytest.mark.parametrize(
    "email", ["", "shop", "a@b@c", "a@example.org\nb@example.org", "a\x00@example.org", "a@example.org,b@example.org"]
)  # fmt: skip
def test_what_is_not_one_address_is_refused(email):
    with pytest.raises(ValidationError, match="Enter one e-mail address"):
        clean_address(email)

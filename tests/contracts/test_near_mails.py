"""Following a ward by e-mail: asked first, each thing told once, at most once a week, one click out."""

from __future__ import annotations

import datetime
import re
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from community_needs.models import NearMail, Subscription
from community_needs.services.following import ask_to_follow
from contracts.services.near_news import tell_followers
from tests.factories import make_user, make_ward
from tests.factories_needs import NOW, make_need
from tests.factories_offers import make_asked, make_offer, make_promise
from trafford_sv.directory.models import Area

pytestmark = pytest.mark.django_db
ADDRESS = "resident@example.org"
WEEK = datetime.timedelta(days=7)


def follower(ward: Area, email: str = ADDRESS, state: str = "active") -> Subscription:
    found = ask_to_follow(email=email, topic="near_me", ward=ward, by=None, now=NOW)
    found.state, found.confirmed_at = state, NOW
    found.save()
    return found


def tell(now: datetime.datetime = NOW) -> dict[str, int]:
    return tell_followers(by=None, now=now, today=now.date())


def test_nobody_follows_a_ward_before_their_own_click(client: Client) -> None:
    ward = make_ward(name="Herely")
    address = reverse("near-me-follow", args=[ward.code])
    page = client.get(reverse("near-me-ward", args=[ward.code])).text
    assert address in page
    assert "at most once a week" in client.get(address).text
    assert "Look at your e-mail" in client.post(address, {"email": ADDRESS}, follow=True).text
    found = Subscription.objects.get()
    assert (found.topic, found.ward, found.state) == ("near_me", ward, "pending")
    make_need(ward)
    assert tell()["made"] == 0, "whoever has not clicked gets nothing"
    (message,) = mail.outbox
    assert "what happens near Herely" in message.body
    link = re.search(r"/needs/by-email/yes/\S+", message.body)[0]  # type: ignore[index]
    assert "something is new in Herely" in client.get(link).text
    client.get(link)
    assert Subscription.objects.get().state == "pending", "looking confirms nothing"
    assert "The first e-mail says what is there now" in client.post(link).text
    assert Subscription.objects.get().state == "active"


@pytest.mark.parametrize("email", ["", "nobody", "a@b@c", "x" * 300 + "@example.org", "a\x00@b.uk"])
def test_what_is_no_address_gets_a_sentence(client: Client, email: str) -> None:
    address = reverse("near-me-follow", args=[make_ward().code])
    answer = client.post(address, {"email": email})
    assert answer.status_code == 200 and answer.context["form"].errors
    assert not Subscription.objects.exists()


@pytest.mark.parametrize("code", ["nowhere", "E05000819", "E" * 200])
def test_a_ward_that_is_not_of_2023_cannot_be_followed(client: Client, code: str) -> None:
    make_ward("E05000819", boundary_year=2022)
    assert client.get(f"/near-me/{code}/by-email/").status_code == 404
    assert client.post(f"/near-me/{code}/by-email/", {"email": ADDRESS}).status_code == 404


def test_the_first_mail_says_what_is_there_and_the_next_only_what_is_new() -> None:
    need, fit = make_asked("40", title="A warm place")
    ward = need.wards.get()
    elsewhere = make_need(make_ward(), title="Far away")
    make_promise(fit, ward, title="Warm rooms")
    follower(ward)
    assert tell() == {"made": 1, "due": 1, "sent": 1, "failed": 0, "in_doubt": 0, "skipped": 0}
    first = mail.outbox[0]
    assert first.to == [ADDRESS] and f"new in {ward.name}" in first.subject
    assert "Needed: A warm place" in first.body and "Warm rooms" in first.body
    assert elsewhere.title not in first.body
    assert reverse("near-me-ward", args=[ward.code]) in first.body
    assert tell(NOW + WEEK)["made"] == 0, "nothing is new, so nothing is sent"
    make_offer(need, make_promise(fit, ward, title="Tea"), state="confirmed", quantity="25")
    assert tell(NOW + WEEK)["made"] == 1
    second = mail.outbox[1]
    assert "Help came: A warm place" in second.body and "Tea" in second.body
    assert "Warm rooms" not in second.body and "Needed:" not in second.body


def test_nobody_hears_more_than_once_a_week_and_nothing_is_lost_meanwhile() -> None:
    ward = make_ward()
    make_need(ward, title="Chairs")
    follower(ward)
    tell()
    make_need(ward, title="Tables")
    assert tell(NOW + datetime.timedelta(days=6, hours=23))["made"] == 0
    assert tell(NOW + WEEK)["made"] == 1
    assert "Tables" in mail.outbox[1].body and "Chairs" not in mail.outbox[1].body


def test_one_click_stops_them_and_what_was_made_before_is_not_sent(client: Client) -> None:
    ward = make_ward()
    make_need(ward)
    follower(ward)
    tell()
    headers = mail.outbox[0].extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    make_need(ward)
    NearMail.objects.create(
        subscription=Subscription.objects.get(), number=2, made_at=NOW + WEEK,
        dataset={"entries": [], "keys": []},
    )  # fmt: skip
    link = re.search(r"/needs/by-email/stop/[^>\s]+", headers["List-Unsubscribe"])[0]  # type: ignore[index]
    program = Client(enforce_csrf_checks=True)
    assert program.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    gone = Subscription.objects.get()
    assert (gone.state, gone.email) == ("left", "")
    later = tell(NOW + WEEK)
    assert (later["made"], later["skipped"], len(mail.outbox)) == (0, 1, 1)


def test_mail_that_bounces_stops_and_an_officer_sees_it(client: Client, monkeypatch: Any) -> None:
    ward = make_ward()
    make_need(ward)
    follower(ward)

    def no(self: Any, messages: Any) -> None:
        raise smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"5.1.1 nobody here")})

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", no)
        assert tell()["failed"] == 1
    assert Subscription.objects.get().state == "bouncing"
    client.force_login(make_user())
    page = client.get(reverse("bulletin-list")).text
    assert "nobody here" in page and ADDRESS in page


def test_a_mail_in_doubt_is_not_sent_again_by_itself_and_an_officer_settles_it(
    client: Client, monkeypatch: Any
) -> None:
    ward = make_ward(name="Herely")
    make_need(ward)
    follower(ward)

    def broken(self: Any, messages: Any) -> None:
        raise OSError("the line broke")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken)
        assert tell()["in_doubt"] == 1
    assert tell(NOW + WEEK)["due"] == 0
    client.force_login(make_user())
    page = client.get(reverse("bulletin-list")).text
    assert "the line broke" in page and "Herely" in page
    address = reverse("follower-mail-settle", args=["near", NearMail.objects.get().pk])
    assert address in page
    assert "goes out again" in client.post(address, {"action": "again"}, follow=True).text
    assert tell(NOW + WEEK)["sent"] == 1 and len(mail.outbox) == 1
    assert client.post(reverse("follower-mail-settle", args=["owl", 1])).status_code == 404


def test_small_numbers_are_hidden_in_the_mail_as_on_the_page() -> None:
    need, fit = make_asked("3", title="Company", unit="people")
    ward = need.wards.get()
    make_offer(need, make_promise(fit, ward), state="confirmed", quantity="3")
    follower(ward)
    tell()
    assert "fewer than 5" in mail.outbox[0].body and "3 people" not in mail.outbox[0].body

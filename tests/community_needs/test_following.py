"""Following what is needed: double opt-in, one click to leave, and no list brings anyone back."""

from __future__ import annotations

import datetime
import re
import smtplib
import xml.etree.ElementTree as ElementTree
from typing import Any

import page as validator
import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from community_needs.models import BulletinIssue, BulletinMail, Subscription
from community_needs.services.bulletins import make_bulletin, send_bulletins
from community_needs.services.following import (
    ask_to_follow,
    leave_token,
)
from tests.drawn import drawn
from tests.factories import make_user, make_ward
from tests.factories_needs import NOW, make_need

pytestmark = pytest.mark.django_db
LATER = NOW + datetime.timedelta(days=3)
ADDRESS = "shop@example.org"


def link(words: str, body: str) -> str:
    return re.search(rf"/needs/by-email/{words}/\S+", body)[0]  # type: ignore[index]


def follower(email: str = ADDRESS, **values: Any) -> Subscription:
    found = ask_to_follow(email=email, topic="needs", by=None, now=NOW)
    for name, value in {"state": "active", "confirmed_at": NOW, **values}.items():
        setattr(found, name, value)
    found.save()
    return found


def bulletin(now: datetime.datetime = NOW) -> BulletinIssue:
    return make_bulletin(introduction="Hello", by=make_user(), now=now, today=now.date())


def test_nobody_follows_before_their_own_click(client: Client) -> None:
    answer = client.post(reverse("bulletin-follow"), {"email": ADDRESS}, follow=True)
    assert "Look at your e-mail" in answer.text
    assert Subscription.objects.get().state == "pending"
    address = link("yes", mail.outbox[0].body)
    client.get(address)
    assert Subscription.objects.get().state == "pending", "a scanner that looks confirms nothing"
    assert "You are in" in client.post(address).text
    assert Subscription.objects.get().state == "active"
    assert "You are in" in client.post(address).text, "a second click changes nothing"


def test_the_page_does_not_tell_who_follows(client: Client) -> None:
    follower()
    known = client.post(reverse("bulletin-follow"), {"email": ADDRESS.upper()}, follow=True)
    fresh = client.post(reverse("bulletin-follow"), {"email": "new@example.org"}, follow=True)
    assert known.redirect_chain == fresh.redirect_chain
    assert [message.to for message in mail.outbox] == [["new@example.org"]]


@pytest.mark.parametrize(
    "email", ["", "shop", "a@b@c", "x" * 300 + "@example.org", "a\x00@example.org"]
)
def test_what_is_no_address_gets_a_sentence(client: Client, email: str) -> None:
    answer = client.post(reverse("bulletin-follow"), {"email": email})
    assert answer.status_code == 200 and answer.context["form"].errors
    assert not Subscription.objects.exists() and not mail.outbox


def test_a_bulletin_goes_once_to_each_follower_with_one_click_to_leave(client: Client) -> None:
    make_need(make_ward(name="Herely"), title="A warm place", quantity="40")
    make_need(title="Not read yet", is_public=False)
    follower()
    follower("pending@example.org", state="pending")
    bulletin()
    assert send_bulletins(by=None, now=NOW)["sent"] == 1
    assert send_bulletins(by=None, now=LATER)["due"] == 0
    (message,) = mail.outbox
    assert "A warm place" in message.body and "40 sessions wanted" in message.body
    assert "Not read yet" not in message.body and message.subject.startswith("1 need waits")
    headers = message.extra_headers
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    address = link("stop", headers["List-Unsubscribe"]).rstrip(">")
    client.get(address)
    assert Subscription.objects.get(email=ADDRESS).state == "active", "looking stops nothing"
    # What a mail program posts, without a cookie and without a token against forged forms.
    program = Client(enforce_csrf_checks=True)
    assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    gone = Subscription.objects.get(state="left")
    assert gone.email == "" and ADDRESS not in gone.email_key
    bulletin(LATER)
    assert BulletinMail.objects.filter(issue__number=2).count() == 0


def test_whoever_leaves_after_the_bulletin_was_made_gets_no_copy(client: Client) -> None:
    make_need()
    found = follower()
    bulletin()
    client.post(reverse("bulletin-leave", args=[leave_token(found)]))
    assert send_bulletins(by=None, now=NOW)["skipped"] == 1 and not mail.outbox


def test_an_unsubscribed_address_in_a_list_stays_out_and_its_owner_may_come_back(
    client: Client,
) -> None:
    found = follower()
    client.post(reverse("bulletin-leave", args=[leave_token(found)]))
    officer = Client()
    officer.force_login(make_user())
    rows = f"{ADDRESS}\nSHOP@example.org\nnew@example.org\nnot an address\n"
    page = officer.post(
        reverse("bulletin-addresses"), {"addresses": rows, "source": "A day"}, follow=True
    ).text
    assert "2 left before and stay out" in page or "1 left before and stays out" in page
    assert "not e-mail addresses: not an address" in page
    assert [message.to for message in mail.outbox] == [["new@example.org"]], "asked, not added"
    assert Subscription.objects.filter(state="active").count() == 0
    client.post(reverse("bulletin-follow"), {"email": ADDRESS})
    client.post(link("yes", mail.outbox[-1].body))
    assert Subscription.objects.get(email=ADDRESS).state == "active"
    assert client.post(reverse("bulletin-leave", args=[leave_token(found)])).status_code == 404


def test_mail_that_bounces_is_seen_and_no_more_is_sent(client: Client, monkeypatch: Any) -> None:
    make_need()
    follower()
    bulletin()
    refused = smtplib.SMTPRecipientsRefused({ADDRESS: (550, b"5.1.1 nobody here")})

    def no(self: Any, messages: Any) -> None:
        raise refused

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", no)
        assert send_bulletins(by=None, now=NOW)["failed"] == 1
    assert Subscription.objects.get().state == "bouncing"
    assert send_bulletins(by=None, now=LATER)["due"] == 0
    client.force_login(make_user())
    page = client.get(reverse("bulletin-list")).text
    assert "nobody here" in page and ADDRESS in page


def test_a_full_mailbox_is_tried_again_before_it_counts(monkeypatch: Any) -> None:
    make_need()
    follower()
    bulletin()
    full = smtplib.SMTPRecipientsRefused({ADDRESS: (452, b"4.2.2 mailbox full")})

    def no(self: Any, messages: Any) -> None:
        raise full

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", no)
        for hour in range(5):
            send_bulletins(by=None, now=NOW + datetime.timedelta(hours=hour))
    found = Subscription.objects.get()
    assert (found.state, found.bounces) == ("active", 1)
    assert BulletinMail.objects.get().tries == 5


def test_an_officer_looks_at_a_bulletin_before_it_is_sent(client: Client) -> None:
    client.force_login(make_user())
    address = reverse("bulletin-make")
    empty = client.post(address, {"introduction": "", "step": "send"})
    assert "No need waits for help today" in empty.text
    make_need(title="A warm place")
    follower()
    assert "A warm place" in client.post(address, {"introduction": "Hi"}).text
    assert not BulletinIssue.objects.exists()
    client.post(address, {"introduction": "Hi", "step": "send"})
    assert BulletinIssue.objects.get().mails.count() == 1
    again = client.post(address, {"introduction": "Hi", "step": "send"})
    assert "was made today" in again.text and BulletinIssue.objects.count() == 1


def test_the_feed_holds_what_waits_for_help_and_is_well_formed(client: Client) -> None:
    make_need(title="Chairs & <tables>", words="For\x0bus")
    make_need(title="Met", state="met")
    answer = client.get(reverse("needs-feed"))
    assert answer["Content-Type"].startswith("application/atom+xml")
    root = ElementTree.fromstring(answer.content)
    space = {"a": "http://www.w3.org/2005/Atom"}
    titles = [entry.text for entry in root.findall("a:entry/a:title", space)]
    assert titles == ["Chairs & <tables>"]
    assert root.find("a:id", space) is not None and root.find("a:updated", space) is not None
    before = client.get(reverse("needs-feed")).content
    assert before == answer.content, "the same needs are the same feed"


def test_the_bulletin_prints_accessibly_with_and_without_needs(client: Client) -> None:
    for _ in range(2):
        body = drawn(client, reverse("bulletin-pdf"))
        report = validator.validate_pdf_bytes(body, profile=validator.ValidationProfile.PDF_UA_1)
        assert [str(failure) for failure in report.failures] == []
        make_need(make_ward(name="Herely"), title="A warm place", words="Line\nline", quantity="40")

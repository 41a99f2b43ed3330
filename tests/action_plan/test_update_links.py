"""Asking leads by one-time link: whom it reaches, that it goes once, and that it opens once."""

from __future__ import annotations

import datetime
import re
import smtplib

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils import timezone

from action_plan.models import Action, ActionUpdate, UpdateLink
from action_plan.services import update_links
from action_plan.services.update_links import (
    LinkRefused,
    answer_link,
    ask_again,
    ask_for_updates,
    find_link,
    forget_update_addresses,
    send_back_with_link,
    send_link_again,
    send_update_links,
    whom_to_ask,
)
from tests.factories import make_user
from tests.factories_plan import make_action, make_update
from trafford_sv.core import sending
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 7, 6, 10, 0, tzinfo=datetime.UTC)
TODAY = NOW.date()
Q1 = Quarter.parse("2026-27 Q1")
LEAD = {"lead_email": "lead@example.org", "lead_name": "The invented lead"}


def ask(quarter=Q1):
    return ask_for_updates(quarter=quarter, by=make_user(), now=NOW, today=TODAY)


def token():
    """From the last mail, as its reader has it."""
    return re.search(r"/updates/answer/([\w-]+)/", mail.outbox[-1].body)[1]


def answer(code, **values):
    said = {
        "narrative": "Six hubs.", "status": "at_risk", "name": "The lead",
        "expected_version": None, **values,
    }  # fmt: skip
    return answer_link(token=code, by=None, now=NOW, today=TODAY, **said)


def test_those_who_lead_a_live_action_without_an_update_are_asked():
    asked = make_action(**LEAD)
    account = make_action(lead=make_user())
    closed_account = make_user()
    closed_account.is_active = False
    closed_account.save()
    nobody, gone = make_action(), make_action(lead=closed_account, **LEAD)
    make_action(status="cancelled", **LEAD)
    make_action(starts=Q1.next.start, **LEAD)
    written = make_action(**LEAD)
    make_update(written)
    report = ask()
    assert set(report.to_ask) == {asked, account}
    assert set(report.no_address) == {nobody, gone}
    assert report.sent_in == [written]
    assert set(whom_to_ask(Q1, now=NOW).asked_already) == {asked, account}
    assert ask().to_ask == []


def test_a_mail_goes_once_and_says_what_to_do():
    action = make_action(**LEAD, title="Ask\nthe hubs")
    ask()
    assert send_update_links(by=None, now=NOW).sent == 1
    assert send_update_links(by=None, now=NOW).sent == 0
    (message,) = mail.outbox
    assert message.to == ["lead@example.org"]
    assert message.subject == "Update needed: Ask the hubs"
    assert "April to June 2026" in message.body and "30 July 2026" in message.body
    link = UpdateLink.objects.get(action=action)
    assert link.mail == "sent" and link.token_hash not in message.body
    assert find_link(token=token(), now=NOW) == link


def test_a_mail_after_the_due_day_does_not_ask_for_it_by_then():
    make_action(**LEAD)
    ask()
    send_update_links(by=None, now=datetime.datetime(2026, 8, 3, 9, tzinfo=datetime.UTC))
    (message,) = mail.outbox
    html = message.alternatives[0][0]
    assert "It was due on 30 July 2026." in message.body and "It was due on 30 July" in html
    assert "Please send it by" not in message.body + html


def test_a_link_submits_once_and_then_says_so():
    action = make_action(**LEAD)
    ask()
    send_update_links(by=None, now=NOW)
    code = token()
    update = answer(code)
    assert (update.state, update.submitted_by_name) == (
        "submitted", "The lead (by the link in an e-mail)",
    )  # fmt: skip
    with pytest.raises(LinkRefused, match="used"):
        answer(code)
    assert UpdateLink.objects.get(action=action).sent_to == ""
    with pytest.raises(LinkRefused, match="unknown"):
        find_link(token="x" * 100_000, now=NOW)


def test_a_link_ends_with_its_time_with_a_newer_one_and_with_its_quarter():
    action = make_action(**LEAD)
    ask()
    send_update_links(by=None, now=NOW)
    first = token()
    with pytest.raises(LinkRefused, match="expired"):
        find_link(token=first, now=NOW + datetime.timedelta(days=46))
    with pytest.raises(ValidationError, match="name@example.org"):
        ask_again(action=action, quarter=Q1, email="nobody", by=None, now=NOW)
    ask_again(action=action, quarter=Q1, email="other@example.org", by=None, now=NOW)
    send_update_links(by=None, now=NOW)
    assert mail.outbox[-1].to == ["other@example.org"]
    with pytest.raises(LinkRefused, match="withdrawn"):
        find_link(token=first, now=NOW)
    close_quarter(quarter=Q1, by=None, now=NOW)
    with pytest.raises(ValidationError, match="was closed"):
        answer(token())
    assert UpdateLink.objects.get(sent_to="other@example.org").state == "asked"
    with pytest.raises(ValidationError, match="was closed"):
        ask()
    with pytest.raises(ValidationError, match="not begun"):
        ask(Q1.next.next)


def test_what_is_sent_back_brings_a_new_link_with_the_reason():
    action = make_action(**LEAD)
    ask()
    send_update_links(by=None, now=NOW)
    update = answer(token())
    back, link = send_back_with_link(
        update=update, reason="How many hubs?", expected_version=update.version, by=None, now=NOW
    )
    assert link is not None and link.sent_to == "lead@example.org"
    send_update_links(by=None, now=NOW)
    assert "How many hubs?" in mail.outbox[-1].body
    again = answer(token(), narrative="Six.", expected_version=back.version)
    assert (again.state, again.narrative) == ("submitted", "Six.")
    Action.objects.filter(pk=action.pk).update(lead_email="")
    _, nobody = send_back_with_link(
        update=again, reason="Once more", expected_version=again.version, by=None, now=NOW
    )
    assert nobody is None


class _Server:
    """A mail backend that answers as told, for what a real server may do."""

    def __init__(self, error):
        self.error, self.sent = error, []

    def open(self):
        pass

    def close(self):
        pass

    def send_messages(self, messages):
        if self.error:
            raise self.error
        self.sent += messages


@pytest.mark.parametrize(
    ("error", "state"),
    [(smtplib.SMTPResponseException(550, b"no such box"), "failed"), (OSError("reset"), "claimed")],
)
def test_refused_is_tried_again_later_and_doubt_is_settled_by_a_person(monkeypatch, error, state):
    make_action(**LEAD)
    ask()
    server = _Server(error)
    monkeypatch.setattr(sending, "get_connection", lambda: server)
    send_update_links(by=None, now=NOW)
    link = UpdateLink.objects.get()
    assert link.mail == state and link.failure
    server.error = None
    send_update_links(by=None, now=NOW + datetime.timedelta(minutes=1))
    assert server.sent == []
    later = NOW + datetime.timedelta(hours=2)
    send_update_links(by=None, now=later)
    # Refused surely did not go. In doubt may have gone: never again by itself.
    assert len(server.sent) == (1 if state == "failed" else 0)
    if state == "claimed":
        assert send_link_again(link=link, by=make_user(), now=later).sent == 1
    with pytest.raises(ValidationError, match="not in doubt"):
        send_link_again(link=link, by=make_user(), now=later)


def test_a_mail_claimed_by_another_worker_is_left_to_it():
    make_action(**LEAD)
    ask()
    stale = UpdateLink.objects.get()
    send_update_links(by=None, now=NOW)
    assert update_links._send([stale], None, NOW).others == 1
    assert len(mail.outbox) == 1


def test_addresses_are_forgotten_when_they_are_of_no_more_use():
    make_action(**LEAD)
    ask()
    assert forget_update_addresses(by=None, now=NOW) == 0
    assert forget_update_addresses(by=None, now=NOW + datetime.timedelta(days=46)) == 1
    assert UpdateLink.objects.get().sent_to == ""


def test_a_lead_writes_checks_and_sends_without_an_account(client):
    action = make_action(**LEAD, title="Ask the hubs")
    now = timezone.now()
    quarter = Quarter.of(timezone.localdate()).previous
    ask_for_updates(quarter=quarter, by=None, now=now, today=timezone.localdate())
    send_update_links(by=None, now=now)
    address = reverse("update-answer", args=[token()])
    page = client.get(address)
    assert "Ask the hubs" in page.text and page["Referrer-Policy"] == "no-referrer"
    empty = client.post(address, {"narrative": "", "status": "great", "name": ""})
    assert "Say what happened" in empty.text and "Say who you are" in empty.text
    said = {"narrative": "Six hubs <b>", "status": "on_track", "name": "Lead"}
    check = client.post(address, said)
    assert "Check your update" in check.text and "Six hubs &lt;b&gt;" in check.text
    assert "Six hubs" in client.post(address, {**said, "step": "change"}).text
    assert not ActionUpdate.objects.exists()
    done = client.post(address, {**said, "step": "send"})
    assert done["Location"] == reverse("update-thanks")
    assert ActionUpdate.objects.get().action == action
    assert client.get(address).status_code == 410
    assert client.get(reverse("update-answer", args=["nothing"])).status_code == 404

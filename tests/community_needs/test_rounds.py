"""A round from its first question to what was heard."""

from __future__ import annotations

import datetime
import smtplib
from typing import Any

import page as validator
import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

from community_needs.models import Invitation, Need, Question, Response, Round, RoundMail
from community_needs.services.round_mails import send_round_mails
from community_needs.services.rounds import invite_hubs, record_bounce, remind_hubs
from tests.drawn import drawn
from tests.factories import make_user, make_ward
from tests.factories_needs import (
    NOW,
    make_hub,
    make_invitation,
    make_priority,
    make_response,
    make_round,
)
from trafford_sv.core.models import AuditEvent

pytestmark = pytest.mark.django_db
TODAY = NOW.date()
LATER = NOW + datetime.timedelta(days=2)


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(make_user())
    return client


def invited(asked: Round, *hubs: Any) -> list[Invitation]:
    addresses = {hub.organisation_id: f"hub{hub.pk}@example.org" for hub in hubs}
    return invite_hubs(round=asked, addresses=addresses, by=make_user(), now=NOW)


def sent(**how: Any) -> dict[str, int]:
    return send_round_mails(**{"by": None, "now": NOW, "today": TODAY, **how})


def test_an_officer_builds_previews_and_opens_a_round(officer: Client, monkeypatch: Any) -> None:
    priority = make_priority("Food")
    today = datetime.date.today()
    values = {
        "name": "Winter", "introduction": "Why we ask", "opens_on": f"{today:%d/%m/%Y}",
        "closes_on": f"{today + datetime.timedelta(days=20):%d/%m/%Y}", "priorities": [priority.pk],
    }  # fmt: skip
    officer.post(reverse("round-create"), values)
    asked = Round.objects.get()
    assert asked.questions.count() == 4 and asked.state == "draft"
    question = {"version": "1", "kind": "quantity", "text": "How many meals?"}
    address = reverse("question-create", args=[asked.pk])
    assert "Say what is counted" in officer.post(address, question).text
    officer.post(address, {**question, "unit": "meals"})
    officer.post(reverse("question-remove", args=[asked.pk, 2]), {"version": "2"})
    assert [row.number for row in asked.questions.all()] == [1, 2, 3, 4], "the gap is closed"
    assert "How many meals?" in officer.get(reverse("round-preview", args=[asked.pk])).text
    stale = officer.post(reverse("round-open", args=[asked.pk]), {"version": "1"})
    assert "Somebody saved" in stale.text
    officer.post(reverse("round-open", args=[asked.pk]), {"version": "3"})
    asked.refresh_from_db()
    assert asked.state == "open"
    late = officer.post(reverse("question-save", args=[asked.pk, 1]), {**question, "version": "4"})
    assert "stay as they are" in late.text


def test_a_hub_is_asked_once_with_a_link_of_its_own_after_a_second_look(officer: Client) -> None:
    asked, one, two = make_round(), make_hub("Hub One"), make_hub("Hub Two")
    asked.closes_on = datetime.date(2090, 1, 1)
    asked.save()
    address = reverse("round-invite", args=[asked.pk])
    typed = {
        f"ask-{one.organisation_id}": "on", f"email-{one.organisation_id}": "one@example.org",
        f"ask-{two.organisation_id}": "on", f"email-{two.organisation_id}": "",
    }  # fmt: skip
    look = officer.post(address, typed)
    assert "Check whom you ask" in look.text and not Invitation.objects.exists()
    officer.post(address, {**typed, "step": "send"})
    officer.post(address, {**typed, "step": "send"})
    assert Invitation.objects.count() == 2 and RoundMail.objects.count() == 1
    sent()
    (message,) = mail.outbox
    assert message.to == ["one@example.org"] and "/answer/" in message.body
    token = message.body.split("/answer/")[1].split("/")[0]
    stored = Invitation.objects.get(organisation=one.organisation)
    assert token not in f"{stored.link_seed}{stored.token_hash}", "no table holds the link"
    assert stored.sent_at


def test_a_mail_goes_once_and_only_those_without_an_answer_are_reminded() -> None:
    asked, one, two = make_round(), make_hub(), make_hub()
    first, _second = invited(asked, one, two)
    assert sent()["sent"] == 2 and sent()["sent"] == 0
    assert remind_hubs(round=asked, by=make_user(), now=NOW, today=TODAY) == 0, "asked today"
    Invitation.objects.filter(pk=first.pk).update(answered_at=NOW)
    assert remind_hubs(round=asked, by=make_user(), now=LATER, today=TODAY) == 1
    assert sent(now=LATER)["sent"] == 1 and len(mail.outbox) == 3
    assert "A reminder" in mail.outbox[-1].subject


def test_a_hub_that_answers_before_the_mail_leaves_is_left_in_peace() -> None:
    asked = make_round()
    (row,) = invited(asked, make_hub())
    Invitation.objects.filter(pk=row.pk).update(answered_at=NOW)
    assert sent()["skipped"] == 1 and not mail.outbox


def test_mail_that_bounces_is_shown_and_a_new_address_gets_a_new_link(
    officer: Client, monkeypatch: Any
) -> None:
    asked = make_round(closes_on=datetime.date(2090, 1, 1))
    (row,) = invited(asked, make_hub("Hub One"))
    refused = smtplib.SMTPRecipientsRefused({"x": (550, b"5.1.1 no such user")})

    def no(self: Any, messages: Any) -> None:
        raise refused

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", no)
        assert sent()["failed"] == 1
    row.refresh_from_db()
    assert row.bounced_at and "no such user" in row.bounce_words
    assert sent(now=LATER)["due"] == 0, "an address that is not there is not tried again"
    page = officer.get(reverse("round-asked", args=[asked.pk])).text
    assert "Mail came back" in page and "no such user" in page
    old = row.token_hash
    officer.post(reverse("invitation-address", args=[row.pk]), {"email": "new@example.org"})
    row.refresh_from_db()
    assert row.token_hash != old and not row.bounced_at
    assert sent(now=LATER)["sent"] + len(mail.outbox) >= 1
    record_bounce(invitation=row, words="full", by=make_user(), now=NOW)
    assert remind_hubs(round=asked, by=make_user(), now=LATER, today=TODAY) == 0


def test_a_broken_line_leaves_a_mail_in_doubt_and_it_is_not_sent_again(monkeypatch: Any) -> None:
    asked = make_round()
    invited(asked, make_hub())

    def breaks(self: Any, messages: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", breaks)
        assert sent()["in_doubt"] == 1
    assert sent(now=LATER)["due"] == 0
    assert RoundMail.objects.get().state == RoundMail.State.CLAIMED


def test_paper_is_typed_in_also_after_closing_but_a_hub_answers_once(officer: Client) -> None:
    asked, hub = make_round(state="closed"), make_hub("Hub One")
    invitation = make_invitation(asked, hub)
    words = asked.questions.get(kind="text")
    typed = {"organisation": hub.organisation_id, f"text-{words.pk}": "A warm place"}
    address = reverse("round-paper-enter", args=[asked.pk])
    officer.post(address, typed)
    response = Response.objects.get()
    assert response.channel == "paper" and response.invitation == invitation
    assert response.entered_by_name == "An officer"
    invitation.refresh_from_db()
    assert invitation.answered_at
    again = officer.post(address, typed)
    assert "has answered this round already" in again.text and Response.objects.count() == 1


def test_the_paper_form_is_accessible(officer: Client) -> None:
    asked = make_round()
    body = drawn(officer, reverse("round-paper", args=[asked.pk]))
    report = validator.validate_pdf_bytes(body, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []


def test_needs_are_raised_from_ticked_answers(officer: Client) -> None:
    asked, ward = make_round(), make_ward()
    answers = [make_response(asked) for _ in range(3)]
    address = reverse("need-from-answers", args=[asked.pk])
    assert officer.get(address).status_code == 302, "nothing ticked leads back"
    ticked = [str(row.pk) for row in answers[:2]]
    assert officer.get(address, {"answer": ticked}).status_code == 200
    values = {
        "answer": ticked, "title": "A warm place", "priority": asked.priorities.first().pk,
        "wards": [ward.pk], "open_from": "1/12/2026", "is_public": "on",
    }  # fmt: skip
    officer.post(address, values)
    need = Need.objects.get()
    assert need.sources.count() == 2 and need.round == asked and need.raised_from == "responses"


def test_what_was_heard_is_published_and_small_counts_are_not(officer: Client) -> None:
    asked = make_round(state="closed")
    for _ in range(4):
        answer = make_response(asked, make_hub().organisation, role="secret role")
        answer.priorities.create(priority=asked.priorities.first(), rank=1, weight=9)
    address = reverse("round-publish", args=[asked.pk])
    assert "Say in a few sentences" in officer.post(address, {"version": "1", "heard": " "}).text
    officer.post(address, {"version": "1", "heard": "People want <b>warmth</b>"})
    visitor = Client().get(reverse("round-detail", args=[asked.pk])).text
    assert "People want &lt;b&gt;warmth&lt;/b&gt;" in visitor and "Fewer than 5" in visitor
    assert "came first" not in visitor and "secret role" not in visitor
    make_response(asked)
    visitor = Client().get(reverse("round-detail", args=[asked.pk])).text
    assert "came first" in visitor and "100%" not in visitor, "four people ranked it"
    assert "100%" in officer.get(reverse("round-detail", args=[asked.pk])).text


def test_a_draft_round_is_for_officers_alone(client: Client) -> None:
    asked = make_round(state="draft")
    hub = make_hub()
    make_invitation(asked, hub)
    address = reverse("round-detail", args=[asked.pk])
    assert client.get(address).status_code == 404
    client.force_login(make_user("hub", hub.organisation))
    assert client.get(address).status_code == 404
    asked.state = "open"
    asked.save()
    assert client.get(address).status_code == 200, "a hub reads the round it was asked in"
    assert "hub@example.org" not in client.get(address).text, "and no addresses"


def test_hubs_are_invited_only_to_an_open_round_and_by_real_addresses() -> None:
    hub = make_hub()
    with pytest.raises(ValidationError, match="Open the round first"):
        invited(make_round(state="draft"), hub)
    with pytest.raises(ValidationError, match="not an e-mail address"):
        invite_hubs(
            round=make_round(), addresses={hub.organisation_id: "no"}, by=make_user(), now=NOW
        )
    assert not AuditEvent.objects.exists()


def test_a_question_that_was_answered_twice_in_a_list_costs_no_more_queries(
    officer: Client, django_assert_max_num_queries: Any
) -> None:
    asked = make_round()
    for _ in range(12):
        hub = make_hub()
        make_invitation(asked, hub)
        make_response(asked, hub.organisation)
    for name, most in (("response-list", 8), ("round-detail", 12), ("round-asked", 12)):
        address = reverse(name, args=[asked.pk])
        officer.get(address)
        with django_assert_max_num_queries(most):
            officer.get(address)
    officer.get(reverse("round-list"))
    with django_assert_max_num_queries(8):
        officer.get(reverse("round-list"))
    assert Question.objects.count() == 4


# --- mails in doubt -----------------------------------------------------------------------------


@pytest.fixture
def doubtful(monkeypatch: Any) -> RoundMail:
    """The line broke while the mail went out: it may have gone."""
    asked = make_round(closes_on=datetime.date(2090, 1, 1))
    invited(asked, make_hub("Hub One"))

    def broken(self: Any, messages: Any) -> None:
        raise OSError("the line broke")

    with monkeypatch.context() as patched:
        patched.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", broken)
        assert sent()["in_doubt"] == 1
    assert sent(now=LATER)["due"] == 0, "in doubt is never sent again by itself"
    return RoundMail.objects.get()


def test_a_mail_in_doubt_is_shown_and_marked_as_sent_by_an_officer(
    officer: Client, doubtful: RoundMail
) -> None:
    asked = doubtful.invitation.round
    assert "1 mail is in doubt" in officer.get(reverse("round-detail", args=[asked.pk])).text
    page = officer.get(reverse("round-asked", args=[asked.pk])).text
    assert "the line broke" in page and "It arrived: mark as sent" in page
    address = reverse("round-mail-settle", args=[doubtful.pk])
    officer.post(address, {"action": "sent"})
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.sent_at) == ("sent", NOW)
    event = AuditEvent.objects.get(verb="mail marked as sent")
    assert event.subject_id == str(doubtful.pk)
    twice = officer.post(address, {"action": "again"}, follow=True).text
    assert "This mail is settled: sent" in twice and not mail.outbox


def test_a_mail_in_doubt_is_sent_again_once_when_an_officer_says_so(
    officer: Client, doubtful: RoundMail
) -> None:
    address = reverse("round-mail-settle", args=[doubtful.pk])
    officer.post(address, {"action": "nonsense"})
    doubtful.refresh_from_db()
    assert doubtful.state == "claimed"
    officer.post(address, {"action": "again"})
    sent(now=LATER)
    sent(now=LATER)
    assert len(mail.outbox) == 1 and "Hub One" in mail.outbox[0].subject
    doubtful.refresh_from_db()
    assert (doubtful.state, doubtful.tries) == ("sent", 2)


def test_a_mail_that_is_being_sent_now_is_not_in_doubt(
    officer: Client, doubtful: RoundMail
) -> None:
    now = datetime.datetime.now(datetime.UTC)
    RoundMail.objects.update(failure="", claimed_at=now)
    address = reverse("round-mail-settle", args=[doubtful.pk])
    assert "being sent now" in officer.post(address, {"action": "again"}, follow=True).text
    RoundMail.objects.update(claimed_at=now - datetime.timedelta(hours=2))
    assert "goes out again" in officer.post(address, {"action": "again"}, follow=True).text


def test_who_was_asked_says_the_response_rate_of_a_ward(officer: Client) -> None:
    """A ward served by three hubs, two of which answered: 2 / 3 = 66.7%, said as 67%."""
    asked, ward = make_round(), make_ward(name="Herely")
    for number in range(3):
        row = make_invitation(asked, make_hub(f"Hub {number}", ward))
        row.answered_at = NOW if number else None
        row.save()
    page = officer.get(reverse("round-asked", args=[asked.pk])).text
    assert "Herely" in page and "67%" in page

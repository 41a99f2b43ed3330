"""E-mails of the register: the answer to a request, and the yearly question that is in doubt."""

from __future__ import annotations

import datetime
import smtplib
from typing import Any

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from charter.models import AdoptionRequest, ReaffirmationReminder
from charter.services import adoptions, affirmations, request_letters
from tests.charter.rows import NOW, TODAY, make_adoption, make_request
from tests.core import conftest as mail_server
from tests.factories import make_organisation, make_user

pytestmark = pytest.mark.django_db
Mailbox = mail_server.Mailbox
smtp = mail_server.smtp
LATER = NOW + datetime.timedelta(hours=2)
Letter = AdoptionRequest.Letter


def declined() -> AdoptionRequest:
    return adoptions.decline_request(
        request=make_request(), expected_version=1, reason="Nobody there knew of it.",
        by=None, now=NOW,
    )  # fmt: skip


def confirmed() -> AdoptionRequest:
    row = make_request()
    adoptions.confirm_request(
        request=row, organisation=make_organisation(), adopted_on=TODAY,
        expected_version=row.version, by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    row.refresh_from_db()
    return row


def send(row: AdoptionRequest, now: datetime.datetime = NOW, **more: Any) -> str:
    return request_letters.send_request_answer(request_pk=row.pk, by=None, now=now, **more)


def test_who_is_declined_reads_why_once_and_is_then_forgotten() -> None:
    row = declined()
    assert row.contact_email and row.letter_state == Letter.DUE
    assert (send(row), send(row)) == ("sent", "")
    (letter,) = mail.outbox
    assert letter.to == ["owner@example.org"] and "is not in the register" in letter.subject
    assert "Nobody there knew of it." in letter.body
    row.refresh_from_db()
    assert (row.letter_state, row.contact_email) == (Letter.SENT, "")


def test_who_is_confirmed_gets_the_entry_and_the_certificate_and_keeps_the_address() -> None:
    row = confirmed()
    send(row)
    assert row.adoption is not None
    assert row.adoption.get_absolute_url() in mail.outbox[0].body
    assert reverse("adoption-certificate", args=[row.adoption.pk]) in mail.outbox[0].body
    row.refresh_from_db()
    assert row.contact_email == "owner@example.org"


def test_nobody_is_written_to_without_an_address() -> None:
    row = make_request(contact_email="")
    row = adoptions.decline_request(request=row, expected_version=1, reason="No", by=None, now=NOW)
    assert row.letter_state == Letter.NONE and send(row) == "" and mail.outbox == []


def test_a_refused_answer_is_tried_again_and_one_in_doubt_waits_for_a_person(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = declined()

    def refuse(*_: Any) -> None:
        raise smtplib.SMTPResponseException(451, b"Try later")

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", refuse)
        assert send(row) == "failed"
    row.refresh_from_db()
    assert row.contact_email and "451 Try later" in row.letter_failure

    def break_off(*_: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as away:
        away.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", break_off)
        assert send(row) == "in_doubt"
    assert request_letters.send_waiting_answers(by=None, now=LATER) == 0
    with pytest.raises(ValidationError, match="not in doubt"):
        request_letters.mark_answer_sent(request=row, by=None, now=NOW)
    client.force_login(make_user("coordinator"))
    AdoptionRequest.objects.filter(pk=row.pk).update(letter_at=timezone.now())
    assert "It was sent" not in client.get(row.get_absolute_url()).text
    AdoptionRequest.objects.filter(pk=row.pk).update(letter_at=NOW)
    assert "It was sent" in client.get(row.get_absolute_url()).text
    client.post(reverse("request-letter-settle", args=[row.pk]), {"what": "sent"})
    row.refresh_from_db()
    assert (row.letter_state, row.contact_email) == (Letter.SENT, "") and mail.outbox == []


def test_the_page_sends_what_the_queue_lost(client: Client) -> None:
    row = declined()
    client.force_login(make_user("coordinator"))
    assert "Send it now" in client.get(row.get_absolute_url()).text
    client.post(reverse("request-letter-settle", args=[row.pk]), {"what": "again"})
    assert len(mail.outbox) == 1


def in_doubt() -> ReaffirmationReminder:
    make_adoption(adopted_on=datetime.date(2025, 5, 10), contact_email="a@example.org")
    affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW)
    ReaffirmationReminder.objects.update(state="claimed", sent_at=None)
    return ReaffirmationReminder.objects.get()


def test_an_officer_settles_a_yearly_question_that_may_have_gone() -> None:
    row = in_doubt()
    with pytest.raises(ValidationError, match="Look again in an hour"):
        affirmations.mark_question_sent(reminder=row, by=None, now=NOW)
    affirmations.mark_question_sent(reminder=row, by=None, now=LATER)
    row.refresh_from_db()
    assert (row.state, row.sent_at) == ("sent", NOW)
    with pytest.raises(ValidationError, match="is settled: sent"):
        affirmations.send_question_again(reminder=row, by=None, now=LATER)


def test_it_is_sent_again_with_the_same_link(client: Client) -> None:
    row = in_doubt()
    client.force_login(make_user("coordinator"))
    page = client.get(row.adoption.get_absolute_url()).text
    assert "which nobody can say for sure" in page and "Send it again" in page
    client.post(reverse("adoption-reminder-settle", args=[row.pk]), {"what": "again"})
    first, second = mail.outbox
    assert first.body == second.body
    row.refresh_from_db()
    assert (row.state, row.tries) == ("sent", 2)
    assert "Send it again" not in client.get(row.adoption.get_absolute_url()).text

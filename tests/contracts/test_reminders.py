"""Reminders over a real mail server: who hears what when, once, and what a crash leaves behind."""

from __future__ import annotations

import datetime
import io
import json
import re
from typing import Any

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.core.mail.backends.smtp import EmailBackend
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from contracts.due_dates import due_on
from contracts.mailings.reminders import off_token
from contracts.models import Contract, ReminderDigest, ReminderPreference
from contracts.selectors.reminders import due_digests, step_on
from contracts.services.reminders import (
    mark_digest_sent,
    send_digest_again,
    send_reminders,
)
from contracts.tasks import send_reminders as send_reminders_task
from tests.core import conftest as mail_server
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_return
from trafford_sv.core.periods import Quarter
from trafford_sv.core.sending import MailServerAway

pytestmark = pytest.mark.django_db
Mailbox = mail_server.Mailbox
smtp = mail_server.smtp
Q2 = Quarter(2026, 2)
DUE = datetime.date(2026, 10, 20)
NOON = datetime.datetime(2026, 10, 20, 12, tzinfo=datetime.UTC)


def days(number: int) -> datetime.date:
    return DUE + datetime.timedelta(days=number)


def agreement(supplier=None, directorate=None, **values) -> Contract:
    """From July to December 2026, so that only the second and third quarter are expected."""
    supplier = supplier or make_organisation()
    contract = make_contract(
        suppliers=[supplier],
        directorate=directorate,
        start=datetime.date(2026, 7, 1),
        end=datetime.date(2026, 12, 31),
        stage=Contract.Stage.LIVE,
        **values,
    )
    make_commitment(contract, supplier=supplier, profile={Q2: "50", Q2.next: "50"}, quantity="100")
    return contract


@pytest.fixture
def supplier():
    return make_organisation("Invented Builders")


@pytest.fixture
def person(supplier):
    return make_user("supplier", supplier)


def send(day: datetime.date = DUE, now: datetime.datetime | None = None) -> Any:
    return send_reminders(
        as_of=day, by=None,
        now=now or datetime.datetime.combine(day, datetime.time(12), datetime.UTC),
    )  # fmt: skip


def test_the_return_for_the_second_quarter_is_due_on_20_october():
    assert due_on(Q2) == DUE


@pytest.mark.parametrize(
    ("day", "step"),
    [
        (-31, None), (-30, -30), (-24, -30), (-23, None), (-8, None), (-7, -7), (-1, -7), (0, 0),
        (6, 0), (7, 7), (13, 7), (14, None), (29, None), (30, 30), (36, 30), (37, None),
    ],
)  # fmt: skip
def test_a_step_is_told_on_its_day_or_caught_up_within_six_days(day, step):
    assert step_on(Q2, days(day)) == step


def test_it_is_one_mail_a_person_however_many_returns(smtp: Mailbox, person, supplier):
    for title in ("Park benches", "Street lights", "School meals"):
        agreement(supplier, title=title)
    make_user("supplier", make_organisation())  # nothing is due from them
    assert send(days(-7)).sent == 1
    (mail,) = smtp.messages
    assert mail["To"] == person.email
    assert mail["Subject"] == "3 returns, due in 7 days"
    body = mail.get_content()
    for title in ("Park benches", "Street lights", "School meals"):
        assert title in body
    assert "Due in 7 days: 20 October 2026" in body
    assert "July to September 2026 (Q2 2026/27)" in body
    digest = ReminderDigest.objects.get()
    assert (digest.state, digest.day, len(digest.items)) == ("sent", days(-7), 3)


def test_nobody_hears_twice_of_a_step_on_the_day_or_after(smtp: Mailbox, person, supplier):
    agreement(supplier)
    assert send(days(-7)).sent == 1
    assert send(days(-7)).others == 1
    for later in range(-6, 0):
        assert send(days(later)).due == 0
    assert send(days(0)).sent == 1
    first, second = smtp.messages
    assert first["Subject"].endswith("is due in 7 days")
    assert second["Subject"].endswith("is due today")


def test_whoever_has_submitted_is_not_chased(smtp: Mailbox, person, supplier):
    done, open_still = agreement(supplier, title="Done"), agreement(supplier, title="Open still")
    make_return(done, supplier, Q2)
    make_return(open_still, supplier, Q2, state="draft")
    send(days(7))
    (mail,) = smtp.messages
    assert "Open still" in mail.get_content() and "Done" not in mail.get_content()
    assert "is 7 days late" in mail["Subject"]


class Submits(EmailBackend):
    """Another person of the supplier submits between the claim and the sending."""

    during: Any = None

    def open(self) -> bool | None:
        if Submits.during:
            work, Submits.during = Submits.during, None
            work()
        return super().open()


def test_a_return_that_comes_in_between_the_list_and_the_mail_stops_it(
    smtp: Mailbox,
    supplier,
    settings,
):
    make_user("supplier", supplier)
    contract = agreement(supplier)
    settings.EMAIL_BACKEND = f"{__name__}.Submits"
    # The list is made, then the line to the server is opened, then each person is looked at again.
    Submits.during = staticmethod(lambda: make_return(contract, supplier, Q2))
    report = send(DUE)
    assert (report.due, report.sent, report.skipped) == (1, 0, 1)
    assert smtp.messages == []
    assert ReminderDigest.objects.get().state == "skipped"


def test_each_person_chooses_and_one_click_stops_all(smtp: Mailbox, person, supplier, client):
    agreement(supplier)
    client.force_login(person)
    page = client.get(reverse("reminder-preferences"))
    assert "30 days before a return is due" in page.text
    on = {"before_30": "on", "on_the_day": "on", "after_7": "on", "after_30": "on"}
    assert client.post(reverse("reminder-preferences"), on).status_code == 302
    assert not ReminderPreference.objects.get(user=person).before_7
    assert send(days(-7)).due == 0
    assert send(days(0)).sent == 1
    (mail,) = smtp.messages
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.match(r"<https?://[^/]+(/.*)>", mail["List-Unsubscribe"].strip())[1]
    assert link in mail.get_content()
    stranger = Client(enforce_csrf_checks=True)
    assert stranger.get(link).status_code == 200
    assert ReminderPreference.objects.get(user=person).on_the_day  # opening the link asks only
    assert stranger.post(link, {"List-Unsubscribe": "One-Click"}).status_code == 200
    stored = ReminderPreference.objects.get(user=person)
    assert not any(
        (stored.before_30, stored.before_7, stored.on_the_day, stored.after_7, stored.after_30)
    )
    assert send(days(7)).due == 0


def test_an_altered_link_stops_nobodys_reminders(client, person):
    token = off_token(person)
    other = make_user("supplier", make_organisation())
    forged = token.replace(str(person.pk), str(other.pk), 1)
    for bad in (forged, "", "x", token[:-1]):
        if bad:
            assert client.post(reverse("reminder-off", args=[bad])).status_code == 404
    assert not ReminderPreference.objects.exists()


def test_a_contract_manager_hears_of_late_ones_of_the_own_directorate(smtp: Mailbox, supplier):
    parks, roads = (make_organisation(name, "council_service") for name in ("Parks", "Roads"))
    manager = make_user("contract_manager", parks)
    agreement(supplier, parks, title="Park benches")
    agreement(supplier, roads, title="Zebra crossings")
    for day in (-30, -7, 0):
        assert send(days(day)).due == 0
    assert send(days(7)).sent == 1
    (mail,) = smtp.messages
    assert mail["To"] == manager.email
    assert "Park benches" in mail.get_content() and "Zebra" not in mail.get_content()
    assert "Invented Builders" in mail.get_content()
    assert send(days(30)).sent == 1


def test_days_that_were_missed_are_caught_up_once_and_not_in_a_flood(
    smtp: Mailbox, person, supplier
):
    agreement(supplier)
    # The worker was down from the 30 days' step to two days after the due day.
    assert send(days(2)).sent == 1
    (mail,) = smtp.messages
    assert "2 days late" in mail["Subject"]
    assert ReminderDigest.objects.get().items[0]["step"] == 0
    assert send(days(3)).due == 0


def test_a_refusal_is_tried_again_with_growing_pauses_and_then_left_to_the_next_day(
    smtp: Mailbox,
    person,
    supplier,
):
    agreement(supplier)
    smtp.refuse = True
    assert send(DUE, NOON).failed == 1
    digest = ReminderDigest.objects.get()
    assert digest.state == "failed" and "451 Try again later" in digest.failure
    minute = datetime.timedelta(minutes=1)
    assert send(DUE, NOON + 14 * minute).waiting == 1
    assert send(DUE, NOON + 15 * minute).failed == 1
    assert send(DUE, NOON + 44 * minute).waiting == 1
    assert send(DUE, NOON + 45 * minute).failed == 1
    smtp.refuse = False
    assert send(DUE, NOON + 110 * minute).sent == 1
    digest.refresh_from_db()
    assert (digest.state, digest.tries, len(smtp.messages)) == ("sent", 4, 1)

    ReminderDigest.objects.all().update(state="failed", tries=5)
    assert send(DUE, NOON + 600 * minute).waiting == 1
    assert send(days(1)).sent == 1  # the next day's digest carries it


def test_a_mail_server_that_is_away_claims_nothing(person, supplier, settings):
    agreement(supplier)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    with pytest.raises(MailServerAway):
        send(DUE)
    assert not ReminderDigest.objects.exists()


class DiesBefore(EmailBackend):
    """The process is killed before the server hears anything."""

    def send_messages(self, messages: Any) -> int:
        raise SystemExit


class DiesAfter(EmailBackend):
    """The process is killed when the server has taken the message."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise SystemExit


class LineBreaks(EmailBackend):
    """The line breaks while the server takes the message: nobody knows whether it did."""

    def send_messages(self, messages: Any) -> int:
        super().send_messages(messages)
        raise ConnectionResetError("the line broke")


@pytest.mark.parametrize(("backend", "arrived"), [("DiesBefore", 0), ("DiesAfter", 1)])
def test_a_crash_leaves_it_in_doubt_and_a_person_settles_it(
    smtp: Mailbox,
    person,
    supplier,
    settings,
    backend,
    arrived,
):
    agreement(supplier)
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.{backend}"
    with pytest.raises(SystemExit):
        send(DUE, NOON)
    settings.EMAIL_BACKEND = usual
    digest = ReminderDigest.objects.get()
    assert digest.state == "claimed"
    assert len(smtp.messages) == arrived
    # Neither later that day nor on the days after is it sent by itself.
    assert send(DUE, NOON + datetime.timedelta(hours=5)).others == 1
    for later in range(1, 7):
        assert send(days(later)).due == 0
    assert len(smtp.messages) == arrived

    officer = make_user()
    with pytest.raises(ValidationError, match="is being sent now"):
        mark_digest_sent(digest=digest, by=officer, now=NOON + datetime.timedelta(minutes=5))
    later = NOON + datetime.timedelta(days=2)
    outcome = send_digest_again(digest=digest, by=officer, now=later, today=days(2))
    assert outcome == "sent"
    assert len(smtp.messages) == arrived + 1
    assert "2 days late" in smtp.messages[-1]["Subject"]
    with pytest.raises(ValidationError, match="settled"):
        send_digest_again(digest=digest, by=officer, now=later, today=days(2))


def test_a_line_that_breaks_is_in_doubt_at_once_and_the_others_go_on(
    smtp: Mailbox,
    supplier,
    settings,
):
    make_user("supplier", supplier)
    agreement(supplier)
    settings.EMAIL_BACKEND = f"{__name__}.LineBreaks"
    assert send(DUE, NOON).in_doubt == 1
    digest = ReminderDigest.objects.get()
    assert (digest.state, digest.failure) == ("claimed", "the line broke")
    mark_digest_sent(digest=digest, by=make_user(), now=NOON)
    digest.refresh_from_db()
    assert digest.state == "sent"


@time_machine.travel("2026-10-22 10:00", tick=False)
def test_the_list_shows_what_is_in_doubt_and_an_officer_settles_it(
    smtp: Mailbox, client, person, supplier
):
    agreement(supplier)
    digest = ReminderDigest.objects.create(user=person, day=DUE, items=[{}], claimed_at=NOON)
    second = ReminderDigest.objects.create(
        user=person, day=days(-7), items=[{}], claimed_at=NOON, state="sent", sent_at=NOON
    )
    client.force_login(make_user("contract_manager", make_organisation("Parks", "council_service")))
    assert client.get(reverse("reminder-list")).status_code == 403
    client.force_login(make_user())
    page = client.get(reverse("reminder-list"))
    assert "In doubt" in page.text and "Send it again" in page.text
    only = client.get(reverse("reminder-list"), {"state": "doubt"})
    assert "1 reminder found" in only.text
    address = reverse("reminder-settle", args=[digest.pk])
    assert client.post(address, {"action": "again"}).status_code == 302
    assert len(smtp.messages) == 1
    digest.refresh_from_db()
    assert digest.state == "sent"
    answer = client.post(
        reverse("reminder-settle", args=[second.pk]), {"action": "sent"}, follow=True
    )
    assert "This reminder is settled" in answer.text


@time_machine.travel("2026-10-20 10:00", tick=False)
def test_the_task_and_the_command_send_by_todays_date(smtp: Mailbox, person, supplier):
    agreement(supplier)
    said = io.StringIO()
    call_command("send_reminders", "--dry-run", "--json", stdout=said)
    assert json.loads(said.getvalue().splitlines()[-1])["due"] == 1
    assert not ReminderDigest.objects.exists()
    assert send_reminders_task() == 1
    said = io.StringIO()
    call_command("send_reminders", "--as-of", "2026-10-20", "--json", stdout=said)
    assert json.loads(said.getvalue().splitlines()[-1])["others"] == 1
    assert len(smtp.messages) == 1
    with pytest.raises(SystemExit):
        call_command("send_reminders", "--as-of", "yesterday", stderr=io.StringIO())


def test_an_account_that_is_closed_and_a_role_that_ended_hear_nothing(supplier):
    closed, ended = make_user("supplier", supplier), make_user("supplier", supplier)
    agreement(supplier)
    assert len(due_digests(DUE)) == 2
    closed.is_active = False
    closed.save()
    ended.grants.update(ends=DUE)
    assert due_digests(DUE) == []


def test_a_flood_of_late_returns_is_one_short_mail(
    smtp: Mailbox, supplier, django_assert_max_num_queries
):
    parks = make_organisation("Parks", "council_service")
    make_user("contract_manager", parks)
    for _ in range(35):
        agreement(supplier, parks)
    with django_assert_max_num_queries(5):
        (digest,) = due_digests(days(7))
    assert len(digest.items) == 35
    send(days(7))
    (mail,) = smtp.messages
    assert "and 5 more." in mail.get_content()

"""Readers, the schedule, the rehearsal, the log, signing up and stopping, as people meet them."""

from __future__ import annotations

import datetime
import json
import re
import smtplib
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core import mail
from django.core.management import call_command
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting.models import Audience, EditionMail, LateNudge, MailSchedule, MailSubscription
from reporting.services.mailings.sending import send_due_mailings
from reporting.services.mailings.subscriptions import ask_for_reports
from tests.factories import make_user

from .mailings import DUE, KIND, NOON, a_report, make_edition, make_line, make_reader

pytestmark = pytest.mark.django_db
ADDRESS = "resident@example.org"


@pytest.fixture
def held() -> Any:
    with a_report() as one:
        yield one


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(make_user())
    return client


def send(as_of: datetime.date = DUE, now: datetime.datetime = NOON) -> Any:
    return send_due_mailings(as_of=as_of, by=None, now=now)


def link(words: str, body: str) -> str:
    return re.search(rf"/reports/by-email/{words}/\S+", body)[0]  # type: ignore[index]


# --- signing up and stopping ------------------------------------------------------------------


def test_nobody_is_in_before_their_own_click(held: Any, client: Client) -> None:
    answer = client.post(reverse("report-mail-sign-up"), {"email": ADDRESS}, follow=True)
    assert "Look at your e-mail" in answer.text
    address = link("yes", mail.outbox[0].body)
    assert "One more click" in client.get(address).text
    assert MailSubscription.objects.get().state == "pending", (
        "a scanner that looks confirms nothing"
    )
    assert "You are in" in client.post(address).text
    assert "You are in" in client.post(address).text, "a second click changes nothing"
    row = MailSubscription.objects.get()
    assert (row.state, row.audience, row.email) == ("active", "subscribers", ADDRESS)


def test_the_page_does_not_tell_who_is_a_reader(held: Any, client: Client) -> None:
    make_reader(Audience.SUBSCRIBERS, email=ADDRESS)
    known = client.post(reverse("report-mail-sign-up"), {"email": ADDRESS.upper()}, follow=True)
    fresh = client.post(reverse("report-mail-sign-up"), {"email": "new@example.org"}, follow=True)
    assert known.redirect_chain == fresh.redirect_chain
    assert [message.to for message in mail.outbox] == [["new@example.org"]]


@pytest.mark.parametrize(
    "email",
    ["", "shop", "a@b@c", "x" * 300 + "@example.org", "a\x00@example.org", "a@example.org\nb@example.org"],
)  # fmt: skip
def test_what_is_no_address_gets_a_sentence(held: Any, client: Client, email: str) -> None:
    answer = client.post(reverse("report-mail-sign-up"), {"email": email})
    assert answer.status_code == 200 and answer.context["form"].errors
    assert not MailSubscription.objects.exists() and not mail.outbox


def test_a_program_that_fills_every_box_is_refused(held: Any, client: Client) -> None:
    answer = client.post(reverse("report-mail-sign-up"), {"email": ADDRESS, "website": "x"})
    assert answer.status_code == 200 and not MailSubscription.objects.exists()


def test_one_chooses_reports_that_are_published(held: Any, client: Client) -> None:
    client.post(reverse("report-mail-sign-up"), {"email": ADDRESS, "wanted": [KIND]})
    assert MailSubscription.objects.get().kinds == [KIND]
    answer = client.post(
        reverse("report-mail-sign-up"), {"email": "b@example.org", "wanted": ["secret"]}
    )
    assert answer.context["form"].errors
    with pytest.raises(Exception, match="no report here"):
        ask_for_reports(email="b@example.org", wanted=["secret"], by=None, now=NOON)


def test_one_click_in_the_e_mail_stops_them_and_forgets_the_address(
    held: Any, client: Client
) -> None:
    make_edition(held)
    make_line(Audience.SUBSCRIBERS)
    make_reader(Audience.SUBSCRIBERS, email=ADDRESS)
    send()
    headers = mail.outbox[0].extra_headers
    address = link("stop", headers["List-Unsubscribe"]).rstrip(">")
    assert address in mail.outbox[0].body
    client.get(address)
    assert MailSubscription.objects.get().state == "active", "looking stops nothing"
    # What a mail program posts (RFC 8058), without a cookie and without a token against forged forms.
    program = Client(enforce_csrf_checks=True)
    assert program.post(address, {"List-Unsubscribe": "One-Click"}).status_code == 200
    gone = MailSubscription.objects.get()
    assert (gone.state, gone.email) == ("left", "") and ADDRESS not in gone.email_key
    assert EditionMail.objects.get().address == ""
    make_edition(held, 2, at=NOON)
    assert send(now=NOON + datetime.timedelta(hours=1)).sent == 0
    for wrong in ("1.x", "x", f"{gone.pk}.", "9" * 20 + ".x"):
        assert client.post(reverse("report-mail-stop", args=[wrong])).status_code == 404


def test_who_left_is_not_brought_back_by_an_officer(held: Any, officer: Client) -> None:
    row = make_reader(email=ADDRESS)
    row.state, row.email = "left", ""
    row.save()
    officer.post(reverse("mail-subscription-create"), {"audience": "star-board", "email": ADDRESS})
    row.refresh_from_db()
    assert row.state == "pending"
    assert [message.to for message in mail.outbox] == [[ADDRESS]]
    officer.post(reverse("mail-subscription-decide", args=[row.pk]), {"what": "resume"})
    row.refresh_from_db()
    assert row.state == "pending"
    officer.post(link("yes", mail.outbox[0].body))
    row.refresh_from_db()
    assert row.state == "active"


# --- readers --------------------------------------------------------------------------------


def test_an_officer_adds_people_and_addresses(held: Any, officer: Client) -> None:
    person = make_user("steering_member")
    page = reverse("mail-subscription-create")
    officer.post(page, {"audience": "star-board", "user": person.pk})
    officer.post(page, {"audience": "star-board", "email": "clerk@example.org", "name": "Clerk"})
    officer.post(page, {"audience": "subscribers", "email": ADDRESS})
    states = dict(MailSubscription.objects.values_list("email", "state"))
    assert states == {"": "active", "clerk@example.org": "active", ADDRESS: "pending"}
    again = officer.post(page, {"audience": "star-board", "email": "CLERK@example.org"})
    assert "on this list already" in again.text
    for values in (
        {"audience": "star-board"},
        {"audience": "star-board", "email": "a@example.org\r\nBcc: b@example.org"},
        {"audience": "nobody", "email": "a@example.org"},
        {"audience": "star-board", "email": "a@example.org", "user": person.pk},
    ):
        answer = officer.post(page, values)
        assert answer.status_code == 200 and answer.context["form"].errors, values
    assert MailSubscription.objects.count() == 3


def test_an_officer_ends_resumes_and_notes_what_came_back(held: Any, officer: Client) -> None:
    row = make_reader()
    decide = reverse("mail-subscription-decide", args=[row.pk])
    for what, state in (("end", "ended"), ("resume", "active"), ("came back", "suspended")):
        officer.post(decide, {"what": what, "words": "no such mailbox"})
        row.refresh_from_db()
        assert row.state == state
    page = officer.get(row.get_absolute_url()).text
    assert "Suspended" in page and "no such mailbox" in page


# --- the schedule and the rehearsal ---------------------------------------------------------


def test_a_line_is_scheduled_from_today_on_and_an_individual_gets_public_reports_alone(
    held: Any, officer: Client
) -> None:
    page = reverse("mail-schedule-create")
    values = {"kind": KIND, "audience": "star-board", "days_after": "45", "is_active": "on"}
    assert officer.post(page, values).status_code == 302
    line = MailSchedule.objects.get()
    assert (line.days_after, line.attaches_pdf) == (45, False)
    assert "Edit that one" in officer.post(page, values).text
    for wrong in ({"days_after": "400"}, {"days_after": "x"}, {"kind": "gossip"}):
        assert (
            officer.post(page, {**values, "audience": "audit-committee", **wrong})
            .context["form"]
            .errors
        )
    from dataclasses import replace

    from reporting import editions

    editions.register_kind(replace(editions.kind_of(KIND), is_public=False))
    assert "is not public" in officer.post(page, {**values, "audience": "subscribers"}).text


def test_the_rehearsal_says_who_gets_what_and_why_not(held: Any, officer: Client) -> None:
    make_edition(held)
    make_line()
    make_line(Audience.AUDIT_COMMITTEE, days_after=90)
    make_reader(email="gets@example.org")
    make_reader(email="chose@example.org", kinds=["another"])
    make_reader(email="late@example.org", confirmed_at=NOON + datetime.timedelta(days=9))
    make_reader(Audience.AUDIT_COMMITTEE, email="waits@example.org")
    page = " ".join(officer.get(reverse("mailing-rehearsal") + "?as_of=2026-05-05").text.split())
    assert "1 reader gets it" in page and "With the PDF (1 kB)" in page
    for words in (
        "Chose other reports",
        "Became a reader on 14 May 2026",
        "Not before 29 June 2026",
    ):
        assert words in page, words
    assert not mail.outbox and not EditionMail.objects.exists()
    assert (
        "between 2015 and 2100"
        in officer.get(reverse("mailing-rehearsal") + "?as_of=1/1/0900").text
    )
    officer.get(reverse("mailing-rehearsal") + "?as_of=nonsense")


def test_the_rehearsal_says_what_stands_in_the_way(held: Any, officer: Client) -> None:
    make_edition(held, pdf=None)
    make_line()
    make_reader()
    page = officer.get(reverse("mailing-rehearsal") + "?as_of=2026-05-05").text
    assert "its PDF is still being made. Who gets the PDF waits for it." in page


def test_the_home_says_what_needs_a_person(held: Any, officer: Client, monkeypatch: Any) -> None:
    assert "Nothing is scheduled yet" in officer.get(reverse("mailing-home")).text
    make_edition(held)
    make_line()
    make_reader(), make_reader(state="suspended")
    from django.core.mail.backends.locmem import EmailBackend

    def breaks(self: Any, messages: Any) -> None:
        raise smtplib.SMTPServerDisconnected("gone")

    with monkeypatch.context() as patched:
        patched.setattr(EmailBackend, "send_messages", breaks)
        send()
    page = officer.get(reverse("mailing-home")).text
    assert "1 message is in doubt" in page and "1 reader is suspended" in page
    row = EditionMail.objects.get()
    detail = reverse("mailing-mail", args=[row.pk])
    shown = officer.get(detail).text
    assert "It did not arrive: send it again" in shown and "edition-mail-" in shown
    assert "It is marked as arrived" in officer.post(detail, {"what": "arrived"}, follow=True).text
    assert "settled: sent" in officer.post(detail, {"what": "again"}, follow=True).text
    assert "In doubt" not in officer.get(reverse("mailing-log")).text.split("<tbody")[1]


def test_how_it_reads_in_words_and_as_mail_programs_draw_it(held: Any, officer: Client) -> None:
    edition = make_edition(held)
    page = officer.get(reverse("mailing-preview", args=[edition.pk]) + "?audience=audit-committee")
    assert "£60" in page.text and "the list of the Audit Committee" in " ".join(page.text.split())
    drawn = officer.get(reverse("mailing-preview-html", args=[edition.pk]))
    assert "style-src 'unsafe-inline'" in drawn["Content-Security-Policy"]
    assert "default-src 'none'" in drawn["Content-Security-Policy"]
    assert "<script" not in drawn.text and "£60" in drawn.text
    usual = officer.get(reverse("mailing-home"))["Content-Security-Policy"]
    assert "unsafe-inline" not in usual


def test_words_that_people_wrote_are_escaped_in_the_drawn_part(held: Any) -> None:
    from dataclasses import replace

    held[0] = replace(held[0], title="STAR <b>quarterly</b> & more")
    make_edition(held)
    make_line()
    make_reader()
    send()
    assert "STAR <b>quarterly</b> & more" in mail.outbox[0].body
    assert "STAR &lt;b&gt;quarterly&lt;/b&gt; &amp; more" in mail.outbox[0].alternatives[0][0]


# --- late -----------------------------------------------------------------------------------


def test_the_co_ordinator_is_told_once_that_a_report_is_late(held: Any) -> None:
    coordinator, _auditor = make_user("coordinator"), make_user("auditor")
    make_line()
    make_line(Audience.AUDIT_COMMITTEE, days_after=60)
    assert send(DUE).nudged == 0, "on the day itself it is not late"
    assert send(datetime.date(2026, 5, 6)).nudged == 1
    for day in range(7, 30):
        assert send(datetime.date(2026, 5, day)).nudged == 0
    (message,) = mail.outbox
    assert message.to == [coordinator.email]
    assert "was to go out on 5 May 2026" in message.body and "STAR Board" in message.body
    assert LateNudge.objects.get().state == "sent"


def test_word_of_a_late_report_that_is_in_doubt_is_shown_and_settled(
    held: Any, officer: Client
) -> None:
    """Three co-ordinators with the one who looks; the worker died over each message."""
    people = [make_user("coordinator") for _ in range(2)]
    make_line()
    day_after, noon = datetime.date(2026, 5, 6), NOON + datetime.timedelta(days=1)
    send(day_after, noon)
    assert len(mail.outbox) == 3
    LateNudge.objects.update(state="claimed", sent_at=None)
    late = reverse("mailing-late")
    with time_machine.travel(noon + datetime.timedelta(minutes=5)):
        assert "is in doubt" not in officer.get(reverse("mailing-home")).text
        assert "Being sent" in officer.get(late).text
    with time_machine.travel(noon + datetime.timedelta(hours=5)):
        home = officer.get(reverse("mailing-home")).text
        assert "3 messages that a report is late are in doubt" in home and late in home
        page = officer.get(late).text
        assert page.count("In doubt") == 3 and all(one.email in page for one in people)
        first, second, third = LateNudge.objects.order_by("pk")
        for what, row, words in (
            ("arrived", first, "marked as arrived"), ("again", second, "It is sent"),
            ("leave", third, "stays unsent"), ("again", first, "This message is settled"),
        ):  # fmt: skip
            assert words in officer.post(late, {"what": f"{what}-{row.pk}"}, follow=True).text
        assert [row.state for row in LateNudge.objects.order_by("pk")] == [
            "sent",
            "sent",
            "skipped",
        ]
        assert [one.to for one in mail.outbox[3:]] == [[second.user.email]]
        LateNudge.objects.filter(pk=third.pk).update(state="failed", failure="550 nobody")
        assert "was refused" in officer.get(reverse("mailing-home")).text
        assert "550 nobody" in officer.get(late).text
        for key in ("", "9" * 18, "9" * 5000):
            assert officer.post(late, {"what": f"again-{key}"}).status_code == 404
        # Who is no co-ordinator any more, or has left, is told nothing.
        grants, people = third.user.grants.all(), type(third.user).objects.filter(pk=third.user.pk)
        for before, after in (
            (lambda: grants.update(ends=day_after), lambda: grants.update(ends=None)),
            (lambda: people.update(is_active=False), lambda: people.update(is_active=True)),
        ):
            before()
            told = officer.post(late, {"what": f"again-{third.pk}"}, follow=True).text
            assert "not a co-ordinator any more" in told and len(mail.outbox) == 4
            after()
        make_edition(held)
        again = officer.post(late, {"what": f"again-{third.pk}"}, follow=True).text
        assert "not late any more" in again
    officer.force_login(make_user("auditor"))
    assert officer.get(late).status_code == 403


def test_nobody_is_nudged_where_it_is_published(held: Any) -> None:
    make_user("coordinator")
    make_edition(held)
    make_line()
    assert send(datetime.date(2026, 6, 1)).nudged == 0 and not mail.outbox


def test_an_edition_before_the_quarter_was_over_nudges_nobody_for_the_new_one(held: Any) -> None:
    """On 6 August the quarter to June is the last one; 35 days after it is 4 August."""
    make_user("coordinator")
    make_edition(held)
    make_line()
    assert send(datetime.date(2026, 8, 4)).nudged == 0
    assert send(datetime.date(2026, 8, 5)).nudged == 1
    assert LateNudge.objects.get().period == "2026-27-Q1"


# --- the command, the API, the number of queries ----------------------------------------------


def run(*words: str) -> tuple[str, int]:
    out = StringIO()
    try:
        call_command("send_due_mailings", *words, stdout=out, stderr=StringIO())
    except SystemExit as end:
        return out.getvalue(), int(end.code or 0)
    return out.getvalue(), 0


def test_the_command_does_the_same_from_cron(held: Any) -> None:
    make_edition(held)
    make_line()
    make_reader(email="a@example.org")
    said, code = run("--as-of", "2026-05-05", "--dry-run", "--json")
    assert "+ a@example.org: Is due" in said and "Nothing was sent" in said and not mail.outbox
    said, code = run("--as-of", "2026-05-05", "--json")
    answer = json.loads(said.splitlines()[-1])
    wanted = {"due": 1, "sent": 1, "already_sent": 0, "failed": 0}
    assert {name: answer[name] for name in wanted} == wanted and code == 0
    answer = json.loads(run("--as-of", "2026-05-05", "--json")[0].splitlines()[-1])
    assert (answer["sent"], answer["already_sent"]) == (0, 1)
    assert run("--as-of", "yesterday")[1] == 2


def test_the_api_lists_readers_for_officers(held: Any, client: Client) -> None:
    from rest_framework.test import APIClient

    make_reader(email="a@example.org")
    make_reader(Audience.SUBSCRIBERS, state="suspended")
    api = APIClient()
    api.force_authenticate(make_user())
    answer = api.get("/api/v1/subscriptions/?audience=star-board").json()
    (row,) = answer["results"]
    assert (row["address"], row["state"], row["kinds"]) == ("a@example.org", "active", [])


@pytest.mark.parametrize(
    ("name", "limit"),
    [
        ("mailing-home", 11), ("mailing-log", 8), ("mail-subscription-list", 8),
        ("mailing-rehearsal", 12),
    ],
)  # fmt: skip
def test_pages_ask_as_often_for_many_readers(
    held: Any, officer: Client, name: str, limit: int
) -> None:
    from django.db import connection

    edition = make_edition(held)
    make_line()

    def asked(readers: int) -> int:
        for _ in range(readers):
            row = make_reader(user=make_user(""))
            EditionMail.objects.create(
                edition=edition, subscription=row, address=row.address, state="sent",
                address_key=str(row.pk), planned_at=NOON, claimed_at=NOON, sent_at=NOON,
            )  # fmt: skip
        with CaptureQueriesContext(connection) as seen:
            assert officer.get(reverse(name)).status_code == 200
        return len(seen)

    few, many = asked(1), asked(30)
    assert few == many <= limit

"""Each edition once to each reader: planned, claimed, sent, marked; refused, in doubt, corrected."""

from __future__ import annotations

import datetime
import email
import smtplib
from email.policy import default
from typing import Any

import pytest
from django.core import mail
from django.core.mail.message import sanitize_address
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reporting.mail_schedule import DOUBT_AFTER
from reporting.mailings import letters, strict
from reporting.mailings.letters import Enclosure, Letter, Wording
from reporting.models import Audience, EditionMail, MailSubscription, ReportEdition
from reporting.services.mailings.claiming import Ledger, readers
from reporting.services.mailings.sending import send_due_mailings
from reporting.services.mailings.settling import leave_unsent, mark_arrived, send_again
from tests.core import conftest as mail_server
from tests.core import test_sending as slow_server
from tests.factories import make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter

from .mailings import (
    DUE,
    LONG_AGO,
    NOON,
    PDF,
    a_report,
    give_pdf,
    local,
    make_edition,
    make_line,
    make_reader,
)

pytestmark = pytest.mark.django_db
smtp = mail_server.smtp
server = slow_server.server
HOUR = datetime.timedelta(hours=1)


@pytest.fixture
def held(settings: Any) -> Any:
    settings.SITE_URL = "https://socialvalue.example.org"
    with a_report() as one:
        yield one


def send(as_of: datetime.date = DUE, now: datetime.datetime = NOON, **values: Any) -> Any:
    return send_due_mailings(as_of=as_of, by=None, now=now, **values)


def read(message: Any) -> Any:
    """As a mail program reads what went over the wire."""
    return email.message_from_bytes(message.message().as_bytes(linesep="\r\n"), policy=default)


def test_it_goes_once_with_figures_in_the_words_the_pdf_and_one_link(held: Any) -> None:
    edition = make_edition(held)
    make_line()
    reader = make_reader(email="board@example.org")
    report = send()
    assert (report.due, report.sent, report.already_sent, report.failed) == (1, 1, 0, 0)
    again = send()
    assert (again.due, again.sent, again.already_sent) == (1, 0, 1)
    (message,) = mail.outbox
    seen = read(message)
    assert seen["To"] == "board@example.org"
    assert seen["Subject"] == "STAR quarterly report, January to March 2026 (Q4 2025/26)"
    assert seen["Auto-Submitted"] == "auto-generated"
    assert len(seen.get_all("Date")) == len(seen.get_all("Message-ID")) == 1
    assert seen["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert (
        seen["Message-ID"]
        == f"<edition-mail-{EditionMail.objects.get().pk}@socialvalue.example.org>"
    )
    text = seen.get_body(("plain",)).get_content()
    page = seen.get_body(("html",)).get_content()
    for part in (text, page):
        # By hand: 60.05 verified, to the pound, of 100.10 + 50.00 reported: 40.0%.
        assert "£60" in part and "40.0%" in part
        assert "3 of 4 returns received" in part
        assert f"https://socialvalue.example.org{edition.get_absolute_url()}" in part
        assert "The PDF is attached" in part
        assert seen["List-Unsubscribe"].strip("<>") in part
    assert text.count("https://") == 2 and page.count("<a ") == 2, "the report, and a way out"
    (attached,) = seen.iter_attachments()
    assert attached.get_content_type() == "application/pdf"
    assert attached.get_filename() == "test-report-2025-26-q4-edition-1.pdf"
    assert attached.get_content() == PDF
    row = EditionMail.objects.get()
    assert (row.state, row.tries, row.form, row.address) == ("sent", 1, "attached", reader.email)
    assert AuditEvent.objects.get(verb="edition sent by e-mail").after == {"sent": 1}


@pytest.mark.parametrize(
    ("title", "period"),
    [
        ("Social value in Trafford 2025/26", "2025/26"),
        ("STAR quarterly report", "April to June 2026 (Q1 2026/27)"),
    ],
)
def test_a_report_says_its_period_once(title: str, period: str) -> None:
    letter = Letter(
        title=title, period=period, number=1, published="2 June 2026", lines=(), what_changed="",
        link="https://sv.example/e/", is_demo=False, is_public=True,
    )  # fmt: skip
    wording = Wording(letter, Audience.AUDIT_COMMITTEE, 0, Enclosure())
    assert wording.text.count(period) == 1 and wording.subject.count(period) == 1
    assert wording.html.split("<table")[2].count(period) == 1  # below the title and the name of all
    assert "\nEdition 1, published 2 June 2026." in wording.text or ". Edition 1" in wording.text


def test_lines_are_short_enough_to_pass_every_server(held: Any) -> None:
    make_edition(held)
    make_line()
    make_reader()
    send()
    raw = mail.outbox[0].message().as_bytes(linesep="\r\n")
    assert max(len(line) for line in raw.split(b"\r\n")) < 998
    assert b"\n" not in raw.replace(b"\r\n", b"")


@pytest.mark.parametrize(
    ("day", "sent"),
    [("2026-05-04", 0), ("2026-05-05", 1)],  # 5 May is 35 days on; the 4th is a bank holiday
)
def test_it_waits_for_its_day(held: Any, day: str, sent: int) -> None:
    make_edition(held)
    make_line()
    make_reader()
    assert send(datetime.date.fromisoformat(day)).sent == sent


def test_a_day_on_which_nobody_works_is_moved_on(held: Any) -> None:
    make_edition(held)
    make_line(days_after=32)  # 2 May, a Saturday; Monday is a bank holiday
    make_reader()
    assert send(datetime.date(2026, 5, 4)).sent == 0
    assert send(datetime.date(2026, 5, 5)).sent == 1


def test_only_once_the_edition_is_published_and_then_on_a_working_day(held: Any) -> None:
    make_line()
    make_reader()
    assert send(datetime.date(2026, 5, 8)).due == 0
    make_edition(held, at=local(2026, 5, 8, 22))  # a Friday night
    assert send(datetime.date(2026, 5, 8)).sent == 1
    assert send(datetime.date(2026, 5, 11)).sent == 0


def test_published_on_a_saturday_it_goes_on_monday(held: Any) -> None:
    make_line()
    make_reader()
    make_edition(held, at=local(2026, 5, 9, 10))
    assert send(datetime.date(2026, 5, 9)).sent == 0
    assert send(datetime.date(2026, 5, 11)).sent == 1


def test_one_message_a_person_in_two_audiences_or_by_two_ways(held: Any) -> None:
    make_edition(held)
    make_line()
    make_line(Audience.STEERING_GROUP)
    person = make_user()
    make_reader(user=person)
    make_reader(Audience.STEERING_GROUP, user=person)
    make_reader(Audience.STEERING_GROUP, email=person.email.upper())
    assert send().sent == 1
    assert send().sent == 0
    person.email = "moved@example.org"
    person.save()
    assert send().sent == 0, "a new address is no new person"
    assert "the list of the STAR Board" in " ".join(mail.outbox[0].body.split())


def test_who_does_not_get_it(held: Any) -> None:
    make_edition(held)
    make_line()
    for state in ("pending", "suspended", "ended"):
        make_reader(state=state)
    gone = make_reader()
    gone.state, gone.email = "left", ""
    gone.save()
    closed = make_user()
    closed.is_active = False
    closed.save()
    make_reader(user=closed)
    make_reader(confirmed_at=NOON + 24 * HOUR)
    make_reader(kinds=["another"])
    make_reader(Audience.AUDIT_COMMITTEE)
    report = send()
    assert (report.due, report.sent) == (0, 0)
    assert not mail.outbox and not EditionMail.objects.exists()


def test_old_editions_do_not_go_out_when_a_line_is_new_or_paused(held: Any) -> None:
    make_edition(held)
    line = make_line(from_day=DUE)
    make_reader()
    assert send().due == 0
    line.from_day, line.is_active = datetime.date(2026, 1, 1), False
    line.save()
    assert send().due == 0


def test_of_many_quarters_published_at_once_the_last_alone_is_news(held: Any) -> None:
    make_line(from_day=datetime.date(2026, 5, 1))
    make_reader()
    for quarter in (Quarter(2025, 2), Quarter(2025, 3), Quarter(2025, 4)):
        make_edition(held, period=quarter)
    assert send().sent == 1
    assert EditionMail.objects.get().edition.quarter == 4


# --- refused --------------------------------------------------------------------------------


def refusing(monkeypatch: Any, *errors: Exception | None) -> None:
    """The mail server answers so, one message after the other; None takes it."""
    waiting = list(errors)
    from django.core.mail.backends.locmem import EmailBackend

    usual = EmailBackend.send_messages

    def answer(self: Any, messages: Any) -> Any:
        error = waiting.pop(0) if waiting else None
        if error is not None:
            raise error
        return usual(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", answer)


def refused(code: int, words: bytes) -> Exception:
    return smtplib.SMTPRecipientsRefused({"x@example.org": (code, words)})


def test_what_is_refused_is_tried_again_after_growing_pauses_and_then_left(
    held: Any, monkeypatch: Any
) -> None:
    make_edition(held)
    make_line()
    reader = make_reader()
    refusing(monkeypatch, *[refused(451, b"4.3.0 later")] * 9)
    minutes, tried = 0, []
    for minutes in range(0, 600, 5):
        if send(now=NOON + datetime.timedelta(minutes=minutes)).failed:
            tried.append(minutes)
    # By hand: at once, then 15, 30, 60 and 120 minutes after the try before.
    assert tried == [0, 15, 45, 105, 225]
    row = EditionMail.objects.get()
    assert (row.state, row.tries, row.next_try_at) == ("failed", 5, None)
    assert "451 4.3.0 later" in row.failure
    reader.refresh_from_db()
    assert (reader.state, reader.bounces) == ("active", 1)
    assert send(now=NOON + 24 * HOUR).given_up == 1, "it is still told of"


def test_an_address_where_nobody_is_suspends_the_reader_and_says_so(
    held: Any, monkeypatch: Any
) -> None:
    make_edition(held)
    make_line()
    reader, other = make_reader(name="A"), make_reader(name="B")
    refusing(monkeypatch, refused(550, b"5.1.1 nobody here"))
    report = send()
    assert (report.due, report.sent, report.failed) == (2, 1, 1)
    reader.refresh_from_db()
    assert reader.state == "suspended" and "nobody here" in reader.bounce_words
    assert AuditEvent.objects.filter(verb="mail to a reader of reports came back").exists()
    assert send(now=NOON + HOUR).failed == 0
    assert EditionMail.objects.get(subscription=other).state == "sent"


def test_a_pause_is_not_kept_by_a_clock_that_was_set_back(held: Any, monkeypatch: Any) -> None:
    make_edition(held)
    make_line()
    make_reader()
    refusing(monkeypatch, refused(451, b"later"))
    assert send(now=NOON + 30 * 24 * HOUR).failed == 1
    assert send(now=NOON).sent == 1
    assert send(now=NOON + 60 * 24 * HOUR, as_of=DUE).sent == 0


def test_an_attachment_over_the_limit_goes_by_link_in_the_same_claim(
    held: Any, monkeypatch: Any
) -> None:
    make_edition(held)
    make_line()
    make_reader(), make_reader()
    refusing(monkeypatch, smtplib.SMTPDataError(552, b"5.3.4 too big"))
    assert send().sent == 2
    assert [len(message.attachments) for message in mail.outbox] == [0, 0]
    assert all("no message of this size" in message.body for message in mail.outbox)
    assert set(EditionMail.objects.values_list("state", "tries", "form")) == {("sent", 1, "linked")}
    assert EditionMail.objects.filter(form_reason__contains="this size").count() == 2


def test_a_server_that_says_its_limit_is_not_asked_with_more(
    held: Any, smtp: Any, settings: Any
) -> None:
    make_edition(held, pdf=b"%PDF" + b"x" * 40_000_000)  # aiosmtpd says SIZE 33554432
    settings.MAIL_ATTACHMENT_BYTES = 100_000_000
    make_line()
    make_reader()
    assert send().sent == 1
    (seen,) = smtp.messages
    assert not list(seen.iter_attachments())
    assert "no more than 33.6 MB" in seen.get_body(("plain",)).get_content()


def test_a_pdf_over_our_own_limit_goes_by_link(held: Any, settings: Any) -> None:
    settings.MAIL_ATTACHMENT_BYTES = 500
    make_edition(held)
    make_line()
    make_reader()
    assert send().sent == 1
    assert not mail.outbox[0].attachments and "too large for an e-mail" in mail.outbox[0].body


# --- nothing by half ------------------------------------------------------------------------


@pytest.mark.parametrize("part", ["edition.txt", "edition.html"])
def test_a_variable_that_is_missing_stops_everything_before_anything_is_sent(
    held: Any, settings: Any, tmp_path: Any, part: str
) -> None:
    make_edition(held)
    make_line()
    make_reader(), make_reader()
    folder = tmp_path / "reporting/email"
    folder.mkdir(parents=True)
    (folder / part).write_text("Hello {{ letter.tilte }} {{ off }}")
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]
    strict._engine.cache_clear()
    try:
        report = send()
    finally:
        strict._engine.cache_clear()
    assert report.sent == 0 and report.waiting == 2
    assert "names “letter.tilte”, which is not there" in report.problems[0]
    assert not mail.outbox and not EditionMail.objects.exists()


def test_a_pdf_whose_bytes_changed_is_not_sent(held: Any) -> None:
    edition = make_edition(held)
    make_line()
    make_reader()
    stored = edition.files.get(format="pdf")
    with open(stored.file.path, "r+b") as file:
        file.seek(20)
        file.write(b"!")
    report = send()
    assert report.sent == 0 and "hash differs" in report.problems[0]
    assert not EditionMail.objects.exists()
    give_pdf(edition, PDF)
    assert send().sent == 1


def test_it_waits_for_its_pdf(held: Any) -> None:
    edition = make_edition(held, pdf=None)
    make_line()
    make_reader()
    report = send()
    assert (report.sent, report.waiting, report.problems) == (0, 1, [])
    assert "still being made" in report.notes[0]
    make_line(Audience.AUDIT_COMMITTEE, attaches_pdf=False)
    make_reader(Audience.AUDIT_COMMITTEE)
    assert send().sent == 1, "who gets the link alone does not wait"
    give_pdf(edition, PDF)
    assert send().sent == 1


def test_an_address_of_two_lines_stops_no_other(held: Any) -> None:
    make_edition(held)
    make_line()
    bad = make_reader()
    MailSubscription.objects.filter(pk=bad.pk).update(email="a@example.org\nBcc: b@example.org")
    make_reader()
    report = send()
    assert report.sent == 1 and len(mail.outbox) == 1
    assert "Bcc" not in mail.outbox[0].message().as_bytes().decode()


# --- in doubt -------------------------------------------------------------------------------


def test_what_is_in_doubt_is_never_sent_again_by_itself(held: Any, monkeypatch: Any) -> None:
    make_edition(held)
    make_line()
    make_reader()
    refusing(monkeypatch, smtplib.SMTPServerDisconnected("gone"))
    assert send().in_doubt == 1
    for later in (HOUR, 24 * HOUR, -24 * HOUR):
        assert send(now=NOON + later).sent == 0
    row = EditionMail.objects.get()
    assert (row.state, row.failure) == ("claimed", "gone")
    assert send_again(mail=row, by=make_user(), now=NOON + HOUR) == "sent"
    assert EditionMail.objects.get().state == "sent" and len(mail.outbox) == 1


def test_somebody_says_that_it_arrived_or_leaves_it(held: Any, monkeypatch: Any) -> None:
    make_edition(held)
    make_line()
    make_reader(), make_reader()
    refusing(monkeypatch, *[smtplib.SMTPServerDisconnected("gone")] * 2)
    send()
    first, second = EditionMail.objects.all()
    mark_arrived(mail=first, by=make_user(), now=NOON)
    leave_unsent(mail=second, by=make_user(), now=NOON)
    assert list(EditionMail.objects.values_list("state", flat=True)) == ["sent", "skipped"]
    for settled in (first, second):
        with pytest.raises(Exception, match="settled"):
            mark_arrived(mail=settled, by=None, now=NOON)
    assert send().sent == 0


def test_what_is_being_sent_now_is_left_alone_for_an_hour(held: Any) -> None:
    edition = make_edition(held)
    make_line()
    row = EditionMail.objects.create(
        edition=edition, subscription=make_reader(), address_key="x", state="claimed", tries=1,
        planned_at=NOON, claimed_at=NOON,
    )  # fmt: skip
    with pytest.raises(Exception, match="being sent now"):
        mark_arrived(mail=row, by=None, now=NOON + HOUR / 2)
    assert mark_arrived(mail=row, by=None, now=NOON + HOUR).state == "sent"


# --- corrections ----------------------------------------------------------------------------


def test_a_correction_goes_to_who_got_the_first_and_says_what_changed(held: Any) -> None:
    make_edition(held)
    make_line()
    make_reader(email="first@example.org")
    assert send().sent == 1
    make_reader(email="later@example.org", confirmed_at=NOON + 48 * HOUR)
    make_edition(held, 2, at=local(2026, 6, 1, 10))
    report = send(datetime.date(2026, 6, 1), local(2026, 6, 1, 11))
    assert (report.due, report.sent) == (1, 1)
    message = mail.outbox[-1]
    assert message.to == ["first@example.org"]
    assert message.subject.startswith("Corrected (edition 2): ")
    assert "replaces edition 1, which we sent you" in message.body
    assert "counted twice" in message.body
    assert "counted twice" in message.alternatives[0][0]


def test_who_waited_for_the_first_gets_the_second_alone_as_a_report(
    held: Any, monkeypatch: Any
) -> None:
    make_edition(held)
    make_line()
    make_reader()
    refusing(monkeypatch, refused(451, b"later"))
    assert send().failed == 1
    make_edition(held, 2, at=NOON)
    assert send(now=NOON + HOUR).sent == 1
    assert send(now=NOON + 24 * HOUR).sent == 0
    (message,) = mail.outbox
    assert message.subject.startswith("STAR quarterly report")
    assert "which we sent you" not in message.body and "Edition 2" in message.body
    assert list(EditionMail.objects.values_list("edition__number", "state").order_by("pk")) == [
        (1, "skipped"), (2, "sent"),
    ]  # fmt: skip


# --- clocks ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("published", "day"),
    [
        (local(2026, 3, 29, 0, 30), "2026-03-30"),  # the night the clocks go forward; a Sunday
        (local(2026, 3, 29, 3, 30), "2026-03-30"),
        (local(2026, 10, 25, 0, 30), "2026-10-26"),  # and back
        (local(2026, 10, 26, 0, 15), "2026-10-26"),  # a Monday here, Sunday's date in no zone
        (local(2026, 7, 6, 0, 15), "2026-07-06"),  # 23:15 on Sunday by UTC
    ],
)
def test_the_day_is_the_one_on_the_wall_here(held: Any, published: Any, day: str) -> None:
    quarter = Quarter.of(published.date()).previous
    make_line(days_after=0)
    make_reader()
    make_edition(held, at=published, period=quarter)
    wanted = datetime.date.fromisoformat(day)
    assert send(wanted - datetime.timedelta(days=1), published + HOUR).sent == 0
    assert send(wanted, published + HOUR).sent == 1
    # The clock set back by a year, and forward again: nothing goes twice.
    assert send(wanted - datetime.timedelta(days=365), LONG_AGO).sent == 0
    assert send(wanted + datetime.timedelta(days=20), published + 500 * HOUR).sent == 0


def test_a_rehearsal_writes_and_sends_nothing(held: Any) -> None:
    make_edition(held)
    make_line()
    make_reader()
    report = send(dry_run=True)
    assert (report.due, report.sent, report.waiting) == (1, 0, 1)
    assert not mail.outbox and not EditionMail.objects.exists()


def test_a_server_slower_than_the_time_limit_leaves_one_in_doubt_and_loses_nobody(
    held: Any,
    server: Any,
) -> None:
    """It has the text and says nothing for longer than EMAIL_TIMEOUT: nobody knows whether it took it."""
    make_edition(held)
    make_line()
    for number in range(3):
        make_reader(email=f"r{number}@example.org")
    server.answers["END"] = ["stall"]
    send()
    send(now=NOON + datetime.timedelta(minutes=5))
    assert server.taken == 2
    later = NOON + DOUBT_AFTER + datetime.timedelta(minutes=5)
    assert EditionMail.objects.in_doubt(later, DOUBT_AFTER).count() == 1
    assert EditionMail.objects.filter(state="sent").count() == 2
    # A person settles it; it is not sent again by itself, however often the run comes by.
    send(now=later)
    assert server.taken == 2 and EditionMail.objects.count() == 3


# --- the ledger ------------------------------------------------------------------------------


def test_one_statement_a_message_marks_the_one_before_and_claims_the_next(held: Any) -> None:
    make_edition(held)
    make_line()
    addresses = [make_reader().email for _ in range(12)]
    with CaptureQueriesContext(connection) as seen:
        assert send().sent == 12
    about = [one["sql"] for one in seen if "UPDATE" in one["sql"] and "editionmail" in one["sql"]]
    # What waited of earlier editions, one for each message, and the mark of the last.
    assert len(about) == 1 + 12 + 1
    rows = EditionMail.objects.order_by("pk")
    assert {(row.state, row.tries, row.failure, row.next_try_at) for row in rows} == {
        ("sent", 1, "", None)
    }
    assert [row.address for row in rows] == addresses
    times = [(row.claimed_at, row.sent_at) for row in rows]
    assert all(claimed <= sent for claimed, sent in times)
    assert times == sorted(times) and len(set(times)) == 12, "each by its own moment"


def test_each_keeps_its_own_form_and_reason(held: Any, monkeypatch: Any) -> None:
    """The first is refused with the PDF and goes by link; the next is claimed as by link at once."""
    make_edition(held)
    make_line()
    make_line(Audience.AUDIT_COMMITTEE, attaches_pdf=False)
    make_reader(email="first@example.org")
    make_reader(email="second@example.org")
    make_reader(Audience.AUDIT_COMMITTEE, email="third@example.org")
    from django.core.mail.backends.locmem import EmailBackend

    taken = EmailBackend.send_messages

    def too_large(self: Any, messages: Any) -> int:
        if messages[0].attachments:
            raise smtplib.SMTPDataError(552, b"5.3.4 too large")
        return taken(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", too_large)
    assert send().sent == 3
    told = {row.address[:5]: (row.form, row.form_reason) for row in EditionMail.objects.all()}
    said = "The mail server takes no message of this size."
    assert told == {"first": ("linked", said), "secon": ("linked", said), "third": ("linked", "")}


@pytest.mark.parametrize("what", ["reader ended", "account closed", "another worker", "nothing"])
def test_who_may_be_claimed_is_looked_at_at_the_last_moment(held: Any, what: str) -> None:
    """The written statement and the queryset that says why not agree."""
    make_edition(held)
    reader = make_reader(user=make_user("auditor"))
    row = EditionMail.objects.create(
        edition=ReportEdition.objects.get(), subscription=reader, address=reader.address, planned_at=NOON,
        address_key="k",
    )  # fmt: skip
    match what:
        case "reader ended":
            MailSubscription.objects.update(state="ended")
        case "account closed":
            reader.user.is_active = False
            reader.user.save()
        case "another worker":
            EditionMail.objects.update(tries=1, state="claimed")
    ledger = Ledger(lambda: NOON)
    is_reader = what in ("another worker", "nothing")
    assert MailSubscription.objects.filter(pk__in=readers(reader.pk)).exists() is is_reader
    assert ledger.claim(row, address=reader.address) is (what == "nothing")
    assert row.tries == (what == "nothing")


def test_a_mark_that_is_lost_to_a_person_claims_all_the_same(held: Any) -> None:
    """Somebody settled message N - 1 meanwhile: what they said stands, and N is claimed."""
    make_edition(held)
    first, second = (
        EditionMail.objects.create(
            edition=ReportEdition.objects.get(), subscription=make_reader(), planned_at=NOON, address_key=str(n)
        )
        for n in range(2)
    )  # fmt: skip
    ledger = Ledger(lambda: NOON)
    assert ledger.claim(first, address="a@example.org")
    ledger.sent(first)
    EditionMail.objects.filter(pk=first.pk).update(state="skipped", failure="Left unsent")
    assert ledger.claim(second, address="b@example.org") and ledger.unmarked is None
    told = EditionMail.objects.order_by("pk").values_list("state", "failure", "tries")
    assert list(told) == [("skipped", "Left unsent", 1), ("claimed", "", 1)]


@pytest.mark.parametrize(
    "address",
    [
        "a@example.org", "A.b+c_d-e@Example.CO.UK", "o'brien@example.org", "x@xn--bcher-kva.example",
        "zoë@example.org", "clerk@büro.example", "1@1.example", '"a b"@example.org',
        "a..b@example.org", "a@example..org", ".a@example.org", f"a@{'b' * 64}.example",
    ],
)  # fmt: skip
def test_a_plain_address_is_a_header_as_it_stands(address: str) -> None:
    def written(how: Any) -> str:
        try:
            return str(how(address))
        except ValueError:
            return "refused"

    assert written(letters._as_header) == written(lambda one: sanitize_address(one, "utf-8"))

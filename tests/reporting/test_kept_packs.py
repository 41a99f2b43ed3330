"""A pack is kept as it went to members, unchanged by what happens since; and each may turn them off."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from io import StringIO
from typing import Any

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from action_plan.models import Action, Meeting, Theme
from action_plan.services.actions import create_action
from action_plan.services.meetings import call_meeting
from reporting.datasets import sha256_of
from reporting.models import KeptPack, PackMail
from reporting.pack_text import PackUnreadable, pack_text, read_pack
from reporting.selectors.pack_mails import kept_packs
from reporting.services import pack_mails as service
from reporting.services.pack_mails import send_packs
from reporting.steering_pack import (
    PackFigure,
    PackItem,
    PackMeasures,
    PackNeeds,
    PackPlan,
    Part,
    SteeringPack,
)
from tests.core import conftest as mail_server
from tests.drawn import drawn
from tests.factories import make_organisation, make_user
from tests.factories_steering import at, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.models import AuditEvent, User
from trafford_sv.core.services import drawn_documents

Mailbox = mail_server.Mailbox
smtp = mail_server.smtp
NEXT = datetime.date(2027, 1, 12)
TODAY = datetime.date(2027, 1, 5)
NOW = at(TODAY)


# --- the text -----------------------------------------------------------------------------


TEXT = st.sampled_from(["", "Grants", "£5 & <b>", "Größe\n“now”", "日本"])
MONEY = st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=2)
PARTS = st.lists(st.builds(Part, TEXT, TEXT, TEXT, TEXT), max_size=2).map(tuple)
ITEMS = st.builds(
    PackItem, st.integers(1, 9), TEXT, TEXT, TEXT, TEXT, st.booleans(), st.booleans(),
    st.booleans(), st.none() | st.dates(), TEXT, PARTS, PARTS,
)  # fmt: skip
FIGURES = st.lists(st.builds(PackFigure, TEXT, TEXT, MONEY, MONEY), max_size=4).map(tuple)
PACKS = st.builds(
    SteeringPack,
    day=st.dates(), time=st.times(), place=TEXT, address=TEXT, is_public=st.booleans(),
    prepared_at=st.datetimes(timezones=st.just(datetime.UTC)), since=st.none() | st.dates(),
    looks_back_to=st.dates(), items=st.lists(ITEMS, max_size=3).map(tuple),
    plan=st.builds(PackPlan, st.integers(0, 99), PARTS, PARTS, PARTS, st.integers(0, 9), PARTS, PARTS),
    maturity=PARTS, arising=PARTS, arising_overdue=st.integers(0, 9), closed=PARTS,
    measures=st.none() | st.builds(
        PackMeasures, TEXT, FIGURES, TEXT, st.integers(0, 9), st.integers(0, 9), TEXT, TEXT
    ),
    needs=st.none() | st.builds(PackNeeds, *[st.integers(0, 9)] * 4),
)  # fmt: skip


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(PACKS)
def test_what_is_read_back_is_what_was_kept(pack: SteeringPack) -> None:
    text = pack_text(pack)
    assert read_pack(text) == pack
    assert pack_text(read_pack(text)) == text


@pytest.mark.parametrize("text", ["", "{}", '{"schema":2,"pack":{}}', '{"schema":1,"pack":{}}'])
def test_what_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(PackUnreadable):
        read_pack(text)


# --- kept when it is sent -----------------------------------------------------------------


@pytest.fixture
def meeting(db: None) -> Meeting:
    make_chair()
    coming = make_meeting(NEXT)
    make_item(coming, "Grants for hubs", purpose="decision")
    make_item(coming, "Secret name", is_confidential=True)
    coming.refresh_from_db()
    return call_meeting(
        meeting=coming, expected_version=coming.version, by=None, now=at(datetime.date(2026, 12, 1))
    )


@pytest.fixture
def member(meeting: Meeting) -> User:
    person = make_user("steering_member")
    make_seat("College", person)
    return person


def send(day: datetime.date = TODAY) -> Any:
    return send_packs(as_of=day, by=None, now=at(day))


def act(title: str) -> Action:
    theme, _ = Theme.objects.get_or_create(
        key="governance", defaults={"code": "GO", "position": 7, "name": "Governance"}
    )
    values = {"theme": theme, "title": title, "starts": datetime.date(2026, 1, 1)}
    return create_action(values=values, by=None, now=NOW, today=TODAY)


def test_the_pack_that_was_sent_stays_as_it_was(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client
) -> None:
    second = make_user("steering_member")
    make_seat("Health board", second)
    assert send().sent == 2
    kept = KeptPack.objects.get()  # both got the same, so it is kept once
    assert kept.sha256 == sha256_of(kept.text)
    assert set(PackMail.objects.values_list("pack", "state")) == {(kept.pk, "sent")}
    assert len(smtp.messages) == 2

    make_item(meeting, "Added after it went")
    act("An action of the day after")
    with time_machine.travel(at(NEXT - datetime.timedelta(days=1))):
        client.force_login(member)
        page = client.get(kept.get_absolute_url())
        assert "exactly as members got it" in page.text and kept.sha256 in page.text
        assert "Grants for hubs" in page.text
        assert "Added after it went" not in page.text and "An action of" not in page.text
        assert "Secret name" not in page.text  # it was not in the e-mail either
        now = client.get(reverse("steering-pack", args=[meeting.pk]))
        assert "Added after it went" in now.text
        assert kept.get_absolute_url() in now.text and "Sent to 2 members" in now.text
        assert drawn(client, reverse("kept-pack-pdf", args=[meeting.pk, kept.pk]))[:5] == b"%PDF-"
    kept.text = "something else"
    with pytest.raises(ValueError, match="never changed"):
        kept.save()


def test_whoever_works_with_the_group_alone_opens_it(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client
) -> None:
    send()
    address = KeptPack.objects.get().get_absolute_url()
    with time_machine.travel(NOW):
        assert client.get(address).status_code == 302  # to sign in
        for role, status in (
            ("auditor", 200),
            ("star_officer", 403),
            ("supplier", 403),
            ("hub", 403),
        ):
            client.force_login(_of(role))
            assert client.get(address).status_code == status, role


def _of(role: str) -> User:
    return make_user(role, make_organisation() if role in ("supplier", "hub") else None)


def test_a_text_that_was_altered_is_not_shown(smtp: Mailbox, member: User, client: Client) -> None:
    send()
    kept = KeptPack.objects.get()
    other = replace(read_pack(kept.text), place="Elsewhere")
    on_postgresql = connection.vendor == "postgresql"  # which refuses it otherwise
    with connection.cursor() as cursor:
        if on_postgresql:
            cursor.execute("SET LOCAL session_replication_role = replica")
        KeptPack.objects.update(text=pack_text(other))
        if on_postgresql:
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")
    with time_machine.travel(NOW):
        client.force_login(member)
        assert client.get(kept.get_absolute_url()).status_code == 404


def test_a_mail_that_is_sent_again_keeps_what_the_first_one_carried(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In doubt it may have arrived: the pack it carried stays listed beside the one sent after it."""
    real = service.send_one
    monkeypatch.setattr(service, "send_one", lambda *a: ("in_doubt", "The line broke"))
    assert send().in_doubt == 1
    first = KeptPack.objects.get()
    make_item(meeting, "Added after it went")
    mail = PackMail.objects.get()
    monkeypatch.setattr(service, "send_one", lambda *a: ("failed", "450 later"))
    assert service.send_pack_again(mail=mail, by=None, now=NOW) == "failed"
    monkeypatch.setattr(service, "send_one", real)
    make_item(meeting, "Added after it was refused")
    assert service.send_pack_again(mail=PackMail.objects.get(), by=None, now=NOW) == "sent"
    mail.refresh_from_db()
    assert list(mail.earlier_packs.all()) == [first] and mail.pack not in (None, first)
    assert KeptPack.objects.count() == 3, "what was refused surely did not arrive"
    told = {line.address: line.sent_to for line in kept_packs(meeting)}
    assert told == {first.get_absolute_url(): 1, mail.pack.get_absolute_url(): 1}
    with time_machine.travel(NOW):
        client.force_login(member)
        assert (
            first.get_absolute_url() in client.get(reverse("steering-pack", args=[meeting.pk])).text
        )


def test_the_same_pack_sent_again_counts_a_member_once(
    smtp: Mailbox, member: User, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patched:
        patched.setattr(service, "send_one", lambda *a: ("in_doubt", "The line broke"))
        send()
    assert service.send_pack_again(mail=PackMail.objects.get(), by=None, now=NOW) == "sent"
    assert [line.sent_to for line in kept_packs(meeting)] == [1]


def test_a_kept_pack_is_removed_with_a_demo_meeting_alone(
    smtp: Mailbox, member: User, meeting: Meeting
) -> None:
    send()
    with pytest.raises(ValueError, match="never removed"):
        KeptPack.objects.get().delete()
    Meeting.objects.update(is_demo=True)
    PackMail.objects.all().delete()
    assert KeptPack.objects.get().delete()


def test_what_the_server_refused_is_not_listed_as_sent(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client
) -> None:
    smtp.refuse = True
    assert send().failed == 1
    with time_machine.travel(NOW):
        client.force_login(member)
        page = client.get(reverse("steering-pack", args=[meeting.pk])).text
        assert "As it was sent" not in page


def test_the_command_sends_once_and_says_so(smtp: Mailbox, member: User) -> None:
    def run(*more: str) -> str:
        out = StringIO()
        call_command("send_packs", "--as-of", TODAY.isoformat(), *more, "--json", stdout=out)
        return out.getvalue().strip().splitlines()[-1]

    with time_machine.travel(NOW):
        rehearsed = run("--dry-run")
        assert '"due": 1' in rehearsed and '"sent": 0' in rehearsed and not smtp.messages
        assert '"sent": 1' in run() and '"others": 1' in run()
    assert len(smtp.messages) == 1


# --- turned off ---------------------------------------------------------------------------


def test_a_member_stops_packs_from_the_e_mail_and_begins_again(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client
) -> None:
    send()
    (mail,) = smtp.messages
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = re.search(r"<https?://[^/]+(/.*)>", mail["List-Unsubscribe"].replace("\n", ""))[1]  # type: ignore[index]
    program = Client(enforce_csrf_checks=True)
    assert "Stop packs by e-mail?" in program.get(link).text
    assert send_packs(as_of=TODAY, by=None, now=NOW).due == 1  # a look alone stops nothing
    for _ in range(2):  # twice is as once
        answer = program.post(link, {"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200 and "are stopped" in answer.text
    assert AuditEvent.objects.filter(verb="packs by e-mail turned off").count() == 1
    assert send().due == 0
    assert program.post(link + "x").status_code == 404

    with time_machine.travel(NOW):
        client.force_login(member)
        address = reverse("pack-choice")
        assert "You get no packs by e-mail" in client.get(address).text
        assert "Send me no packs" in client.post(address, {"what": "on"}, follow=True).text
    assert send().due == 1


def test_whoever_stopped_between_is_not_sent_to(smtp: Mailbox, member: User) -> None:
    """Claimed by a run, refused by the server, turned off, tried again: nothing goes."""
    PackMail.objects.create(
        meeting=Meeting.objects.get(), user=member, state="failed",
        claimed_at=NOW - datetime.timedelta(hours=2),
    )  # fmt: skip
    with time_machine.travel(NOW):
        client = Client()
        client.force_login(member)
        client.post(reverse("pack-choice"), {"what": "off"})
    assert send().due == 0 and not smtp.messages


def test_the_pdf_as_sent_bears_the_day_on_which_it_was_prepared(
    smtp: Mailbox, member: User, meeting: Meeting, client: Client
) -> None:
    """Not that of a live pack which says the same and was drawn on another day."""
    reader = make_user("auditor")
    with time_machine.travel(at(TODAY - datetime.timedelta(days=1))):
        client.force_login(reader)
        assert drawn(client, reverse("steering-pack-pdf", args=[meeting.pk]))
    send()
    kept = KeptPack.objects.get()
    address = reverse("kept-pack-pdf", args=[meeting.pk, kept.pk])
    with time_machine.travel(NOW + datetime.timedelta(days=1)):
        client.force_login(reader)
        with override_drawing() as drawings:
            assert drawn(client, address)
    assert ["Prepared 5 January 2027" in html for html in drawings] == [True]


@contextmanager
def override_drawing() -> Iterator[list[str]]:
    """What is drawn meanwhile."""
    drawings: list[str] = []

    def draw(html: str) -> bytes:
        drawings.append(html)
        return b"%PDF-"

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawn_documents, "html_pdf", draw)
        yield drawings

"""The pack: what it tells whom, its PDF, its e-mail, and that it asks as often after a year as after a month."""

from __future__ import annotations

import datetime
from typing import Any

import page as validator
import pytest
from django.core.exceptions import ValidationError
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from action_plan.models import (
    Action,
    ArisingAction,
    Meeting,
    MeetingSeries,
    Seat,
    Theme,
    ThemeResult,
)
from action_plan.selectors.meetings import FULL_READER, PUBLIC_READER
from action_plan.services.actions import change_action, create_action
from action_plan.services.agenda import add_paper
from action_plan.services.meetings import call_meeting
from reporting.models import KeptPack, PackMail
from reporting.pack_text import pack_text, read_pack
from reporting.selectors.steering_pack import gather_steering_pack
from reporting.services.pack_mails import mark_pack_sent, send_pack_again, send_packs
from reporting.views.steering_pack import pack_document
from tests.core import conftest as mail_server
from tests.factories import make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)
from tests.factories_maturity import make_opened
from tests.factories_steering import at, hold, make_chair, make_item, make_meeting, make_seat
from trafford_sv.core.access import can
from trafford_sv.core.documents import html_pdf
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import RoleGrant

pytestmark = pytest.mark.django_db
Mailbox = mail_server.Mailbox
smtp = mail_server.smtp
LAST = datetime.date(2026, 10, 13)
NEXT = datetime.date(2027, 1, 12)
TODAY = datetime.date(2027, 1, 5)
NOW = at(TODAY)


def theme() -> Theme:
    return Theme.objects.first() or Theme.objects.create(
        key="governance", code="GO", position=7, name="Governance"
    )


def action(title: str, *, now: datetime.datetime, **values: Any) -> Action:
    given = {"theme": theme(), "title": title, "starts": datetime.date(2026, 1, 1), **values}
    return create_action(values=given, by=None, now=now, today=now.date())


def move(row: Action, status: str, *, now: datetime.datetime) -> None:
    change_action(
        action=row, changes={"status": status}, expected_version=row.version, by=None, now=now,
        today=now.date(),
    )  # fmt: skip


@pytest.fixture
def meeting() -> Meeting:
    """The next one, after one that was held; open and secret items; the plan has moved."""
    chair = make_chair()
    make_seat("Health")
    long_before = at(datetime.date(2026, 9, 1))
    moved = action("Write to suppliers", now=long_before)
    action("Stay as it is", now=long_before)
    late = action("Late since June", now=long_before, due=datetime.date(2026, 6, 1))
    hidden = action("Not public", now=long_before, is_public=False)
    first = make_meeting(LAST)
    topic = make_item(first)
    hold(first, chair, *Seat.objects.exclude(pk=chair.pk))
    ArisingAction.objects.create(
        item=topic, words="Ask the hubs", owner=chair, due=LAST, recorded_at=at(LAST)
    )
    coming = make_meeting(NEXT)
    make_item(coming, "Grants", purpose="decision")
    secret = make_item(coming, "Secret name", words="Secret words", is_confidential=True)
    paper = SimpleUploadedFile("secret.txt", b"A secret paper of the Group.")
    add_paper(
        item=secret, file=paper, title="Secret paper", is_confidential=False, by=None, now=NOW
    )
    between = at(datetime.date(2026, 11, 3))
    for row in (moved, hidden):
        move(row, "on_track", now=between)
    assert late.due
    call_meeting(meeting=coming, expected_version=1, by=None, now=NOW)
    return Meeting.objects.select_related("series", "chaired_by").get(pk=coming.pk)


def gathered(meeting: Meeting, **more: Any) -> Any:
    words = {"user": make_user("coordinator"), "reader": FULL_READER, "now": NOW, **more}
    return gather_steering_pack(meeting, **words)


def test_it_tells_what_moved_and_what_is_late_since_the_last_meeting(meeting: Meeting) -> None:
    pack = gathered(meeting)
    assert pack.since == LAST
    assert [one.title for one in pack.plan.moved] == [
        "GO-01 Write to suppliers", "GO-04 Not public"
    ]  # fmt: skip
    assert pack.plan.moved[0].detail == "Governance: On track, before that not started"
    assert [one.title for one in pack.plan.overdue] == ["GO-03 Late since June"]
    assert [item.title for item in pack.for_decision][-1] == "Grants"
    assert [one.title for one in pack.arising] == ["Ask the hubs"] and pack.arising_overdue == 1
    assert pack.measures and len(pack.measures.figures) == 4
    assert {one.social_pounds for one in pack.measures.figures} == {None}
    # Grants and the minutes of October; of four live actions two moved and one is late.
    assert pack.sentence.startswith(
        "2 items are for decision. In the plan 2 of 4 live actions moved, 1 passed the due day"
    )


def test_a_stage_that_awaits_agreement_says_from_where_and_what_blocks_it(meeting: Meeting) -> None:
    result = ThemeResult.objects.get(assessment=make_opened(), theme__code="GO")
    result.state, result.stage, result.reasons = "proposed", "developing", "The grants show it."
    result.save()
    (one,) = gathered(meeting).maturity
    assert one.title == "Governance" and one.note == "The grants show it."
    # The lowest two stages of Governance have one criterion each, and nobody has proven either.
    assert one.detail == (
        "Proposed: Developing, no stage agreed so far. "
        "It cannot be agreed before there is proof for GO-0a, GO-1a"
    )
    assert one.address == result.get_absolute_url()


def test_what_moved_before_the_last_meeting_is_not_told_again(meeting: Meeting) -> None:
    row = Action.objects.get(title="Stay as it is")
    move(row, "at_risk", now=at(datetime.date(2026, 10, 1)))
    assert "Stay as it is" not in repr(gathered(meeting).plan.moved)


def test_the_public_version_holds_nothing_confidential(meeting: Meeting) -> None:
    pack = gathered(meeting, reader=PUBLIC_READER)
    assert pack.hidden == 1 and "Secret" not in repr(pack)
    assert "Not public" not in repr(pack)
    assert (pack.measures, pack.arising, pack.maturity) == (None, (), ())
    assert "Secret" in repr(gathered(meeting))


def test_pages_show_each_reader_their_version(client: Client, meeting: Meeting) -> None:
    address = reverse("steering-pack", args=[meeting.pk])
    visitor = client.get(address)
    assert visitor.status_code == 200 and "Secret" not in visitor.text
    assert "public version" in visitor.text
    member = make_user("steering_member")
    seat = make_seat("College", member)
    client.force_login(member)
    assert "Secret name" in client.get(address).text
    assert "Secret" not in client.get(address + "?version=public").text
    Seat.objects.filter(pk=seat.pk).update(ends=timezone.localdate() - datetime.timedelta(days=1))
    assert "Secret" not in client.get(address).text


def test_both_versions_are_pdf_ua_1_and_rendering_makes_no_query(meeting: Meeting) -> None:
    for reader in (FULL_READER, PUBLIC_READER):
        pack = gathered(meeting, reader=reader)
        with CaptureQueriesContext(connection) as asked:
            pdf = html_pdf(pack_document(pack, "Pack", "/").html)
        assert len(asked) == 0
        report = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
        assert [str(failure) for failure in report.failures] == []


def test_a_year_without_meetings_asks_as_often_as_a_month(client: Client) -> None:
    make_chair()
    coming = make_meeting(NEXT)
    officer = make_user("coordinator")
    client.force_login(officer)

    def count() -> int:
        stored = Meeting.objects.select_related("series", "chaired_by").get(pk=coming.pk)
        officer.__dict__.pop("_grants_in_force", None)
        with CaptureQueriesContext(connection) as asked:
            gather_steering_pack(stored, user=officer, reader=FULL_READER, now=NOW)
        return len(asked)

    def change(numbers: range) -> None:
        for number in numbers:
            when = at(datetime.date(2026, 2, 1) + datetime.timedelta(days=8 * number))
            row = action(f"Action {number}", now=when, due=datetime.date(2026, 6, 1))
            row.starts = datetime.date(2026, 1, 1)
            move(row, "on_track", now=when + datetime.timedelta(days=1))
            make_item(coming, f"Item {number}")

    change(range(2))
    few = count()
    change(range(2, 30))
    # A pack is of four apps, and each of its kinds of rows is read once.
    assert count() == few <= 23
    with CaptureQueriesContext(connection) as page:
        client.get(reverse("steering-pack", args=[coming.pk]))
    assert len(page) <= 27
    pack = gathered(coming)
    assert pack.since is None and len(pack.plan.added) == 30 and len(pack.plan.overdue) == 30


def test_a_meeting_called_off_has_no_pack(client: Client, meeting: Meeting) -> None:
    Meeting.objects.filter(pk=meeting.pk).update(state="cancelled", cancelled_reason="Snow")
    assert client.get(reverse("steering-pack", args=[meeting.pk])).status_code == 404


def test_no_pack_tells_what_a_licence_keeps_in_whoever_gathers_it(
    smtp: Mailbox, client: Client, meeting: Meeting
) -> None:
    """Three hours of one licensed measure at £7, promised 100: the Strategy Lead's own pages tell it."""
    licensed = make_measure(make_edition(values_may_be_published=False), value="7")
    made = make_commitment(measure=licensed)
    make_line(make_return(made.contract, made.supplier, Quarter(2026, 2)), made, "3", verified="3")
    reader = make_user("coordinator")
    assert can(reader, "see_licensed_values")
    pack = gathered(meeting, user=reader)
    told = {one.name: (one.social_pounds, one.social_none) for one in pack.measures.figures}
    for name in ("Committed", "Reported", "Verified"):
        assert told[name] == (None, "Withheld by a licence")
    assert told["Offered"] == (None, "None recorded")
    assert read_pack(pack_text(pack)) == pack

    member = make_user("steering_member")
    RoleGrant.objects.create(user=member, role="coordinator", starts=LAST, granted_by_name="A test")
    make_seat("College", member)
    send_packs(as_of=TODAY, by=None, now=NOW)
    body = smtp.messages[0].get_content()
    assert "Verified: social value withheld by a licence" in body and "£21" not in body
    kept = KeptPack.objects.get().text
    assert "700.00" not in kept and "21.00" not in kept


# --- by e-mail ----------------------------------------------------------------------------


@pytest.fixture
def member(meeting: Meeting) -> Any:
    person = make_user("steering_member")
    make_seat("College", person)
    return person


def send(day: datetime.date, now: datetime.datetime | None = None) -> Any:
    return send_packs(as_of=day, by=None, now=now or at(day))


def test_each_member_gets_the_pack_once_from_its_day_on(smtp: Mailbox, member: Any) -> None:
    ended = make_user("steering_member")
    make_seat("Housing", ended, ends=datetime.date(2026, 12, 31))
    make_seat("Audit", make_user("auditor"))  # a seat without the role
    assert send(datetime.date(2027, 1, 4)).due == 0
    assert (send(TODAY).sent, send(TODAY).others, send(NEXT - datetime.timedelta(days=1)).sent) == (
        1, 1, 0
    )  # fmt: skip
    (mail,) = smtp.messages
    assert mail["To"] == member.email
    body = mail.get_content()
    assert "2 items are for decision" in body and "GO-03 Late since June" in body
    assert "Confidential item" in body and "Secret" not in body
    assert body.count("http") == 2  # one to read on, one to stop
    assert send(NEXT).due == 0


def test_a_series_says_how_many_days_before(smtp: Mailbox, member: Any, meeting: Meeting) -> None:
    series = MeetingSeries.objects.create(name="S", begins=LAST, pack_days_before=3)
    Meeting.objects.filter(pk=meeting.pk).update(series=series)
    assert send(TODAY).due == 0
    assert send(NEXT - datetime.timedelta(days=3)).sent == 1


def test_what_the_server_refused_is_tried_again_after_a_pause(
    smtp: Mailbox, member: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import reporting.services.pack_mails as service

    real = service.send_one
    monkeypatch.setattr(service, "send_one", lambda *a: ("failed", "550 No"))
    assert send(TODAY).failed == 1
    monkeypatch.setattr(service, "send_one", real)
    assert send(TODAY, NOW + datetime.timedelta(minutes=5)).sent == 0
    assert send(TODAY, NOW + datetime.timedelta(minutes=20)).sent == 1


def test_what_is_in_doubt_is_settled_by_a_person_and_never_sent_again_by_itself(
    smtp: Mailbox, member: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import reporting.services.pack_mails as service

    real = service.send_one
    monkeypatch.setattr(service, "send_one", lambda *a: ("in_doubt", "The line broke"))
    assert send(TODAY).in_doubt == 1
    monkeypatch.setattr(service, "send_one", real)
    assert send(TODAY, NOW + datetime.timedelta(hours=3)).sent == 0
    mail = PackMail.objects.get()
    assert send_pack_again(mail=mail, by=None, now=NOW) == "sent"
    with pytest.raises(ValidationError, match="settled"):
        mark_pack_sent(mail=mail, by=None, now=NOW)
    assert len(smtp.messages) == 1

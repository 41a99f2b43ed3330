"""The register: asked for, confirmed, affirmed by a link each year, withdrawn."""

from __future__ import annotations

import datetime
import re

import pytest
import time_machine
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from charter.models import Adoption, AdoptionRequest, ReaffirmationReminder
from charter.selectors.adoptions import due_to_affirm
from charter.selectors.uptake import standing_on
from charter.services import adoptions, affirmations, request_letters
from tests.charter.rows import (
    FIRST,
    NOW,
    TODAY,
    make_adoption,
    make_request,
    make_version,
    the_version,
)
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent

pytestmark = pytest.mark.django_db
ASKED = {
    "organisation_name": "Invented Bakery",
    "signed_by_name": "A Person",
    "signed_by_role": "owner",
    "contact_email": "owner@example.org",
    "lead_words": "",
    "message": "",
    "may_sign": "on",
    "website": "",
}


def record(day: datetime.date, version=None, organisation=None) -> Adoption:
    return adoptions.record_adoption(
        organisation=organisation or make_organisation(),
        charter_version=version or the_version(),
        values={"adopted_on": day, "signed_by_role": "director"},
        by=None,
        now=NOW,
        today=TODAY,
    )


def test_an_adoption_signed_before_the_charter_was_approved_is_refused_in_words():
    with pytest.raises(
        ValidationError, match="approved on 24 October 2022, so it cannot have been"
    ):
        record(FIRST - datetime.timedelta(days=1))
    assert record(FIRST).adopted_on == FIRST


def test_a_draft_cannot_be_adopted_nor_tomorrow():
    the_version()
    with pytest.raises(ValidationError, match="This version is a draft"):
        record(TODAY, make_version(2, draft=True))
    with pytest.raises(ValidationError, match="still to come"):
        record(TODAY + datetime.timedelta(days=1))
    assert not Adoption.objects.exists() and not AuditEvent.objects.exists()


def test_an_organisation_adopts_once_at_a_time_and_again_after_it_withdrew():
    row = record(FIRST)
    with pytest.raises(ValidationError, match="has adopted the charter already"):
        record(TODAY, organisation=row.organisation)
    with pytest.raises(IntegrityError), transaction.atomic():
        make_adoption(organisation=row.organisation)
    adoptions.withdraw_adoption(
        adoption=row, withdrawn_on=TODAY, reason="Closed", expected_version=row.version,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    assert record(TODAY, organisation=row.organisation).pk != row.pk
    assert (standing_on(TODAY).adopters, standing_on(TODAY).withdrawn) == (1, 1)
    assert standing_on(TODAY - datetime.timedelta(days=1)).adopters == 1


def test_anybody_can_ask_and_only_an_officer_puts_it_into_the_register(client: Client):
    the_version()
    address = reverse("adoption-ask")
    assert "Check what you send" in client.post(address, ASKED).text
    assert not AdoptionRequest.objects.exists()
    answer = client.post(address, {**ASKED, "step": "send"})
    assert answer["Location"] == reverse("adoption-asked")
    assert not Adoption.objects.exists()
    row = AdoptionRequest.objects.get()
    client.force_login(make_user())
    page = client.get(row.get_absolute_url())
    assert "owner@example.org" in page.text
    form = {"version": row.version, "adopted_on": "3/5/2026", "organisation": "", "step": "confirm"}
    assert client.post(row.get_absolute_url(), form).status_code == 302
    adoption = Adoption.objects.get()
    assert (adoption.organisation.name, adoption.signed_by_name) == ("Invented Bakery", "A Person")
    client.logout()
    public = (
        client.get(adoption.get_absolute_url()).text + client.get(reverse("adoption-list")).text
    )
    assert "owner" in public
    assert "A Person" not in public and "owner@example.org" not in public


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("website", "http://spam", "Leave this box empty"),
        ("may_sign", "", "Tick the box to say that you may sign"),
        ("contact_email", "nobody", "e-mail address"),
        ("organisation_name", "x" * 301, "300"),
    ],
)
def test_what_cannot_be_sent_is_said_and_kept(client: Client, field, value, sentence):
    the_version()
    answer = client.post(reverse("adoption-ask"), {**ASKED, field: value, "step": "send"})
    assert answer.status_code == 200 and sentence in answer.text
    assert "Invented Bakery" in answer.text or field == "organisation_name"
    assert not AdoptionRequest.objects.exists()


def test_whoever_sends_again_and_again_waits(client: Client):
    the_version()
    codes = [
        client.post(reverse("adoption-ask"), {**ASKED, "step": "send"}).status_code
        for _ in range(12)
    ]
    assert codes == [302] * 10 + [429] * 2
    assert AdoptionRequest.objects.count() == 10


def test_a_request_is_decided_once_and_a_declined_one_forgets_the_person(client: Client):
    row = make_request()
    adoptions.decline_request(
        request=row, expected_version=1, reason="Unknown to them", by=None, now=NOW
    )
    request_letters.send_request_answer(request_pk=row.pk, by=None, now=NOW)
    row.refresh_from_db()
    assert (row.contact_email, row.signed_by_name) == ("", "Forgotten")
    # The log is for ever, so it never held them either.
    log = str([(each.before, each.after) for each in AuditEvent.objects.all()])
    assert "(not kept in the log)" in log and "owner@example.org" not in log
    with pytest.raises(ValidationError, match="declined already"):
        adoptions.confirm_request(
            request=row, organisation=make_organisation(), adopted_on=TODAY, expected_version=row.version,
            by=None, now=NOW, today=TODAY,
        )  # fmt: skip
    client.force_login(make_user("auditor"))
    assert client.get(row.get_absolute_url()).status_code == 200
    assert client.post(row.get_absolute_url(), {"step": "decline"}).status_code == 403


# --- the yearly question ----------------------------------------------------------------------


def due_adoption(**values) -> Adoption:
    """Adopted on 10 May 2025: due on 10 May 2026, asked from 26 April on. TODAY is 3 May."""
    given = {"adopted_on": datetime.date(2025, 5, 10), "contact_email": "a@example.org"}
    return make_adoption(**given | values)


def ask(day: datetime.date = TODAY):
    return affirmations.ask_adopters(as_of=day, by=None, now=NOW)


def link() -> str:
    return re.search(r"http\S+/stand-by/\S+/", mail.outbox[-1].body)[0].split("8000", 1)[1]


@pytest.mark.parametrize(
    ("day", "due"),
    [("2026-04-25", 0), ("2026-04-26", 1), ("2026-05-10", 1), ("2026-08-01", 1)],
)
def test_an_adopter_is_due_from_two_weeks_before_the_year_is_over(day, due):
    due_adoption()
    assert len(due_to_affirm(datetime.date.fromisoformat(day))) == due


def test_who_withdrew_has_no_address_or_said_it_lately_is_not_asked():
    due_adoption(withdrawn_on=TODAY)
    due_adoption(contact_email="")
    due_adoption(reaffirmed_on=datetime.date(2026, 1, 1))
    assert due_to_affirm(TODAY) == []


def test_each_adopter_is_asked_once_for_a_year_however_often_it_runs(
    django_capture_on_commit_callbacks,
):
    due_adoption()
    assert (ask().sent, ask().sent) == (1, 0)
    assert ask(TODAY + datetime.timedelta(days=30)).sent == 0
    assert len(mail.outbox) == 1 and mail.outbox[0].to == ["a@example.org"]
    assert ReaffirmationReminder.objects.get().state == ReaffirmationReminder.State.SENT


def test_what_a_mail_server_refused_is_tried_again_and_what_is_in_doubt_never():
    row = due_adoption()
    ask()
    held = ReaffirmationReminder.objects.filter(adoption=row)
    held.update(state=ReaffirmationReminder.State.CLAIMED, sent_at=None)
    assert affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW).sent == 0
    held.update(state=ReaffirmationReminder.State.FAILED)
    assert affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW).sent == 0
    later = NOW + datetime.timedelta(days=1)
    assert affirmations.ask_adopters(as_of=later.date(), by=None, now=later).sent == 1
    assert link() == re.sub(r"^.*?8000", "", link())


@time_machine.travel(NOW, tick=False)
def test_an_adopter_says_by_its_link_that_it_stands_and_the_link_works_once(client: Client):
    row = due_adoption()
    affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW)
    address = link()
    assert row.organisation.name in client.get(address).text
    answer = client.post(address, {"stands": "yes", "role": "director", "reason": ""})
    assert answer.status_code == 200 and "stands by the charter" in answer.text
    said = row.reaffirmations.get()
    assert said.recorded_by_name == "director, by their link"
    again = client.post(address, {"stands": "no", "role": "x", "step": "send"})
    assert again.status_code == 410
    row.refresh_from_db()
    assert row.withdrawn_on is None


@time_machine.travel(NOW, tick=False)
def test_an_adopter_takes_its_name_out_only_after_a_page_that_asks_again(client: Client):
    row = due_adoption()
    affirmations.ask_adopters(as_of=TODAY, by=None, now=NOW)
    said = {"stands": "no", "role": "director", "reason": "We moved"}
    assert "Take your name out" in client.post(link(), said).text
    row.refresh_from_db()
    assert row.withdrawn_on is None
    assert client.post(link(), {**said, "step": "send"}).status_code == 200
    row.refresh_from_db()
    assert row.withdrawn_reason == "We moved" and row.contact_email == ""
    assert client.get(reverse("adoption-badge", args=[row.pk])).status_code == 404


def test_a_link_that_nobody_sent_opens_nothing(client: Client):
    assert client.get(reverse("adoption-affirm", args=["abc"])).status_code == 404


def test_a_link_ends_after_six_months_and_with_the_address_that_it_went_to(client: Client):
    row = due_adoption()
    ask()
    address = link()
    with time_machine.travel(NOW + datetime.timedelta(days=179), tick=False):
        assert client.get(address).status_code == 200
    with time_machine.travel(NOW + datetime.timedelta(days=181), tick=False):
        late = client.post(address, {"stands": "no", "role": "x", "step": "send"})
        assert late.status_code == 410 and "too old" in late.text
    adoptions.change_adoption(
        adoption=row, changes={"contact_email": "b@example.org"}, expected_version=row.version,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    with time_machine.travel(NOW, tick=False):
        assert client.get(address).status_code == 404
    # The new address is asked in its turn.
    later = NOW + datetime.timedelta(days=1)
    assert affirmations.ask_adopters(as_of=later.date(), by=None, now=later).sent == 1
    assert mail.outbox[-1].to == ["b@example.org"] and link() != address


def test_a_withdrawn_adoption_keeps_its_address_nowhere():
    row = due_adoption()
    adoptions.withdraw_adoption(
        adoption=row, withdrawn_on=TODAY, reason="Moved", expected_version=row.version, by=None,
        now=NOW, today=TODAY,
    )  # fmt: skip
    assert set(row.history.values_list("contact_email", flat=True)) == {""}
    assert "a@example.org" not in str([(e.before, e.after) for e in AuditEvent.objects.all()])


def test_a_name_with_a_line_break_stays_on_one_line_and_stops_nobodys_mail():
    """Two adopters are due; the name of one was sent with a break in it."""
    the_version()
    made = adoptions.ask_to_adopt(
        values={**{k: v for k, v in ASKED.items() if k not in ("may_sign", "website")},
                "organisation_name": "Evil Ltd\r\nBcc: x@example.org"},
        now=NOW, today=TODAY,
    )  # fmt: skip
    assert made.organisation_name == "Evil Ltd Bcc: x@example.org"
    broken = due_adoption()
    type(broken.organisation).objects.filter(pk=broken.organisation_id).update(name="A\r\nB")
    due_adoption(contact_email="b@example.org")
    assert ask().sent == 2
    assert {"Does A B still stand by the charter?"} < {each.subject for each in mail.outbox}

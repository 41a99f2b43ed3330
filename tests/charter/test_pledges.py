"""Pledges: promised, reported, confirmed by a link that works once; and in no other total."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

import pytest
from django.core import mail
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from charter.models import Initiative, Pledge
from charter.services import pledges
from tests.charter.rows import (
    FIRST,
    NOW,
    TODAY,
    make_adoption,
    make_pledge,
    make_version,
    the_principle,
)
from tests.factories import make_organisation, make_user

pytestmark = pytest.mark.django_db


def make(**values) -> Pledge:
    given = {
        "organisation": make_organisation(),
        "principle": the_principle(),
        "title": "Give talks",
        "pledged_on": FIRST,
    }
    return pledges.make_pledge(values=given | values, by=None, now=NOW)


def report(pledge: Pledge, quantity: str | None = "6", day: datetime.date = TODAY) -> Pledge:
    pledge.refresh_from_db()
    return pledges.report_pledge(
        pledge=pledge, quantity=None if quantity is None else Decimal(quantity), reported_on=day,
        words="Done", expected_version=pledge.version, by=None, now=NOW, today=TODAY,
    )  # fmt: skip


def ask(pledge: Pledge, email: str = "hub@example.org", whom=None, now=NOW):
    pledge.refresh_from_db()
    asked = pledges.ask_beneficiary(
        pledge=pledge, organisation=whom or make_organisation("Invented Hub", "hub"), email=email,
        expected_version=pledge.version, by=None, now=now,
    )  # fmt: skip
    pledges.email_pledge_question(asked_pk=asked.pk, by=None, now=now)
    return asked


def test_a_question_of_which_nobody_knows_whether_it_went_waits_for_a_person(client: Client):
    pledge = report(make(unit="talks", promised_quantity=Decimal(6)))
    asked = ask(pledge)
    assert len(mail.outbox) == 1 and asked.mail_doubt_from is None
    asked.refresh_from_db()
    assert asked.emailed_at == NOW and asked.mail_doubt_from is None
    # A worker that was lost after it had claimed the mail: nobody sends it again by itself.
    type(asked).objects.update(emailed_at=None, mail_claimed_at=NOW)
    assert not pledges.email_pledge_question(asked_pk=asked.pk, by=None, now=NOW)
    assert len(mail.outbox) == 1
    client.force_login(make_user())
    page = client.get(reverse("pledge-detail", args=[pledge.pk]))
    assert "The e-mail may have gone out, or not." in page.text


def token() -> str:
    return re.search(r"/charter/confirm/([\w-]+)/", mail.outbox[-1].body)[1]


def answer(**values) -> Pledge:
    given = {"did_happen": True, "quantity": None, "comment": "", "role": "manager"}
    return pledges.answer_pledge(token=token(), now=NOW, today=TODAY, **given | values)


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"promised_quantity": Decimal(6)}, "Say what is counted beside the quantity"),
        ({"due": FIRST - datetime.timedelta(days=1)}, "due before it was promised"),
        ({"title": ""}, "blank"),
    ],
)
def test_a_pledge_that_cannot_be_right_is_refused(values, sentence):
    with pytest.raises(ValidationError) as refused:
        make(**values)
    assert sentence in " ".join(refused.value.messages)
    assert not Pledge.objects.exists()


def test_a_pledge_is_towards_an_approved_charter_and_an_initiative_of_its_principle():
    draft = make_version(2, draft=True)
    with pytest.raises(ValidationError, match="in a draft"):
        make(principle=draft.principles.get())
    other = make_version(3)
    elsewhere = Initiative.objects.get(focus_area__principle__charter_version=other)
    with pytest.raises(ValidationError, match="under another principle"):
        make(initiative=elsewhere)


@pytest.mark.parametrize(
    ("said", "counted", "state"),
    [
        ({}, "6", "confirmed"),
        ({"quantity": Decimal(4)}, "4", "confirmed"),
        ({"quantity": Decimal(9)}, "6", "confirmed"),  # no more than was reported
        ({"quantity": Decimal(0)}, "0", "not_confirmed"),
        ({"did_happen": False}, "0", "not_confirmed"),
    ],
)
def test_what_counts_is_what_was_confirmed_of_what_was_reported(said, counted, state):
    pledge = make(promised_quantity=Decimal(8), unit="talks")
    ask(report(pledge))
    row = answer(**said)
    assert (row.confirmed_quantity, row.state) == (Decimal(counted), state)


def test_a_pledge_that_is_not_counted_is_confirmed_by_yes_or_no():
    pledge = make()
    with pytest.raises(ValidationError, match="not counted in anything"):
        report(pledge, "6")
    ask(report(pledge, None))
    row = answer()
    assert (row.state, row.confirmed_quantity) == ("confirmed", None)


def test_a_counted_pledge_is_reported_with_a_number_on_a_day_that_makes_sense():
    pledge = make(promised_quantity=Decimal(8), unit="talks")
    for quantity, day, sentence in (
        (None, TODAY, "Enter how many talks"),
        ("1", TODAY + datetime.timedelta(days=1), "still to come"),
        ("1", FIRST - datetime.timedelta(days=1), "before the pledge was made"),
    ):
        with pytest.raises(ValidationError, match=sentence):
            report(pledge, quantity, day)
    assert report(pledge, "0").reported_quantity == 0


def test_a_link_works_once_and_asking_again_stops_the_one_before():
    pledge = make()
    ask(report(pledge, None))
    old = token()
    ask(pledge)
    with pytest.raises(pledges.PledgeLinkRefused, match="withdrawn"):
        pledges.find_pledge_question(token=old, now=NOW)
    answer()
    with pytest.raises(pledges.PledgeLinkRefused, match="used"):
        answer()
    assert not pledge.confirmations.exclude(sent_to="").exists()


def test_a_link_runs_out_and_its_address_is_forgotten():
    ask(report(make(), None))
    later = NOW + datetime.timedelta(days=31)
    with pytest.raises(pledges.PledgeLinkRefused, match="expired"):
        pledges.find_pledge_question(token=token(), now=later)
    assert pledges.forget_pledge_addresses(by=None, now=later) == 1
    assert pledges.forget_pledge_addresses(by=None, now=later) == 0


def test_who_made_the_pledge_is_never_asked_to_confirm_it():
    pledge = report(make(), None)
    with pytest.raises(ValidationError, match="cannot confirm it"):
        ask(pledge, whom=pledge.organisation)
    make_adoption(organisation=pledge.organisation, contact_email="Boss@example.org")
    with pytest.raises(ValidationError, match="belongs to whoever made the pledge"):
        ask(pledge, "boss@EXAMPLE.org")
    person = make_user("supplier", pledge.organisation)
    with pytest.raises(ValidationError, match="belongs to whoever made the pledge"):
        ask(pledge, person.email)
    assert not pledge.confirmations.exists()


def test_a_confirmed_pledge_stays_and_a_withdrawn_one_asks_nobody_any_more():
    pledge = make()
    ask(report(pledge, None))
    pledge.refresh_from_db()
    pledges.withdraw_pledge(
        pledge=pledge, withdrawn_on=TODAY, reason="Closed", expected_version=pledge.version,
        by=None, now=NOW, today=TODAY,
    )  # fmt: skip
    with pytest.raises(pledges.PledgeLinkRefused, match="withdrawn"):
        answer()
    done = make()
    ask(report(done, None))
    row = answer()
    with pytest.raises(
        ValidationError, match="confirmed by whom it was for, so it is not withdrawn"
    ):
        pledges.withdraw_pledge(
            pledge=row,
            withdrawn_on=TODAY,
            reason="x",
            expected_version=row.version,
            by=None,
            now=NOW,
            today=TODAY,
        )


def test_the_database_lets_no_more_be_confirmed_than_was_reported():
    with pytest.raises(IntegrityError), transaction.atomic():
        make_pledge(unit="hours", reported_quantity=1, confirmed_quantity=2)


def test_somebody_at_a_hub_answers_on_the_page_without_an_account(client: Client):
    pledge = make(promised_quantity=Decimal(8), unit="talks")
    ask(report(pledge), now=timezone.now())
    address = reverse("pledge-answer", args=[token()])
    assert "6 talks" in client.get(address).text
    said = {"did_happen": "part", "quantity": "", "comment": "", "role": "manager"}
    assert "Tell us how much it was" in client.post(address, said).text
    said["quantity"] = "NaN"
    assert "Enter a number" in client.post(address, said).text
    said["quantity"] = "4.5"
    assert "4.5 talks" in client.post(address, said).text
    assert Pledge.objects.get().state == Pledge.State.REPORTED
    assert client.post(address, {**said, "step": "send"}).status_code == 302
    assert Pledge.objects.get().confirmed_quantity == Decimal("4.5")
    assert client.get(address).status_code == 410
    assert client.get(reverse("pledge-answer", args=["none"])).status_code == 404

"""Two at once on PostgreSQL: workers that send reminders, people and the night about recovery."""

from __future__ import annotations

import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone

from contracts.models import Contract, DeliveryRating, RecoveryAction, ReminderDigest
from contracts.services.ratings import agree_rating, record_reply
from contracts.services.recovery import open_recoveries, open_recovery
from contracts.services.reminders import mark_digest_sent, send_digest_again, send_reminders
from tests.core import conftest as mail_server
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_rating, make_return
from trafford_sv.core.periods import Quarter

from .test_races import at_once

smtp = mail_server.smtp
DUE = datetime.date(2026, 10, 20)
NOON = datetime.datetime(2026, 10, 20, 12, tzinfo=datetime.UTC)
Q1, Q2 = Quarter(2026, 1), Quarter(2026, 2)


def agreement() -> Any:
    supplier = make_organisation()
    contract = make_contract(
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.LIVE,
    )
    return make_commitment(contract, supplier=supplier)


def test_of_several_workers_each_mail_is_sent_by_one(on_servers, smtp):
    people = []
    for _ in range(6):
        commitment = agreement()
        make_return(commitment.contract, commitment.supplier, Q1)
        people.append(make_user("supplier", commitment.supplier))

    def work() -> Any:
        return send_reminders(as_of=DUE, by=None, now=NOON)

    results = at_once(work, work, work)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert sum(each.sent for each in results) == 6
    assert sorted(mail["To"] for mail in smtp.messages) == sorted(each.email for each in people)
    assert set(ReminderDigest.objects.values_list("state", "tries")) == {("sent", 1)}


def test_of_several_workers_one_tries_a_refused_mail_again(on_servers, smtp):
    commitment = agreement()
    make_return(commitment.contract, commitment.supplier, Q1)
    make_user("supplier", commitment.supplier)
    smtp.refuse = True
    assert send_reminders(as_of=DUE, by=None, now=NOON).failed == 1
    smtp.refuse = False

    def work() -> Any:
        return send_reminders(as_of=DUE, by=None, now=NOON + datetime.timedelta(hours=1))

    results = at_once(work, work, work)
    assert sum(each.sent for each in results) == 1, results
    assert len(smtp.messages) == 1


def test_of_two_officers_who_settle_the_same_doubt_one_is_told(on_servers, smtp):
    commitment = agreement()
    make_return(commitment.contract, commitment.supplier, Q1)
    person = make_user("supplier", commitment.supplier)
    digest = ReminderDigest.objects.create(user=person, day=DUE, items=[], claimed_at=NOON)
    later = NOON + datetime.timedelta(hours=2)

    def again() -> Any:
        return send_digest_again(digest=digest, by=None, now=later, today=DUE)

    def sent() -> Any:
        return mark_digest_sent(digest=digest, by=None, now=later)

    results = at_once(again, again, sent)
    assert sum(isinstance(each, ValidationError) for each in results) == 2, results
    assert len(smtp.messages) <= 1
    assert ReminderDigest.objects.get().state == "sent"


def test_the_night_and_a_person_open_one_recovery_action(on_servers):
    commitment = agreement()
    for quarter in (Q1, Q2):
        made = make_return(commitment.contract, commitment.supplier, quarter)
        make_line(made, commitment, "5", verified="5")
    owner = make_user()

    def night() -> Any:
        return open_recoveries(as_of=datetime.date(2026, 11, 23), by=None, now=timezone.now())

    def person() -> Any:
        return open_recovery(
            commitment=commitment,
            owner=owner,
            due=datetime.date(2026, 12, 1),
            reason="Behind",
            by=owner,
            now=NOON,
            today=datetime.date(2026, 11, 23),
        )

    results = at_once(night, person, night)
    assert RecoveryAction.objects.count() == 1, results


def test_a_reply_and_an_agreement_do_not_write_over_each_other(on_servers):
    commitment = agreement()
    rating = make_rating(
        commitment.contract, commitment.supplier, reply_due=datetime.date(2026, 6, 3)
    )

    def reply() -> Any:
        return record_reply(rating=rating, reply="Fair.", by=None, now=NOON)

    def agree() -> Any:
        return agree_rating(
            rating=rating, code="1", reason="", expected_version=1, by=None, now=NOON, today=DUE
        )

    results = at_once(reply, agree)
    assert sum(isinstance(each, Exception) for each in results) == 1, results
    stored = DeliveryRating.objects.get()
    assert (stored.state, bool(stored.reply)) in {("replied", True), ("agreed", False)}

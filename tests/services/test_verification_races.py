"""Two at once about one line, on PostgreSQL: one is served, the other is told."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core import mail
from django.utils import timezone

from contracts.models import ConfirmationRequest, ReturnEvent, ReturnLine
from contracts.services import confirmations, verification
from contracts.services.confirmations import ConfirmationRefused
from tests.factories import make_organisation, make_user
from tests.factories_delivery import Q1, make_commitment, make_flag, make_line, make_return
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.audit import verify_chain
from trafford_sv.core.services.quarters import QuarterClosed, close_quarter
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def a_line() -> ReturnLine:
    commitment = make_commitment()
    return make_line(make_return(commitment.contract, commitment.supplier), commitment, "40")


def test_of_two_officers_who_verify_one_line_one_is_told(on_servers):
    line = a_line()
    people = [make_user(), make_user()]

    def accept() -> Any:
        return verification.accept_line(
            line=ReturnLine.objects.get(pk=line.pk),
            expected_version=line.version,
            by=people[0],
            now=timezone.now(),
        )

    def send_back() -> Any:
        return verification.send_back_line(
            line=ReturnLine.objects.get(pk=line.pk),
            reason="Add the sheet.",
            expected_version=line.version,
            by=people[1],
            now=timezone.now(),
        )

    results = at_once(accept, send_back)
    assert len([each for each in results if isinstance(each, Collision)]) == 1, results
    stored = ReturnLine.objects.select_related("delivery_return").get(pk=line.pk)
    assert stored.version == line.version + 1
    event = ReturnEvent.objects.get()
    assert (stored.state, stored.delivery_return.state, event.action) in {
        ("accepted", "verified", "accepted"),
        ("sent_back", "sent_back", "sent_back"),
    }
    assert AuditEvent.objects.filter(subject_type="returnline").count() == 1


def test_of_two_lines_that_are_one_thing_only_one_is_accepted_whole(on_servers):
    """Two returns, two officers, one moment: the flag is what they wait for each other at."""
    for _ in range(4):
        lines = [a_line(), a_line()]
        make_flag(*lines, state="double")

        def accept(line: ReturnLine) -> Callable[[], Any]:
            return lambda: verification.accept_line(
                line=line, expected_version=line.version, by=make_user(), now=timezone.now()
            )

        results = at_once(*map(accept, lines))
        (refused,) = [each for each in results if isinstance(each, Exception)]
        assert "claimed twice" in str(refused), results
        for line in lines:
            line.refresh_from_db()
        assert sorted(line.state for line in lines) == ["accepted", "open"]


def test_two_lines_of_one_return_leave_it_in_the_right_state(on_servers):
    first = a_line()
    second = make_line(first.delivery_return, first.commitment, "4")
    person = make_user()

    def accept(line: ReturnLine) -> Callable[[], Any]:
        return lambda: verification.accept_line(
            line=line, expected_version=line.version, by=person, now=timezone.now()
        )

    results = at_once(accept(first), accept(second))
    assert not [each for each in results if isinstance(each, Exception)], results
    first.delivery_return.refresh_from_db()
    assert first.delivery_return.state == "verified"
    assert not verify_chain().broken


def test_a_link_answered_twice_at_once_counts_once(on_servers):
    request = confirmations.ask_confirmation(
        line=a_line(),
        organisation=make_organisation("", "hub"),
        email="hub@example.org",
        expected_version=1,
        by=make_user(),
        now=timezone.now(),
    )
    token = confirmations.link_of(request=request).rstrip("/").rsplit("/", 1)[-1]

    def answer(quantity: str) -> Callable[[], Any]:
        return lambda: confirmations.answer_confirmation(
            token=token, quantity=Decimal(quantity), comment="", role="Manager", now=timezone.now()
        )

    results = at_once(answer("25"), answer("30"))
    (refused,) = [each for each in results if isinstance(each, Exception)]
    assert isinstance(refused, ConfirmationRefused), results
    assert refused.state == "used"
    (served,) = [each for each in results if isinstance(each, ConfirmationRequest)]
    request.refresh_from_db()
    assert request.confirmed_quantity == served.confirmed_quantity
    assert ReturnEvent.objects.filter(action="confirmed").count() == 1


def test_of_two_workers_one_sends_the_link(on_servers):
    request = confirmations.ask_confirmation(
        line=a_line(),
        organisation=make_organisation("", "hub"),
        email="hub@example.org",
        expected_version=1,
        by=make_user(),
        now=timezone.now(),
    )
    before = len(mail.outbox)

    def work() -> bool:
        return confirmations.email_confirmation(request_pk=request.pk, by=None, now=timezone.now())

    assert sorted(at_once(work, work, work)) == [False, False, True]
    assert len(mail.outbox) == before + 1


def test_asking_and_accepting_at_once_never_verifies_a_line_that_waits(on_servers):
    line, hub = a_line(), make_organisation("", "hub")
    people = [make_user(), make_user()]

    def ask() -> Any:
        return confirmations.ask_confirmation(
            line=line,
            organisation=hub,
            email="hub@example.org",
            expected_version=line.version,
            by=people[0],
            now=timezone.now(),
        )

    def accept() -> Any:
        return verification.accept_line(
            line=line, expected_version=line.version, by=people[1], now=timezone.now()
        )

    results = at_once(ask, accept)
    assert len([each for each in results if isinstance(each, Exception)]) == 1, results
    stored = ReturnLine.objects.get(pk=line.pk)
    waits = ConfirmationRequest.objects.filter(line=line, state="asked").exists()
    assert (stored.verified_quantity is None) is waits


def test_a_quarter_is_not_closed_over_a_decision_in_flight(on_servers):
    line, person = a_line(), make_user()
    results = at_once(
        lambda: verification.accept_line(
            line=line, expected_version=line.version, by=person, now=timezone.now()
        ),
        lambda: close_quarter(quarter=Q1, by=person, now=timezone.now()),
    )
    assert not isinstance(results[1], Exception), results
    decided = ReturnLine.objects.get(pk=line.pk).state == "accepted"
    assert decided or isinstance(results[0], QuarterClosed), results

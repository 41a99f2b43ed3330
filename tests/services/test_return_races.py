"""Two at once about one return or one activity, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import timezone

from contracts.models import ActivityClaim, DeliveryReturn, ReturnEvent, ReturnLine, SharedActivity
from contracts.services.returns import claim_share, open_return, save_line, submit_return
from contracts.services.returns.shares import _write_claim
from tests.factories import make_contract, make_organisation
from tests.factories_delivery import NOON, Q1, make_commitment, make_line, make_measure, make_return
from trafford_sv.core.services.quarters import QuarterStateError, close_quarter
from trafford_sv.core.services.records import Collision

from .test_races import at_once


def a_line(**values: Any) -> ReturnLine:
    commitment = make_commitment(**{"evidence_rule": "", **values})
    row = make_return(commitment.contract, commitment.supplier, state="draft")
    return make_line(row, commitment, None, given_quantity=5)


def activity_of(*shares: str) -> SharedActivity:
    found = SharedActivity.objects.create(
        code="ABCD-2345", title="Jobs fair", created_at=NOON, created_by_name="A test"
    )
    for share in shares:
        line = a_line()
        ActivityClaim.objects.create(activity=found, line=line, claimed_share=Decimal(share))
    return found


def claim(line: ReturnLine, share: str) -> Callable[[], Any]:
    def work() -> Any:
        return claim_share(
            line=ReturnLine.objects.get(pk=line.pk),
            code="ABCD-2345",
            share=Decimal(share),
            expected_version=line.version,
            by=None,
            now=timezone.now(),
        )

    return work


def test_of_two_who_claim_the_last_share_one_is_told_what_is_left(on_servers):
    # 50% is claimed; two lines want 30% each at the same moment: 50 + 30 leaves 20.
    activity = activity_of("0.5")
    first, second = a_line(), a_line()
    results = at_once(claim(first, "0.3"), claim(second, "0.3"))
    told = [each for each in results if isinstance(each, ValidationError)]
    assert len(told) == 1, results
    assert "50% and 30% are claimed already, so 20% is left" in told[0].messages[0]
    assert sum(held.claimed_share for held in activity.claims.all()) == Decimal("0.8")


def test_the_database_refuses_what_gets_past_the_service(on_servers):
    activity = activity_of("0.5", "0.3")
    line = a_line()
    with pytest.raises(IntegrityError), transaction.atomic():
        ActivityClaim.objects.create(activity=activity, line=line, claimed_share=Decimal("0.3"))
    with transaction.atomic(), pytest.raises(ValidationError) as raised:
        _write_claim(activity, line, Decimal("0.3"))
    assert "so 20% is left" in raised.value.messages[0]


def test_two_who_begin_one_return_get_the_same(on_servers):
    commitment = make_commitment()

    def begin() -> Any:
        return open_return(
            contract=commitment.contract,
            supplier=commitment.supplier,
            quarter=Q1,
            by=None,
            now=timezone.now(),
        ).pk

    results = at_once(begin, begin, begin)
    assert len(set(results)) == 1, results
    assert ReturnLine.objects.count() == 1


def test_of_two_who_save_one_line_one_is_told(on_servers):
    line = a_line()

    def save(quantity: int) -> Callable[[], Any]:
        def work() -> Any:
            return save_line(
                line=ReturnLine.objects.get(pk=line.pk),
                changes={"given_quantity": Decimal(quantity)},
                expected_version=line.version,
                by=None,
                now=timezone.now(),
            )

        return work

    results = at_once(save(1), save(2))
    assert sum(isinstance(each, Collision) for each in results) == 1, results


def test_a_return_that_is_sent_twice_at_once_is_sent_once(on_servers):
    line = a_line()

    def send() -> Any:
        return submit_return(
            delivery_return=DeliveryReturn.objects.get(pk=line.delivery_return_id),
            declared_this_agreement=True,
            declared_committed=True,
            by=None,
            now=timezone.now(),
        )

    results = at_once(send, send)
    assert sum(isinstance(each, ValidationError) for each in results) == 1, results
    assert ReturnEvent.objects.filter(action="submitted").count() == 1


def test_sending_and_closing_at_once_never_counts_in_a_closed_quarter(on_servers):
    line = a_line()

    def send() -> Any:
        return submit_return(
            delivery_return=DeliveryReturn.objects.get(pk=line.delivery_return_id),
            declared_this_agreement=True,
            declared_committed=True,
            by=None,
            now=timezone.now(),
        ).counted_in

    def close() -> Any:
        close_quarter(quarter=Q1, by=None, now=timezone.now())

    counted, closed = at_once(send, close)
    assert counted in (Q1, Q1.next), counted
    assert closed is None or isinstance(closed, QuarterStateError)
    line.refresh_from_db()
    if counted == Q1:
        # It was in before the door closed.
        assert (line.counted_year, line.counted_quarter) == (Q1.start_year, Q1.number)


def test_first_year_months_of_two_quarters_sent_at_once_never_pass_twelve(on_servers):
    # One person, 9 months in each of two returns: together only 12 count, one person-year.
    supplier = make_organisation()
    measure = make_measure(counting="first_year", value="1000")
    commitment = make_commitment(
        make_contract(suppliers=[supplier]), supplier=supplier, measure=measure,
        evidence_rule="", quantity="1",
    )  # fmt: skip
    rows = []
    for quarter in (Q1, Q1.next):
        row = make_return(commitment.contract, supplier, quarter, state="draft")
        make_line(row, commitment, None, given_quantity=None, people_quantity=1, months_quantity=9)
        rows.append(row)

    def send(row: DeliveryReturn) -> Callable[[], Any]:
        def work() -> Any:
            return submit_return(
                delivery_return=DeliveryReturn.objects.get(pk=row.pk),
                declared_this_agreement=True,
                declared_committed=True,
                by=None,
                now=timezone.now(),
            )

        return work

    results = at_once(*map(send, rows))
    assert all(isinstance(each, DeliveryReturn) for each in results), results
    assert sum(line.reported_quantity or 0 for line in commitment.lines.all()) == 1

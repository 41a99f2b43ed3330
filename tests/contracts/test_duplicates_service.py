"""What is claimed twice is flagged once, in the database, with both places for officers only."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import ActivityClaim, DuplicateFlag, ReturnLine, SharedActivity
from contracts.selectors.duplicates import flags_of_lines
from contracts.services.duplicates import MOST_ALIKE, find_and_flag
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    NOON,
    Q1,
    make_commitment,
    make_evidence,
    make_line,
    make_return,
)
from trafford_sv.core.models import AuditEvent

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 5, 1)
EVENT = {"people_quantity": Decimal(8), "hours_quantity": Decimal(2), "happened_on": DAY}


def line(commitment=None, quarter=Q1, delivery_return=None, **values):
    commitment = commitment or make_commitment()
    delivery_return = delivery_return or make_return(
        commitment.contract, commitment.supplier, quarter
    )
    return make_line(delivery_return, commitment, **values)


def supplier_of(row):
    return row.delivery_return.supplier


def flag(*lines):
    return find_and_flag(lines=lines, by=None, now=NOON)


def pairs():
    return [
        (each.first_id, each.second_id, each.kind)
        for each in DuplicateFlag.objects.order_by("first_id", "second_id", "kind")
    ]


def test_the_same_bytes_of_two_suppliers():
    first, second = line(), line()
    make_evidence(supplier_of(first), first)
    make_evidence(supplier_of(second), second)
    other = line()
    make_evidence(supplier_of(other), other, content=b"twelve people came")
    flag(second)
    assert pairs() == [(first.pk, second.pk, "same_file")]
    assert AuditEvent.objects.get(verb="possible double claims flagged").after["lines"] == [
        first.pk,
        second.pk,
    ]


def test_the_same_file_in_two_quarters_and_two_agreements_of_one_supplier():
    commitment = make_commitment()
    first = line(commitment)
    later = line(commitment, Q1.next)
    elsewhere = line(make_commitment(supplier=commitment.supplier))
    make_evidence(commitment.supplier, first, later, elsewhere)
    flag(first, later, elsewhere)
    assert [each[:2] for each in pairs()] == [
        (first.pk, later.pk),
        (first.pk, elsewhere.pk),
        (later.pk, elsewhere.pk),
    ]


def test_one_file_may_serve_several_lines_of_one_return():
    first = line()
    second = line(first.commitment, delivery_return=first.delivery_return)
    make_evidence(supplier_of(first), first, second)
    flag(first, second)
    assert pairs() == []


def test_the_same_event_is_flagged_in_one_return_and_in_another_agreement():
    first = line(**EVENT)
    again = line(first.commitment, delivery_return=first.delivery_return, **EVENT)
    elsewhere = line(**EVENT)
    line(**(EVENT | {"happened_on": DAY + datetime.timedelta(days=1)}))
    line(**(EVENT | {"people_quantity": Decimal(9)}))
    flag(first, again)
    assert pairs() == [
        (first.pk, again.pk, "same_event"),
        (first.pk, elsewhere.pk, "same_event"),
        (again.pk, elsewhere.pk, "same_event"),
    ]


def test_a_draft_has_claimed_nothing():
    first = line(**EVENT)
    commitment = make_commitment()
    draft = make_line(
        make_return(commitment.contract, commitment.supplier, state="draft"), commitment, **EVENT
    )
    make_evidence(supplier_of(first), first)
    make_evidence(commitment.supplier, draft)
    flag(first)
    assert pairs() == []
    flag(draft)
    assert [kind for _, _, kind in pairs()] == ["same_event", "same_file"]


def test_shares_of_one_activity_are_not_one_claim_twice():
    first, second, third = line(**EVENT), line(**EVENT), line(**EVENT)
    activity = SharedActivity.objects.create(
        code="FAIR-2026", title="Jobs fair", created_at=NOON, created_by_name="A test"
    )
    for each in (first, second):
        ActivityClaim.objects.create(activity=activity, line=each, claimed_share=Decimal("0.5"))
    flag(first, second)
    assert [each[:2] for each in pairs()] == [(first.pk, third.pk), (second.pk, third.pk)]


def test_a_pair_is_flagged_once_and_stays_decided():
    first, second = line(**EVENT), line(**EVENT)
    assert len(flag(first)) == 1
    DuplicateFlag.objects.update(state="fine", reason="Two halls", decided_at=NOON)
    assert flag(second) == [] and flag(first, second) == []
    assert DuplicateFlag.objects.get().reason == "Two halls"


def test_a_correction_answers_an_open_question():
    first, second = line(**EVENT), line(**EVENT)
    flag(first)
    ReturnLine.objects.filter(pk=first.pk).update(hours_quantity=Decimal(3))
    flag(first)
    answered = DuplicateFlag.objects.get()
    assert (answered.state, answered.second_id) == ("fine", second.pk)
    assert "corrected" in answered.reason


def _crowd(size):
    lines = [line(**EVENT | {"happened_on": DAY - datetime.timedelta(days=size)}) for _ in range(2)]
    for number in range(size):
        pair = [
            line(**EVENT | {"happened_on": DAY - datetime.timedelta(days=100 + number)})
            for _ in range(2)
        ]
        for each in pair:
            make_evidence(supplier_of(each), each, content=f"{number} people".encode())
        lines += pair
    return lines


def test_as_many_queries_for_one_pair_as_for_twenty():
    flag(line(**EVENT), line(**EVENT))  # the first entry of the log is begun
    counts = []
    for size in (1, 20):
        lines = _crowd(size)
        with CaptureQueriesContext(connection) as seen:
            flag(*lines)
        counts.append(len(seen))
        DuplicateFlag.objects.all().delete()
        ReturnLine.objects.all().delete()
    assert counts[0] == counts[1] <= 16


def test_a_file_that_stands_everywhere_does_not_make_a_flood():
    commitment = make_commitment()
    here = make_return(commitment.contract, commitment.supplier)
    there = make_return(commitment.contract, commitment.supplier, Q1.next)
    lines = [make_line(here, commitment) for _ in range(40)]
    others = [make_line(there, commitment) for _ in range(40)]
    make_evidence(commitment.supplier, *lines, *others)
    flag(*lines)
    assert pairs() == [(lines[0].pk, others[0].pk, "same_file")]
    same = [make_line(here, commitment, **EVENT) for _ in range(MOST_ALIKE + 40)]
    flag(*same)
    events = DuplicateFlag.objects.filter(kind="same_event")
    assert events.count() <= MOST_ALIKE * MOST_ALIKE / 2
    flagged = {pk for pair in events.values_list("first_id", "second_id") for pk in pair}
    assert flagged == {each.pk for each in same}


def test_officers_see_both_places_and_a_supplier_its_own():
    first, second = line(**EVENT), line(**EVENT)
    flag(first)
    mine = make_organisation("", "council_service")
    first.delivery_return.contract.directorate = mine
    first.delivery_return.contract.save()
    there = second.delivery_return.contract.reference
    everyone = flags_of_lines([first.pk, second.pk], make_user())
    assert there in everyone[first.pk][0].sentence
    assert everyone[first.pk][0].other.url_pk == second.delivery_return_id
    assert first.delivery_return.contract.reference in everyone[second.pk][0].sentence
    manager = flags_of_lines([first.pk, second.pk], make_user("contract_manager", mine))
    assert list(manager) == [first.pk]
    assert there in manager[first.pk][0].sentence
    assert supplier_of(second).name not in manager[first.pk][0].sentence
    assert manager[first.pk][0].other.url_pk is None
    supplier = flags_of_lines([first.pk, second.pk], make_user("supplier", supplier_of(first)))
    assert list(supplier) == [first.pk]
    assert supplier[first.pk][0].other is None
    assert there not in supplier[first.pk][0].sentence


def test_the_places_are_read_in_two_queries(django_assert_max_num_queries):
    lines = _crowd(10)
    flag(*lines)
    user = make_user()
    with django_assert_max_num_queries(2):
        assert len(flags_of_lines([each.pk for each in lines], user)) == len(lines)

"""The audit log: nothing in it can be altered, removed or added without being named."""

from __future__ import annotations

import contextlib
import datetime
import json
import threading
from collections.abc import Callable
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import call_command
from django.db import IntegrityError, connection, connections, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from trafford_sv.core.models import AuditEvent, AuditHead
from trafford_sv.core.models.audit import AppendOnlyError
from trafford_sv.core.services.audit import CHAINED_FIELDS, record_event, verify_chain

NOW = datetime.datetime(2026, 5, 3, 9, 30, 15, 123456, tzinfo=datetime.UTC)


def append(number: int, **extra: Any) -> AuditEvent:
    values: dict[str, Any] = {
        "by": None,
        "now": NOW + datetime.timedelta(minutes=number),
        "verb": "contract changed",
        "subject_type": "contract",
        "subject_id": str(number),
        "subject_name": f"Contract {number}",
        "before": {"value": Decimal("10.50"), "ends": None},
        "after": {"value": Decimal("12.00"), "ends": datetime.date(2027, 3, 31)},
        "reason": "Price agreed",
    }
    return record_event(**{**values, **extra})


def tamper(sql: str, params: list[Any]) -> None:
    """Write to the table behind the product's back, as someone with the database's password could."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL session_replication_role = DEFAULT")


ALTERED = {
    "at": "2020-01-01 00:00:00+00:00",
    "actor_id": 77,
    "actor_name": "Somebody else",
    "verb": "contract read",
    "subject_type": "organisation",
    "subject_id": "99",
    "subject_name": "Another contract",
    "before": json.dumps({"value": "10.51", "ends": None}),
    "after": json.dumps({}),
    "reason": "",
    "previous_hash": "0" * 64,
    "hash": "f" * 64,
}


@pytest.mark.django_db
@pytest.mark.parametrize("field", sorted(ALTERED))
@pytest.mark.parametrize("which", [1, 2, 4])
def test_altering_any_field_of_any_event_names_that_event(field: str, which: int) -> None:
    for number in range(1, 5):
        append(number)
    assert verify_chain().broken == ()

    tamper(f"UPDATE core_auditevent SET {field} = %s WHERE sequence = %s", [ALTERED[field], which])

    assert which in {sequence for sequence, _ in verify_chain().broken}


def test_every_field_is_covered_by_the_hash_or_is_the_hash() -> None:
    fields = {field.name for field in AuditEvent._meta.get_fields()}
    assert fields == set(CHAINED_FIELDS) | {"hash"}
    assert set(ALTERED) == fields - {"sequence"}


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("removed", "named", "words"),
    [
        ([1], 2, "event 1 is missing"),
        ([2, 3], 4, "events 2 to 3 are missing"),
        ([4], 4, "event 4 is missing from the log's end"),
        ([1, 2, 3, 4], 1, "events 1 to 4 are missing from the log's end"),
    ],
)
def test_a_removed_event_is_named(removed: list[int], named: int, words: str) -> None:
    for number in range(1, 5):
        append(number)
    for sequence in removed:
        tamper("DELETE FROM core_auditevent WHERE sequence = %s", [sequence])
    assert (named, words) in verify_chain().broken


@pytest.mark.django_db
def test_an_event_renumbered_to_hide_a_removal_is_named() -> None:
    for number in range(1, 4):
        append(number)
    tamper("DELETE FROM core_auditevent WHERE sequence = %s", [2])
    tamper("UPDATE core_auditevent SET sequence = %s WHERE sequence = 3", [2])
    assert {2, 3} <= {sequence for sequence, _ in verify_chain().broken}


@pytest.mark.django_db
def test_an_event_slipped_in_after_the_end_is_named() -> None:
    append(1)
    last = append(2)
    AuditHead.objects.filter(pk=1).update(sequence=1, hash=last.previous_hash)
    assert verify_chain().broken == ((2, "it was added without being chained"),)


@pytest.mark.django_db
def test_events_appended_during_the_check_are_no_fault() -> None:
    for number in range(1, 4):
        append(number)
    assert verify_chain(progress=lambda _: None).broken == ()
    head_before = AuditHead.objects.get(pk=1)
    append(4)
    assert head_before.sequence == 3
    assert verify_chain().broken == ()


@pytest.mark.django_db
def test_the_product_itself_cannot_change_or_delete_an_event() -> None:
    event = append(1)
    event.verb = "something else"
    with pytest.raises(AppendOnlyError):
        event.save()
    with pytest.raises(AppendOnlyError):
        event.delete()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.all().delete()
    with pytest.raises(AppendOnlyError):
        AuditEvent.objects.filter(pk=1).update(verb="something else")
    assert verify_chain().broken == ()


@pytest.mark.django_db
def test_an_event_is_undone_with_the_change_it_describes() -> None:
    append(1)
    with pytest.raises(RuntimeError), transaction.atomic():
        append(2)
        raise RuntimeError("the change failed")
    append(3)
    assert [event.subject_id for event in AuditEvent.objects.order_by("sequence")] == ["1", "3"]
    assert verify_chain().broken == ()


JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(min_value=-(10**15), max_value=10**15)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.dates()
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text("abcé ", max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


class WhateverIsWrittenReadsBackTheSame(TestCase):
    """The hash is computed before the database has had its way with the value, and after."""

    @settings(max_examples=40, suppress_health_check=list(HealthCheck))
    @given(
        before=st.dictionaries(st.text("abcdé", min_size=1, max_size=8), JSON_VALUES, max_size=4),
        reason=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60),
        at=st.datetimes(
            min_value=datetime.datetime(1990, 1, 1),
            max_value=datetime.datetime(2090, 1, 1),
            timezones=st.timezones(no_cache=False),
        ),
    )
    def test_the_chain_holds(self, before: dict[str, Any], reason: str, at: Any) -> None:
        append(1, before=before, after=before, reason=reason, now=at)
        append(2)
        assert verify_chain().broken == ()


@pytest.mark.django_db
def test_verify_audit_says_the_chain_holds() -> None:
    append(1)
    append(2)
    out = StringIO()
    call_command("verify_audit", json=True, stdout=out)
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert (answer["events"], answer["broken"]) == (2, 0)
    assert answer["head"] == AuditHead.objects.get(pk=1).hash


@pytest.mark.django_db
def test_verify_audit_names_what_is_broken_and_exits_with_1() -> None:
    for number in range(1, 4):
        append(number)
    tamper("UPDATE core_auditevent SET reason = %s WHERE sequence = 2", ["Nothing to see"])
    out, err = StringIO(), StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command("verify_audit", json=True, stdout=out, stderr=err)
    assert stopped.value.code == 1
    answer = json.loads(out.getvalue().splitlines()[-1])
    assert (answer["events"], answer["broken"]) == (3, 1)
    assert answer["problems"] == [
        {"event": 2, "problem": "its content was changed after it was written"}
    ]
    assert "Event 2: its content was changed" in out.getvalue()


def statements_of(work: Callable[[], Any]) -> list[str]:
    with CaptureQueriesContext(connection) as seen:
        work()
    return [query["sql"] for query in seen.captured_queries]


@pytest.mark.django_db(transaction=True)
def test_the_head_is_the_last_row_that_a_transaction_locks() -> None:
    """Whatever a service does after its events: who holds the head waits for nobody."""
    append(1)

    def work() -> None:
        with transaction.atomic():
            append(2)
            with transaction.atomic():
                append(3)
            Group.objects.create(name="After the events")

    said = statements_of(work)
    first = next(at for at, sql in enumerate(said) if "core_audithead" in sql)
    assert any("After the events" in sql for sql in said[:first]), said
    assert all("core_audit" in sql for sql in said[first:] if sql != "COMMIT"), said
    assert [event.subject_id for event in AuditEvent.objects.order_by("sequence")] == [*"123"]
    assert verify_chain().broken == ()


@pytest.mark.django_db(transaction=True)
def test_an_event_goes_with_what_it_is_about() -> None:
    events_go_with_what_they_are_about()


def events_go_with_what_they_are_about() -> None:
    with transaction.atomic():
        append(1)
        with contextlib.suppress(ZeroDivisionError), transaction.atomic():
            append(2)
            with transaction.atomic():
                append(3)
            raise ZeroDivisionError
        append(4)
    with contextlib.suppress(ZeroDivisionError), transaction.atomic():
        append(5)
        raise ZeroDivisionError
    append(6)
    assert [event.subject_id for event in AuditEvent.objects.order_by("sequence")] == [*"146"]
    assert verify_chain().broken == ()


@pytest.mark.django_db
def test_an_event_goes_with_what_it_is_about_inside_a_tests_own_transaction() -> None:
    events_go_with_what_they_are_about()


@pytest.mark.django_db(transaction=True)
def test_what_cannot_be_logged_does_not_happen() -> None:
    append(1)
    AuditHead.objects.filter(pk=1).update(sequence=0)  # so that the next number is taken already
    with pytest.raises(IntegrityError), transaction.atomic():
        Group.objects.create(name="Not logged")
        append(2)
    assert not Group.objects.exists()
    AuditHead.objects.filter(pk=1).update(sequence=1)
    append(3)
    assert [event.subject_id for event in AuditEvent.objects.order_by("sequence")] == [*"13"]


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "statement", ["UPDATE core_auditevent SET verb = 'x'", "DELETE FROM core_auditevent"]
)
def test_postgresql_refuses_to_change_or_delete_an_event(statement: str) -> None:
    assert connection.vendor == "postgresql", "The service tests run on PostgreSQL."
    append(1)
    with (
        pytest.raises(IntegrityError, match="never changed or deleted"),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert AuditEvent.objects.get().verb == "contract changed"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_many_people_appending_at_once_make_one_chain() -> None:
    start = threading.Barrier(8)
    errors: list[BaseException] = []

    def work(worker: int) -> None:
        try:
            start.wait(timeout=20)
            for number in range(10):
                with transaction.atomic():
                    append(worker * 100 + number)
        except BaseException as error:
            errors.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert errors == []
    report = verify_chain()
    assert (report.events, report.broken) == (80, ())

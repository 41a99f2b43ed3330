"""Saving one record: history with user, moment and reason; nothing written for nothing."""

from __future__ import annotations

import datetime
import threading
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection, connections
from django.template.loader import render_to_string

from tests.factories import make_organisation, make_user
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.selectors.history import FieldChange, history_of
from trafford_sv.core.services.records import Collision, create_record, update_record
from trafford_sv.directory.models import Organisation, RoleGrant

NOW = datetime.datetime(2026, 5, 4, 9, 0, tzinfo=datetime.UTC)


@pytest.fixture
def by(db: None) -> Any:
    return make_user("coordinator")


def test_history_keeps_user_moment_and_reason(by: Any) -> None:
    record = create_record(
        model=Organisation, values={"name": "Invented Ltd"}, by=by, now=NOW, reason="From the form"
    )
    later = NOW + datetime.timedelta(hours=3)
    update_record(
        record=record,
        changes={"name": "Invented & Sons Ltd", "is_voluntary": False},
        expected_version=1,
        by=by,
        now=later,
        reason="New name at Companies House",
    )
    newest, oldest = history_of(record).entries
    assert (newest.when, newest.who, newest.reason, newest.kind) == (
        later,
        "An officer",
        "New name at Companies House",
        "changed",
    )
    assert newest.changes == (
        FieldChange("Name", "Invented Ltd", "Invented & Sons Ltd"),
        FieldChange("Voluntary, community or social enterprise", "Not recorded", "No"),
    )
    assert (oldest.when, oldest.reason, oldest.kind, oldest.changes) == (
        NOW,
        "From the form",
        "created",
        (),
    )
    words = render_to_string("components/history.html", {"history": history_of(record)})
    assert "Invented &amp; Sons Ltd" in words and "4 May 2026 at 13:00" in words


def test_the_system_is_named_where_no_person_acts(db: None) -> None:
    record = create_record(model=Organisation, values={"name": "Invented Ltd"}, by=None, now=NOW)
    assert history_of(record).entries[0].who == "The system"
    assert AuditEvent.objects.get().actor_name == "The system"


def test_nothing_changed_writes_nothing(by: Any) -> None:
    record = create_record(model=Organisation, values={"name": "Invented Ltd"}, by=by, now=NOW)
    same = update_record(
        record=record, changes={"name": "Invented Ltd"}, expected_version=1, by=by, now=NOW
    )
    assert same.version == 1
    assert len(history_of(record).entries) == 1
    assert AuditEvent.objects.count() == 1


def test_the_same_value_in_another_type_is_no_change(by: Any) -> None:
    user = make_user("auditor")
    grant = user.grants.get()
    same = update_record(
        record=grant, changes={"starts": "2020-01-01"}, expected_version=1, by=by, now=NOW
    )
    assert same.version == 1


def test_an_invalid_change_writes_nothing(by: Any) -> None:
    record = create_record(model=Organisation, values={"name": "Invented Ltd"}, by=by, now=NOW)
    with pytest.raises(ValidationError) as raised:
        update_record(
            record=record, changes={"size": "enormous"}, expected_version=1, by=by, now=NOW
        )
    assert list(raised.value.message_dict) == ["size"]
    record.refresh_from_db()
    assert (record.size, record.version) == ("unknown", 1)
    assert AuditEvent.objects.count() == 1


def test_history_reads_related_names_in_a_constant_number_of_queries(
    by: Any, django_assert_num_queries: Any
) -> None:
    user = make_user("supplier", make_organisation("First"))
    grant = user.grants.get()
    for number in range(12):
        grant = update_record(
            record=grant,
            changes={"organisation": make_organisation(f"Organisation {number}")},
            expected_version=grant.version,
            by=by,
            now=NOW + datetime.timedelta(minutes=number),
        )
    with django_assert_num_queries(2):
        history = history_of(grant, limit=10)
    assert history.more and len(history.entries) == 10
    assert history.entries[0].changes == (
        FieldChange("Organisation", "Organisation 10", "Organisation 11"),
    )


def test_a_deleted_neighbour_does_not_break_the_history(by: Any) -> None:
    user = make_user("supplier", make_organisation("Gone"))
    grant = user.grants.get()
    gone = grant.organisation
    update_record(
        record=grant,
        changes={"organisation": make_organisation("Here")},
        expected_version=1,
        by=by,
        now=NOW,
    )
    gone.delete()
    (change,) = history_of(RoleGrant.objects.get(pk=grant.pk)).entries[0].changes
    assert change.before.startswith("organisation ") and change.after == "Here"


@pytest.mark.services
@pytest.mark.django_db(transaction=True)
def test_of_many_who_save_at_once_one_wins_and_the_rest_see_a_collision() -> None:
    assert connection.vendor == "postgresql", "The service tests run on PostgreSQL."
    record = create_record(model=Organisation, values={"name": "Invented Ltd"}, by=None, now=NOW)
    start = threading.Barrier(6)
    outcomes: list[str] = []

    def save(number: int) -> None:
        try:
            start.wait(timeout=20)
            update_record(
                record=record,
                changes={"name": f"Name {number}"},
                expected_version=1,
                by=None,
                now=NOW,
            )
            outcomes.append("saved")
        except Collision:
            outcomes.append("collision")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=save, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["collision"] * 5 + ["saved"]
    record.refresh_from_db()
    assert record.version == 2

"""Two at once about editions, on PostgreSQL: one report goes out, and nothing ever changes it."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from reporting import editions
from reporting.models import EditionFile, KeptPack, ReportEdition
from reporting.services import edition_files
from reporting.services.editions import NotPublishable, publish_edition
from tests.factories_steering import make_meeting
from tests.reporting.datasets import NOW, QUARTER, kind_that_gathers, make_dataset
from trafford_sv.core.models import AuditEvent

from .test_races import at_once


@pytest.fixture
def report() -> Any:
    with kind_that_gathers(make_dataset()) as held:
        yield held


def publish(number: int = 1, what_changed: str = "") -> ReportEdition:
    return publish_edition(
        kind="test-report", period=QUARTER, number=number, what_changed=what_changed, by=None,
        now=NOW,
    )  # fmt: skip


def test_of_two_who_publish_at_once_one_is_told(on_servers, report):
    found = at_once(publish, publish)
    assert ReportEdition.objects.count() == 1
    assert EditionFile.objects.count() == 4
    assert AuditEvent.objects.filter(verb="edition published").count() == 1
    (refused,) = [one for one in found if isinstance(one, NotPublishable)]
    assert "edition 1" in " ".join(refused.messages).lower()


def test_of_two_who_correct_at_once_one_is_told(on_servers, report):
    publish()
    report[0] = replace(report[0], subtitle="Corrected")
    found = at_once(*[lambda: publish(2, "A return was counted twice.")] * 2)
    assert list(ReportEdition.objects.order_by("number").values_list("number", flat=True)) == [1, 2]
    assert sum(isinstance(one, NotPublishable) for one in found) == 1


def test_two_workers_draw_each_file_once(on_servers, report):
    edition = publish()
    at_once(*[lambda: edition_files.make_files(edition=edition, by=None, now=NOW)] * 2)
    assert set(EditionFile.objects.values_list("state", flat=True)) == {"made"}
    assert AuditEvent.objects.filter(verb="file of an edition made").count() == 4


def test_postgresql_itself_refuses_to_change_or_remove_an_edition(on_servers, report):
    edition = publish()
    for statement in (
        "UPDATE reporting_reportedition SET title = 'Another' WHERE id = %s",
        "UPDATE reporting_reportedition SET is_demo = true WHERE id = %s",
        "DELETE FROM reporting_reportedition WHERE id = %s",
    ):
        with (
            pytest.raises(IntegrityError, match="never changed or removed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            if statement.startswith("DELETE"):
                cursor.execute(
                    "DELETE FROM reporting_editionfile WHERE edition_id = %s", [edition.pk]
                )
            cursor.execute(statement, [edition.pk])
    assert ReportEdition.objects.get().title == edition.title


def test_what_the_demo_published_can_be_taken_away_on_postgresql(on_servers, report):
    publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW, is_demo=True)
    assert editions.kind_of("test-report") and ReportEdition.objects.all().delete()[0] == 5


def test_postgresql_itself_refuses_to_change_or_remove_a_kept_pack(on_servers):
    meeting = make_meeting(datetime.date(2027, 1, 12))
    kept = KeptPack.objects.create(meeting=meeting, kept_at=NOW, text="{}", sha256="0" * 64)
    for statement in (
        "UPDATE reporting_keptpack SET text = 'Another' WHERE id = %s",
        "UPDATE reporting_keptpack SET meeting_id = meeting_id WHERE id = %s",
        "DELETE FROM reporting_keptpack WHERE id = %s",
    ):
        with (
            pytest.raises(IntegrityError, match="never changed or removed"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement, [kept.pk])
    with pytest.raises(IntegrityError, match="never changed or removed"):
        meeting.delete()
    assert KeptPack.objects.get().text == "{}"
    # What the demo brought goes with it.
    type(meeting).objects.update(is_demo=True)
    type(meeting).objects.filter(is_demo=True).delete()
    assert not KeptPack.objects.exists()

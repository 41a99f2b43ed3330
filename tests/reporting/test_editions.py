"""Publishing: once, for ever, with what changed; refused with a sentence and nothing written."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection

from reporting import editions
from reporting.datasets import canonical_json, sha256_of
from reporting.models import EditionFile, EditionIsFrozen, ReportEdition
from reporting.services.editions import NotPublishable, publish_edition
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset

pytestmark = pytest.mark.django_db


@pytest.fixture
def report() -> Any:
    with kind_that_gathers(make_dataset()) as held:
        yield held


def publish(number: int = 1, what_changed: str = "", **values: Any) -> ReportEdition:
    return publish_edition(
        **{
            "kind": "test-report", "period": QUARTER, "number": number, "by": None, "now": NOW,
            "what_changed": what_changed, **values,
        }
    )  # fmt: skip


def test_publishing_freezes_the_text_with_its_hash_and_its_files_wait(report):
    edition = publish()
    dataset = edition.dataset()
    assert edition.sha256 == sha256_of(edition.dataset_text)
    assert edition.dataset_text == canonical_json(dataset)
    assert (dataset.number, dataset.published_at) == (1, "2026-05-04T12:00:00+00:00")
    assert {one.format for one in edition.files.all()} == {"pdf", "docx", "xlsx", "json"}
    assert {one.state for one in edition.files.all()} == {EditionFile.State.WAITING}
    event = AuditEvent.objects.get(verb="edition published")
    assert event.after["sha256"] == edition.sha256


def test_a_published_edition_is_never_changed_or_removed(report):
    edition = publish()
    edition.title = "Something else"
    with pytest.raises(EditionIsFrozen):
        edition.save()
    with pytest.raises(EditionIsFrozen):
        ReportEdition.objects.filter(pk=edition.pk).update(title="Something else")
    with pytest.raises(EditionIsFrozen):
        edition.delete()
    with pytest.raises(EditionIsFrozen):
        ReportEdition.objects.all().delete()
    assert ReportEdition.objects.get().title == "STAR quarterly report"


def test_what_the_demo_brought_can_be_taken_away(report):
    publish(is_demo=True)
    assert ReportEdition.objects.filter(is_demo=True).delete()[0] == 5
    assert connection.vendor == "sqlite" or not ReportEdition.objects.exists()


def test_a_correction_is_the_next_number_and_says_what_changed(report):
    publish()
    report[0] = replace(report[0], subtitle="Corrected")
    with pytest.raises(NotPublishable, match="what changed"):
        publish(2)
    with pytest.raises(NotPublishable, match="what changed"):
        publish(2, " \x00 ")
    second = publish(2, "A return was counted twice.")
    assert second.dataset().what_changed == "A return was counted twice."
    assert list(ReportEdition.objects.standing()) == [second]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"number": 3}, "number 2, not 3"),
        ({"number": 1}, "published already"),
        ({"number": 2, "what_changed": "x" * 4001}, "at most 4,000"),
        ({"number": 2, "what_changed": "Something."}, "Nothing differs"),
        ({"number": 1, "period": Quarter(2026, 1)}, "ends on 30 June 2026"),
        ({"number": 1, "kind": "gossip"}, "no kind of report"),
    ],
)
def test_what_cannot_be_published_is_said_and_nothing_is_written(report, values, said):
    publish()
    with pytest.raises((NotPublishable, editions.UnknownKind), match=said):
        publish(**values)
    assert ReportEdition.objects.count() == 1


def test_a_check_that_fails_stands_in_the_way(report, monkeypatch):
    monkeypatch.setitem(editions._CHECKS, "test", lambda kind, period: ["Three returns are late."])
    with pytest.raises(NotPublishable, match="Three returns are late"):
        publish()
    assert not ReportEdition.objects.exists() and not AuditEvent.objects.exists()


def test_a_figure_that_its_rows_do_not_bear_out_stands_in_the_way(report):
    false = replace(report[0].figures[0], value="999.00")
    report[0] = replace(report[0], figures=(false, *report[0].figures[1:]))
    with pytest.raises(NotPublishable, match="its rows say 150.10"):
        publish()


def test_visitors_read_public_kinds_alone(report):
    from django.contrib.auth.models import AnonymousUser

    publish()
    assert ReportEdition.objects.visible_to(AnonymousUser()).count() == 1
    editions.register_kind(replace(editions.kind_of("test-report"), is_public=False))
    assert ReportEdition.objects.visible_to(AnonymousUser()).count() == 0


def test_the_later_edition_of_each_period_stands(report):
    first = publish()
    other = publish(period=Quarter(2025, 3), now=NOW + datetime.timedelta(days=1))
    assert set(ReportEdition.objects.standing()) == {first, other}

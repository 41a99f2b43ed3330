"""The files of old imports are deleted by themselves; what they recorded and counted stays."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from django.core.files.storage import FileSystemStorage
from django.test import Client
from django.urls import reverse

from contracts.models import Contract
from reporting.selectors.privacy import time_words
from tests.core.test_imports import NOW, TABLE, planned, upload
from tests.factories import make_user
from trafford_sv.core.models import AuditEvent, ImportRow, ImportRun
from trafford_sv.core.services import imports
from trafford_sv.core.services.audit import verify_chain
from trafford_sv.core.services.import_files import forget_old_files
from trafford_sv.core.tasks import forget_old_import_files

pytestmark = pytest.mark.django_db
State = ImportRun.State
REJECTED = TABLE + b"C3,Trees,Invented Greens Ltd,5,31/02/2025\n"
A_YEAR = NOW + datetime.timedelta(days=365)
LATER = A_YEAR + datetime.timedelta(seconds=1)


def applied() -> ImportRun:
    return imports.apply_run(run=planned(REJECTED), only_valid=True, by=None, now=NOW)


def test_a_file_is_deleted_when_its_days_are_over(client: Client) -> None:
    run = applied()
    storage, name = run.file.storage, run.file.name
    assert forget_old_files(days=365, now=A_YEAR) == 0
    assert storage.exists(name)
    assert forget_old_files(days=365, now=LATER) == 1
    assert not storage.exists(name)
    assert not ImportRow.objects.exists()
    run.refresh_from_db()
    assert (run.rows, run.created, run.rejected) == (3, 2, 1)
    assert Contract.objects.count() == 2
    event = AuditEvent.objects.get(verb="import file deleted")
    assert (event.actor_name, event.subject_id) == ("The system", str(run.pk))
    assert event.after == {"sha256": run.file_sha256, "bytes": run.file_bytes, "stored_rows": 3}
    assert verify_chain().broken == ()
    assert forget_old_files(days=365, now=LATER) == 0

    client.force_login(make_user())
    detail = reverse("import-detail", args=[run.pk])
    page = client.get(detail).text
    assert "The file was deleted on 1 May 2027" in page
    assert "1 row was left out" in page and "Download the rejected rows" not in page
    for address in ("import-rejects", "import-columns"):
        assert client.get(reverse(address, args=[run.pk]))["Location"] == detail


def test_nothing_is_deleted_where_everything_is_kept() -> None:
    run = applied()
    assert forget_old_files(days=0, now=LATER) == 0
    assert run.file.storage.exists(run.file.name)


def test_what_was_left_lying_is_cancelled_and_what_is_at_work_is_left_alone() -> None:
    lying, checked, working = upload(TABLE), planned(), planned()
    ImportRun.objects.filter(pk=working.pk).update(state=State.PLANNING)
    assert forget_old_files(days=365, now=LATER) == 2
    states = dict(ImportRun.objects.values_list("pk", "state"))
    assert states == {
        lying.pk: State.CANCELLED,
        checked.pk: State.CANCELLED,
        working.pk: State.PLANNING,
    }
    assert not lying.file.storage.exists(lying.file.name)
    assert working.file.storage.exists(working.file.name)
    assert AuditEvent.objects.filter(verb="import cancelled").count() == 2
    assert forget_old_files(days=365, now=LATER + datetime.timedelta(days=999)) == 0


def test_a_refused_file_that_was_deleted_cannot_be_checked_again(client: Client) -> None:
    run = planned()
    ImportRun.objects.filter(pk=run.pk).update(state=State.REFUSED, finished_at=NOW)
    assert forget_old_files(days=365, now=LATER) == 1
    with pytest.raises(imports.ImportStateError, match="Upload it again"):
        imports.queue_planning(run=run, by=None, now=LATER)
    client.force_login(make_user())
    page = client.get(reverse("import-detail", args=[run.pk])).text
    assert "Check the file again" not in page and "Choose another file" in page


def test_a_disk_that_refuses_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    run = applied()

    def refuse(self: FileSystemStorage, name: str) -> None:
        raise PermissionError(name)

    with monkeypatch.context() as patch:
        patch.setattr(FileSystemStorage, "delete", refuse)
        assert forget_old_files(days=365, now=LATER) == 0
    run.refresh_from_db()
    assert run.file_deleted_at is None and run.planned_rows.exists()
    assert not AuditEvent.objects.filter(verb="import file deleted").exists()
    assert forget_old_files(days=365, now=LATER) == 1


def test_the_task_asks_the_setting(settings: object) -> None:
    settings.IMPORT_FILE_DAYS = 1  # type: ignore[attr-defined]
    applied()
    assert forget_old_import_files() == 1


def test_the_privacy_page_says_how_long(client: Client, settings: object) -> None:
    settings.IMPORT_FILE_DAYS = 90  # type: ignore[attr-defined]
    assert "90 days after the import ended" in client.get(reverse("privacy")).text
    settings.IMPORT_FILE_DAYS = 0  # type: ignore[attr-defined]
    assert "after the import ended" not in client.get(reverse("privacy")).text


@pytest.mark.django_db
def test_the_privacy_page_says_how_long_evidence_is_kept_as_it_is_set(
    client: Client, settings: Any
) -> None:
    settings.EVIDENCE_FILE_DAYS, settings.EVIDENCE_PICTURE_DAYS = 2192, 1096
    said = client.get(reverse("privacy")).text
    assert "6 years, pictures 3 years, after the last time a file is used" in said
    assert 'data-label="How long"' in said
    settings.EVIDENCE_FILE_DAYS, settings.EVIDENCE_PICTURE_DAYS = 1000, 1
    assert "1,000 days, pictures 1 day, after" in client.get(reverse("privacy")).text


@pytest.mark.parametrize(
    ("days", "words"),
    # 365.25 days a year: 365 and 366 are one year, 730 and 731 two, 1,095 and 1,096 three.
    [(1, "1 day"), (30, "30 days"), (364, "364 days"), (365, "1 year"), (366, "1 year"),
     (367, "367 days"), (731, "2 years"), (1095, "3 years"), (1096, "3 years"), (2192, "6 years"),
     (2190, "2,190 days")],
)  # fmt: skip
def test_whole_years_are_said_as_years(days: int, words: str) -> None:
    assert time_words(days) == words

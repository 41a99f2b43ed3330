"""A file's way in, with a small table of contracts: kept, mapped, planned, applied, resumed."""

from __future__ import annotations

import datetime
import errno
import io

import pytest
from django.core.files.storage import FileSystemStorage
from django.db import IntegrityError

from contracts.imports.applying import Applier
from contracts.models import Award, Contract
from tests.factories import make_user
from trafford_sv.core.importing import FileRefused
from trafford_sv.core.models import AuditEvent, ColumnMapping, ImportRow, ImportRun
from trafford_sv.core.services import imports

NOW = datetime.datetime(2026, 5, 1, 12, tzinfo=datetime.UTC)
LATER = NOW + datetime.timedelta(minutes=10)
TABLE = b"""Ref,Title,Supplier,Value,Award date
C1,Grounds,Invented Greens Ltd,"1,234.00",03/05/2025
C2,Meals,Invented Kitchens Ltd,NA,03/05/2025
"""
pytestmark = pytest.mark.django_db
State = ImportRun.State


@pytest.fixture
def officer():
    return make_user("coordinator")


def upload(
    data: bytes, by=None, kind="contracts-table", name="register.csv", **options
) -> ImportRun:
    return imports.upload_file(
        kind=kind, file=io.BytesIO(data), name=name, by=by, now=NOW, **options
    )


def planned(data: bytes = TABLE, by=None, now=NOW) -> ImportRun:
    run = upload(data, by)
    headings = run.facts["headings"]
    columns, _ = imports.suggest_mapping(kind=run.kind, headings=headings)
    run = imports.remember_mapping(run=run, headings=headings, columns=columns, by=by, now=now)
    return imports.plan_run(run=imports.queue_planning(run=run, by=by, now=now), by=by, now=now)


def counts(run):
    return run.rows, run.created, run.changed, run.unchanged, run.rejected


def test_a_file_is_planned_then_applied_and_the_second_time_changes_nothing(officer):
    run = planned(by=officer)
    assert (run.state, counts(run)) == (State.PLANNED, (2, 2, 0, 0, 0))
    assert not Contract.objects.exists()
    run = imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)
    assert (run.state, run.applied_by) == (State.APPLIED, officer)
    assert {c.reference: c.awards.get().value_pounds for c in Contract.objects.all()} == {
        "C1": 1234,
        "C2": None,
    }
    events = AuditEvent.objects.count()
    again = planned(by=officer)
    assert counts(again) == (2, 0, 0, 2, 0)
    with pytest.raises(imports.ImportStateError, match="nothing to apply"):
        imports.apply_run(run=again, only_valid=False, by=officer, now=NOW)
    assert AuditEvent.objects.count() == events + 1  # the upload
    assert Contract.history.count() == 2


def test_changes_are_shown_cell_by_cell_and_blank_erases_nothing(officer):
    imports.apply_run(run=planned(by=officer), only_valid=False, by=officer, now=NOW)
    run = planned(TABLE.replace(b'"1,234.00",03/05/2025', b"1300,").replace(b"Grounds", b"Parks"))
    row = run.planned_rows.get()
    assert [(c["label"], c["before"], c["after"]) for c in row.changes] == [
        ("Title", "Grounds", "Parks"),
        ("Award value", "£1,234.00", "£1,300.00"),
    ]
    imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)
    contract = Contract.objects.get(reference="C1")
    assert (contract.title, contract.version) == ("Parks", 2)
    assert contract.awards.get().awarded_on == datetime.date(2025, 5, 3)
    assert contract.history.count() == 2


def test_rejected_rows_must_be_decided_on(officer):
    run = planned(TABLE + b"C3,Care,X Ltd,1e5,31/02/2025\nC1,Twice,Y Ltd,5,\n", by=officer)
    assert counts(run) == (4, 1, 0, 0, 3)
    said = {
        row.row_number: [p["sentence"] for p in row.problems]
        for row in run.planned_rows.filter(outcome="rejected")
    }
    assert "rows 2 and 5" in said[2][0]
    assert "rows 2 and 5" in said[5][0]
    assert [words.split("” ")[1] for words in said[4]] == [
        "is in scientific notation. Write the amount in full, for example 100000.",
        "is not a day in the calendar.",
    ]
    with pytest.raises(imports.ImportStateError, match="3 rows were rejected"):
        imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)
    assert not Contract.objects.exists()
    imports.apply_run(run=run, only_valid=True, by=officer, now=NOW)
    assert list(Contract.objects.values_list("reference", flat=True)) == ["C2"]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("(500)", "cannot be below zero"),
        ("1e5", "scientific notation"),
        ("5000-6000", "is a range"),
        ("$5000", "not in pounds"),
        ("=1+1", "formula"),
    ],
)
def test_a_value_that_is_not_an_amount_rejects_its_row(value, words):
    run = planned(TABLE.replace(b'"1,234.00"', value.encode()))
    (row,) = run.planned_rows.filter(outcome="rejected")
    assert (row.row_number, row.problems[0]["column"]) == (2, "Value")
    assert words in row.problems[0]["sentence"]


def test_a_mapping_is_remembered_for_the_same_headings(officer):
    planned(by=officer)
    run = upload(TABLE.replace(b"Ref,", b"REF,"), officer)
    columns, name = imports.suggest_mapping(kind=run.kind, headings=run.facts["headings"])
    assert name == "register.csv"
    assert columns["value"] == "Value"
    assert ColumnMapping.objects.count() == 1


def test_a_mapping_that_cannot_be_used_says_why(officer):
    run = upload(TABLE, officer)
    with pytest.raises(imports.ImportStateError) as refused:
        imports.remember_mapping(
            run=run,
            headings=run.facts["headings"],
            columns={"title": "Title", "supplier": "Title", "value": "Gone"},
            by=officer,
            now=NOW,
        )
    assert str(refused.value) == (
        "Choose the column that holds the reference. “Title” is chosen for both title and supplier. "
        "The file has no column “Gone”."
    )


@pytest.mark.parametrize("data", [b"", b"Ref,Title\n", b"%PDF-1.4", b"PK\x03\x04 cut"])
def test_a_refused_file_leaves_nothing_behind(data, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    with pytest.raises(FileRefused):
        upload(data, storage=FileSystemStorage(tmp_path))
    assert not ImportRun.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_file_over_the_limit_is_refused(settings):
    settings.UPLOAD_MAX_BYTES = 50
    with pytest.raises(FileRefused, match="the most we take is 50 bytes"):
        upload(TABLE)


class _FullDisk(FileSystemStorage):
    """Writes the beginning, then there is no room."""

    def _save(self, name, content):
        path = self.path(name)
        import os

        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "wb") as file:
            file.write(content.read(10))
        raise OSError(errno.ENOSPC, "No space left on device")


def test_a_full_disk_says_so_and_leaves_nothing_half_written(tmp_path):
    with pytest.raises(FileRefused, match="no room left on the server’s disk"):
        upload(TABLE, storage=_FullDisk(tmp_path))
    assert not ImportRun.objects.exists()
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_a_worker_that_fails_half_way_leaves_nothing(officer, monkeypatch):
    run = planned(by=officer)
    real = Applier._flags

    def fail(self, *args):
        real(self, *args)
        assert Contract.objects.count() == 2  # inside the transaction they are there
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Applier, "_flags", fail)
    with pytest.raises(OSError, match="No space"):
        imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.message) == (State.PLANNED, imports.STOPPED_HALF_WAY)
    assert not Contract.objects.exists()
    assert not Award.objects.exists()
    monkeypatch.undo()
    assert imports.apply_run(run=run, only_valid=False, by=officer, now=NOW).state == State.APPLIED
    assert Contract.objects.count() == 2


def test_an_apply_whose_worker_died_is_taken_up_whole(officer):
    run = imports.claim_apply(run=planned(by=officer), only_valid=False, by=officer, now=NOW)
    assert imports.resume_stalled(now=NOW + datetime.timedelta(seconds=30)) == 0
    assert imports.resume_stalled(now=LATER) == 1
    run.refresh_from_db()
    assert (run.state, Contract.objects.count()) == (State.APPLIED, 2)
    assert imports.resume_stalled(now=LATER) == 0
    # A message that is delivered again does nothing.
    assert imports.apply_claimed(run=run, by=officer, now=LATER).state == State.APPLIED
    assert Contract.objects.count() == 2


def test_planning_starts_again_from_the_file(officer):
    run = planned(by=officer)
    ImportRow.objects.create(run=run, row_number=99, outcome="new", key="half-written")
    ImportRun.objects.filter(pk=run.pk).update(state=State.PLANNING, heartbeat_at=NOW)
    assert imports.resume_stalled(now=NOW + datetime.timedelta(seconds=30)) == 0
    assert imports.resume_stalled(now=LATER) == 1
    run.refresh_from_db()
    assert (run.state, counts(run)) == (State.PLANNED, (2, 2, 0, 0, 0))
    assert run.planned_rows.count() == 2


def test_a_fault_of_ours_while_planning_is_said_and_nothing_stays(officer, monkeypatch):
    from contracts.imports import contracts_table

    run = planned(by=officer)
    monkeypatch.setattr(contracts_table, "read_row", lambda *args: 1 / 0)
    imports.queue_planning(run=run, by=officer, now=NOW)
    with pytest.raises(ZeroDivisionError):
        imports.plan_run(run=run, by=officer, now=NOW)
    run.refresh_from_db()
    assert (run.state, run.message) == (State.REFUSED, imports.OUR_FAULT)
    assert not run.planned_rows.exists()


def test_two_people_cannot_apply_at_once(officer):
    first, second = planned(by=officer), planned(TABLE.replace(b"C1", b"C9"), by=officer)
    imports.claim_apply(run=first, only_valid=False, by=officer, now=NOW)
    with pytest.raises(imports.ImportStateError, match="Someone else is applying"):
        imports.claim_apply(run=second, only_valid=False, by=officer, now=NOW)
    with pytest.raises(imports.ImportStateError, match="being applied already"):
        imports.claim_apply(run=first, only_valid=False, by=officer, now=NOW)
    with pytest.raises(IntegrityError):
        ImportRun.objects.filter(pk=second.pk).update(state=State.APPLYING)


def test_a_preview_that_no_longer_holds_is_not_applied(officer):
    first, second = planned(by=officer), planned(by=officer)
    imports.apply_run(run=first, only_valid=False, by=officer, now=NOW)
    with pytest.raises(imports.PlanIsStale, match="recorded after this file was checked"):
        imports.apply_run(run=second, only_valid=False, by=officer, now=NOW)
    second.refresh_from_db()
    assert second.state == State.PLANNED
    change = planned(TABLE.replace(b"Meals", b"Lunches"), by=officer)
    Contract.objects.filter(reference="C2").update(version=7)
    with pytest.raises(imports.PlanIsStale, match="Somebody changed “C2”"):
        imports.apply_run(run=change, only_valid=False, by=officer, now=NOW)
    assert Contract.objects.get(reference="C2").title == "Meals"


def test_cancelling_throws_the_file_away_and_keeps_the_record(officer):
    run = planned(by=officer)
    storage, name = run.file.storage, run.file.name
    run = imports.cancel_run(run=run, by=officer, now=NOW)
    assert run.state == State.CANCELLED
    assert not storage.exists(name)
    assert not run.planned_rows.exists()
    with pytest.raises(imports.ImportStateError, match="was cancelled"):
        imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)


def test_rows_do_not_add_queries(officer, django_assert_max_num_queries):
    def table(count):
        return b"Ref,Title,Supplier,Value\n" + b"".join(
            f"R{n},Title {n},Invented {n % 50} Ltd,{n}\n".encode() for n in range(count)
        )

    with django_assert_max_num_queries(70):
        run = planned(table(1000), by=officer)
    # SQLite takes few values in one statement, so a thousand rows are some batches.
    with django_assert_max_num_queries(150):
        imports.apply_run(run=run, only_valid=False, by=officer, now=NOW)
    assert Contract.objects.count() == 1000
    assert run.facts["suppliers"] == 50

"""Two at once, on PostgreSQL, each in a thread with a connection of its own."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from django.db import connection
from django.utils import timezone

from contracts.models import Contract
from tests.factories import make_contract, make_organisation, make_user
from trafford_sv.core.models import AuditEvent, ImportRun
from trafford_sv.core.services import imports
from trafford_sv.core.services.audit import record_event, verify_chain
from trafford_sv.core.services.records import Collision, update_record


def at_once(*works: Callable[[], Any]) -> list[Any]:
    """Run them at the same moment; each one's result, or the exception that it raised."""
    gate = threading.Barrier(len(works))
    results: list[Any] = [None] * len(works)

    def run(index: int, work: Callable[[], Any]) -> None:
        try:
            gate.wait(timeout=20)
            results[index] = work()
        except Exception as error:
            results[index] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=each) for each in enumerate(works)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert not any(thread.is_alive() for thread in threads), "somebody waits for ever"
    return results


def test_of_two_who_save_the_same_version_one_is_told(on_servers):
    contract = make_contract()
    people = [make_user(), make_user()]

    def save(person: Any, title: str) -> Callable[[], Any]:
        def work() -> Any:
            mine = Contract.objects.get(pk=contract.pk)
            return update_record(
                record=mine,
                changes={"title": title},
                expected_version=contract.version,
                by=person,
                now=timezone.now(),
            )

        return work

    results = at_once(save(people[0], "One title"), save(people[1], "Another title"))
    collisions = [each for each in results if isinstance(each, Collision)]
    assert len(collisions) == 1, results
    stored = Contract.objects.get(pk=contract.pk)
    assert stored.version == contract.version + 1
    assert collisions[0].stored.title == stored.title
    assert AuditEvent.objects.filter(subject_id=str(contract.pk)).count() == 1


def test_the_audit_chain_holds_when_many_write(on_servers):
    person, subject = make_user(), make_organisation()

    def write() -> None:
        for _ in range(15):
            record_event(by=person, now=timezone.now(), verb="tested", subject=subject)

    results = at_once(write, write, write, write)
    assert results == [None] * 4
    report = verify_chain()
    assert not report.broken
    assert AuditEvent.objects.filter(verb="tested").count() == 60


def test_of_two_who_apply_the_same_import_one_is_told(on_servers):
    from .test_workers import uploaded

    run = uploaded(30)
    imports.plan_run(run=run, by=run.started_by, now=timezone.now())

    def claim() -> Any:
        mine = ImportRun.objects.get(pk=run.pk)
        return imports.apply_run(run=mine, only_valid=False, by=mine.started_by, now=timezone.now())

    results = at_once(claim, claim)
    told = [each for each in results if isinstance(each, imports.ImportStateError)]
    assert len(told) == 1, results
    assert ImportRun.objects.get(pk=run.pk).state == "applied"


def test_of_two_imports_of_a_kind_one_waits_its_turn(on_servers):
    from .test_workers import uploaded

    runs = [uploaded(20_000), uploaded(20_000)]
    for run in runs:
        imports.plan_run(run=run, by=run.started_by, now=timezone.now())

    def apply(run: ImportRun) -> Callable[[], Any]:
        def work() -> Any:
            mine = ImportRun.objects.get(pk=run.pk)
            return imports.apply_run(
                run=mine, only_valid=False, by=mine.started_by, now=timezone.now()
            )

        return work

    from contracts.models import Payment

    results = at_once(*map(apply, runs))
    assert Payment.objects.count() == 20_000, results
    assert any(not isinstance(each, Exception) for each in results), results
    for told in results:
        if isinstance(told, Exception):
            assert isinstance(told, imports.ImportStateError), told

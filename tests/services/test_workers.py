"""Imports through real workers: taken up, carried on after a crash, never half."""

from __future__ import annotations

import datetime
import io
from decimal import Decimal

import pytest
from django.conf import settings
from django.core.cache.backends.redis import RedisCache
from django.db.models import Sum
from django.utils import timezone

from contracts.models import Payment
from tests.factories import make_user
from trafford_sv.core.models import ImportRun
from trafford_sv.core.selectors.imports import progress_key
from trafford_sv.core.services import imports
from trafford_sv.core.tasks import apply_import, plan_import

HEADINGS = (
    "OrganisationLabel,EffectiveDate,OrganisationalUnit,BeneficiaryName,PaymentDate,"
    "TransactionNumber,Amount,Purpose,ProclassLabel,ProclassCode,VATRegistrationNumber"
)


def spending(lines: int) -> bytes:
    """A published file of so many invented payments of £1.25 each."""
    rows = [
        f"Trafford Council,2025-05-31,INVENTED UNIT,Invented Supplies {number % 50},2025-05-14,"
        f"{510000 + number},1.25,Invented,Construction,100000,"
        for number in range(lines)
    ]
    return "\r\n".join([HEADINGS, *rows, ""]).encode()


def uploaded(lines: int) -> ImportRun:
    person = make_user("coordinator")
    run = imports.upload_file(
        kind="spend",
        file=io.BytesIO(spending(lines)),
        name="payments.csv",
        source_name="Trafford Council",
        by=person,
        now=timezone.now(),
    )
    columns, _ = imports.suggest_mapping(kind="spend", headings=run.facts["headings"])
    run = imports.remember_mapping(
        run=run,
        headings=run.facts["headings"],
        columns=columns,
        by=person,
        now=timezone.now(),
    )
    return imports.queue_planning(run=run, by=person, now=timezone.now())


def state(run: ImportRun) -> str:
    return ImportRun.objects.values_list("state", flat=True).get(pk=run.pk)


def net_pounds() -> Decimal | None:
    return Payment.objects.aggregate(net=Sum("amount_pounds"))["net"]


def test_a_worker_checks_and_applies_a_file(processes):
    processes.worker()
    run = uploaded(200)
    plan_import.delay(str(run.pk))
    processes.wait_until(lambda: state(run) == "planned", what="the file is checked")
    assert Payment.objects.count() == 0
    run = ImportRun.objects.get(pk=run.pk)
    imports.claim_apply(run=run, only_valid=False, by=run.started_by, now=timezone.now())
    apply_import.delay(str(run.pk))
    processes.wait_until(lambda: state(run) == "applied", what="the file is applied")
    assert Payment.objects.count() == 200
    assert net_pounds() == Decimal("250.00")


def test_the_schedule_takes_up_what_nobody_came_for(processes):
    """The web process queued the run and died before it could tell a worker."""
    run = uploaded(20)
    processes.worker()
    processes.beat(RESUME_IMPORTS_SECONDS="1")
    processes.wait_until(lambda: state(run) == "planned", what="the schedule takes the run up")


def test_a_worker_killed_while_checking_leaves_nothing_and_another_carries_on(processes):
    run = uploaded(60_000)
    first = processes.worker()
    plan_import.delay(str(run.pk))
    processes.wait_until(
        lambda: ImportRun.objects.filter(pk=run.pk, progress_done__gt=0).exists(),
        what="the check has begun",
    )
    processes.kill(first)
    assert state(run) == "planning"
    assert Payment.objects.count() == 0
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)
    processes.worker()
    processes.beat(RESUME_IMPORTS_SECONDS="1")
    processes.wait_until(lambda: state(run) == "planned", what="another worker checks it")
    assert ImportRun.objects.get(pk=run.pk).created == 60_000


def test_a_worker_killed_while_applying_leaves_nothing_and_another_carries_on(processes):
    run = uploaded(60_000)
    imports.plan_run(run=run, by=run.started_by, now=timezone.now())
    run = ImportRun.objects.get(pk=run.pk)
    imports.claim_apply(run=run, only_valid=False, by=run.started_by, now=timezone.now())
    first = processes.worker()
    apply_import.delay(str(run.pk))
    processes.wait_until(lambda: _somebody_writes(), what="the payments are being written")
    processes.kill(first)
    processes.wait_until(lambda: not _somebody_writes(), what="the database lets go")
    assert state(run) == "applying"
    assert Payment.objects.count() == 0, "half an import"
    long_ago = timezone.now() - datetime.timedelta(hours=1)
    ImportRun.objects.filter(pk=run.pk).update(heartbeat_at=long_ago)
    # The dead worker's sign of life is in the cache that workers share, and would count for minutes.
    RedisCache(settings.CELERY_BROKER_URL, {}).delete(progress_key(run))
    second = processes.worker(RESUME_IMPORTS_SECONDS="1")
    processes.beat(RESUME_IMPORTS_SECONDS="1")
    processes.wait_until(
        lambda: state(run) == "applied" or second.poll() is not None,
        seconds=240,
        what="another worker applies it",
    )
    assert Payment.objects.count() == 60_000
    assert net_pounds() == Decimal("75000.00")


def _somebody_writes() -> bool:
    """Another session holds a transaction that has written something."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND pid <> pg_backend_pid() AND backend_xid IS NOT NULL"
        )
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("times", [3])
def test_a_message_that_comes_again_changes_nothing(processes, times):
    processes.worker()
    run = uploaded(50)
    imports.plan_run(run=run, by=run.started_by, now=timezone.now())
    run = ImportRun.objects.get(pk=run.pk)
    imports.claim_apply(run=run, only_valid=False, by=run.started_by, now=timezone.now())
    for _ in range(times):
        apply_import.delay(str(run.pk))
    processes.wait_until(lambda: state(run) == "applied", what="the file is applied")
    last = uploaded(1)
    plan_import.delay(str(last.pk))
    processes.wait_until(lambda: state(last) == "planned", what="the queue is empty")
    assert Payment.objects.count() == 50

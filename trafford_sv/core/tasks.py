"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from .models import ImportRun
from .services import import_files, imports


@shared_task
def plan_import(run_id: str) -> None:
    run = ImportRun.objects.get(pk=run_id)
    imports.plan_run(run=run, by=run.started_by, now=timezone.now())


@shared_task
def apply_import(run_id: str) -> None:
    run = ImportRun.objects.get(pk=run_id)
    imports.apply_claimed(run=run, by=run.applied_by, now=timezone.now())


@shared_task
def resume_stalled_imports() -> int:
    return imports.resume_stalled(now=timezone.now())


@shared_task
def forget_old_import_files() -> int:
    return import_files.forget_old_files(days=settings.IMPORT_FILE_DAYS, now=timezone.now())

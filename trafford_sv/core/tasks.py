"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from .models import DrawnDocument, ImportRun
from .services import drawn_documents, import_files, imports


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


@shared_task
def draw_document(pk: int) -> bool:
    """As soon as somebody asked for it. False also where it was forgotten meanwhile."""
    document = DrawnDocument.objects.filter(pk=pk).first()
    return document is not None and drawn_documents.make_document(
        document=document, by=None, now=timezone.now()
    )


@shared_task
def draw_documents() -> int:
    """Every two minutes: what still waits, also where the queue was away when it was asked for."""
    return drawn_documents.make_waiting_documents(by=None, now=timezone.now())


@shared_task
def forget_drawn_documents() -> int:
    return drawn_documents.forget_documents(
        days=settings.DRAWN_DOCUMENT_DAYS, by=None, now=timezone.now()
    )

"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import star_measures


@shared_task
def work_out_open_quarters() -> int:
    """Nightly: what each computed measure says of the quarters that are not closed."""
    return star_measures.work_out_open_quarters(
        today=timezone.localdate(), by=None, now=timezone.now()
    )

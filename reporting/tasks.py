"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import pack_mails, star_measures


@shared_task
def work_out_open_quarters() -> int:
    """Nightly: what each computed measure says of the quarters that are not closed."""
    return star_measures.work_out_open_quarters(
        today=timezone.localdate(), by=None, now=timezone.now()
    )


@shared_task
def send_packs() -> int:
    """Hourly by day: what a mail server refused is tried again, and nobody gets a pack twice."""
    return pack_mails.send_packs(as_of=timezone.localdate(), by=None, now=timezone.now()).sent

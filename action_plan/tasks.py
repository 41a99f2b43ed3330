"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import update_links
from .services.maturity import evidence


@shared_task
def send_update_links() -> int:
    """Soon after somebody asks, and hourly by day: what a server refused is tried again."""
    return update_links.send_update_links(by=None, now=timezone.now()).sent


@shared_task
def forget_update_addresses() -> int:
    """Also the files of maturity evidence whose time is up."""
    evidence.forget_old_evidence(by=None, now=timezone.now())
    return update_links.forget_update_addresses(by=None, now=timezone.now())

"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import bulletins, round_mails


@shared_task
def send_round_mails() -> int:
    """Invitations and reminders that wait; often, because every step may run twice."""
    report = round_mails.send_round_mails(by=None, now=timezone.now(), today=timezone.localdate())
    return report["sent"]


@shared_task
def send_bulletins() -> int:
    """Copies of the bulletin that wait."""
    return bulletins.send_bulletins(by=None, now=timezone.now())["sent"]

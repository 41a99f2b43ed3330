"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import bulletins, following, round_mails


@shared_task
def send_round_mails() -> int:
    """Invitations and reminders that wait; often, because every step may run twice."""
    report = round_mails.send_round_mails(by=None, now=timezone.now(), today=timezone.localdate())
    return report["sent"]


@shared_task
def send_bulletins() -> int:
    """Copies of the bulletin that wait."""
    return bulletins.send_bulletins(by=None, now=timezone.now())["sent"]


@shared_task
def send_follow_links() -> int:
    """Links that ask whoever typed an address whether it is theirs."""
    return following.send_confirmations(by=None, now=timezone.now())


@shared_task
def forget_unconfirmed_addresses() -> int:
    return following.forget_unconfirmed(by=None, now=timezone.now())

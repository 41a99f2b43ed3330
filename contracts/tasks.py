"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from .services import (
    confirmations,
    delivery_sums,
    evidence,
    near_news,
    need_offers,
    recovery,
    reminders,
)


@shared_task
def send_confirmation(request_pk: int) -> bool:
    return confirmations.email_confirmation(request_pk=request_pk, by=None, now=timezone.now())


@shared_task
def forget_confirmation_addresses() -> int:
    return confirmations.forget_addresses(by=None, now=timezone.now())


@shared_task
def forget_old_evidence() -> int:
    """Bytes whose time is up, and what a crash left lying on the disk."""
    now = timezone.now()
    evidence.sweep_evidence(now=now)
    return evidence.forget_old_evidence(now=now)


@shared_task
def send_reminders() -> int:
    """Hourly by day: what a mail server refused is tried again, and nobody hears twice."""
    return reminders.send_reminders(as_of=timezone.localdate(), by=None, now=timezone.now()).sent


@shared_task
def open_recoveries() -> int:
    return recovery.open_recoveries(as_of=timezone.localdate(), by=None, now=timezone.now())


@shared_task
def tell_followers_of_wards() -> int:
    """Daily; nobody hears twice of one thing, nor more than once a week."""
    report = near_news.tell_followers(by=None, now=timezone.now(), today=timezone.localdate())
    return report["sent"]


@shared_task
def send_offer_mails() -> int:
    """Word of each step of an offer; often, because the step may have been taken with no worker."""
    return need_offers.send_offer_mails(by=None, now=timezone.now())["sent"]


@shared_task
def check_delivery_sums() -> int:
    """Nightly; sums that were not what the lines say are put right, and end the task in an error."""
    found = delivery_sums.check_delivery_sums(by=None, now=timezone.now())
    if found.differing:
        raise RuntimeError(" ".join(found.differing))
    return found.quarters

"""Work outside the web process: read the clock, call the service."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from trafford_sv.core.periods import Quarter

from .models import ReportEdition
from .services import closing, edition_files, pack_mails, star_readings
from .services.mailings import subscriptions
from .services.mailings.sending import MailingStopped, send_due_mailings


@shared_task
def work_out_open_quarters() -> int:
    """Nightly: what each computed measure says of the quarters that are not closed."""
    return star_readings.work_out_open_quarters(
        today=timezone.localdate(), by=None, now=timezone.now()
    )


@shared_task
def send_packs() -> int:
    """Hourly by day: what a mail server refused is tried again, and nobody gets a pack twice."""
    return pack_mails.send_packs(as_of=timezone.localdate(), by=None, now=timezone.now()).sent


@shared_task
def draw_edition(pk: int) -> int:
    """The files of one edition, as soon as it is published."""
    return edition_files.make_files(
        edition=ReportEdition.objects.get(pk=pk), by=None, now=timezone.now()
    )


@shared_task
def draw_editions() -> int:
    """Every few minutes: what still waits, also where the queue was away when it was published."""
    return edition_files.make_waiting_files(by=None, now=timezone.now())


@shared_task
def send_mailings() -> int:
    """Often by day: what is due goes once, and what holds a report up ends the task in an error."""
    report = send_due_mailings(as_of=timezone.localdate(), by=None, now=timezone.now())
    if report.problems:
        raise MailingStopped(" ".join(report.problems))
    return report.sent


@shared_task
def remind_for_closing(quarter: str) -> int:
    """Soon after somebody pressed the button on the closing board."""
    return closing.send_reminders_of(
        quarter=Quarter.parse(quarter), by=None, now=timezone.now(), today=timezone.localdate()
    ).suppliers_written


@shared_task
def send_reader_links() -> int:
    """Links that ask whoever typed an address whether it is theirs."""
    return subscriptions.send_links(by=None, now=timezone.now())


@shared_task
def forget_unconfirmed_readers() -> int:
    return subscriptions.forget_unconfirmed(by=None, now=timezone.now())

"""A report to 500 readers over one line, beside Django's own backend sending the same.

The mail server is a process of its own that takes everything and keeps nothing.
"""

from __future__ import annotations

import contextlib
import datetime
import hashlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.mail import EmailMultiAlternatives, get_connection
from django.utils import timezone

from reporting import editions
from reporting.datasets import Dataset, Figure, Formula, RowColumn, RowSet
from reporting.models import EditionFile, EditionMail, MailSchedule, MailSubscription, ReportEdition
from reporting.selectors.mailings.recipients import key_of
from reporting.services.editions import publish_edition
from reporting.services.mailings.preparing import PreparedEdition
from reporting.services.mailings.sending import send_due_mailings
from trafford_sv.core.one_time_links import new_seed
from trafford_sv.core.periods import Quarter

from .base import Result, by_turns

READERS = int(os.environ.get("BENCHMARK_READERS", "500"))
PDF_BYTES = 300_000
NOW = datetime.datetime(2026, 5, 5, 12, tzinfo=datetime.UTC)
QUARTER = Quarter(2025, 4)


@contextlib.contextmanager
def mail_server() -> Iterator[None]:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    taker = Path(__file__).parent / "mail_taker.py"
    process = subprocess.Popen([sys.executable, str(taker), str(port)])
    try:
        for _ in range(600):
            with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
                break
            time.sleep(0.1)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
        settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""
        yield
    finally:
        process.terminate()
        process.wait()


def _dataset() -> Dataset:
    rows = RowSet(
        "r", "Rows", (RowColumn("row", "Row"), RowColumn("p", "P", "decimal")), (("a", "60.05"),)
    )
    figures = tuple(
        Figure(f"f{n}", f"Figure of the benchmark {chr(65 + n)}", "pounds", "verified", "60.05",
               Formula("sum", "r", "p"), completeness="All returns received")
        for n in range(6)
    )  # fmt: skip
    return Dataset(
        kind="benchmark", period=QUARTER.code, title="Quarterly report", as_of=NOW.isoformat(),
        sections=(), figures=figures, rows=(rows,), headlines=tuple(f.id for f in figures),
    )  # fmt: skip


def published() -> ReportEdition:
    editions.register_kind(
        editions.EditionKind(
            key="benchmark", name="Benchmark", noun="benchmark", is_public=True, needs_closed=False,
            gather=lambda period, as_of: _dataset(),
        )
    )  # fmt: skip
    edition = publish_edition(
        kind="benchmark", period=QUARTER, number=1, by=None, checks=False,
        now=NOW - datetime.timedelta(days=1),
    )  # fmt: skip
    content = b"%PDF-1.7" + os.urandom(PDF_BYTES - 8)
    pdf = edition.files.get(format="pdf")
    pdf.file.save("benchmark.pdf", ContentFile(content), save=False)
    pdf.state, pdf.sha256 = EditionFile.State.MADE, hashlib.sha256(content).hexdigest()
    pdf.size_bytes, pdf.made_at = len(content), timezone.now()
    pdf.save()
    return edition


def measure(rounds: int) -> Iterator[Result]:
    edition = published()
    line = MailSchedule.objects.create(
        kind="benchmark", audience="star-board", days_after=30, from_day=datetime.date(2026, 1, 1)
    )
    MailSubscription.objects.bulk_create(
        MailSubscription(
            audience="star-board", email=f"r{n}@example.org", email_key=key_of(f"r{n}@example.org"),
            state="active", link_seed=new_seed(), asked_at=edition.published_at,
            confirmed_at=edition.published_at - datetime.timedelta(days=400),
        )
        for n in range(READERS)
    )  # fmt: skip

    def ours() -> None:
        EditionMail.objects.all().delete()
        report = send_due_mailings(as_of=NOW.date(), by=None, now=NOW)
        if report.sent != READERS:
            raise RuntimeError(f"{report}")

    def by_djangos_backend() -> None:
        """The same words and the same PDF to the same addresses; nothing on record."""
        wording = PreparedEdition(edition).wording(
            next(iter(_audiences())), 0, attaches=line.attaches_pdf
        )
        connection = get_connection()
        connection.open()
        for n in range(READERS):
            message = EmailMultiAlternatives(
                wording.subject, wording.text, to=[f"r{n}@example.org"], connection=connection
            )
            message.attach_alternative(wording.html, "text/html")
            if wording.enclosure.content is not None:
                message.attach("benchmark.pdf", wording.enclosure.content, "application/pdf")
            connection.send_messages([message])
        connection.close()

    turns = max(3, rounds // 20)
    with mail_server():
        mine, djangos, ratio = by_turns(ours, by_djangos_backend, rounds=turns)
        yield Result(f"{READERS} readers, a PDF of 300 kB", mine, djangos, ratio, 1.1)
        MailSchedule.objects.update(attaches_pdf=False)
        by_link, _, _ = by_turns(ours, lambda: None, rounds=turns)
        yield Result(
            f"{READERS} readers by link, beside Django's with PDF", by_link, djangos,
            by_link / djangos, 0.1,
        )  # fmt: skip
        line.attaches_pdf = False
        mine, djangos, ratio = by_turns(ours, by_djangos_backend, rounds=turns)
        yield Result(f"{READERS} readers by link, beside Django's by link", mine, djangos, ratio)


def _audiences() -> list:
    from reporting.models import Audience

    return [Audience.STAR_BOARD]

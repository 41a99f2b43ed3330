"""Reports by e-mail through real workers, schedules, a real mail server and a real Redis, killed.

Whatever dies, each reader gets the edition once, or is in doubt before a person's eyes.
"""

from __future__ import annotations

import asyncio
import datetime
import re
import shutil
import socket
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.db import connection
from django.utils import timezone

from reporting.mail_schedule import DOUBT_AFTER
from reporting.models import EditionMail, MailSubscription
from reporting.services.mailings.sending import send_due_mailings
from reporting.tasks import send_mailings
from tests.reporting.mailings import a_report, make_edition, make_line, make_reader

from .test_races import at_once

READERS = 30
# Long ago enough to be due, near enough to be looked at.
PUBLISHED = timezone.now() - datetime.timedelta(days=20)


class Postbox:
    """Takes mail as slowly as it is told, and refuses whom it is told."""

    def __init__(self) -> None:
        self.taken: Counter[str] = Counter()
        self.seconds = 0.0
        self.refuses: set[str] = set()
        self.later: Counter[str] = Counter()
        self.lines = 0

    async def handle_EHLO(
        self, server: Any, session: Any, envelope: Any, hostname: str, answers: list[str]
    ) -> list[str]:
        session.host_name = hostname
        self.lines += 1
        return answers

    async def handle_RCPT(
        self, server: Any, session: Any, envelope: Any, address: str, options: Any
    ) -> str:
        if address in self.refuses:
            return "550 5.1.1 nobody here"
        if self.later[address] > 0:
            self.later[address] -= 1
            return "451 4.3.0 later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        await asyncio.sleep(self.seconds)
        # From here on it has the message, whether or not anybody hears so.
        self.taken.update(envelope.rcpt_tos)
        await asyncio.sleep(self.seconds)
        return "250 OK"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def postbox() -> Iterator[tuple[Postbox, dict[str, str]]]:
    port, box = free_port(), Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    yield box, {"EMAIL_URL": f"smtp://127.0.0.1:{port}", "EMAIL_TIMEOUT": "10"}
    controller.stop()


@pytest.fixture
def readers(on_servers: None) -> Iterator[list[str]]:
    from trafford_sv.core.periods import Quarter

    with a_report() as held:
        make_edition(held, at=PUBLISHED, period=Quarter.of(PUBLISHED.date()).previous)
        make_line(days_after=0)
        yield [make_reader().email for _ in range(READERS)]


def worker(processes: Any, environment: dict[str, str]) -> Any:
    return processes._start(
        "worker", "--concurrency", "1", "--loglevel", "INFO", "-I", "tests.services.report_kind",
        **environment,
    )  # fmt: skip


def open_rows() -> int:
    planned = EditionMail.objects.exclude(state__in=["waiting", "failed"]).count()
    return READERS - planned


def in_doubt() -> set[str]:
    later = timezone.now() + 2 * DOUBT_AFTER
    return set(EditionMail.objects.in_doubt(later, DOUBT_AFTER).values_list("address", flat=True))


def hold(box: Postbox, readers: list[str], *, deaths: int) -> None:
    rows = dict(EditionMail.objects.values_list("address", "state"))
    assert set(rows) == set(readers), "each reader has a row"
    assert max(box.taken.values()) == 1, "nobody got it twice"
    doubtful = in_doubt()
    for address, state in rows.items():
        if state == "sent":
            assert box.taken[address] == 1
        else:
            assert state == "claimed" and address in doubtful, (address, state)
    assert len(doubtful) <= deaths, "a death leaves one in doubt at most"


def test_a_worker_killed_again_and_again_sends_nothing_twice_and_loses_nobody(
    processes: Any, postbox: Any, readers: list[str]
) -> None:
    box, environment = postbox
    box.seconds = 0.03
    deaths = 0
    for _ in range(6):
        running = worker(processes, environment)
        before = sum(box.taken.values())
        send_mailings.delay()
        processes.wait_until(
            lambda before=before: sum(box.taken.values()) >= before + 3 or not open_rows(),
            what="some are sent",
        )
        processes.kill(running)
        deaths += 1
        if not open_rows():
            break
    worker(processes, environment)
    send_mailings.delay()
    processes.wait_until(lambda: not open_rows(), what="the rest is sent")
    processes.wait_until(lambda: len(in_doubt()) <= deaths, what="the last one is marked")
    hold(box, readers, deaths=deaths)
    assert deaths >= 3


def test_two_schedules_and_two_workers_send_each_once_over_few_lines(
    processes: Any, postbox: Any, readers: list[str]
) -> None:
    box, environment = postbox
    box.seconds = 0.01
    often = {**environment, "SEND_MAILINGS_SECONDS": "1"}
    worker(processes, environment), worker(processes, environment)
    first = processes.beat(**often)
    second = processes._start(
        "beat", "--schedule", str(processes.folder / "second"), "--pidfile=", **often
    )
    processes.wait_until(lambda: bool(box.taken), what="it begins")
    processes.kill(first)
    processes.wait_until(lambda: not open_rows() and not in_doubt(), what="all are marked")
    processes.kill(second)
    hold(box, readers, deaths=0)
    assert sum(box.taken.values()) == READERS
    assert box.lines <= 6, "many messages go over one line"


def test_a_server_that_refuses_some_and_is_slow_with_all(
    processes: Any, postbox: Any, readers: list[str]
) -> None:
    box, environment = postbox
    box.seconds = 0.05
    gone, later = readers[3], readers[5]
    box.refuses, box.later = {gone}, Counter({later: 1})
    worker(processes, environment)
    send_mailings.delay()
    processes.wait_until(lambda: sum(box.taken.values()) == READERS - 2, what="the others are sent")
    processes.wait_until(
        lambda: EditionMail.objects.filter(state="failed").count() == 2, what="both are marked"
    )
    assert MailSubscription.objects.get(email=gone).state == "suspended"
    assert MailSubscription.objects.get(email=later).state == "active"
    row = EditionMail.objects.get(address=later)
    EditionMail.objects.filter(pk=row.pk).update(next_try_at=timezone.now())
    send_mailings.delay()
    processes.wait_until(lambda: box.taken[later] == 1, what="it is tried again")
    send_mailings.delay()
    processes.wait_until(
        lambda: EditionMail.objects.get(pk=row.pk).state == "sent", what="it is marked"
    )
    assert box.taken[gone] == 0 and max(box.taken.values()) == 1


def test_a_redis_that_dies_and_comes_back_empty(
    processes: Any, postbox: Any, readers: list[str], tmp_path: Path
) -> None:
    assert shutil.which("redis-server"), "install redis-server: this test kills a Redis of its own"
    box, environment = postbox
    box.seconds = 0.03
    port = free_port()

    def redis() -> subprocess.Popen[bytes]:
        started = subprocess.Popen(
            ["redis-server", "--port", str(port), "--save", "", "--appendonly", "no"],
            cwd=tmp_path,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        processes.started.append(started)
        return started

    own = {**environment, "REDIS_URL": f"redis://127.0.0.1:{port}/0", "SEND_MAILINGS_SECONDS": "1"}
    first = redis()
    worker(processes, own)
    processes.beat(**own)
    processes.wait_until(lambda: sum(box.taken.values()) >= 5, what="it begins")
    processes.kill(first)
    time.sleep(1)
    redis()
    processes.wait_until(lambda: not open_rows(), seconds=120, what="the rest is sent")
    processes.wait_until(lambda: not in_doubt(), what="the last one is marked")
    hold(box, readers, deaths=0)


def test_of_several_at_once_each_message_is_sent_by_one(
    postbox: Any, readers: list[str], settings: Any
) -> None:
    box, environment = postbox
    found = re.match(r"smtp://(.*):(\d+)", environment["EMAIL_URL"])
    assert found is not None
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = found[1], int(found[2])
    settings.EMAIL_USE_TLS = settings.EMAIL_USE_SSL = False
    settings.EMAIL_HOST_USER = settings.EMAIL_HOST_PASSWORD = ""

    def work() -> Any:
        return send_due_mailings(as_of=timezone.localdate(), by=None, now=timezone.now())

    results = at_once(work, work, work)
    assert not [each for each in results if isinstance(each, Exception)], results
    assert sum(each.sent for each in results) == READERS, results
    assert set(box.taken.values()) == {1}
    assert set(EditionMail.objects.values_list("state", "tries")) == {("sent", 1)}
    assert connection.vendor == "postgresql"

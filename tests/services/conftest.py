"""Real workers and a real schedule on Redis, over the tests' own PostgreSQL database.

Each test gets a queue of its own, so that two of them can share one Redis.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from django.conf import settings
from django.db import connection

from trafford_sv.celery import app

ROOT = Path(__file__).resolve().parents[2]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.services)
            item.add_marker(pytest.mark.xdist_group("services"))


@pytest.fixture
def on_servers(transactional_db: None) -> None:
    """The tests' database is PostgreSQL and the broker Redis; fails where they are not."""
    if connection.vendor != "postgresql" or not settings.CELERY_BROKER_URL.startswith("redis"):
        pytest.fail("These tests need DATABASE_URL (PostgreSQL) and REDIS_URL: make test-services")


class Processes:
    """Workers and schedules started by a test; all of them are gone when it ends."""

    def __init__(self, queue: str, folder: Path) -> None:
        self.queue = queue
        self.folder = folder
        self.started: list[subprocess.Popen[bytes]] = []

    def environment(self, **extra: str) -> dict[str, str]:
        db = connection.settings_dict
        password = f":{quote(db['PASSWORD'], safe='')}" if db["PASSWORD"] else ""
        address = f"{db['USER']}{password}@{db['HOST']}:{db['PORT'] or 5432}"
        return os.environ | {
            "DEPLOYMENT": "development",
            "DEBUG": "0",
            "DATABASE_URL": f"postgres://{address}/{db['NAME']}",
            "VAR_DIR": str(settings.VAR_DIR),
            "MEDIA_ROOT": str(settings.MEDIA_ROOT),
            "CELERY_QUEUE": self.queue,
            **extra,
        }

    def _start(self, *words: str, **extra: str) -> subprocess.Popen[bytes]:
        log = self.folder / f"{len(self.started)}.log"
        with log.open("wb") as out:
            process = subprocess.Popen(
                [sys.executable, "-m", "celery", "-A", "trafford_sv", *words],
                cwd=ROOT,
                env=self.environment(**extra),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.started.append(process)
        return process

    def worker(self, **extra: str) -> subprocess.Popen[bytes]:
        return self._start("worker", "--concurrency", "1", "--loglevel", "INFO", **extra)

    def beat(self, **extra: str) -> subprocess.Popen[bytes]:
        schedule = str(self.folder / "schedule")
        return self._start("beat", "--schedule", schedule, "--pidfile=", **extra)

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """As the kernel does when memory runs out: the worker and all its children, at once."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def logs(self) -> str:
        return "\n".join(
            each.read_text(errors="replace")[-3000:] for each in sorted(self.folder.glob("*.log"))
        )

    def wait_until(self, true: Callable[[], bool], *, seconds: float = 60, what: str) -> None:
        deadline = time.monotonic() + seconds
        while not true():
            if time.monotonic() > deadline:
                pytest.fail(f"{what}: not after {seconds:.0f} s\n{self.logs()}")
            time.sleep(0.1)


@pytest.fixture
def processes(on_servers: None, tmp_path: Path) -> Iterator[Processes]:
    queue = f"tests-{secrets.token_hex(6)}"
    usual = app.conf.task_always_eager, app.conf.task_default_queue
    app.conf.task_always_eager, app.conf.task_default_queue = False, queue
    app.amqp.__dict__.pop("queues", None)
    running = Processes(queue, tmp_path)
    try:
        yield running
    finally:
        for process in running.started:
            running.kill(process)
        with app.connection_for_write() as broker, contextlib.suppress(Exception):
            broker.default_channel.queue_delete(queue)
        app.conf.task_always_eager, app.conf.task_default_queue = usual
        app.amqp.__dict__.pop("queues", None)
        _end_other_sessions()


def _end_other_sessions() -> None:
    """A killed worker's session may linger, and hold locks that the next test waits for."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

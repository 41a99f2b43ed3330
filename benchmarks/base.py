"""A database of its own, invented rows, and two things timed by turns in one process."""

from __future__ import annotations

import atexit
import datetime
import gc
import os
import shutil
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

# Before Django reads its settings: the test deployment, and a folder of our own.
VAR_DIR = tempfile.mkdtemp(prefix="social-value-benchmarks-")
atexit.register(shutil.rmtree, VAR_DIR, ignore_errors=True)
os.environ |= {
    "DEPLOYMENT": "test",
    "VAR_DIR": VAR_DIR,
    "DJANGO_SETTINGS_MODULE": "trafford_sv.settings",
}

import django  # noqa: E402

django.setup()

from django.conf import settings  # noqa: E402
from django.db import connection  # noqa: E402
from django.test import Client  # noqa: E402
from django.test.utils import CaptureQueriesContext, override_settings  # noqa: E402

# The pages written by hand stand beside the real ones.
_ENGINE = settings.TEMPLATES[0]
BESIDE = override_settings(
    ROOT_URLCONF="benchmarks.by_hand",
    TEMPLATES=[
        {**_ENGINE, "DIRS": [*_ENGINE["DIRS"], Path(__file__).parent / "templates"]},
    ],
)
TODAY = datetime.date.today()


@dataclass(frozen=True)
class Result:
    """`ours` and `by_hand` in milliseconds; `target` is the largest good ratio, None for a report
    of time alone. `ratio` is a median of ratios, so it need not be ours / by_hand exactly."""

    name: str
    ours: float
    by_hand: float | None = None
    ratio: float | None = None
    target: float | None = None
    queries: int | None = None

    @property
    def is_good(self) -> bool:
        return self.ratio is None or self.target is None or self.ratio <= self.target


@contextmanager
def own_database() -> Iterator[None]:
    """A migrated, empty database that is gone afterwards: a SQLite file, or one beside the
    PostgreSQL database that DATABASE_URL names. With BENCHMARK_KEPT=yes that database itself, as it is."""
    if os.environ.get("BENCHMARK_KEPT") == "yes":
        yield
        return
    test = connection.settings_dict["TEST"]
    if connection.vendor == "sqlite":
        test["NAME"] = os.path.join(VAR_DIR, "benchmarks.sqlite3")
    else:
        test["NAME"] = f"benchmarks_{os.getpid()}"
    name = connection.settings_dict["NAME"]
    # Not serialised: nothing here rolls back to the first state.
    connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
    try:
        yield
    finally:
        connection.creation.destroy_test_db(name, verbosity=0)


def database_name() -> str:
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("select sqlite_version()")
            return f"SQLite {cursor.fetchone()[0]}"
        cursor.execute("show server_version")
        return f"PostgreSQL {cursor.fetchone()[0]}"


def settled() -> None:
    """What the planner knows of the rows is up to date, as it is after a night in service."""
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE" if connection.vendor == "postgresql" else "ANALYZE")


def timed(work: Callable[[], object]) -> float:
    """Milliseconds."""
    start = time.perf_counter()
    work()
    return (time.perf_counter() - start) * 1000


def by_turns(
    ours: Callable[[], object], by_hand: Callable[[], object], *, rounds: int
) -> tuple[float, float, float]:
    """(ours, by hand, their ratio), medians over `rounds` turns, each round one of each.

    The ratio is the median of the rounds' ratios: what slows a shared machine for a moment
    slows both sides of a round, and the round it splits is an outlier that a median ignores.
    """
    for _ in range(3):
        ours(), by_hand()
    first, second = [], []
    gc.collect()
    for number in range(rounds):
        # Whoever goes first pays for the other's rubbish, so they take turns at that too.
        if number % 2:
            first.append(timed(ours))
            second.append(timed(by_hand))
        else:
            second.append(timed(by_hand))
            first.append(timed(ours))
    ratios = [a / b for a, b in zip(first, second, strict=True)]
    return statistics.median(first), statistics.median(second), statistics.median(ratios)


def number_of_queries(work: Callable[[], object]) -> int:
    with CaptureQueriesContext(connection) as seen:
        work()
    return len(seen)


def signed_in(user: object) -> Client:
    client = Client()
    client.force_login(user)
    return client


def opened(client: Client, address: str) -> Callable[[], bytes]:
    """A request that must succeed, with its whole answer."""

    def request() -> bytes:
        response = client.get(address)
        if response.status_code != 200:
            raise RuntimeError(f"{address} answered {response.status_code}")
        return response.content

    return request

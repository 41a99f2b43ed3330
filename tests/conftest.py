"""The tests' own world, arranged before Django reads its settings.

`DEPLOYMENT=test`, a `VAR_DIR` of its own for each process, and nothing taken from the
developer's environment except `DATABASE_URL` and `REDIS_URL`, which `make test-services` sets.
"""

from __future__ import annotations

import atexit
import gc
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

WORKER = os.environ.get("PYTEST_XDIST_WORKER", "")
if WORKER:
    VAR_DIR = Path(os.environ["TEST_VAR_ROOT"]) / WORKER
else:
    VAR_ROOT = Path(tempfile.mkdtemp(prefix="social-value-tests-"))
    atexit.register(shutil.rmtree, VAR_ROOT, ignore_errors=True)
    os.environ["TEST_VAR_ROOT"] = str(VAR_ROOT)
    VAR_DIR = VAR_ROOT / "main"
VAR_DIR.mkdir(parents=True, exist_ok=True)

for name in ("SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "EMAIL_URL", "MEDIA_ROOT", "STATIC_ROOT"):
    os.environ.pop(name, None)
os.environ["DEPLOYMENT"] = "test"
os.environ["VAR_DIR"] = str(VAR_DIR)
os.environ["DJANGO_SETTINGS_MODULE"] = "trafford_sv.settings"
# Playwright's synchronous interface keeps an event loop on the thread that the ORM runs on.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

import django  # noqa: E402

django.setup()

import pytest  # noqa: E402
from hypothesis import HealthCheck, settings  # noqa: E402

# Two processes share a machine with others: how long an example takes says nothing about the code.
settings.register_profile("house", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("house")


def pytest_collection_finish() -> None:
    """What was imported stays to the end: looking through it for cycles again and again took a good
    part of the time. Young objects are looked at less often as well."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.fixture(scope="session")
def django_db_setup(request: pytest.FixtureRequest, django_db_blocker: Any) -> Iterator[None]:
    """On SQLite a copy of a migrated database; elsewhere what pytest-django does."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    from tests.prepared_database import prepare, tear_down

    request.getfixturevalue("django_test_environment")
    if connection.vendor == "sqlite":
        with django_db_blocker.unblock():
            before = prepare()
        yield
        with django_db_blocker.unblock():
            tear_down(before)
        return
    request.getfixturevalue("django_db_modify_db_settings")
    with django_db_blocker.unblock():
        old = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(old, verbosity=0)


@pytest.fixture(autouse=True)
def _fresh_cache() -> Iterator[None]:
    """Rate limits and cached answers never leak from one test to the next."""
    from django.core.cache import cache

    cache.clear()
    yield


@pytest.fixture
def queue_away() -> Iterator[None]:
    """The queue is a Redis that refuses every connection, and nothing runs in this process."""
    import socket

    from celery import current_app as app

    keys = "task_always_eager", "broker_url", "broker_transport_options"
    usual = {key: app.conf[key] for key in keys}
    # Bound and not listening: nobody else can take the port meanwhile, and nobody answers at it.
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        address = f"redis://127.0.0.1:{held.getsockname()[1]}/0"
        app.conf.update(task_always_eager=False, broker_url=address, broker_transport_options={})
        _forget_connections(app)
        try:
            yield
        finally:
            app.conf.update(usual)
            _forget_connections(app)


def _forget_connections(app: Any) -> None:
    """Celery keeps a pool of connections to the broker that it met first."""
    app._pool = app.amqp._producer_pool = None


@pytest.fixture
def shared_data() -> Path:
    """The folder of published data that lies beside a full working copy; skips where absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published data files are not beside this checkout (../shared/data)")
    return folder

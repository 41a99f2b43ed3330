"""The tests' own world, arranged before Django reads its settings.

`DEPLOYMENT=test`, a `VAR_DIR` of its own for each process, and nothing taken from the
developer's environment except `DATABASE_URL` and `REDIS_URL`, which `make test-services` sets.
"""

from __future__ import annotations

import atexit
import hashlib
import os
import shutil
import sqlite3
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
import pytest_django  # noqa: E402

ROOT = Path(__file__).resolve().parents[1]


def _kept_tables() -> Path:
    """Where the empty tables of these very migrations are kept from one run to the next."""
    said = hashlib.sha256(sqlite3.sqlite_version.encode())
    found = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("trafford_sv/*/migrations/*.py")]
    for path in [ROOT / "requirements-dev.lock", *sorted(found)]:
        said.update(path.name.encode() + path.read_bytes())
    return ROOT / "var" / f"test-tables-{said.hexdigest()[:20]}.sqlite3"


@pytest.fixture(scope="session")
def django_db_modify_db_settings(
    request: pytest.FixtureRequest, django_db_modify_db_settings: None
) -> Iterator[None]:
    """Migrating from nothing takes ten seconds of every process; on SQLite it is done once.

    The kept tables are laid into the empty database, where `migrate` finds them applied. A
    changed migration makes new ones. PostgreSQL, and a run with --create-db, migrate each time.
    """
    from django.db import connection

    kept = _kept_tables()
    if connection.vendor == "sqlite" and kept.exists() and not request.config.option.create_db:
        memory = sqlite3.connect(connection.creation._get_test_db_name(), uri=True)
        source = sqlite3.connect(kept)
        source.backup(memory)
        source.close()
        yield
        memory.close()
    else:
        yield


@pytest.fixture(scope="session")
def django_db_setup(
    django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker
) -> Iterator[None]:
    """As pytest-django has it; then the tables are kept, still empty, for the next run."""
    from django.db import connection

    kept = _kept_tables()
    if connection.vendor == "sqlite" and not kept.exists():
        kept.parent.mkdir(exist_ok=True)
        for stale in kept.parent.glob("test-tables-*.sqlite3"):
            stale.unlink(missing_ok=True)
        draft = kept.with_suffix(f".{os.getpid()}")
        with django_db_blocker.unblock():
            copy = sqlite3.connect(draft)
            connection.ensure_connection()
            connection.connection.backup(copy)
            copy.close()
        draft.replace(kept)
    yield


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
def shared_data() -> Path:
    """The folder of published data that lies beside a full working copy; skips where absent."""
    folder = Path(__file__).resolve().parents[2] / "shared" / "data"
    if not folder.is_dir():
        pytest.skip("the published data files are not beside this checkout (../shared/data)")
    return folder

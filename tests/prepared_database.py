"""The test database of SQLite is migrated once and then copied: migrating takes seconds, copying
a fraction of one. Its key is everything that the migrations depend on.
"""

from __future__ import annotations

import fcntl
import getpass
import hashlib
import os
import sqlite3
import tempfile
from pathlib import Path
from typing import Any

import django
from django.conf import settings
from django.db import connection

ROOT = Path(__file__).resolve().parent.parent


def key() -> str:
    """Of our migrations and of the packages that bring some."""
    digest = hashlib.sha256(django.__version__.encode())
    found = [*ROOT.glob("*/migrations/*.py"), *ROOT.glob("trafford_sv/*/migrations/*.py")]
    for path in [*sorted(found), ROOT / "requirements-dev.lock"]:
        digest.update(str(path.relative_to(ROOT)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:24]


def template() -> Path:
    """Where the copy is kept; it need not be there yet."""
    return Path(tempfile.gettempdir()) / f"social-value-{getpass.getuser()}-{key()}.sqlite3"


def prepare() -> Any:
    """Fills the test database in memory from the copy, and makes the copy where there is none.

    Returns what `settings_dict["NAME"]` was, for `tear_down`.
    """
    before = connection.settings_dict["NAME"]
    kept = template()
    # One process makes the copy, the others wait for it.
    with open(f"{kept}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if kept.exists():
            _fill(kept)
        else:
            connection.creation.create_test_db(verbosity=0, autoclobber=True, serialize=False)
            _keep(kept)
    return before


def tear_down(before: Any) -> None:
    connection.creation.destroy_test_db(before, verbosity=0)


def _fill(source: Path) -> None:
    connection.close()
    name = connection.creation._get_test_db_name()
    settings.DATABASES["default"]["NAME"] = name
    connection.settings_dict["NAME"] = name
    connection.ensure_connection()
    kept = sqlite3.connect(source)
    kept.backup(connection.connection)
    kept.close()


def _keep(target: Path) -> None:
    made = f"{target}.{os.getpid()}"
    kept = sqlite3.connect(made)
    connection.connection.backup(kept)
    kept.close()
    os.replace(made, target)

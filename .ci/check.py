"""Every check that needs no test: `make check`. Two run at a time; a failing one shows all it said.

A name as argument runs that one alone: `.venv/bin/python .ci/check.py types`.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BIN = Path(sys.executable).parent
PYTHON = sys.executable
LOCAL = {"DEPLOYMENT": "test"}
# What production must be told; none of these is contacted by the check.
PRODUCTION = {
    "DEPLOYMENT": "production",
    "SECRET_KEY": "check-only-" + "k9Zr2Lq8Vt4Xw7Bn" * 4,
    "ALLOWED_HOSTS": "socialvalue.example.gov.uk",
    "SITE_URL": "https://socialvalue.example.gov.uk",
    "DATABASE_URL": "postgres://user:password@db.example.gov.uk:5432/social_value",
    "REDIS_URL": "redis://cache.example.gov.uk:6379/0",
    "EMAIL_URL": "smtp+tls://user:password@mail.example.gov.uk:587",
}
# The slowest first, so that two at a time end together.
CHECKS: dict[str, tuple[list[str], dict[str, str]]] = {
    "types": ([PYTHON, "-m", "mypy"], LOCAL),
    "templates": ([str(BIN / "djlint"), "templates", "--lint", "--quiet"], {}),
    "import contracts": ([str(BIN / "lint-imports")], LOCAL),
    "missing migrations": (
        [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
        LOCAL,
    ),
    "deployment": (
        [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        PRODUCTION,
    ),
    "format": ([PYTHON, "-m", "ruff", "format", "--check", "--output-format", "concise", "."], {}),
    "lint": ([PYTHON, "-m", "ruff", "check", "--output-format", "concise", "."], {}),
}


def run(name: str, var_dir: str) -> tuple[str, bool, float, str]:
    command, extra = CHECKS[name]
    kept = {
        key: value
        for key, value in os.environ.items()
        if key not in PRODUCTION and key not in {"CELERY_EAGER", "DEBUG"}
    }
    began = time.monotonic()
    ended = subprocess.run(
        command,
        cwd=ROOT,
        env=kept | {"VAR_DIR": var_dir} | extra,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return name, ended.returncode == 0, time.monotonic() - began, ended.stdout


def main() -> int:
    names = sys.argv[1:] or list(CHECKS)
    failed = []
    with (
        tempfile.TemporaryDirectory(prefix="social-value-check-") as var_dir,
        ThreadPoolExecutor(max_workers=2) as pool,
    ):
        for name, good, seconds, said in pool.map(lambda each: run(each, var_dir), names):
            print(f"{'ok    ' if good else 'FAILED'} {name} ({seconds:.0f} s)", flush=True)
            if not good:
                failed.append(name)
                print(said, flush=True)
    if failed:
        print(f"make check: {len(failed)} of {len(names)} failed: {', '.join(failed)}")
        return 1
    print(f"make check: all {len(names)} passed")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""`make run` starts everything, and one Ctrl-C ends everything."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.prepared_database import template

ROOT = Path(__file__).resolve().parents[2]


def processes_in(var_dir: Path) -> list[int]:
    """Every process that was started with this VAR_DIR."""
    found = []
    for each in Path("/proc").iterdir():
        if each.name.isdigit():
            try:
                words = (each / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"VAR_DIR={var_dir}".encode() in words:
                found.append(int(each.name))
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="needs Linux's /proc")
@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "SIGTERM"])
def test_everything_stops_together(tmp_path, ending):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "MAKELEVEL"}
    }
    environment |= {"DEPLOYMENT": "development", "VAR_DIR": str(tmp_path)}
    if ending == signal.SIGTERM and (kept := template()).exists():
        shutil.copy(kept, tmp_path / "social_value.sqlite3")
    log = tmp_path / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-u", "manage.py", "serve", "--no-demo", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        # From nothing: migrating alone takes minutes on a slow machine with other work.
        deadline = time.monotonic() + 900
        while "Ctrl-C stops everything" not in log.read_text():
            assert process.poll() is None, log.read_text()
            assert time.monotonic() < deadline, log.read_text()
            time.sleep(0.2)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=10) as answer:
            assert answer.status == 200
        assert len(processes_in(tmp_path)) >= 4  # this one, the site's two, the worker's
        process.send_signal(ending)
        assert process.wait(timeout=30) == 0
    finally:
        process.kill()
        process.wait()
    assert processes_in(tmp_path) == []

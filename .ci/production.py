"""The production boot: run by `.ci/production` inside an environment of production packages only."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg2
import redis

ROOT = Path(__file__).resolve().parent.parent
DATABASE_URL = os.environ.get("DATABASE_URL", "postgres://postgres@127.0.0.1:5432/social_value")
REDIS_URL = os.environ.get("REDIS_URL", "redis://127.0.0.1:6379/0")
REQUIRED = ("SECRET_KEY", "ALLOWED_HOSTS", "SITE_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL")
HOST = "socialvalue.example.gov.uk"


def fail(sentence: str) -> None:
    print(f"production boot: {sentence}", file=sys.stderr)
    raise SystemExit(1)


@contextlib.contextmanager
def own_database() -> Iterator[str]:
    """A database of this run's own on the server of DATABASE_URL, dropped afterwards."""
    name = f"boot_{secrets.token_hex(4)}"
    parts = urlsplit(DATABASE_URL)
    server = urlunsplit(parts._replace(path="/postgres"))

    def say(statement: str) -> None:
        connection = psycopg2.connect(server, connect_timeout=5)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(statement)
        connection.close()

    try:
        say(f'CREATE DATABASE "{name}"')
    except psycopg2.OperationalError as error:
        fail(f"PostgreSQL does not answer: {error}")
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')


def manage(environment: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-W", "error::DeprecationWarning:trafford_sv", "manage.py", *words],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def must(environment: dict[str, str], *words: str) -> None:
    ended = manage(environment, *words)
    if ended.returncode:
        fail(f"manage.py {' '.join(words)} failed:\n{ended.stdout}{ended.stderr}")
    print(f"ok     manage.py {' '.join(words)}", flush=True)


def ask(port: int, path: str) -> tuple[int, str, dict[str, str]]:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", headers={"Host": HOST, "X-Forwarded-Proto": "https"}
    )
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, answer.read().decode(errors="replace"), dict(answer.headers)
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace"), dict(error.headers)
    except OSError as error:
        return 0, str(error), {}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def running(
    command: list[str], environment: dict[str, str], log: Path
) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as out:
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=20)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def refuse_without(environment: dict[str, str]) -> None:
    """Each required variable, left out, stops the start with a sentence and an example."""
    for name in REQUIRED:
        ended = manage({k: v for k, v in environment.items() if k != name}, "check")
        last = (ended.stderr.strip().splitlines() or [""])[-1]
        if ended.returncode == 0 or f"{name} is not set." not in last or f"{name}=" not in last:
            fail(f"without {name} the start should stop and say so; it said: {last!r}")
    print(f"ok     a missing variable stops the start ({', '.join(REQUIRED)})", flush=True)


def check_site(port: int, environment: dict[str, str], site: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and site.poll() is None:
        if ask(port, "/healthz")[0] == 200:
            break
        time.sleep(0.3)
    for path in ("/healthz", "/readyz", "/", "/accessibility/", "/account/login/"):
        status, said, headers = ask(port, path)
        if status != 200:
            fail(f"{path} answered {status}: {said[:500]}")
        print(f"ok     {path} answered 200", flush=True)
        if path == "/":
            check_headers(headers)
            check_static(port, said)
    status, said, _ = ask(port, "/no-such-page/")
    if status != 404 or "<h1" not in said:
        fail(f"a page that is not there answered {status} without a heading")
    print("ok     a page that is not there has its own page", flush=True)


def check_headers(headers: dict[str, str]) -> None:
    given = {name.lower(): value for name, value in headers.items()}
    for name in ("content-security-policy", "strict-transport-security", "x-frame-options"):
        if name not in given:
            fail(f"the home page came without the header {name}")
    policy = given["content-security-policy"]
    if "unsafe" in policy:
        fail(f"the content security policy is loose: {policy}")
    print("ok     security headers", flush=True)


def check_static(port: int, page: str) -> None:
    import re

    files = sorted(set(re.findall(r'(?:href|src)="(/static/[^"?]+)"', page)))
    if not files:
        fail("the home page names no style sheet")
    for file in files:
        status, _, headers = ask(port, file)
        if status != 200:
            fail(f"{file} answered {status}")
        if not re.search(r"\.[0-9a-f]{12}\.", file):
            fail(f"{file} carries no digest in its name")
        if "immutable" not in {k.lower(): v for k, v in headers.items()}.get("cache-control", ""):
            fail(f"{file} may not be kept for good")
    print(f"ok     {len(files)} static files by digest, kept for good", flush=True)


def check_worker(environment: dict[str, str], log: Path) -> None:
    celery = [sys.executable, "-m", "celery", "-A", "trafford_sv"]
    with running([*celery, "worker", "--concurrency", "1"], environment, log) as worker:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and worker.poll() is None:
            pinged = subprocess.run(
                [*celery, "inspect", "ping", "--timeout", "3"],
                cwd=ROOT,
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
            )
            if pinged.returncode == 0:
                print("ok     a worker answers through Redis", flush=True)
                return
    fail(f"the worker did not answer:\n{log.read_text(errors='replace')[-3000:]}")


def main() -> None:
    for name in ("pytest", "ruff", "playwright", "mypy"):
        if importlib.util.find_spec(name):
            fail(f"{name} is here: this must be an environment of production packages only")
    try:
        redis.Redis.from_url(REDIS_URL, socket_connect_timeout=5).ping()
    except redis.RedisError as error:
        fail(f"Redis does not answer at {REDIS_URL}: {error}")
    kept = {k: os.environ[k] for k in ("PATH", "HOME", "LANG", "TMPDIR") if k in os.environ}
    with tempfile.TemporaryDirectory(prefix="social-value-boot-") as folder, own_database() as url:
        environment = kept | {
            "DEPLOYMENT": "production",
            "SECRET_KEY": secrets.token_urlsafe(50),
            "ALLOWED_HOSTS": HOST,
            "SITE_URL": f"https://{HOST}",
            "DATABASE_URL": url,
            "REDIS_URL": REDIS_URL,
            "EMAIL_URL": "smtp+tls://user:password@mail.example.gov.uk:587",
            "VAR_DIR": f"{folder}/var",
            "STATIC_ROOT": f"{folder}/static",
            "MEDIA_ROOT": f"{folder}/media",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        refuse_without(environment)
        must(environment, "check", "--deploy", "--fail-level", "WARNING")
        must(environment, "collectstatic", "--noinput")
        must(environment, "migrate", "--noinput")
        must(environment, "load_reference")
        port = free_port()
        command = [sys.executable, "-m", "gunicorn", "trafford_sv.wsgi:application"]
        command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "2"]
        log = Path(folder) / "site.log"
        with running(command, environment, log) as site:
            try:
                check_site(port, environment, site)
            except SystemExit:
                print(log.read_text(errors="replace")[-3000:], file=sys.stderr)
                raise
        check_worker(environment, Path(folder) / "worker.log")
    print("production boot: passed")


if __name__ == "__main__":
    main()

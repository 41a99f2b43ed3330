"""`make run`: data, scheduled work and the site, from one terminal, stopped by one Ctrl-C."""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command, get_commands
from django.core.management.base import BaseCommand, CommandError

from trafford_sv.core.roles import ROLES

GRACE_SECONDS = 8.0
_PR_SET_PDEATHSIG = 1


def _end_with_parent() -> None:
    """In a child on Linux: be told to stop if the parent is killed outright."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class Command(BaseCommand):
    help = "Prepares the data and runs the site with its scheduled work until Ctrl-C."

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.formatter_class = argparse.RawDescriptionHelpFormatter
        parser.epilog = "Example:\n  python manage.py serve --port 8001"
        parser.add_argument("--port", type=int, default=8000, help="8000 unless said")
        parser.add_argument("--no-demo", action="store_true", help="without the demo council")

    def handle(self, *args: Any, **options: Any) -> None:
        port: int = options["port"]
        if settings.PRODUCTION:
            raise CommandError("This is for trying the product out; see docs/running.md.")
        _refuse_taken_port(port)
        signal.signal(signal.SIGTERM, _stop)
        signal.signal(signal.SIGINT, _stop)
        signal.signal(signal.SIGHUP, _stop)
        try:
            self.prepare(demo=not options["no_demo"])
            if not options["no_demo"]:
                os.environ.setdefault("DEMO_BANNER", "1")
            # Links in e-mails lead to this site, on whatever port it is.
            os.environ.setdefault("SITE_URL", f"http://127.0.0.1:{port}")
            self.run_until_stopped(port)
        except KeyboardInterrupt:
            self.stdout.write("Stopped.")

    def prepare(self, *, demo: bool) -> None:
        self.stdout.write("Preparing the database ...")
        call_command("migrate", verbosity=0, interactive=False)
        for name in ["load_reference", *(["load_demo"] if demo else [])]:
            if name in get_commands():
                self.stdout.write(
                    f"{'Reference data' if name == 'load_reference' else 'Demo council'} ..."
                )
                call_command(name)

    def run_until_stopped(self, port: int) -> None:
        logs = Path(settings.VAR_DIR) / "log"
        logs.mkdir(parents=True, exist_ok=True)
        began_under = os.getppid()
        children: dict[str, subprocess.Popen[bytes]] = {}
        try:
            for name, command in _commands(port).items():
                children[name] = _start(command, logs / f"{name}.log")
            _wait_for_site(port, children["site"])
            self.announce(port, logs)
            while True:
                time.sleep(0.5)
                for name, child in children.items():
                    if child.poll() is not None:
                        raise CommandError(
                            f"The {name} process ended ({child.returncode}). "
                            f"Its last words:\n{_tail(logs / f'{name}.log')}"
                        )
                if "MAKELEVEL" in os.environ and os.getppid() != began_under:
                    break  # make itself was killed
        finally:
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            _stop_all(list(children.values()))

    def announce(self, port: int, logs: Path) -> None:
        say = self.stdout.write
        say("")
        say(f"  Trafford Social Value is at http://127.0.0.1:{port}/")
        accounts = _demo_accounts()
        if accounts:
            say("")
            say("  Demo accounts (one for each role; all invented):")
            width = max(len(role) for role, _ in accounts)
            for role, email in accounts:
                say(f"    {role:<{width}}  {email}")
            say(f"  The password of each is:  {settings.DEMO_PASSWORD}")
        say("")
        say(
            f"  Mail is written to {_short(Path(settings.EMAIL_FILE_PATH))}, logs to {_short(logs)}."
        )
        say("  Ctrl-C stops everything. The data stays for the next time.")
        say("")
        self.stdout.flush()


def _commands(port: int) -> dict[str, list[str]]:
    return {
        "worker": [
            *(sys.executable, "-m", "celery", "-A", "trafford_sv", "worker", "-B"),
            *("--pool", "prefork", "--concurrency", "1", "--loglevel", "WARNING"),
            *("--without-gossip", "--without-mingle", "--without-heartbeat"),
        ],
        "site": [
            *(sys.executable, "-m", "gunicorn", "trafford_sv.wsgi:application"),
            *("--bind", f"127.0.0.1:{port}", "--workers", "1", "--threads", "6"),
            *("--timeout", "120", "--graceful-timeout", "3", "--log-level", "warning"),
        ],
    }


def _start(command: list[str], log: Path) -> subprocess.Popen[bytes]:
    # DEBUG is off so that people see the product's own error pages. Each child has a session
    # of its own: Ctrl-C reaches this process alone, which then stops them in order.
    environment = os.environ | {"DEBUG": "0", "PYTHONUNBUFFERED": "1"}
    with log.open("wb") as out:
        return subprocess.Popen(
            command,
            cwd=settings.BASE_DIR,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_end_with_parent,
        )


def _stop(signum: int, frame: Any) -> None:
    raise KeyboardInterrupt


def _stop_all(children: list[subprocess.Popen[bytes]]) -> None:
    """Ask every process to finish, and after a few seconds end what is left of its group."""
    for child in children:
        if child.poll() is None:
            child.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in children:
        with contextlib.suppress(subprocess.TimeoutExpired):
            child.wait(timeout=max(0.1, deadline - time.monotonic()))
    for child in children:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        child.wait()


def _refuse_taken_port(port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise CommandError(
                f"Port {port} is in use. Stop what uses it, or choose another: make run PORT={port + 1}"
            ) from error


def _wait_for_site(port: int, site: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and site.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(1)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.2)


def _demo_accounts() -> list[tuple[str, str]]:
    """(role name, e-mail) of one demo account for each role, in the table's order."""
    people = get_user_model().objects.filter(
        is_active=True, email__endswith=settings.DEMO_EMAIL_DOMAIN
    )
    found: dict[str, str] = {}
    for role, email in people.order_by("pk").values_list("grants__role", "email"):
        found.setdefault(role, email)
    return [(role.name, found[key]) for key, role in ROLES.items() if key in found]


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _short(path: Path) -> str:
    try:
        return str(path.relative_to(settings.BASE_DIR))
    except ValueError:
        return str(path)

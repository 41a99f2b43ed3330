"""A real browser against the product as `make run` serves it, with the demo council."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.prepared_database import template

ROOT = Path(__file__).resolve().parents[2]
# A slow machine with other work takes minutes to load the demo.
START_SECONDS = 900


@dataclass(frozen=True)
class Site:
    """Where the product answers, and who can sign in: `people[role]` is an e-mail address.

    `mail` is the folder that its e-mails are written to.
    """

    url: str
    people: dict[str, str]
    password: str
    mail: Path


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(item.path).is_relative_to(Path(__file__).parent):
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    var_dir = tmp_path_factory.mktemp("var")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        name: value
        for name, value in os.environ.items()
        if name not in {"DATABASE_URL", "REDIS_URL", "TEST_VAR_ROOT", "MAKELEVEL"}
    }
    environment |= {"DEPLOYMENT": "development", "VAR_DIR": str(var_dir), "PYTHONUNBUFFERED": "1"}
    # Migrating is tried elsewhere (tests/services/test_serve.py); here it would only take time.
    if (kept := template()).exists():
        shutil.copy(kept, var_dir / "social_value.sqlite3")
    log = var_dir / "serve.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "manage.py", "serve", "--port", str(port)],
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Ctrl-C stops everything" not in log.read_text(errors="replace"):
            if process.poll() is not None or time.monotonic() > deadline:
                pytest.fail(f"make run did not start:\n{log.read_text(errors='replace')[-4000:]}")
            time.sleep(0.3)
        from django.conf import settings

        yield Site(
            f"http://127.0.0.1:{port}",
            _people(var_dir),
            settings.DEMO_PASSWORD,
            var_dir / "mail",
        )
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=30)
        process.kill()
        process.wait()


def _people(var_dir: Path) -> dict[str, str]:
    with contextlib.closing(sqlite3.connect(var_dir / "social_value.sqlite3")) as connection:
        rows = connection.execute(
            "SELECT role, email FROM directory_rolegrant"
            " JOIN core_user ON core_user.id = user_id WHERE ends IS NULL ORDER BY core_user.id DESC"
        )
        return dict(rows.fetchall())


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    found = next(
        filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
    )
    if not found:
        pytest.fail("Chromium is not here. On Debian type: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found,
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield browser
        browser.close()


@pytest.fixture
def context(chromium: Browser) -> Iterator[BrowserContext]:
    context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context
    context.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return context.new_page()


@pytest.fixture
def sign_in(site: Site) -> Callable[[Page, str], None]:
    def enter(page: Page, role: str) -> None:
        assert role in site.people, f"the demo council has no {role}: {sorted(site.people)}"
        page.goto(f"{site.url}/account/login/")
        page.locator("input[name=login]").fill(site.people[role])
        page.locator("input[name=password]").fill(site.password)
        page.locator("form:has(input[name=password]) button[type=submit]").click()
        page.wait_for_load_state()
        assert "/account/login" not in page.url, page.locator("body").inner_text()[:500]

    return enter

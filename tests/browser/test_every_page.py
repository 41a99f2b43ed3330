"""Every page that a person can reach by links, looked at wide, on a phone and at 320 pixels."""

from __future__ import annotations

import re
from collections import deque
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import ConsoleMessage, Error, Page

from .accessibility import cards_that_are_no_tables, scrolls_sideways, structure, violations

WIDTHS = (1280, 375)
NARROWEST = 320
# Not pages: signing out ends the walk, and these answer with a file or JSON.
NOT_PAGES = re.compile(
    r"^/(static|media|api|healthz|readyz|account/logout)|\.(csv|xlsx|zip|json|pdf)$"
)
NOT_PAGE_NAMES = re.compile(
    r"logout|sign-out|export|download|rejects-file|csv|xlsx|feed|calendar|badge|certificate|steering-paper"
)
LINKS = "() => [...document.querySelectorAll('a[href]')].filter(a => !a.hasAttribute('download')).map(a => a.href)"
# Other people's markup, which we serve but did not write: status and console only.
NOT_OUR_MARKUP = {"api-docs": "the API's page is drawn by Swagger UI"}
NO_TITLE_OF_THEIR_OWN = {"home", "api-docs"}
SAME_PAGE = {"after-sign-in", "dashboard", "my-account", "home", "contract-list"}
# Reached by every walk of the role, or something fell off the menus.
MUST_REACH = {
    "coordinator": {"dashboard", "contract-list", "contract-detail", "organisation-detail"},
    "administrator": {"person-list", "audit-list"},
    "supplier": {"contract-list", "contract-detail", "my-account"},
    "hub": {"home", "my-account"},
    "": {"home", "account_login", "accessibility", "privacy", "(nowhere)"},
}
START = {
    "coordinator": ["/dashboard/", "/styleguide/", "/search/?q=care"],
    "administrator": ["/account/people/"],
    "supplier": ["/contracts/"],
    "hub": ["/"],
    "": ["/", "/account/login/", "/account/password/reset/", "/no-such-page/", "/api/v1/docs/"],
}


def route_of(path: str) -> str | None:
    try:
        return resolve(path).view_name or path
    except Resolver404:
        return None


@pytest.mark.parametrize("role", START, ids=lambda role: role or "public")
def test_every_page_works_for_everyone(role, page, site, sign_in):
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            said.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: said.append(f"script error: {error}"))
    if role:
        sign_in(page, role)
    problems, visited = walk(page, site.url, START[role], said)
    print(f"{role or 'public'}: {len(visited)} pages: {', '.join(sorted(visited))}")
    assert not problems, "\n\n".join(problems)
    assert not MUST_REACH[role] - set(visited)


def walk(
    page: Page, origin: str, start: list[str], said: list[str]
) -> tuple[list[str], dict[str, str]]:
    """Follow links breadth first, one address for each route. Returns problems and routes seen."""
    waiting = deque([*start, urlsplit(page.url).path] if page.url != "about:blank" else start)
    visited: dict[str, str] = {}
    problems: list[str] = []
    titles: dict[str, str] = {}
    while waiting:
        path = waiting.popleft()
        bare = urlsplit(path).path
        route = "(nowhere)" if bare == "/no-such-page/" else route_of(bare)
        if route is None or route in visited or NOT_PAGE_NAMES.search(route):
            continue
        visited[route] = path
        said.clear()
        try:
            answer = page.goto(origin + path)
        except Error as error:
            if "Download is starting" not in str(error):
                problems.append(f"{path}: {error}")
            continue
        expected = 404 if route == "(nowhere)" else 200
        if answer is None or answer.status != expected:
            problems.append(f"{path} answered {answer.status if answer else 'nothing'}")
            continue
        for width in WIDTHS if route not in NOT_OUR_MARKUP else ():
            page.set_viewport_size({"width": width, "height": 900})
            problems += [f"{path} at {width}: {found}" for found in violations(page)]
            if width < 400:
                problems += [f"{path}: {found}" for found in cards_that_are_no_tables(page)]
        if route not in NOT_OUR_MARKUP:
            problems += [f"{path}: {found}" for found in structure(page)]
        page.set_viewport_size({"width": NARROWEST, "height": 900})
        if (wide := scrolls_sideways(page)) and route not in NOT_OUR_MARKUP:
            problems.append(f"{path} scrolls sideways at {NARROWEST}: {', '.join(wide)}")
        title = page.title()
        if not title.endswith(" – Trafford Social Value") and route not in NO_TITLE_OF_THEIR_OWN:
            problems.append(f"{path} has no title of its own: {title!r}")
        if (other := titles.setdefault(title, route)) != route and route not in SAME_PAGE:
            problems.append(f"{path} has the title of {other}: {title!r}")
        heard = [each for each in said if not (expected == 404 and "404" in each)]
        if heard:
            problems.append(f"{path} said in the console: {heard[:3]}")
        for address in page.evaluate(LINKS):
            parts = urlsplit(address)
            if address.startswith(origin) and not NOT_PAGES.search(parts.path):
                waiting.append(parts.path + (f"?{parts.query}" if parts.query else ""))
    return problems, visited

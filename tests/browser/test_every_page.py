"""Every page that a person can reach by links, looked at wide, on a phone and at 320 pixels."""

from __future__ import annotations

import html
import re
from collections import defaultdict, deque
from urllib.parse import urlsplit

import pytest
from django.urls import Resolver404, resolve
from playwright.sync_api import Error, Page

from .accessibility import cards_that_are_no_tables, scrolls_sideways, structure, violations

WIDTHS = (1280, 375)
NARROWEST = 320
# Not pages: signing out ends the walk, and these answer with a file or JSON.
NOT_PAGES = re.compile(
    r"^/(static|media|api|healthz|readyz|account/logout)|\.(csv|xlsx|zip|json|pdf)$"
)
NOT_PAGE_NAMES = re.compile(
    r"logout|sign-out|export|download|rejects-file|csv|xlsx|feed|calendar|badge|certificate|steering-paper"
    # The e-mail as its readers get it, not a page of ours.
    r"|^mailing-preview-html$"
)
LINKS = "() => [...document.querySelectorAll('a[href]')].filter(a => !a.hasAttribute('download')).map(a => a.href)"
# Other people's markup, which we serve but did not write: status and console only.
NOT_OUR_MARKUP = {"api-docs": "the API's page is drawn by Swagger UI"}
# Records differ in what they link to: after the first, some more are read for links alone.
MANY = re.compile(r"-detail$|^tender-step$|^supplier-return$|^contract-mobilisation$")
MORE_RECORDS = 12
HREF = re.compile(r'<a\b(?![^>]*\bdownload\b)[^>]*\bhref="(/[^"#]*)')
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
# The council's people see the same pages. A page is looked at closely (axe at two widths) by the
# first who reaches it, and by the others for its answer, its order, its title and its width.
COUNCIL = (
    "coordinator", "administrator", "contract_manager", "star_officer", "steering_member",
    "steering_chair", "auditor",
)  # fmt: skip
WALKS = {"council": COUNCIL, "supplier": ("supplier",), "hub": ("hub",), "public": ("",)}
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


@pytest.mark.parametrize("who", WALKS)
def test_every_page_works_for_everyone(who, chromium, site, sign_in):
    problems: list[str] = []
    closely: set[str] = set()
    for role in WALKS[who]:
        context = chromium.new_context(viewport={"width": 1280, "height": 900}, locale="en-GB")
        context.set_default_timeout(20_000)
        page = context.new_page()
        said: list[str] = []
        page.on(
            "console",
            lambda message, said=said: (
                said.append(message.text) if message.type in ("error", "warning") else None
            ),
        )
        page.on("pageerror", lambda error, said=said: said.append(f"script error: {error}"))
        if role:
            sign_in(page, role)
        found, visited = walk(page, site.url, START.get(role, ["/"]), said, closely)
        context.close()
        print(f"{role or 'public'}: {len(visited)} pages: {', '.join(sorted(visited))}")
        problems += [f"{role or 'public'}: {each}" for each in found]
        if missing := MUST_REACH.get(role, set()) - set(visited):
            problems.append(f"{role or 'public'}: no way to {', '.join(sorted(missing))}")
    assert not problems, "\n\n".join(problems)


def walk(
    page: Page, origin: str, start: list[str], said: list[str], closely: set[str]
) -> tuple[list[str], dict[str, str]]:
    """Follow links breadth first, one address for each route. Returns problems and routes seen.

    Routes in `closely` were looked at closely before; what is looked at now joins them.
    """
    waiting = deque([*start, urlsplit(page.url).path] if page.url != "about:blank" else start)
    visited: dict[str, str] = {}
    problems: list[str] = []
    titles: dict[str, str] = {}
    read: defaultdict[str, set[str]] = defaultdict(set)
    while waiting:
        path = waiting.popleft()
        bare = urlsplit(path).path
        route = "(nowhere)" if bare == "/no-such-page/" else route_of(bare)
        if route is None or NOT_PAGE_NAMES.search(route):
            continue
        if route in visited:
            if MANY.search(route) and bare not in read[route] and len(read[route]) < MORE_RECORDS:
                read[route].add(bare)
                waiting += links_of_another(page, origin + path)
            continue
        visited[route] = path
        read[route].add(bare)
        said.clear()
        try:
            answer = page.goto(origin + path)
        except Error as error:
            if "Download is starting" not in str(error):
                problems.append(f"{path}: {error}")
            continue
        # A page that sends on is the page it sends to, and that one is looked at once.
        if (landed := urlsplit(page.url).path) != bare and (sent_to := route_of(landed)) != route:
            if sent_to is None or sent_to in visited or NOT_PAGE_NAMES.search(sent_to):
                continue
            route = sent_to
            visited[route] = path
        expected = 404 if route == "(nowhere)" else 200
        if answer is None or answer.status != expected:
            problems.append(f"{path} answered {answer.status if answer else 'nothing'}")
            continue
        widths = () if route in NOT_OUR_MARKUP or route in closely else WIDTHS
        closely.add(route)
        for width in widths:
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


def links_of_another(page: Page, address: str) -> list[str]:
    """Where a record of a kind that was looked at before leads to, without drawing it."""
    answer = page.request.get(address)
    return [
        html.unescape(found)
        for found in (HREF.findall(answer.text()) if answer.ok else ())
        if not NOT_PAGES.search(urlsplit(found).path)
    ]

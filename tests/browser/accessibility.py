"""What a page must be: free of axe's violations, of console errors, and of sideways scrolling."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
STANDARDS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
RUN = """standards => axe.run(document, {
    runOnly: {type: 'tag', values: standards},
    resultTypes: ['violations'],
}).then(found => found.violations.map(rule => ({
    id: rule.id,
    help: rule.help,
    nodes: rule.nodes.slice(0, 3).map(node => node.target.join(' ') + '  ' + node.failureSummary),
})))"""
WIDER = """() => {
    const room = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= room) return [];
    return [...document.querySelectorAll('body *')]
        .filter(each => each.getBoundingClientRect().right > room + 1)
        .slice(0, 4)
        .map(each => each.tagName.toLowerCase() + '.' + [...each.classList].join('.'));
}"""


@cache
def axe_source() -> str:
    return AXE.read_text(encoding="utf-8")


def violations(page: Page) -> list[str]:
    """Axe's findings on the page as it is now, a line each. Evaluated, so a strict CSP stands."""
    if not page.evaluate("() => 'axe' in window"):
        page.evaluate(axe_source())
    return [
        f"{rule['id']}: {rule['help']}\n    " + "\n    ".join(rule["nodes"])
        for rule in page.evaluate(RUN, STANDARDS)
    ]


def assert_accessible(page: Page) -> None:
    found = violations(page)
    assert found == [], f"{page.url}\n" + "\n".join(found)


def scrolls_sideways(page: Page) -> list[str]:
    """The elements that stick out on the right, where the page as a whole scrolls sideways."""
    return page.evaluate(WIDER)

"""What a page must be: free of axe's violations, of console errors, and of sideways scrolling.

`structure` looks where axe does not: the order of headings, links that say nothing by themselves,
names that point nowhere, and tables that are cards on a phone.
"""

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
STRUCTURE = r"""() => {
    const found = [];
    const words = each => (each.getAttribute('aria-label') || each.textContent).replace(/\s+/g, ' ').trim();
    let level = 0;
    for (const heading of document.querySelectorAll('h1, h2, h3, h4, h5, h6')) {
        // What went wrong, or was done, is said before the page begins.
        if (heading.closest('.govuk-error-summary, .govuk-notification-banner')) continue;
        const next = Number(heading.tagName[1]);
        if (next > level + 1) found.push(`heading ${words(heading)} jumps from ${level} to ${next}`);
        level = next;
    }
    if (document.querySelectorAll('h1').length !== 1) found.push('not one h1');
    for (const name of ['header', 'main']) {
        if (document.querySelectorAll(name).length !== 1) found.push(`not one ${name}`);
    }
    const named = new Set();
    for (const part of document.querySelectorAll('nav, [role=search], [role=region]')) {
        const name = part.getAttribute('aria-label') || part.getAttribute('aria-labelledby');
        const key = `${part.getAttribute('role') || part.tagName} ${name}`;
        if (!name) found.push(`a landmark without a name: ${part.className}`);
        if (named.has(key)) found.push(`two landmarks named ${name}`);
        named.add(key);
    }
    for (const link of document.querySelectorAll('a[href], button')) {
        if (/^(here|more|details|edit|change|view|open|read more|click here|see|remove|undo|delete|close|accept)$/i
            .test(words(link))) found.push(`says nothing by itself: ${words(link)}`);
    }
    for (const link of document.querySelectorAll('a[role=button]:not([data-module=govuk-button])')) {
        found.push(`a button that Space does not press: ${words(link)}`);
    }
    const ids = new Set();
    for (const each of document.querySelectorAll('[id]')) {
        if (ids.has(each.id)) found.push(`two things have the id ${each.id}`);
        ids.add(each.id);
    }
    for (const name of ['aria-describedby', 'aria-labelledby', 'aria-controls']) {
        for (const each of document.querySelectorAll(`[${name}]`)) {
            for (const id of each.getAttribute(name).split(/\s+/)) {
                if (id && !ids.has(id)) found.push(`${name} points at nothing: ${id}`);
            }
        }
    }
    for (const table of document.querySelectorAll('table')) {
        if (!table.caption) found.push('a table without a caption');
        for (const th of table.querySelectorAll('th')) {
            if (!th.hasAttribute('scope')) found.push(`a table heading without scope: ${words(th)}`);
            if (!words(th)) found.push('an empty table heading');
        }
    }
    if (document.querySelector('meta[http-equiv=refresh]')) found.push('reloads by itself');
    const summary = document.querySelector('.govuk-error-summary');
    for (const link of summary ? summary.querySelectorAll('a[href]') : []) {
        const control = document.getElementById(link.hash.slice(1));
        if (!control || !/^(INPUT|SELECT|TEXTAREA)$/.test(control.tagName)) {
            found.push(`an error that leads to no control: ${words(link)}`);
        } else if (!(control.closest('fieldset') || control).getAttribute('aria-describedby')
            && !control.getAttribute('aria-describedby')) {
            found.push(`an error that its control does not say: ${words(link)}`);
        }
    }
    return found;
}"""
OPEN_FOLDS = """() => {
    window.opened = [...document.querySelectorAll('details:not([open])')];
    for (const fold of window.opened) fold.open = true;
}"""
SHUT_FOLDS = "() => { for (const fold of window.opened) fold.open = false; }"
TABLE_PARTS = """() => ({
    columnheader: document.querySelectorAll('table.sv-list thead th').length,
    rowheader: document.querySelectorAll('table.sv-list tbody th').length,
    bare: [...document.querySelectorAll('table.sv-list, .sv-list tr, .sv-list th, .sv-list td')]
        .filter(each => !each.hasAttribute('role')).length,
})"""


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


def structure(page: Page) -> list[str]:
    """What is wrong with headings, names, tables, links and error summaries, a line each."""
    return page.evaluate(STRUCTURE)


def cards_that_are_no_tables(page: Page) -> list[str]:
    """On a phone, what the accessibility tree lost of tables that are laid out as cards."""
    parts = page.evaluate(TABLE_PARTS)
    bare = parts.pop("bare")
    found = [f"{bare} parts of card tables do not state their role"] if bare else []
    if not any(parts.values()):
        return found
    # What is folded away is in no tree, so every fold is opened while we look.
    page.evaluate(OPEN_FOLDS)
    session = page.context.new_cdp_session(page)
    try:
        nodes = session.send("Accessibility.getFullAXTree")["nodes"]
    finally:
        session.detach()
        page.evaluate(SHUT_FOLDS)
    spoken = [node.get("role", {}).get("value") for node in nodes if not node.get("ignored")]
    return found + [
        f"{count} {role} in the page, {spoken.count(role)} in the accessibility tree"
        for role, count in parts.items()
        if spoken.count(role) < count
    ]

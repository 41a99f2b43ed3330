"""Pages that no link leads to: forms with mistakes, an import, a collision, refusals, invitations."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page

from .accessibility import (
    cards_that_are_no_tables,
    scrolls_sideways,
    structure,
    violations,
)

TABLE = b"""Ref,Title,Supplier,Value,Award date
AX-1,Grounds of the demonstration,Invented Greens Ltd,"1,234.00",03/05/2025
AX-2,Meals of the demonstration,Invented Kitchens Ltd,5000,31/02/2025
"""
FORMS = [
    "/contracts/new/",
    "{contract}edit/",
    "{contract}awards/new/",
    "/contracts/thresholds/new/",
    "/organisations/new/",
    "/imports/new/",
    "/account/people/invite/",
    "/account/password/change/",
    "/account/tokens/add/",
]


def look(page: Page) -> None:
    """Axe, structure and width of the page as it stands, wide and on a phone."""
    found = structure(page)
    for width in (1280, 375):
        page.set_viewport_size({"width": width, "height": 900})
        found += violations(page)
    found += cards_that_are_no_tables(page)
    page.set_viewport_size({"width": 320, "height": 900})
    found += [f"scrolls sideways at 320: {each}" for each in scrolls_sideways(page)]
    page.set_viewport_size({"width": 1280, "height": 900})
    if not page.title().endswith(" – Trafford Social Value"):
        found.append(f"no title of its own: {page.title()!r}")
    assert not found, f"{page.url} {page.title()}\n" + "\n".join(found)


def send(page: Page, name: str) -> None:
    page.get_by_role("button", name=name).first.click()
    page.wait_for_load_state()


def a_contract(page: Page, site) -> str:
    """The address of the first contract in the list."""
    page.goto(f"{site.url}/contracts/")
    return page.locator("main table tbody th a").first.get_attribute("href") or ""


def test_forms_say_what_is_wrong(page, site, sign_in):
    sign_in(page, "administrator")
    contract = a_contract(page, site)
    for address in [form.format(contract=contract) for form in FORMS]:
        answer = page.goto(site.url + address)
        assert answer is not None and answer.status == 200, address
        form = page.locator("main form[method=post]").first
        for box in form.locator("input[type=text], input[type=email], textarea").all():
            box.fill("lots" if box.get_attribute("inputmode") == "decimal" else "")
        for choice in form.locator("select").all():
            if choice.locator("option[value='']").count():
                choice.select_option("")
        form.locator("button[type=submit], button:not([type])").last.click()
        page.wait_for_load_state()
        summary = page.locator(".govuk-error-summary")
        assert summary.count() == 1, address
        assert page.evaluate("() => document.activeElement.className").startswith(
            "govuk-error-summary"
        ), address
        assert page.title().startswith("Error: "), page.title()
        look(page)
        summary.locator("a").first.click()
        assert page.evaluate("() => document.activeElement.matches('input, select, textarea')")


def test_a_file_from_upload_to_result(page, site, sign_in):
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/imports/new/?kind=contracts-table")
    page.locator("input[type=file]").set_input_files(
        {"name": "register.csv", "mimeType": "text/csv", "buffer": TABLE}
    )
    send(page, "Continue")
    assert "Which column is which" in page.locator("h1").inner_text()
    look(page)
    send(page, "Check the file")
    look(page)
    page.get_by_role("link", name=re.compile("^Rejected")).first.click()
    page.wait_for_url("**show=rejected**")
    look(page)
    page.get_by_role("link", name="Cancel this import").click()
    page.wait_for_url("**/cancel/")
    look(page)
    page.get_by_role("link", name="Keep it").click()
    page.wait_for_url(re.compile("/imports/[^/]+/$"))
    send(page, "Apply only the valid rows")
    look(page)
    page.goto(f"{site.url}/imports/values/")
    look(page)


def test_two_people_edit_the_same_record(page, context, site, sign_in):
    sign_in(page, "coordinator")
    address = f"{site.url}{a_contract(page, site)}edit/"
    page.goto(address)
    other = context.new_page()
    other.goto(address)
    for each, title in ((other, "A title of another"), (page, "A title of mine")):
        each.locator("input[name=title]").fill(title)
        each.locator("main form:has(input[name=title]) button[type=submit]").first.click()
        each.wait_for_load_state()
    # What the first of them did is said.
    assert other.locator("[role=alert]").count() == 1
    assert "Someone else saved this" in page.locator("h1").inner_text()
    look(page)


@pytest.mark.parametrize("address", ["/account/people/", "/dashboard/", "/contracts/1/"])
def test_refusals(page, site, sign_in, address):
    sign_in(page, "hub")
    answer = page.goto(site.url + address)
    assert answer is not None and answer.status in (403, 404)
    look(page)


def test_pages_of_someone_without_a_password(page, site, context):
    for address in (
        "/account/invitation/not-an-invitation/",
        "/account/password/reset/done/",
        "/account/password/reset/key/1-set-password/",
        "/account/inactive/",
    ):
        page.goto(site.url + address)
        look(page)


def test_progress_is_said_and_takes_nobody_away(page, site):
    """The script alone, over answers as the server gives them: half done, then finished."""
    panel = (
        '<main><div data-progress data-progress-words="{0}" data-progress-finished="Checked.">'
        "<div data-progress-now>{0}</div><div data-progress-done hidden>See the result</div>"
        '<p role="status" data-progress-status></p>'
        '<p data-progress-only><a href="/">Imports</a></p></div></main>'
        '<script type="module" src="/static/js/app.js"></script>'
    )
    answers = [panel.format("10% done"), panel.format("50% done"), "<main>The result</main>"]
    page.route(
        f"{site.url}/imports/slow/",
        lambda route: route.fulfill(
            body="<!DOCTYPE html>" + (answers.pop(0) if len(answers) > 1 else answers[0]),
            content_type="text/html",
        ),
    )
    page.goto(f"{site.url}/imports/slow/")
    page.locator("a").focus()
    status = page.locator("[role=status]")
    page.wait_for_function("() => document.querySelector('[role=status]').textContent")
    assert status.inner_text() == "50% done"
    assert page.evaluate("() => document.activeElement.textContent") == "Imports"
    page.wait_for_function("() => document.querySelector('[data-progress-now]').hidden")
    assert status.inner_text() == "Checked."
    assert page.get_by_text("See the result").is_visible()

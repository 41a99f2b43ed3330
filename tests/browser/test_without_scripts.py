"""The main journey with JavaScript switched off: sign in, find a contract, read it, change it."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page


@pytest.fixture
def plain_page(chromium: Browser):
    context = chromium.new_context(java_script_enabled=False, locale="en-GB")
    context.set_default_timeout(20_000)
    yield context.new_page()
    context.close()


def test_an_officer_finds_reads_and_changes_a_contract(plain_page: Page, site, sign_in):
    page = plain_page
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/contracts/")
    first = page.locator("main table tbody tr").first
    title = first.locator("a").first.inner_text()
    first.locator("a").first.click()
    page.wait_for_load_state()
    assert title in page.locator("main").inner_text()
    address = page.url

    page.goto(f"{address}edit/")
    field = page.locator("input[name=title]")
    field.fill("A title changed without scripts")
    page.locator("main form:has(input[name=title]) button[type=submit]").first.click()
    page.wait_for_load_state()
    page.goto(address)
    assert "A title changed without scripts" in page.locator("h1").inner_text()


def test_a_mistake_is_said_in_words_and_nothing_is_lost(plain_page: Page, site, sign_in):
    page = plain_page
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/contracts/new/")
    page.locator("input[name=title]").fill("A contract without a reference")
    page.locator("main form:has(input[name=title]) button[type=submit]").first.click()
    page.wait_for_load_state()
    summary = page.locator(".govuk-error-summary")
    assert summary.is_visible()
    assert page.locator("input[name=title]").input_value() == "A contract without a reference"
    target = summary.locator("a").first.get_attribute("href")
    assert target and page.locator(f"[id='{target.removeprefix('#')}']").count() == 1


def test_a_phone_without_scripts_has_menu_filters_imports_and_confirmations(
    plain_page: Page, site, sign_in
):
    page = plain_page
    page.set_viewport_size({"width": 375, "height": 800})
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/contracts/")
    assert page.locator("#navigation a").first.is_visible()
    page.locator(".sv-filter__more summary").click()
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_load_state()
    assert page.locator("main table tbody tr").count()

    page.goto(f"{site.url}/imports/new/?kind=contracts-table")
    page.locator("input[type=file]").set_input_files(
        {"name": "plain.csv", "mimeType": "text/csv", "buffer": b"Ref,Title\nNJ-1,Plain\n"}
    )
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Check the file").click()
    page.get_by_role("link", name="Cancel this import").click()
    page.get_by_role("button", name="Cancel the import").click()
    page.wait_for_load_state()
    assert "cancelled" in page.locator("main").inner_text()

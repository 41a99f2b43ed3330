"""A resident answers a round by the public link, in both languages; a hub's wards on the map."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from .accessibility import scrolls_sideways, structure, violations
from .test_forms_and_journeys import look

OPEN_ROUND = "Open round (demo)"


def begin(page: Page, site, sign_in) -> str:
    """The address of an empty answer, begun by the open round's public link."""
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/needs/rounds/")
    page.get_by_role("link", name=OPEN_ROUND).click()
    public = page.locator("a.sv-long-link").get_attribute("href") or ""
    page.context.clear_cookies()
    page.goto(public)
    look(page)
    page.get_by_role("button", name="Start").click()
    page.wait_for_load_state()
    return page.url


def test_an_answer_is_checked_saved_and_sent_in_english(page, site, sign_in):
    address = begin(page, site, sign_in)
    look(page)
    ranks = page.locator("select[name^=rank]")
    for each in range(2):
        ranks.nth(each).select_option("1")
    page.locator("textarea").first.fill("<script>alert(1)</script> Chairs")
    page.get_by_role("button", name="Check my answers").click()
    page.wait_for_load_state()
    assert page.locator(".govuk-error-summary").count() == 1, "one place was given twice"
    look(page)
    ranks.nth(1).select_option("2")
    page.get_by_role("button", name="Save and come back later").click()
    page.wait_for_load_state()
    look(page)
    page.goto(address)
    expect(page.locator("textarea").first).to_have_value("<script>alert(1)</script> Chairs")
    page.get_by_role("button", name="Check my answers").click()
    page.wait_for_load_state()
    look(page)
    page.get_by_role("button", name="Send my answers").click()
    page.wait_for_load_state()
    look(page)
    page.goto(address)
    assert "has sent an answer" in page.locator("main").inner_text()
    look(page)


def test_the_form_in_chinese_says_so_to_machines_too(page, site, sign_in):
    page.goto(begin(page, site, sign_in) + "?lang=zh-hant")
    assert page.locator("html").get_attribute("lang") == "zh-Hant"
    assert re.search(r"[\u4e00-\u9fff]{4}", page.locator("h1").inner_text())
    for width in (1280, 375, 320):
        page.set_viewport_size({"width": width, "height": 900})
        assert violations(page) == [] and structure(page) == [] and scrolls_sideways(page) == []


def test_wards_of_a_hub_are_chosen_on_the_map_and_in_the_list(page, site, sign_in):
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/needs/hubs/")
    page.get_by_role("link", name=re.compile("Edit the wards")).first.click()
    look(page)
    said = page.locator("[data-said]")
    before = int(said.inner_text().split()[0])
    box = page.locator("input[name=wards]:not(:checked)").first
    name = page.locator(f"label[for={box.get_attribute('id')}]").inner_text()
    ward = page.locator(f'path[data-ward="{name}"]')
    ward.dispatch_event("click")
    assert box.count() == 0 or name not in box.evaluate("each => each.labels[0].textContent")
    assert int(said.inner_text().split()[0]) == before + 1
    assert ward.get_attribute("fill") == "#0b5563"
    page.get_by_role("button", name="Save the hub").click()
    page.wait_for_load_state()
    row = page.locator("main tbody tr").first
    assert name in row.inner_text()

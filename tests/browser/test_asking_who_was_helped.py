"""An officer asks a hub what reached it; the hub answers by the link in the e-mail, on a phone."""

from __future__ import annotations

import re
import time
from pathlib import Path

from playwright.sync_api import Browser, Page

from .accessibility import scrolls_sideways, structure, violations

MAIL_SECONDS = 90


def link_in_mail(mail: Path, words: str) -> str:
    """The first link of `words` in the newest e-mail that has one."""
    deadline = time.monotonic() + MAIL_SECONDS
    while time.monotonic() < deadline:
        for letter in sorted(mail.glob("*"), reverse=True):
            if found := re.search(rf"https?://\S+/{words}/\S+", letter.read_text(errors="replace")):
                return found[0]
        time.sleep(0.5)
    raise AssertionError(f"no e-mail with a link to {words} after {MAIL_SECONDS} seconds")


def test_a_hub_answers_by_the_link_in_its_e_mail(
    page: Page, site, sign_in, chromium: Browser
) -> None:
    sign_in(page, "coordinator")
    page.goto(f"{site.url}/verification/")
    page.get_by_role("link", name="Welfare and debt advice").first.click()
    page.get_by_role("link", name=re.compile("^Ask who was helped")).first.click()
    page.locator("main select").select_option(index=1)
    page.locator("main input[type=email]").fill("somebody@hub.example")
    page.get_by_role("button", name="Send the question").click()

    link = link_in_mail(site.mail, "confirm")
    assert link.startswith(site.url), "the link leads to another port than the site is on"

    phone = chromium.new_context(viewport={"width": 375, "height": 800}, java_script_enabled=True)
    hub = phone.new_page()
    hub.goto(link)
    problems = [*violations(hub), *structure(hub), *scrolls_sideways(hub)]
    hub.get_by_label("No, it was a different number").check()
    hub.get_by_label("If not: how much was it really?").fill("1")
    hub.get_by_role("button", name="Check my answer").click()
    # The role is missing: what was typed is still there.
    assert hub.get_by_label("If not: how much was it really?").input_value() == "1"
    problems += [*violations(hub), *structure(hub)]
    hub.get_by_label("What is your job or role?").fill("centre manager")
    hub.get_by_role("button", name="Check my answer").click()
    problems += [*violations(hub), *structure(hub)]
    hub.get_by_role("button", name="Send my answer").click()
    assert "Your answer has been sent" in hub.locator("main").inner_text()
    problems += violations(hub)
    hub.goto(link)
    assert "This link has been used" in hub.locator("h1").inner_text()
    phone.close()
    assert problems == []

"""Takes the pictures of the guides and the README from a running demo site.

    make run
    .venv/bin/python docs/pictures.py --site http://127.0.0.1:8000 --out docs/images

It signs in with the demo accounts. On the way it brings in a small invented table as far as the
preview and cancels it, and lets two people collide over one contract without saving the second
version. Run it against a demo site only. It prints the files it wrote.
"""

from __future__ import annotations

import argparse
import io
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

WIDTH = 1280
PASSWORD = "trafford-demo-only"  # printed by `make run`; opens nothing but a demo
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
TABLE = """Contract ref,Contract title,Supplier name,Contract value,Award date,End date
DEMO-031,Tree surveys and works,Greenfinch Arboriculture (demo),"96,500.00",,
NEW-001,Benches and planters in town centres,Kestrel Row Joinery (demo),"74,250.00",2/11/2026,30/11/2027
NEW-002,Welcome packs for new tenants,Tollhouse Printing (demo),"18,400.00",31/02/2026,30/11/2027
NEW-003,Repairs to park railings,Kestrel Row Joinery (demo),about 40k,9/11/2026,30/6/2027
"""


class Photographer:
    """Saves what a page shows as a small PNG."""

    def __init__(self, browser: Browser, site: str, out: Path) -> None:
        self.browser, self.site, self.out = browser, site.rstrip("/"), out

    def sign_in(self, who: str) -> Page:
        context = self.browser.new_context(
            viewport={"width": WIDTH, "height": 900}, reduced_motion="reduce", locale="en-GB"
        )
        page = context.new_page()
        self.go(page, "/account/login/")
        page.fill("input[name=login]", f"{who}@demo.example")
        page.fill("input[name=password]", PASSWORD)
        page.click("main button[type=submit]")
        page.wait_for_load_state()
        if "/login" in page.url:
            raise SystemExit(f"Could not sign in as {who}: is {self.site} a demo site?")
        return page

    def go(self, page: Page, address: str) -> None:
        page.goto(self.site + address, wait_until="load")

    def take(
        self, page: Page, name: str, *, height: int | None = None, start_at: str | None = None
    ) -> None:
        """Save `name`.png: the page from its top, or from the element `start_at`, `height` high."""
        page.evaluate("document.fonts.ready")
        whole = int(page.evaluate("document.documentElement.scrollHeight"))
        top = 0
        if start_at:
            box = page.locator(start_at).first.bounding_box()
            if box is None:
                raise SystemExit(f"{name}: there is no {start_at} on {page.url}")
            top = max(0, int(box["y"] + page.evaluate("window.scrollY")) - 24)
        raw = page.screenshot(
            full_page=True,
            clip={"x": 0, "y": top, "width": WIDTH, "height": min(height or whole, whole - top)},
        )
        picture = Image.open(io.BytesIO(raw)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        path = self.out / f"{name}.png"
        picture.save(path, optimize=True)
        sys.stdout.write(f"{path} {path.stat().st_size // 1024} kB\n")


def contract_link(page: Page, title: str) -> str:
    return str(page.locator("main a", has_text=title).first.get_attribute("href"))


def reading(camera: Photographer) -> None:
    page = camera.browser.new_context(viewport={"width": WIDTH, "height": 900}).new_page()
    camera.go(page, "/account/login/")
    camera.take(page, "sign-in", height=620)

    page = camera.sign_in("coordinator")
    camera.go(page, "/dashboard/")
    camera.take(page, "dashboard", height=2350)
    camera.take(page, "dashboard-needs-you", height=1000)
    camera.take(page, "dashboard-figures", height=450, start_at="h2#figures")
    camera.go(page, "/contracts/")
    camera.take(page, "contracts", height=1000)
    camera.go(page, "/contracts/?q=DEMO-032")
    camera.go(page, contract_link(page, "Security guarding"))
    camera.take(page, "contract", height=1150)
    camera.go(page, "/contracts/expiring/")
    camera.take(page, "ending-soon", height=900)
    camera.go(page, "/spend/")
    camera.take(page, "spend", height=1100)
    camera.go(page, "/spend/unknown/")
    camera.take(page, "unknown", height=900)
    camera.go(page, "/spend/exclusions/")
    camera.take(page, "not-contestable", height=800)
    camera.go(page, "/quarters/")
    camera.take(page, "quarters", height=800)
    camera.go(page, "/reports/closing/")
    camera.take(page, "closing-board", height=1700)
    camera.go(page, "/reports/boards/officers/")
    camera.take(page, "board", height=2000)
    camera.go(page, "/reports/measures/social-value-verified/why/")
    camera.take(page, "why-it-moved", height=2100)


def editing(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/contracts/new/")
    camera.take(page, "contract-form", height=1000)

    camera.go(page, "/contracts/?q=DEMO-058")
    edit = contract_link(page, "Occupational health") + "edit/"
    other = camera.sign_in("star-officer")
    camera.go(page, edit)
    camera.go(other, edit)
    first = other.locator("[name=extension_options]")
    before = first.input_value()
    first.fill("Two extensions of 12 months each, agreed with the service")
    other.locator("main form button[type=submit]").last.click()
    other.wait_for_load_state()
    page.locator("[name=extension_options]").fill("One extension of 12 months")
    page.locator("main form button[type=submit]").last.click()
    page.get_by_text("Someone else saved this").first.wait_for(timeout=10_000)
    camera.take(page, "two-people", height=800)
    camera.go(other, edit)
    other.locator("[name=extension_options]").fill(before)
    other.locator("main form button[type=submit]").last.click()
    other.wait_for_load_state()


def importing(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/imports/new/")
    camera.take(page, "import-new", height=1000)
    page.get_by_label("Contracts, from any table").check()
    page.locator("input[type=file]").set_input_files(
        {"name": "register.csv", "mimeType": "text/csv", "buffer": TABLE.encode()}
    )
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()
    camera.take(page, "import-columns", height=1150)
    page.locator("main form button[type=submit]").last.click()
    page.get_by_text("What would change").first.wait_for(timeout=60_000)
    camera.go(page, page.url.removeprefix(camera.site).split("?")[0].split("#")[0])
    address = page.url
    camera.take(page, "import-preview", height=1240)
    page.locator(".sv-import-tabs a", has_text="Rejected").click()
    page.wait_for_load_state()
    camera.take(page, "import-rejected", height=500, start_at="#rows")
    page.goto(address.split("?")[0].split("#")[0] + "cancel/")
    page.locator("main form button[type=submit]").last.click()
    page.wait_for_load_state()


def administering(camera: Photographer) -> None:
    page = camera.sign_in("administrator")
    camera.go(page, "/account/people/invite/")
    camera.take(page, "invite", height=1000)


def promising(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/measures/")
    camera.go(page, contract_link(page, "Local residents employed"))
    camera.take(page, "measure", height=1250)
    camera.go(page, "/contracts/tenders/")
    camera.go(page, contract_link(page, "Cleaning of council buildings"))
    camera.take(page, "tender", height=1050)
    camera.go(page, "/contracts/?q=DEMO-050")
    camera.go(page, contract_link(page, "Mental health support") + "mobilisation/")
    camera.take(page, "mobilisation", height=950)


def reporting(camera: Photographer) -> None:
    page = camera.sign_in("supplier")
    camera.go(page, "/supplier/")
    camera.take(page, "supplier-home", height=1150)
    camera.go(page, contract_link(page, "Cleaning of council buildings: return for"))
    address = page.url.removeprefix(camera.site)
    camera.take(page, "supplier-return", height=1150)
    camera.go(page, address + "workbook/")
    camera.take(page, "supplier-workbook", height=700)
    camera.go(page, address + "check/")
    camera.take(page, "supplier-check", height=1250)
    camera.go(page, "/supplier/returns/?q=DEMO-001")
    camera.go(
        page,
        str(page.locator("main tr", has_text="Sent back").locator("a").first.get_attribute("href")),
    )
    camera.take(page, "supplier-sent-back", height=900)
    camera.go(page, "/supplier/bids/")
    camera.go(page, contract_link(page, "Security guarding"))
    camera.take(page, "bid", height=1050)


def verifying(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/verification/")
    camera.take(page, "verification", height=1000)
    camera.go(page, contract_link(page, "Early years speech"))
    camera.take(page, "verify-lines", height=1250)
    camera.go(page, "/contracts/?q=DEMO-028")
    camera.go(page, contract_link(page, "Leisure centre improvement") + "pacing/")
    camera.take(page, "pacing", height=1150)
    camera.go(page, "/ratings/")
    camera.go(page, contract_link(page, "Highway resurfacing"))
    camera.take(page, "rating", height=900)
    camera.go(page, "/contracts/?q=DEMO-001")
    camera.go(page, contract_link(page, "Cleaning of council buildings") + "social-value/")
    camera.take(page, "contract-social-value", height=1250)
    camera.go(page, "/portfolio/")
    camera.take(page, "portfolio", height=1350)


def matching(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/needs/coverage/")
    camera.take(page, "needs-coverage", height=1500)
    camera.go(page, contract_link(page, "Work taster days"))
    need = page.url.removeprefix(camera.site)
    camera.go(page, need + "matches/")
    page.locator("details").first.evaluate("element => { element.open = true }")
    camera.take(page, "needs-matches", height=1300)
    camera.go(page, str(page.locator("main a[href*='/propose/']").nth(1).get_attribute("href")))
    camera.take(page, "needs-propose", height=1050)
    camera.go(page, need + "ask/")
    camera.take(page, "needs-ask", height=1250)


def checking(camera: Photographer) -> None:
    """As a visitor, who signs in nowhere."""
    context = camera.browser.new_context(
        viewport={"width": WIDTH, "height": 900}, reduced_motion="reduce", locale="en-GB"
    )
    page = context.new_page()
    camera.go(page, "/reports/editions/")
    camera.take(page, "published-reports", height=800)
    page.locator("main table a", has_text="STAR quarterly report").first.click()
    page.wait_for_load_state()
    camera.take(page, "edition", height=1150)
    page.locator("main a", has_text="£").first.click()
    page.wait_for_load_state()
    camera.take(page, "figure", height=1250)


def mailing(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/reports/mailings/")
    camera.take(page, "mailings-home", height=1300)
    camera.go(page, "/reports/mailings/rehearsal/")
    camera.take(page, "mailings-rehearsal", height=1250)
    camera.go(page, "/reports/mailings/log/?state=doubt")
    camera.go(page, str(page.locator("main tbody a").first.get_attribute("href")))
    camera.take(page, "mailings-doubt", height=1100)
    camera.go(page, "/reports/by-email/")
    camera.take(page, "mailings-sign-up", height=900)
    camera.go(page, "/reports/mailings/")
    camera.go(
        page, str(page.locator("main a", has_text="How it reads").first.get_attribute("href"))
    )
    camera.go(page, str(page.locator("main a", has_text="mail programs").get_attribute("href")))
    camera.take(page, "mailings-message", height=1250)


def publishing(camera: Photographer) -> None:
    page = camera.sign_in("coordinator")
    camera.go(page, "/reports/editions/")
    camera.go(page, contract_link(page, "Social value in Trafford 20"))
    camera.take(page, "annual-report", height=1500)
    camera.go(page, "/reports/committee-papers/")
    camera.go(page, str(page.locator("main table a").first.get_attribute("href")) + "edit/")
    page.locator("main details").first.evaluate("element => { element.open = true }")
    camera.take(page, "committee-paper", height=1700)


PARTS: dict[str, Callable[[Photographer], None]] = {
    part.__name__: part
    for part in (
        reading, editing, importing, administering, promising, reporting, verifying, matching,
        checking, mailing,
        reading,
        editing,
        importing,
        administering,
        promising,
        reporting,
        verifying,
        matching,
        publishing,
    )
}  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description="Takes the pictures of the guides.")
    parser.add_argument("--site", default="http://127.0.0.1:8000", help="a running demo site")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "images")
    parser.add_argument("--parts", nargs="*", choices=PARTS, help="only these")
    options = parser.parse_args()
    found = next((path for name in BROWSERS if (path := shutil.which(name))), None)
    if found is None:
        raise SystemExit(f"No browser found. Install one of: {', '.join(BROWSERS)}.")
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=found, args=["--no-sandbox", "--disable-gpu"]
        )
        camera = Photographer(browser, options.site, options.out)
        for name in options.parts or PARTS:
            PARTS[name](camera)
        browser.close()


if __name__ == "__main__":
    main()

"""The gallery is whole, the colours can be read, the styles hold what the policy allows."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import reverse

from trafford_sv.core.charts.drawing import LOOKS, MUTED, WHITE
from trafford_sv.core.views import errors

ROOT = Path(settings.BASE_DIR)
CSS = (ROOT / "static/css/app.css").read_text()
TOKENS = dict(
    re.findall(
        r"^\$([\w-]+): (#[0-9a-f]{6});", (ROOT / "static/scss/_settings.scss").read_text(), re.M
    )
)


class Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.tags.append((tag, values))
        if values.get("id"):
            self.ids.append(values["id"])  # type: ignore[arg-type]

    handle_startendtag = handle_starttag


@pytest.fixture
def gallery(client, db) -> str:
    response = client.get(reverse("styleguide"))
    assert response.status_code == 200
    return response.content.decode()


def test_the_gallery_is_open_to_anyone_and_asks_the_database_nothing(
    client, django_assert_num_queries, db
):
    with django_assert_num_queries(0):
        client.get(reverse("styleguide"))


def test_every_part_is_in_the_gallery(gallery, client):
    """Each template in components/ is drawn, except those that frame a page or a real record."""
    elsewhere = {"list_page.html", "messages.html", "history.html", "link_page.html"}
    drawn = {
        template.name.removeprefix("components/")
        for template in client.get(reverse("styleguide")).templates
        if template.name and template.name.startswith("components/")
    }
    there = {path.name for path in (ROOT / "templates/components").glob("*.html")}
    assert there - drawn - elsewhere == set()


def test_every_part_says_what_it_needs():
    for path in (ROOT / "templates/components").glob("*.html"):
        first_lines = "".join(path.read_text().splitlines(True)[:3])
        assert re.search(r"\{#.*|\{% comment", first_lines), f"{path.name} has no comment on top"


def test_ids_are_unique_and_every_reference_finds_its_target(gallery):
    page = Page(gallery)
    assert len(page.ids) == len(set(page.ids))
    for tag, attributes in page.tags:
        for name in ("for", "aria-describedby", "aria-labelledby", "aria-controls"):
            for target in (attributes.get(name) or "").split():
                assert target in page.ids, f"<{tag} {name}={target}>"
        href = attributes.get("href") or ""
        if href.startswith("#"):
            assert href[1:] in page.ids, href


def test_nothing_in_it_would_be_refused_by_the_content_policy(gallery):
    page = Page(gallery)
    assert not [tag for tag, attributes in page.tags if "style" in attributes or tag == "style"]
    assert not [a for tag, a in page.tags if any(name.startswith("on") for name in a)]
    assert all(a.get("src") for tag, a in page.tags if tag == "script")


def test_headings_go_down_one_step_at_a_time(gallery):
    levels = [int(tag[1]) for tag, _ in Page(gallery).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels.count(1) == 1
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in zip(levels, levels[1:], strict=False))


def test_every_picture_has_a_name(gallery):
    for tag, attributes in Page(gallery).tags:
        if tag == "svg":
            assert attributes.get("role") == "img" or attributes.get("aria-hidden") == "true"
        if tag == "img":
            assert "alt" in attributes


def luminance(colour: str) -> float:
    def part(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.03928 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (part(int(colour[at : at + 2], 16)) for at in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    high, low = sorted((luminance(one), luminance(two)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_black_on_white_is_21():
    assert round(contrast("#000000", "#ffffff"), 2) == 21


@pytest.mark.parametrize(
    "name", ["ink", "muted", "brand", "brand-dark", "amber", "good", "warning", "bad", "visited"]
)
def test_text_colours_can_be_read_on_every_ground(name):
    for ground in ("surface", "canvas", "tint"):
        assert contrast(TOKENS[name], TOKENS[ground]) >= 4.5, f"{name} on {ground}"


def test_the_text_of_every_tag_can_be_read():
    found = re.findall(r"\.sv-tag--(\w+)\{background:(#\w+);color:(#\w+)\}", CSS)
    assert {name for name, _, _ in found} >= {"neutral", "info", "good", "warning", "bad"}
    for name, ground, text in found:
        assert contrast(text, ground) >= 4.5, name


def test_chart_text_can_be_read_and_shapes_can_be_seen():
    for paint, look in LOOKS.items():
        ground = WHITE if look.pattern or look.fill == "none" else look.fill
        assert contrast(look.text, ground) >= 4.5, paint
        edge = MUTED if look.stroke == WHITE else look.stroke
        # A dark class has a white edge to its neighbours; its own fill stands out from the page.
        seen = max(contrast(edge, WHITE), contrast(ground, WHITE))
        assert seen >= 3, paint


def test_the_focus_is_seen_on_every_ground():
    assert contrast(TOKENS["focus"], TOKENS["ink"]) >= 4.5


def test_the_styles_were_compiled_from_the_source():
    for name in ("brand", "ink", "canvas", "focus"):
        colour = TOKENS[name]
        short = f"#{colour[1]}{colour[3]}{colour[5]}"
        assert colour in CSS or (colour[1::2] == colour[2::2] and short in CSS), name
    assert "sv-figure" in CSS


def test_the_styles_hold_no_mark_of_the_government_and_fetch_only_our_fonts():
    assert not re.search(r"gds.?transport|crest|crown|govuk-logo", CSS, re.IGNORECASE)
    for url in re.findall(r"url\(([^)]*)\)", CSS):
        path = url.strip("\"'")
        assert (ROOT / "static/css" / path).resolve().is_file(), path
        assert path.startswith("../fonts/atkinson-hyperlegible")


def test_scripts_import_files_that_are_there():
    for script in (ROOT / "static/js").glob("*.js"):
        for path in re.findall(r'from "(\.[^"]+)"', script.read_text()):
            assert (script.parent / path).resolve().is_file()
        assert "sourceMappingURL" not in script.read_text()
    vendored = ROOT / "static/vendor/govuk-frontend"
    assert "sourceMappingURL" not in (vendored / "govuk-frontend.min.js").read_text()
    assert "MIT" in (vendored / "LICENSE.txt").read_text()
    assert "OFL" in (ROOT / "static/fonts/OFL.txt").read_text()


def test_the_vendored_script_and_the_markup_are_of_the_same_release():
    assert '"6.3.0"' in (ROOT / "static/vendor/govuk-frontend/govuk-frontend.min.js").read_text()
    assert '"govuk-frontend": "6.3.0"' in (ROOT / "package.json").read_text()


@pytest.mark.parametrize(
    ("view", "status"),
    [
        (errors.bad_request, 400),
        (errors.forbidden, 403),
        (errors.not_found, 404),
        (errors.too_many_requests, 429),
        (errors.server_error, 500),
    ],
)
def test_an_error_page_says_what_to_do_next(view, status, rf: RequestFactory):
    from django.contrib.auth.models import AnonymousUser

    request = rf.get("/somewhere/")
    request.user = AnonymousUser()
    response = view(request)
    assert response.status_code == status
    page = Page(response.content.decode())
    main = response.content.decode().split("<main")[1].split("</main>")[0]
    assert main.count("<h1") == 1
    assert main.count("<p") >= 2
    assert any(tag == "a" and a.get("href", "").startswith("/") for tag, a in page.tags)


def test_the_page_for_our_own_faults_needs_nothing_that_may_be_broken(rf):
    """No database (this test has none), no user on the request, no context processor."""
    response = errors.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"Something went wrong on our side" in response.content


def test_it_comes_out_even_without_its_template(rf, settings):
    templates = [dict(settings.TEMPLATES[0])]
    templates[0]["DIRS"] = []
    settings.TEMPLATES = templates
    response = errors.server_error(rf.get("/"))
    assert response.status_code == 500
    assert b"Something went wrong" in response.content

"""What may be put into a page as it is: our own drawings, and nothing that could run or fetch."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from django.template import Context, Template
from django.template.loader import render_to_string
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from reporting.datasets import Drawing
from reporting.rendering import Sheet, sections_of
from reporting.rendering.drawings import NotPlain, plain_drawing
from reporting.selectors.annual.maturity import svg_of
from tests.core.test_radar import Reach, radar
from tests.reporting.datasets import make_dataset
from trafford_sv.core.views.styleguide import wards

OURS = re.compile(r'<svg class="sv-chart__svg.*?</svg>', re.S)


def svg(inside: str = "", attributes: str = "") -> str:
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 9 9" {attributes}>{inside}</svg>'


@pytest.mark.django_db
def test_every_kind_of_drawing_of_ours_passes_unchanged(client):
    """The style guide shows each kind of chart; the map and the radar are as the annual report has them."""
    drawings = OURS.findall(client.get(reverse("styleguide")).text)
    assert len(drawings) >= 6
    drawings.append(
        render_to_string("components/ward_map_drawing.html", {"map": wards(), "is_document": True})
    )
    drawings.append(svg_of(radar(Reach("A & B <agreed>", [0, 1, 2, 3, 4, None, 1]))))
    for drawing in drawings:
        assert plain_drawing(drawing) == drawing
        shown = Template("{{ svg }}").render(Context({"svg": plain_drawing(drawing)}))
        assert shown == drawing


@pytest.mark.parametrize(
    "wrong",
    [
        "",
        "no drawing",
        "<p>words</p>",
        svg("<script>alert(1)</script>"),
        svg("<path d='M0 0'>"),
        svg() + "<script>alert(1)</script>",
        svg(attributes="onload='alert(1)'"),
        svg("<path d='M0 0' onclick='alert(1)'/>"),
        svg("<rect style='fill:red'/>"),
        svg("<style>rect { fill: red }</style>"),
        svg("<image href='https://elsewhere.example/a.png'/>"),
        svg("<a href='javascript:alert(1)'><text>words</text></a>"),
        svg("<use href='#a'/>"),
        svg("<foreignObject><p xmlns='http://www.w3.org/1999/xhtml'>words</p></foreignObject>"),
        svg("<animate attributeName='x'/>"),
        svg("<rect fill='url(https://elsewhere.example/#a)'/>"),
        svg("<rect fill='url(&#35;a) url(//elsewhere.example)'/>"),
        svg("<rect stroke='URL (//elsewhere.example)'/>"),
        svg("<path xmlns:xlink='http://www.w3.org/1999/xlink' xlink:href='#a'/>"),
        svg("<title><img src='x'/></title>"),
        svg("<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>"),
        svg("<script xmlns='http://www.w3.org/1999/xhtml'>alert(1)</script>"),
        svg("<svg></svg>"),
        svg("<!-- --><title>words</title>"),
        svg("<title><![CDATA[</title><script>alert(1)</script>]]></title>"),
        "<?xml-stylesheet href='//elsewhere.example/a.css'?>" + svg(),
        "<!DOCTYPE svg [<!ENTITY a 'aaaa'>]>" + svg("<title>&a;</title>"),
        svg("<title>&a;</title>"),
        "<svg><title>of no namespace</title></svg>",
    ],
)
def test_what_is_not_a_plain_drawing_is_refused(wrong):
    with pytest.raises(NotPlain):
        plain_drawing(wrong)


@given(st.text(max_size=60))
def test_any_words_escaped_pass_and_any_words_as_they_are_bring_no_element(words):
    escaped = Template('<svg xmlns="http://www.w3.org/2000/svg"><title>{{ words }}</title></svg>')
    try:
        assert plain_drawing(escaped.render(Context({"words": words})))
    except NotPlain as error:  # signs that no XML may hold
        assert "not well formed" in str(error)
    raw = svg(f"<title>{words}</title>")
    try:
        passed = plain_drawing(raw)
    except NotPlain:
        return
    assert passed.count("<") == 4


def test_an_edition_shows_its_drawing_as_it_is_and_none_that_is_not_plain():
    def shown(drawing: str) -> str:
        made = make_dataset()
        block = Drawing("a-drawing", "Title", "In words", drawing, None)
        section = replace(made.sections[0], blocks=(block,))
        sheet = Sheet(replace(made, sections=(section,)), "ab" * 32, "https://example.org/r/")
        return sections_of(sheet)[0].blocks[0].svg

    good = svg("<title>A map</title>")
    for name in ("reporting/_edition_block.html", "documents/_edition_block.html",
                 "documents/_annual_block.html"):  # fmt: skip
        block = {"kind": "drawing", "title": "T", "alternative": "A", "svg": shown(good)}
        text = Template(f'{{% include "{name}" %}}').render(Context({"block": block}))
        assert good in text
        text = Template(f'{{% include "{name}" %}}').render(
            Context({"block": {**block, "svg": good}})
        )
        assert "<svg" not in text, "only what came through the door is put in as it is"
    with pytest.raises(NotPlain):
        shown(svg("<script>alert(1)</script>"))

"""PDFs: conformance by an independent validator, and nothing from outside."""

from __future__ import annotations

import gc
from collections import Counter
from typing import Any

import page as validator
import pytest
from django.template import engines
from weasyprint import HTML, css
from weasyprint.formatting_structure.boxes import TextBox
from weasyprint.html import UA_STYLESHEET

from trafford_sv.core import documents
from trafford_sv.core.documents import OutsideFile, render_pdf, without_collector

BODY = """{% extends "documents/base.html" %}{% block content %}
<h2 id="one">Jobs</h2><p>Some words, £1,234.50, and Łódź.</p>
<table><caption>Promised</caption><thead><tr><th scope="col">What</th>
<th scope="col" class="doc-number">Pounds</th></tr></thead>
<tbody><tr><th scope="row">Hours</th><td class="doc-number">12.00</td></tr></tbody></table>
{% endblock %}"""


@pytest.fixture
def templates(settings: Any, tmp_path: Any) -> Any:
    """A folder of templates of the test's own, before the product's."""
    settings.TEMPLATES = [
        {**settings.TEMPLATES[0], "DIRS": [tmp_path, *settings.TEMPLATES[0]["DIRS"]]}
    ]
    engines.__dict__.pop("templates", None)
    engines._engines.clear()
    yield tmp_path
    engines.__dict__.pop("templates", None)
    engines._engines.clear()


def problems(pdf: bytes) -> list[str]:
    """What an independent PDF/UA-1 validator objects to."""
    report = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
    return [str(failure) for failure in report.failures]


def test_a_document_with_contents_headings_and_a_table_is_pdf_ua_1(templates: Any) -> None:
    (templates / "doc.html").write_text(BODY)
    context = {
        "title": "A report", "subtitle": "April to June 2026", "kicker": "Trafford Council",
        "has_cover": True, "has_contents": True, "contents": [("one", "Jobs")],
    }  # fmt: skip
    pdf = render_pdf(template="doc.html", context=context)
    assert pdf.startswith(b"%PDF-") and problems(pdf) == []
    # The judge can say no: the same words without tags.
    assert problems(HTML(string="<h1>A report</h1>").write_pdf()) != []


def test_a_document_without_a_title_is_refused(templates: Any) -> None:
    (templates / "doc.html").write_text(BODY)
    with pytest.raises(ValueError, match="title"):
        render_pdf(template="doc.html", context={})


@pytest.mark.parametrize(
    "address",
    ["file:///etc/passwd", "http://127.0.0.1/x.png", "/css/../../manage.py", "/images/gone.svg"],
)
def test_a_document_reads_no_file_but_the_products_own(templates: Any, address: str) -> None:
    (templates / "doc.html").write_text(BODY.replace("<h2", f'<img alt="A" src="{address}"><h2'))
    with pytest.raises(OutsideFile):
        render_pdf(template="doc.html", context={"title": "A report"})


def test_the_collector_rests_while_a_document_is_drawn_and_runs_again_after(templates: Any) -> None:
    (templates / "doc.html").write_text(BODY.replace("Some words", "{{ collects }}"))

    class Asked:
        def __str__(self) -> str:
            return "on" if gc.isenabled() else "off"

    assert gc.isenabled()
    with without_collector():
        assert str(Asked()) == "off"
        with without_collector():
            pass
        assert str(Asked()) == "off"  # whoever put it to rest wakes it
    assert str(Asked()) == "on"
    (templates / "broken.html").write_text(BODY.replace("<h2", '<img alt="A" src="/no.png"><h2'))
    with pytest.raises(OutsideFile):
        render_pdf(template="broken.html", context={"title": "A report"})
    assert gc.isenabled()


LISTS = """{% extends "documents/base.html" %}{% block content %}
<h2 id="one">Jobs</h2><ul><li>One<ol><li>Two</li></ol></li></ul><p>Three <a href="https://a.example/">four</a></p>
{% endblock %}"""


def test_no_element_carries_styles_of_notes_and_markers_and_it_looks_the_same(
    templates: Any, monkeypatch: Any
) -> None:
    """They were a fifth of a report's memory and time."""
    (templates / "doc.html").write_text(
        BODY.replace("{% endblock %}", "") + LISTS.split("\n", 1)[1]
    )
    made: Counter[str] = Counter()
    begin = css.ComputedStyle.__init__

    def counted(self: Any, parent: Any, cascaded: Any, pseudo: Any, *rest: Any) -> None:
        made[str(pseudo)] += 1
        begin(self, parent, cascaded, pseudo, *rest)

    monkeypatch.setattr(css.ComputedStyle, "__init__", counted)
    context = {"title": "A report", "has_contents": True, "contents": [("one", "Jobs")]}
    ours = render_pdf(template="doc.html", context=context)
    # A line of contents and two of lists.
    assert made["marker"] == 3 and not [name for name in made if "note-" in name and name[0] != "@"]
    made.clear()
    monkeypatch.setattr(documents, "_plain_sheet", lambda: UA_STYLESHEET)
    assert render_pdf(template="doc.html", context=context) == ours
    assert made["footnote-call"] == made["marker"] > 20


TABLE_AT = """{% extends "documents/base.html" %}{% block content %}<div style="height:{{ height }}pt"></div>
<table class="doc-whole"><caption>Promised</caption><thead><tr><th scope="col">What</th></tr></thead>
<tbody><tr><th scope="row">Hours</th></tr><tr><th scope="row">Days</th></tr></tbody></table>{% endblock %}"""


def test_a_caption_stays_with_its_table(templates: Any, monkeypatch: Any) -> None:
    """Wherever the table falls on its page."""
    (templates / "doc.html").write_text(TABLE_AT)
    drawn, render = [], HTML.render

    def kept(*args: Any, **options: Any) -> Any:
        drawn.append(render(*args, **options))
        return drawn[-1]

    monkeypatch.setattr(HTML, "render", kept)
    for height in range(520, 660, 12):
        render_pdf(template="doc.html", context={"title": "A report", "height": height})
    places = set()
    for document in drawn:
        found = [
            number
            for number, page in enumerate(document.pages)
            for box in page._page_box.descendants()
            if isinstance(box, TextBox) and box.text in ("Promised", "Hours")
        ]
        assert len(found) == 2 and found[0] == found[1]
        places.add(found[0])
    assert places == {0, 1}

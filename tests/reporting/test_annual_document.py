"""The annual report drawn: PDF/UA-1, without a query, and each printed figure followed to its rows."""

from __future__ import annotations

import datetime
import io
from collections import Counter
from dataclasses import replace
from typing import Any

import page as validator
import pytest
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from PIL import Image
from weasyprint import HTML
from weasyprint.formatting_structure.boxes import TextBox

from contracts.models import Contract, Measure
from reporting.datasets import mentioned, recompute_all
from reporting.rendering import Sheet
from reporting.rendering.pdf import edition_pdf
from reporting.selectors.annual import gather_annual
from tests.factories import make_contract, make_organisation, make_threshold, make_ward
from tests.factories_delivery import Q1, make_commitment, make_line, make_measure, make_return
from tests.factories_needs import make_hub, make_need
from tests.factories_plan import make_action
from tests.reporting.test_annual_figures import NOW, YEAR, story
from tests.reporting.test_edition_api import FIGURE_LINK, unpacked

pytestmark = pytest.mark.django_db
ADDRESS = "http://127.0.0.1:8000/reports/editions/annual/2026-27/1/"


@pytest.fixture
def sheet() -> Sheet:
    """A little of everything, with a story that has a picture."""
    make_threshold()
    for number, quantity in enumerate(("40", "7.5")):
        supplier = make_organisation()
        contract = make_contract(
            value="1000000", awarded_on=datetime.date(2026, 3, 1), suppliers=[supplier],
            start=datetime.date(2026, 4, 1), end=datetime.date(2028, 9, 30),
            stage=Contract.Stage.LIVE, directorate=make_organisation(f"Service {number}", "council_service"),
        )  # fmt: skip
        kind = (Measure.Kind.SOCIAL, Measure.Kind.LOCAL_ECONOMIC)[number]
        promise = make_commitment(
            contract, supplier=supplier, measure=make_measure(value="10", kind=kind)
        )
        make_line(make_return(contract, supplier, Q1), promise, quantity, verified=quantity)
    ward = make_ward(name="Seenward")
    make_hub("A hub", ward)
    make_need(ward, title="A need", open_from=datetime.date(2026, 5, 1))
    make_action(title="Write a guide")
    picture = io.BytesIO()
    Image.new("RGB", (800, 450), "#0b5563").save(picture, "PNG")
    story(picture_alt="Four raised beds.").picture.save("a.png", ContentFile(picture.getvalue()))
    dataset = replace(gather_annual(YEAR, NOW), number=1, published_at="2027-06-01T12:00:00+00:00")
    return Sheet(dataset, "ab" * 32, ADDRESS)


def test_it_is_pdf_ua_1_drawn_without_a_query_and_every_printed_figure_leads_to_its_rows(
    sheet: Sheet, monkeypatch: Any
) -> None:
    copied: Counter[str] = Counter()
    copy = TextBox.copy

    def counted(box: Any) -> Any:
        copied[box.text] += 1
        return copy(box)

    monkeypatch.setattr(TextBox, "copy", counted)
    with CaptureQueriesContext(connection) as asked:
        pdf = edition_pdf(sheet)
    assert len(asked) == 0
    # What fills a line of contents is a box each time: a single space made thousands, a tenth of the memory.
    spaces = sum(number for text, number in copied.items() if text and not text.strip())
    assert 20 < spaces < 60 * (len(sheet.dataset.sections) + 1)
    report = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []
    text = unpacked(pdf)
    linked = {key.decode() for key in FIGURE_LINK.findall(text)}
    printed = set(mentioned(sheet.dataset))
    print(f"{len(linked)} of {len(printed)} printed figures lead to their rows, difference 0")
    assert linked ^ printed == set() and len(printed) > 100
    assert {one.difference for one in recompute_all(sheet.dataset)} == {0}


def test_no_word_stands_outside_its_margins(sheet: Sheet, monkeypatch: Any) -> None:
    """A column that is too narrow lets a long date run out of the page's frame."""
    drawn, render = [], HTML.render

    def kept(*args: Any, **options: Any) -> Any:
        drawn.append(render(*args, **options))
        return drawn[-1]

    monkeypatch.setattr(HTML, "render", kept)
    # Long tables have columns of fixed widths.
    rows = [
        replace(one, rows=one.rows * 12) if one.id == "contracts-over" else one
        for one in sheet.dataset.rows
    ]
    edition_pdf(replace(sheet, dataset=replace(sheet.dataset, rows=tuple(rows))))
    texts, outside = 0, []
    for number, page in enumerate(drawn[0].pages, start=1):
        box = page._page_box
        edge = box.position_x + box.margin_left + box.width
        for one in box.descendants():
            if isinstance(one, TextBox) and one.text.strip():
                texts += 1
                if not box.margin_left - 1 <= one.position_x <= edge + 1 - one.width:
                    outside.append((number, one.text))
    assert texts > 500 and outside == []


def test_it_can_be_drawn_of_nothing(sheet: Sheet) -> None:
    """No figure, no chart, no table has to be there."""
    from contracts.models import ReturnLine

    ReturnLine.objects.all().delete()
    empty = gather_annual(YEAR.__class__(2019), NOW)
    pdf = edition_pdf(Sheet(empty, "", ""))
    report: Any = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []

"""The files: all from the stored text, without a query, as stored ever after."""

from __future__ import annotations

import contextlib
import io
import re
import zipfile
from dataclasses import replace
from decimal import Decimal
from typing import Any

import page as validator
import pytest
from django.core.files.storage import default_storage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reporting.datasets import figure_words
from reporting.models import EditionFile, ReportEdition
from reporting.rendering import Sheet, sections_of
from reporting.rendering.docx import edition_docx
from reporting.rendering.pdf import edition_pdf
from reporting.rendering.xlsx import edition_xlsx
from reporting.services import edition_files
from reporting.services.editions import publish_edition
from trafford_sv.core.services.drawings import MOST_TRIES

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset
from .pdf_checks import compact, said_wrong, wanted_of
from .pdf_reader import Pdf

ADDRESS = "http://127.0.0.1:8000/reports/editions/test-report/2025-26-Q4/1/"


@pytest.fixture
def report() -> Any:
    with kind_that_gathers(
        make_dataset(number=1, published_at="2026-05-04T12:00:00+00:00")
    ) as held:
        yield held


@pytest.fixture
def sheet(report: Any) -> Sheet:
    return Sheet(report[0], "ab" * 32, ADDRESS)


@pytest.mark.django_db
def test_drawing_an_edition_makes_no_query(sheet):
    with CaptureQueriesContext(connection) as asked:
        edition_pdf(sheet)
        edition_docx(sheet)
        edition_xlsx(sheet)
        sections_of(sheet)
    assert len(asked) == 0


def test_the_pdf_is_pdf_ua_1_and_says_each_figure_and_the_hash(sheet):
    pdf = edition_pdf(sheet)
    report = validator.validate_pdf_bytes(pdf, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(one) for one in report.failures] == []
    read = Pdf(pdf)
    assert said_wrong(read, sheet.dataset) == [] and len(wanted_of(sheet.dataset)) == 5
    assert {"£60.05", "40.0%", "notavailable"} <= {compact(link.words) for link in read.links}
    assert sheet.sha256 in compact(read.text)
    assert (read.language, read.title) == ("en-GB", sheet.dataset.title)
    other = replace(sheet.dataset.by_id["reported"], value="151.10")
    changed = replace(sheet.dataset, figures=(other, *sheet.dataset.figures[1:]))
    assert any(one.startswith("reported says") for one in said_wrong(read, changed))


def test_the_word_document_has_headings_header_rows_titles_and_a_language(sheet):
    from docx import Document

    content = edition_docx(sheet)
    document = Document(io.BytesIO(content))
    headings = [
        (one.style.name, one.text) for one in document.paragraphs if "Heading" in one.style.name
    ]
    assert ("Heading 1", "The figures") in headings and ("Heading 2", "The rows") in headings
    xml = zipfile.ZipFile(io.BytesIO(content)).read("word/document.xml").decode()
    assert xml.count("<w:tblHeader") == len(document.tables) == xml.count("<w:tblCaption")
    assert 'w:val="en-GB"' in zipfile.ZipFile(io.BytesIO(content)).read("word/styles.xml").decode()
    assert document.core_properties.title and document.core_properties.language == "en-GB"
    everything = "\n".join(
        [one.text for one in document.paragraphs]
        + [cell.text for table in document.tables for row in table.rows for cell in row.cells]
    )
    for figure in sheet.dataset.figures:
        assert figure_words(figure, "exact") in everything, figure.id
    assert "ab" * 32 in everything


def test_the_workbook_has_the_figures_twice_and_every_row(sheet):
    from python_calamine import CalamineWorkbook

    book = CalamineWorkbook.from_filelike(io.BytesIO(edition_xlsx(sheet)))
    assert book.sheet_names == ["About", "Tables", "Figures", "lines"]
    rows = {row[0]: row for row in book.get_sheet_by_name("Figures").to_python()[1:]}
    for figure in sheet.dataset.figures:
        if figure.value is not None:
            # A cell holds a binary number; its shortest digits are the decimal that was written.
            cells = [Decimal(repr(cell)) for cell in rows[figure.id][2:4]]
            assert cells == [Decimal(figure.value)] * 2, figure.id
    assert len(book.get_sheet_by_name("lines").to_python()) == 5
    formulas = zipfile.ZipFile(io.BytesIO(edition_xlsx(sheet)))
    text = formulas.read("xl/worksheets/sheet3.xml").decode()
    assert re.search(r"SUMIFS\('lines'!\$C\$2:\$C\$5,'lines'!\$B\$2:\$B\$5,\"social\"\)", text)


@pytest.mark.django_db
def test_files_are_made_once_and_stay_as_they_are(report):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    assert edition_files.make_waiting_files(by=None, now=NOW) == 4
    stored = {one.format: one for one in edition.files.all()}
    assert stored["json"].sha256 == edition.sha256
    assert {one.state for one in stored.values()} == {EditionFile.State.MADE}
    for one in stored.values():
        with default_storage.open(one.file.name) as file:
            assert len(file.read()) == one.size_bytes
    assert edition_files.make_files(edition=edition, by=None, now=NOW) == 0
    assert {one.format: one.sha256 for one in edition.files.all()} == {
        name: one.sha256 for name, one in stored.items()
    }


@pytest.mark.django_db
def test_a_file_that_cannot_be_made_says_why_and_can_be_tried_again(report, monkeypatch):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)

    def fail(sheet: Sheet) -> bytes:
        raise ValueError("a picture is gone")

    monkeypatch.setitem(edition_files.DRAW, "docx", fail)
    for _ in range(MOST_TRIES):
        edition_files.make_waiting_files(by=None, now=NOW)
    file = edition.files.get(format="docx")
    assert (file.state, file.failure) == ("failed", "a picture is gone")
    monkeypatch.undo()
    assert edition_files.try_again(edition=edition, by=None, now=NOW) == 1
    assert edition_files.make_waiting_files(by=None, now=NOW) == 1


@pytest.mark.django_db
def test_two_workers_at_one_file_leave_one_file(report, monkeypatch):
    edition = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    draw = edition_files.DRAW["xlsx"]

    def while_another_does(sheet: Sheet) -> bytes:
        monkeypatch.setitem(edition_files.DRAW, "xlsx", draw)
        edition_files.make_files(edition=ReportEdition.objects.get(), by=None, now=NOW)
        return draw(sheet)

    monkeypatch.setitem(edition_files.DRAW, "xlsx", while_another_does)
    edition_files.make_files(edition=edition, by=None, now=NOW)
    stem = edition.file_stem
    kept = [name for name in default_storage.listdir("editions")[1] if name.startswith(stem)]
    used = {one.file.name.rpartition("/")[2] for one in edition.files.all()}
    assert used <= set(kept) and len([n for n in kept if n.endswith("xlsx") and n in used]) == 1


@pytest.mark.django_db
def test_a_file_that_kills_its_worker_holds_up_no_other_edition(report, monkeypatch):
    bad = publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)
    report[0] = replace(report[0], subtitle="Corrected")
    good = publish_edition(
        kind="test-report", period=QUARTER, number=2, what_changed="More.", by=None, now=NOW
    )
    draw = edition_files.DRAW["pdf"]

    class Killed(BaseException):
        """As a worker that runs out of memory: nothing after it is run."""

    def kill(sheet: Sheet) -> bytes:
        if sheet.dataset.number == 1:
            raise Killed
        return draw(sheet)

    monkeypatch.setitem(edition_files.DRAW, "pdf", kill)

    def run(times: int) -> None:
        for _ in range(times):
            with contextlib.suppress(Killed):
                edition_files.make_waiting_files(by=None, now=NOW, most=1)

    run(2)
    assert {one.state for one in good.files.all()} == {"made"}
    run(MOST_TRIES)
    dead = bad.files.get(format="pdf")
    assert (dead.state, dead.tries) == ("failed", MOST_TRIES) and "cut off" in dead.failure
    assert {one.state for one in bad.files.exclude(format="pdf")} == {"made"}

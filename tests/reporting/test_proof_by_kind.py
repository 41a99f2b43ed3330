"""Every kind of report, published from real rows: each printed figure followed, and the PDF read as a reader reads it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import page as validator
import pytest

from reporting import editions
from reporting.models import ReportEdition
from reporting.rendering import sections_of
from reporting.services.edition_files import sheet_of
from tests.api.conftest import client_of  # noqa: F401 - a fixture

from .pdf_checks import (
    FIGURE,
    compact,
    contents_wrong,
    described_wrong,
    figures_linked,
    figures_printed,
    marked_wrong,
    said_wrong,
    wanted_of,
)
from .pdf_reader import Link, Pdf
from .real_editions import PERIODS, a_small_council, publish
from .test_edition_api import prove

pytestmark = pytest.mark.django_db


def test_every_registered_kind_is_proved_here():
    assert {kind.key for kind in editions.kinds()} == set(PERIODS)


@pytest.fixture(params=sorted(PERIODS))
def edition(request: Any) -> Iterator[ReportEdition]:
    a_small_council()
    yield publish(request.param)


def test_each_printed_figure_is_followed_and_said_in_a_pdf_that_anybody_can_read(
    edition,
    client_of,  # noqa: F811
):
    """One drawing of each kind serves every check, as drawing is what takes its time."""
    printed, held = prove(client_of("auditor"), edition)
    dataset = edition.dataset()
    wanted = wanted_of(dataset)
    assert printed == len(wanted) > 10
    print(f"{edition.kind}: {printed} of {len(wanted)} printed figures ({held} held), difference 0")
    with edition.files.get(format="pdf").file.open("rb") as stored:
        content = stored.read()
    report = validator.validate_pdf_bytes(content, profile=validator.ValidationProfile.PDF_UA_1)
    assert [str(failure) for failure in report.failures] == []
    pdf = Pdf(content)
    # Each place where the report prints a figure is a link with its id: one that lost it is missed here,
    # also where the same figure keeps its id elsewhere.
    places = figures_printed(dataset, sections_of(sheet_of(edition)))
    linked = figures_linked(pdf, dataset)
    assert sum(linked.values()) == places >= printed and set(linked) == wanted
    print(f"{edition.kind}: {places} of {places} places where a figure is printed lead to it")
    assert said_wrong(pdf, dataset) == []
    assert edition.sha256 in compact(pdf.text)
    assert (pdf.language, pdf.title) == ("en-GB", dataset.title)
    assert edition.kind != "annual" or 20 <= len(pdf.pages) <= 60
    assert marked_wrong(pdf, sections_of(sheet_of(edition))) == []
    assert described_wrong(pdf, dataset) == []
    has_contents = edition.kind != "committee-paper"  # as the Council lays out its reports
    assert contents_wrong(pdf) == ([] if has_contents else ["0 lines of contents"])
    # And it can fail: another value in a link, a page that moved, a text that is gone.
    place = next(n for n, one in enumerate(pdf.links) if FIGURE.search(one.target))
    pdf.links[place] = Link(pdf.links[place].target, "£9,999")
    assert any("says “£9,999”" in one for one in said_wrong(pdf, dataset))
    pdf.places = {name: number + 1 for name, number in pdf.places.items()}
    assert contents_wrong(pdf)

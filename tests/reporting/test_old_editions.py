"""Editions of every schema number so far still open, draw and add up.

The samples are kept as they were published. A change that makes one fail needs a new schema number
and an upgrade in `reporting/datasets/canonical.py`, never another sample under the old number.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from html import unescape
from pathlib import Path
from typing import Any

import pytest

from reporting.datasets import (
    canonical,
    canonical_json,
    figure_words,
    mentioned,
    problems,
    read_dataset,
    recompute_all,
)
from reporting.edition_folder import check_folder, folder_of
from reporting.editions import kind_of, kinds
from reporting.models import ReportEdition
from reporting.rendering import Sheet, sections_of
from reporting.rendering.docx import edition_docx
from reporting.rendering.pdf import edition_pdf
from reporting.rendering.xlsx import edition_xlsx

SAMPLES = Path(__file__).parent / "samples"
HASHES = {1: "89cd474eaa92057bc7ea25ac54e5bdfeb6368196884d293dd557183bad642300"}
# Of each kind a real text: an invented council's, with everything that the kind can hold.
REAL = {
    "annual": "6138bebc497ffa982415620c9b2e88df19c2fb4e17d30fa761328d19373b6a34",
    "committee-paper": "188b5c93f751e3127a33f8dc9c59f1cf2d7ca6f38efa0a9d16c8f7b59f6530d9",
    "star-quarterly": "4f019fe5ecbf15847d2e2d4e51b8a9ea25853dd195d1070b716c590249e80590",
    "steering-pack": "50b31989c7b23144732c264d96fe019604622fdaf8beecb60d83b9cdab35c878",
}


@pytest.mark.parametrize("schema", sorted(HASHES))
def test_a_sample_of_each_schema_opens_draws_and_adds_up(schema):
    content = (SAMPLES / f"edition_schema_{schema}.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == HASHES[schema]
    dataset = read_dataset(content.decode())
    assert problems(dataset) == []
    assert {one.difference for one in recompute_all(dataset)} == {Decimal(0)}
    sheet = Sheet(dataset, HASHES[schema], "https://example.org/e/")
    assert sections_of(sheet)
    assert edition_pdf(sheet).startswith(b"%PDF")
    assert edition_docx(sheet).startswith(b"PK") and edition_xlsx(sheet).startswith(b"PK")
    found = check_folder(folder_of(content.decode(), {}), published=HASHES[schema])
    assert found.holds and found.recomputed == len(dataset.figures)


def test_every_schema_number_has_its_sample():
    assert set(HASHES) == set(range(1, canonical.SCHEMA + 1))


def test_no_default_has_changed_under_the_number_that_stands():
    """A field at its default is left out of the text, so another default would be another meaning."""
    text = (SAMPLES / f"edition_schema_{canonical.SCHEMA}.json").read_text()
    assert canonical_json(read_dataset(text)) == text


def test_an_older_schema_is_read_through_its_upgrade(monkeypatch):
    """As it will be with the next number: what was called `headline` became `headlines`."""

    def upgrade(plain: dict[str, Any]) -> dict[str, Any]:
        return {
            **{name: value for name, value in plain.items() if name != "headline"},
            "headlines": [plain["headline"]],
        }

    monkeypatch.setattr(canonical, "SCHEMA", 2)
    monkeypatch.setitem(canonical.UPGRADES, 1, upgrade)
    plain = json.loads((SAMPLES / "edition_schema_1.json").read_text())
    plain["headline"] = plain.pop("headlines")[0]
    assert read_dataset(json.dumps(plain)).headlines == ("verified",)


@pytest.mark.parametrize("kind", sorted(REAL))
@pytest.mark.django_db
def test_a_report_of_each_kind_stays_readable_as_it_was_published(kind, client):
    """Invented, with everything that the kind can hold: its page, document and workbook are drawn of its text alone."""
    content = (SAMPLES / f"{kind}_schema_1.json").read_bytes()
    assert hashlib.sha256(content).hexdigest() == REAL[kind]
    text = content.decode()
    dataset = read_dataset(text)
    assert problems(dataset) == [] and {one.difference for one in recompute_all(dataset)} == {0}
    assert canonical_json(dataset) == text
    period = kind_of(kind).parse_period(dataset.period)
    edition = ReportEdition.objects.create(
        kind=kind, financial_year=period.start_year, quarter=getattr(period, "number", None),
        number=1, title=dataset.title, schema=1, dataset_text=text, sha256=REAL[kind],
        published_at=dataset.published_at, published_by_name="An officer",
    )  # fmt: skip
    answer = client.get(edition.get_absolute_url())
    page = unescape(answer.content.decode())
    assert answer.status_code == 200
    for key in mentioned(dataset):
        figure = dataset.by_id[key]
        forms = [figure_words(figure), figure_words(figure, "exact")]
        assert any(words in page for words in forms), key
    sheet = Sheet(dataset, REAL[kind], "https://example.org/e/")
    assert [one.title for one in sections_of(sheet) if one.title not in page] == []
    assert edition_docx(sheet).startswith(b"PK") and edition_xlsx(sheet).startswith(b"PK")
    assert check_folder(folder_of(text, {}), published=REAL[kind]).holds


def test_every_kind_has_its_sample():
    assert set(REAL) == {kind.key for kind in kinds()}

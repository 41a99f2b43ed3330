"""Editions of every schema number so far still open, draw and add up.

The samples are kept as they were published. A change that makes one fail needs a new schema number
and an upgrade in `reporting/datasets/canonical.py`, never another sample under the old number.
"""

from __future__ import annotations

import hashlib
import json
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from reporting.datasets import canonical, canonical_json, problems, read_dataset, recompute_all
from reporting.edition_folder import check_folder, folder_of
from reporting.rendering import Sheet, sections_of
from reporting.rendering.docx import edition_docx
from reporting.rendering.pdf import edition_pdf
from reporting.rendering.xlsx import edition_xlsx

SAMPLES = Path(__file__).parent / "samples"
HASHES = {1: "89cd474eaa92057bc7ea25ac54e5bdfeb6368196884d293dd557183bad642300"}


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

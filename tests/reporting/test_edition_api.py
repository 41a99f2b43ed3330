"""Editions for programs; and the proof that every figure of the PDF follows from its rows."""

from __future__ import annotations

import contextlib
import re
import zlib
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reporting import editions
from reporting.models import ReportEdition
from reporting.services import edition_files
from reporting.services.editions import publish_edition
from tests.api.conftest import client_of  # noqa: F401 - a fixture

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset

pytestmark = pytest.mark.django_db
FIGURE_LINK = re.compile(rb"/figures/([a-z0-9-]+)/")


def worked_out(client: Any, figures: str, key: str) -> Decimal | None:
    """By hand from what the API says: its formula over its rows, or over other figures."""
    said = client.get(f"{figures}{key}/").json()
    formula = said["formula"]
    if formula["op"] in ("ratio", "difference", "total"):
        parts = [worked_out(client, figures, one) for one in formula["figures"]]
        known = [one for one in parts if one is not None]
        if formula["op"] == "total":
            return sum(known) if known else None
        if len(known) < 2:
            return None
        if formula["op"] == "difference":
            return known[0] - known[1]
        found = known[0] / known[1] if known[1] > 0 else None
    elif formula["op"] == "count":
        found = Decimal(len(said["rows"]))
    else:
        place = [column["key"] for column in said["columns"]].index(formula["column"])
        cells = [row[place] for row in said["rows"] if row[place] is not None]
        if formula["op"] == "distinct":
            return Decimal(len(set(cells)))
        found = sum(map(Decimal, cells)) if cells else None
    step = Decimal(1).scaleb(-said["places"])
    return None if found is None else found.quantize(step, "ROUND_HALF_UP")


def unpacked(pdf: bytes) -> bytes:
    """The PDF's objects as plain bytes: each printed figure is a link to its own page."""
    streams = re.findall(rb"stream\n(.*?)\nendstream", pdf, re.S)
    found = []
    for stream in streams:
        with contextlib.suppress(zlib.error):
            found.append(zlib.decompress(stream))
    return b"\n".join(found)


def prove(client: Any, edition: ReportEdition) -> tuple[int, int]:
    """(figures printed in the PDF, figures of the dataset); each printed one is followed and checked."""
    edition_files.make_files(edition=edition, by=None, now=NOW)
    with edition.files.get(format="pdf").file.open("rb") as file:
        printed = {key.decode() for key in FIGURE_LINK.findall(unpacked(file.read()))}
    figures = f"/api/v1/editions/{edition.pk}/figures/"
    listed = client.get(figures).json()
    known = {one["id"]: one["value"] for one in listed["figures"]}
    for key in sorted(printed):
        value = worked_out(client, figures, key)
        stored = None if known[key] is None else Decimal(known[key])
        assert (value is None) == (stored is None), key
        assert value is None or value - stored == 0, key
    return len(printed), listed["count"]


@pytest.fixture
def edition() -> Any:
    with kind_that_gathers(make_dataset()):
        yield publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)


def test_every_figure_of_the_pdf_is_followed_by_its_id_and_the_difference_is_0(edition, client_of):  # noqa: F811
    printed, held = prove(client_of("auditor"), edition)
    print(f"{printed} of {held} figures followed, difference 0")
    assert printed == held == 5


def test_the_list_and_one_edition(edition, client_of):  # noqa: F811
    client = client_of("auditor")
    (row,) = client.get("/api/v1/editions/").json()["results"]
    assert (row["kind"], row["period"], row["number"]) == ("test-report", "2025-26-Q4", 1)
    assert row["sha256"] == edition.sha256
    one = client.get(f"/api/v1/editions/{edition.pk}/").json()
    assert one["figures"] == 5 and {file["format"] for file in one["files"]} == {
        "pdf", "docx", "xlsx", "json",
    }  # fmt: skip
    assert client.get("/api/v1/editions/?kind=test-report&standing=true").json()["results"]
    assert client.get(f"/api/v1/editions/{edition.pk}/figures/gone/").status_code == 404


def test_a_supplier_reads_what_anybody_may_and_nothing_else(edition, client_of):  # noqa: F811
    from tests.factories import make_organisation

    client = client_of("supplier", make_organisation())
    address = f"/api/v1/editions/{edition.pk}/figures/verified/"
    assert client.get(address).json()["worked_out_again"] == "60.05"
    editions.register_kind(replace(editions.kind_of("test-report"), is_public=False))
    assert client.get(address).status_code == 404
    assert client.get("/api/v1/editions/").json()["results"] == []


def test_the_queries_are_a_few(edition, client_of):  # noqa: F811
    client = client_of("auditor")
    for address in (
        "",
        f"{edition.pk}/",
        f"{edition.pk}/figures/",
        f"{edition.pk}/figures/verified/",
    ):
        with CaptureQueriesContext(connection) as asked:
            assert client.get(f"/api/v1/editions/{address}").status_code == 200
        assert len(asked) <= 7, address

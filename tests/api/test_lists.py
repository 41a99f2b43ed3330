"""Lists: pages by cursor, CSV, filters as on the pages, and a fixed number of queries."""

from __future__ import annotations

import csv
import datetime
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from contracts.models import Award, AwardSupplier, Contract
from tests.factories import (
    make_contract,
    make_organisation,
    make_threshold,
    make_ward,
)
from trafford_sv.directory.models import Organisation, OrganisationKind

DAY = datetime.date(2025, 5, 3)


def many_contracts(count: int) -> None:
    """`count` contracts with an award, two suppliers and two wards each, in bulk."""
    start = Contract.objects.count()
    wards = [make_ward(), make_ward()]
    suppliers = [make_organisation(), make_organisation()]
    contracts = Contract.objects.bulk_create(
        Contract(reference=f"M-{start + n:05d}", title=f"Contract {n}", buyer=suppliers[0])
        for n in range(count)
    )
    awards = Award.objects.bulk_create(
        Award(contract=contract, awarded_on=DAY, value_pounds="60000") for contract in contracts
    )
    AwardSupplier.objects.bulk_create(
        AwardSupplier(award=award, organisation=supplier)
        for award in awards
        for supplier in suppliers
    )
    links = Contract.wards.through
    links.objects.bulk_create(
        links(contract=contract, area=ward) for contract in contracts for ward in wards
    )


def many_organisations(count: int) -> None:
    rows = Organisation.objects.bulk_create(
        Organisation(name=f"Invented {n}") for n in range(count)
    )
    OrganisationKind.objects.bulk_create(
        OrganisationKind(organisation=row, kind="supplier") for row in rows
    )


def many_wards(count: int) -> None:
    for _ in range(count):
        make_ward()


def pages(client: APIClient, address: str) -> list[list[dict[str, Any]]]:
    found = []
    following: str | None = address
    while following:
        body = client.get(following).json()
        found.append(body["results"])
        following = body["next"]
    return found


def test_pages_hold_every_row_once_forwards_and_backwards(officer: APIClient) -> None:
    many_wards(23)
    forwards = pages(officer, "/api/v1/wards/?limit=5")
    assert [len(page) for page in forwards] == [5, 5, 5, 5, 3]
    codes = [row["code"] for page in forwards for row in page]
    assert len(set(codes)) == 23
    body = officer.get("/api/v1/wards/?limit=5").json()
    assert body["previous"] is None
    seen = [body]
    while body["next"]:
        body = officer.get(body["next"]).json()
        seen.append(body)
    for expected in reversed(seen[:-1]):
        body = officer.get(body["previous"]).json()
        assert body["results"] == expected["results"]
    assert body["previous"] is None
    assert body["next"] is not None


def test_rows_that_come_and_go_meanwhile_neither_repeat_nor_skip_others(officer: APIClient) -> None:
    many_wards(6)
    first = officer.get("/api/v1/wards/?limit=3").json()
    make_ward()
    from trafford_sv.directory.models import Area

    Area.objects.filter(code=first["results"][0]["code"]).delete()
    second = officer.get(first["next"]).json()
    codes = [row["code"] for row in first["results"] + second["results"]]
    assert len(codes) == len(set(codes)) == 6


def test_links_keep_the_filters(officer: APIClient) -> None:
    many_contracts(3)
    body = officer.get("/api/v1/contracts/?q=Contract&limit=1&must_carry=no").json()
    assert "q=Contract" in body["next"]
    assert "must_carry=no" in body["next"]


def test_a_page_holds_500_rows_at_most(officer: APIClient) -> None:
    many_organisations(501)
    assert len(officer.get("/api/v1/organisations/?limit=100000").json()["results"]) == 500
    assert len(officer.get("/api/v1/organisations/").json()["results"]) == 100


def test_filters_mean_what_they_mean_on_the_page(officer: APIClient) -> None:
    make_threshold("50000")
    under = make_contract(value="50000", awarded_on=DAY, stage="live")
    over = make_contract(value="50000.01", awarded_on=DAY, stage="ended")
    unknown = make_contract(awarded_on=DAY, stage="live")

    def ids(query: str) -> list[int]:
        return [row["id"] for row in officer.get(f"/api/v1/contracts/?{query}").json()["results"]]

    assert ids("must_carry=yes") == [over.pk]
    assert ids("must_carry=no") == [under.pk]
    assert ids("must_carry=cannot-say") == [unknown.pk]
    assert ids("stage=live&stage=ended") == [under.pk, over.pk, unknown.pk]
    assert ids("value_from=50000.01") == [over.pk]
    assert ids("portfolio=current&as_of=2025-05-02") == []
    assert ids("portfolio=current&as_of=2025-05-03") == [under.pk, unknown.pk]


def test_not_known_is_null_and_never_nought(officer: APIClient) -> None:
    make_contract(reference="A")
    make_contract(reference="B", value="0", awarded_on=DAY)
    make_contract(reference="C", is_framework=True)
    rows = officer.get("/api/v1/contracts/").json()["results"]
    assert [(row["value_pounds"], row["value_state"], row["must_carry"]) for row in rows] == [
        (None, "not_recorded", None),
        ("0.00", "awarded", False),
        (None, "framework", None),
    ]


def read_csv(response: Any) -> list[dict[str, str]]:
    assert response.status_code == 200
    assert response["Content-Type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(response.getvalue().decode())))


def test_csv_holds_every_filtered_row_and_reads_back_as_the_json(officer: APIClient) -> None:
    many_contracts(120)
    make_contract(title="Left out")
    rows = read_csv(officer.get("/api/v1/contracts/?format=csv&q=M-"))
    json_rows = [row for page in pages(officer, "/api/v1/contracts/?q=M-&limit=50") for row in page]
    assert len(rows) == len(json_rows) == 120
    for flat, full in zip(rows, json_rows, strict=True):
        assert set(flat) == set(full)
        assert flat["reference"] == full["reference"]
        assert flat["value_pounds"] == full["value_pounds"] == "60000.00"
        assert flat["suppliers"] == "; ".join(item["name"] for item in full["suppliers"])
        assert flat["ward_codes"] == "; ".join(full["ward_codes"])
        assert flat["end"] == ""


def test_csv_by_the_accept_header(officer: APIClient) -> None:
    make_contract()
    assert len(read_csv(officer.get("/api/v1/contracts/", HTTP_ACCEPT="text/csv"))) == 1


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t="])
def test_csv_runs_no_formula(officer: APIClient, start: str) -> None:
    title = f"{start}HYPERLINK(1)"
    make_contract(title=title, suppliers=[make_organisation(f"{start}cmd")])
    row = read_csv(officer.get("/api/v1/contracts/?format=csv"))[0]
    assert row["title"] == f"'{title}"
    assert row["suppliers"] == f"'{start}cmd"


def test_an_outline_comes_only_when_asked_for(officer: APIClient) -> None:
    ward = make_ward()
    ward.geometry = {"type": "Polygon", "coordinates": []}
    ward.save()
    assert "geometry" not in officer.get("/api/v1/wards/").json()["results"][0]
    row = officer.get("/api/v1/wards/?geometry=true").json()["results"][0]
    assert row["geometry"] == ward.geometry
    address = f"/api/v1/wards/2023/{ward.code}/"
    assert "geometry" not in officer.get(address).json()
    assert officer.get(f"{address}?geometry=true").json()["geometry"] == ward.geometry
    assert "geometry" not in read_csv(officer.get("/api/v1/wards/?format=csv&geometry=true"))[0]


@pytest.mark.parametrize(
    ("address", "make"),
    [
        ("contracts/?limit=500", many_contracts),
        ("contracts/?limit=500&q=M&must_carry=no&stage=pipeline&ward=none", many_contracts),
        ("organisations/?limit=500&kind=supplier&q=Invented", many_organisations),
        ("wards/?limit=500&boundary_year=2023", many_wards),
    ],
)
def test_a_list_makes_the_same_few_queries_for_10_100_and_1000_rows(
    officer: APIClient, address: str, make: Any
) -> None:
    counts = []
    for more in (10, 90, 900):
        make(more)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert officer.get(f"/api/v1/{address}").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 7, [query["sql"] for query in queries]


def test_a_detail_makes_few_queries(officer: APIClient) -> None:
    many_contracts(2)
    contract = Contract.objects.first()
    for _ in range(5):
        Award.objects.create(contract=contract)
    for address in (f"contracts/{contract.pk}/", f"organisations/{contract.buyer_id}/"):
        with CaptureQueriesContext(connection) as queries:
            assert officer.get(f"/api/v1/{address}").status_code == 200
        assert len(queries) <= 12, [query["sql"] for query in queries]

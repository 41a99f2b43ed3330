"""Payments, payees and where the money went, as programs read them."""

from __future__ import annotations

import csv
import datetime
import io
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from contracts.models import (
    Payee,
    Payment,
    SpendCategory,
    SpendExclusion,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from tests.api.conftest import Client
from tests.factories import make_organisation

DAY = datetime.date(2025, 5, 3)  # in the first quarter of 2025-26


class Ledger:
    """One publisher, one category, one unit, and payees as a test needs them."""

    def __init__(self, source: SpendSource | None = None) -> None:
        self.source = source or SpendSource.objects.create(
            name="Invented Council", is_own_council=True
        )
        self.category = SpendCategory.objects.create(source=self.source, code="C1", label="Care")
        self.unit = SpendUnit.objects.create(source=self.source, name="Adults")
        self.rows = 0

    def payee(self, name: str, locality: str = "", excluded: bool = False) -> Payee:
        values: dict[str, Any] = {}
        if locality:
            values = {
                "state": "matched",
                "organisation": make_organisation(name, locality=locality),
            }
        if excluded:
            values["exclusion"] = SpendExclusion.objects.create(
                key=name, name=name, why="tax", reason="A tax", reviewed_on=DAY
            )
        return Payee.objects.create(source=self.source, name=name, key=name, **values)

    def pay(self, payee: Payee, *amounts: str, day: datetime.date = DAY, quarter: int = 1) -> None:
        Payment.objects.bulk_create(
            Payment(
                source=self.source,
                digest=uuid.uuid4(),
                occurrence=1,
                payee=payee,
                category=self.category,
                unit=self.unit,
                paid_on=day,
                amount_pounds=Decimal(amount),
                row_number=number,
            )
            for number, amount in enumerate(amounts, start=2)
        )
        SpendTotal.objects.create(
            source=self.source,
            payee=payee,
            category=self.category,
            unit=self.unit,
            financial_year=2025,
            quarter=quarter,
            amount_pounds=sum(map(Decimal, amounts)),
            lines=len(amounts),
        )


@pytest.fixture
def ledger(db: None) -> Ledger:
    return Ledger()


@pytest.fixture
def five_places(ledger: Ledger) -> Ledger:
    """Trafford 100, rest of Greater Manchester 50, elsewhere 150, unknown 100, excluded 600."""
    ledger.pay(ledger.payee("Alder", "trafford"), "130.00", "-30.00")
    ledger.pay(ledger.payee("Birch", "greater_manchester"), "50.00")
    ledger.pay(ledger.payee("Cedar", "elsewhere"), "150.00")
    ledger.pay(ledger.payee("Dogwood"), "100.00")
    ledger.pay(ledger.payee("Revenue", excluded=True), "600.00")
    return ledger


def test_retained_spend_never_stands_without_the_share_that_is_known(
    officer: APIClient, five_places: Ledger
) -> None:
    # Total 1,000; contestable 400; known 300; retained 150.
    # 150/300 = 0.5 of 300/400 = 0.75; between 150/400 = 0.375 and 250/400 = 0.625.
    response = officer.get("/api/v1/spend/retained/?year=2025-26")
    body = response.json()
    assert response.status_code == 200, body
    figure = body["figure"]
    assert {name: figure[name] for name in figure if name.endswith("_pounds")} == {
        "total_pounds": "1000.00",
        "trafford_pounds": "100.00",
        "greater_manchester_pounds": "50.00",
        "elsewhere_pounds": "150.00",
        "unknown_pounds": "100.00",
        "excluded_pounds": "600.00",
        "withheld_pounds": "0.00",
        "contestable_pounds": "400.00",
        "known_pounds": "300.00",
        "retained_pounds": "150.00",
    }
    assert {name: figure[name] for name in figure if name.endswith("_share")} == {
        "known_share": "0.750000",
        "retained_share": "0.500000",
        "trafford_share": "0.333333",
        "lowest_share": "0.375000",
        "highest_share": "0.625000",
    }
    assert figure["lines"] == 6
    assert body["year"] == "2025-26"
    assert body["completeness"] == {
        "quarters_with_payments": ["2025-26-Q1"],
        "quarters_expected": 4,
        "sentence": "1 of 4 quarters have payments.",
    }


def test_a_year_without_payments_has_no_shares(officer: APIClient, five_places: Ledger) -> None:
    figure = officer.get("/api/v1/spend/retained/?year=2020-21").json()["figure"]
    assert figure["total_pounds"] == "0.00"
    assert figure["retained_share"] is None
    assert figure["known_share"] is None


@pytest.mark.parametrize("by", ["year", "quarter", "category", "unit", "directorate"])
def test_groups_add_up_to_the_figure(officer: APIClient, five_places: Ledger, by: str) -> None:
    five_places.pay(
        five_places.payee("Elm", "trafford"), "25.00", day=datetime.date(2025, 8, 1), quarter=2
    )
    body = officer.get(f"/api/v1/spend/retained/?by={by}").json()
    total = sum(Decimal(group["total_pounds"]) for group in body["groups"])
    assert str(total) == body["figure"]["total_pounds"] == "1025.00"


def test_retained_spend_of_a_quarter(officer: APIClient, five_places: Ledger) -> None:
    body = officer.get("/api/v1/spend/retained/?quarter=2025-26-Q2").json()
    assert body["figure"]["total_pounds"] == "0.00"
    assert body["completeness"]["sentence"] == "0 of 1 quarter has payments."


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("year=2025", "year"),
        ("quarter=2025-26-Q5", "quarter"),
        ("year=2024-25&quarter=2025-26-Q1", "quarter"),
        ("by=colour", "by"),
    ],
)
def test_a_period_that_is_none_is_named(officer: APIClient, query: str, field: str) -> None:
    response = officer.get(f"/api/v1/spend/retained/?{query}")
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == field


def test_payments_by_place_add_up_to_the_figure(officer: APIClient, five_places: Ledger) -> None:
    def total(place: str) -> Decimal:
        rows = officer.get(f"/api/v1/spend/?place={place}").json()["results"]
        assert {row["place"] for row in rows} == {place}
        return sum((Decimal(row["amount_pounds"]) for row in rows), Decimal(0))

    sums = {
        place: total(place)
        for place in ("trafford", "greater_manchester", "elsewhere", "unknown", "excluded")
    }
    assert sums == {
        "trafford": 100,
        "greater_manchester": 50,
        "elsewhere": 150,
        "unknown": 100,
        "excluded": 600,
    }


def test_payments_as_csv_keep_every_line_and_the_sum_to_the_penny(
    officer: APIClient, ledger: Ledger
) -> None:
    ledger.pay(ledger.payee("=Formula Ltd"), *["0.01"] * 1203, "-7.77")
    response = officer.get("/api/v1/spend/?format=csv")
    rows = list(csv.DictReader(io.StringIO(response.getvalue().decode())))
    assert len(rows) == 1204
    assert sum(Decimal(row["amount_pounds"]) for row in rows) == Decimal("4.26")
    assert {row["payee_name"] for row in rows} == {"'=Formula Ltd"}
    # An amount below zero is a number, not a formula.
    assert rows[-1]["amount_pounds"] == "-7.77"


def test_payees_say_what_was_decided_and_paid(officer: APIClient, five_places: Ledger) -> None:
    five_places.pay(five_places.payee("Elm"), "1.00", day=datetime.date(2025, 8, 1), quarter=2)
    rows = {
        row["name"]: row for row in officer.get("/api/v1/payees/?year=2025-26").json()["results"]
    }
    assert rows["Alder"]["paid_pounds"] == "100.00"
    assert rows["Alder"]["lines"] == 2
    assert (rows["Alder"]["state"], rows["Alder"]["place"]) == ("matched", "trafford")
    assert (rows["Dogwood"]["state"], rows["Dogwood"]["place"]) == ("undecided", "unknown")
    assert (rows["Revenue"]["exclusion"], rows["Revenue"]["place"]) == ("A tax", "excluded")
    earlier = officer.get("/api/v1/payees/?year=2024-25").json()["results"]
    assert {(row["paid_pounds"], row["lines"]) for row in earlier} == {(None, 0)}
    detail = officer.get(f"/api/v1/payees/{rows['Alder']['id']}/").json()
    assert (detail["paid_pounds"], detail["first_year"], detail["last_year"]) == (
        "100.00",
        "2025-26",
        "2025-26",
    )


def test_another_publisher_is_listed_when_asked_for(officer: APIClient, ledger: Ledger) -> None:
    other = SpendSource.objects.create(name="Another council")
    payee = Payee.objects.create(source=other, name="Fir", key="fir")
    assert officer.get("/api/v1/payees/").json()["results"] == []
    rows = officer.get(f"/api/v1/payees/?source={other.pk}").json()["results"]
    assert [row["name"] for row in rows] == ["Fir"]
    assert officer.get(f"/api/v1/payees/{payee.pk}/").json()["source"] == "Another council"


def test_payments_of_another_publisher_are_not_the_councils(
    officer: APIClient, ledger: Ledger
) -> None:
    other = Ledger(SpendSource.objects.create(name="Another council"))
    ledger.pay(ledger.payee("Alder"), "100.00")
    other.pay(other.payee("Fir"), "7.00")
    listed = {
        query: [
            row["payee_name"] for row in officer.get(f"/api/v1/spend/{query}").json()["results"]
        ]
        for query in ("", f"?source={other.source.pk}")
    }
    assert list(listed.values()) == [["Alder"], ["Fir"]]


ADDRESSES = ["spend", "payees", "spend/retained", "spend/exclusions", "spend/units"]


@pytest.mark.parametrize("address", ADDRESSES)
def test_spend_is_for_those_who_may_read_it(
    client_of: Client, ledger: Ledger, address: str
) -> None:
    payee = ledger.payee("Alder")
    ledger.pay(payee, "1.00")
    for role, status in (
        ("auditor", 200),
        ("steering_member", 200),
        ("supplier", 403),
        ("hub", 403),
    ):
        own = make_organisation() if status == 403 else None
        client = client_of(role, own)
        assert client.get(f"/api/v1/{address}/").status_code == status
        assert client.get(f"/api/v1/payees/{payee.pk}/").status_code == status
    manager = client_of("contract_manager", make_organisation("A directorate", "council_service"))
    assert manager.get(f"/api/v1/{address}/").status_code == 403
    assert APIClient().get(f"/api/v1/{address}/").status_code == 401


@pytest.mark.parametrize(
    "address",
    [
        "spend/?limit=500",
        "payees/?limit=500&year=2025-26",
        "spend/?limit=500&q=Payee&place=unknown",
    ],
)
def test_spend_lists_make_the_same_few_queries_however_long(
    officer: APIClient, ledger: Ledger, address: str
) -> None:
    counts = []
    for more in (10, 90, 900):
        payees = Payee.objects.bulk_create(
            Payee(source=ledger.source, name=f"Payee {more} {n}", key=f"payee {more} {n}")
            for n in range(more)
        )
        for payee in payees[:50]:
            ledger.pay(payee, *["1.00"] * max(1, more // 50))
        with CaptureQueriesContext(connection) as queries:
            assert officer.get(f"/api/v1/{address}").status_code == 200
        counts.append(len(queries))
    assert len(set(counts)) == 1, counts
    assert counts[0] <= 7

"""Paces, recovery actions and ratings for programs."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
import time_machine
from rest_framework.test import APIClient

from contracts.models import Contract
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_rating,
    make_recovery,
    make_return,
)
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def november() -> Any:
    with time_machine.travel("2026-11-23 10:00", tick=False):
        yield


def short(supplier: Any = None, **values: Any) -> Any:
    supplier = supplier or make_organisation()
    contract = make_contract(
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.LIVE,
    )
    commitment = make_commitment(contract, supplier=supplier, **values)
    for quarter in (Quarter(2026, 1), Quarter(2026, 2)):
        make_line(make_return(contract, supplier, quarter), commitment, "20", verified="5")
    return commitment


def client_of(user: Any) -> APIClient:
    client = APIClient()
    client.force_login(user)
    return client


def test_a_pace_is_what_the_page_says() -> None:
    commitment = short(title="Hours for young people")
    body = client_of(make_user()).get("/api/v1/pacing/").json()
    assert (body["basis"], body["as_of"]) == ("verified", "2026-11-23")
    (row,) = body["results"]
    assert row["commitment_id"] == commitment.pk
    assert (row["rating"], row["verified_share"]) == ("red", "0.2000")
    assert (row["expected_quantity"], row["verified_quantity"]) == ("50.0000", "10.0000")
    assert client_of(make_user()).get("/api/v1/pacing/?rating=green").json()["results"] == []


def test_a_supplier_reads_its_own_alone() -> None:
    mine, theirs = make_organisation(), make_organisation()
    own, other = short(mine), short(theirs)
    for one in (own, other):
        make_recovery(one)
        make_rating(one.contract, one.supplier)
    client = client_of(make_user("supplier", mine))
    for address, key, wanted in (
        ("pacing", "commitment_id", own.pk),
        ("recovery-actions", "commitment_id", own.pk),
        ("ratings", "contract_id", own.contract_id),
    ):
        rows = client.get(f"/api/v1/{address}/").json()["results"]
        assert [row[key] for row in rows] == [wanted], address
        assert (
            str(other.contract.reference)
            not in client.get(f"/api/v1/{address}/?format=csv").getvalue().decode()
        )


def test_a_licence_keeps_words_and_pounds_out() -> None:
    edition = make_edition(values_may_be_published=False, text_may_be_published=False)
    short(measure=make_measure(edition, title="Licensed words", code="CL1"))
    (row,) = client_of(make_user()).get("/api/v1/pacing/").json()["results"]
    assert (row["in_words"], row["measure_code"]) == (None, "CL1")
    assert not [name for name in row if "pounds" in name]


def test_the_number_of_queries_is_the_same_for_one_and_many(
    django_assert_max_num_queries: Any,
) -> None:
    client = client_of(make_user())
    for _ in range(3):
        make_recovery(short())
    for address in ("pacing", "recovery-actions", "ratings"):
        with django_assert_max_num_queries(7):
            assert client.get(f"/api/v1/{address}/").status_code == 200

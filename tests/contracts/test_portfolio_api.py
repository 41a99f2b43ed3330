"""The API gives the pages' own figures, to whom they may be given."""

from __future__ import annotations

import datetime
from io import StringIO

import pytest
from django.core.management import call_command

from contracts.models import Measure
from tests.contracts.test_position import Q1, live
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def signed(client):
    def sign(role, organisation=None):
        client.force_login(make_user(role, organisation))
        return client

    return sign


def delivered():
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    make_line(make_return(contract, supplier, Q1), promised, "40", verified="25")
    return contract, supplier


def test_the_four_figures_with_their_completeness(signed):
    delivered()
    body = signed("coordinator").get("/api/v1/portfolio/?period=2026-27-Q1&by=agreement").json()
    assert body["figures"]["committed"] == {
        "social_pounds": "1000.00",
        "local_economic_pounds": None,
    }
    assert body["figures"]["reported"]["social_pounds"] == "400.00"
    assert body["figures"]["verified"]["social_pounds"] == "250.00"
    assert body["returns"]["sentence"] == "1 of 1 return received"
    assert [group["key"] for group in body["groups"]] == ["contract"]


@pytest.mark.parametrize(
    "query", ["period=soon", "by=measure", "span=week", "directorate=x", "agreement=gift"]
)
def test_what_makes_no_sense_is_a_problem_in_words(signed, query):
    answer = signed("coordinator").get(f"/api/v1/portfolio/?{query}")
    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


def test_deliveries_are_limited_and_obey_the_licence(signed):
    _, supplier = delivered()
    contract, other = live()
    closed = make_measure(
        make_edition(values_may_be_published=False), value="13", kind=Measure.Kind.SOCIAL
    )
    promised = make_commitment(contract, supplier=other, measure=closed)
    make_line(make_return(contract, other, Q1), promised, "7", verified="7")
    own = signed("supplier", supplier).get("/api/v1/deliveries/").json()["results"]
    assert [(row["reported_pounds"], row["verified_quantity"]) for row in own] == [
        ("400.00", "25.0000")
    ]
    everything = signed("coordinator").get("/api/v1/deliveries/").json()["results"]
    assert {row["reported_pounds"] for row in everything} == {"400.00", None}
    assert (
        signed("hub", make_organisation("A hub", "hub")).get("/api/v1/deliveries/").status_code
        == 403
    )
    csv = signed("coordinator").get("/api/v1/deliveries/?format=csv")
    text = b"".join(csv.streaming_content) if csv.streaming else csv.content
    assert b"91.00" not in text


def test_the_command_says_the_same(capsys):
    import json

    delivered()
    call_command("portfolio", "--period", "2026-27-Q1", "--json")
    body = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert body["contract_value_pounds"] == "1000000.00"
    assert (body["committed_pounds"], body["reported_pounds"], body["verified_pounds"]) == (
        "1000.00",
        "400.00",
        "250.00",
    )
    assert body["social_pounds"] == "250.00" and body["local_economic_pounds"] is None
    assert (body["returns_expected"], body["returns_received"]) == (1, 1)


def test_the_load_is_marked_and_priced_by_the_same_rule(capsys):
    import json

    from contracts.models import Contract, ReturnLine
    from contracts.valuation import Kind, price_line

    call_command("load_reference", stdout=StringIO())
    call_command("generate_load", contracts=3, commitments=40, deliveries=100, seed=7, json=True)
    assert json.loads(capsys.readouterr().out.splitlines()[-1])["deliveries"] == 100
    assert not Contract.objects.filter(is_demo=False).exists()
    lines = ReturnLine.objects.select_related("commitment__value", "commitment__measure")
    assert lines.count() == 100
    for line in lines:
        unit = line.commitment.value.value_pounds if line.commitment.value else None
        kind = Kind(line.commitment.measure.kind)
        assert line.reported_pounds == price_line(line.reported_quantity, unit, kind)
    assert datetime.date(2024, 4, 1) == lines[0].commitment.starts

"""One promise has one "delivered": the share that its agreement claims, on every page of it."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pytest
from django.urls import reverse

from contracts.counting import claimed
from contracts.models import Measure
from contracts.selectors.commitments import commitment_detail
from contracts.selectors.contract_promises import promises_of
from contracts.selectors.near_me import near
from contracts.selectors.need_clauses import trace_of
from contracts.selectors.need_supply import free_of
from contracts.selectors.pacing import commitment_paces
from contracts.selectors.pacing_rows import annotated
from contracts.selectors.return_detail import return_detail
from tests.contracts.test_position import Q1, Q2, live
from tests.factories import make_user, make_ward
from tests.factories_delivery import (
    make_commitment,
    make_line,
    make_measure,
    make_request,
    make_return,
)
from tests.factories_offers import make_clause

pytestmark = pytest.mark.django_db
D = Decimal
NOVEMBER = datetime.date(2026, 11, 23)


@pytest.mark.parametrize(
    ("rule", "quantity", "share", "expected"),
    [
        ("units", "200", "0.25", "50"),
        ("hours_people", "33.3333", "0.3333", "11.10998889"),  # exact: nobody rounds before adding
        ("units", "0", "0.5", "0"),
        ("percentage", "80", "0.5", "80"),
    ],
)
def test_a_share_of_a_quantity(rule, quantity, share, expected):
    assert claimed(rule, D(quantity), D(share)) == D(expected)
    assert claimed(rule, None, D(share)) is None


def shared(**values):
    """Q1: 200 at 45% and 28 whole; Q2: 90 at one tenth. All verified, so 90 + 28 + 9 = 127."""
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier, quantity="418", **values)
    first, second = (make_return(contract, supplier, quarter) for quarter in (Q1, Q2))
    make_line(first, promised, "200", verified="200", attribution_share=D("0.45"))
    make_line(first, promised, "28", verified="28")
    make_line(second, promised, "90", verified="90", attribution_share=D("0.1"))
    return promised, second


def test_every_page_of_a_promise_gives_one_figure():
    promised, second = shared()
    ward = make_ward()
    promised.wards.add(ward)
    officer = make_user("coordinator")
    clause = make_clause(contract=promised.contract, measures=[promised.measure])

    detail = commitment_detail(promised.pk, officer)
    (side,) = promises_of(officer, promised.contract)
    (pace,) = commitment_paces(promised.contract, as_of=NOVEMBER)
    in_sql = annotated(type(promised).objects.filter(pk=promised.pk), as_of=NOVEMBER).get()
    (sentence,) = near(ward, NOVEMBER).promises
    (carried,) = trace_of(clause.need, officer).clauses
    assert {
        "page, reported": detail.reported,
        "page, verified": detail.verified,
        "page, quarters": sum(quarter.verified or 0 for quarter in detail.quarters),
        "agreement": side.verified_quantity,
        "pacing": pace.verified.delivered,
        "list of pacing": in_sql.delivered_quantity,
        "from need to proof": carried.promises[0].verified,
        "free for needs": promised.promised_quantity - free_of(promised),
    } == dict.fromkeys(
        (
            "page, reported", "page, verified", "page, quarters", "agreement", "pacing",
            "list of pacing", "from need to proof", "free for needs",
        ),
        D("127"),
    )  # fmt: skip
    assert "127" in sentence.done.words
    # A return says what came before it: here the first quarter's 90 + 28.
    (before,) = return_detail(second.pk, officer).promises
    assert (before.delivered_quantity, before.verified_quantity) == (D(118), D(118))


@pytest.mark.parametrize("seed", range(3))
def test_the_page_and_the_pace_agree_whatever_the_shares(seed):
    chance = random.Random(seed)
    contract, supplier = live()
    rule = chance.choice(["units", "percentage"])
    promised = make_commitment(contract, supplier=supplier, measure=make_measure(counting=rule))
    for quarter in (Q1, Q2):
        sent = make_return(contract, supplier, quarter)
        for _ in range(chance.randint(1, 4)):
            share = D(chance.randint(1, 10000)) / 10000
            quantity = str(D(chance.randint(0, 990000)) / 10000)
            make_line(sent, promised, quantity, verified=quantity, attribution_share=share)
    officer = make_user("coordinator")
    verified = commitment_detail(promised.pk, officer).verified
    (pace,) = commitment_paces(contract, as_of=NOVEMBER)
    (side,) = promises_of(officer, contract)
    in_sql = annotated(type(promised).objects.all(), as_of=NOVEMBER).get()
    assert pace.verified.delivered == side.verified_quantity == verified
    assert abs(in_sql.delivered_quantity - verified) <= D("0.0001")


def test_the_list_and_the_api_show_the_share_beside_the_whole(client):
    promised, _ = shared()
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("delivery-list")).content.decode()
    assert "45% of 200 hours" in page and "90 hours" in page
    rows = client.get("/api/v1/deliveries/").json()["results"]
    assert sum(D(row["claimed_verified_quantity"]) for row in rows) == D("127")
    assert {row["reported_quantity"] for row in rows} == {"200.0000", "28.0000", "90.0000"}
    page = client.get(reverse("commitment-detail", args=[promised.pk])).content.decode()
    assert "45% of 200 hours" in page


# --- from need to proof -----------------------------------------------------------------------


def trace(promised):
    clause = make_clause(contract=promised.contract, measures=[promised.measure])
    (carried,) = trace_of(clause.need, make_user("coordinator")).clauses
    (promise,) = carried.promises
    return promise


def test_a_line_that_was_asked_twice_is_confirmed_once():
    # 20 reported; the hub said 19, was asked again and said 20: 20 confirmed, and not 39.
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    line = make_line(make_return(contract, supplier, Q1), promised, "20")
    noon = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    for day, said in ((0, "19"), (3, "20")):
        make_request(line, state="answered", confirmed_quantity=D(said),
                     asked_at=noon + datetime.timedelta(days=day))  # fmt: skip
    make_request(line, state="withdrawn", asked_at=noon + datetime.timedelta(days=5))
    assert trace(promised).confirmed == D(20)


def test_while_a_line_is_asked_again_nothing_of_it_is_confirmed():
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    line = make_line(make_return(contract, supplier, Q1), promised, "20")
    noon = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
    make_request(line, state="answered", confirmed_quantity=D(19), asked_at=noon)
    make_request(line, asked_at=noon + datetime.timedelta(days=1))
    assert trace(promised).confirmed is None


def test_nobody_confirms_more_than_was_reported_and_shares_are_taken():
    # 20 reported at 50%, the hub says 30 came: 20 x 50% = 10 are this promise's. And 8 whole: 18.
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    sent = make_return(contract, supplier, Q1)
    shared_line = make_line(sent, promised, "20", attribution_share=D("0.5"))
    whole = make_line(sent, promised, "10")
    make_request(shared_line, state="answered", confirmed_quantity=D(30))
    make_request(whole, state="answered", confirmed_quantity=D(8))
    found = trace(promised)
    assert (found.reported, found.confirmed) == (D(20), D(18))


def test_percentages_of_two_returns_are_never_added():
    contract, supplier = live()
    measure = make_measure(counting=Measure.Counting.PERCENTAGE, kind=Measure.Kind.RECORD_ONLY)
    promised = make_commitment(contract, supplier=supplier, measure=measure, quantity="90")
    for quarter, quantity in ((Q1, "60"), (Q2, "75")):
        line = make_line(make_return(contract, supplier, quarter), promised, quantity,
                         verified=quantity)  # fmt: skip
        make_request(line, state="answered", confirmed_quantity=D(quantity))
    found = trace(promised)
    assert (found.reported, found.verified, found.confirmed) == (D(75), D(75), D(75))

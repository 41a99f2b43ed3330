"""The pages of the four figures: what they say, what they ask the database, who sees what."""

from __future__ import annotations

import pytest
from django.urls import reverse

from contracts.models import Measure
from tests.contracts.test_position import Q1, live
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    make_commitment,
    make_edition,
    make_evidence,
    make_line,
    make_measure,
    make_return,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def delivered():
    contract, supplier = live(title="Invented street lights")
    promised = make_commitment(contract, supplier=supplier)
    sent = make_return(contract, supplier, Q1)
    line = make_line(sent, promised, "40", verified="25")
    make_evidence(supplier, line)
    return contract, supplier, promised


def test_the_portfolio_says_what_was_proven_of_what_was_promised(client, delivered, time_machine):
    time_machine.move_to("2026-07-25")
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("portfolio"), {"quarter": "2026-27-Q1"}).content.decode()
    assert "So far, 25% of the social value promised is verified" in page
    assert "£1,000" in page and "£400" in page and "£250" in page
    assert "1 of 1 return received" in page
    assert "until=2026-27-Q1" in page


def test_a_tile_counts_the_rows_that_it_opens(client, delivered):
    contract, supplier, promised = delivered
    local = make_measure(kind=Measure.Kind.LOCAL_ECONOMIC)
    make_commitment(contract, supplier=supplier, measure=local, number=promised.number + 1)
    client.force_login(make_user("coordinator"))
    context = client.get(reverse("portfolio"), {"quarter": "2026-27-Q1"}).context
    for kind in ("social", "local"):
        tile = context[kind][1]
        assert tile.of_what == "1 agreed commitment"
        rows = client.get(tile.way_in.url).context["rows"]
        assert len(rows) == 1


def test_a_verified_return_without_pounds_does_not_say_that_nothing_is_verified(client):
    contract, supplier = live(title="Invented benches")
    counted = make_measure(kind=Measure.Kind.RECORD_ONLY)
    promised = make_commitment(contract, supplier=supplier, measure=counted)
    make_line(make_return(contract, supplier, Q1, state="verified"), promised, "4", verified="4")
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("return-list")).content.decode()
    assert "None in pounds" in page
    assert "Nothing yet" not in page


def test_a_filter_that_makes_no_sense_is_said_in_words(client):
    client.force_login(make_user("coordinator"))
    answer = client.get(reverse("portfolio"), {"quarter": "soon", "directorate": "x"})
    assert answer.status_code == 200
    assert "There is a problem" in answer.content.decode()


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_a_breakdown_can_be_taken_along(client, delivered, kind):
    client.force_login(make_user("coordinator"))
    answer = client.get(reverse("portfolio"), {"by": "supplier", "format": kind})
    assert "attachment" in answer["Content-Disposition"]
    assert len(b"".join(answer.streaming_content)) > 100
    answer.close()


def test_the_pages_ask_the_same_number_of_questions_for_1_and_for_20(client, delivered):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    user = make_user("coordinator")
    contract, supplier, _ = delivered

    def asked(address):
        client.force_login(user)
        with CaptureQueriesContext(connection) as seen:
            assert client.get(address).status_code == 200
        return len(seen)

    addresses = {
        reverse("portfolio"): 10,
        reverse("delivery-list"): 8,
        reverse("contract-social-value", args=[contract.pk]): 12,
    }
    before = {address: asked(address) for address in addresses}
    quarter = Q1
    for _ in range(4):
        quarter = quarter.next
        sent = make_return(contract, supplier, quarter)
        for _ in range(5):
            make_line(sent, make_commitment(contract, supplier=supplier), "4", verified="4")
    after = {address: asked(address) for address in addresses}
    assert before == after
    assert all(after[address] <= most for address, most in addresses.items()), after


def test_a_supplier_sees_its_own_part_of_a_shared_contract(client, delivered):
    contract, supplier, _ = delivered
    partner = make_organisation("Invented partner")
    promised = make_commitment(contract, supplier=partner, title="Quagga walks")
    make_line(make_return(contract, partner, Q1), promised, "9")
    client.force_login(make_user("supplier", supplier))
    page = client.get(reverse("contract-social-value", args=[contract.pk])).content.decode()
    assert "Quagga" not in page and "£1,000" in page
    for address in (reverse("delivery-list"), f"{reverse('delivery-list')}?format=csv"):
        answer = client.get(address)
        body = b"".join(answer.streaming_content) if answer.streaming else answer.content
        assert b"Quagga" not in body
    other, _ = live()
    assert client.get(reverse("contract-social-value", args=[other.pk])).status_code == 404


def test_a_licence_that_keeps_its_values_keeps_the_pounds_of_a_line(client):
    contract, supplier = live()
    closed = make_edition(values_may_be_published=False)
    measure = make_measure(closed, value="13", kind=Measure.Kind.SOCIAL)
    promised = make_commitment(contract, supplier=supplier, measure=measure)
    make_line(make_return(contract, supplier, Q1), promised, "7", verified="7")
    client.force_login(make_user("auditor"))
    page = client.get(reverse("delivery-list")).content.decode()
    assert "£91" not in page
    answer = client.get(reverse("delivery-list"), {"format": "csv"})
    body = b"".join(answer.streaming_content) if answer.streaming else answer.content
    # As a cell: a reference may hold these digits by chance.
    assert b",91" not in body.split(b"\n", 1)[1]

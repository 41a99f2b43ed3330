"""The list that a figure opens to has exactly its rows, and they add up to it."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
import time_machine
from django.db import transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.models import Commitment, Contract
from contracts.selectors.position import EVERYWHERE, Scope
from reporting.catalogue import CATALOGUE
from reporting.selectors.boards import BoardScope, figure_trace
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_evidence,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
Q2 = Q1.next
NOW = datetime.datetime(2026, 11, 3, 9, tzinfo=datetime.UTC)
DAYS = [datetime.date(2026, 4, 2), datetime.date(2026, 6, 30), datetime.date(2026, 7, 20)]


def asked(client: Client, **query: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(reverse("api-figures"), query).json()
    return found


def rows_of(client: Client, found: dict[str, Any]) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = client.get(found["rows_url"]).json()["results"]
    return rows


def test_committed_opens_to_the_promises_that_count_and_to_no_other():
    """£1,000 agreed in Q1. One agreed on 20 July is not in the figure to the end of Q1."""
    make_commitment()
    make_commitment(agreed_on=DAYS[2])
    client = Client()
    client.force_login(make_user())
    with time_machine.travel(NOW):
        query = {"figure": "social_value", "basis": "committed"}
        found = asked(client, **query, quarter=Q1.code)
        assert (found["value"], found["rows"], len(rows_of(client, found))) == ("1000.00", 1, 1)
        assert len(rows_of(client, asked(client, **query, quarter=Q2.code))) == 2


@settings(
    max_examples=12, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(DAYS), st.sampled_from(["stands", "varied", "withdrawn", "draft"]),
            st.integers(1, 400), st.booleans(),
        ),
        max_size=6,
    ),
    st.sampled_from([Q1, Q2]),
    st.sampled_from(["to-date", "quarter"]),
)  # fmt: skip
def test_the_rows_of_committed_add_up_to_it_whatever_was_promised(promises, last, span):
    with transaction.atomic():
        for agreed_on, state, quantity, delivers in promises:
            made = make_commitment(
                agreed=state != "draft", quantity=str(quantity),
                **({} if state == "draft" else {"agreed_on": agreed_on}),
            )  # fmt: skip
            if delivers and state != "draft":
                sent = make_return(made.contract, made.supplier, Q1)
                make_line(sent, made, "3", verified="3")
            if state == "withdrawn":
                Commitment.objects.filter(pk=made.pk).update(state="withdrawn")
            if state == "varied":
                Commitment.objects.filter(pk=made.pk).update(state="varied")
                make_commitment(
                    made.contract, supplier=made.supplier, measure=made.measure, replaces=made,
                    agreed_on=DAYS[2], quantity="7",
                )  # fmt: skip
        client = Client()
        client.force_login(make_user())
        with time_machine.travel(NOW):
            said = {"quarter": last.code, "span": span}
            found = asked(client, figure="social_value", basis="committed", **said)
            rows = rows_of(client, found)
            total = sum((Decimal(row["counted_pounds"]) for row in rows), Decimal(0))
            assert total == Decimal(found["value"] or 0) and len(rows) == found["rows"]
            counted = asked(client, figure="commitments", basis="record", **said)
            assert len(rows_of(client, counted)) == Decimal(counted["value"])
            for figure in ("agreements", "tendered_value"):
                in_force = asked(client, figure=figure, **said)
                if figure == "agreements":
                    assert len(rows_of(client, in_force)) == Decimal(in_force["value"])
                else:
                    assert rows_of(client, in_force) == []
        transaction.set_rollback(True)


def test_agreements_of_a_period_are_those_in_force_in_it():
    """One in force, one over before the quarter, one awarded after it, a framework without a value."""
    known = {"suppliers": [make_organisation()], "stage": Contract.Stage.LIVE}
    one = make_contract(value="700", awarded_on=DAYS[0], **known)
    make_contract(
        value="20", awarded_on=datetime.date(2025, 1, 1), end=datetime.date(2026, 3, 1), **known
    )
    make_contract(value="3", awarded_on=DAYS[2], **known)
    frame = make_contract(value="5000", awarded_on=DAYS[0], is_framework=True, **known)
    client = Client()
    client.force_login(make_user())
    with time_machine.travel(NOW):
        said = {"quarter": Q1.code, "span": "quarter"}
        found = asked(client, figure="contract_value", **said)
        assert found["value"] == "700.00" and "framework" in found["rows_words"]
        assert {row["id"] for row in rows_of(client, found)} == {one.pk, frame.pk}
        assert client.get(found["rows_url"].replace("Q1", "Q9")).status_code == 400


def test_returns_open_to_those_that_count_as_received():
    one, two = make_commitment(), make_commitment()
    make_return(one.contract, one.supplier, Q1)
    make_return(two.contract, two.supplier, Q2)
    unasked = make_commitment(agreed=False)
    make_return(unasked.contract, unasked.supplier, Q1)
    trace = figure_trace(EVERYWHERE, "returns_received", "record", BoardScope(Scope(), Q1, Q1))
    client = Client()
    client.force_login(make_user())
    with time_machine.travel(NOW):
        page = client.get(trace.rows_url).content.decode()
    assert trace.value == 1 and one.contract.title in page and two.contract.title not in page
    assert unasked.contract.title not in page


def test_sealed_lines_of_offers_are_not_shown_but_each_agreements_total_is():
    """50 hours at £10. A single licensed measure tells its total to nobody outside."""
    licensed = make_measure(make_edition(values_may_be_published=False), value="7")
    for measure in (make_measure(), licensed):
        made = make_commitment()
        make_bid(make_tender(made.contract, measures=[measure]), made.supplier, state="won")
    client = Client()
    client.force_login(make_user())
    with time_machine.travel(NOW):
        found = asked(client, figure="social_value", basis="offered", quarter=Q1.code)
        assert found["rows_url"] == "" and "sealed" in found["rows_words"]
        assert [one["pounds"] for one in found["totals"]] == ["500.00", None]
        assert [one["withheld"] for one in found["totals"]] == [False, True]
        detail = reverse("figure-detail", args=["social_value", "offered"])
        page = client.get(detail, {"quarter": Q1.code}).content.decode()
        assert "The lines of a bid are sealed" in page and "£500.00" in page


def test_evidence_opens_to_the_rows_that_have_files():
    bare, proved = make_commitment(), make_commitment()
    for made in (bare, proved):
        line = make_line(make_return(made.contract, made.supplier, Q1), made, "4", verified="4")
    make_evidence(proved.supplier, line)
    client = Client()
    client.force_login(make_user())
    with time_machine.travel(NOW):
        found = asked(client, figure="social_value", basis="verified", quarter=Q1.code)
        rows = client.get(found["evidence_url"]).json()["results"]
        assert [row["commitment_id"] for row in rows] == [proved.pk]
        assert len(rows_of(client, found)) == 2
    spend = figure_trace(EVERYWHERE, "spend_retained", "invoice", BoardScope(Scope(), Q1, Q1))
    assert spend.rows_url == (
        f"{reverse('payment-list')}?place=retained&until={Q1.code}&since={Q1.code}"
    )


@pytest.mark.parametrize("role", ["coordinator", "steering_member", "auditor", "supplier"])
def test_nobody_is_led_to_rows_that_they_may_not_open(role: str) -> None:
    one = make_commitment()
    held = make_return(one.contract, one.supplier, Q1)
    make_line(held, one)
    client, opened = Client(), 0
    client.force_login(make_user(role, one.supplier if role == "supplier" else None))
    with time_machine.travel(NOW):
        for figure in CATALOGUE.values():
            for basis in figure.bases:
                page = client.get(reverse("figure-detail", args=[figure.key, basis]))
                if page.status_code != 200:
                    continue
                for address in re.findall(r'href="(/[^"?]*\?[^"]*)"', page.content.decode()):
                    assert client.get(unescape(address)).status_code == 200, (figure.key, address)
                    opened += 1
    assert opened > 5

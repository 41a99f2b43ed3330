"""What is proven leads the officers' first page, worked by hand; and what keeps a quarter open."""

from __future__ import annotations

import datetime

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from contracts.models import Commitment
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.models import ClosedQuarter
from trafford_sv.core.periods import Quarter
from trafford_sv.directory.models import Organisation

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
# After Q1's returns were due on 20 July 2026.
DAY = datetime.datetime(2026, 8, 3, 12, tzinfo=datetime.UTC)


def promise(directorate: Organisation | None = None) -> Commitment:
    """£1,000 of social value (100 hours at £10), from 1 April 2026."""
    supplier = make_organisation()
    contract = make_contract(
        directorate=directorate,
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage="live",
    )
    return make_commitment(contract, supplier=supplier)


def deliver(made: Commitment, reported: str, verified: str | None = None) -> None:
    sent = make_return(made.contract, made.supplier, Q1)
    make_line(sent, made, reported, verified=verified)


def page(client: Client, role: str = "coordinator", *own: Organisation):
    client.force_login(make_user(role, *own))
    with time_machine.travel(DAY):
        return client.get(reverse("dashboard"))


def test_verified_of_committed_leads_and_each_figure_opens(client: Client) -> None:
    """Three promises of £1,000. One reported £400 of which £250 is verified, one reported £300 that
    waits, one owes its return: verified £250 of £3,000 is 8%, reported £700, 2 of 3 returns.
    """
    deliver(promise(), "40", "25")
    deliver(promise(), "30")
    promise()
    found = page(client)
    verified, reported, returns = found.context["delivery"]
    assert (verified.label, verified.number) == ("Verified social value", "£250")
    assert verified.of_what == "8% of everything committed"
    assert verified.completeness == "2 of 3 returns received"
    assert (reported.number, reported.completeness) == (
        "£700",
        "1 of 2 deliveries wait to be checked",
    )
    assert (returns.number, returns.of_what) == ("2", "of 3 that were due for Q1 2026/27")
    text = found.content.decode()
    assert text.index("Promises and proof</h2>") < text.index("Needs you</h2>")
    for item in (verified, reported, returns):
        assert client.get(item.way_in.url).status_code == 200, item.label


def test_late_returns_and_the_next_step_of_closing_wait_for_whoever_closes(client: Client) -> None:
    deliver(promise(), "40")
    promise()
    needs = {need.text: need for need in page(client).context["needs"]}
    late = needs["1 return has not come in for April to June 2026 (Q1 2026/27)"]
    assert late.tag is not None and late.tag.text == "14 days late"
    assert late.url == reverse("closing-board", args=[Q1.code]) + "#returns"
    close = needs["Close April to June 2026 (Q1 2026/27)"]
    assert close.detail == "Next: 1 return has not come in"
    for need in (late, close):
        assert client.get(need.url).status_code == 200


def test_with_every_return_in_the_next_step_is_to_check_them(client: Client) -> None:
    deliver(promise(), "40")
    (close,) = [n for n in page(client).context["needs"] if n.text.startswith("Close ")]
    assert close.detail == "Next: 1 delivery waits to be checked"


def test_a_closed_quarter_does_not_wait_and_a_later_one_does(client: Client) -> None:
    deliver(promise(), "40", "40")
    ClosedQuarter.objects.create(
        financial_year=2026, quarter=1, closed_at=DAY, closed_by_name="A test"
    )
    assert not [n for n in page(client).context["needs"] if n.text.startswith("Close ")]
    ClosedQuarter.objects.update(financial_year=2025, quarter=3)
    (close,) = [n for n in page(client).context["needs"] if n.text.startswith("Close ")]
    assert close.text == "Close January to March 2026 (Q4 2025/26)"


def test_a_contract_manager_sees_the_own_directorates_and_closes_nothing(client: Client) -> None:
    own = make_organisation("Invented Place", "council_service")
    deliver(promise(own), "40", "10")
    promise(own)
    deliver(promise(make_organisation("Invented Children", "council_service")), "90", "90")
    found = page(client, "contract_manager", own)
    verified, reported, returns = found.context["delivery"]
    assert (verified.number, reported.number, returns.number) == ("£100", "£400", "1")
    texts = [need.text for need in found.context["needs"]]
    assert not [text for text in texts if text.startswith("Close ")]
    (late,) = [n for n in found.context["needs"] if "not come in" in n.text]
    assert client.get(late.url).status_code == 200


def test_before_the_first_promise_nothing_of_delivery_is_shown(client: Client) -> None:
    make_contract(suppliers=[make_organisation()])
    found = page(client)
    assert found.context["delivery"] == ()
    assert "Promises and proof</h2>" not in found.content.decode()

"""Deciding a line through the API: the same rules as on the page."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.urls import reverse

from contracts.models import DeliveryReturn, ReturnEvent, ReturnLine
from tests.factories import make_contract, make_organisation
from tests.factories_delivery import Q1, make_commitment, make_line, make_return
from trafford_sv.core.services.quarters import close_quarter

from .conftest import Client

pytestmark = pytest.mark.django_db
D = Decimal
LATER = datetime.datetime(2026, 11, 1, tzinfo=datetime.UTC)


def a_line(**values: Any) -> ReturnLine:
    supplier = make_organisation()
    contract = make_contract(suppliers=[supplier], **values)
    commitment = make_commitment(contract, supplier=supplier)
    return make_line(make_return(contract, supplier), commitment, "40")


def address(line: ReturnLine) -> str:
    return reverse("api-line-verify", kwargs={"pk": line.delivery_return_id, "number": line.number})


def post(client: Any, line: ReturnLine, **body: Any) -> Any:
    return client.post(address(line), {"version": line.version, **body}, format="json")


def test_the_three_decisions(officer: Any) -> None:
    first, second, third = a_line(), a_line(), a_line()
    answer = post(officer, first, decision="accept")
    assert answer.status_code == 201
    assert answer.json()["verified_quantity"].startswith("40")
    assert answer["Location"].endswith(f"/return-lines/{first.pk}/")
    post(officer, second, decision="accept_part", quantity="12.5", reason="Fewer came.")
    post(officer, third, decision="send_back", reason="Add the sheet.")
    for line in (first, second, third):
        line.refresh_from_db()
    assert [(line.state, line.verified_quantity) for line in (first, second, third)] == [
        ("accepted", D(40)),
        ("part", D("12.5")),
        ("sent_back", None),
    ]


def test_a_repeated_request_decides_once(officer: Any) -> None:
    line = a_line()
    for _ in range(2):
        answer = officer.post(
            address(line),
            {"version": 1, "decision": "accept"},
            format="json",
            headers={"Idempotency-Key": "one"},
        )
        assert answer.status_code == 201
    assert ReturnEvent.objects.count() == 1


def test_what_is_refused_is_a_problem_in_words(officer: Any, client_of: Client) -> None:
    line = a_line()
    bad = (
        ({"decision": "accept_part", "reason": "x"}, "Say how much is accepted."),
        ({"decision": "accept_part", "quantity": "41", "reason": "x"}, "reported 40"),
        ({"decision": "accept_part", "quantity": "3"}, "Say why only a part"),
        ({"decision": "accept", "quantity": "3"}, "belongs to accept_part only"),
        ({"decision": "guess"}, "guess"),
    )
    for body, words in bad:
        answer = post(officer, line, **body)
        assert answer.status_code in {400, 422}, answer.content
        assert words in answer.content.decode()
    stale = officer.post(address(line), {"version": 7, "decision": "accept"}, format="json")
    assert stale.status_code == 412
    close_quarter(quarter=Q1, by=officer.user, now=LATER)
    assert post(officer, line, decision="accept").status_code == 409
    line.refresh_from_db()
    assert line.state == "open"


def test_nobody_decides_out_of_reach_or_their_own(client_of: Client) -> None:
    parks = make_organisation("Parks", "council_service")
    line = a_line(directorate=parks)
    other = client_of("contract_manager", make_organisation("Roads", "council_service"))
    assert post(other, line, decision="accept").status_code == 404
    supplier = client_of("supplier", line.delivery_return.supplier)
    assert post(supplier, line, decision="accept").status_code == 403
    own = client_of("contract_manager", parks)
    DeliveryReturn.objects.update(submitted_by_id=own.user.pk)
    assert "somebody else must verify" in post(own, line, decision="accept").content.decode()
    line.refresh_from_db()
    assert line.state == "open"

"""What keeps an agreement from going live, each thing with what to do; and that it goes then."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Commitment, Contract
from contracts.selectors.mobilisation import blockers, mobilisation
from contracts.services.commitments import (
    accept_commitment,
    change_commitment,
    draft_from_offers,
    go_live,
    propose_commitment,
    vary_commitment,
    withdraw_commitment,
)
from contracts.services.contracts import change_contract, record_contract
from tests.factories import make_contract, make_organisation
from tests.factories_delivery import make_bid, make_commitment, make_measure, make_tender

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)


@pytest.fixture
def supplier() -> Any:
    return make_organisation("Brook Lane Builders (invented)")


@pytest.fixture
def contract(supplier: Any) -> Contract:
    return make_contract(
        value="900000",
        awarded_on=datetime.date(2026, 3, 1),
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.MOBILISING,
    )


def draft(contract: Contract, supplier: Any, **values: Any) -> Commitment:
    return make_commitment(contract, supplier=supplier, agreed=False, **values)


def keys(contract: Contract) -> list[str]:
    return [blocker.key for blocker in blockers(contract)]


def live(contract: Contract) -> Contract:
    return go_live(contract=contract, expected_version=contract.version, by=None, now=NOW)


@pytest.mark.parametrize(
    ("values", "key", "todo"),
    [
        ({"owner_name": " "}, "owner", "Name the role at the supplier"),
        ({"evidence_rule": ""}, "evidence", "Write down what will prove it"),
        ({"due": None}, "dates", "Say when delivery starts and when it is due"),
        ({"profile": {}}, "profile", "Say how much each quarter brings"),
        ({"quantity": "100", "promised_quantity": Decimal(101)}, "profile", "Correct the"),
        ({"partner_named": "A hall (invented)"}, "partner", "Register the organisation"),
        ({}, "propose", "Propose it"),
    ],
)
def test_each_thing_that_is_missing_is_listed_with_what_to_do(
    contract: Contract, supplier: Any, values: dict[str, Any], key: str, todo: str
) -> None:
    draft(contract, supplier, **values)
    (found,) = blockers(contract)
    assert found.key == key and found.todo.startswith(todo) and found.about.startswith("1. ")
    with pytest.raises(ValidationError, match="cannot go live yet"):
        live(contract)
    contract.refresh_from_db()
    assert contract.stage == Contract.Stage.MOBILISING


def test_a_linked_partner_is_no_blocker(contract: Contract, supplier: Any) -> None:
    hall = make_organisation("A hall (invented)", "hub")
    draft(contract, supplier, partner_named="A hall (invented)", partner=hall)
    assert keys(contract) == ["propose"]


def test_a_unit_and_an_award_are_needed(contract: Contract) -> None:
    draft(contract, make_organisation(), measure=make_measure(unit=""))
    assert keys(contract) == ["supplier", "unit"]


def test_a_winning_promise_without_a_commitment_blocks(contract: Contract, supplier: Any) -> None:
    bid = make_bid(make_tender(contract), supplier, state="won")
    make_bid(contract.tender, state="lost")
    (found,) = blockers(contract)
    assert (found.key, found.offer) == ("no_commitment", bid.offers.get().pk)
    assert "won with 50 hours" in found.sentence
    with pytest.raises(ValidationError, match="Draw up the commitment from the offer"):
        live(contract)
    draft_from_offers(contract=contract, by=None, now=NOW)
    assert keys(contract) == ["owner"]


def test_a_promise_that_was_won_is_not_got_rid_of_by_withdrawing_its_draft(
    contract: Contract, supplier: Any
) -> None:
    bid = make_bid(make_tender(contract), supplier, state="won")
    (made,) = draft_from_offers(contract=contract, bid=bid, by=None, now=NOW)
    withdraw_commitment(commitment=made, reason="Too much", expected_version=1, by=None, now=NOW)
    assert keys(contract) == ["no_commitment"]
    (again,) = draft_from_offers(contract=contract, bid=bid, by=None, now=NOW)
    assert again.number == 2 and again.offer == bid.offers.get()
    assert keys(contract) == ["owner"]


def test_the_way_from_offer_to_live(contract: Contract, supplier: Any) -> None:
    bid = make_bid(make_tender(contract), supplier, state="won")
    (made,) = draft_from_offers(contract=contract, bid=bid, by=None, now=NOW)
    made = change_commitment(
        commitment=made, changes={"owner_name": "Lead"}, expected_version=1, by=None, now=NOW
    )
    assert keys(contract) == ["propose"]
    made = propose_commitment(commitment=made, expected_version=2, by=None, now=NOW)
    assert keys(contract) == ["council", "supplier_acceptance"]
    accept_commitment(commitment=made, side="council", expected_version=3, by=None, now=NOW)
    assert keys(contract) == ["supplier_acceptance"]
    with pytest.raises(ValidationError, match="has not accepted it"):
        live(contract)
    made = accept_commitment(commitment=made, side="supplier", expected_version=3, by=None, now=NOW)
    assert keys(contract) == []
    assert live(contract).stage == Contract.Stage.LIVE
    # Varying it afterwards, from a bid's commitment, leaves the gate alone.
    new = vary_commitment(
        commitment=made, changes={}, reason="More", expected_version=4, by=None, now=NOW
    )
    new = propose_commitment(commitment=new, expected_version=1, by=None, now=NOW)
    for side in ("council", "supplier"):
        accept_commitment(commitment=new, side=side, expected_version=2, by=None, now=NOW)
    assert keys(contract) == []


def test_the_edit_page_cannot_go_round_the_gate(contract: Contract, supplier: Any) -> None:
    draft(contract, supplier)
    with pytest.raises(ValidationError) as error:
        change_contract(
            contract=contract,
            changes={"stage": Contract.Stage.LIVE},
            expected_version=1,
            by=None,
            now=NOW,
        )
    assert "stage" in error.value.message_dict
    # Anything else may be changed meanwhile.
    change_contract(
        contract=contract, changes={"title": "New"}, expected_version=1, by=None, now=NOW
    )


def test_a_contract_without_any_promise_here_may_be_live() -> None:
    """Open data brings contracts that have been live for years: nothing is known of promises."""
    made = record_contract(
        values={"reference": "X-1", "title": "X", "stage": "live"}, by=None, now=NOW
    )
    assert made.stage == Contract.Stage.LIVE
    assert live(make_contract(stage=Contract.Stage.AWARDED)).stage == Contract.Stage.LIVE


@pytest.mark.parametrize("stage", ["pipeline", "tender", "ended", "terminated", "live"])
def test_only_what_is_awarded_or_mobilising_goes_live(stage: str) -> None:
    with pytest.raises(ValidationError):
        live(make_contract(stage=stage))


def test_the_number_of_queries_does_not_grow(contract: Contract, supplier: Any) -> None:
    bid = make_bid(make_tender(contract), supplier, state="won")
    draft(contract, supplier, offer=bid.offers.get())

    def queries() -> int:
        with CaptureQueriesContext(
            connection,
        ) as held:
            mobilisation(contract)
        return len(held)

    one = queries()
    measure = make_measure()
    for _ in range(20):
        draft(contract, supplier, measure=measure)
    assert queries() == one <= 7

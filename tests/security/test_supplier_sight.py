"""A supplier on its own contract: nothing there that is the council's business only."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from contracts.models import Award
from tests.factories import make_award, make_contract, make_organisation, make_user
from trafford_sv.core.models import User

SECRETS = ("Quagga Holdings", "98,765", "98765", "Moira Invented", "Ivor Invented", "pipeline.csv")


@pytest.fixture
def people(db: None) -> tuple[User, User, int]:
    """(a supplier's person, the directorate's contract manager, the contract they share)."""
    parks = make_organisation("Directorate of Parks", "council_service")
    winner, loser = make_organisation("Invented Supplies"), make_organisation("Quagga Holdings")
    contract = make_contract(
        title="Park benches",
        directorate=parks,
        manager=User.objects.create_user(email="moira@example.org", name="Moira Invented"),
        star_lead=User.objects.create_user(email="ivor@example.org", name="Ivor Invented"),
        source="pipeline.csv",
    )
    day = datetime.date(2025, 5, 3)
    make_award(contract, value="60000", awarded_on=day, suppliers=[winner])
    for status in (Award.Status.UNSUCCESSFUL, Award.Status.CANCELLED, Award.Status.PENDING):
        make_award(
            contract, value=Decimal("98765"), awarded_on=day, suppliers=[loser], status=status
        )
    return make_user("supplier", winner), make_user("contract_manager", parks), contract.pk


@pytest.mark.parametrize("name", ["contract-detail", "api-contract"])
def test_a_supplier_sees_no_other_bid_and_no_colleague_by_name(
    client: Client, people: tuple[User, User, int], name: str
) -> None:
    supplier, manager, pk = people
    client.force_login(supplier)
    shown = client.get(reverse(name, kwargs={"pk": pk})).content.decode()
    assert "Invented Supplies" in shown
    assert [secret for secret in SECRETS if secret in shown] == []
    client.force_login(manager)
    shown = client.get(reverse(name, kwargs={"pk": pk})).content.decode()
    assert {"Quagga Holdings", "Moira Invented", "Ivor Invented", "pipeline.csv"} <= {
        secret for secret in SECRETS if secret in shown
    }


@pytest.mark.parametrize("form", ["", "?format=csv", "?format=xlsx", "?q=Quagga"])
@pytest.mark.parametrize("name", ["contract-list", "contract-expiring", "api-contracts"])
def test_no_list_or_export_shows_the_other_bid(
    client: Client, people: tuple[User, User, int], name: str, form: str
) -> None:
    supplier, _, _ = people
    client.force_login(supplier)
    response = client.get(reverse(name) + form)
    body = b"".join(response.streaming_content) if response.streaming else response.content
    for secret in (*SECRETS[1:3], *(() if "q=" in form else SECRETS[:1])):
        assert secret.encode() not in body

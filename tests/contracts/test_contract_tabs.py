"""The tabs of an agreement lead only to pages that the person may open."""

from __future__ import annotations

import datetime

import pytest
from django.test import Client
from django.urls import reverse

from contracts.contract_tabs import contract_tabs, permissions_here
from contracts.models import Contract
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_bid, make_tender
from trafford_sv.core.roles import ROLES

pytestmark = pytest.mark.django_db
PAGES = (
    "contract-detail",
    "tender-detail",
    "contract-mobilisation",
    "contract-social-value",
    "contract-returns",
    "contract-pacing",
)


@pytest.fixture
def contract() -> Contract:
    return make_contract(
        directorate=make_organisation("Invented Place", "council_service"),
        suppliers=[make_organisation("Invented Hollins Ltd", "supplier")],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage="live",
    )


@pytest.mark.parametrize("role", [key for key in ROLES if key not in ("public", "hub")])
def test_every_tab_of_every_role_opens(client: Client, contract: Contract, role: str) -> None:
    organisation = {
        "contract_manager": contract.directorate,
        "supplier": contract.awards.get().suppliers.get(),
    }.get(role)
    client.force_login(make_user(role, organisation))
    for page in PAGES:
        answer = client.get(reverse(page, args=[contract.pk]))
        if answer.status_code != 200:
            continue
        assert answer.context["tabs"], page
        for tab in answer.context["tabs"]:
            assert client.get(tab.url).status_code == 200, (page, tab.label)


def labels(contract: Contract, user: object) -> list[str]:
    permissions = permissions_here(user, contract.directorate_id)
    return [tab.label for tab in contract_tabs(contract.pk, permissions, "overview")]


def test_a_supplier_sees_no_tab_of_the_councils_own_work(contract: Contract) -> None:
    supplier = contract.awards.get().suppliers.get()
    user = make_user("supplier", supplier)
    assert labels(contract, user) == ["Overview", "Social value", "Pacing"]
    make_bid(make_tender(contract, state="awarded"), supplier, state="won")
    # The own bid is under "Your bids": the tab would be the same for whoever was not invited.
    assert labels(contract, user) == ["Overview", "Social value", "Pacing"]


def test_a_role_elsewhere_adds_no_tab_here(contract: Contract) -> None:
    user = make_user("supplier", contract.awards.get().suppliers.get())
    user.grants.create(
        role="contract_manager",
        organisation=make_organisation("Invented Children", "council_service"),
        starts=datetime.date(2020, 1, 1),
        granted_by_name="A test",
    )
    assert labels(contract, user) == ["Overview", "Social value", "Pacing"]


def test_whose_contract_it_is_sees_every_tab(contract: Contract) -> None:
    everything = ["Overview", "Tender", "Mobilisation", "Social value", "Returns", "Pacing"]
    assert labels(contract, make_user("contract_manager", contract.directorate)) == everything
    assert labels(contract, make_user()) == everything

"""Grants, planning obligations and pledges: the same code, apart in every total."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Contract
from contracts.selectors.contracts import contract_detail, contract_rows
from contracts.selectors.portfolio import PortfolioFilters, portfolio_figures
from contracts.services.contracts import change_contract, record_award
from tests.factories import (
    make_category,
    make_contract,
    make_organisation,
    make_threshold,
    make_user,
)
from tests.factories_delivery import make_commitment, make_measure

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 5, 4)
NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
KINDS = ["grant", "planning", "pledge"]


@pytest.fixture
def officer(client: Client) -> Any:
    user = make_user()
    client.force_login(user)
    return user


def of_kind(kind: str, **values: Any) -> Contract:
    return make_contract(
        kind=kind,
        title=f"An invented {kind}",
        suppliers=[make_organisation()],
        value="900000" if kind in ("grant", "contract") else None,
        awarded_on=datetime.date(2026, 3, 1),
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        **values,
    )


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.text


@pytest.mark.parametrize(
    ("kind", "party", "giver"),
    [
        ("grant", "grant holder", "Given by"),
        ("planning", "developer", "Looked after by"),
        ("pledge", "organisation", "Looked after by"),
    ],
)
def test_each_kind_is_recorded_in_two_steps_in_its_own_words(
    client: Client, officer: Any, kind: str, party: str, giver: str
) -> None:
    body = make_organisation("Oakfield Trust (invented)", "voluntary")
    address = f"{reverse('agreement-create')}?kind={kind}"
    page = read(client, address)
    assert giver in page and "light-touch" not in page
    answer = client.post(
        address, {"title": "Something good", "reference": "A-1", "stage": "mobilising"}
    )
    made = Contract.objects.get(kind=kind)
    award = reverse("award-create", kwargs={"pk": made.pk})
    assert answer["Location"] == award
    page = read(client, award)
    assert f"Record the {party}" in page
    assert ('name="value_pounds"' in page) is (kind == "grant")
    values = {"status": "active", "awarded_on": "1 3 2026", "suppliers": [body.pk]}
    values |= {"value_pounds": "£5,000"} if kind == "grant" else {}
    assert client.post(award, values).status_code == 302
    page = read(client, made.get_absolute_url())
    assert "Oakfield Trust (invented)" in page and "Must carry social value" not in page
    assert ("£5,000" in page) is (kind == "grant")
    # Who holds a grant or pledges something is not thereby a supplier of the council.
    assert set(body.kinds.values_list("kind", flat=True)) == {"voluntary"}


def test_the_page_asks_for_the_kind(client: Client, officer: Any) -> None:
    page = read(client, reverse("agreement-create"))
    assert "?kind=grant" in page and "?kind=pledge" in page
    for kind in ("contract", "nonsense", ""):
        page = read(client, f"{reverse('agreement-create')}?kind={kind}")
        assert "Which kind is it?" in page


@pytest.mark.parametrize("kind", ["planning", "pledge"])
def test_what_has_no_value_is_given_none(kind: str) -> None:
    with pytest.raises(ValidationError, match="has no value of its own"):
        record_award(
            contract=of_kind(kind),
            values={"value_pounds": Decimal(5), "awarded_on": DAY},
            by=None,
            now=NOW,
        )


def test_a_kind_stays_as_it_was_recorded() -> None:
    grant = of_kind("grant")
    with pytest.raises(ValidationError, match="stays as it was recorded"):
        change_contract(
            contract=grant, changes={"kind": "contract"}, expected_version=1, by=None, now=NOW
        )


# --- never mixed ----------------------------------------------------------------------------


@pytest.fixture
def one_of_each() -> dict[str, Contract]:
    make_threshold()
    category = make_category()
    return {
        kind: of_kind(kind, category=category, stage=Contract.Stage.LIVE)
        for kind in ("contract", *KINDS)
    }


def test_the_register_and_its_file_hold_contracts_and_the_filter_finds_the_rest(
    client: Client, officer: Any, one_of_each: dict[str, Contract]
) -> None:
    def titles(address: str) -> set[str]:
        answer = client.get(address)
        text = answer.getvalue().decode() if answer.streaming else answer.text  # type: ignore[attr-defined]
        return {kind for kind in one_of_each if f"An invented {kind}" in text}

    register, agreements = reverse("contract-list"), reverse("agreement-list")
    assert titles(register) == titles(f"{register}?format=csv") == {"contract"}
    assert titles(f"{register}?stage=live") == titles(f"{register}?q=invented") == {"contract"}
    assert titles(f"{register}?agreement=grant") == {"grant"}
    assert titles(f"{register}?agreement=all&format=csv") == set(one_of_each)
    assert titles(agreements) == titles(f"{agreements}?format=csv") == set(KINDS)
    assert titles(f"{agreements}?agreement=pledge") == {"pledge"}
    assert titles(f"{agreements}?agreement=contract") == {"contract"}
    assert titles(f"{agreements}?agreement=all") == set(one_of_each)
    assert titles(f"{reverse('contract-expiring')}?within=365") <= {"contract"}


def test_counts_thresholds_and_the_portfolio_are_of_contracts(
    officer: Any, one_of_each: dict[str, Contract]
) -> None:
    for buyer in ("own", None):
        summary = portfolio_figures(officer, DAY, PortfolioFilters(buyer=buyer)).summary
        assert (summary.contracts, summary.over_threshold) == (1, 1)
        assert summary.value_pounds == Decimal(900000)
    carried = {row.kind: row.must_carry for row in contract_rows(officer)}
    assert carried == {"contract": True, "grant": False, "planning": False, "pledge": False}


def test_the_api_has_contracts_unless_asked(
    client: Client, officer: Any, one_of_each: dict[str, Contract]
) -> None:
    def kinds(query: str = "") -> list[str]:
        answer = client.get(f"{reverse('api-contracts')}{query}").json()
        return sorted(row["kind"] for row in answer["results"])

    assert kinds() == ["contract"] == kinds("?stage=live")
    assert kinds("?agreement=grant") == ["grant"]
    assert kinds("?agreement=all") == sorted(one_of_each)
    body = client.get(reverse("api-contract", kwargs={"pk": one_of_each["pledge"].pk})).json()
    assert (body["kind"], body["must_carry"], body["duties"]) == ("pledge", False, [])
    assert body["must_carry_explanation"].startswith("The thresholds are for contracts")


# --- the same code --------------------------------------------------------------------------


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_mobilises_and_goes_live_by_the_same_gate(
    client: Client, officer: Any, kind: str
) -> None:
    agreement = of_kind(kind, stage=Contract.Stage.MOBILISING)
    supplier = agreement.awards.get().suppliers.get()
    made = make_commitment(agreement, supplier=supplier, agreed=False)
    address = reverse("contract-mobilisation", kwargs={"pk": agreement.pk})
    page = read(client, address)
    assert "Propose it" in page
    live = reverse("contract-go-live", kwargs={"pk": agreement.pk})
    client.post(live, {"version": 1})
    agreement.refresh_from_db()
    assert agreement.stage == Contract.Stage.MOBILISING
    made.delete()
    make_commitment(agreement, supplier=supplier)
    client.post(live, {"version": 1})
    agreement.refresh_from_db()
    assert agreement.stage == Contract.Stage.LIVE


def test_editing_keeps_to_the_form_of_the_kind(client: Client, officer: Any) -> None:
    grant = of_kind("grant")
    edit = reverse("agreement-edit", kwargs={"pk": grant.pk})
    assert client.get(reverse("contract-edit", kwargs={"pk": grant.pk}))["Location"] == edit
    client.post(edit, {"title": "Warm rooms", "reference": "G-1", "stage": "live", "version": 1})
    grant.refresh_from_db()
    assert grant.title == "Warm rooms"
    contract = of_kind("contract")
    assert client.post(reverse("agreement-edit", kwargs={"pk": contract.pk})).status_code == 404


# --- what is in the contract, answered by its commitments -----------------------------------


def test_an_agreed_commitment_answers_whether_social_value_is_in_it(
    client: Client, officer: Any
) -> None:
    make_threshold()
    contract = of_kind("contract", social_value="not_included", stage=Contract.Stage.LIVE)
    before = contract_detail(contract.pk, officer, as_of=DAY)
    assert before.social_value == "not_included"
    supplier = contract.awards.get().suppliers.get()
    draft = make_commitment(contract, supplier=supplier, agreed=False)
    assert contract_detail(contract.pk, officer, as_of=DAY).social_value == "not_included"
    draft.delete()
    make_commitment(contract, supplier=supplier)
    assert contract_detail(contract.pk, officer, as_of=DAY).social_value == "included"
    contract.refresh_from_db()
    assert contract.social_value == "not_included"  # what was recorded stays
    register = reverse("contract-list")
    assert "Required, included" in read(client, f"{register}?social_value=included")
    assert contract.title not in read(client, f"{register}?social_value=missing")
    figures = portfolio_figures(officer, DAY, PortfolioFilters())
    assert figures.summary.with_social_value == 1
    row = client.get(reverse("api-contracts")).json()["results"][0]
    assert row["social_value"] == "included"


def test_the_number_of_queries_does_not_grow(client: Client, officer: Any) -> None:
    first = of_kind("grant")

    def queries(address: str) -> int:
        with CaptureQueriesContext(connection) as held:
            read(client, address)
        return len(held)

    listed, page = reverse("agreement-list"), first.get_absolute_url()
    before = queries(listed), queries(page)
    measure = make_measure()
    for _ in range(20):
        of_kind("pledge")
        make_commitment(first, supplier=first.awards.get().suppliers.get(), measure=measure)
    assert (queries(listed), queries(page)) == before
    assert before[0] <= 8 and before[1] <= 12, before

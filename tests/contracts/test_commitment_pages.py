"""The pages of commitments: what each person sees, does and cannot do, and what files hold."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Commitment, Contract
from tests.factories import make_contract, make_organisation, make_user, make_ward
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def supplier() -> Any:
    return make_organisation("Brook Lane Builders (invented)")


@pytest.fixture
def contract(supplier: Any) -> Contract:
    return make_contract(
        title="Mending the park gates",
        value="900000",
        awarded_on=datetime.date(2026, 3, 1),
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.MOBILISING,
    )


def signed_in(client: Client, role: str, organisation: Any = None) -> Any:
    user = make_user(role, organisation)
    client.force_login(user)
    return user


def at(name: str, record: Any) -> str:
    return reverse(name, kwargs={"pk": record.pk})


def read(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return answer.text


def form_of(contract: Contract, supplier: Any, **values: Any) -> dict[str, Any]:
    return {
        "supplier": supplier.pk,
        "measure": make_measure().pk,
        "promised_quantity": "1,200",
        "owner_name": "Site manager",
        **values,
    }


def test_from_nothing_to_live_through_the_pages(
    client: Client, contract: Contract, supplier: Any
) -> None:
    signed_in(client, "coordinator")
    mobilisation = at("contract-mobilisation", contract)
    assert "Nothing is promised here yet" in read(client, mobilisation)
    answer = client.post(at("commitment-create", contract), form_of(contract, supplier))
    made = Commitment.objects.get()
    assert answer["Location"] == made.get_absolute_url()
    assert made.promised_quantity == Decimal(1200)
    page = read(client, mobilisation)
    assert "0 of 1 promise is agreed" in page and "Propose it, so that both sides" in page
    assert "Go live" not in page
    for name in ("commitment-propose", "commitment-accept"):
        page = read(client, at(name, made))
        made.refresh_from_db()
        assert f'name="version" value="{made.version}"' in page
        client.post(at(name, made), {"version": made.version})
    assert "has not accepted it" in read(client, mobilisation)
    there = Client()
    signed_in(there, "supplier", supplier)
    assert "Waiting for you" in read(there, reverse("supplier-commitments"))
    made.refresh_from_db()
    accept = at("supplier-commitment-accept", made)
    assert "promises 1,200 hours by 31 March 2027" in read(there, accept)
    there.post(accept, {"version": made.version})
    made.refresh_from_db()
    assert (made.state, made.committed_pounds) == ("agreed", Decimal("12000.00"))
    page = read(client, mobilisation)
    assert "Every promise is agreed. It can go live." in page
    client.post(at("contract-go-live", contract), {"version": contract.version})
    contract.refresh_from_db()
    assert contract.stage == Contract.Stage.LIVE


def test_going_live_too_early_says_what_is_missing(
    client: Client, contract: Contract, supplier: Any
) -> None:
    make_commitment(contract, supplier=supplier, agreed=False, owner_name="")
    signed_in(client, "coordinator")
    answer = client.post(
        at("contract-go-live", contract), {"version": contract.version}, follow=True
    )
    assert "It cannot go live yet. 1. Hours of help" in answer.text
    assert "Nobody answers for it yet." in answer.text


def test_offers_are_drawn_up_on_a_page(client: Client, contract: Contract, supplier: Any) -> None:
    make_bid(make_tender(contract), supplier, state="won")
    signed_in(client, "coordinator")
    assert "It was won, and no commitment says so" in read(
        client, at("contract-mobilisation", contract)
    )
    address = at("commitments-from-offers", contract)
    assert "50 hours" in read(client, address)
    answer = client.post(address, follow=True)
    assert "1 commitment drawn up from the winning offers" in answer.text
    assert "already" in client.post(address, follow=True).text


def test_a_commitments_page_says_where_its_value_comes_from(client: Client) -> None:
    made = make_commitment()
    back = make_return(made.contract, made.supplier)
    make_line(back, made, "40", verified="25", decision_reason="The sheet has 25 names ticked off.")
    make_line(back, made, None)
    signed_in(client, "coordinator")
    page = read(client, made.get_absolute_url())
    assert "£10 for one" in page
    assert "In force from 1 April 2020. Source: Made up for a test." in page
    assert "Pinned on 4 May 2026: later values do not change it." in page
    assert "£1,000" in page and "40 hours" in page and "25 hours" in page
    assert "The sheet has 25 names ticked off." in page
    assert "Not reported" in page
    assert "Every quarter brings the same" in page


def test_a_line_that_is_not_submitted_is_nobodys_business(client: Client) -> None:
    made = make_commitment()
    make_line(make_return(made.contract, made.supplier, state="draft"), made, "7731")
    signed_in(client, "coordinator")
    page = read(client, made.get_absolute_url())
    assert (
        "7,731" not in page
        and "7731" not in page
        and "Nothing has been reported towards it" in page
    )


def test_a_steering_member_sees_totals_and_no_lines(client: Client) -> None:
    made = make_commitment()
    make_line(make_return(made.contract, made.supplier), made, "40", narrative="In the hall")
    signed_in(client, "steering_member")
    page = read(client, made.get_absolute_url())
    assert "40" in page and "In the hall" not in page


# --- who sees what --------------------------------------------------------------------------


def test_a_supplier_sees_its_own_on_a_shared_contract_and_no_drafts(
    client: Client, contract: Contract, supplier: Any
) -> None:
    rival = make_organisation("Quagga Holdings (invented)")
    contract.awards.get().supplier_links.create(organisation=rival)
    mine = make_commitment(contract, supplier=supplier, title="Our placements")
    draft = make_commitment(contract, supplier=supplier, title="A first idea", agreed=False)
    theirs = make_commitment(contract, supplier=rival, title="Their placements")
    signed_in(client, "supplier", supplier)
    for name in ("commitment-list", "supplier-commitments"):
        for extra in ("", "?format=csv", "?q=placements", f"?supplier={rival.pk}"):
            answer = client.get(reverse(name) + extra)
            text = (
                answer.getvalue().decode() if answer.streaming else answer.text  # type: ignore[attr-defined]
            )
            assert "Their placements" not in text and "A first idea" not in text
            assert "Quagga" not in text
    assert "Our placements" in read(client, reverse("supplier-commitments"))
    assert client.get(mine.get_absolute_url()).status_code == 200
    for other in (theirs, draft):
        assert client.get(other.get_absolute_url()).status_code == 404
        for name in ("supplier-commitment-accept", "supplier-commitment-send-back"):
            assert client.get(at(name, other)).status_code == 404
            assert client.post(at(name, other), {"version": 1}).status_code == 404


def test_a_contract_manager_reaches_the_own_directorate_only(client: Client) -> None:
    parks = make_organisation("Parks (invented)", "council_service")
    mine = make_commitment()
    Contract.objects.filter(pk=mine.contract_id).update(directorate=parks)
    other = make_commitment(title="Not for parks")
    signed_in(client, "contract_manager", parks)
    assert client.get(at("commitment-profile", mine)).status_code == 302
    page = read(client, reverse("commitment-list"))
    assert "Not for parks" not in page and mine.contract.reference in page
    for name in ("commitment-detail", "commitment-edit", "commitment-withdraw"):
        assert client.get(at(name, other)).status_code == 404
    assert client.get(at("contract-mobilisation", other.contract)).status_code == 404


def test_a_supplier_asks_for_a_change_and_the_officer_reads_why(
    client: Client, contract: Contract, supplier: Any
) -> None:
    made = make_commitment(contract, supplier=supplier, agreed=False, state="proposed")
    signed_in(client, "supplier", supplier)
    address = at("supplier-commitment-send-back", made)
    assert "Say why" in client.post(address, {"version": 1, "reason": ""}).text
    client.post(address, {"version": 1, "reason": "The school closes in August."})
    assert client.get(made.get_absolute_url()).status_code == 404  # a draft again
    signed_in(client, "coordinator")
    page = read(client, made.get_absolute_url())
    assert "Sent back by the supplier: The school closes in August." in page


def test_a_supplier_who_read_older_terms_accepts_nothing(
    client: Client, contract: Contract, supplier: Any
) -> None:
    made = make_commitment(contract, supplier=supplier, agreed=False, state="proposed")
    Commitment.objects.filter(pk=made.pk).update(version=2, promised_quantity=200)
    signed_in(client, "supplier", supplier)
    answer = client.post(at("supplier-commitment-accept", made), {"version": 1})
    assert answer.status_code == 409
    assert "The council changed this commitment after you opened it" in answer.text
    assert "200 hours" in answer.text and 'name="version" value="2"' in answer.text
    made.refresh_from_db()
    assert made.supplier_accepted_at is None


# --- editing --------------------------------------------------------------------------------


def test_editing_what_a_side_accepted_says_that_both_are_asked_again(
    client: Client, contract: Contract, supplier: Any
) -> None:
    made = make_commitment(
        contract,
        supplier=supplier,
        agreed=False,
        state="proposed",
        supplier_accepted_at=datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC),
        supplier_accepted_by_name="A user",
    )
    signed_in(client, "coordinator")
    address = at("commitment-edit", made)
    assert "both are asked again" in read(client, address)
    answer = client.post(
        address,
        form_of(contract, supplier, measure=made.measure_id, promised_quantity="50", version=1),
        follow=True,
    )
    assert "so both are asked again" in answer.text
    made.refresh_from_db()
    assert made.supplier_accepted_at is None and made.promised_quantity == 50


def test_the_second_of_two_officers_sees_both_versions(
    client: Client, contract: Contract, supplier: Any
) -> None:
    made = make_commitment(contract, supplier=supplier, agreed=False)
    signed_in(client, "coordinator")
    values = form_of(contract, supplier, measure=made.measure_id, version=1)
    address = at("commitment-edit", made)
    assert client.post(address, {**values, "promised_quantity": "110"}).status_code == 302
    answer = client.post(address, {**values, "promised_quantity": "120"})
    assert answer.status_code == 409
    assert "110" in answer.text and "120" in answer.text


def test_the_quarters_are_typed_spread_and_refused(
    client: Client, contract: Contract, supplier: Any
) -> None:
    made = make_commitment(contract, supplier=supplier, agreed=False)
    signed_in(client, "coordinator")
    address = at("commitment-profile", made)
    page = read(client, address)
    assert 'name="2026_27_q1"' in page and 'value="25"' in page
    boxes = {f"2026_27_q{n}": "" for n in (1, 2, 3, 4)}
    answer = client.post(address, {**boxes, "2026_27_q4": "90", "version": 1})
    assert "add to 90, but the promise is 100: 10 missing" in answer.text
    client.post(address, {**boxes, "2026_27_q4": "100", "version": 1})
    assert [part.due_quantity for part in made.profile.all()] == [0, 0, 0, 100]
    assert "Most is due in January to March 2027" in read(client, made.get_absolute_url())
    stale = client.post(address, {**boxes, "2026_27_q1": "100", "version": 1})
    assert stale.status_code == 409 and "Someone else changed this commitment" in stale.text
    made.refresh_from_db()
    client.post(address, {**boxes, "even": "1", "version": made.version})
    assert [part.due_quantity for part in made.profile.all()] == [25] * 4


def test_a_variation_through_the_pages(client: Client) -> None:
    made = make_commitment()
    signed_in(client, "coordinator")
    address = at("commitment-vary", made)
    assert "from now on" in read(client, address)
    values = form_of(made.contract, made.supplier, measure=made.measure_id, version=1)
    assert "Say why it is varied" in client.post(address, values).text
    client.post(address, {**values, "reason": "More sites."})
    new = Commitment.objects.get(replaces=made)
    assert "which counts until both sides accept this one" in read(client, new.get_absolute_url())
    assert "A variation is under way" in read(client, made.get_absolute_url())


def test_withdrawing_through_the_page(client: Client) -> None:
    made = make_commitment()
    signed_in(client, "coordinator")
    address = at("commitment-withdraw", made)
    assert "Say why" in client.post(address, {"version": 1, "reason": " "}).text
    client.post(address, {"version": 1, "reason": "The site was sold."})
    assert "The site was sold." in read(client, made.get_absolute_url())


@pytest.mark.parametrize("quantity", ["", "0", "-5", "lots", "1e30", "NaN", "99999999999999999"])
def test_a_quantity_that_is_none_is_refused_on_the_form(
    client: Client, contract: Contract, supplier: Any, quantity: str
) -> None:
    signed_in(client, "coordinator")
    answer = client.post(
        at("commitment-create", contract),
        form_of(contract, supplier, promised_quantity=quantity),
    )
    assert answer.status_code == 200 and "There is a problem" in answer.text
    assert not Commitment.objects.exists()


# --- the list -------------------------------------------------------------------------------


def test_the_list_is_narrowed_by_each_filter(client: Client) -> None:
    ward = make_ward()
    parks = make_organisation("Parks (invented)", "council_service")
    made = make_commitment(title="Placements for carers")
    made.wards.add(ward)
    Contract.objects.filter(pk=made.contract_id).update(directorate=parks, kind="grant")
    make_commitment(title="Something else", agreed=False, due=None)
    signed_in(client, "coordinator")
    address = reverse("commitment-list")
    for query in (
        "q=carers", "state=agreed", "agreement=grant", f"directorate={parks.pk}",
        f"supplier={made.supplier_id}", f"measure={made.measure.code}", f"ward={ward.code}",
        "due_within=3660",
    ):  # fmt: skip
        page = read(client, f"{address}?{query}")
        assert "Placements for carers" in page and "Something else" not in page, query
    both = read(client, f"{address}?kind=social&theme=Jobs")
    assert "Placements for carers" in both and "Something else" in both
    assert "Something else" in read(client, f"{address}?ward=none")


def test_the_files_hold_every_filtered_row(client: Client) -> None:
    make_commitment(title="One")
    make_commitment(title="Two", agreed=False)
    signed_in(client, "coordinator")
    answer = client.get(reverse("commitment-list") + "?format=csv&state=agreed")
    lines = answer.getvalue().decode("utf-8-sig").splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2 and ",One," in lines[1] and ",1000.00," in lines[1]
    answer = client.get(reverse("commitment-list") + "?format=xlsx")
    assert answer.getvalue().startswith(b"PK")  # type: ignore[attr-defined]


def test_a_licence_that_keeps_values_is_obeyed(client: Client) -> None:
    edition = make_edition(values_may_be_published=False, text_may_be_published=False)
    measure = make_measure(edition, value="12.34", title="A licensed measure")
    made = make_commitment(measure=measure, title="Our own words")
    seen = {}
    for role in ("coordinator", "contract_manager", "auditor", "supplier"):
        home = made.supplier if role == "supplier" else None
        if role == "contract_manager":
            home = make_organisation("Parks (invented)", "council_service")
            Contract.objects.filter(pk=made.contract_id).update(directorate=home)
        signed_in(client, role, home)
        pages = read(client, made.get_absolute_url()) + read(client, reverse("commitment-list"))
        seen[role] = "12.34" in pages or "1,234" in pages
        answer = client.get(reverse("commitment-list") + "?format=csv")
        text = answer.getvalue().decode()  # type: ignore[attr-defined]
        assert "12.34" not in text and "1234" not in text and "A licensed measure" not in text
        assert "Withheld" in text and "Our own words" in text
    # Only who holds `see_licensed_values` sees them, and on pages only.
    assert seen == {
        "coordinator": True, "contract_manager": False, "auditor": False, "supplier": False,
    }  # fmt: skip


# --- queries --------------------------------------------------------------------------------


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(connection) as held:
        read(client, address)
    return len(held)


def test_the_number_of_queries_does_not_grow(
    client: Client, contract: Contract, supplier: Any
) -> None:
    first = make_commitment(contract, supplier=supplier, agreed=False)
    agreed = make_commitment(contract, supplier=supplier)
    make_line(make_return(contract, supplier), agreed)
    signed_in(client, "coordinator")
    there = Client()
    signed_in(there, "supplier", supplier)
    asked = [
        (client, reverse("commitment-list"), 8),
        (there, reverse("supplier-commitments"), 8),
        (client, first.get_absolute_url(), 12),
        (client, agreed.get_absolute_url(), 12),
        (client, at("contract-mobilisation", contract), 12),
    ]
    before = [queries(who, address) for who, address, _ in asked]
    for _ in range(20):
        more = make_commitment(contract, supplier=supplier)
        more.wards.add(make_ward())
        make_line(agreed.lines.first().delivery_return, agreed)  # type: ignore[union-attr]
    assert [queries(who, address) for who, address, _ in asked] == before
    assert all(number <= most for number, (_, _, most) in zip(before, asked, strict=True)), before

"""A commitment says which needs it answers and which principle it serves, in its own forms."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from charter.models import Principle
from contracts.models import Commitment
from contracts.selectors.need_links import MOST, needs_to_answer
from tests.factories import make_contract, make_organisation, make_user, make_ward
from tests.factories_delivery import make_commitment, make_measure
from tests.factories_needs import make_need, make_priority

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client: Client) -> Client:
    client.force_login(make_user())
    return client


def test_a_draft_names_its_needs_and_its_principle(officer: Client) -> None:
    call_command("load_reference", "--only", "charter")
    principle = Principle.objects.last()
    assert principle is not None
    supplier = make_organisation()
    contract = make_contract(suppliers=[supplier], awarded_on="2026-04-01", value="90000")
    need = make_need(make_ward(), title="A warm place")
    address = reverse("commitment-create", args=[contract.pk])
    page = officer.get(address).text
    assert "A warm place" in page and principle.title in page
    values: dict[str, Any] = {
        "supplier": supplier.pk, "measure": make_measure().pk, "promised_quantity": "10",
        "needs": [need.pk], "principle": principle.pk,
    }  # fmt: skip
    officer.post(address, values)
    made = Commitment.objects.get()
    assert list(made.needs.all()) == [need] and made.principle == principle
    assert "A warm place" in officer.get(made.get_absolute_url()).text


def test_what_an_agreed_commitment_answers_changes_and_nobody_is_asked_again(
    officer: Client,
) -> None:
    record, need = make_commitment(), make_need(title="A warm place")
    address = reverse("commitment-thread-edit", args=[record.pk])
    assert address in officer.get(record.get_absolute_url()).text
    officer.post(address, {"version": record.version, "needs": [need.pk], "principle": ""})
    record.refresh_from_db()
    assert list(record.needs.all()) == [need]
    assert record.state == "agreed" and record.council_accepted_at
    officer.post(address, {"version": record.version, "principle": ""})
    assert not record.needs.exists(), "taken off again"


def test_a_need_that_may_not_be_chosen_gets_a_sentence(officer: Client) -> None:
    record, hidden = make_commitment(), make_need(is_public=False, title="A quiet quokka corner")
    address = reverse("commitment-thread-edit", args=[record.pk])
    page = officer.get(address).text
    assert hidden.title not in page
    for value in (hidden.pk, "x", 10**30):
        answer = officer.post(address, {"version": record.version, "needs": [value]})
        assert answer.status_code == 200 and answer.context["form"].errors
    assert not record.needs.exists()


def test_needs_that_share_wards_come_first_and_what_is_linked_always_stays() -> None:
    ward = make_ward()
    contract = make_contract()
    contract.wards.add(ward)
    priority, elsewhere = make_priority(), make_ward()
    near = make_need(ward, priority=priority)
    linked = make_need(elsewhere, priority=priority, state="met")
    for _ in range(MOST):
        make_need(elsewhere, priority=priority)
    found = needs_to_answer(contract, {linked.pk})
    assert {near.pk, linked.pk} <= found and len(found) == MOST + 1


def test_the_form_asks_as_often_for_many_needs_as_for_few(officer: Client) -> None:
    record, priority = make_commitment(), make_priority()
    counts = []
    for _ in range(2):
        for _ in range(6):
            make_need(make_ward(), priority=priority)
        address = reverse("commitment-thread-edit", args=[record.pk])
        officer.get(address)
        with CaptureQueriesContext(connection) as caught:
            assert officer.get(address).status_code == 200
        counts.append(len(caught))
    assert counts[0] == counts[1] <= 12

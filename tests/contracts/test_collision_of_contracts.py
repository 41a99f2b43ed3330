"""Two officers edit one contract: dates, pounds, sets of wards and links survive the collision page."""

from __future__ import annotations

import datetime
import html
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from tests.factories import make_contract, make_organisation, make_user, make_ward
from trafford_sv.core.collisions import posted_as


def test_each_kind_of_field_comes_through_either_choice(client: Client, db: None) -> None:
    from contracts.forms import ContractForm

    user = make_user("coordinator")
    client.force_login(user)
    parks = make_organisation("Directorate of Parks", "council_service")
    roads = make_organisation("Directorate of Roads", "council_service")
    east, west = make_ward(name="East"), make_ward(name="West")
    contract = make_contract(
        title="Benches",
        directorate=parks,
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        value="60000",
        awarded_on=datetime.date(2026, 3, 1),
    )
    contract.wards.set([east])
    address = reverse("contract-edit", args=[contract.pk])

    def opened() -> dict[str, list[str]]:
        form = ContractForm(instance=contract, user=user)
        return {
            name: values
            for field in form.fields
            for name, values in posted_as(form, field)
            if values
        }

    first, second = opened(), opened()
    first |= {
        "title": ["Benches and bins"],
        "directorate": [str(roads.pk)],
        "end": ["30/6/2027"],
        "wards": [str(east.pk), str(west.pk)],
    }
    second |= {"title": ["Park benches"], "end": ["2028-03-31"], "wards": [str(west.pk)]}
    answer = client.post(address, first)
    assert answer.status_code == 302, re.findall(r"govuk-error-message.*", answer.content.decode())

    answer = client.post(address, second)
    assert answer.status_code == 409
    page = answer.content.decode()
    for words in (
        "Directorate of Roads",
        "Directorate of Parks",
        "30 June 2027",
        "31 March 2028",
        "East, West",
    ):
        assert words in page
    form = page[page.index('<form method="post" action=') :]
    data: dict[str, list[str]] = {}
    for tag in re.findall(r"<input[^>]*>", form[: form.index("</form>")]):
        attributes = {
            key: html.unescape(value) for key, value in re.findall(r'([\w-]+)="([^"]*)"', tag)
        }
        if attributes["type"] != "radio":
            data.setdefault(attributes["name"], []).append(attributes["value"])
    # Their directorate and wards, my title and end.
    data |= {
        "keep:directorate": ["stored"],
        "keep:wards": ["stored"],
        "keep:title": ["mine"],
        "keep:end": ["mine"],
    }
    answer = client.post(address, data)
    assert answer.status_code == 302, re.findall(r"govuk-error-message.*", answer.content.decode())
    contract.refresh_from_db()
    assert contract.title == "Park benches"
    assert contract.directorate == roads
    assert contract.end == datetime.date(2028, 3, 31)
    assert set(contract.wards.all()) == {east, west}
    assert contract.awards.get().value_pounds == Decimal("60000")
    assert contract.version == 3


@pytest.mark.django_db
def test_a_visitor_cannot_reach_the_collision_page(client: Client) -> None:
    answer = client.post(reverse("contract-edit", args=[make_contract().pk]), {"version": "0"})
    assert answer.status_code == 302 and answer["Location"].startswith("/account/login/")

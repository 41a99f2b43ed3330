"""A choice that makes no sense shows what is wrong with it, and no figure that could pass for its answer."""

from __future__ import annotations

import datetime
import re
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from tests.factories import make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.quarters import close_quarter

pytestmark = pytest.mark.django_db
Q1 = Quarter(2026, 1)
NOW = datetime.datetime(2026, 8, 3, 9, tzinfo=datetime.UTC)
FIGURE = "/reports/figures/social_value/verified/"
PAGES = (
    "board-officer",
    "board-star",
    "board-steering",
    "board-supplier",
    "public-board",
    "portfolio",
)
BAD = (
    {"ward": "nonsense"}, {"as_of": "2026-02-30"}, {"as_of": "2030-01-01"}, {"quarter": "spring"},
    {"directorate": "999999"}, {"division": "zz"}, {"theme": "No such theme"}, {"agreement": "gift"},
    {"span": "ever"}, {"ward": "nonsense", "print": "yes"}, {"ward": "nonsense", "by": "theme"},
)  # fmt: skip


def delivered(number: int, **values: Any) -> None:
    """£300 verified of £1,000 promised, of each."""
    for _ in range(number):
        made = make_commitment(**values)
        make_line(make_return(made.contract, made.supplier, Q1), made, "40", verified="30")


@pytest.mark.parametrize("query", BAD, ids=str)
@pytest.mark.parametrize("name", [*PAGES, FIGURE])
def test_no_board_shows_a_figure_beside_what_is_wrong_with_the_choice(
    client: Client, name: str, query: dict[str, str]
) -> None:
    supplier = make_organisation()
    delivered(4)
    delivered(1, supplier=supplier)
    close_quarter(quarter=Q1, by=None, now=NOW)
    user = make_user("supplier", supplier) if name == "board-supplier" else make_user()
    if name != "public-board":
        client.force_login(user)
    path = name if name.startswith("/") else reverse(name)
    with time_machine.travel(NOW):
        assert re.search("£(300|1,500)", client.get(path).content.decode())
        if "as_of" in query and name in ("portfolio", "public-board"):
            return  # neither has a day as known
        text = client.get(path, query).content.decode()
    assert "There is a problem" in text and "No figure is shown until this is corrected" in text
    # Options, hints and the quarters hold no pounds and no pictures; nothing else may.
    assert not re.search(r"£\s?\d", text), text
    assert 'class="sv-figure' not in text and "<figure" not in text
    assert "returns received" not in text and "<table" not in text
    for tell in ("/deliveries/?", "/commitments/?", "A version to print"):
        assert tell not in text
    # The filters stay, so that it can be corrected; they are not in the print that has none.
    assert 'name="ward"' in text


@pytest.mark.parametrize("address", ["api-figures", "api-portfolio"])
@pytest.mark.parametrize(
    "query",
    [{"ward": "nonsense"}, {"directorate": "999999"}, {"division": "zz"}, {"division": "4"},
     {"theme": "No such theme"}, {"agreement": "gift"}, {"span": "ever"},
     {"ward": "nonsense", "theme": "No such theme"}],
    ids=str,
)  # fmt: skip
def test_a_program_is_refused_with_the_name_of_the_filter(
    client: Client, address: str, query: dict[str, str]
) -> None:
    delivered(1)
    client.force_login(make_user())
    with time_machine.travel(NOW):
        assert client.get(reverse(address)).status_code == 200
        answer = client.get(reverse(address), query)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert {error["field"] for error in answer.json()["errors"]} == set(query)
    assert "300" not in answer.content.decode()

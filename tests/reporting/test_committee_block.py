"""The block for committee papers says which figure, how complete, from where and when."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from reporting.committee_words import CommitteeBlock
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_return
from trafford_sv.core.periods import Quarter

VERIFIED = CommitteeBlock(
    "verified", "Up to the end of July to September 2026 (Q2 2026/27)", Decimal("1243118.20"),
    Decimal("50000.00"), Decimal("4200000.00"), "14 of 20 returns received",
    "https://sv.example.gov.uk/social-value/?quarter=2026-27-Q2", datetime.date(2026, 11, 30),
)  # fmt: skip


def test_the_paragraph_by_hand() -> None:
    assert VERIFIED.text == (
        "Social value verified: £1.24 million\n"
        "Up to the end of July to September 2026 (Q2 2026/27), £1.24 million of social value "
        "(£1,243,118.20) was verified by an officer on evidence across the council’s agreements, "
        "of £4.2 million committed. Local economic value, which is never added to it, was £50,000. "
        "14 of 20 returns received. Source: "
        "https://sv.example.gov.uk/social-value/?quarter=2026-27-Q2, read on 30 November 2026."
    )


def test_nothing_recorded_is_said_and_is_not_zero() -> None:
    none = CommitteeBlock(
        "reported", "In Q2", None, None, None, "0 of 3 returns received", "here",
        datetime.date(2026, 11, 30),
    )  # fmt: skip
    assert none.amount == "None recorded" and "£" not in none.text
    assert "Nothing recorded is not the same as nothing delivered." in none.text


@pytest.mark.django_db
def test_the_page_takes_its_figure_from_the_one_selector(client: Client) -> None:
    supplier = make_organisation()
    contract = make_contract(suppliers=[supplier], start=datetime.date(2020, 1, 1))
    commitment = make_commitment(contract, supplier=supplier)
    line = make_line(make_return(contract, supplier, Quarter(2025, 1)), commitment)
    type(line).objects.filter(pk=line.pk).update(
        state="accepted", verified_quantity=1, verified_pounds=Decimal("1234.50")
    )
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("committee-block"))
    assert page.status_code == 200
    assert "Social value verified" in page.text and "£1,234.50" in page.text
    assert re.search(r"[0-9]+ of [0-9]+ returns? received", page.text)
    assert "read on" in page.text
    other = client.get(reverse("committee-block") + "?figure=offered&span=quarter")
    assert "Social value offered" in other.text and "None recorded" in other.text
    bad = client.get(reverse("committee-block") + "?figure=all&quarter=9999-00-Q4")
    assert bad.status_code == 200 and "There is a problem" in bad.text

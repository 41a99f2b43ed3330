"""The page that explains the rules: public, and every result on it worked out by the rule."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from contracts.counting import CountingRule
from contracts.views.counting import ANCHORS

pytestmark = pytest.mark.django_db


@pytest.fixture
def page(client: Client) -> str:
    response = client.get(reverse("counting-rules"))
    assert response.status_code == 200
    return html.unescape(response.content.decode())


def test_it_is_at_a_plain_address() -> None:
    assert reverse("counting-rules") == "/measures/counting/"


def test_every_rule_of_counting_can_be_linked(page: str) -> None:
    anchors = [anchor for anchor, _ in ANCHORS]
    assert {rule.value for rule in CountingRule} <= set(anchors)
    assert len(set(anchors)) == len(anchors)
    for anchor in anchors:
        assert page.count(f'id="{anchor}"') == 1
        assert f'href="#{anchor}"' in page
        assert f'aria-labelledby="{anchor}"' in page


@pytest.mark.parametrize(
    "sentence",
    [
        "12.5 FTE x 24 months / 12 = 25",
        "1 person x 12 months / 12 = 1 (18 reported, only the first 12 count)",
        "2 hours x 8 people = 16",
        "50% and 30% are claimed already, so 20% is left.",
        "3 of 4 returns received",
        "4,000 is more than 3 times the whole promise of 1,000.",
        "“Expert hours” and “Volunteer hours”",
        "40 delivered of 50 expected in the quarters reported, which is 80%.",
        "At this pace it ends at 80 of 100.",
        "must bring up to 40, less what the missing return holds",
        "The return for Q2 2026/27 has not come in; what it holds is not known.",
        "At this pace it ends at between 60 and 80 of 100.",
    ],
)
def test_each_rule_has_its_worked_example(page: str, sentence: str) -> None:
    assert sentence in page


def cells(page: str, section: str) -> list[list[str]]:
    """The rows of the section's table, as text."""
    part = page.split(f'id="{section}"')[1].split("</table>")[0]
    rows = re.findall(r"<tr[^>]*>(.*?)</tr>", part, re.DOTALL)
    return [
        [re.sub(r"<[^>]+>", "", cell) for cell in re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row)]
        for row in rows
    ]


def test_the_printed_column_sums_to_its_printed_total(page: str) -> None:
    # 16 x 0.05 = 0.80; 0.3 x 0.05 = 0.015, half up 0.02, twice; 0: together 0.84.
    assert [row[2] for row in cells(page, "pounds")[1:]] == [
        "£0.80",
        "£0.02",
        "£0.02",
        "£0.00",
        "£0.84",
    ]


def test_a_blank_is_not_a_zero(page: str) -> None:
    # 12 + 0 + 8 = 20, and the third return is not known.
    assert [row[1] for row in cells(page, "blank")[1:]] == ["12", "0", "Not reported", "8", "20"]
    assert [row[1] for row in cells(page, "percentage")[1:]] == [
        "80%",
        "Not reported",
        "90%",
        "90%",
    ]


def test_the_hub_confirms_part(page: str) -> None:
    assert [row[1] for row in cells(page, "confirmed")[1:]] == ["40", "25", "15"]


def test_the_change_splits_exactly(page: str) -> None:
    # 10 x 12.50 + 2 x 20 = 165; 2 more hours at 12.50 = 25; 12 x 0.50 = 6; the days go: - 40; 156.
    assert [row[1] for row in cells(page, "restated")[1:]] == [
        "£165.00",
        "£25.00",
        "£6.00",
        "−£40.00",
        "£156.00",
    ]


def test_it_asks_the_database_nothing(
    client: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(0):
        client.get(reverse("counting-rules"))


def test_each_example_has_a_name_of_its_own(page: str) -> None:
    names = re.findall(r'role="region" aria-label="([^"]+)"', page)
    assert len(names) == len(set(names)) > 4

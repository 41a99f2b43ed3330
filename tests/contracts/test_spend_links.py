"""What a page says about retained spend, and that each figure opens the payments it is made of."""

from __future__ import annotations

import html
import re
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Payee, SpendCategory, SpendTotal, SpendUnit
from contracts.retained import KNOWN, PARTS_OF, PLACES, WIDER_PLACES, RetainedSpend, place_of
from contracts.selectors.spend import RetainedGroup, place_case, place_is
from contracts.views.retained_parts import (
    retained_chart,
    retained_title,
    share_words,
    stayed_figure,
)
from tests.contracts.test_spend_retained import World
from tests.factories import make_organisation, make_user
from trafford_sv.core.money import readable
from trafford_sv.core.parts import Figure, Link
from trafford_sv.core.periods import FinancialYear

YEAR = FinancialYear(2025)


def spend(trafford: str, elsewhere: str, unknown: str) -> RetainedSpend:
    return RetainedSpend(
        trafford_pounds=Decimal(trafford),
        elsewhere_pounds=Decimal(elsewhere),
        unknown_pounds=Decimal(unknown),
    )


def said(of: RetainedSpend) -> Figure:
    return stayed_figure(of, of.retained_pounds, label="Stayed")


def test_half_of_it_known_is_enough_for_a_percentage_and_a_penny_less_is_not() -> None:
    # 300 + 200 known of 1,000: 300 / 500 = 60% stayed. With one penny more unknown, from
    # 300 / 1,000.01 = 30.0% to 800.01 / 1,000.01 = 80.0%.
    enough = spend("300", "200", "500")
    assert said(enough).number == "60.0%"
    assert "50.0% of £1,000" in said(enough).completeness
    assert retained_title(enough, YEAR).startswith("60% of what can be placed stayed")
    assert retained_title(enough, YEAR).endswith("50% cannot be placed yet")
    short = spend("300", "200", "500.01")
    assert said(short).number == "30.0% to 80.0%"
    assert "60.0% of that stayed" in said(short).completeness
    assert retained_title(short, YEAR) == "Nobody knows yet where 50% of the money went"


@pytest.mark.parametrize(
    "of",
    [
        RetainedSpend(),
        spend("0", "0", "100"),  # nothing known
        spend("-5", "0", "100"),  # refunds outweigh what is known
        spend("5", "0", "-100"),  # refunds outweigh everything
    ],
)
def test_without_a_base_nothing_is_claimed(of: RetainedSpend) -> None:
    assert of.enough_known is None
    assert said(of).number is None
    assert retained_title(of, YEAR).startswith("Nobody can say yet")


@pytest.mark.parametrize(
    ("share", "places", "words"),
    [
        ("0", 0, "0%"),
        ("0.0001", 0, "under 1%"),
        ("0.0001", 1, "under 0.1%"),
        ("0.01", 0, "1%"),
        ("0.99", 0, "99%"),
        ("0.9999", 0, "over 99%"),
        ("0.9999", 1, "over 99.9%"),
        ("1", 0, "100%"),
    ],
)
def test_all_and_nothing_are_said_only_where_they_are_exact(
    share: str, places: int, words: str
) -> None:
    assert share_words(Decimal(share), places) == words


@given(st.decimals(0, 1, places=12), st.sampled_from([0, 1]))
def test_no_share_is_rounded_to_all_or_nothing(share: Decimal, places: int) -> None:
    words = share_words(share, places)
    assert (words in ("0%", "0.0%")) == (share == 0)
    assert (words in ("100%", "100.0%")) == (share == 1)


def test_nearly_everything_is_not_called_everything() -> None:
    nearly = spend("999999", "1", "1")
    assert said(nearly).number == "over 99.9%"
    assert retained_title(nearly, YEAR) == (
        "over 99% of what can be placed stayed in Greater Manchester; under 1% cannot be placed yet"
    )
    everything = spend("10", "0", "0")
    assert said(everything).number == "100.0%"
    assert retained_title(everything, YEAR).endswith("100% of what can be placed stayed in Greater Manchester")  # fmt: skip


def test_a_refunded_part_is_drawn_as_nothing_and_read_in_the_table() -> None:
    chart = retained_chart([RetainedGroup("2025-26-Q1", "Q1", spend("-5", "10", "1"))], YEAR)
    assert chart is not None
    assert [getattr(cell, "text", cell) for cell in chart.table.rows[0]] == [
        "Q1", "−£5", "£0", "£10", "£1", "£6",
    ]  # fmt: skip


# The one rule for a place


@pytest.mark.django_db
@pytest.mark.parametrize("excluded", [True, False])
@pytest.mark.parametrize(
    "locality", [None, "trafford", "greater_manchester", "elsewhere", "unknown"]
)
def test_the_rule_in_sql_agrees_with_the_function(excluded: bool, locality: str | None) -> None:
    world = World()
    Payee.objects.exclude(exclusion__isnull=False).delete()
    values: dict[str, Any] = {}
    if locality:
        values = {"organisation": make_organisation("Body", locality=locality), "state": "matched"}
    exclusion = Payee.objects.get().exclusion if excluded else None
    payee = world.payee("One", exclusion=exclusion, **values)
    expected = place_of(is_excluded=excluded, locality=locality)
    rows = Payee.objects.filter(pk=payee.pk)
    assert [place for place in PLACES if rows.filter(place_is(place, payee="")).exists()] == [
        expected
    ]
    assert rows.annotate(where=place_case("")).get().where == expected
    for wider in WIDER_PLACES:
        assert rows.filter(place_is(wider, payee="")).exists() == (expected in PARTS_OF[wider])


def test_only_what_is_known_is_placed() -> None:
    assert {place_of(is_excluded=False, locality=place) for place in PARTS_OF[KNOWN]} == set(
        PARTS_OF[KNOWN]
    )
    assert place_of(is_excluded=False, locality="mars") == "unknown"


# Each figure opens its rows


def amount(words: str) -> Decimal:
    found = re.match(r"(−?)£([\d,]+\.\d\d)", words)
    assert found, words
    return Decimal(found[2].replace(",", "")) * (-1 if found[1] else 1)


def printed(client: Client, address: str) -> Decimal:
    """The sum the page of payments prints; it prints none where it lists none."""
    page = client.get(address)
    assert page.status_code == 200
    text = page.content.decode()
    found = re.search(r"(−?£[\d,]+\.\d\d) net", text)
    if found is None:
        assert not page.context["count"], address
        return Decimal(0)
    assert not page.context["has_errors"], address
    return amount(found[1])


def ways(response: Any) -> set[str]:
    hrefs = re.findall(r'href="(/spend/payments/[^"]*)"', response.content.decode())
    return {html.unescape(href) for href in hrefs}


def cells(chart: Any) -> dict[str, str]:
    """The address of each number in a chart's table, and what it says."""
    found = {}
    for row in chart.table.rows:
        for cell in row[1:]:
            assert isinstance(cell, Link), cell
            assert cell.about
            found[cell.url] = cell.text
    return found


@pytest.fixture
def council(db: None) -> World:
    """Every place, two quarters, refunds, a directorate and none, a category without a name."""
    world = World()
    place = make_organisation("Place (invented)", "council_service")
    parks = SpendUnit.objects.create(source=world.source, name="HIGHWAYS", directorate=place)
    for number, who in enumerate(world.payees, start=1):
        world.pay(who, f"{number * 100}.{number}0")
        world.pay(who, f"{number}000.01", "2025-08-02", unit=parks)
        world.pay(who, "-7.77", "2025-08-03")
        world.pay(who, "0.55", "2024-08-03")
    world.category = SpendCategory.objects.create(source=world.source, code="", label="")
    world.pay("trafford", "12.34", "2025-12-31")
    world.pay("excluded", "5000.00", "2026-03-31", unit=parks)
    world.pay("unknown", "-3.21", "2026-03-31")
    return world


@pytest.mark.parametrize("period", ["year=2025-26", "quarter=2025-26-Q2", "quarter=2025-26-Q4"])
@pytest.mark.parametrize("much", ["elsewhere", "unknown"])
def test_every_figure_about_spending_opens_the_payments_that_sum_to_it(
    council: World, client: Client, period: str, much: str
) -> None:
    council.pay(much, "90000.00", "2025-08-05")
    client.force_login(make_user())
    response: Any = client.get(f"/spend/?{period}")
    page = response.context
    whole = page["spend"]
    sums = {
        page["everything"]: whole.total_pounds,
        page["contestable"]: whole.contestable_pounds,
    }
    sums |= {place["url"]: place["pounds"] for place in page["places"]}
    for group in page["categories"] + page["directorates"]:
        of = group["spend"]
        sums |= {
            group["url"]: of.contestable_pounds,
            group["urls"]["retained"]: of.retained_pounds,
            group["urls"]["known"]: of.known_pounds,
        }
    for figure in page["figures"]:
        if figure.number is not None:
            assert printed(client, figure.way_in.url) == amount(figure.exact), figure.label
            sums[figure.way_in.url] = amount(figure.exact)
    for address, total in sums.items():
        assert printed(client, address) == total, address
    for address, words in cells(page["chart"]).items():
        assert readable(printed(client, address)) == words, address
    named = {*sums, *cells(page["chart"]), *(figure.way_in.url for figure in page["figures"])}
    assert ways(response) == named


def test_each_quarter_and_place_on_the_dashboard_opens_its_payments(
    council: World, client: Client
) -> None:
    client.force_login(make_user())
    response: Any = client.get("/dashboard/?year=2025-26")
    found = cells(response.context["retained"])
    assert len(found) == 4 * 5
    for address, words in found.items():
        assert readable(printed(client, address)) == words, address
    assert ways(response) == set(found)


def test_both_pages_say_the_same(council: World, client: Client) -> None:
    client.force_login(make_user())
    ranges = []
    for much in ("elsewhere", "unknown"):
        council.pay(much, "90000.00", "2025-08-05")
        spending: Any = client.get("/spend/?year=2025-26").context
        board: Any = client.get("/dashboard/?year=2025-26").context
        assert spending["chart"] == board["retained"]
        one, other = spending["figures"][0], board["figures"][-1]
        assert (one.number, one.exact, one.of_what) == (other.number, other.exact, other.of_what)
        ranges.append(" to " in one.number)
    assert ranges == [False, True]


def test_payees_of_a_year_or_a_quarter_with_what_they_were_paid_in_it(
    council: World, client: Client
) -> None:
    client.force_login(make_user())
    council.payees["old"] = council.payee("Old")
    council.pay("old", "9.00", "2020-05-01")
    for asked, lines in (
        ("2025-26", SpendTotal.objects.filter(financial_year=2025)),
        ("2025-26-Q4", SpendTotal.objects.filter(financial_year=2025, quarter=4)),
    ):
        rows = client.get(f"/spend/payees/?year={asked}").context["rows"]
        expected: dict[int, Decimal] = {}
        for line in lines:
            expected[line.payee_id] = expected.get(line.payee_id, Decimal(0)) + line.amount_pounds
        assert {row.pk: row.pounds for row in rows} == expected
    assert "is not a year or a quarter" in client.get("/spend/payees/?year=x").content.decode()
    assert "Old" in client.get("/spend/payees/").content.decode()

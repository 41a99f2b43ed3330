"""Every board, every filter: the figure is the sum of the rows that the filter leaves, made by hand."""

from __future__ import annotations

import csv
import io
import re
from decimal import Decimal
from html import unescape
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.selectors.position import Scope
from reporting.selectors.boards import BoardScope, board
from reporting.services.star_measures import define_measure
from reporting.services.star_readings import supply_reading
from reporting.services.star_sets import approve_set, prepare_set
from tests.factories import make_user
from tests.reporting.filtered_world import (
    FILTERS,
    NOW,
    Q1,
    Q2,
    ByHand,
    World,
    by_hand,
    filtered_world,
)
from trafford_sv.core.money import exact
from trafford_sv.core.services.quarters import close_quarter

pytestmark = pytest.mark.django_db
BOARDS = ("board-officer", "board-star", "board-steering", "board-supplier", "public-board")


@pytest.fixture
def world() -> World:
    made = filtered_world()
    for quarter in (Q1, Q2):
        close_quarter(quarter=quarter, by=None, now=NOW)
    return made


def signed_in(client: Client, name: str, world: World) -> Any:
    """Whose board it is; the supplier for the supplier's own."""
    if name == "public-board":
        return None
    supplier = world.suppliers[0] if name == "board-supplier" else None
    client.force_login(make_user("supplier", supplier) if supplier else make_user())
    return supplier


def shown(client: Client, name: str, **query: str) -> Any:
    with time_machine.travel(NOW):
        answer = client.get(reverse(name), query)
    assert answer.status_code == 200
    return answer


def figure_of(answer: Any, label: str) -> Any:
    return next((one for one in answer.context["figures"] if one.label == label), None)


def agrees(answer: Any, hand: ByHand) -> None:
    """The page’s figures are those made by hand, each as it is printed."""
    for label, pounds in (
        ("Verified social value", hand.verified),
        ("Reported social value", hand.reported),
        ("Committed social value", hand.committed),
    ):
        found = figure_of(answer, label)
        if found is not None:
            assert found.exact == exact(pounds), label
            assert exact(pounds) in answer.content.decode()
    returns = figure_of(answer, "Returns received")
    assert returns.number == f"{hand.received:,}"
    assert f"of {hand.expected:,} that were due" in returns.of_what
    figures = answer.context["report"].position.figures
    assert figures.verified.social_pounds == hand.verified
    assert figures.committed.social_pounds == hand.committed
    assert figures.reported.social_pounds == hand.reported


@pytest.mark.parametrize("one", FILTERS)
@pytest.mark.parametrize("name", BOARDS)
def test_the_figures_are_the_sums_of_the_rows_that_the_filter_leaves(
    client: Client, world: World, name: str, one: str
) -> None:
    supplier = signed_in(client, name, world)
    whole = shown(client, name)
    agrees(whole, by_hand({}, supplier=supplier))
    told = 0
    for value in world.choices[one]:
        answer = shown(client, name, **{one: value})
        if supplier and f'value="{value}"' not in answer.content.decode():
            continue  # nothing of the supplier's is of this kind
        assert not answer.context.get("why_not"), value
        hand = by_hand({one: value}, supplier=supplier)
        agrees(answer, hand)
        # It narrows: a filter that is not obeyed would say what the whole says.
        if (one, value) != ("quarter", Q2.code):
            assert hand.verified != by_hand({}, supplier=supplier).verified or supplier
        told += 1
    assert told


@pytest.mark.parametrize("name", BOARDS[:4])
def test_two_filters_and_a_quarter_alone_work_together(
    client: Client, world: World, name: str
) -> None:
    supplier = signed_in(client, name, world)
    chosen = {"theme": "Jobs", "quarter": Q1.code}
    if not supplier:
        chosen |= {"ward": world.choices["ward"][0], "agreement": "contract"}
    agrees(
        shown(client, name, span="quarter", **chosen),
        by_hand(chosen, alone=True, supplier=supplier),
    )


@pytest.mark.parametrize("by", ["directorate", "agreement", "theme"])
@pytest.mark.parametrize("one", FILTERS)
def test_a_breakdown_and_the_quarters_obey_the_filter_too(world: World, one: str, by: str) -> None:
    value = world.choices[one][0]
    last = Q1 if one == "quarter" else Q2
    scope = (
        Scope()
        if one == "quarter"
        else Scope(**{one: int(value) if one == "directorate" else value})
    )
    found = board(make_user(), BoardScope(scope, None, last), by=by)
    for group in found.groups:
        hand = by_hand({by: group.key, "quarter": last.code, **({one: value} if one != by else {})})
        if one == by and group.key != value:
            hand = ByHand(Decimal(0), Decimal(0), Decimal(0), 0, 0)
        assert (group.figures.pounds("verified", "social") or 0) == hand.verified
        assert (group.figures.pounds("committed", "social") or 0) == hand.committed
    for group in found.trend:
        if group.key not in (Q1.code, Q2.code):
            assert group.figures.pounds("verified", "social") is None
        elif group.key <= last.code:
            hand = by_hand(
                {"quarter": group.key, **({} if one == "quarter" else {one: value})}, alone=True
            )
            assert group.figures.pounds("verified", "social") == hand.verified


@pytest.mark.parametrize("one", FILTERS)
@pytest.mark.parametrize("name", BOARDS[:4])
def test_filters_survive_links_print_rows_paging_and_files(
    client: Client, world: World, name: str, one: str
) -> None:
    """From a board to its print, to the other boards, to a figure, to its rows, to their file."""
    supplier = signed_in(client, name, world)
    value = world.choices[one][0]
    chosen = {one: value}
    answer = shown(client, name, **chosen)
    text = unescape(answer.content.decode())
    printed = shown(client, name, **parse_first(answer.context["print_url"]))
    agrees(printed, by_hand(chosen, supplier=supplier))
    assert 'class="sv-filter"' not in printed.content.decode()
    assert parse_first(printed.context["screen_url"]).get(one) == value
    for _, url, _ in answer.context["boards"]:
        assert parse_first(url)[one] == value
    for by in re.findall(r'href="(\?[^"]*by=[a-z]+)#by"', text):
        assert parse_first(by)[one] == value
    way = figure_of(answer, "Verified social value").way_in.url
    assert parse_first(way)[one] == value
    with time_machine.travel(NOW):
        detail = client.get(way)
        trace = detail.context["trace"]
        hand = by_hand(chosen, supplier=supplier)
        assert trace.value == hand.verified
        api = client.get(detail.context["api_url"]).json()
        assert Decimal(api["value"]) == hand.verified
        rows = client.get(api["rows_url"]).json()["results"]
        assert sum(Decimal(row["verified_pounds"] or 0) for row in rows) == hand.verified
        listed = client.get(trace.rows_url)
        links = [
            unescape(link)
            for link in re.findall(r'href="([^"]*format=csv[^"]*)"', listed.content.decode())
        ]
        assert links
        file = client.get(f"{urlsplit(trace.rows_url).path}?{urlsplit(links[0]).query}")
        table = list(csv.reader(io.StringIO(b"".join(file.streaming_content).decode("utf-8-sig"))))  # type: ignore[attr-defined]
        assert len(table) - 1 == len(rows) == trace.rows
        paged = client.get(f"{trace.rows_url}&page=1").content.decode()
        assert listed.context["paging"] is not None and str(len(rows)) in paged


def parse_first(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


# --- what a filter cannot reach -----------------------------------------------------------


def five(**values: Any) -> None:
    """A ratio, a sum of a quarter, returns, spend, and one of STAR’s own; the sum has limits as given."""
    base = {"words": "A test.", "period": "cumulative"}
    value = {"numerator": "social_value", "numerator_basis": "verified"}
    made = [
        define_measure(values={**base, **row}, by=None, now=NOW)
        for row in (
            {"name": "Kept of promised", **value, "denominator": "social_value",
             "denominator_basis": "committed"},
            {"name": "Verified in the quarter", **value, "period": "quarter", **values},
            {"name": "Returns in", "numerator": "returns_received", "numerator_basis": "record",
             "denominator": "returns_expected", "denominator_basis": "record", "period": "quarter"},
            {"name": "Spend kept", "numerator": "spend_retained", "numerator_basis": "invoice",
             "denominator": "spend_known", "denominator_basis": "invoice", "period": "year_to_date"},
            {"name": "Savings", "source": "supplied", "unit": "pounds"},
        )
    ]  # fmt: skip
    supply_reading(
        measure=made[4], quarter=Q2, value=Decimal(4444), evidence="Table 2", by=None, now=NOW
    )
    held = prepare_set(
        values={"name": "A set", "starts": Q1.start}, measures=made, by=None, now=NOW
    )
    approve_set(
        measure_set=held, approved_by="Joint Committee", approved_on=Q1.start, reference="",
        expected_version=held.version, by=None, now=NOW,
    )  # fmt: skip


@pytest.mark.parametrize("one", FILTERS[:5])
def test_the_five_obey_a_filter_where_their_figures_can_and_say_so_where_not(
    client: Client, one: str
) -> None:
    world = filtered_world()
    five()
    client.force_login(make_user())
    value = world.choices[one][0]
    whole = {row[0].text: row for row in shown(client, "board-star").context["five"].rows}
    assert whole["Savings"][1] == "£4,444"
    answer = shown(client, "board-star", **{one: value})
    rows = {row[0].text: row[1:] for row in answer.context["five"].rows}
    to_date, alone = by_hand({one: value}), by_hand({one: value}, alone=True)
    share = to_date.verified / to_date.committed * 100
    assert rows["Kept of promised"][0] == f"{share:.1f}%"
    assert rows["Verified in the quarter"][0] == f"£{alone.verified:,.0f}"
    assert (
        rows["Returns in"][0].rstrip("%") in f"{Decimal(alone.received * 100) / alone.expected:.1f}"
    )
    for name, says in (("Spend kept", "cannot be limited by"), ("Savings", "STAR supplies it")):
        assert rows[name][0] == "Not shown for this part" and says in rows[name][1]
    text = answer.content.decode()
    assert "£4,444" not in text and "worked out for the part that is chosen" in text
    with CaptureQueriesContext(connection) as seen:
        shown(client, "board-star", **{one: value})
    assert len(seen) <= 10
    with CaptureQueriesContext(connection) as seen:
        shown(client, "board-star", as_of="2026-11-02", **{one: value})
    assert len(seen) <= 10


def test_a_measure_that_is_of_another_part_by_definition_says_so(client: Client) -> None:
    world = filtered_world()
    five(agreement="grant", theme="Jobs")
    client.force_login(make_user())

    def sum_of(**query: str) -> Any:
        table = shown(client, "board-star", **query).context["five"]
        return next(row[1:] for row in table.rows if row[0].text == "Verified in the quarter")

    assert sum_of(agreement="contract")[0] == "Not shown for this part"
    assert "another kind of agreement" in sum_of(agreement="contract")[1]
    ward = world.choices["ward"][0]
    hand = by_hand({"ward": ward, "agreement": "grant", "theme": "Jobs"}, alone=True)
    assert sum_of(ward=ward)[0] == f"£{hand.verified:,.0f}"


@pytest.mark.parametrize("one", FILTERS[:5])
def test_the_plan_and_payments_are_not_passed_off_as_a_part(
    client: Client, world: World, one: str
) -> None:
    client.force_login(make_user())
    query = {one: world.choices[one][0]}
    plan = figure_of(shown(client, "board-steering", **query), "Actions of the plan that run today")
    assert plan.number is None and "An action has no directorate" in plan.completeness
    assert figure_of(shown(client, "board-steering"), plan.label).number == "0"
    paid = "Spending that stayed in Trafford and Greater Manchester"
    spend = figure_of(shown(client, "public-board", **query), paid)
    assert spend.number is None and "whole council only" in spend.completeness
    # Nor on the page of such a figure, nor in the answer for programs.
    path = reverse("figure-detail", args=["spend_retained", "invoice"])
    with time_machine.travel(NOW):
        text = client.get(path, query).content.decode()
        assert "cannot be limited by" in text and "No figure is shown" in text
        answer = client.get(reverse("api-figures"), {"figure": "spend_retained", **query})
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == one

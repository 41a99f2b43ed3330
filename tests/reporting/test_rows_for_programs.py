"""The API's list of a figure's rows has exactly them, also for returns and payments; a figure as known on a day."""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from contracts.models import ReturnLine
from tests.api.test_spend import Ledger
from tests.factories import make_category, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from tests.reporting.filtered_world import FILTERS, NOW, Q1, Q2, by_hand, filtered_world

pytestmark = pytest.mark.django_db


def asked(client: Client, **query: str) -> dict[str, Any]:
    with time_machine.travel(NOW):
        answer = client.get(reverse("api-figures"), query)
        assert answer.status_code == 200, answer.content
        found: dict[str, Any] = answer.json()
        return found


def rows_at(client: Client, url: str) -> list[dict[str, Any]]:
    with time_machine.travel(NOW):
        answer = client.get(url)
        assert answer.status_code == 200, answer.content
        rows: list[dict[str, Any]] = answer.json()["results"]
        return rows


# --- returns ------------------------------------------------------------------------------


@pytest.mark.parametrize("one", FILTERS)
def test_returns_received_open_to_exactly_those_by_page_and_by_program(
    client: Client, one: str
) -> None:
    world = filtered_world()
    # One that came of an agreement that owes nothing, and one that a line of another theme is in.
    unasked = make_commitment(agreed=False)
    make_return(unasked.contract, unasked.supplier, Q2)
    client.force_login(make_user())
    for value in world.choices[one]:
        chosen = {one: value}
        hand = by_hand(chosen)
        found = asked(client, figure="returns_received", **chosen)
        rows = rows_at(client, found["rows_url"])
        assert len(rows) == Decimal(found["value"]) == hand.received and rows
        assert all(row["quarter"] == chosen.get("quarter", Q2.code) for row in rows)
        path = reverse("figure-detail", args=["returns_received", "record"])
        with time_machine.travel(NOW):
            trace = client.get(path, chosen).context["trace"]
            page = client.get(trace.rows_url)
        assert f"{hand.received} return" in page.content.decode()


def test_a_return_that_owes_something_of_a_theme_is_listed_without_a_line_of_it(
    client: Client,
) -> None:
    made = make_commitment()
    make_return(made.contract, made.supplier, Q2)
    client.force_login(make_user())
    found = asked(client, figure="returns_received", theme="Jobs")
    assert found["value"] == "1.00" and len(rows_at(client, found["rows_url"])) == 1
    path = reverse("figure-detail", args=["returns_received", "record"])
    with time_machine.travel(NOW):
        trace = client.get(path, {"theme": "Jobs"}).context["trace"]
        assert made.contract.title in client.get(trace.rows_url).content.decode()


def test_returns_that_are_due_are_on_no_list_and_it_is_said_why(client: Client) -> None:
    make_commitment()
    client.force_login(make_user())
    found = asked(client, figure="returns_expected")
    assert (found["value"], found["rows_url"]) == ("1.00", "")
    assert "did not come in is on no list" in found["rows_words"]


def test_the_parts_of_a_return_need_the_quarter_that_they_are_due_for(client: Client) -> None:
    made = make_commitment()
    make_return(made.contract, made.supplier, Q2)
    client.force_login(make_user())
    for name in ("theme", "ward", "division"):
        assert rows_at(client, f"{reverse('api-returns')}?{name}=Jobs") == []
    for bad in ("due_in=spring", "directorate=x", "ward=%00"):
        with time_machine.travel(NOW):
            assert client.get(f"{reverse('api-returns')}?{bad}").status_code == 400, bad
    assert rows_at(client, f"{reverse('api-returns')}?directorate={9**30}&due_in={Q2.code}") == []


# --- payments -----------------------------------------------------------------------------


@pytest.mark.parametrize("span", ["quarter", "to-date"])
@pytest.mark.parametrize(
    ("figure", "alone", "to_date"),
    [
        ("spend_contestable", "115.50", "1226.50"), ("spend_known", "110.50", "1221.50"),
        ("spend_retained", "103.50", "1114.50"), ("spend_trafford", "100.50", "1100.50"),
    ],
)  # fmt: skip
def test_spend_opens_to_exactly_its_payments(
    client: Client, span: str, figure: str, alone: str, to_date: str
) -> None:
    """Trafford £1,000 in 2025-26 Q1 and £100.50 in Q2; the rest of Greater Manchester 11 and 3; elsewhere 100 and 7;
    unknown 0 and 5; excluded 13. Q3 is after both."""
    ledger = Ledger()
    quarters = [
        (datetime.date(2025, 5, 3), 1),
        (datetime.date(2025, 9, 30), 2),
        (datetime.date(2025, 10, 1), 3),
    ]
    for name, locality, sums in (
        ("Here", "trafford", ("1000", "100.50", "9")),
        ("Near", "greater_manchester", ("11", "3", "9")),
        ("Far", "elsewhere", ("100", "7", "9")),
        ("Lost", "", ("", "5", "9")),
        ("Tax", "excluded", ("", "13", "9")),
    ):
        payee = ledger.payee(
            name, "" if locality == "excluded" else locality, locality == "excluded"
        )
        for amount, (day, number) in zip(sums, quarters, strict=True):
            if amount:
                ledger.pay(payee, amount, day=day, quarter=number)
    client.force_login(make_user())
    query = {"figure": figure, "quarter": "2025-26-Q2", "span": span}
    found = asked(client, **query)
    wanted = alone if span == "quarter" else to_date
    rows = rows_at(client, found["rows_url"])
    assert found["value"] == wanted and found["rows_words"] == ""
    assert sum(Decimal(row["amount_pounds"]) for row in rows) == Decimal(wanted)
    path = reverse("figure-detail", args=[figure, "invoice"])
    with time_machine.travel(NOW):
        trace = client.get(path, {k: v for k, v in query.items() if k != "figure"}).context["trace"]
    assert trace.rows_url.startswith(reverse("payment-list"))
    file = client.get(f"{trace.rows_url}&format=csv")
    assert b"".join(file.streaming_content).count(b"\n") - 1 == len(rows)  # type: ignore[attr-defined]


# --- as known on a day --------------------------------------------------------------------


def day(number: int) -> datetime.datetime:
    return datetime.datetime(2026, 10, number, 12, tzinfo=datetime.UTC)


def story(**values: Any) -> ReturnLine:
    """£400 reported on 5 October, of which £300 is verified on the 10th and £200 since the 20th."""
    with time_machine.travel(day(1)):
        made = make_commitment(**values)
    with time_machine.travel(day(5)):
        sent = make_return(made.contract, made.supplier, Q1)
        line = make_line(sent, made, "40")
    for number, pounds in ((10, 300), (20, 200)):
        line.refresh_from_db()
        line.verified_quantity, line.verified_pounds = Decimal(pounds) / 10, Decimal(pounds)
        line._history_date = day(number)
        line.save()
    return line


def test_a_figure_says_what_was_known_at_the_end_of_a_day(client: Client) -> None:
    story()
    client.force_login(make_user())
    known = {}
    for as_of in ("2026-10-04", "2026-10-09", "2026-10-10", "2026-10-19", "2026-10-20", ""):
        found = asked(client, figure="social_value", basis="verified", quarter=Q1.code, as_of=as_of)
        known[as_of] = found["value"]
        assert found["as_of"] == (as_of or None) and not found["withheld"]
        if as_of:
            assert found["rows_url"] == found["evidence_url"] == "" and found["totals"] == []
            assert "Lists show rows as they are now" in found["rows_words"]
        else:
            assert found["rows_url"]
        # What the board of that day says.
        with time_machine.travel(NOW):
            board = client.get(reverse("board-officer"), {"quarter": Q1.code, "as_of": as_of})
        figures = board.context["report"].position.figures
        said = figures.verified.social_pounds
        assert found["value"] == (None if said is None else f"{said:.2f}")
    assert known == {
        "2026-10-04": None, "2026-10-09": None, "2026-10-10": "300.00", "2026-10-19": "300.00",
        "2026-10-20": "200.00", "": "200.00",
    }  # fmt: skip
    before = asked(client, figure="returns_received", quarter=Q1.code, as_of="2026-10-04")
    assert (before["value"], before["returns_expected"]) == ("0.00", 1)
    for basis in ("committed", "offered", "reported"):
        assert asked(client, figure="social_value", basis=basis, as_of="2026-10-06")["as_of"]
    assert asked(client, figure="contract_value", as_of="2026-10-06")["value"] == "1000000.00"


@pytest.mark.parametrize(
    ("query", "says"),
    [({"as_of": "2026-02-30"}, "not a date"), ({"as_of": "soon"}, "not a date"),
     ({"as_of": "2026-11-04"}, "has not come yet"),
     ({"as_of": "2026-10-01", "figure": "spend_retained"}, "not kept day by day")],
)  # fmt: skip
def test_a_day_that_cannot_be_told_is_refused(
    client: Client, query: dict[str, str], says: str
) -> None:
    client.force_login(make_user())
    with time_machine.travel(NOW):
        answer = client.get(reverse("api-figures"), query)
    assert answer.status_code == 400 and answer.json()["errors"][0]["field"] == "as_of"
    assert says in answer.json()["detail"]
    assert asked(client, as_of="0001-01-01")["value"] is None


def test_whoever_may_not_read_figures_reads_none_of_a_past_day_either(client: Client) -> None:
    line = story()
    story()
    client.force_login(make_user("hub", make_organisation("A hub", "hub")))
    with time_machine.travel(NOW):
        assert client.get(reverse("api-figures"), {"as_of": "2026-10-10"}).status_code == 403
    client.force_login(make_user("supplier", line.commitment.supplier))
    own = asked(
        client, figure="social_value", basis="verified", quarter=Q1.code, as_of="2026-10-10"
    )
    assert own["value"] == "300.00"


def test_two_days_do_not_tell_one_line_that_a_licence_keeps_in(client: Client) -> None:
    """Four licensed measures hide each other in a total, and not in what one day adds to another."""
    edition = make_edition(values_may_be_published=False)
    for _ in range(4):
        story(measure=make_measure(edition))
    story(measure=make_measure())
    client.force_login(make_user())
    query = {"figure": "social_value", "basis": "verified", "quarter": Q1.code}
    assert asked(client, **query)["value"] == "1000.00"
    for as_of in ("2026-10-10", "2026-10-20"):
        found = asked(client, **query, as_of=as_of)
        assert found["value"] is None and found["withheld"]
    assert asked(client, **query, as_of="2026-10-06")["withheld"] is False


def test_nor_does_a_dashboard_to_whoever_may_not_see_such_values(client: Client) -> None:
    edition = make_edition(values_may_be_published=False)
    for _ in range(4):
        story(measure=make_measure(edition))
    day = {"as_of": "2026-10-20"}
    for role, told in (("coordinator", True), ("steering_member", False)):
        client.force_login(make_user(role))
        with time_machine.travel(NOW):
            for query, shown in (({}, True), (day, told)):
                address = reverse("board-officer" if told else "board-steering")
                page = client.get(address, {"quarter": Q1.code, **query}).content.decode()
                assert ("£800" in page) is shown, (role, query)


@pytest.mark.parametrize("role", ["supplier", "steering_member", "auditor", "coordinator"])
@pytest.mark.parametrize("basis", ["offered", "committed", "reported", "verified"])
def test_no_figure_page_tells_the_part_of_an_edition_that_a_licence_keeps_in(
    client: Client, role: str, basis: str
) -> None:
    """100 at £10 are promised, 40 reported and 20 verified: each amount divided tells the ten pounds."""
    edition = make_edition(values_may_be_published=False)
    measure = make_measure(edition)
    with time_machine.travel(day(1)):
        make_bid(make_tender(measures=[measure]), state="won")
    line = story(measure=measure)
    by = line.commitment.supplier if role == "supplier" else None
    client.force_login(make_user(role, by))
    address = reverse("figure-detail", args=["social_value", basis])
    with time_machine.travel(NOW):
        page = client.get(address, {"quarter": Q1.code})
        assert page.status_code == 200
        text = page.content.decode()
        board = "supplier" if role == "supplier" else "star"
        past = client.get(reverse(f"board-{board}"), {"quarter": Q1.code, "as_of": "2026-10-10"})
        before = past.content.decode()
    sums = re.findall(r"£[\d,]+\.\d\d|£\d+", text.split("How it is made")[1])
    told = [each for each in sums if re.search(r"[1-9]", each)]
    if role == "coordinator":
        assert told or basis == "offered"
        assert past.status_code == 200 and "£300" in before and "£200" in before
        return
    assert not told, told
    assert past.status_code == 403 or not re.search(r"£[1-9]", before)
    if past.status_code == 200:
        assert "Deliveries that count otherwise now" in before and "withheld" in before
        links = re.findall(r'href="(/returns/\d+/)"', before)
        with time_machine.travel(NOW):
            assert all(client.get(each).status_code == 200 for each in links)


def test_a_part_without_rows_has_an_empty_list_and_contracts_have_their_name(
    client: Client,
) -> None:
    story()
    make_category("72000000", "IT services")
    client.force_login(make_user())
    for figure, basis, part in (
        ("agreements", "record", {"agreement": "contract"}),
        ("contract_value", "award", {"agreement": "contract"}),
        ("social_value", "committed", {"division": "72"}),
        ("social_value", "verified", {"division": "72"}),
    ):
        found = asked(client, figure=figure, basis=basis, quarter=Q1.code, **part)
        rows = rows_at(client, found["rows_url"])
        assert len(rows) == (1 if "agreement" in part else 0), (figure, found)
    with time_machine.travel(NOW):
        for name in ("commitment-list", "delivery-list"):
            page = client.get(reverse(name), {"division": "72"}).content.decode()
            assert "not understood" not in page and "DEMO" not in page
            assert "Some filters" in client.get(reverse(name), {"division": "x"}).content.decode()

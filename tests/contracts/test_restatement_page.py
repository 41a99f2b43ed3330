"""The same deliveries under two editions: the parts of the change add up, and licences hold."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contracts.selectors import restated as module
from contracts.selectors.measures import Sight
from contracts.selectors.restated import Side, TooManyLines, restated
from contracts.valuation import Kind
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
)

pytestmark = pytest.mark.django_db
DAY = datetime.date(2026, 5, 1)
TODAY = datetime.datetime(2026, 7, 1, 12, tzinfo=datetime.UTC)
OPEN_SIGHT = Sight(may_see_licensed=True)


class World:
    """One contract with two promises of the old edition, delivered in the first quarter.

    M-1: hours, pinned at £10; 40 reported, 25 verified. The new edition says £12.
    M-2: events, pinned at £5; 3 reported and verified. The new edition does not have it.
    """

    def __init__(self, **new_edition) -> None:
        self.old = make_edition(key="old", name="Old edition")
        self.new = make_edition(key="new", name="New edition", **new_edition)
        hours = make_measure(self.old, code="M-1", value="10", title="Invented hours")
        events = make_measure(self.old, code="M-2", value="5", title="Invented events")
        make_measure(self.new, code="M-1", value="12", title="Invented hours")
        self.supplier = make_organisation()
        self.directorate = make_organisation("Directorate of Parks", "council_service")
        self.contract = make_contract(
            reference="R-1",
            value="1000000",
            awarded_on=datetime.date(2026, 3, 1),
            suppliers=[self.supplier],
            directorate=self.directorate,
            start=datetime.date(2026, 4, 1),
            end=datetime.date(2027, 3, 31),
        )
        first = make_commitment(self.contract, supplier=self.supplier, measure=hours)
        second = make_commitment(self.contract, supplier=self.supplier, measure=events)
        self.sent = make_return(self.contract, self.supplier, state="submitted")
        make_line(self.sent, first, "40", verified="25")
        make_line(self.sent, second, "3", verified="3")


@pytest.fixture
def world():
    return World()


def both(user, before, after, **more):
    return restated(user, first=Q1, last=Q1, before=before, after=after, sight=OPEN_SIGHT, **more)


def test_the_change_is_split_into_delivery_value_and_scope(world):
    # Before, as agreed and reported: 40 x 10 + 3 x 5 = 415.
    # Delivery: 15 hours fewer at £10 = -150; the events stay at 3.
    # Value: 25 hours at £12 and not £10 = +50. Scope: the events' £15 are not priced = -15.
    # After, the new edition and verified: 25 x 12 = 300 = 415 - 150 + 50 - 15.
    result = both(make_user("coordinator"), Side(None, DAY, False), Side(world.new, DAY, True))
    social = result.by_kind[Kind.SOCIAL]
    assert (social.before_pounds, social.after_pounds) == (Decimal("415.00"), Decimal("300.00"))
    assert social.delivery_pounds == Decimal("-150.00")
    assert social.value_pounds == Decimal("50.00")
    assert social.scope_pounds == Decimal("-15.00")
    assert result.unmapped == ("M-2",)
    assert result.combined is None  # neither edition lets the kinds be added


def test_the_rows_by_measure_sum_to_the_totals(world):
    result = both(make_user("coordinator"), Side(world.old, DAY, True), Side(world.new, DAY, True))
    social = result.by_kind[Kind.SOCIAL]
    for name in ("before_pounds", "after_pounds", "value_pounds", "scope_pounds"):
        assert sum(getattr(row, name) for row in result.measures) == getattr(social, name)
    assert social.delivery_pounds == 0  # the same deliveries


def test_a_value_is_the_one_of_the_chosen_day(world):
    hours = world.new.measures.get(code="M-1")
    hours.values.create(
        value_pounds=Decimal(20), valid_from=datetime.date(2026, 6, 1), source_title="Invented"
    )
    user = make_user("coordinator")
    later = datetime.date(2026, 6, 1)
    result = both(user, Side(world.new, DAY, True), Side(world.new, later, True))
    # 25 hours at £20 and not £12.
    assert result.by_kind[Kind.SOCIAL].value_pounds == Decimal("200.00")


@settings(max_examples=15, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    old=st.decimals(0, 1000, places=4),
    new=st.decimals(0, 1000, places=4),
    quantity=st.decimals(0, 1000, places=4),
)
def test_the_parts_always_add_up_to_the_penny(world, old, new, quantity):
    line = world.sent.lines.first()
    line.reported_quantity, line.verified_quantity = quantity, quantity / 2
    line.save()
    world.old.measures.get(code="M-1").values.update(value_pounds=old)
    world.new.measures.get(code="M-1").values.update(value_pounds=new)
    result = both(make_user("coordinator"), Side(world.old, DAY, False), Side(world.new, DAY, True))
    for one in result.by_kind.values():
        parts = one.delivery_pounds + one.value_pounds + one.scope_pounds
        assert one.before_pounds + parts == one.after_pounds


def test_a_line_outside_the_quarters_is_left_out(world):
    user = make_user("coordinator")
    side = Side(None, DAY, False)
    result = restated(user, first=Q1.next, last=Q1.next, before=side, after=side, sight=OPEN_SIGHT)
    assert result.lines == 0


def test_too_many_lines_are_refused_with_what_to_do(world, monkeypatch):
    monkeypatch.setattr(module, "MOST_LINES", 1)
    side = Side(None, DAY, False)
    with pytest.raises(TooManyLines, match="Choose one contract or fewer quarters"):
        both(make_user("coordinator"), side, side)


def test_the_number_of_queries_does_not_grow(world):
    user = make_user("coordinator")

    def count():
        with CaptureQueriesContext(connection) as caught:
            both(user, Side(world.old, DAY, True), Side(world.new, DAY, True))
        return len(caught)

    count()
    few = count()
    for number in range(20):
        measure = make_measure(world.old, code=f"N-{number}")
        promise = make_commitment(world.contract, supplier=world.supplier, measure=measure)
        make_line(world.sent, promise, "3", verified="3")
    assert count() == few <= 10


# --- the page -----------------------------------------------------------------------------

ASKED = {
    "first": "2026-27-Q1",
    "last": "2026-27-Q1",
    "before": "pinned",
    "before_basis": "reported",
    "after": "new",
    "after_basis": "verified",
}


def page_of(client, role, organisation=None, **more):
    client.force_login(make_user(role, organisation))
    return client.get(reverse("measure-restatement"), {**ASKED, **more})


@time_machine.travel(TODAY, tick=False)
def test_the_page_says_the_change_in_words_and_figures(client, world):
    page = page_of(client, "coordinator").text
    assert "Social value is £115.00 lower the second way" in page
    assert "−£150.00 by delivery, +£50.00 by the value of one unit, −£15.00 by scope" in page
    assert "Invented hours" in page and "M-2" in page
    assert "No line here adds to local economic value, either way." in page  # not £0.00


@time_machine.travel(TODAY, tick=False)
def test_it_opens_with_the_year_so_far_under_what_was_agreed_and_the_newest_edition(client, world):
    """On 1 July the last quarter that is over is the year's first. What is verified: 25 hours at
    £10 and 3 events at £5 are £265; in the new edition 25 at £12 are £300.
    """
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("measure-restatement"))
    assert page.context["form"]["first"].value() == "2026-27-Q1"
    assert page.context["form"]["last"].value() == "2026-27-Q1"
    assert "Social value is £35.00 higher the second way" in page.text
    assert "£265.00" in page.text and "£300.00" in page.text
    file = client.get(page.context["exports"][0][1])
    assert b"M-1" in b"".join(file.streaming_content)


@time_machine.travel(TODAY, tick=False)
def test_before_anything_is_asked_nothing_is_an_error(client, world, monkeypatch):
    client.force_login(make_user("coordinator"))
    monkeypatch.setattr(module, "MOST_LINES", 1)
    page = client.get(reverse("measure-restatement"))
    assert page.status_code == 200 and not page.context["has_errors"]
    assert "result" not in page.context


@time_machine.travel(TODAY, tick=False)
def test_a_contract_is_found_by_its_reference_within_reach_only(client, world):
    assert "2 lines of returns" in page_of(client, "coordinator", reference="r-1").text
    other = make_organisation("Directorate of Roads", "council_service")
    page = page_of(client, "contract_manager", other, reference="R-1").text
    assert "You have no contract with this reference" in page
    assert "0 lines of returns" in page_of(client, "contract_manager", other).text
    own = page_of(client, "contract_manager", world.directorate, reference="R-1").text
    assert "2 lines of returns" in own


@time_machine.travel(TODAY, tick=False)
@pytest.mark.parametrize("role", ["supplier", "hub"])
def test_suppliers_and_hubs_do_not_open_it(client, world, role):
    assert page_of(client, role, make_organisation()).status_code == 403


@time_machine.travel(TODAY, tick=False)
def test_a_closed_edition_keeps_its_values_in_and_a_total_that_would_tell_one(client):
    World(values_may_be_published=False, text_may_be_published=False)
    page = page_of(client, "auditor").text
    # 25 hours at £12: one value, and the total divided by 25 would tell it.
    assert "£300.00" not in page and "dividing it would tell values" in page
    assert page.count("Withheld</span>") == 2 and "does not allow its values" in page
    seen = page_of(client, "coordinator").text
    assert "Withheld</span>" not in seen and "£300.00" in seen  # holds see_licensed_values
    answer = page_of(client, "coordinator", format="csv")
    text = b"".join(answer.streaming_content).decode().lstrip("\ufeff")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert {row["Code"] for row in rows} == {"M-1", "M-2"}
    assert all("Withheld" in row["After, pounds"] for row in rows)  # for everyone


@time_machine.travel(TODAY, tick=False)
def test_quarters_the_wrong_way_round_are_asked_about(client, world):
    page = page_of(client, "coordinator", first="2026-27-Q2", last="2026-27-Q1").text
    assert "The last quarter is before the first" in page

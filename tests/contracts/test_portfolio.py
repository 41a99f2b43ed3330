"""Figures over many contracts, worked by hand."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
import time_machine

from contracts.selectors import portfolio as figures
from contracts.selectors.portfolio import PortfolioFilters
from tests.factories import (
    make_award,
    make_category,
    make_contract,
    make_organisation,
    make_threshold,
    make_user,
    make_ward,
)

DAY = datetime.date
TODAY = DAY(2026, 11, 22)


@pytest.fixture
def town(db):
    """Five contracts that are current on 22 November 2026, and three that are not.

    Place:    A 200,000 (two suppliers, two awards of 120,000 and 80,000), included
              B  60,000, nothing recorded
              C  50,000, exactly at the threshold, not included
    Children: D no value recorded
    None:     E 75,000, not included
    Not current: F ended in 2025 (1,000,000), G awarded next year, H in the pipeline.
    """
    make_threshold("50000")
    place = make_organisation("Place", "council_service")
    children = make_organisation("Children’s Services", "council_service")
    building = make_category("45210000", "Building construction work")
    make_category("45000000", "Construction work")
    one, two = make_organisation("Invented One"), make_organisation("Invented Two")
    altrincham, sale = make_ward("E05015239", "Altrincham"), make_ward("E05015240", "Sale Central")
    made = {"place": place, "children": children, "one": one, "two": two}
    a = make_contract(
        directorate=place, category=building, stage="live", social_value="included",
        end=DAY(2027, 1, 31), notice_date=DAY(2026, 12, 1), suppliers=[one, two],
        value="120000", awarded_on=DAY(2025, 5, 3),
    )  # fmt: skip
    make_award(a, value="80000", awarded_on=DAY(2025, 6, 1), suppliers=[one, two])
    a.wards.set([altrincham, sale])
    made["a"] = a
    made["b"] = make_contract(
        directorate=place,
        stage="live",
        value="60000",
        awarded_on=DAY(2026, 3, 31),
        end=DAY(2028, 3, 31),
    )
    made["b"].wards.set([sale])
    made["c"] = make_contract(
        directorate=place, stage="live", value="50000", awarded_on=DAY(2026, 4, 1),
        social_value="not_included", end=DAY(2026, 11, 30), notice_date=DAY(2026, 11, 1),
    )  # fmt: skip
    made["d"] = make_contract(directorate=children, stage="live", awarded_on=DAY(2026, 4, 2))
    made["e"] = make_contract(
        stage="awarded", value="75000", awarded_on=DAY(2026, 9, 1), social_value="not_included"
    )
    made["f"] = make_contract(
        directorate=place,
        stage="ended",
        value="1000000",
        awarded_on=DAY(2021, 6, 1),
        end=DAY(2025, 1, 1),
    )
    made["g"] = make_contract(value="70000", awarded_on=DAY(2027, 1, 1))
    made["h"] = make_contract(directorate=place, estimated_value_pounds=Decimal("90000"))
    return made


def test_summary_of_the_threshold(town) -> None:
    """Over: A 200,000 + B 60,000 + E 75,000 = 335,000. C is at it. D cannot be said."""
    found = figures.portfolio_figures(make_user(), TODAY).summary
    assert (found.contracts, found.over_threshold, found.under_threshold, found.cannot_say) == (
        5,
        3,
        1,
        1,
    )
    assert (found.with_social_value, found.without_social_value, found.not_recorded) == (1, 1, 1)
    assert found.over_threshold_pounds == Decimal("335000.00")
    assert found.value_pounds == Decimal("385000.00")
    assert found.without_value == 1
    assert found.shown_share == Decimal(1) / Decimal(3)


def test_a_contract_with_two_suppliers_and_two_awards_counts_its_value_once(town) -> None:
    place, none, children = _by_label(
        figures.portfolio_figures(make_user(), TODAY).by_directorate,
        "Place", "No directorate recorded", "Children’s Services",
    )  # fmt: skip
    assert place.value_pounds == Decimal("310000.00")
    assert (place.contracts, place.over_threshold) == (3, 2)
    assert place.over_threshold_pounds == Decimal("260000.00")
    assert none.value_pounds == Decimal("75000.00")
    assert (
        children.value_pounds is None and children.without_value == 1 and children.cannot_say == 1
    )


def test_groups_without_a_name_come_last(town) -> None:
    rows = figures.portfolio_figures(make_user(), TODAY).by_directorate
    assert [row.label for row in rows] == [
        "Place",
        "Children’s Services",
        "No directorate recorded",
    ]


def test_category_is_the_division_by_its_own_name(town) -> None:
    rows = figures.portfolio_figures(make_user(), TODAY).by_category
    assert [(row.key, row.label, row.contracts) for row in rows] == [
        ("45", "Construction work", 1),
        ("", "No category recorded", 4),
    ]


def test_value_by_financial_year_of_award(town) -> None:
    """31 March 2026 falls in 2025/26 and 1 April 2026 in 2026/27; the ended contract counts."""
    rows = figures.portfolio_figures(make_user(), TODAY).by_year
    assert [(row.label, row.contracts, row.value_pounds) for row in rows] == [
        ("2021/22", 1, Decimal("1000000.00")),
        ("2025/26", 2, Decimal("260000.00")),
        ("2026/27", 3, Decimal("125000.00")),
    ]


def test_nothing_recorded_is_not_an_error(db) -> None:
    found = figures.portfolio_figures(make_user(), TODAY)
    assert found.summary.contracts == 0
    assert found.summary.value_pounds is None
    assert found.summary.shown_share is None
    assert found.by_directorate == found.by_category == found.by_year == ()
    assert figures.notices_due(make_user(), TODAY, 90).total == 0


def test_each_figure_takes_one_query(town, django_assert_num_queries) -> None:
    user = make_user()
    figures.contracts_by_ward(user, TODAY)
    with django_assert_num_queries(1):
        figures.portfolio_figures(user, TODAY)
    with django_assert_num_queries(1):
        found = figures.notices_due(user, TODAY, 90, limit=1)
    assert (found.total, len(found.lines)) == (2, 1)
    assert found.value_pounds == Decimal("250000.00")


def test_notices_due_include_the_ones_just_missed(town) -> None:
    found = figures.notices_due(make_user(), TODAY, 90)
    assert [(line.pk, line.days) for line in found.lines] == [
        (town["c"].pk, -21),
        (town["a"].pk, 9),
    ]


def test_a_linked_successor_settles_the_notice(town) -> None:
    make_contract(predecessor=town["c"])
    assert [line.pk for line in figures.notices_due(make_user(), TODAY, 90).lines] == [town["a"].pk]


def test_wards_served_and_those_without_any(town, django_assert_num_queries) -> None:
    user = make_user()
    figures.notices_due(user, TODAY, 1)
    with django_assert_num_queries(1):
        found = figures.contracts_by_ward(user, TODAY)
    assert found.by_code == {"E05015239": 1, "E05015240": 2}
    assert (found.contracts, found.no_ward) == (5, 3)


def test_a_contract_manager_sees_one_directorate_only(town) -> None:
    manager = make_user("contract_manager", town["children"])
    found = figures.portfolio_figures(manager, TODAY)
    assert found.summary.contracts == 1
    assert [row.label for row in found.by_directorate] == ["Children’s Services"]
    wards = figures.contracts_by_ward(manager, TODAY)
    assert (set(wards.by_code.values()), wards.contracts) == ({0}, 1)


def test_a_supplier_sees_what_it_was_awarded_and_a_hub_nothing(town) -> None:
    make_award(town["b"], suppliers=[town["two"]], status="unsuccessful")
    assert (
        figures.portfolio_figures(make_user("supplier", town["two"]), TODAY).summary.contracts == 1
    )
    hub = make_organisation("A hub", "hub")
    assert figures.portfolio_figures(make_user("hub", hub), TODAY).summary.contracts == 0


def test_filters_narrow_every_figure(town) -> None:
    only = PortfolioFilters(directorate=town["place"].pk)
    assert figures.portfolio_figures(make_user(), TODAY, only).summary.contracts == 3
    ward = PortfolioFilters(ward="E05015240")
    assert figures.portfolio_figures(make_user(), TODAY, ward).summary.value_pounds == Decimal(
        "260000.00"
    )
    building = PortfolioFilters(division="45")
    assert figures.portfolio_figures(make_user(), TODAY, building).summary.contracts == 1
    assert (
        ward.query(must_carry="yes") == "portfolio=current&buyer=own&ward=E05015240&must_carry=yes"
    )


def _by_label(rows, *labels):
    held = {row.label: row for row in rows}
    return [held[label] for label in labels]


@time_machine.travel(datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC), tick=False)
def test_every_figure_opens_to_exactly_its_rows(town, client) -> None:
    user = make_user()
    client.force_login(user)

    def listed(query: str) -> int:
        response = client.get(f"/contracts/?{query}&format=csv")
        assert response.status_code == 200, query
        return len(b"".join(response.streaming_content).splitlines()) - 1

    found = figures.portfolio_figures(user, TODAY)
    for row in (*found.by_directorate, *found.by_category, *found.by_year):
        assert listed(row.query) == row.contracts, row.label
    summary = found.summary
    assert listed(summary.query_all) == summary.contracts
    assert listed(summary.query_over) == summary.over_threshold
    assert listed(summary.query_missing) == summary.without_social_value + summary.not_recorded
    assert listed(summary.query_cannot_say) == summary.cannot_say
    due = figures.notices_due(user, TODAY, 90)
    assert listed(due.query) == due.total
    wards = figures.contracts_by_ward(user, TODAY)
    for ward in wards.rows:
        assert listed(ward.query) == ward.contracts
    assert listed(wards.query_no_ward) == wards.no_ward


@pytest.mark.django_db
def test_contracts_of_other_buyers_are_left_out_unless_asked_for():
    """Own: no buyer, the council under two of its names. Not own: a neighbour, a college."""
    make_threshold()
    for name in (
        "",
        "Trafford Council",
        "TRAFFORD METROPOLITAN BOROUGH COUNCIL",
        "Next Door Council",
        "Trafford College",
    ):
        make_contract(
            value="60000",
            awarded_on=datetime.date(2025, 5, 1),
            start=datetime.date(2025, 6, 1),
            end=datetime.date(2027, 5, 31),
            stage="live",
            buyer=make_organisation(name, "public_body") if name else None,
        )
    user, day = make_user(), datetime.date(2026, 6, 15)
    assert figures.portfolio_figures(user, day).summary.contracts == 3
    assert figures.portfolio_figures(user, day, PortfolioFilters(buyer=None)).summary.contracts == 5


@pytest.mark.django_db
def test_invented_contracts_never_count_beside_imported_ones():
    held = {
        "awarded_on": datetime.date(2025, 5, 1),
        "start": datetime.date(2025, 6, 1),
        "end": datetime.date(2027, 5, 31),
        "stage": "live",
    }
    make_threshold()
    user, day = make_user(), datetime.date(2026, 6, 15)
    make_contract(value="60000", is_demo=True, **held)
    make_contract(value="70000", **held)  # recorded by hand while trying the demonstration
    assert figures.portfolio_figures(user, day).summary.contracts == 2
    make_contract(value="80000", source="contracts-ocds", **held)
    summary = figures.portfolio_figures(user, day).summary
    assert (summary.contracts, summary.value_pounds) == (2, Decimal("150000.00"))

"""The officers' dashboard: its figures by hand, its cost, and who may open it."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from django.utils import timezone

from contracts.models import (
    Payee,
    SpendCategory,
    SpendExclusion,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from reporting.selectors.dashboard import officer_dashboard
from tests.factories import (
    make_category,
    make_contract,
    make_organisation,
    make_threshold,
    make_user,
    make_ward,
)
from trafford_sv.core.models import ImportRun
from trafford_sv.core.periods import FinancialYear

pytestmark = pytest.mark.django_db
TODAY = datetime.date(2026, 6, 15)
NOON = datetime.datetime(2026, 6, 15, 12, tzinfo=datetime.UTC)


def pay(payee: Payee, pounds: str, quarter: int = 1, year: int = 2025) -> None:
    SpendTotal.objects.create(
        source=payee.source,
        payee=payee,
        category=SpendCategory.objects.get_or_create(source=payee.source, code="", label="")[0],
        unit=SpendUnit.objects.get_or_create(source=payee.source, name="")[0],
        financial_year=year,
        quarter=quarter,
        amount_pounds=Decimal(pounds),
        lines=1,
    )


def make_payee(name: str, locality: str = "", **values: object) -> Payee:
    source, _ = SpendSource.objects.get_or_create(name="Our council", is_own_council=True)
    if locality:
        values |= {
            "organisation": make_organisation(name, locality=locality),
            "state": Payee.State.MATCHED,
        }
    return Payee.objects.create(source=source, name=name, key=name.lower(), **values)


def make_portfolio(number: int) -> None:
    """`number` contracts in force on TODAY, each with a value, a notice date and a ward."""
    directorate = make_organisation("Place", "council_service")
    ward = make_ward()
    category = make_category()
    for index in range(number):
        contract = make_contract(
            value=60_000 + index,
            awarded_on=datetime.date(2025, 5, 1),
            suppliers=[make_organisation()],
            start=datetime.date(2025, 6, 1),
            end=datetime.date(2027, 5, 31),
            notice_date=TODAY + datetime.timedelta(days=10),
            stage="live",
            directorate=directorate,
            category=category,
        )
        contract.wards.add(ward)


def test_retained_spend_of_a_year_by_hand():
    """Trafford 600, rest of Greater Manchester 150, elsewhere 250, unknown 1,000, tax 5,000.

    Known 600 + 150 + 250 = 1,000 of a contestable 2,000: half. Retained 750 of 1,000: 75%.
    If all the unknown left: 750 / 2,000 = 37.5%; if all of it stayed: 1,750 / 2,000 = 87.5%.
    """
    pay(make_payee("Near Ltd", "trafford"), "500", quarter=1)
    pay(Payee.objects.get(name="Near Ltd"), "100", quarter=2)
    pay(make_payee("Next Door Ltd", "greater_manchester"), "150")
    pay(make_payee("Far Ltd", "elsewhere"), "250")
    pay(make_payee("Nobody Knows Ltd"), "1000", quarter=4)
    tax = SpendExclusion.objects.create(
        key="tax", name="Tax", why="tax", reason="Tax", reviewed_on=TODAY, reviewed_by_name="A test"
    )
    pay(make_payee("Tax", exclusion=tax), "5000")
    pay(Payee.objects.get(name="Far Ltd"), "9999", year=2024)

    spend = officer_dashboard(
        user=make_user(), as_of=TODAY, now=NOON, year=FinancialYear(2025)
    ).spend

    assert spend is not None
    assert spend.total.contestable_pounds == 2000
    assert spend.total.excluded_pounds == 5000
    assert spend.total.known_share == Decimal("0.5")
    assert spend.total.retained_share == Decimal("0.75")
    assert spend.total.lowest_share == Decimal("0.375")
    assert spend.total.highest_share == Decimal("0.875")
    assert [group.key for group in spend.quarters] == ["2025-26-Q1", "2025-26-Q2", "2025-26-Q4"]
    assert spend.total.unknown_pounds == 1000
    assert spend.years == (FinancialYear(2025), FinancialYear(2024))


def test_a_year_without_payments_shows_the_latest_and_says_which(client):
    pay(make_payee("Far Ltd", "elsewhere"), "10")
    client.force_login(make_user())
    page = client.get(reverse("dashboard"), {"year": "1999-00"})
    assert page.status_code == 200
    assert "2025/26" in page.content.decode()
    assert client.get(reverse("dashboard"), {"year": "'; drop"}).status_code == 200


def test_what_nobody_can_place_is_unknown():
    pay(make_payee("Secret", is_withheld=True), "900")
    pay(make_payee("Given Up", state=Payee.State.UNLOCATABLE), "800")
    pay(make_payee("Refunds Only"), "-700")
    pay(make_payee("Somebody"), "60")
    spend = officer_dashboard(user=make_user(), as_of=TODAY, now=NOON).spend
    assert spend is not None
    # 900 + 800 - 700 + 60: all of it stays in the unknown, drawn and counted.
    assert spend.total.unknown_pounds == 1060


def test_what_needs_the_officer_is_listed_with_its_rows(client, monkeypatch):
    make_threshold()
    user = make_user()
    make_contract(
        title="Grass cutting",
        value="180000",
        awarded_on=timezone.localdate() - datetime.timedelta(days=100),
        start=timezone.localdate() - datetime.timedelta(days=90),
        end=timezone.localdate() + datetime.timedelta(days=300),
        notice_date=timezone.localdate() + datetime.timedelta(days=12),
        stage="live",
    )
    ImportRun.objects.create(
        kind="spend",
        state="applied",
        original_name="may.csv",
        file="x",
        file_sha256="0" * 64,
        file_bytes=1,
        rejected=3,
        created_at=timezone.now(),
        started_by_name="A test",
    )
    client.force_login(user)
    page = client.get(reverse("dashboard")).content.decode()
    assert "Grass cutting" in page
    assert "12 days left" in page
    assert "1 contract that must carry social value has none recorded" in page
    assert "1 import to apply, or with rejected rows to look at" in page
    assert "Of the council’s 1 current contract, 1 must carry social value" in page


@pytest.mark.parametrize("number", [1, 20, 200])
def test_it_costs_the_same_however_much_there_is(client, django_assert_max_num_queries, number):
    make_threshold()
    make_portfolio(number)
    for index in range(number):
        pay(make_payee(f"Payee {index}"), "10")
    client.force_login(make_user())
    client.get(reverse("dashboard"))
    with django_assert_max_num_queries(10) as queries:
        assert client.get(reverse("dashboard")).status_code == 200
    assert len(queries) == 10


def add_imports(number: int) -> None:
    ImportRun.objects.bulk_create(
        ImportRun(
            kind="spend",
            state="planned",
            original_name=f"file {index}.csv",
            file="x",
            file_sha256="0" * 64,
            file_bytes=1,
            created_at=timezone.now() + datetime.timedelta(seconds=index),
            started_by_name="A test",
        )
        for index in range(number)
    )


def test_imports_that_wait_are_counted(client):
    make_portfolio(1)
    add_imports(6)
    client.force_login(make_user())
    needs = client.get(reverse("dashboard")).context["needs"]
    found = [(need.text, need.url) for need in needs if "import" in need.text]
    assert found == [
        ("6 imports to apply, or with rejected rows to look at", reverse("import-list"))
    ]


@pytest.mark.parametrize(("years", "note"), [(8, ""), (10, "The latest 8 of 10 years")])
def test_years_that_are_not_drawn_are_mentioned(client, years, note):
    for start in range(2025, 2025 - years, -1):
        make_contract(value="60000", awarded_on=datetime.date(start, 5, 1))
    client.force_login(make_user())
    chart = client.get(reverse("dashboard")).context["by_year"]
    assert len(chart.table.rows) == 8
    assert chart.note.startswith(note) and bool(chart.note) == bool(note)
    if note:
        assert "before 2018/19" in chart.note


def test_an_empty_council_is_told_how_to_begin(client):
    client.force_login(make_user())
    page = client.get(reverse("dashboard")).content.decode()
    assert "No contracts yet" in page
    assert reverse("import-new") in page


@pytest.mark.parametrize("role", ["supplier", "hub"])
def test_those_it_is_not_for_are_refused(client, role):
    client.force_login(make_user(role, make_organisation()))
    assert client.get(reverse("dashboard")).status_code == 403


def test_a_contract_manager_sees_only_the_own_directorate():
    make_threshold()
    own = make_organisation("Place", "council_service")
    other = make_organisation("Children", "council_service")
    for directorate, value in ((own, "60000"), (other, "900000")):
        make_contract(
            value=value,
            awarded_on=datetime.date(2025, 5, 1),
            start=datetime.date(2025, 6, 1),
            end=datetime.date(2027, 5, 31),
            stage="live",
            directorate=directorate,
        )
    pay(make_payee("Far Ltd", "elsewhere"), "10")
    board = officer_dashboard(user=make_user("contract_manager", own), as_of=TODAY, now=NOON)
    assert board.portfolio.summary.value_pounds == 60_000
    assert [row.label for row in board.portfolio.by_directorate] == ["Place"]
    assert board.spend is None


def test_a_contract_manager_reads_whose_contracts_are_counted(client):
    place = make_organisation("Invented Place", "council_service")
    make_threshold()
    make_contract(directorate=place, value="180000", awarded_on=TODAY, start=TODAY, stage="live")
    client.force_login(make_user("contract_manager", place))
    page = client.get(reverse("dashboard")).content.decode()
    assert "Of the 1 current contract of Invented Place, 1 must carry social value" in page

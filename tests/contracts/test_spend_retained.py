"""Where the money went: worked by hand, by property, and against the raw payments."""

from __future__ import annotations

import datetime
import uuid
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import call_command
from django.db.models import Sum
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import (
    Payee,
    Payment,
    SpendCategory,
    SpendExclusion,
    SpendSource,
    SpendTotal,
    SpendUnit,
)
from contracts.retained import RetainedSpend
from contracts.selectors.spend import (
    PLACES,
    place_is,
    retained_spend,
    retained_spend_by,
    unknown_payees,
)
from contracts.selectors.spend_worklist import unknown_worklist
from tests.factories import make_organisation, make_user
from trafford_sv.core.money import pounds
from trafford_sv.core.periods import FinancialYear, Quarter

YEAR = FinancialYear(2025)
amounts = st.decimals(min_value=-(10**8), max_value=10**8, places=2)


@given(amounts, amounts, amounts, amounts, amounts)
def test_the_five_places_always_sum_to_the_total(
    excluded: Decimal, trafford: Decimal, gm: Decimal, elsewhere: Decimal, unknown: Decimal
) -> None:
    spend = RetainedSpend(excluded, trafford, gm, elsewhere, unknown)
    assert spend.total_pounds == excluded + trafford + gm + elsewhere + unknown
    if spend.retained_share is not None:
        assert spend.known_pounds > 0


positive = st.decimals(min_value=0, max_value=10**8, places=2)


@given(positive, positive, positive, positive, st.decimals(min_value=0, max_value=1, places=4))
def test_wherever_the_unknown_went_the_true_share_lies_within_the_bounds(
    trafford: Decimal, gm: Decimal, elsewhere: Decimal, unknown: Decimal, local: Decimal
) -> None:
    spend = RetainedSpend(Decimal(7), trafford, gm, elsewhere, unknown)
    if not spend.contestable_pounds:
        assert spend.lowest_share is None and spend.highest_share is None
        return
    assert spend.lowest_share is not None and spend.highest_share is not None
    assert 0 <= spend.lowest_share <= spend.highest_share <= 1
    truly = (spend.retained_pounds + unknown * local) / spend.contestable_pounds
    assert spend.lowest_share <= truly <= spend.highest_share
    if spend.retained_share is not None:
        assert spend.lowest_share <= spend.retained_share <= spend.highest_share
    if not unknown:
        assert spend.lowest_share == spend.highest_share == spend.retained_share


def test_golden_shares() -> None:
    # 100 excluded; 300 Trafford, 100 rest of GM, 100 elsewhere, 500 unknown.
    # known 500 of 1,000 contestable = 0.5; stayed 400 of 500 = 0.8, Trafford 300 of 500 = 0.6;
    # at least 400 of 1,000 = 0.4, at most 900 of 1,000 = 0.9.
    spend = RetainedSpend(*(Decimal(n) for n in (100, 300, 100, 100, 500)))
    assert (spend.total_pounds, spend.contestable_pounds) == (1100, 1000)
    assert (spend.known_share, spend.retained_share) == (Decimal("0.5"), Decimal("0.8"))
    assert spend.trafford_share == Decimal("0.6")
    assert (spend.lowest_share, spend.highest_share) == (Decimal("0.4"), Decimal("0.9"))


def test_nothing_known_is_not_available_and_never_zero() -> None:
    spend = RetainedSpend(unknown_pounds=Decimal(10))
    assert spend.retained_share is None and spend.known_share == 0
    assert RetainedSpend().known_share is None and RetainedSpend().lowest_share is None


class World:
    """A council with a payee in each place, and payments rolled up as the import does."""

    def __init__(self) -> None:
        self.source = SpendSource.objects.create(name="Trafford Council", is_own_council=True)
        self.category = SpendCategory.objects.create(source=self.source, code="1", label="Works")
        self.unit = SpendUnit.objects.create(source=self.source, name="PARKS")
        self.payees: dict[str, Payee] = {}
        for place in ("trafford", "greater_manchester", "elsewhere"):
            body = make_organisation(f"Body in {place}", locality=place)
            self.payees[place] = self.payee(place, organisation=body, state="matched")
        self.payees["unknown"] = self.payee("unknown")
        nowhere = make_organisation("Body nowhere", locality="unknown")
        self.payees["matched, unknown"] = self.payee(
            "nowhere", organisation=nowhere, state="matched"
        )
        tax = SpendExclusion.objects.create(
            key="tax", name="Tax", why="tax", reason="Tax", reviewed_on="2026-01-01", reviewed_by_name="A role"
        )  # fmt: skip
        local = make_organisation("Local tax office", locality="trafford")
        self.payees["excluded"] = self.payee(
            "tax", exclusion=tax, organisation=local, state="matched"
        )
        self.payees["withheld"] = self.payee("Redacted", is_withheld=True, state="unlocatable")

    def payee(self, name: str, **values: Any) -> Payee:
        return Payee.objects.create(source=self.source, name=name, key=name.lower(), **values)

    def pay(
        self, who: str, amount: str, day: str = "2025-05-01", unit: SpendUnit | None = None
    ) -> None:
        payee, date = self.payees[who], datetime.date.fromisoformat(day)
        unit, quarter = unit or self.unit, Quarter.of(date)
        Payment.objects.create(
            source=self.source, digest=uuid.uuid4(), occurrence=1, payee=payee, category=self.category,
            unit=unit, paid_on=date, amount_pounds=amount, row_number=2,
        )  # fmt: skip
        total, _ = SpendTotal.objects.get_or_create(
            source=self.source, payee=payee, category=self.category, unit=unit,
            financial_year=quarter.start_year, quarter=quarter.number,
            defaults={"amount_pounds": 0, "lines": 0},
        )  # fmt: skip
        total.amount_pounds += Decimal(amount)
        total.lines += 1
        total.save()


@pytest.fixture
def world(db: None) -> World:
    found = World()
    for who, amount in (
        ("trafford", "300.10"), ("trafford", "-0.10"), ("greater_manchester", "100.00"), ("elsewhere", "100.00"),
        ("unknown", "250.00"), ("matched, unknown", "150.00"), ("withheld", "100.00"), ("excluded", "99.99"),
    ):  # fmt: skip
        found.pay(who, amount)
    found.pay("trafford", "1000.00", "2025-07-01")
    found.pay("trafford", "7.00", "2025-03-31")
    return found


@pytest.mark.django_db
def test_a_quarter_by_hand(world: World) -> None:
    spend = retained_spend(make_user(), year=YEAR, quarter=Quarter(2025, 1))
    assert spend.trafford_pounds == Decimal("300.00")
    assert spend.greater_manchester_pounds == spend.elsewhere_pounds == Decimal("100.00")
    assert spend.unknown_pounds == Decimal("500.00")  # nobody known, matched nowhere, withheld
    assert spend.withheld_pounds == Decimal("100.00")
    assert spend.excluded_pounds == Decimal("99.99")  # excluded wins over its location
    assert (spend.retained_share, spend.known_share) == (Decimal("0.8"), Decimal("0.5"))
    assert spend.lines == 8


@pytest.mark.django_db
def test_the_roll_up_answers_as_the_raw_payments_do(world: World) -> None:
    user = make_user()
    for place in PLACES:
        raw = Payment.objects.filter(place_is(place)).aggregate(s=Sum("amount_pounds"))["s"]
        rolled = getattr(retained_spend(user), f"{place}_pounds")
        assert rolled == pounds(raw or Decimal(0)), place
    by_quarter = retained_spend_by(user, "quarter", year=YEAR)
    assert [group.key for group in by_quarter] == ["2025-26-Q1", "2025-26-Q2"]
    whole = sum((group.spend for group in by_quarter), RetainedSpend())
    assert whole == retained_spend(user, year=YEAR)
    for by in ("category", "unit", "directorate", "year"):
        assert sum(
            (g.spend for g in retained_spend_by(user, by)), RetainedSpend()
        ) == retained_spend(user)


@pytest.mark.django_db
def test_by_directorate_through_the_link_of_the_unit(world: World) -> None:
    place = make_organisation("Place (invented)", "council_service")
    unit = SpendUnit.objects.create(source=world.source, name="HIGHWAYS", directorate=place)
    world.pay("trafford", "5.00", unit=unit)
    assert retained_spend(make_user(), directorate=place).trafford_pounds == Decimal("5.00")
    labels = {group.label: group.key for group in retained_spend_by(make_user(), "directorate")}
    assert labels == {"Place (invented)": place.pk, "Not linked to a directorate": None}


@pytest.mark.django_db
def test_other_councils_and_people_without_the_permission(world: World) -> None:
    other = SpendSource.objects.create(name="Elsewhere Council (invented)")
    assert retained_spend(make_user(), source=other).lines == 0
    limited = make_user("contract_manager", make_organisation("A directorate", "council_service"))
    assert retained_spend(limited).lines == 0
    assert retained_spend(limited).retained_share is None


@pytest.mark.django_db
def test_the_work_list_is_by_value_without_those_nobody_can_place(world: World) -> None:
    rows = unknown_payees(make_user(), year=YEAR)
    assert [(row.payee.name, row.pounds) for row in rows] == [
        ("unknown", Decimal("250.00")),
        ("nowhere", Decimal("150.00")),
    ]
    assert rows[0].of_unknown == Decimal("0.625")  # of 400 that can still be placed


@pytest.mark.django_db
def test_the_command_prints_the_same_figure(
    world: World, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("spend_retained", "--year", "2025-26", "--json")
    out = capsys.readouterr().out
    assert '"trafford_pounds": "1300.00"' in out and '"unknown_pounds": "500.00"' in out
    for year in ("2025", "2025-27"):
        with pytest.raises(SystemExit) as refused:
            call_command("spend_retained", "--year", year)
        assert refused.value.code == 2


@pytest.mark.django_db
@pytest.mark.parametrize("rows", [1, 20])
def test_pages_make_the_same_few_queries(
    world: World, rows: int, client: Any, django_assert_max_num_queries: Any
) -> None:
    for number in range(rows):
        world.payees[f"p{number}"] = world.payee(f"Payee {number}")
        world.pay(f"p{number}", "10.00")
    client.force_login(make_user())
    for address, most in (
        ("/spend/", 10),
        ("/spend/payments/?year=2025-26", 8),
        ("/spend/payees/", 8),
        ("/spend/unknown/?year=2025-26", 9),
        ("/spend/matches/", 8),
        ("/spend/exclusions/", 8),
        ("/spend/units/", 8),
        (f"/spend/payees/{world.payees['p0'].pk}/", 12),
    ):
        with django_assert_max_num_queries(most):
            assert client.get(address).status_code == 200, address


def test_pennies_that_cancel_out_leave_nothing_to_place(world: World, client: Client) -> None:
    """0.10 + 0.20 - 0.30 is nothing, though binary fractions make it a little more."""
    world.payees["even"] = world.payee("Even")
    for amount, name in (("0.10", "A"), ("0.20", "B"), ("-0.30", "C")):
        world.pay("even", amount, unit=SpendUnit.objects.create(source=world.source, name=name))
    user = make_user()
    assert "Even" not in [row.payee.name for row in unknown_payees(user)]
    assert "Even" not in [line.name for line in unknown_worklist(user, None, limit=99).lines]
    client.force_login(user)
    response: Any = client.get("/spend/payees/?q=even&format=csv")
    assert b"Even,0.00,3," in b"".join(response.streaming_content)

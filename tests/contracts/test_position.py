"""The four figures: never mixed, each the sum of its own rows, whoever asks and however cut."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contracts.four_figures import Amounts
from contracts.models import Commitment, Contract, Measure
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_groups import BREAKDOWNS, breakdown, by_quarter
from contracts.selectors.position_report import portfolio_report
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import (
    Q1,
    make_bid,
    make_commitment,
    make_line,
    make_measure,
    make_return,
    make_tender,
)

pytestmark = pytest.mark.django_db
Q2 = Q1.next


def live(**values):
    """A contract of £1,000,000 from April 2026 to March 2027."""
    supplier = values.pop("supplier", None) or make_organisation()
    return make_contract(
        **{
            "value": "1000000",
            "awarded_on": datetime.date(2026, 3, 1),
            "suppliers": [supplier],
            "start": datetime.date(2026, 4, 1),
            "end": datetime.date(2027, 3, 31),
            "stage": Contract.Stage.LIVE,
            **values,
        }
    ), supplier


def figures(scope=None, first=None, last=Q2, user=EVERYWHERE):
    return position(user, scope or Scope(), first=first, last=last).figures


def test_a_golden_contract_worked_by_hand():
    # Offered 120 hours at £10 = 1,200. Committed 100 hours = 1,000.
    # Q1 reported 40 hours = 400, of which the hub confirmed and an officer accepted 25 = 250.
    # Q2 reported 0 hours = 0, verified 0. Local economic: committed 10 weeks at £300 = 3,000,
    # reported 4 weeks = 1,200, not yet verified.
    contract, supplier = live()
    hours = make_measure(value="10")
    weeks = make_measure(value="300", kind=Measure.Kind.LOCAL_ECONOMIC)
    tender = make_tender(contract, measures=[hours])
    make_bid(tender, supplier, quantity="120", state="won")
    make_bid(tender, quantity="900", state="lost")
    promised = make_commitment(contract, supplier=supplier, measure=hours)
    local = make_commitment(contract, supplier=supplier, measure=weeks, quantity="10")
    first = make_return(contract, supplier, Q1)
    make_line(first, promised, "40", verified="25")
    make_line(first, local, "4")
    make_line(make_return(contract, supplier, Q2), promised, "0", verified="0")

    found = figures()
    assert found.offered == Amounts(Decimal("1200.00"), None)
    assert found.committed == Amounts(Decimal("1000.00"), Decimal("3000.00"))
    assert found.reported == Amounts(Decimal("400.00"), Decimal("1200.00"))
    assert found.verified == Amounts(Decimal("250.00"), None)
    assert figures(first=Q2).reported == Amounts(Decimal("0.00"), None)
    assert figures(first=Q1, last=Q1).verified == Amounts(Decimal("250.00"), None)


def test_a_draft_return_and_a_draft_commitment_count_nowhere():
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    make_commitment(contract, supplier=supplier, agreed=False)
    make_line(make_return(contract, supplier, Q1, state="draft"), promised, "40")
    found = figures()
    assert found.committed == Amounts(Decimal("1000.00"), None)
    assert found.reported == Amounts(None, None)


def test_a_variation_never_takes_committed_below_verified():
    # Committed 100 hours at £10 = 1,000; 40 verified = 400 and 5 more waiting = 50 in April to June.
    # On 15 July both sides vary it: 30 hours from then on, priced at £10 = 300. From then on
    # committed is 400 (kept under the old one) + 300 = 700. At the end of June it was 1,000.
    contract, supplier = live()
    old = make_commitment(contract, supplier=supplier)
    held = make_return(contract, supplier, Q1)
    make_line(held, old, "40", verified="40")
    make_line(held, old, "5")
    new = make_commitment(
        contract, supplier=supplier, measure=old.measure, quantity="30", replaces=old,
        agreed_on=datetime.date(2026, 7, 15),
    )  # fmt: skip
    Commitment.objects.filter(pk=old.pk).update(state=Commitment.State.WITHDRAWN)

    found = position(EVERYWHERE, Scope(), first=None, last=Q2)
    assert found.figures.committed == Amounts(Decimal("700.00"), None)
    assert found.figures.verified == Amounts(Decimal("400.00"), None)
    assert (found.counts.commitments, found.counts.commitments_varied) == (1, 1)
    assert figures(last=Q1).committed == Amounts(Decimal("1000.00"), None)
    for by in BREAKDOWNS:
        (group,) = breakdown(EVERYWHERE, Scope(), by, first=None, last=Q2)
        assert group.figures.committed == Amounts(Decimal("700.00"), None), by
    # Delivered less than promised so far, varied to nothing much: still not above committed.
    Commitment.objects.filter(pk=new.pk).update(committed_pounds=Decimal("0.00"))
    assert figures().committed == figures().verified
    # A variation that is only drawn up changes nothing.
    Commitment.objects.filter(pk=new.pk).update(state="draft", agreed_on=None)
    Commitment.objects.filter(pk=old.pk).update(state="agreed")
    assert figures().committed == Amounts(Decimal("1000.00"), None)


def test_a_record_only_measure_is_counted_and_never_priced():
    contract, supplier = live()
    people = make_measure(kind=Measure.Kind.RECORD_ONLY)
    promised = make_commitment(contract, supplier=supplier, measure=people)
    make_line(make_return(contract, supplier), promised, "40", verified="40")
    found = position(EVERYWHERE, Scope(), first=None, last=Q2)
    assert found.figures.verified == Amounts(None, None)
    assert (found.counts.lines, found.counts.lines_without_value) == (1, 0)


def test_a_missing_return_lowers_completeness_and_a_zero_return_does_not():
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    other, second = live()
    make_commitment(other, supplier=second)
    make_line(make_return(contract, supplier, Q1), promised, "0", verified="0")
    report = portfolio_report(EVERYWHERE, Scope(), first=Q1, last=Q1)
    assert report.completeness.sentence == "1 of 2 returns received"
    assert report.position.figures.verified == Amounts(Decimal("0.00"), None)


def test_a_late_return_counts_where_it_was_counted():
    contract, supplier = live()
    promised = make_commitment(contract, supplier=supplier)
    late = make_return(contract, supplier, Q1)
    late.counted_quarter = 2
    late.save()
    make_line(late, promised, "10", verified="10")
    assert figures(first=Q1, last=Q1).verified == Amounts(None, None)
    assert figures(first=Q2, last=Q2).verified == Amounts(Decimal("100.00"), None)


def test_grants_and_pledges_are_split_from_contracts():
    contract, supplier = live()
    make_commitment(contract, supplier=supplier)
    grant, holder = live(kind=Contract.Kind.GRANT)
    make_commitment(grant, supplier=holder, quantity="10")
    found = {g.key: g.figures.committed for g in breakdown(
        EVERYWHERE, Scope(), "agreement", first=None, last=Q2
    )}  # fmt: skip
    assert found == {
        "contract": Amounts(Decimal("1000.00"), None),
        "grant": Amounts(Decimal("100.00"), None),
    }
    assert figures(Scope(agreement="grant")).committed == Amounts(Decimal("100.00"), None)
    # Contract value is of contracts alone.
    assert position(EVERYWHERE, Scope(), first=None, last=Q2).contract_value_pounds == Decimal(
        "1000000.00"
    )


def test_each_person_sees_the_sum_of_what_they_may_see():
    mine = make_organisation("Directorate of Parks", "council_service")
    contract, supplier = live(directorate=mine)
    make_commitment(contract, supplier=supplier)
    partner = make_organisation()
    make_commitment(contract, supplier=partner, quantity="7")
    elsewhere, _ = live()
    make_commitment(elsewhere, quantity="50")
    seen = {
        "coordinator": "1570.00",
        "steering_member": "1570.00",
        "contract_manager": "1070.00",
        "supplier": "1000.00",
    }
    homes = {"contract_manager": mine, "supplier": supplier}
    for role, amount in seen.items():
        user = make_user(role, homes.get(role))
        assert figures(user=user).committed == Amounts(Decimal(amount), None), role
    assert figures(user=make_user("")).committed == Amounts(None, None)
    assert figures(user=make_user("hub", make_organisation("A hub", "hub"))).committed == Amounts(
        None, None
    )


@pytest.mark.parametrize("by", sorted(BREAKDOWNS))
def test_a_breakdown_adds_up_to_its_total(by):
    total = _many()
    groups = breakdown(EVERYWHERE, Scope(), by, first=None, last=Q2)
    for name in ("committed", "reported", "verified"):
        parts = [getattr(group.figures, name).social_pounds or 0 for group in groups]
        assert sum(parts) == getattr(total, name).social_pounds
    quarters = by_quarter(EVERYWHERE, Scope(), last=Q2)
    known = [group.figures.verified.social_pounds for group in quarters]
    assert sum(amount for amount in known if amount is not None) == total.verified.social_pounds
    assert known[0] is None  # nothing came in two years ago, which is not £0


def _many():
    for number in range(4):
        contract, supplier = live(kind=Contract.Kind.values[number % 4])
        promised = make_commitment(contract, supplier=supplier, quantity=str(10 + number))
        for quarter in (Q1, Q2):
            make_line(
                make_return(contract, supplier, quarter),
                promised,
                str(number),
                verified=str(number),
            )
    return figures()


def test_the_number_of_queries_does_not_grow(django_assert_num_queries):
    for _ in range(3):
        _many()
        with django_assert_num_queries(3):
            portfolio_report(EVERYWHERE, Scope(), first=None, last=Q2)
        with django_assert_num_queries(2):
            breakdown(EVERYWHERE, Scope(), "supplier", first=None, last=Q2)


class TestOrder(TestCase):
    """Half up on each line, then add: the total is the sum of the printed lines, in any order."""

    @settings(max_examples=15)
    @given(st.lists(st.decimals("0", "50", places=4), min_size=1, max_size=5), st.randoms())
    def test_the_total_is_the_sum_of_the_printed_lines(self, quantities, chance):
        contract, supplier = live()
        measure = make_measure(value="0.005")
        promised = make_commitment(contract, supplier=supplier, measure=measure)
        sent = make_return(contract, supplier)
        lines = [make_line(sent, promised, str(q), verified=str(q)) for q in quantities]
        chance.shuffle(lines)
        found = figures(Scope(contract=contract.pk))
        assert found.reported.social_pounds == sum(line.reported_pounds for line in lines)
        assert found.verified.social_pounds <= found.reported.social_pounds

"""Rules of the four figures that are easily broken: one value per award, offers over their own
contracts, and what remains of a promise that was withdrawn.
"""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contracts.four_figures import Amounts
from contracts.models import Award, Bid, Commitment, Contract
from contracts.selectors.position import EVERYWHERE, Scope, position
from contracts.selectors.position_groups import BREAKDOWNS, breakdown, by_quarter
from reporting.models import StarMeasure
from reporting.selectors.figures import FigureReader
from tests.contracts.test_position import Q1, Q2, live
from tests.factories import make_award, make_contract, make_organisation, make_user
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
)
from tests.watched_queries import read_whole
from trafford_sv.directory.models import RoleGrant

pytestmark = pytest.mark.django_db


def grant(user, role, organisation):
    RoleGrant.objects.create(
        user=user, role=role, organisation=organisation,
        starts=datetime.date(2020, 1, 1), granted_by_name="A test",
    )  # fmt: skip


def at(user=EVERYWHERE, scope=None, first=None, last=Q2):
    return position(user, scope or Scope(), first=first, last=last)


# --- the value stands on the award, once ------------------------------------------------------


class TestOneValuePerAward(TestCase):
    """Whatever grants a person holds, they see the sum of the distinct awards they may see."""

    @settings(max_examples=12)
    @given(
        awards=st.lists(
            st.tuples(st.integers(1, 9), st.sets(st.integers(0, 3)), st.integers(0, 2)),
            min_size=1, max_size=5,
        ),
        suppliers=st.lists(st.integers(0, 3), unique=True),
        directorates=st.lists(st.integers(0, 2), unique=True),
    )  # fmt: skip
    def test_several_grants_count_an_award_once(self, awards, suppliers, directorates):
        firms = [make_organisation() for _ in range(4)]
        homes = [
            make_organisation(f"Invented directorate {n}", "council_service") for n in range(3)
        ]
        for millions, sharing, home in awards:
            live(value=f"{millions}000000", directorate=homes[home])
            award = Award.objects.order_by("-pk")[0]
            award.supplier_links.all().delete()
            for each in sharing:
                award.supplier_links.create(organisation=firms[each])
        user = make_user("")
        for each in suppliers:
            grant(user, "supplier", firms[each])
        for each in directorates:
            grant(user, "contract_manager", homes[each])
        # By hand: an award is seen where its directorate or one of its suppliers is held.
        seen = sum(
            millions * 1_000_000
            for millions, sharing, home in awards
            if home in directorates or sharing & set(suppliers)
        )
        assert at(user).contract_value_pounds == (Decimal(seen) if seen else None)


# --- offered, over the contracts that it was offered for --------------------------------------


def tendered(offered, **values):
    """A contract with a winner that offered so many hours at £10."""
    contract, supplier = live(**values)
    make_bid(make_tender(contract, measures=[make_measure(value="10")]), supplier,
             quantity=offered, state="won")  # fmt: skip
    return contract


def test_offers_are_divided_by_the_value_of_their_own_contracts():
    # A: £1,000,000, offered 20,000 hours at £10 = £200,000. B: an award without a value, offered
    # 50,000 hours = £500,000. C: £3,000,000 and no bid on record. D: a framework, offered £10.
    # Offered in all: 700,010. Over A alone: 200,000 / 1,000,000 = 20%. Left out: B and D.
    tendered("20000")
    tendered("50000", value=None)
    live(value="3000000")
    tendered("1", is_framework=True)
    found = at()
    assert found.figures.offered == Amounts(Decimal("700010.00"), None)
    assert found.tendered_value_pounds == Decimal("1000000.00")
    assert found.offered_share == Decimal("0.2")
    assert found.offers_left_out == 2


def test_a_contract_whose_value_is_known_in_part_is_no_base():
    contract = tendered("20000")
    make_award(contract, awarded_on=datetime.date(2026, 3, 2), suppliers=[make_organisation()])
    tendered("1000")
    found = at()
    # 1,000 hours at £10 over £1,000,000.
    assert found.offered_share == Decimal("0.01")
    assert (found.tendered_value_pounds, found.offers_left_out) == (Decimal("1000000.00"), 1)


def test_an_award_made_after_the_period_is_no_base_yet():
    tendered("20000", awarded_on=datetime.date(2026, 8, 1))
    assert at(last=Q1).offered_share is None
    assert at(last=Q1).offers_left_out == 1
    assert at(last=Q2).offered_share == Decimal("0.2")


def test_what_was_offered_for_a_cancelled_award_is_offered_no_more():
    contract = tendered("20000")
    Award.objects.filter(contract=contract).update(status=Award.Status.CANCELLED)
    assert at().figures.offered == Amounts(None, None)
    # Awarded again to the same bidder: it stands again.
    make_award(contract, value="1000000", awarded_on=datetime.date(2026, 3, 3),
               suppliers=[Bid.objects.get().organisation])  # fmt: skip
    assert at().figures.offered == Amounts(Decimal("200000.00"), None)


def test_the_star_measure_divides_the_same_two():
    tendered("20000")
    tendered("50000", value=None)
    measure = StarMeasure(
        numerator="social_value", numerator_basis="offered",
        denominator="tendered_value", denominator_basis="award",
    )  # fmt: skip
    assert FigureReader().read(measure, Q2).reading.value == at().offered_share == Decimal("0.2")


# --- what remains of a promise that was withdrawn ---------------------------------------------


def test_a_withdrawn_promise_counts_with_what_was_verified_under_it():
    # Promise 1: 100 hours at £10 = 1,000, of which 90 were verified = 900, 5 more wait. Promise 2:
    # 20 hours = 200, 10 verified = 100. Withdrawn outright: committed 900 + 200 = 1,100, verified
    # 900 + 100 = 1,000, which is 91%, and not 1,000 / 200 = 500%.
    contract, supplier = live()
    gone = make_commitment(contract, supplier=supplier)
    kept = make_commitment(contract, supplier=supplier, quantity="20")
    never = make_commitment(contract, supplier=supplier, quantity="70")
    held = make_return(contract, supplier, Q1)
    make_line(held, gone, "90", verified="90")
    make_line(held, gone, "5")
    make_line(held, kept, "10", verified="10")
    Commitment.objects.filter(pk__in=[gone.pk, never.pk]).update(state="withdrawn")
    found = at()
    assert found.figures.committed == Amounts(Decimal("1100.00"), None)
    assert found.figures.verified == Amounts(Decimal("1000.00"), None)
    assert round(found.figures.delivery_share("social"), 4) == Decimal("0.9091")
    # One that nothing was done for is gone for good.
    assert (found.counts.commitments, found.counts.commitments_varied) == (1, 1)
    for by in BREAKDOWNS:
        groups = breakdown(EVERYWHERE, Scope(), by, first=None, last=Q2)
        assert sum(g.figures.committed.social_pounds for g in groups) == Decimal("1100.00"), by


def test_a_draft_that_was_withdrawn_was_never_committed():
    contract, supplier = live()
    draft = make_commitment(contract, supplier=supplier, agreed=False)
    Commitment.objects.filter(pk=draft.pk).update(state="withdrawn")
    assert at().figures.committed == Amounts(None, None)
    assert at().counts.commitments_varied == 0


def test_the_page_says_what_became_of_the_withdrawn_promise(client):
    contract, supplier = live(stage=Contract.Stage.LIVE)
    gone = make_commitment(contract, supplier=supplier)
    make_commitment(contract, supplier=supplier, quantity="60")
    make_line(make_return(contract, supplier, Q1), gone, "90", verified="90")
    Commitment.objects.filter(pk=gone.pk).update(state="withdrawn")
    client.force_login(make_user("coordinator"))
    page = client.get(reverse("contract-social-value", args=[contract.pk])).content.decode()
    # 900 of 900 + 600.
    assert "So far, 60% of the social value promised is verified" in page
    assert "only what was verified under it still counts as committed" in page


def test_contracts_without_anything_have_no_share():
    make_contract()
    assert at().offered_share is None


# --- totals over values that a licence keeps in -----------------------------------------------


def licensed(measures):
    """A contract with a promise of 64 units, 10 of them verified, of each of so many closed measures."""
    contract, supplier = live()
    closed = make_edition(values_may_be_published=False)
    sent = make_return(contract, supplier, Q1)
    for number in range(measures):
        measure = make_measure(closed, value=str(11 + number))
        promised = make_commitment(contract, supplier=supplier, measure=measure, quantity="64")
        make_line(sent, promised, "10", verified="10")
    return contract, supplier


def test_a_total_over_fewer_than_three_licensed_measures_is_withheld():
    # 64 x 11 + 64 x 12 = 1,472: with an open promise of 100 x 10 = 1,000 beside it 2,472, and anybody
    # could take the 1,000 off. With a third at 13: 64 x 13 = 832 more, 3,304: told.
    contract, supplier = licensed(2)
    make_commitment(contract, supplier=supplier)
    member = make_user("steering_member")
    found = at(member).figures
    assert found.committed == Amounts(None, None)
    assert ("committed", "social") in found.withheld and ("verified", "social") in found.withheld
    assert found.delivery_share("social") is None
    assert at(make_user("coordinator")).figures.committed == Amounts(Decimal("2472.00"), None)
    out = position(make_user("coordinator"), Scope(), first=None, last=Q2, outward=True)
    assert out.figures.committed == Amounts(None, None)
    assert at(EVERYWHERE).figures.committed == Amounts(None, None)
    third = make_measure(make_edition(values_may_be_published=False), value="13")
    make_commitment(contract, supplier=supplier, measure=third, quantity="64")
    assert at(member).figures.committed == Amounts(Decimal("3304.00"), None)
    # What was verified is still of two.
    assert at(member).figures.verified == Amounts(None, None)


def test_a_supplier_reads_no_total_over_values_that_are_kept_from_it():
    _, supplier = licensed(4)
    own = make_user("supplier", supplier)
    assert at(own).figures.verified == Amounts(None, None)
    assert at(make_user("steering_member")).figures.verified == Amounts(Decimal("500.00"), None)


def test_a_breakdown_withholds_so_much_that_the_rest_tells_nothing():
    licensed(3)  # 10 x (11 + 12 + 13) = 360
    one, _ = licensed(1)  # 10 x 11 = 110
    member = make_user("steering_member")
    assert at(member).figures.verified == Amounts(Decimal("470.00"), None)
    groups = breakdown(member, Scope(), "contract", first=None, last=Q2)
    assert [group.figures.verified for group in groups] == [Amounts(None, None)] * 2
    assert all(group.figures.is_withheld("verified", "social") for group in groups)
    (quarter,) = [g for g in by_quarter(member, Scope(), last=Q2) if g.lines]
    assert quarter.figures.verified == Amounts(Decimal("470.00"), None)
    assert at(member, Scope(contract=one.pk)).figures.verified == Amounts(None, None)


def test_pages_files_and_the_api_say_that_it_is_withheld(client):
    contract, supplier = licensed(1)
    client.force_login(make_user("steering_member"))
    page = client.get(reverse("contract-social-value", args=[contract.pk])).content.decode()
    assert "A licence keeps in how much social value is verified here" in page
    assert "dividing it would tell values" in page and "£704" not in page and "£110" not in page
    body = client.get(f"/api/v1/portfolio/?contract={contract.pk}&by=theme").json()
    assert body["figures"]["verified"]["social_pounds"] is None
    assert "verified.social_pounds" in body["figures"]["withheld"]
    assert "committed.social_pounds" in body["groups"][0]["withheld"]
    # The co-ordinator reads it on the page, and no file has it.
    client.force_login(make_user("coordinator"))
    assert "£110" in client.get(reverse("portfolio")).content.decode()
    csv = read_whole(client.get(reverse("portfolio"), {"by": "supplier", "format": "csv"})).decode()
    assert "dividing it would tell values" in csv and "110.00" not in csv
    client.force_login(make_user("supplier", supplier))
    page = client.get(reverse("supplier-home")).content.decode()
    assert "dividing it would tell values" in page and "£704" not in page

"""The pace from the rows: worked by hand, and the list's SQL against the pure rule."""

from __future__ import annotations

import datetime
import random
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contracts.models import Commitment, Contract, Measure
from contracts.pacing import Rating
from contracts.selectors.pacing import (
    QuarterState,
    agreement_pace,
    commitment_paces,
    last_due,
    paces_of,
)
from contracts.selectors.pacing_rows import annotated, paced_rows
from tests.factories import make_contract, make_organisation, make_user
from tests.factories_delivery import make_commitment, make_line, make_measure, make_return
from trafford_sv.core.periods import Quarter

pytestmark = pytest.mark.django_db

Q1, Q2, Q3 = Quarter(2026, 1), Quarter(2026, 2), Quarter(2026, 3)
# Both returns are due: 20 July and 20 October 2026.
NOVEMBER = datetime.date(2026, 11, 23)


def deliver(commitment, quarter, quantity, verified=None, **values):
    """One more line in the return for the quarter, which is made where there is none."""
    contract, supplier = commitment.contract, commitment.supplier
    found = contract.returns.filter(
        supplier=supplier, financial_year=quarter.start_year, quarter=quarter.number
    ).first() or make_return(contract, supplier, quarter)
    return make_line(found, commitment, quantity, verified=verified, **values)


def pace_of(commitment, as_of=NOVEMBER):
    (found,) = commitment_paces(commitment.contract, as_of=as_of)
    return found


def test_short_of_the_profile_is_red_by_what_is_verified_and_the_reported_stands_beside_it():
    # 100 hours, 25 a quarter. Reported 20 + 20 = 40 of 50, which is 80%: amber.
    # Verified 10 + 15 = 25 of 50, which is half: red. At half the pace the other 50 bring 25: 50.
    commitment = make_commitment()
    deliver(commitment, Q1, "20", "10")
    deliver(commitment, Q2, "20", "15")
    found = pace_of(commitment)
    assert (found.verified.delivered, found.verified.expected_reported) == (25, 50)
    assert found.rating == Rating.RED
    assert found.reported.rating == Rating.AMBER
    # On 23 November the running quarter has no return yet, so the rest of the profile is 50.
    assert found.verified.expected_end == 50
    # 75 still to come over the two quarters that remain.
    assert found.verified.per_remaining_quarter == Decimal("37.5")


def test_a_quarter_that_is_not_decided_waits_and_is_no_zero():
    commitment = make_commitment()
    deliver(commitment, Q1, "25", "25")
    deliver(commitment, Q2, "10", "10")
    deliver(commitment, Q2, "15")
    found = pace_of(commitment)
    assert found.in_state(QuarterState.WAITING) == (Q2,)
    assert (found.verified.delivered, found.verified.expected_reported) == (25, 25)
    assert found.rating == Rating.GREEN
    assert any("Q2 2026/27 waits for verification" in each for each in found.verified.reasons)
    assert found.reported.delivered == 50


def test_a_missing_return_and_a_blank_line_are_unknown_and_keep_it_from_green():
    missing, blank = make_commitment(), make_commitment()
    for one in (missing, blank):
        deliver(one, Q1, "25", "25")
    deliver(blank, Q2, None)
    assert pace_of(missing).verified.missing == (Q2,)
    assert pace_of(missing).rating == Rating.AMBER
    assert pace_of(blank).verified.missing == ()
    assert pace_of(blank).in_state(QuarterState.BLANK) == (Q2,)
    assert pace_of(blank).rating == Rating.AMBER
    # Nothing reported is not blank: 25 of 50 is red.
    zero = make_commitment()
    deliver(zero, Q1, "25", "25")
    deliver(zero, Q2, "0", "0")
    assert pace_of(zero).rating == Rating.RED


def test_a_return_is_missing_only_after_its_due_day():
    assert last_due(datetime.date(2026, 7, 20)) == Quarter(2025, 4)
    assert last_due(datetime.date(2026, 7, 21)) == Q1
    commitment = make_commitment()
    found = pace_of(commitment, datetime.date(2026, 7, 20))
    assert found.rating == Rating.NOT_YET
    assert found.quarters[0].state == QuarterState.DUE
    assert pace_of(commitment, datetime.date(2026, 7, 21)).rating == Rating.AMBER


def test_a_percentage_is_never_added():
    measure = make_measure(kind="record_only", counting="percentage", value=None, unit="%")
    commitment = make_commitment(
        measure=measure, quantity="90", profile={Q1: "90", Q2: "90", Q3: "90"}
    )
    deliver(commitment, Q1, "40", "40")
    deliver(commitment, Q2, "88", "88")
    found = pace_of(commitment)
    assert found.verified.delivered == 88
    assert found.rating == Rating.GREEN  # 88 of 90 is 97.8%


def test_an_agreement_is_rated_by_pounds_worst_first():
    supplier = make_organisation()
    contract = make_contract(suppliers=[supplier], end=datetime.date(2027, 3, 31))
    good, bad = (make_commitment(contract, supplier=supplier) for _ in range(2))
    deliver(good, Q1, "25", "25")
    deliver(good, Q2, "25", "25")
    deliver(bad, Q1, "5", "5")
    deliver(bad, Q2, "5", "5")
    found = agreement_pace(commitment_paces(contract, as_of=NOVEMBER))
    assert [row.commitment for row in found.rows] == [bad, good]
    assert found.overall.ratio == Decimal("0.6")  # (100% + 20%) / 2, each worth £1,000
    assert found.overall.rating == Rating.RED


def random_commitment(dice: random.Random) -> Commitment:
    percentage = dice.random() < 0.2
    measure = (
        make_measure(kind="record_only", counting="percentage", value=None)
        if percentage
        else make_measure()
    )
    quarters = [Quarter(2025, 4), Q1, Q2, Q3, Quarter(2026, 4)]
    profile = {one: str(dice.choice([0, 5, 19, 20, 20, 25.5])) for one in quarters}
    supplier = make_organisation()
    contract = make_contract(
        suppliers=[supplier],
        start=datetime.date(2026, 1, 1),
        end=dice.choice([None, datetime.date(2026, 6, 30), datetime.date(2027, 3, 31)]),
        stage=Contract.Stage.LIVE,
    )
    commitment = make_commitment(
        contract,
        supplier=supplier,
        measure=measure,
        quantity=str(sum(map(Decimal, profile.values())) or 1),
        profile=profile,
    )
    for quarter in quarters:
        if dice.random() < 0.3:
            continue
        made = make_return(contract, supplier, quarter, dice.choice(["submitted", "draft"]))
        for _ in range(dice.choice([0, 1, 1, 2])):
            quantity = dice.choice([None, "0", "9", "15", "19", "20", "25.5", "100"])
            is_checked = quantity is not None and dice.random() < 0.75
            make_line(
                made,
                commitment,
                quantity,
                verified=quantity if is_checked else None,
                attribution_share=Decimal(dice.choice(["1", "1", "0.5"])),
            )
    return commitment


@pytest.mark.parametrize("seed", range(6))
def test_the_list_says_what_the_pure_rule_says(seed):
    dice = random.Random(seed)
    made = [random_commitment(dice) for _ in range(12)]
    as_of = dice.choice([NOVEMBER, datetime.date(2026, 10, 20), datetime.date(2026, 7, 21)])
    pure = {one.commitment.pk: one for one in paces_of(made, as_of=as_of)}
    for row in annotated(Commitment.objects.all(), as_of=as_of):
        found = pure[row.pk]
        said = (row.rating, row.delivered_quantity, row.lacks_return)
        expected = (found.rating.value, found.verified.delivered, bool(found.verified.missing))
        assert said == expected, (row.pk, [str(line) for line in found.quarters])
        if row.pace_share is None:
            assert found.verified.ratio is None
        else:
            assert abs(row.pace_share - found.verified.ratio) < Decimal("0.00001")


def test_the_number_of_queries_does_not_grow():
    def queries(commitments: int, quarters: int) -> int:
        supplier = make_organisation()
        contract = make_contract(suppliers=[supplier])
        measure = make_measure()
        held, quarter = [], Quarter(2024, 1)
        span = []
        for _ in range(quarters):
            span.append(quarter)
            quarter = quarter.next
        for _ in range(commitments):
            profile = dict.fromkeys(span, "10")
            held.append(
                make_commitment(contract, supplier=supplier, measure=measure, profile=profile)
            )
        for each in span:
            made = make_return(contract, supplier, each)
            for one in held:
                make_line(made, one, "5", verified="5")
        with CaptureQueriesContext(
            connection,
        ) as seen:
            found = agreement_pace(commitment_paces(contract, as_of=NOVEMBER))
        assert len(found.rows) == commitments
        return len(seen)

    assert queries(1, 1) == queries(20, 12) == 4


def test_a_supplier_sees_its_own_alone_also_on_a_shared_agreement():
    mine, theirs = make_organisation(), make_organisation()
    contract = make_contract(suppliers=[mine, theirs])
    own = make_commitment(contract, supplier=mine)
    make_commitment(contract, supplier=theirs)
    user = make_user("supplier", mine)
    assert [one.commitment for one in commitment_paces(contract, as_of=NOVEMBER, user=user)] == [
        own
    ]
    assert list(paced_rows(user, as_of=NOVEMBER)) == [own]
    assert Measure.objects.count() == 2

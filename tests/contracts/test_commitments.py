"""Drawing up, agreeing, varying and withdrawing commitments; what they are worth and stay worth."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given
from hypothesis import strategies as st

from contracts.models import Commitment, Contract, Measure, MeasureEdition
from contracts.profiles import even_profile
from contracts.services.commitments import (
    accept_commitment,
    change_commitment,
    draft_commitment,
    draft_from_offers,
    propose_commitment,
    send_back_commitment,
    set_profile,
    vary_commitment,
    withdraw_commitment,
)
from tests.factories import make_contract, make_organisation, make_user, make_ward
from tests.factories_delivery import (
    make_bid,
    make_commitment,
    make_edition,
    make_line,
    make_measure,
    make_return,
    make_tender,
    make_value,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.periods import Quarter
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)
LATER = datetime.datetime(2026, 9, 1, 12, tzinfo=datetime.UTC)
State = Commitment.State


@pytest.fixture
def supplier() -> Any:
    return make_organisation("Brook Lane Builders (invented)")


@pytest.fixture
def contract(supplier: Any) -> Contract:
    return make_contract(
        value="900000",
        awarded_on=datetime.date(2026, 3, 1),
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.MOBILISING,
    )


def drawn_up(contract: Contract, supplier: Any, **values: Any) -> Commitment:
    return draft_commitment(
        contract=contract,
        values={
            "supplier": supplier,
            "measure": values.pop("measure", None) or make_measure(),
            "promised_quantity": Decimal(values.pop("quantity", "100")),
            "owner_name": "Social value lead",
            **values,
        },
        by=make_user(),
        now=NOW,
    )


def proposed(contract: Contract, supplier: Any, **values: Any) -> Commitment:
    made = drawn_up(contract, supplier, **values)
    return propose_commitment(
        commitment=made, expected_version=made.version, by=make_user(), now=NOW
    )


def accepted(made: Commitment, now: datetime.datetime = NOW, *sides: str) -> Commitment:
    for side in sides or ("council", "supplier"):
        made = accept_commitment(
            commitment=made, side=side, expected_version=made.version, by=make_user(), now=now
        )
    return made


def parts(made: Commitment) -> list[tuple[str, Decimal]]:
    return [(part.period.code, part.due_quantity) for part in made.profile.all()]


def said(error: Any) -> str:
    return " ".join(error.value.messages)


# --- drawing up -----------------------------------------------------------------------------


def test_a_draft_takes_what_is_left_out_from_the_agreement_and_the_measure(
    contract: Contract, supplier: Any
) -> None:
    made = drawn_up(contract, supplier)
    assert (made.number, made.state, made.starts, made.due) == (
        1, State.DRAFT, contract.start, contract.end,
    )  # fmt: skip
    assert made.evidence_rule == "A sign-in sheet with counts"
    # 100 over four whole quarters: 25 each.
    assert parts(made) == [(f"2026-27-Q{n}", Decimal(25)) for n in (1, 2, 3, 4)]
    assert made.committed_pounds is None and made.value is None
    assert drawn_up(contract, supplier).number == 2


def test_a_promise_of_a_percentage_expects_the_same_in_every_quarter(
    contract: Contract, supplier: Any
) -> None:
    share = make_measure(value=None, kind="record_only", counting="percentage", unit="%")
    made = drawn_up(contract, supplier, measure=share, quantity="30")
    assert [quantity for _, quantity in parts(made)] == [Decimal(30)] * 4
    with pytest.raises(ValidationError, match="at most 100"):
        drawn_up(contract, supplier, measure=share, quantity="101")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"quantity": "0"}, "more than nothing"),
        ({"quantity": "-3"}, "more than nothing"),
        ({"starts": datetime.date(2026, 3, 1)}, "before the agreement does on 1 April 2026"),
        ({"due": datetime.date(2027, 4, 1)}, "after the agreement ends on 31 March 2027"),
        (
            {"starts": datetime.date(2026, 8, 1), "due": datetime.date(2026, 7, 1)},
            "due before it starts",
        ),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(
    contract: Contract, supplier: Any, values: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ValidationError) as error:
        drawn_up(contract, supplier, **values)
    assert sentence in said(error)
    assert not Commitment.objects.exists()


def test_only_a_supplier_of_the_agreement_promises_in_it(contract: Contract) -> None:
    stranger = make_organisation("Somebody Else Ltd (invented)")
    with pytest.raises(ValidationError, match="on no active award"):
        drawn_up(contract, stranger)


def test_a_measure_of_a_retired_edition_is_not_promised_anew(
    contract: Contract, supplier: Any
) -> None:
    old = make_edition(status=MeasureEdition.Status.RETIRED)
    with pytest.raises(ValidationError, match="not in use for new commitments"):
        drawn_up(contract, supplier, measure=make_measure(old))


def test_nothing_is_promised_in_an_agreement_that_is_over(supplier: Any) -> None:
    over = make_contract(suppliers=[supplier], stage=Contract.Stage.ENDED)
    with pytest.raises(ValidationError, match="is over"):
        drawn_up(over, supplier)


def test_each_winning_offer_above_nothing_becomes_a_draft_once(supplier: Any) -> None:
    edition = make_edition()
    measures = [make_measure(edition) for _ in range(3)]
    tender = make_tender(measures=measures)
    bid = make_bid(tender, supplier)
    none, nothing = bid.offers.all()[1:]
    none.offered_quantity, none.offered_pounds = None, None
    none.save()
    nothing.offered_quantity = Decimal(0)
    nothing.save()
    contract = tender.contract
    made = draft_from_offers(contract=contract, bid=bid, by=make_user(), now=NOW)
    assert [(item.measure, item.promised_quantity, item.supplier) for item in made] == [
        (measures[0], Decimal(50), supplier)
    ]
    assert made[0].value == measures[0].values.get()
    assert draft_from_offers(contract=contract, bid=bid, by=make_user(), now=NOW) == []


def test_a_partner_named_in_the_bid_comes_along(supplier: Any) -> None:
    tender = make_tender()
    bid = make_bid(tender, supplier)
    bid.offers.update(partner_name="A hall not registered yet (invented)")
    made = draft_from_offers(contract=tender.contract, bid=bid, by=make_user(), now=NOW)
    assert made[0].partner_named == "A hall not registered yet (invented)"


# --- changing -------------------------------------------------------------------------------


def test_an_even_profile_follows_the_quantity_and_another_is_left_alone(
    contract: Contract, supplier: Any
) -> None:
    made = drawn_up(contract, supplier)
    change = {"promised_quantity": Decimal(200)}
    made = change_commitment(commitment=made, changes=change, expected_version=1, by=None, now=NOW)
    assert [quantity for _, quantity in parts(made)] == [Decimal(50)] * 4
    uneven = [
        (Quarter(2026, 1), Decimal(0)), (Quarter(2026, 2), Decimal(20)),
        (Quarter(2026, 3), Decimal(80)), (Quarter(2026, 4), Decimal(100)),
    ]  # fmt: skip
    made = set_profile(
        commitment=made, profile=uneven, expected_version=made.version, by=None, now=NOW
    )
    made = change_commitment(
        commitment=made,
        changes={"promised_quantity": Decimal(210)},
        expected_version=made.version,
        by=None,
        now=NOW,
    )
    assert [quantity for _, quantity in parts(made)] == [0, 20, 80, 100]
    with pytest.raises(ValidationError, match="add to 200, but the promise is 210: 10 missing"):
        propose_commitment(commitment=made, expected_version=made.version, by=None, now=NOW)


@pytest.mark.parametrize(
    ("profile", "sentence"),
    [
        ([(Quarter(2026, 1), "99")], "add to 99, but the promise is 100"),
        ([(Quarter(2026, 1), "110"), (Quarter(2026, 2), "-10")], "Give 0 or more"),
        ([(Quarter(2027, 1), "100")], "outside the contract"),
        ([], "no quarter in the profile"),
    ],
)
def test_a_profile_sums_to_the_promise(
    contract: Contract, supplier: Any, profile: list[Any], sentence: str
) -> None:
    made = drawn_up(contract, supplier)
    wanted = [(quarter, Decimal(quantity)) for quarter, quantity in profile]
    with pytest.raises(ValidationError, match=sentence):
        set_profile(commitment=made, profile=wanted, expected_version=1, by=None, now=NOW)
    assert len(parts(made)) == 4


def test_changing_the_terms_after_a_side_accepted_asks_both_again(
    contract: Contract, supplier: Any
) -> None:
    made = accepted(proposed(contract, supplier), NOW, "supplier")
    made = change_commitment(
        commitment=made,
        changes={"promised_quantity": Decimal(90)},
        expected_version=made.version,
        by=None,
        now=NOW,
    )
    assert made.state == State.PROPOSED
    assert made.supplier_accepted_at is None and made.supplier_accepted_by_name == ""
    made = accepted(made, NOW, "council")
    with pytest.raises(ValidationError, match="already"):
        accepted(made, NOW, "council")
    # A reason beside exclusions is the council's note, not a term.
    made = change_commitment(
        commitment=made,
        changes={"exclusion_reason": "Different people."},
        expected_version=made.version,
        by=None,
        now=NOW,
    )
    assert made.council_accepted_at is not None
    made = set_profile(
        commitment=made,
        profile=[(Quarter(2026, 4), Decimal(90))],
        expected_version=made.version,
        by=None,
        now=NOW,
    )
    assert made.council_accepted_at is None


def test_less_than_the_bid_offered_needs_a_reason(supplier: Any) -> None:
    tender = make_tender()
    bid = make_bid(tender, supplier)
    (made,) = draft_from_offers(contract=tender.contract, bid=bid, by=None, now=NOW)
    less = {
        "commitment": made,
        "changes": {"promised_quantity": Decimal(40)},
        "expected_version": 1,
        "by": None,
        "now": NOW,
    }
    with pytest.raises(ValidationError, match="The winning bid offered 50. Give a reason"):
        change_commitment(**less)
    assert change_commitment(**less, reason="One site was taken out.").promised_quantity == 40
    with pytest.raises(ValidationError, match="comes from the winning bid"):
        change_commitment(
            commitment=made,
            changes={"measure": make_measure()},
            expected_version=2,
            by=None,
            now=NOW,
        )


def test_two_officers_who_edit_at_once_collide(contract: Contract, supplier: Any) -> None:
    made = drawn_up(contract, supplier)
    change_commitment(
        commitment=made, changes={"title": "One"}, expected_version=1, by=None, now=NOW
    )
    with pytest.raises(Collision):
        change_commitment(
            commitment=made, changes={"title": "Two"}, expected_version=1, by=None, now=NOW
        )
    with pytest.raises(Collision):
        set_profile(commitment=made, profile=None, expected_version=1, by=None, now=NOW)


# --- agreeing -------------------------------------------------------------------------------


def test_it_is_agreed_when_both_sides_have_accepted_and_then_it_has_its_pounds(
    contract: Contract, supplier: Any
) -> None:
    made = accepted(proposed(contract, supplier, quantity="100.5"), NOW, "supplier")
    assert made.state == State.PROPOSED and made.committed_pounds is None
    made = accepted(made, NOW, "council")
    # 100.5 hours at £10 is £1,005.00.
    assert (made.state, made.agreed_on, made.committed_pounds) == (
        State.AGREED, NOW.date(), Decimal("1005.00"),
    )  # fmt: skip
    verbs = list(AuditEvent.objects.order_by("sequence").values_list("verb", flat=True))
    assert verbs[-2:] == [
        "commitment accepted by the supplier",
        "commitment agreed, accepted last by the council",
    ]


def test_both_sides_accept_the_same_version_one_after_the_other(
    contract: Contract, supplier: Any
) -> None:
    """Two people opened version 2; neither acceptance makes the other's page old."""
    made = proposed(contract, supplier)
    for side in ("council", "supplier"):
        accept_commitment(commitment=made, side=side, expected_version=2, by=None, now=NOW)
    made.refresh_from_db()
    assert (made.state, made.version) == (State.AGREED, 3)


def test_nobody_accepts_what_has_changed_since_it_was_read(
    contract: Contract, supplier: Any
) -> None:
    made = proposed(contract, supplier)
    change_commitment(
        commitment=made,
        changes={"promised_quantity": Decimal(500)},
        expected_version=2,
        by=None,
        now=NOW,
    )
    with pytest.raises(Collision):
        accept_commitment(commitment=made, side="supplier", expected_version=2, by=None, now=NOW)


def test_a_value_that_changes_in_the_middle_leaves_old_commitments_alone(
    contract: Contract, supplier: Any
) -> None:
    """Golden. Agreed on 4 May at £10: 100 x 10 = £1,000. From 1 August the value is £12.50.

    The old commitment keeps £10 and £1,000. One agreed on 1 September: 100 x 12.50 = £1,250.
    """
    measure = make_measure(value="10")
    old = accepted(proposed(contract, supplier, measure=measure))
    make_value(measure, "12.50", datetime.date(2026, 8, 1))
    new = accepted(proposed(contract, supplier, measure=measure), LATER)
    old.refresh_from_db()
    assert (old.value.value_pounds, old.committed_pounds) == (Decimal(10), Decimal(1000))
    assert (new.value.value_pounds, new.committed_pounds) == (Decimal("12.5"), Decimal(1250))
    # What may still change on an agreed commitment does not price it again.
    old = change_commitment(
        commitment=old,
        changes={"owner_name": "Community manager"},
        expected_version=old.version,
        by=None,
        now=LATER,
    )
    assert old.committed_pounds == Decimal(1000)


def test_the_value_of_the_bid_prices_what_came_from_it(supplier: Any) -> None:
    """Tendered at £10; £20 by the day of agreement. 50 offered: 50 x 10 = £500."""
    measure = make_measure(value="10")
    contract = make_contract(
        suppliers=[supplier],
        start=datetime.date(2026, 4, 1),
        end=datetime.date(2027, 3, 31),
        stage=Contract.Stage.MOBILISING,
    )
    bid = make_bid(make_tender(contract, measures=[measure]), supplier)
    make_value(measure, "20", datetime.date(2026, 5, 1))
    (made,) = draft_from_offers(contract=contract, bid=bid, by=None, now=NOW)
    made = change_commitment(
        commitment=made, changes={"owner_name": "A"}, expected_version=1, by=None, now=NOW
    )
    made = propose_commitment(commitment=made, expected_version=2, by=None, now=NOW)
    assert accepted(made).committed_pounds == Decimal("500.00")


def test_half_a_penny_rounds_up(contract: Contract, supplier: Any) -> None:
    """0.5 at £0.01 is £0.005, which is £0.01."""
    made = accepted(
        proposed(contract, supplier, measure=make_measure(value="0.01"), quantity="0.5")
    )
    assert made.committed_pounds == Decimal("0.01")


def test_what_is_only_counted_and_what_has_no_value_has_no_pounds(
    contract: Contract, supplier: Any
) -> None:
    counted = make_measure(value=None, kind=Measure.Kind.RECORD_ONLY)
    without = make_measure(value=None)
    for measure in (counted, without):
        made = accepted(proposed(contract, supplier, measure=measure))
        assert made.committed_pounds is None and made.value is None


def test_the_terms_of_what_is_agreed_stay(contract: Contract, supplier: Any) -> None:
    made = accepted(proposed(contract, supplier))
    with pytest.raises(ValidationError, match="Vary it instead"):
        change_commitment(
            commitment=made,
            changes={"promised_quantity": Decimal(1)},
            expected_version=made.version,
            by=None,
            now=NOW,
        )
    with pytest.raises(ValidationError, match="Vary it instead"):
        set_profile(commitment=made, profile=None, expected_version=made.version, by=None, now=NOW)


def test_a_side_sends_it_back_with_a_reason(contract: Contract, supplier: Any) -> None:
    made = accepted(proposed(contract, supplier), NOW, "council")
    words = {"commitment": made, "side": "supplier", "expected_version": 2, "by": None, "now": NOW}
    with pytest.raises(ValidationError, match="Say what should change"):
        send_back_commitment(**words, reason=" ")
    made = send_back_commitment(**words, reason="Our school is closed in August.")
    assert made.state == State.DRAFT and made.council_accepted_at is None
    event = AuditEvent.objects.order_by("sequence").last()
    assert event is not None
    assert event.verb == "commitment sent back by the supplier"
    assert event.reason == "Sent back by the supplier: Our school is closed in August."


def test_measures_that_exclude_each_other_need_a_reason(contract: Contract, supplier: Any) -> None:
    first, second = make_measure(), make_measure()
    first.exclusive_with.add(second)
    made = proposed(contract, supplier, measure=first)
    other = drawn_up(contract, supplier, measure=second)
    with pytest.raises(ValidationError, match=f"commitment 1 .{first.code}.*exclude each other"):
        propose_commitment(commitment=other, expected_version=1, by=None, now=NOW)
    # The first was fine alone; beside the second it is not, so nobody can accept it either.
    with pytest.raises(ValidationError, match="exclude each other"):
        accepted(made, NOW, "council")
    other = change_commitment(
        commitment=other,
        changes={"exclusion_reason": "Counted for different people."},
        expected_version=1,
        by=None,
        now=NOW,
    )
    propose_commitment(commitment=other, expected_version=2, by=None, now=NOW)
    assert accepted(made).state == State.AGREED


# --- withdrawing and varying ----------------------------------------------------------------


def test_withdrawing_needs_a_reason_and_takes_it_out_of_what_is_committed(
    contract: Contract, supplier: Any
) -> None:
    made = accepted(proposed(contract, supplier))
    with pytest.raises(ValidationError, match="Say why"):
        withdraw_commitment(
            commitment=made, reason="", expected_version=made.version, by=None, now=NOW
        )
    made = withdraw_commitment(
        commitment=made,
        reason="The site was sold.",
        expected_version=made.version,
        by=None,
        now=NOW,
    )
    assert made.withdrawn_reason == "The site was sold."
    assert not Commitment.objects.counted().exists()
    assert made.committed_pounds == Decimal(1000)  # what it was stays on record
    with pytest.raises(ValidationError, match="already"):
        withdraw_commitment(
            commitment=made, reason="Again", expected_version=made.version, by=None, now=NOW
        )


def test_a_variation_replaces_the_old_one_when_it_is_agreed(
    contract: Contract, supplier: Any
) -> None:
    old = make_commitment(contract, supplier=supplier)
    ward = make_ward()
    old.wards.add(ward)
    line = make_line(make_return(contract, supplier), old, "30")
    new = vary_commitment(
        commitment=old,
        changes={"promised_quantity": Decimal(120)},
        reason="A second school joined.",
        expected_version=1,
        by=None,
        now=LATER,
    )
    assert (new.state, new.replaces, new.owner_name) == (State.DRAFT, old, old.owner_name)
    assert list(new.wards.all()) == [ward]
    with pytest.raises(ValidationError, match="under way already"):
        vary_commitment(
            commitment=old, changes={}, reason="Again", expected_version=1, by=None, now=LATER
        )
    with pytest.raises(ValidationError, match="Withdraw that one first"):
        withdraw_commitment(commitment=old, reason="Gone", expected_version=1, by=None, now=LATER)
    assert list(Commitment.objects.counted()) == [old]
    new = propose_commitment(commitment=new, expected_version=1, by=None, now=LATER)
    new = accepted(new, LATER)
    old.refresh_from_db()
    assert old.state == State.WITHDRAWN
    assert old.withdrawn_reason == "Varied: commitment 2 replaces it from 1 September 2026."
    assert list(Commitment.objects.counted()) == [new]
    # 120 x £10; the delivery stays where it was reported.
    assert new.committed_pounds == Decimal(1200)
    line.refresh_from_db()
    assert line.commitment_id == old.pk


def test_a_variation_that_is_given_up_leaves_room_for_another(
    contract: Contract, supplier: Any
) -> None:
    old = make_commitment(contract, supplier=supplier)
    vary = {"commitment": old, "changes": {}, "expected_version": 1, "by": None, "now": LATER}
    new = vary_commitment(**vary, reason="A mistake")
    withdraw_commitment(commitment=new, reason="Not needed", expected_version=1, by=None, now=LATER)
    old.refresh_from_db()
    assert old.state == State.AGREED
    assert vary_commitment(**vary, reason="Again").number == 3


# --- properties -----------------------------------------------------------------------------

QUANTITIES = st.decimals(min_value="0.0001", max_value="999999", places=4)


@given(
    QUANTITIES, st.dates(datetime.date(2020, 1, 1), datetime.date(2030, 1, 1)), st.integers(0, 2000)
)
def test_an_even_profile_always_sums_to_the_promise(
    quantity: Decimal, start: datetime.date, days: int
) -> None:
    profile = even_profile(quantity, start, start + datetime.timedelta(days=days))
    assert sum(part for _, part in profile) == quantity
    assert all(part >= 0 for _, part in profile)

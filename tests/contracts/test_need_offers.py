"""An offer from proposal to confirmation: what it holds, what it gives back, what the need learns."""

from __future__ import annotations

import datetime
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from contracts.models import Commitment, NeedOffer
from contracts.selectors.need_supply import free_of
from contracts.services.commitments import (
    accept_commitment,
    propose_commitment,
    vary_commitment,
    withdraw_commitment,
)
from contracts.services.need_offers import (
    accept_offer,
    agree_offer,
    confirm_offer,
    decline_offer,
    deliver_offer,
    propose_offer,
    refuse_offer,
    withdraw_offer,
)
from tests.factories import make_organisation, make_user
from tests.factories_delivery import make_line, make_measure, make_return
from tests.factories_needs import NOW
from tests.factories_offers import (
    TODAY,
    make_asked,
    make_fit,
    make_offer,
    make_promise,
    make_spare,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture
def officer():
    return make_user()


def propose(need, promise, quantity="25", by=None, **more):
    amount = None if quantity is None else D(quantity)
    return propose_offer(
        **{
            "need": need,
            "commitment": promise,
            "offered_quantity": amount,
            "drawn_quantity": amount,
            "by": by,
            "now": NOW,
            "today": TODAY,
            **more,
        }
    )


def said(step, offer, by=None, **more):
    offer = NeedOffer.objects.get(pk=offer.pk)
    return step(offer=offer, expected_version=offer.version, by=by, now=NOW, **more)


def through(need, promise, quantity="25"):
    """Proposed, agreed and accepted, as much as is still needed."""
    offer = propose(need, promise, quantity, override_reason="The hub asked for them.")
    return said(accept_offer, said(agree_offer, offer))


def test_a_need_of_40_with_offers_of_25_and_25_accepts_25_and_15_and_the_rest_stays_free():
    need, fit = make_asked("40")
    ward = need.wards.get()
    one = make_promise(fit, ward, quantity="25")
    other = make_promise(fit, ward, quantity="25")
    # Both are proposed before either is accepted, so each is for the whole 25.
    first = propose(need, one, override_reason="Both are wanted.")
    second = propose(need, other, override_reason="Both are wanted.")
    for offer in (first, second):
        said(agree_offer, offer)
    assert (free_of(one), free_of(other)) == (0, 0)
    first = said(accept_offer, first)
    second = said(accept_offer, second)
    assert (first.accepted_quantity, second.accepted_quantity) == (25, 15)
    assert (free_of(one), free_of(other)) == (0, 10)
    need.refresh_from_db()
    assert need.state == "matched"
    assert (need.accepted_quantity, need.accepted_offers) == (40, 2)


def test_when_a_hub_declines_the_reason_is_on_the_offer_and_the_quantity_is_free_again():
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="30")
    offer = said(agree_offer, propose(need, promise))
    assert free_of(promise) == 5
    offer = said(decline_offer, offer, reason="The hall is closed in winter.")
    assert free_of(promise) == 30
    supplier = make_user("supplier", promise.supplier)
    (seen,) = NeedOffer.objects.visible_to(supplier)
    assert seen.declined_reason == "The hall is closed in winter."
    need.refresh_from_db()
    assert need.state == "open"


def test_delivery_and_confirmation_close_it_and_meet_the_need():
    need, fit = make_asked("25")
    promise = make_promise(fit, need.wards.get(), quantity="25")
    offer = through(need, promise)
    offer = said(
        deliver_offer, offer, delivered_quantity=D(25), delivered_on=TODAY, words="", today=TODAY
    )
    need.refresh_from_db()
    assert need.state == "matched"
    said(confirm_offer, offer, has_arrived=True, confirmed_quantity=D(25), words="")
    need.refresh_from_db()
    assert (need.state, need.confirmed_quantity) == ("met", 25)


def test_of_what_arrived_in_part_the_rest_is_needed_again_and_free_again():
    """25 accepted, 20 delivered, 18 confirmed: 40 - 18 = 22 still needed; 25 - 18 = 7 free."""
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="25")
    offer = through(need, promise)
    said(deliver_offer, offer, delivered_quantity=D(20), delivered_on=TODAY, words="", today=TODAY)
    assert free_of(promise) == 5
    said(confirm_offer, offer, has_arrived=True, confirmed_quantity=D(18), words="Two fell ill.")
    need.refresh_from_db()
    assert (need.state, need.still_wanted_quantity) == ("part_met", 22)
    assert free_of(promise) == 7


def test_what_did_not_arrive_leaves_the_need_open_and_the_promise_free():
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="25")
    offer = through(need, promise)
    said(deliver_offer, offer, delivered_quantity=D(25), delivered_on=TODAY, words="", today=TODAY)
    with pytest.raises(ValidationError, match="Say what happened"):
        said(confirm_offer, offer, has_arrived=False, confirmed_quantity=None, words=" ")
    offer = said(
        confirm_offer, offer, has_arrived=False, confirmed_quantity=None, words="Nobody came."
    )
    need.refresh_from_db()
    assert (offer.state, need.state, free_of(promise)) == ("missed", "open", 25)


def test_the_same_quantity_is_not_agreed_twice():
    """30 are promised; 25 are agreed for one need, so 25 more are refused for another."""
    need, fit = make_asked("40")
    other, _ = make_asked("40", priority=need.priority)
    promise = make_promise(fit, need.wards.get(), quantity="30")
    first, second = propose(need, promise), propose(other, promise)
    said(agree_offer, first)
    with pytest.raises(ValidationError, match="Only 5 sessions of this promise are left"):
        said(agree_offer, second)
    assert NeedOffer.objects.get(pk=second.pk).state == "proposed"


def test_what_was_delivered_elsewhere_is_no_longer_free_and_an_offer_is_not_taken_off_twice():
    """Of 100, 40 were reported elsewhere: 60 free. 25 agreed: 35. The 25 are delivered and then
    reported in a return as well: still 35."""
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="100")
    sent = make_return(promise.contract, promise.supplier)
    make_line(sent, promise, "40")
    assert free_of(promise) == 60
    offer = through(need, promise)
    assert free_of(promise) == 35
    said(deliver_offer, offer, delivered_quantity=D(25), delivered_on=TODAY, words="", today=TODAY)
    make_line(sent, promise, "25")
    assert free_of(promise) == 35


def test_another_than_the_first_ranked_needs_a_reason_that_stays_on_record(officer):
    need, fit = make_asked("40")
    best = make_promise(fit, need.wards.get(), quantity="60")
    worse = make_promise(fit, quantity="10")
    with pytest.raises(ValidationError, match=f"{best.supplier.name}, .* is ranked first"):
        propose(need, worse, "5", officer)
    assert not NeedOffer.objects.exists()
    offer = propose(need, worse, "5", officer, override_reason="They know the hub.")
    assert offer.rank == 2 and offer.override_reason == "They know the hub."
    event = AuditEvent.objects.latest("pk")
    assert event.verb == "offer proposed against the ranking"
    assert event.reason == "They know the hub."
    first = propose(need, best, "5", officer, override_reason="not asked for")
    assert (first.rank, first.override_reason) == (1, "")
    assert [row[0] for row in first.reasons][:2] == ["Measure fits the priority", "Ward served"]


def test_units_that_differ_are_drawn_in_proportion():
    """60 hours are to bring 20 sessions; the hub takes 15 sessions, so 45 hours are held."""
    need, _ = make_asked("40")
    fit = make_fit(need.priority, make_measure(unit="volunteer hours"))
    promise = make_promise(fit, need.wards.get(), quantity="60")
    offer = propose(need, promise, "20", drawn_quantity=D(60), override_reason="x")
    said(agree_offer, offer)
    offer = said(accept_offer, offer, accepted_quantity=D(15))
    assert (offer.held_quantity, free_of(promise)) == (45, 15)


def test_a_need_that_is_not_counted_is_met_by_one_confirmed_offer_of_something_to_spare():
    need, _ = make_asked(None)
    spare = make_spare(need.priority)
    offer = propose(
        need, None, None, spare=spare, offered_quantity=None, drawn_quantity=D(20),
    )  # fmt: skip
    said(agree_offer, offer)
    assert free_of(spare) == 0
    said(accept_offer, offer)
    said(deliver_offer, offer, delivered_quantity=None, delivered_on=TODAY, words="", today=TODAY)
    said(confirm_offer, offer, has_arrived=True, confirmed_quantity=None, words="Thank you.")
    need.refresh_from_db()
    assert need.state == "met"


@pytest.mark.parametrize("amount", ["0", "-1", "NaN", "sNaN", "Infinity", "10000000"])
def test_an_absurd_quantity_gets_a_sentence_and_nothing_is_written(amount):
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get())
    with pytest.raises(ValidationError, match=r"Enter|still needed"):
        propose(need, promise, amount)
    assert not NeedOffer.objects.exists()


def test_more_than_is_needed_or_left_is_not_proposed():
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="30")
    with pytest.raises(ValidationError, match="40 sessions are still needed"):
        propose(need, promise, "41")
    with pytest.raises(ValidationError, match="30 sessions of this promise are left"):
        propose(need, promise, "31")


def test_a_step_taken_twice_or_out_of_order_changes_nothing():
    offer = make_offer(state="agreed")
    with pytest.raises(ValidationError, match="no longer open"):
        said(agree_offer, offer)
    said(decline_offer, offer, reason="No.")
    with pytest.raises(ValidationError, match="no longer open"):
        said(accept_offer, offer)
    with pytest.raises(Collision):
        withdraw_offer(offer=offer, reason="x", expected_version=offer.version, by=None, now=NOW)


@pytest.mark.parametrize(
    ("step", "state"), [(refuse_offer, "proposed"), (decline_offer, "agreed"), (withdraw_offer, "accepted")]
)  # fmt: skip
def test_a_no_says_why(step, state):
    offer = make_offer(state=state)
    with pytest.raises(ValidationError, match="Say why"):
        said(step, offer, reason="  ")


def test_a_hub_does_not_meet_its_own_need_and_a_promise_is_proposed_once():
    need, fit = make_asked("40")
    own = make_promise(fit, supplier=need.hub)
    with pytest.raises(ValidationError, match="own promise"):
        propose(need, own, override_reason="x")
    promise = make_promise(fit, need.wards.get())
    propose(need, promise, "5")
    with pytest.raises(ValidationError, match="is proposed for this need since"):
        propose(need, promise, "5")


def test_a_closed_need_and_a_promise_past_its_day_are_refused():
    need, fit = make_asked("40", closes=TODAY - datetime.timedelta(days=1))
    with pytest.raises(ValidationError, match="This need closed on"):
        propose(need, make_promise(fit))
    need, fit = make_asked("40")
    with pytest.raises(ValidationError, match="past its last day"):
        propose(need, make_promise(fit, due=TODAY - datetime.timedelta(days=1)))


def test_each_side_sees_its_own_offers_and_the_hub_only_after_the_supplier_agreed():
    offer = make_offer(state="proposed")
    supplier = make_user("supplier", offer.supplier)
    hub = make_user("hub", offer.need.hub)
    stranger = make_user("supplier", make_organisation())
    seen = lambda user: list(NeedOffer.objects.visible_to(user))  # noqa: E731
    assert seen(supplier) == [offer] and seen(hub) == [] and seen(stranger) == []
    said(agree_offer, offer)
    assert seen(hub) == [offer] and seen(stranger) == []
    refused = make_offer(state="refused")
    assert seen(make_user("hub", refused.need.hub)) == []


def varied(promise, quantity):
    """A variation of the promise that both sides have accepted."""
    officer = make_user()
    new = vary_commitment(
        commitment=promise, changes={"promised_quantity": D(quantity)}, reason="Less work.",
        expected_version=promise.version, by=officer, now=NOW,
    )  # fmt: skip
    new = propose_commitment(commitment=new, expected_version=new.version, by=officer, now=NOW)
    for side in ("council", "supplier"):
        new = accept_commitment(
            commitment=new, side=side, expected_version=new.version, by=officer, now=NOW
        )
    return new


def test_offers_follow_a_promise_that_is_varied_and_it_is_not_varied_below_them():
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="100")
    offer = through(need, promise)
    with pytest.raises(ValidationError, match="25 of this promise are agreed for needs"):
        varied(promise, "20")
    Commitment.objects.filter(replaces=promise).delete()
    promise.refresh_from_db()
    new = varied(promise, "60")
    offer.refresh_from_db()
    assert offer.commitment == new and free_of(new) == 35


def test_a_promise_that_hubs_count_on_is_not_simply_withdrawn():
    offer = make_offer(state="accepted")
    with pytest.raises(ValidationError, match="Offers for needs stand on this commitment"):
        withdraw_commitment(
            commitment=offer.commitment, reason="x",
            expected_version=offer.commitment.version, by=None, now=NOW,
        )  # fmt: skip


def test_an_accepted_promise_names_its_need():
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="25")
    through(need, promise)
    assert list(promise.needs.all()) == [need]

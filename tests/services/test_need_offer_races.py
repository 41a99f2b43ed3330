"""Two at once on one promise, and on one need: on PostgreSQL, each with a connection of its own."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError

from community_needs.models import Need
from contracts.models import NeedOffer
from contracts.selectors.need_supply import free_of
from contracts.services.need_offers import accept_offer, agree_offer, propose_offer
from tests.factories_needs import NOW
from tests.factories_offers import TODAY, make_asked, make_offer, make_promise
from tests.services.test_races import at_once

D = Decimal


def step(service: Callable[..., Any], pk: int) -> Callable[[], Any]:
    def work() -> Any:
        mine = NeedOffer.objects.get(pk=pk)
        return service(offer=mine, expected_version=mine.version, by=None, now=NOW)

    return work


def test_of_two_needs_that_take_the_last_of_a_promise_one_gets_it(on_servers):
    """30 are promised; two needs take 25 each at the same moment."""
    need, fit = make_asked("40")
    other, _ = make_asked("40", priority=need.priority)
    promise = make_promise(fit, need.wards.get(), quantity="30")
    offers = [make_offer(each, promise) for each in (need, other)]
    results = at_once(*(step(agree_offer, offer.pk) for offer in offers))
    refused = [one for one in results if isinstance(one, ValidationError)]
    assert len(refused) == 1 and "Only 5 sessions" in refused[0].messages[0]
    assert free_of(promise) == 5
    assert sorted(NeedOffer.objects.values_list("state", flat=True)) == ["agreed", "proposed"]


def test_two_acceptances_of_one_need_never_take_more_than_is_needed(on_servers):
    """40 are needed; two offers of 25 are accepted at the same moment: 25 and 15, 10 free."""
    need, fit = make_asked("40")
    promises = [make_promise(fit, need.wards.get(), quantity="25") for _ in range(2)]
    offers = [make_offer(need, promise, state="agreed") for promise in promises]
    results = at_once(*(step(accept_offer, offer.pk) for offer in offers))
    assert not [one for one in results if isinstance(one, Exception)]
    taken = sorted(NeedOffer.objects.values_list("accepted_quantity", flat=True))
    assert taken == [15, 25]
    assert sorted(free_of(promise) for promise in promises) == [0, 10]
    stored = Need.objects.get(pk=need.pk)
    assert (stored.accepted_quantity, stored.accepted_offers) == (40, 2)


def test_of_two_officers_who_propose_the_same_promise_one_is_told(on_servers):
    need, fit = make_asked("40")
    promise = make_promise(fit, need.wards.get(), quantity="100")

    def propose() -> Any:
        return propose_offer(
            need=need, commitment=promise, offered_quantity=D(25), drawn_quantity=D(25),
            by=None, now=NOW, today=TODAY,
        )  # fmt: skip

    results = at_once(propose, propose)
    assert sum(isinstance(one, ValidationError) for one in results) == 1
    assert NeedOffer.objects.count() == 1

"""The demo's offers: in every state, once, and gone again without a trace."""

from __future__ import annotations

import pytest

from community_needs.models import Priority
from contracts.demo_needs import STORIES, load_offers, remove_offers
from contracts.models import NeedOffer, SpareOffer
from tests.factories import make_organisation, make_user, make_ward
from tests.factories_needs import NOW, make_hub, make_need, make_priority
from tests.factories_offers import TODAY, make_fit, make_promise
from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.demo import DemoDirectory

pytestmark = pytest.mark.django_db


def test_offers_come_in_every_state_once_and_are_removed_whole():
    priority = make_priority()
    Priority.objects.filter(pk=priority.pk).update(key="food-support")
    fit, hub = make_fit(priority), make_hub().organisation
    for _ in range(len(STORIES) + 1):
        ward = make_ward()
        make_need(ward, priority=priority, hub=hub, quantity="40", is_demo=True)
        make_promise(fit, ward, quantity="500", is_demo=True)
    kept = make_need(priority=priority, hub=hub, quantity="40")  # a real need is left alone
    supplier = make_organisation("Penny Lantern (demo)", is_demo=True)
    directory = DemoDirectory(
        make_organisation(),
        {},
        {"penny-lantern": supplier},
        {},
        {"coordinator": make_user()},
        Counts(),
    )
    made = load_offers(directory, by=None, now=NOW, today=TODAY)
    assert set(NeedOffer.objects.values_list("state", flat=True)) == {
        "proposed", "agreed", "accepted", "delivered", "confirmed", "refused", "declined",
        "missed", "withdrawn",
    }  # fmt: skip
    assert made.created == len(STORIES) + 1 and SpareOffer.objects.count() == 1
    assert not kept.offers.exists()
    again = load_offers(directory, by=None, now=NOW, today=TODAY)
    assert (again.created, again.unchanged) == (0, made.created)
    assert remove_offers() == made.created
    assert not NeedOffer.objects.exists() and not NeedOffer.history.exists()

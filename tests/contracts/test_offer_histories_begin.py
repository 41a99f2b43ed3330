"""Histories of offers begin with the rows that are here, a chunk at a time."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from django.apps import apps

from contracts.models import Offer
from tests.factories_delivery import make_bid, make_measure, make_tender

MIGRATION = "contracts.migrations.0017_offers_are_known_on_a_day"


@pytest.mark.django_db
def test_every_offer_gets_one_whatever_the_size_of_a_chunk(
    monkeypatch: pytest.MonkeyPatch, django_assert_max_num_queries: Any
) -> None:
    make_bid(make_tender(measures=[make_measure() for _ in range(5)]), state="won")
    histories: Any = Offer.history  # type: ignore[attr-defined]
    histories.all().delete()
    migration = import_module(MIGRATION)
    monkeypatch.setattr(migration, "CHUNK", 2)
    with django_assert_max_num_queries(12):
        migration.begin(apps, None)
    found = histories.order_by("id").values_list("id", "offered_pounds", "history_type")
    assert list(found) == [
        (one.pk, one.offered_pounds, "+") for one in Offer.objects.order_by("pk")
    ]
    assert len(found) == 5

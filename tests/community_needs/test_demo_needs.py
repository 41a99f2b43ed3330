"""The demo's needs: for three rounds, invented and marked, never said by a real hub, and removable."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from community_needs.demo import NEEDS, ROUNDS, load_needs, remove_needs
from community_needs.models import Catchment, Hub, Need, Priority, Response, Round
from community_needs.selectors.needs import merge_proposals
from community_needs.services.reference import load_hubs_and_catchments, load_priorities
from tests.factories import make_user
from tests.factories_needs import make_need
from trafford_sv.directory.demo import load_directory
from trafford_sv.directory.services.reference import load_areas, load_hubs

pytestmark = pytest.mark.django_db


@pytest.fixture
def loaded() -> int:
    now = timezone.now()
    load_areas(now, False)
    load_hubs(now, False)
    load_priorities(now, False)
    load_hubs_and_catchments(now, False)
    directory = load_directory(by=None, now=now)
    counts = load_needs(directory, by=None, now=now, today=timezone.localdate())
    again = load_needs(directory, by=None, now=now, today=timezone.localdate())
    assert (again.created, again.unchanged) == (0, counts.created)
    return counts.created


def test_it_loads_once_is_marked_and_no_real_hub_says_anything(loaded: int) -> None:
    assert Round.objects.filter(is_demo=True).count() == len(ROUNDS) == 3
    assert Need.objects.count() == len(NEEDS)
    assert not Need.objects.filter(is_demo=False).exists()
    real = Hub.objects.filter(is_demo=False)
    assert real.count() == 6
    for model in (
        Need.objects.filter(hub__hub__in=real),
        Response.objects.filter(organisation__hub__in=real),
    ):
        assert not model.exists()
    for need in Need.objects.all():
        assert "(demo)" in need.hub.name and "Invented" in need.words


def test_its_pages_show_something_on_each(loaded: int, client: Client) -> None:
    home = client.get(reverse("needs-home")).text
    assert "waiting for help" in home and "Invented" in home
    published = Round.objects.filter(state="published", is_demo=True).latest("opens_on")
    assert "came first" in client.get(reverse("round-detail", args=[published.pk])).text
    officer = make_user()
    assert any("laptop" in str(item.first).lower() for item in merge_proposals(officer))
    client.force_login(officer)
    asked = Round.objects.get(state="open")
    assert "Mail came back" in client.get(reverse("round-asked", args=[asked.pk])).text
    assert "繁體中文" in client.get(reverse("round-detail", args=[asked.pk])).text


def test_it_goes_without_a_trace_of_anything_else(loaded: int) -> None:
    mine = make_need(title="A real one")
    real_wards = Catchment.objects.filter(hub__hub__is_demo=False).count()
    assert remove_needs() > 20
    assert list(Need.objects.all()) == [mine]
    assert not Round.objects.filter(is_demo=True).exists()
    assert Hub.objects.count() == 6 and Priority.objects.count() >= 6
    assert Catchment.objects.count() == real_wards

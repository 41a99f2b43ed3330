"""Catchments, and the reference data of hubs, priorities and the first round."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import Client
from django.urls import reverse

from community_needs.models import Catchment, Hub, Priority, Response, Round
from community_needs.services.hubs import change_hub, register_hub
from community_needs.services.reference import FOLDER
from tests.factories import make_organisation, make_user, make_ward
from tests.factories_needs import NOW, make_hub
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.services.records import Collision
from trafford_sv.directory.models import Area
from trafford_sv.directory.services.reference import REFERENCE
from trafford_sv.directory.services.reference import _read as rows

pytestmark = pytest.mark.django_db


def change(hub, *wards, version=1, **values):
    return change_hub(
        **{
            "hub": hub,
            "email": "hub@example.org",
            "prefers_paper": False,
            "catchment_is_agreed": True,
            "wards": wards,
            "expected_version": version,
            "by": make_user(),
            "now": NOW,
            **values,
        }
    )


def test_the_six_hubs_serve_all_21_wards_and_the_summer_of_2022_is_on_record():
    for name in ("areas", "hubs", "priorities", "catchments", "summer 2022 round"):
        call_command("load_reference", "--only", name)
    assert Hub.objects.count() == 6
    served = set(Catchment.objects.values_list("ward", flat=True))
    assert served == set(Area.objects.wards(2023).values_list("pk", flat=True))
    asked = Round.objects.get()
    assert asked.priorities.count() == Priority.objects.count() == 6
    assert asked.state == "published" and not Response.objects.exists()


def test_each_hub_serves_the_ward_it_stands_in():
    """Read from the files that ship, not from the long table of postcodes in a database."""
    wards = {
        row["postcode"]: row["ward_code"] for row in rows(REFERENCE / "trafford_postcodes_2025.csv")
    }
    stands = {
        "hub-" + row["name"].removesuffix(" Community Hub").lower().replace(" ", "-"): wards[
            row["postcode"].replace(" ", "")
        ]
        for row in rows(REFERENCE / "community_hubs.csv")
    }
    served = {(row["hub"], row["ward_code"]) for row in rows(FOLDER / "hub_catchments.csv")}
    assert len(stands) == 6 and len(set(stands.values())) in (5, 6)
    assert set(stands.items()) <= served


def test_a_catchment_is_changed_as_a_whole_and_its_version_moves():
    here, there = make_ward(), make_ward()
    hub = make_hub("", here)
    changed = change(hub, here, there)
    assert set(Catchment.objects.values_list("ward", flat=True)) == {here.pk, there.pk}
    assert changed.version == 2 and changed.email == "hub@example.org"
    assert change(hub, there, version=2).version == 3, "wards alone count as a change"
    assert AuditEvent.objects.filter(verb="catchment changed").count() == 2
    with pytest.raises(Collision):
        change(hub, here, version=2)
    assert Catchment.objects.get().ward == there


def test_a_catchment_has_wards_of_today_and_at_least_one():
    hub = make_hub()
    with pytest.raises(ValidationError, match="at least one"):
        change(hub)
    with pytest.raises(ValidationError, match="2023"):
        change(hub, make_ward(boundary_year=2022))


def test_only_an_organisation_that_is_a_hub_takes_part():
    with pytest.raises(ValidationError, match="not marked"):
        register_hub(organisation=make_organisation(), by=make_user(), now=NOW)
    assert register_hub(organisation=make_organisation("", "hub"), by=make_user(), now=NOW).pk


def test_the_catchment_is_drawn_beside_its_boxes_with_the_wards_that_are_ticked(
    client: Client,
) -> None:
    square = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}
    here, there = make_ward(name="Herely"), make_ward(name="Therely")
    here.geometry = square
    here.save()
    hub = make_hub("Hub One", here)
    client.force_login(make_user())
    page = client.get(reverse("hub-edit", args=[hub.pk]))
    assert 'data-chooses="wards"' in page.text and '<path data-ward="Herely"' in page.text
    assert "1 ward is chosen" in page.text
    assert '<path data-ward="Therely"' not in page.text, "no outline is known"
    wrong = client.post(
        reverse("hub-edit", args=[hub.pk]),
        {"version": "1", "wards": [here.pk, there.pk], "email": "no"},
    )
    assert "2 wards are chosen" in wrong.text, "what was ticked stays on the map"

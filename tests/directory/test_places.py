"""A postcode is located exactly, then by sector, then not at all, and the answer says which."""

from decimal import Decimal

import pytest
from django.utils import timezone

from trafford_sv.core.reference_data import Counts
from trafford_sv.directory.models import Area, Organisation, Postcode, PostcodeSector
from trafford_sv.directory.selectors.places import current_wards, locate, locate_many
from trafford_sv.directory.services.organisations import create_organisation
from trafford_sv.directory.services.reference import load_areas, load_hubs, load_postcodes


def test_an_exact_trafford_postcode_gives_its_ward(places):
    found = locate("wa142sz")
    assert (found.precision, found.locality) == ("exact", "trafford")
    assert (found.ward_code, found.ward_year, found.la_name) == ("E05015239", 2023, "Trafford")
    assert found.sentence == "WA14 2SZ is in Altrincham ward, Trafford."
    assert found.share is None


def test_bl4_0nn_is_greater_manchester_and_not_trafford(places):
    found = locate("BL4 0NN")
    assert (found.precision, found.locality, found.la_name) == (
        "exact",
        "greater_manchester",
        "Bolton",
    )
    assert found.ward_code is None
    assert "Greater Manchester" in found.sentence


def test_a_sector_is_approximate_and_says_the_share_below_one(places):
    # 0.995 is below one, so it never reads as all: rounded down to 99%.
    found = locate("M33 2ZZ")
    assert (found.precision, found.locality, found.share) == (
        "approximate",
        "trafford",
        Decimal("0.9950"),
    )
    assert found.sentence.startswith("Approximate") and "99%" in found.sentence


def test_elsewhere_is_known_by_sector(places):
    found = locate("LS1 1UR")
    assert (found.precision, found.locality, found.la_name) == ("approximate", "elsewhere", "Leeds")
    assert "all postcodes" in found.sentence


def test_northern_ireland_is_elsewhere_by_its_area_alone(places):
    assert locate("BT1 1AA").locality == "elsewhere"


@pytest.mark.parametrize("text", ["", "   ", "n/a", "M32 OTH", "ZE3 9JU"])
def test_what_is_not_known_is_unknown_and_explained(places, text):
    found = locate(text)
    assert (found.precision, found.locality) == ("unknown", "unknown")
    assert found.sentence.endswith(".")


def test_a_repair_is_proposed_and_not_applied(places):
    found = locate("WA14 2S Z".replace("14", "I4"))
    assert found.precision == "unknown"
    assert found.proposal == "WA14 2SZ"


def test_many_postcodes_take_two_queries(places, django_assert_num_queries):
    texts = [f"M33 {digit}{letter}Z" for digit in range(10) for letter in "ABDEFGH"]
    with django_assert_num_queries(2):
        found = locate_many([*texts, "WA14 2SZ", "BL4 0NN", "", "n/a"])
    assert found["WA14 2SZ"].precision == "exact"
    assert len(found) == len(texts) + 4


def test_wards_of_another_year_are_never_joined_by_name(places):
    organisation = create_organisation(
        values={"name": "A ward's organisation", "postcode": "WA14 2SZ"},
        by=None,
        now=timezone.now(),
    )
    assert organisation.ward == places["new"]
    assert not Organisation.objects.filter(ward=places["old"]).exists()
    assert [ward.code for ward in current_wards()] == ["E05015239"]
    assert Area.objects.filter(name="Altrincham").count() == 2


AREAS = """[
{"code":"E47000001","boundary_year":2023,"name":"Greater Manchester","kind":"combined_authority",
 "parent":null,"longitude":null,"latitude":null,"geometry":null},
{"code":"E08000009","boundary_year":2023,"name":"Trafford","kind":"local_authority",
 "parent":"E47000001","longitude":"-2.36","latitude":"53.4","geometry":null},
{"code":"E05015239","boundary_year":2023,"name":"Altrincham","kind":"ward","parent":"E08000009",
 "longitude":"-2.346730","latitude":"53.390600",
 "geometry":{"type":"Polygon","coordinates":[[[-2.3,53.3],[-2.2,53.3],[-2.2,53.4],[-2.3,53.3]]]}}
]"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "areas.json").write_text(AREAS)
    (tmp_path / "area_postcodes_2014.csv").write_text("postcode,la_code\nBL40NN,E08000001\n")
    (tmp_path / "trafford_postcodes_2025.csv").write_text(
        "postcode,ward_code,longitude,latitude\nWA142SZ,E05015239,-2.348,53.38286\n"
    )
    (tmp_path / "postcode_sectors_2014.csv").write_text(
        "sector,la_code,share\nBL4 0,E08000001,1.0\n"
    )
    (tmp_path / "community_hubs.csv").write_text(
        "name,address,postcode,website,opening_hours\n"
        "Invented Community Hub,1 Road,WA14 2SZ,https://hub.example.org/,Mondays\n"
    )
    return tmp_path


def test_reference_data_loads_twice_without_change(db, folder):
    now = timezone.now()
    first = [load(now, False, folder) for load in (load_areas, load_postcodes, load_hubs)]
    assert first == [Counts(created=3), Counts(created=3), Counts(created=1)]
    second = [load(now, False, folder) for load in (load_areas, load_postcodes, load_hubs)]
    assert second == [Counts(unchanged=3), Counts(unchanged=3), Counts(unchanged=1)]
    hub = Organisation.objects.get()
    assert (hub.locality, hub.ward.code) == ("trafford", "E05015239")


def test_a_corrected_postcode_is_updated_and_a_rehearsal_writes_nothing(db, folder):
    now = timezone.now()
    assert load_postcodes(now, True, folder) == Counts(created=3)
    assert not Postcode.objects.exists()
    load_areas(now, False, folder)
    load_postcodes(now, False, folder)
    (folder / "postcode_sectors_2014.csv").write_text("sector,la_code,share\nBL4 0,E08000001,0.5\n")
    assert load_postcodes(now, False, folder) == Counts(updated=1, unchanged=2)
    assert PostcodeSector.objects.get().share == Decimal("0.5")


def test_what_ships_is_whole(db):
    """The one test of the full files: 21 wards of each vintage, and Seddon's postcode."""
    now = timezone.now()
    assert load_areas(now, False).created == 53  # 1 + 10 + 21 + 21
    assert load_postcodes(now, False).created == 111_385  # 11,264 + 89,301 + 10,820
    assert Area.objects.wards(2023).count() == Area.objects.wards(2022).count() == 21
    assert not set(Area.objects.wards(2023).values_list("code", flat=True)) & set(
        Area.objects.wards(2022).values_list("code", flat=True)
    )
    assert not Postcode.objects.filter(
        la_code="E08000009", source__contains="2025", ward=None
    ).exists()
    assert locate("BL4 0NN").locality == "greater_manchester"
    assert locate("M32 0TH").locality == "trafford"
    assert locate("LS1 1UR").locality == "elsewhere"
    assert load_postcodes(now, False) == Counts(unchanged=111_385)

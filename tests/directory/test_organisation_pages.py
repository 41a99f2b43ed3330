"""The pages of organisations, as people use them."""

import datetime

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tests.factories import make_contract, make_organisation, make_user
from trafford_sv.directory.models import Organisation
from trafford_sv.directory.services.organisations import (
    NewOrganisation,
    create_organisation,
    create_organisations,
    merge_organisations,
)

NOW = datetime.datetime(2026, 5, 3, 12, tzinfo=datetime.UTC)


@pytest.fixture
def officer(client, db):
    user = make_user("coordinator")
    client.force_login(user)
    return client


def typed(**changes):
    return {
        "name": "Invented Care Ltd",
        "kinds": ["supplier"],
        "size": "small",
        "is_voluntary": "",
        "postcode": "BL4 0NN",
    } | changes


def test_the_list_takes_as_many_queries_for_10_100_and_1000_rows(officer, places):
    counts, made = [], 0
    for wanted in (10, 100, 1000):
        rows = [
            NewOrganisation(
                f"Supplier {number}",
                kinds=("supplier", "voluntary"),
                identifiers=(("GB-CHC", f"{1000000 + number}"),),
                postcode="WA14 2SZ",
            )
            for number in range(made, wanted)
        ]
        create_organisations(rows=rows, by=None, now=NOW)
        made = wanted
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert officer.get(reverse("organisation-list")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1] == counts[2] <= 8


def test_a_detail_page_with_everything_takes_at_most_12_queries(officer, places):
    organisation = create_organisation(
        values={"name": "Invented Care", "postcode": "M33 2ZZ"},
        kinds=["supplier", "voluntary"],
        identifiers=[("GB-COH", "01234567"), ("GB-VAT", "123456789")],
        aliases=["Invented Homecare"],
        by=None,
        now=NOW,
    )
    for number in range(3):
        other = make_organisation(f"Other {number}")
        merge_organisations(keep=organisation, absorb=other, by=None, now=NOW, reason="Same")
    make_contract(value="1000", suppliers=[organisation])
    with CaptureQueriesContext(connection) as queries:
        page = officer.get(reverse("organisation-detail", args=[organisation.pk]))
    assert len(queries) <= 12
    text = page.content.decode()
    for words in ("Invented Homecare", "01234567", "Approximate", "Undo this merge", "99%"):
        assert words in text


@pytest.mark.parametrize(
    "query, found",
    [
        ("q=invented+care+LIMITED", True),
        ("q=homecare", True),
        ("q=1234567", True),
        ("q=GB123456789", True),
        ("q=nothing", False),
        ("kind=supplier&kind=hub", True),
        ("kind=hub", False),
        ("locality=greater_manchester&locality=trafford", True),
        ("locality=elsewhere", False),
        ("size=small", True),
        ("voluntary=unknown", True),
        ("voluntary=yes&voluntary=no", False),
        ("ward=E05015239", False),
    ],
)
def test_filters(officer, places, query, found):
    create_organisation(
        values={"name": "Invented Care Ltd", "postcode": "BL4 0NN", "size": "small"},
        kinds=["supplier", "voluntary"],
        identifiers=[("GB-COH", "01234567"), ("GB-VAT", "123456789")],
        aliases=["Invented Homecare"],
        by=None,
        now=NOW,
    )
    page = officer.get(f"{reverse('organisation-list')}?{query}")
    assert ("Invented Care Ltd" in page.content.decode()) is found


def test_merged_records_are_left_out_of_the_list_and_the_export(officer, places):
    keep, absorb = make_organisation("Kept"), make_organisation("=Absorbed")
    merge_organisations(keep=keep, absorb=absorb, by=None, now=NOW, reason="Same")
    export = officer.get(reverse("organisation-list") + "?format=csv")
    text = b"".join(export).decode("utf-8-sig")
    assert "Kept" in text and "Absorbed" not in text
    page = officer.get(reverse("organisation-detail", args=[absorb.pk]))
    assert "was merged into" in page.content.decode()


def test_recording_and_editing(officer, places):
    page = officer.post(reverse("organisation-create"), typed(company_number="1234567"))
    organisation = Organisation.objects.get()
    assert page.url == reverse("organisation-detail", args=[organisation.pk])
    assert organisation.locality == "greater_manchester"
    edit = reverse("organisation-edit", args=[organisation.pk])
    text = officer.get(edit).content.decode()
    assert "01234567" in text and 'name="version" value="1"' in text
    officer.post(
        edit, typed(version="1", postcode="WA14 2SZ", is_voluntary="yes", reason="It moved")
    )
    organisation.refresh_from_db()
    assert (organisation.version, organisation.is_voluntary) == (2, True)
    assert organisation.locality == "trafford"
    assert not organisation.identifiers.exists()  # the number was taken out of the box
    assert "It moved" in officer.get(edit.replace("edit/", "")).content.decode()


def test_source_ids_that_the_form_does_not_show_survive_an_edit(officer, places):
    organisation = create_organisation(
        values={"name": "Invented"},
        kinds=["supplier"],
        identifiers=[("spend", "P-77", "2025-26")],
        by=None,
        now=NOW,
    )
    officer.post(
        reverse("organisation-edit", args=[organisation.pk]), typed(version="1", postcode="")
    )
    assert organisation.identifiers.get().source == "2025-26"


def test_a_postcode_is_repaired_only_when_the_person_says_so(officer, places):
    address = reverse("organisation-create")
    page = officer.post(address, typed(postcode="WAI4 2SZ"))
    text = page.content.decode()
    assert "It could be WA14 2SZ" in text and "Use WA14 2SZ and save" in text
    assert not Organisation.objects.exists()
    officer.post(address, typed(postcode="WAI4 2SZ", use_postcode="WA14 2SZ"))
    assert Organisation.objects.get().postcode == "WA14 2SZ"


def test_the_same_name_is_pointed_out_and_may_be_recorded_all_the_same(officer, places):
    address = reverse("organisation-create")
    officer.post(address, typed())
    page = officer.post(address, typed(name="INVENTED CARE LIMITED"))
    assert "is recorded already" in page.content.decode()
    assert Organisation.objects.count() == 1
    officer.post(address, typed(name="INVENTED CARE LIMITED", record_anyway="on"))
    assert Organisation.objects.count() == 2


def test_errors_say_what_to_do(officer, places):
    page = officer.post(
        reverse("organisation-create"), typed(name="", kinds=[], company_number="12", website="x y")
    )
    text = page.content.decode()
    for words in (
        "Enter the organisation’s name",
        "Choose at least one thing that it is",
        "A company number has 8 characters",
        "Enter the website’s address",
    ):
        assert words in text


def test_two_people_at_once_see_both_versions(officer, places):
    organisation = make_organisation("Invented Care Ltd")
    edit = reverse("organisation-edit", args=[organisation.pk])
    officer.post(edit, typed(version="1", note="First"))
    page = officer.post(edit, typed(version="1", note="Second"))
    assert page.status_code == 409
    text = page.content.decode()
    assert "First" in text and "Second" in text


def test_merging_and_undoing_through_the_pages(officer, places):
    keep, absorb = make_organisation("Alpha Care Ltd"), make_organisation("Alpha Care Homes")
    make_contract(value="1000", suppliers=[absorb])
    choose = reverse("organisation-merge", args=[keep.pk])
    assert "Alpha Care Homes" in officer.get(choose).content.decode()
    assert "Alpha Care Homes" in officer.get(f"{choose}?q=homes").content.decode()
    confirm = reverse("organisation-merge-confirm", args=[keep.pk, absorb.pk])
    assert "What moves" in officer.get(confirm).content.decode()
    assert "Say how you know" in officer.post(confirm, {"reason": ""}).content.decode()
    officer.post(confirm, {"reason": "Same address and director"})
    absorb.refresh_from_db()
    assert absorb.merged_into == keep
    merge = keep.merges_kept.get()
    undo = reverse("organisation-merge-undo", args=[keep.pk, merge.pk])
    assert "Same address and director" in officer.get(undo).content.decode()
    officer.post(undo)
    absorb.refresh_from_db()
    assert absorb.merged_into is None
    assert officer.post(undo).status_code == 409


PAGES = (
    "organisation-list",
    "organisation-detail",
    "organisation-create",
    "organisation-edit",
    "organisation-merge",
    "organisation-merge-confirm",
)
READERS = {"contract_manager", "steering_member", "auditor"}
WRITERS = {"administrator", "coordinator", "star_officer"}


@pytest.mark.parametrize("role", sorted(READERS | WRITERS | {"supplier", "hub"}))
def test_each_role_opens_what_it_may(client, places, role):
    own, other = make_organisation("Own"), make_organisation("Other")
    client.force_login(make_user(role, own))
    arguments = {"organisation-list": [], "organisation-create": []}
    arguments["organisation-merge-confirm"] = [other.pk, own.pk]
    for name in PAGES:
        status = client.get(reverse(name, args=arguments.get(name, [other.pk]))).status_code
        reads = name in ("organisation-list", "organisation-detail")
        allowed = role in WRITERS or (reads and role in READERS)
        assert status == (200 if allowed else 403), (role, name)


def test_nobody_reads_organisations_without_signing_in(client, places):
    organisation = make_organisation("Own")
    for name in ("organisation-list", "organisation-create"):
        assert client.get(reverse(name)).status_code == 302
    page = client.get(reverse("organisation-detail", args=[organisation.pk]))
    assert page.status_code == 302


def test_wards_are_public_and_their_organisations_are_not(client, places):
    make_organisation("Invented Neighbour", ward=places["new"])
    listed = client.get(reverse("area-list")).content.decode()
    assert "E05015239" in listed and "E05000819" not in listed
    assert "E05000819" in client.get(reverse("area-list") + "?boundary_year=2022").content.decode()
    ward = reverse("area-detail", args=["E05015239", 2023])
    text = client.get(ward).content.decode()
    assert "other boundaries" in text and "Invented Neighbour" not in text
    client.force_login(make_user("coordinator"))
    assert "Invented Neighbour" in client.get(ward).content.decode()
    assert client.get(reverse("area-detail", args=["E05015239", 2022])).status_code == 404


@pytest.mark.parametrize(
    "postcode, words",
    [
        ("wa14 2sz", "Altrincham ward"),
        ("BL4 0NN", "Greater Manchester"),
        ("M33 2ZZ", "99% of the postcodes"),
        ("WAI4 2SZ", "Look up WA14 2SZ instead"),
        ("ZE3 9JU", "not in our postcode tables"),
        ("", "Enter a postcode"),
    ],
)
def test_a_postcode_is_looked_up_by_anyone(client, places, postcode, words):
    page = client.get(reverse("area-lookup"), {"postcode": postcode})
    assert words in page.content.decode()


def test_its_contracts_are_shown_within_the_readers_reach(client, places):
    supplier, own = make_organisation("Shared Supplier"), make_organisation("Own Directorate")
    make_contract(title="Seen by all officers", value="1000", suppliers=[supplier])
    make_contract(title="Of my directorate", value="2000", suppliers=[supplier], directorate=own)
    page = reverse("organisation-detail", args=[supplier.pk])
    client.force_login(make_user("coordinator"))
    text = client.get(page).content.decode()
    assert "Seen by all officers" in text and "Of my directorate" in text
    client.force_login(make_user("contract_manager", own))
    text = client.get(page).content.decode()
    assert "Seen by all officers" not in text and "Of my directorate" in text


def test_sources_and_licences_are_for_anyone(client, db):
    text = client.get(reverse("attributions")).content.decode()
    for words in ("Open Government Licence v3.0", "Royal Mail data", "CC BY 4.0", "European Union"):
        assert words in text

"""The register's pages: what they say, how many queries they take, and who may see what."""

from __future__ import annotations

import datetime
import io

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contracts.models import Award, AwardSupplier, Contract
from tests.factories import (
    make_award,
    make_category,
    make_contract,
    make_organisation,
    make_threshold,
    make_user,
    make_ward,
)

pytestmark = pytest.mark.django_db
DAY = datetime.date


@pytest.fixture(autouse=True)
def _today():
    with time_machine.travel(datetime.datetime(2026, 11, 22, 12, tzinfo=datetime.UTC), tick=False):
        yield


@pytest.fixture
def place():
    return make_organisation("Place", "council_service")


@pytest.fixture
def officer(client):
    client.force_login(make_user("coordinator"))
    return client


def page(client, name, *args, status=200, **query) -> str:
    response = client.get(reverse(name, args=args), query)
    assert response.status_code == status
    if response.streaming:
        return b"".join(response.streaming_content).decode("utf-8-sig")
    return response.content.decode()


def queries(client, address) -> int:
    client.get(address)
    with CaptureQueriesContext(connection) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


def many(number: int, place) -> None:
    supplier = make_organisation()
    first = Contract.objects.count()
    Contract.objects.bulk_create(
        Contract(
            reference=f"B-{first + n:05d}", title=f"Bulk {first + n}", directorate=place, stage="live",
            end=DAY(2026, 12, 1) + datetime.timedelta(days=n % 100),
        )
        for n in range(number)
    )  # fmt: skip
    rows = Contract.objects.filter(reference__startswith="B-", awards=None)
    awards = Award.objects.bulk_create(
        Award(contract=row, awarded_on=DAY(2025, 1, 1), value_pounds=60_000 + row.pk)
        for row in rows
    )
    AwardSupplier.objects.bulk_create(
        AwardSupplier(award=award, organisation=supplier) for award in awards
    )


def test_list_pages_make_the_same_few_queries_for_10_100_and_1000_rows(officer, place) -> None:
    make_threshold()
    make_ward()
    addresses = [
        reverse("contract-list") + "?must_carry=yes&q=bulk",
        reverse("contract-list"),
        reverse("contract-expiring"),
        reverse("category-list"),
    ]
    many(10, place)
    few = [queries(officer, address) for address in addresses]
    many(90, place)
    assert [queries(officer, address) for address in addresses] == few
    many(900, place)
    assert [queries(officer, address) for address in addresses] == few
    assert max(few) <= 8


def test_detail_makes_at_most_twelve_queries_however_much_hangs_on_it(officer, place) -> None:
    make_threshold()
    contract = make_contract(directorate=place, buyer=place, category=make_category())
    address = reverse("contract-detail", args=[contract.pk])
    bare = queries(officer, address)
    for _ in range(3):
        make_award(
            contract,
            value="70000",
            awarded_on=DAY(2025, 5, 3),
            suppliers=[make_organisation(), make_organisation()],
        )
        make_contract(predecessor=contract)
        contract.wards.add(make_ward())
    assert bare <= queries(officer, address) <= 12


def test_the_page_says_why_it_must_carry_social_value(officer, place) -> None:
    make_threshold()
    contract = make_contract(
        directorate=place,
        value="180000",
        awarded_on=DAY(2025, 5, 3),
        suppliers=[make_organisation("Invented One")],
    )
    text = page(officer, "contract-detail", contract.pk)
    assert (
        "Awarded on 3 May 2025 at £180,000. The threshold then was £50,000, so it must carry social value."
    ) in text
    assert "Invented One" in text
    assert "whether it does has not been recorded" in text


def test_a_contract_that_is_not_there(officer) -> None:
    page(officer, "contract-detail", 999, status=404)
    assert officer.get("/contracts/99999999999999999999/").status_code == 404


@pytest.fixture
def shelf(place):
    """Three contracts that differ in everything the filters ask about."""
    make_threshold()
    ward = make_ward("E05015239", "Altrincham")
    local = make_organisation("Sycamore Lawns", locality="trafford")
    one = make_contract(
        title="Grass cutting", directorate=place, buyer=place, stage="live", social_value="included",
        category=make_category("77310000", "Planting"), value="60000", awarded_on=DAY(2025, 5, 3),
        end=DAY(2026, 12, 31), notice_date=DAY(2026, 12, 1), suppliers=[local],
    )  # fmt: skip
    make_category("77000000", "Agricultural services")
    one.wards.add(ward)
    two = make_contract(
        title="Roof repairs", stage="live", value="40000", awarded_on=DAY(2026, 4, 1),
        end=DAY(2028, 1, 1), suppliers=[make_organisation("Slate & Co", locality="elsewhere")],
    )  # fmt: skip
    three = make_contract(title="Advice", stage="pipeline")
    return {"place": place, "one": one, "two": two, "three": three}


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, "one two three"),
        ({"q": "grass"}, "one"),
        ({"q": "sycamore cutting"}, "one"),
        ({"q": "slate"}, "two"),
        ({"q": "%"}, ""),
        ({"must_carry": "yes"}, "one"),
        ({"must_carry": "no"}, "two"),
        ({"must_carry": "cannot-say"}, "three"),
        ({"social_value": "missing"}, "two three"),
        ({"social_value": "included"}, "one"),
        ({"stage": ["live", "pipeline"]}, "one two three"),
        ({"stage": "pipeline"}, "three"),
        ({"directorate": "none"}, "two three"),
        ({"division": "77"}, "one"),
        ({"division": "none"}, "two three"),
        ({"ward": "E05015239"}, "one"),
        ({"ward": "none"}, "two three"),
        ({"award_year": "2025-26"}, "one"),
        ({"award_year": "2026-27"}, "two"),
        ({"award_year": "1999-00"}, ""),
        ({"ending_within": "39"}, "one"),
        ({"ending_within": "38"}, ""),
        ({"notice_within": "9"}, "one"),
        ({"value_from": "£50,000"}, "one"),
        ({"value_to": "40000"}, "two"),
        ({"locality": "trafford"}, "one"),
        ({"portfolio": "current"}, "one two"),
    ],
)
def test_filters(officer, shelf, query, titles) -> None:
    rows = page(officer, "contract-list", format="csv", **query)
    found = {key for key in ("one", "two", "three") if shelf[key].title in rows}
    assert found == set(titles.split())


def test_filters_of_directorate_and_buyer(officer, shelf) -> None:
    for name in ("directorate", "buyer"):
        text = page(officer, "contract-list", **{name: shelf["place"].pk})
        assert "Grass cutting" in text and "Roof repairs" not in text


@pytest.mark.parametrize(
    "query",
    [
        {"value_from": "lots"},
        {"ending_within": "-1"},
        {"ending_within": "9" * 40},
        {"award_year": "2025"},
        {"ward": "E1"},
        {"must_carry": "perhaps"},
        {"directorate": "x"},
    ],
)
def test_a_filter_that_makes_no_sense_is_said_not_swallowed(officer, shelf, query) -> None:
    assert "Some filters were not understood" in page(officer, "contract-list", **query)


def test_filters_survive_paging_and_sorting(officer, place) -> None:
    make_threshold()
    many(60, place)
    text = page(officer, "contract-list", must_carry="yes", sort="-value")
    assert "must_carry=yes&amp;sort=-value&amp;page=2" in text
    assert "must_carry=yes&amp;sort=title" in text


def test_every_sort_orders_with_unknown_values_last(officer, shelf) -> None:
    for sort in ("value", "-value"):
        text = page(officer, "contract-list", format="csv", sort=sort)
        assert text.index("Advice") > max(text.index("Grass cutting"), text.index("Roof repairs"))


def test_exports_carry_the_figures_and_run_no_formula(officer, place) -> None:
    make_threshold()
    make_contract(
        title="=HYPERLINK(1)", value="180000.50", awarded_on=DAY(2025, 5, 3),
        suppliers=[make_organisation("@Invented"), make_organisation("Two")],
    )  # fmt: skip
    text = page(officer, "contract-list", format="csv")
    assert "'=HYPERLINK(1)" in text
    assert "'@Invented; Two" in text
    assert "2025-05-03,180000.50,Yes,50000.00" in text
    response = officer.get(reverse("contract-list"), {"format": "xlsx"})
    from python_calamine import CalamineWorkbook

    content = b"".join(response.streaming_content)
    rows = CalamineWorkbook.from_filelike(io.BytesIO(content)).get_sheet_by_index(0).to_python()
    assert rows[1][1] == "'=HYPERLINK(1)"
    assert 180000.5 in rows[1]


def test_ending_soon_shows_notice_and_what_follows(officer, shelf) -> None:
    text = page(officer, "contract-expiring", within="90")
    assert "Grass cutting" in text and "In 9 days" in text and "Roof repairs" not in text
    make_contract(title="Grass cutting again", predecessor=shelf["one"])
    text = page(officer, "contract-expiring", within="90")
    assert "Grass cutting again" in text and "In 9 days" not in text


def test_ending_soon_lists_the_notices_that_the_dashboard_counts(officer, place) -> None:
    """Today is 22 November 2026. Each ends in 2029, so only its notice can bring it here."""
    for title, notice in (
        ("Due in 90 days", DAY(2027, 2, 20)),
        ("Due in 91 days", DAY(2027, 2, 21)),
        ("Missed 30 days ago", DAY(2026, 10, 23)),
        ("Missed 31 days ago", DAY(2026, 10, 22)),
        ("Followed", DAY(2026, 12, 1)),
    ):
        made = make_contract(
            title=title, directorate=place, stage="live", awarded_on=DAY(2025, 5, 3),
            end=DAY(2029, 1, 1), notice_date=notice,
        )  # fmt: skip
    make_contract(title="What follows", predecessor=made)
    shown = {"Due in 90 days", "Missed 30 days ago"}
    for name, query in (
        ("contract-expiring", {"within": "90"}),
        ("contract-list", {"notice_within": "90"}),
    ):
        assert {row.title for row in officer.get(reverse(name), query).context["rows"]} == shown
    text = page(officer, "contract-expiring", within="90")
    assert "30 days ago" in text


def test_what_another_directorate_looks_after_follows_all_the_same(client, place) -> None:
    """The notice is past and something follows, though this person may not see what."""
    made = make_contract(
        title="Ours", directorate=place, stage="live", awarded_on=DAY(2025, 5, 3),
        end=DAY(2026, 12, 20), notice_date=DAY(2026, 11, 12),
    )  # fmt: skip
    client.force_login(make_user("contract_manager", place))
    assert "10 days ago" in page(client, "contract-expiring", within="90")
    make_contract(title="Theirs", predecessor=made, directorate=make_organisation("Other"))
    text = page(client, "contract-expiring", within="90")
    assert "Ours" in text and "10 days ago" not in text and "Theirs" not in text


# Who may see what


def test_a_contract_manager_reads_and_edits_one_directorate(client, shelf) -> None:
    client.force_login(make_user("contract_manager", shelf["place"]))
    one, two = shelf["one"], shelf["two"]
    text = page(client, "contract-list")
    assert "Grass cutting" in text and "Roof repairs" not in text
    rows = page(client, "contract-list", format="csv")
    assert "Grass cutting" in rows and "Roof repairs" not in rows
    page(client, "contract-edit", one.pk)
    for name in ("contract-detail", "contract-edit", "award-create", "successor-link"):
        page(client, name, two.pk, status=404)
    page(client, "award-edit", two.awards.get().pk, status=404)
    page(client, "threshold-create", status=403)


def test_a_contract_manager_cannot_move_a_contract_to_or_from_others(client, shelf) -> None:
    other = make_organisation("Children’s Services", "council_service")
    client.force_login(make_user("contract_manager", shelf["place"]))
    response = client.post(
        reverse("contract-create"),
        {
            "title": "X",
            "reference": "X-1",
            "directorate": other.pk,
            "stage": "live",
            "regime": "unknown",
            "social_value": "unknown",
        },
    )
    assert response.status_code == 200
    assert not Contract.objects.filter(reference="X-1").exists()


def test_a_successor_of_another_directorate_is_counted_not_named(client, shelf) -> None:
    make_contract(title="Somebody else’s secret", predecessor=shelf["one"])
    client.force_login(make_user("contract_manager", shelf["place"]))
    for name, args in (("contract-detail", [shelf["one"].pk]), ("contract-expiring", [])):
        assert "secret" not in page(client, name, *args)
    assert "looked after by another directorate" in page(client, "contract-detail", shelf["one"].pk)


def test_a_supplier_reads_its_own_and_changes_nothing(client, shelf) -> None:
    supplier = Award.objects.get(contract=shelf["one"]).suppliers.get()
    client.force_login(make_user("supplier", supplier))
    text = page(client, "contract-detail", shelf["one"].pk)
    assert "Edit contract" not in text and "History" not in text
    page(client, "contract-detail", shelf["two"].pk, status=404)
    assert "Roof repairs" not in page(client, "contract-list", format="csv")
    for name, args in (("contract-edit", [shelf["one"].pk]), ("contract-create", [])):
        page(client, name, *args, status=403)


def test_a_hub_and_a_visitor_get_nothing(client, shelf) -> None:
    response = client.get(reverse("contract-list"))
    assert response.status_code == 302 and "login" in response["Location"]
    client.force_login(make_user("hub", make_organisation("A hub", "hub")))
    page(client, "contract-list", status=403)
    page(client, "contract-detail", shelf["one"].pk, status=403)


def test_an_auditor_reads_and_changes_nothing(client, shelf) -> None:
    client.force_login(make_user("auditor"))
    assert "Edit contract" not in page(client, "contract-detail", shelf["one"].pk)
    page(client, "contract-edit", shelf["one"].pk, status=403)


# Forms


def filled(**more):
    return {
        "title": "Tree works", "reference": "T-9", "stage": "live", "regime": "unknown",
        "social_value": "unknown", **more,
    }  # fmt: skip


def test_a_contract_is_recorded_from_the_form(officer) -> None:
    ward, code = make_ward(), make_category()
    response = officer.post(
        reverse("contract-create"),
        filled(
            start="3 May 2026",
            end="2/5/2029",
            category="45000000-7",
            wards=[ward.pk],
            estimated_value_pounds="£75,000",
        ),
    )
    contract = Contract.objects.get(reference="T-9")
    assert response["Location"] == contract.get_absolute_url()
    assert (contract.start, contract.end, contract.category) == (
        DAY(2026, 5, 3),
        DAY(2029, 5, 2),
        code,
    )
    assert contract.estimated_value_pounds == 75_000


def test_what_was_typed_is_shown_again_with_sentences(officer) -> None:
    response = officer.post(
        reverse("contract-create"),
        filled(start="31/02/2026", category="nonsense", estimated_value_pounds="1e5"),
    )
    text = response.content.decode()
    for typed in ("31/02/2026", "nonsense", "1e5"):
        assert f'value="{typed}"' in text
    assert "“nonsense” is not a category" in text
    assert "scientific notation" in text


def test_two_people_editing_see_both_versions(officer) -> None:
    contract = make_contract(title="As opened", reference="T-9")
    opened = filled(version="1")
    address = reverse("contract-edit", args=[contract.pk])
    assert officer.post(address, opened | {"title": "Hers"}).status_code == 302
    clash = officer.post(address, opened | {"title": "His"})
    assert clash.status_code == 409
    assert "Hers" in clash.content.decode() and "His" in clash.content.decode()


def test_an_award_finds_its_supplier_by_name_and_is_recorded(officer) -> None:
    contract, supplier = make_contract(), make_organisation("Invented Lawns")
    address = reverse("award-create", args=[contract.pk])
    found = officer.post(
        address,
        {"find": "1", "supplier_search": "lawns", "value_pounds": "1,000", "awarded_on": "soon"},
    ).content.decode()
    assert (
        "Invented Lawns" in found and 'value="1,000"' in found and "There is a problem" not in found
    )
    officer.post(
        address,
        {
            "status": "active",
            "awarded_on": "3/5/2026",
            "value_pounds": "1,000",
            "suppliers": [supplier.pk],
        },
    )
    award = contract.awards.get()
    assert (award.value_pounds, award.suppliers.get()) == (1_000, supplier)


def test_thresholds_are_changed_by_those_who_may_and_judge_at_once(officer, client) -> None:
    rule = make_threshold()
    contract = make_contract(value="60000", awarded_on=DAY(2025, 1, 1))
    officer.post(
        reverse("threshold-edit", args=[rule.pk]),
        {
            "duty": "required", "amount_pounds": "100,000", "applies_at_amount": "no",
            "starts": "1/4/2019", "source": "A test", "is_confirmed": "on", "version": "1",
        },
    )  # fmt: skip
    assert Contract.objects.with_figures().get(pk=contract.pk).must_carry is False
    client.force_login(make_user("auditor"))
    assert "Over £100,000" in page(client, "threshold-list")
    page(client, "threshold-edit", rule.pk, status=403)


def test_a_contract_without_an_award_can_be_edited_from_its_page(client):
    contract = make_contract(title="Not awarded", stage="pipeline")
    client.force_login(make_user())
    page = client.get(reverse("contract-detail", args=[contract.pk])).content.decode()
    assert reverse("award-create", args=[contract.pk]) in page
    assert reverse("contract-edit", args=[contract.pk]) in page

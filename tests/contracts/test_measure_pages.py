"""The library's pages and API: anyone reads the open one, and a closed one stays closed."""

from __future__ import annotations

import csv
import datetime
import io
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from knox.models import get_token_model
from rest_framework.test import APIClient

from contracts import measure_sections
from contracts.edition_compare import Facts, compare
from contracts.measure_words import unit_value
from contracts.models import MeasureEdition
from contracts.services.measures.reference import load_open_library, load_open_rates
from tests.factories import make_organisation, make_user
from tests.factories_delivery import make_edition, make_measure, make_value
from tests.watched_queries import read_whole
from trafford_sv.core.workbooks import read_tables
from trafford_sv.directory.sections import Section

pytestmark = pytest.mark.django_db
SECRET_VALUE, SECRET_WORDS = "4321.77", "Secret words of a closed edition"


@pytest.fixture
def library():
    load_open_rates(timezone.now(), False)
    load_open_library(timezone.now(), False)
    return MeasureEdition.objects.get(key="open-2026")


@pytest.fixture
def closed():
    """A licensed edition: neither values nor words may be published."""
    edition = make_edition(
        key="closed",
        name="Invented closed edition",
        licence="Invented closed licence",
        licence_holder="The council",
        values_may_be_published=False,
        text_may_be_published=False,
    )
    make_measure(
        edition,
        code="CL-1",
        value=SECRET_VALUE,
        title=SECRET_WORDS,
        method=f"{SECRET_VALUE} an hour",
        evidence_asked=SECRET_WORDS,
    )
    return edition


def as_(client, role, organisation=None):
    client.force_login(make_user(role, organisation))
    return client


def text_of(response):
    if response.streaming:
        return b"".join(response.streaming_content).decode()
    return response.content.decode()


# --- anyone -------------------------------------------------------------------------------


def test_anyone_browses_and_searches_the_open_library(client, library):
    page = client.get(reverse("measure-list")).text
    assert 'Measures <span class="sv-count">35</span>' in page
    assert "Browse by theme" in page and "£24,784.50" in page
    found = client.get(reverse("measure-list"), {"q": "volunteer hours"}).text
    assert "Volunteer hours given to Trafford communities" in found
    assert "Level 2 apprenticeships" not in found


@pytest.mark.parametrize(
    ("query", "number"),
    [
        # Counted by hand in open_measures.csv.
        ({"theme": "Jobs"}, 5),
        ({"kind": "social"}, 19),
        ({"kind": "local_economic"}, 4),
        ({"has_value": "no"}, 12),
        ({"principle": "3"}, 7),
        ({"edition": "open-2026", "theme": "Environment", "has_value": "yes"}, 4),
    ],
)
def test_filters_of_the_page_and_of_the_api_find_the_same(client, library, query, number):
    page = client.get(reverse("measure-list"), query).text
    assert f'<span class="sv-count">{number}</span>' in page
    api = as_(APIClient(), "coordinator").get(reverse("api-measures"), query).json()
    assert len(api["results"]) == number


def test_a_filter_that_makes_no_sense_is_said(client, library):
    assert (
        "Some filters were not understood"
        in client.get(reverse("measure-list"), {"theme": "Nothing like it"}).text
    )


def test_a_measures_page_shows_its_history_method_and_links(client, library):
    page = client.get(reverse("measure-detail", args=["open-2026", "TSV-C4"])).text
    assert "£0.45" in page and "£0.55" in page
    assert "6 April 2011 to 5 April 2026" in page
    assert "In force today" in page or timezone.localdate() < datetime.date(2026, 4, 6)
    assert "Not together with" not in page  # C4 excludes nothing
    assert "PPN 002 outcomes" in page and "Not confirmed yet" in page
    assert "They change no figure" in page
    jobs = client.get(reverse("measure-detail", args=["open-2026", "TSV-J1"])).text
    assert "Not together with" in jobs and "TSV-S1" in jobs
    assert "37.5 hours a week x 52 weeks a year" in jobs
    assert "Contains public sector information" in jobs
    assert "Table of these figures" in jobs  # the chart, with its table


def test_a_value_that_is_not_confirmed_is_marked(client, library):
    page = client.get(reverse("measure-detail", args=["open-2026", "TSV-E1"])).text
    assert page.count("not confirmed at its source yet") == 1  # 2031


def test_what_is_only_counted_says_so(client, library):
    page = client.get(reverse("measure-detail", args=["open-2026", "TSV-J5"])).text
    assert "is not turned into pounds" in page and "Values over time" not in page


def test_the_rates_the_method_and_the_editions_are_public(client, library):
    rates = client.get(reverse("measure-rates")).text
    assert 'Rates <span class="sv-count">223</span>' in rates
    method = client.get(reverse("measure-method")).text
    assert "deliberate floor" in method and "a choice, not an error" in method
    assert (
        "19 social, 4 local economic, 12 counted"
        in client.get(reverse("measure-edition-list")).text
    )
    edition = client.get(reverse("measure-edition-detail", args=["open-2026"])).text
    assert "CC BY 4.0, figures selected and some parts left out" in edition
    assert "No, they stand apart" in edition


def test_a_draft_is_for_those_who_prepare_it(client):
    draft = make_edition(key="draft", status="draft", name="Invented draft")
    measure = make_measure(draft)
    addresses = [draft.get_absolute_url(), measure.get_absolute_url()]
    assert [client.get(address).status_code for address in addresses] == [404, 404]
    assert "Invented draft" not in client.get(reverse("measure-edition-list")).text
    as_(client, "coordinator")
    assert [client.get(address).status_code for address in addresses] == [200, 200]


def test_a_retired_edition_is_found_by_asking_for_it(client):
    measure = make_measure(make_edition(key="old", status="retired"))
    assert measure.title not in client.get(reverse("measure-list")).text
    assert measure.title in client.get(reverse("measure-list"), {"edition": "old"}).text


# --- a closed edition ---------------------------------------------------------------------


def every_answer(client, api=None):
    """All that this person can get of the closed edition, by any door."""
    list_url, compare = reverse("measure-list"), reverse("measure-compare")
    both = {"a": "closed", "b": "open"}
    yield client.get(list_url)
    yield client.get(list_url, {"q": "Secret"})
    yield client.get(reverse("measure-edition-list"))
    yield client.get(reverse("measure-edition-detail", args=["closed"]))
    yield client.get(reverse("measure-detail", args=["closed", "CL-1"]))
    yield client.get(compare)
    yield client.get(compare, both)


def every_export(client):
    for kind in ("csv", "xlsx"):
        yield client.get(reverse("measure-list"), {"format": kind})
        yield client.get(reverse("measure-compare"), {"a": "closed", "b": "open", "format": kind})


@pytest.fixture
def both(closed):
    make_measure(make_edition(key="open"), code="CL-1", value="1", title="Open words")
    return closed


def test_a_visitor_sees_neither_its_values_nor_its_words(client, both):
    for answer in every_answer(client):
        body = text_of(answer)
        assert "4,321.77" not in body and "4321.77" not in body
        assert SECRET_WORDS not in body
    assert client.get(reverse("measure-detail", args=["closed", "CL-1"])).status_code == 404
    edition = client.get(reverse("measure-edition-detail", args=["closed"])).text
    assert "Invented closed licence" in edition  # that it is held is no secret


@pytest.mark.parametrize("role", ["auditor", "supplier", "hub", "contract_manager"])
def test_who_may_read_measures_sees_its_words_and_no_values(client, both, role):
    home = make_organisation() if role in ("supplier", "hub", "contract_manager") else None
    as_(client, role, home)
    bodies = [text_of(answer) for answer in every_answer(client)]
    assert all("4,321.77" not in body and "4321.77" not in body for body in bodies)
    assert SECRET_WORDS in bodies[0] and "Withheld" in bodies[0]
    assert "does not allow its values to be published" in bodies[4]


def test_who_may_see_licensed_values_sees_them_on_pages(client, both):
    as_(client, "coordinator")
    bodies = [text_of(answer) for answer in every_answer(client)]
    assert "£4,321.77" in bodies[0] and "£4,321.77" in bodies[4] and "£4,321.77" in bodies[6]


@pytest.mark.parametrize("role", ["coordinator", "administrator", "auditor"])
def test_no_export_and_no_answer_of_the_api_holds_them_for_anyone(client, both, role):
    as_(client, role)
    for answer in every_export(client):
        if "csv" in answer["Content-Type"]:
            body = text_of(answer)
            assert "4321.77" not in body and SECRET_WORDS not in body
            assert "Withheld" in body
        else:
            read_whole(answer)
    api = APIClient()
    _, token = get_token_model().objects.create(make_user(role))
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    for query in ({}, {"format": "csv"}, {"edition": "closed"}):
        body = text_of(api.get(reverse("api-measures"), query))
        assert "4321.77" not in body and SECRET_WORDS not in body
    row = api.get(reverse("api-measures"), {"edition": "closed"}).json()["results"][0]
    assert (row["code"], row["value_pounds"], row["value_is_withheld"]) == ("CL-1", None, True)
    assert row["title"] is None and row["values"] == [] and row["method"] is None


def test_a_workbook_holds_no_licensed_value(client, both):
    as_(client, "coordinator")
    answer = client.get(reverse("measure-list"), {"format": "xlsx"})
    table = next(read_tables(io.BytesIO(b"".join(answer.streaming_content))))
    cells = [str(cell) for _, row in table.rows for cell in row]
    assert not any("4321" in cell or SECRET_WORDS in cell for cell in cells)
    assert any("Withheld" in cell for cell in cells)


# --- compare ------------------------------------------------------------------------------


def test_two_editions_side_by_side(client):
    old, new = make_edition(key="old"), make_edition(key="new")
    make_measure(old, code="SAME", value="5", title="T")
    make_measure(new, code="SAME", value="5", title="T")
    make_measure(old, code="DEAR", value="5", title="T")
    make_measure(new, code="DEAR", value="7.5", title="T")
    make_measure(old, code="GONE")
    make_measure(new, code="NEW")
    page = client.get(reverse("measure-compare"), {"a": "old", "b": "new"}).text
    assert "1 added, 1 gone, 1 changed and 1 the same" in page
    assert "£5.00" in page and "£7.50" in page
    answer = client.get(reverse("measure-compare"), {"a": "old", "b": "new", "format": "csv"})
    rows = {
        row["Code"]: row for row in csv.DictReader(io.StringIO(text_of(answer).lstrip("\ufeff")))
    }
    assert rows["DEAR"]["What changed"] == "value"
    assert Decimal(rows["DEAR"]["Value in the second, pounds"]) == Decimal("7.5")
    assert rows["NEW"]["Title in the first"] == ""


def test_the_same_edition_twice_is_asked_about(client):
    make_edition(key="one"), make_edition(key="two")
    page = client.get(reverse("measure-compare"), {"a": "one", "b": "one"}).text
    assert "Choose two different editions." in page


def facts(code, **more):
    return Facts(
        **{
            "code": code,
            "title": "T",
            "unit": "hours",
            "kind": "social",
            "kind_words": "Social value",
            "counting": "units",
            "value_pounds": Decimal(1),
            **more,
        }
    )


def test_each_difference_is_named_and_comparing_back_mirrors_it():
    before = [facts("A"), facts("B"), facts("C", value_pounds=None)]
    after = [facts("B", unit="days", kind="record_only"), facts("C"), facts("D")]
    there = compare(before, after)
    assert {change.code: change.what for change in there.changes} == {
        "A": ("gone",),
        "B": ("kind", "unit"),
        "C": ("value",),
        "D": ("added",),
    }
    back = compare(after, before)
    assert [change.code for change in back.added] == [change.code for change in there.gone]
    assert compare(before, before).changes == ()


# --- the edition's own form ---------------------------------------------------------------


def form_of(edition, **more):
    return {
        "version": edition.version,
        "name": edition.name,
        "publisher": edition.publisher,
        "status": edition.status,
        "valid_from": edition.valid_from.isoformat(),
        "licence": edition.licence,
        "licence_holder": edition.licence_holder,
        "provenance": edition.provenance,
        **more,
    }


def test_a_draft_is_put_in_use_once_somebody_confirms_its_licence(client):
    draft = make_edition(
        key="d", status="draft", values_may_be_published=False, text_may_be_published=False
    )
    as_(client, "coordinator")
    address = reverse("measure-edition-edit", args=["d"])
    page = client.post(address, form_of(draft, status="in_use")).text
    assert "Confirm that the council holds this licence" in page
    client.post(address, form_of(draft, status="in_use", confirmed="on"))
    draft.refresh_from_db()
    assert draft.status == "in_use" and draft.licence_confirmed_by_name
    assert draft.version == 2


def test_another_licence_must_be_confirmed_again(client, closed):
    as_(client, "coordinator")
    address = reverse("measure-edition-edit", args=["closed"])
    page = client.post(address, form_of(closed, values_may_be_published="on")).text
    assert "The licence has changed." in page
    closed.refresh_from_db()
    assert not closed.values_may_be_published


def test_one_edition_at_a_time_is_offered_first(client, library):
    other = make_edition(key="other")
    as_(client, "coordinator")
    client.post(
        reverse("measure-edition-edit", args=["other"]),
        form_of(other, is_default="on", values_may_be_published="on", text_may_be_published="on"),
    )
    assert MeasureEdition.objects.get(is_default=True).key == "other"


# --- the hook, the words, the queries -----------------------------------------------------


def test_another_part_can_add_a_section(client, library, monkeypatch):
    monkeypatch.setattr(measure_sections, "_REGISTRY", {})
    measure_sections.register_measure_section(
        "invented",
        lambda measure, user, today: Section(
            "delivered", f"Delivered of {measure.code}", "contracts/_library_pages.html"
        ),
    )
    page = client.get(reverse("measure-detail", args=["open-2026", "TSV-C1"])).text
    assert "Delivered of TSV-C1" in page


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("24784.50", "£24,784.50"),
        ("0.03457", "£0.03457"),
        ("264", "£264.00"),
        ("0", "£0.00"),
        ("0.000001", "£0.000001"),
        ("13000.000000", "£13,000.00"),
    ],
)
def test_a_value_reads_in_pence_and_loses_no_digit(amount, words):
    assert unit_value(Decimal(amount)) == words


def queries_of(client, address):
    client.get(address)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        assert client.get(address).status_code == 200
    return len(caught)


@pytest.mark.parametrize("role", [None, "coordinator"])
def test_the_number_of_queries_does_not_grow(client, role):
    if role:
        as_(client, role)
    edition = make_edition(key="e")
    first = make_measure(edition)
    addresses = {
        reverse("measure-list"): 8,
        first.get_absolute_url(): 12,
        reverse("measure-edition-list"): 8,
        edition.get_absolute_url(): 12,
        reverse("measure-rates"): 8,
    }
    few = {address: queries_of(client, address) for address in addresses}
    for number in range(20):
        other = make_measure(edition)
        first.exclusive_with.add(other)
        first.crosswalks.create(framework="Invented", reference=str(number))
        make_value(first, "11", datetime.date(2021 + number, 4, 1))
    for address, most in addresses.items():
        assert queries_of(client, address) == few[address] <= most, address


def test_the_api_reads_any_number_with_the_same_queries(client):
    edition = make_edition(key="e")
    make_measure(edition)
    api = APIClient()
    _, token = get_token_model().objects.create(make_user("coordinator"))
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")
    names = ("api-measures", "api-measure-editions")
    few = {name: queries_of(api, reverse(name)) for name in names}
    for _ in range(20):
        make_measure(edition)
        make_edition()
    for name in names:
        assert queries_of(api, reverse(name)) == few[name] <= 7


def test_the_api_gives_the_value_of_a_day_with_its_history(library):
    api = APIClient()
    _, token = get_token_model().objects.create(make_user("coordinator"))
    api.credentials(HTTP_AUTHORIZATION=f"Token {token}")

    def on(day):
        query = {"q": "TSV-C4", "as_of": day}
        return api.get(reverse("api-measures"), query).json()["results"][0]

    assert on("2026-04-05")["value_pounds"] == "0.450000"
    assert on("2026-04-06")["value_pounds"] == "0.550000"
    assert [value["valid_from"] for value in on("2026-04-06")["values"]] == [
        "2026-04-06",
        "2011-04-06",
    ]
    editions = api.get(reverse("api-measure-editions")).json()["results"]
    assert (editions[0]["key"], editions[0]["measures"]) == ("open-2026", 35)

"""The charter's pages, drawings and documents, and what they ask of the database."""

from __future__ import annotations

import datetime
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from xml.etree import ElementTree

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from charter.demo import load_charter_demo, remove_charter_demo
from charter.models import Adoption, AdoptionRequest, CaseStudy, CharterVersion, Pledge
from charter.services.reference import load_case_studies, load_charter
from tests.charter.rows import (
    FIRST,
    make_adoption,
    make_case_study,
    make_pledge,
    make_request,
    make_version,
    publish,
    the_principle,
)
from tests.core.test_documents import problems
from tests.drawn import drawn
from tests.factories import make_organisation, make_user
from trafford_sv.directory.demo import load_directory
from trafford_sv.directory.models import Organisation

pytestmark = pytest.mark.django_db


def bodies(numbers: range) -> list[Organisation]:
    return Organisation.objects.bulk_create(Organisation(name=f"Body {n}") for n in numbers)


def many_adoptions(numbers: range) -> None:
    version = CharterVersion.objects.filter(number=1).first() or make_version()
    Adoption.objects.bulk_create(
        Adoption(
            organisation=one, charter_version=version, adopted_on=FIRST, signed_by_role="chair"
        )
        for one in bodies(numbers)
    )


def many_pledges(numbers: range) -> None:
    principle = the_principle()
    Pledge.objects.bulk_create(
        Pledge(
            organisation=one, principle=principle, title="Lend a room", pledged_on=FIRST,
            promised_quantity=Decimal(n), unit=f"unit {n % 7}",
        )
        for n, one in zip(range(1, len(numbers) + 1), bodies(numbers), strict=True)
    )  # fmt: skip


def many_stories(numbers: range) -> None:
    principle = the_principle()
    CaseStudy.objects.bulk_create(
        CaseStudy(
            key=f"many-{n}", title=f"Story {n}", summary="s", story="t", principle=principle,
            state="published", consent_on=FIRST, consent_words="yes", published_on=FIRST,
        )
        for n in numbers
    )  # fmt: skip


def many_requests(numbers: range) -> None:
    version = CharterVersion.objects.filter(number=1).first() or make_version()
    AdoptionRequest.objects.bulk_create(
        AdoptionRequest(
            charter_version=version, organisation_name=f"Body {n}", signed_by_name="A",
            signed_by_role="chair", asked_at=timezone.now(),
        )
        for n in numbers
    )  # fmt: skip


LISTS: list[tuple[str, Callable[[range], None], str]] = [
    ("adoption-list", many_adoptions, "/api/v1/adoptions/"),
    ("pledge-list", many_pledges, "/api/v1/pledges/"),
    ("case-study-list", many_stories, "/api/v1/case-studies/"),
    ("adoption-request-list", many_requests, ""),
]


@pytest.mark.parametrize(("name", "make", "api"), LISTS, ids=[name for name, *_ in LISTS])
def test_a_list_makes_the_same_few_queries_for_10_and_500_rows(client: Client, name, make, api):
    client.force_login(make_user())
    counts = []
    for numbers in (range(10), range(10, 500)):
        make(numbers)
        for address in filter(None, (reverse(name), api)):
            with CaptureQueriesContext(connection) as seen:
                assert client.get(address).status_code == 200
            counts.append(len(seen))
    half = len(counts) // 2
    assert counts[:half] == counts[half:]
    assert counts[0] <= 8 and counts[half - 1] <= 8


def test_the_charter_is_read_in_at_most_twelve_queries(client: Client):
    load_charter(timezone.now(), False)
    load_case_studies(timezone.now(), False)
    many_adoptions(range(30))
    with CaptureQueriesContext(connection) as seen:
        page = client.get(reverse("charter"))
    assert len(seen) <= 12
    for words in ("All our communities will be happy, healthy and safe", "not part of what was"):
        assert words in page.text


def test_before_a_charter_is_in_force_its_page_says_so(client: Client):
    page = client.get(reverse("charter"))
    assert page.status_code == 200 and "No charter is in force yet" in page.text
    assert client.get(reverse("charter-pdf")).status_code == 404
    assert "none to adopt yet" in client.get(reverse("adoption-ask")).text


def test_a_draft_is_read_by_those_who_may_and_by_nobody_else(client: Client):
    make_version()
    draft = make_version(2, draft=True)
    for name in ("charter-version-detail", "charter-version-pdf"):
        assert client.get(reverse(name, args=[2])).status_code == 404
    assert "Version 2" not in client.get(reverse("charter-version-list")).text
    assert "Version 2" not in client.get(reverse("charter-compare") + "?to=2").text
    client.force_login(make_user("steering_member"))
    assert client.get(draft.get_absolute_url()).status_code == 200
    assert client.get(reverse("charter-draft", args=[2])).status_code == 403


@pytest.mark.parametrize("asked", ["", "?from=1&to=1", "?from=x&to=9999999999999", "?show=all"])
def test_any_two_versions_are_compared_and_nonsense_compares_the_last(client: Client, asked):
    make_version()
    second = make_version(2)
    second.principles.update(words="All will have good jobs")
    page = client.get(reverse("charter-compare") + asked)
    assert page.status_code == 200
    if asked == "":
        assert "<ins>good " in page.text


def test_the_documents_are_pdf_ua_1(client: Client):
    load_charter(timezone.now(), False)
    row = make_adoption(reaffirmed_on=FIRST)
    for address in (
        reverse("charter-pdf"),
        reverse("adoption-certificate", args=[row.pk]),
    ):
        assert problems(drawn(client, address)) == []


def test_a_badge_is_a_drawing_that_runs_nothing_and_names_its_adopter(client: Client):
    row = make_adoption()
    row.organisation.name = 'Bees & "Sons" <script>'
    row.organisation.save()
    answer = client.get(reverse("adoption-badge", args=[row.pk]))
    root = ElementTree.fromstring(answer.content)
    text = " ".join(root.itertext())
    assert 'Bees & "Sons" <script>' in text and "2022" in text
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    Adoption.objects.update(withdrawn_on=FIRST)
    for name in ("adoption-badge", "adoption-certificate"):
        assert client.get(reverse(name, args=[row.pk])).status_code == 404


def test_a_draft_is_written_and_approved_on_the_pages(client: Client):
    load_charter(timezone.now(), False)
    client.force_login(make_user())
    assert client.post(reverse("charter-draft-start")).status_code == 302
    draft = CharterVersion.objects.get(number=2)
    new = {"title": "Climate", "words": "All our places will be greener", "number": ""}
    assert client.post(reverse("charter-principle-create", args=[2]), new).status_code == 302
    principle = draft.principles.get(key="climate")
    at = reverse("charter-area-create", args=[2, principle.pk])
    assert client.post(at, {"title": "Travel", "words": "", "position": ""}).status_code == 302
    at = reverse("charter-initiative-create", args=[2, principle.focus_areas.get().pk])
    assert client.post(at, {"title": "Lend bicycles", "unit": "days"}).status_code == 302
    taken = client.post(reverse("charter-principle-create", args=[2]), {**new, "number": "1"})
    assert "Another principle has that number" in taken.text
    today = timezone.localdate()
    said = {
        "version": draft.version, "approving_body": "Executive", "approved_on": today.isoformat(),
        "decision_reference": "E/9", "decision_address": "", "in_force_from": today.isoformat(),
    }  # fmt: skip
    at = reverse("charter-approve", args=[2])
    assert "Check the approval" in client.post(at, said).text
    wrong = {**said, "in_force_from": "24/10/2022", "approved_on": "24/10/2022", "step": "approve"}
    assert "only one version can be in force on a day" in client.post(at, wrong).text
    assert client.post(at, {**said, "step": "approve"}).status_code == 302
    assert "All our places will be greener" in client.get(reverse("charter")).text
    assert client.get(reverse("charter-draft", args=[2])).status_code == 200
    refused = client.post(reverse("charter-principle-remove", args=[principle.pk]))
    assert "its words stay as they are" in refused.text


def test_the_demo_is_written_once_and_taken_away_whole():
    load_charter(timezone.now(), False)
    load_case_studies(timezone.now(), False)
    now, today = timezone.now(), timezone.localdate()
    directory = load_directory(by=None, now=now)
    first = load_charter_demo(directory, by=None, now=now, today=today)
    again = load_charter_demo(directory, by=None, now=now, today=today)
    assert first.created and (again.created, again.unchanged) == (0, first.created)
    assert set(Pledge.objects.values_list("state", flat=True)) == set(Pledge.State.values)
    assert Adoption.objects.filter(withdrawn_on__isnull=False).count() == 1
    assert not Adoption.objects.exclude(organisation__is_demo=True).exists()
    assert not Pledge.objects.exclude(organisation__is_demo=True).exists()
    remove_charter_demo()
    assert not Adoption.objects.exists() and not Pledge.objects.exists()
    assert CaseStudy.objects.count() == 2 and CharterVersion.objects.count() == 1


# --- the API ----------------------------------------------------------------------------------


@pytest.fixture
def api(client: Client) -> Client:
    client.force_login(make_user("steering_member"))
    return client


def test_the_version_in_force_on_a_day_is_read_by_a_program(api: Client):
    make_version()
    make_version(2, in_force_from=FIRST + datetime.timedelta(days=10))
    body = api.get("/api/v1/charter-versions/?as_of=2022-10-25").json()["results"]
    assert [(row["number"], row["status"]) for row in body] == [(1, "in_force"), (2, "coming")]
    assert body[0]["in_force_to"] == "2022-11-02"
    whole = api.get("/api/v1/charter-versions/1/").json()
    assert whole["status"] == "superseded"
    assert whole["principles"][0]["focus_areas"][0]["initiatives"][0]["key"] == "talks"
    rows = api.get("/api/v1/principles/?version=2").json()["results"]
    assert [(row["charter_version"], row["key"]) for row in rows] == [(2, "jobs")]
    assert api.get("/api/v1/charter-versions/?status=in_force").json()["results"][0]["number"] == 2


def test_programs_read_the_register_and_nothing_of_persons(api: Client):
    row = make_adoption(signed_by_name="A Person", contact_email="a@example.org")
    answer = api.get(f"/api/v1/adoptions/{row.pk}/")
    assert answer.json()["signed_by_role"] == "director"
    assert "A Person" not in answer.text and "a@example.org" not in answer.text
    pledge = make_pledge(unit="hours", promised_quantity="2.5")
    assert api.get(f"/api/v1/pledges/{pledge.pk}/").json()["promised_quantity"] == "2.5000"
    assert api.get("/api/v1/pledges/?state=promised&principle=jobs").json()["results"]
    few = publish(make_case_study(people_helped=4))
    found = api.get(f"/api/v1/case-studies/{few.key}/").json()
    assert (found["people_helped"], found["is_fewer_than_5"]) == (None, True)


def test_drafts_and_requests_are_kept_from_a_supplier(client: Client):
    make_version()
    make_version(2, draft=True)
    draft, request = make_case_study(), make_request()
    client.force_login(make_user("supplier", make_organisation()))
    numbers = [row["number"] for row in client.get("/api/v1/charter-versions/").json()["results"]]
    assert numbers == [1]
    assert client.get("/api/v1/charter-versions/2/").status_code == 404
    assert client.get(f"/api/v1/case-studies/{draft.key}/").status_code == 404
    assert client.get(request.get_absolute_url()).status_code == 403


def test_the_register_is_exported_without_persons(client: Client):
    make_adoption(signed_by_name="A Person", lead_words="=1+1")
    answer: Any = client.get(reverse("adoption-list") + "?format=csv")
    text = b"".join(answer.streaming_content).decode()
    assert "'=1+1" in text and "A Person" not in text

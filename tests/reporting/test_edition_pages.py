"""The pages: what visitors read, what officers publish, and a figure opened to its rows."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from reporting import editions
from reporting.models import ReportEdition
from reporting.services import edition_files
from reporting.services.editions import publish_edition
from reporting.tasks import draw_editions
from tests.factories import make_user
from tests.watched_queries import read_whole

from .datasets import NOW, QUARTER, kind_that_gathers, make_dataset

pytestmark = pytest.mark.django_db
HERE = ["test-report", "2025-26-Q4"]


@pytest.fixture
def report() -> Any:
    with kind_that_gathers(make_dataset()) as held:
        yield held


@pytest.fixture
def edition(report: Any) -> ReportEdition:
    return publish_edition(kind="test-report", period=QUARTER, number=1, by=None, now=NOW)


def signed_in(role: str) -> Client:
    client = Client()
    client.force_login(make_user(role))
    return client


def text_of(client: Client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200, answer.status_code
    return read_whole(answer).decode()


def test_a_visitor_reads_a_published_report_and_opens_a_figure(edition):
    said = text_of(Client(), edition.get_absolute_url())
    assert "Edition 1, published 4 May 2026" in said and edition.sha256 in said
    assert "£60.05" in said and "Correct this report" not in said
    opened = text_of(Client(), f"{edition.get_absolute_url()}figures/verified/")
    assert "60.05, difference 0.00" in opened
    assert "“Verified, pounds” added over the rows" in opened and "3 of 4 returns" in opened
    assert "ab" * 32 in opened  # the evidence's hash
    assert "Social value verified" in text_of(Client(), f"{edition.get_absolute_url()}figures/")


def test_the_rows_of_a_figure_come_as_csv(edition):
    said = text_of(Client(), f"{edition.get_absolute_url()}figures/verified/?format=csv")
    assert (
        said.splitlines()[0].lstrip("\ufeff").startswith("Row,Kind") and len(said.splitlines()) == 4
    )


def test_a_kind_that_is_not_public_is_not_there_for_visitors(edition):
    editions.register_kind(replace(editions.kind_of("test-report"), is_public=False))
    for name in ("", "figures/", "figures/verified/", "files/json/"):
        assert Client().get(edition.get_absolute_url() + name).status_code == 404
    assert "STAR quarterly report" not in text_of(Client(), reverse("edition-list"))
    assert "£60.05" in text_of(signed_in("auditor"), edition.get_absolute_url())


@pytest.mark.parametrize(
    "path",
    [
        "gossip/2025-26-Q4/1/", "test-report/2025-26/1/", "test-report/2025-26-q4/1/",
        "test-report/2025-26-Q4/7/", "test-report/2025-26-Q4/99999999999999999999/",
        "test-report/2025-26-Q4/1/figures/gone/", "test-report/2025-26-Q4/1/files/exe/",
        "test-report/0001-02-Q1/1/",
    ],
)  # fmt: skip
def test_what_is_not_there_is_a_404(edition, path):
    assert Client().get(f"/reports/editions/{path}").status_code == 404


def test_a_draft_says_that_it_is_one_and_changes_with_the_records(report):
    officer = signed_in("auditor")
    address = reverse("edition-draft", args=HERE)
    assert "This is live and not published" in text_of(officer, address)
    assert "£60.05" in text_of(officer, f"{address}figures/verified/")
    report[0] = replace(report[0], title="Another title")
    assert "Another title" in text_of(officer, address)
    assert Client().get(address).status_code == 302


def test_publishing_asks_once_more_and_then_freezes(report):
    officer, address = signed_in("coordinator"), reverse("edition-publish", args=HERE)
    assert "This will be edition 1" in text_of(officer, address)
    check = officer.post(address, {"number": 1})
    assert "Check before you publish edition 1" in check.content.decode()
    assert not ReportEdition.objects.exists()
    done = officer.post(address, {"number": 1, "step": "publish"}, follow=True)
    assert "Edition 1 is published" in done.content.decode()
    edition = ReportEdition.objects.get()
    assert {one.state for one in edition.files.all()} == {"made"}  # the task ran after it
    again = officer.post(address, {"number": 1, "step": "publish"}, follow=True)
    assert again.redirect_chain[-1][0] == edition.get_absolute_url()
    assert f"{edition.published_by_name} published edition 1 after" in again.content.decode()
    assert ReportEdition.objects.count() == 1


def test_an_edition_is_published_also_while_the_queue_is_away(report, queue_away):
    officer, address = signed_in("coordinator"), reverse("edition-publish", args=HERE)
    done = officer.post(address, {"number": 1, "step": "publish"}, follow=True)
    assert done.status_code == 200
    assert "Edition 1 is published. Its files are there in a few minutes." in done.content.decode()
    edition = ReportEdition.objects.get()
    assert not any(file.is_ready for file in edition.files.all())
    # What the schedule runs every two minutes.
    assert draw_editions() == edition.files.count() > 0
    assert all(file.is_ready for file in edition.files.all())


def test_asking_for_a_file_that_is_not_made_yet_starts_no_work(edition):
    """A visitor's program that loads an address again and again keeps no worker busy."""
    address = reverse("edition-file", args=[*HERE, 1, "pdf"])
    said = Client().get(address, follow=True).content.decode()
    assert "is being made. New files are there in a few minutes" in said
    assert "PDF: being made. Load this page again in a few minutes" in said
    assert {file.state for file in edition.files.all()} == {"waiting"}
    draw_editions()
    assert read_whole(Client().get(address)).startswith(b"%PDF")


def test_two_who_publish_one_after_the_other_get_one_edition(report, edition):
    """The second had the form of edition 1 open and typed a reason: number 1 is taken."""
    officer, address = signed_in("coordinator"), reverse("edition-publish", args=HERE)
    answer = officer.post(address, {"number": 1, "what_changed": "Oh.", "step": "publish"})
    assert "Edition 1 is published already" in answer.content.decode()
    assert ReportEdition.objects.count() == 1


def test_a_correction_says_what_changed_and_the_first_points_to_it(report, edition):
    officer, address = signed_in("coordinator"), reverse("edition-publish", args=HERE)
    report[0] = replace(report[0], subtitle="Corrected")
    answer = officer.post(address, {"number": 2})
    assert "Say what changed" in answer.content.decode()
    words = "A return was counted <twice>."
    officer.post(address, {"number": 2, "what_changed": words, "step": "publish"})
    second = ReportEdition.objects.get(number=2)
    assert "counted &lt;twice&gt;." in text_of(Client(), second.get_absolute_url())
    first = text_of(Client(), edition.get_absolute_url())
    assert "A later edition corrects this one" in first and second.get_absolute_url() in first
    listed = text_of(Client(), f"{reverse('edition-list')}?standing=true")
    assert second.get_absolute_url() in listed and edition.get_absolute_url() not in listed


def test_what_stands_in_the_way_is_listed_and_there_is_no_button(report, monkeypatch):
    monkeypatch.setitem(editions._CHECKS, "test", lambda kind, period: ["Three returns are late."])
    officer, address = signed_in("coordinator"), reverse("edition-publish", args=HERE)
    said = text_of(officer, address)
    assert "Three returns are late." in said and "Check it" not in said
    answer = officer.post(address, {"number": 1, "step": "publish"})
    assert "Three returns are late." in answer.content.decode()
    assert not ReportEdition.objects.exists()


@pytest.mark.parametrize("role", ["auditor", "star_officer", "steering_chair"])
def test_whoever_may_not_publish_does_not(report, role):
    officer, address = signed_in(role), reverse("edition-publish", args=HERE)
    assert officer.post(address, {"number": 1, "step": "publish"}).status_code == 403
    assert not ReportEdition.objects.exists()


def test_files_come_as_stored_and_are_never_drawn_by_a_page(edition, monkeypatch):
    edition_files.make_files(edition=edition, by=None, now=NOW)

    def never(sheet: Any) -> bytes:
        raise AssertionError("drawn again")

    for name in ("pdf", "docx", "xlsx"):
        monkeypatch.setitem(edition_files.DRAW, name, never)
    for file in edition.files.all():
        answer = Client().get(f"{edition.get_absolute_url()}files/{file.format}/")
        content = read_whole(answer)
        assert hashlib.sha256(content).hexdigest() == file.sha256
        assert file.file_name in answer["Content-Disposition"]


def test_the_json_is_there_at_once_and_is_the_text_that_was_hashed(edition):
    content = Client().get(f"{edition.get_absolute_url()}files/json/").content
    assert hashlib.sha256(content).hexdigest() == edition.sha256


def test_pages_ask_the_database_a_few_times_however_many_editions(edition):
    addresses = [
        (reverse("edition-list"), 8),
        (edition.get_absolute_url(), 12),
        (f"{edition.get_absolute_url()}figures/verified/", 12),
    ]

    def counted() -> list[int]:
        found = []
        for address, most in addresses:
            with CaptureQueriesContext(connection) as asked:
                text_of(Client(), address)
            assert len(asked) <= most, address
            found.append(len(asked))
        return found

    before = counted()
    fields = {
        name: getattr(edition, name)
        for name in (
            "kind", "title", "schema", "dataset_text", "sha256", "published_at",
            "published_by_name", "is_demo", "number",
        )
    }  # fmt: skip
    ReportEdition.objects.bulk_create(
        ReportEdition(**fields, financial_year=2001 + n, quarter=1) for n in range(300 // 2)
    )
    assert counted() == before


def test_the_list_can_be_narrowed_to_a_kind(edition, client):
    answer = client.get(f"{reverse('edition-list')}?kind=annual")
    assert answer.status_code == 200 and "Annual report" in answer.text

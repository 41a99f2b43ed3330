"""The pages of an import, as officers meet them; and who may not."""

from __future__ import annotations

import datetime
import io
import json
import zipfile

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from django.utils import timezone
from kombu.exceptions import OperationalError

from contracts.models import Contract
from tests.factories import make_organisation, make_user
from trafford_sv.core.models import ImportRun
from trafford_sv.core.services import imports
from trafford_sv.core.views import imports as pages
from trafford_sv.core.workbooks import read_tables

TABLE = b"""Ref,Title,Supplier,Value,Award date
C1,Grounds,Invented Greens Ltd,"1,234.00",03/05/2025
C2,Meals,Invented Kitchens Ltd,5000,31/02/2025
"""
pytestmark = pytest.mark.django_db


@pytest.fixture
def officer(client):
    user = make_user("coordinator")
    client.force_login(user)
    return user


def send(client, data=TABLE, kind="contracts-table", name="register.csv", **extra):
    return client.post(
        reverse("import-new"), {"kind": kind, "file": SimpleUploadedFile(name, data), **extra}
    )


def choose(client, run):
    return client.post(
        reverse("import-columns", args=[run.pk]),
        {
            "reference": "Ref",
            "title": "Title",
            "supplier": "Supplier",
            "value": "Value",
            "award_date": "Award date",
        },
    )


def test_from_a_file_to_contracts(client, officer):
    answer = send(client)
    run = ImportRun.objects.get()
    assert answer.url == reverse("import-columns", args=[run.pk])
    page = client.get(answer.url).text
    assert "Invented Greens Ltd" in page  # a sample value
    assert '<option value="Ref" selected>Ref</option>' in page
    answer = choose(client, run)
    assert answer.url == reverse("import-detail", args=[run.pk])
    page = client.get(answer.url).text
    assert "Apply only the valid rows" in page
    assert "Invented Greens Ltd" in page
    page = client.get(answer.url, {"show": "rejected"}).text
    assert "“31/02/2025” is not a day in the calendar." in page
    run.refresh_from_db()
    assert run.rejects_seen_at is not None
    assert not Contract.objects.exists()
    client.post(reverse("import-apply", args=[run.pk]))
    assert not Contract.objects.exists()  # "only the valid rows" was not chosen
    page = client.post(
        reverse("import-apply", args=[run.pk]), {"only_valid": "yes"}, follow=True
    ).text
    assert "The import is done." in page
    assert Contract.objects.get().reference == "C1"
    assert run.original_name in client.get(reverse("import-list")).text


def test_rejects_come_back_in_the_format_they_came_in(client, officer):
    send(client)
    run = ImportRun.objects.get()
    choose(client, run)
    answer = client.get(reverse("import-rejects", args=[run.pk]))
    (table,) = read_tables(io.BytesIO(b"".join(answer.streaming_content)))
    assert table.headings == [
        "Ref", "Title", "Supplier", "Value", "Award date", "Row in the file", "Why it was rejected",
    ]  # fmt: skip
    assert next(table.rows)[1][:6] == [
        "C2",
        "Meals",
        "Invented Kitchens Ltd",
        "5000",
        "31/02/2025",
        "3",
    ]


def test_rejects_of_a_workbook_and_of_releases(client, officer):
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(out)
    sheet = book.add_worksheet("Register")
    for number, line in enumerate([["Ref", "Title", "Value"], ["C1", "Care", "1e5"]]):
        sheet.write_row(number, 0, line)
    book.close()
    send(client, out.getvalue(), name="register.xlsx")
    run = ImportRun.objects.get()
    client.post(
        reverse("import-columns", args=[run.pk]),
        {"reference": "Ref", "title": "Title", "value": "Value"},
    )
    answer = client.get(reverse("import-rejects", args=[run.pk]))
    (table,) = read_tables(io.BytesIO(b"".join(answer.streaming_content)))
    assert next(table.rows)[1][:3] == ["C1", "Care", "1e5"]
    releases = {"releases": [{"id": "1", "tag": ["award"], "tender": {"title": "X"}, "awards": []}]}
    send(client, json.dumps(releases).encode(), kind="contracts-ocds", name="r.json")
    run = ImportRun.objects.get(kind="contracts-ocds")
    package = client.get(reverse("import-rejects", args=[run.pk])).json()
    assert package["releases"] == releases["releases"]
    assert package["rejected"][0]["why"].startswith("ocid: Release 1 has no ocid")


def test_rejects_of_a_zip_come_back_as_a_zip_with_a_file_for_each_that_had_some(client, officer):
    body = io.BytesIO()
    with zipfile.ZipFile(body, "w") as archive:
        archive.writestr(
            "may.csv",
            "Beneficiary,Date,Amount\nInvented Ltd,2026-05-01,5\nInvented Ltd,2026-05-02,five\n",
        )
        archive.writestr("june.csv", "Beneficiary,Date,Amount\nInvented Ltd,2026-06-01,6\n")
        archive.writestr(
            "../july.csv",
            "Amount,Payee name,Payment date\n1,Other Ltd,soon\n2,Other Ltd,2026-07-02\n",
        )
    send(client, body.getvalue(), "spend", "year.zip", source_name="Trafford Council")
    run = ImportRun.objects.get()
    client.post(
        reverse("import-columns", args=[run.pk]),
        {"payee": "Beneficiary", "paid_on": "Date", "amount": "Amount"},
    )
    answer = client.get(reverse("import-rejects", args=[run.pk]))
    assert answer["Content-Type"] == "application/zip"
    assert answer["Content-Disposition"] == f'attachment; filename="rejected-{run.pk}.zip"'
    back = io.BytesIO(b"".join(answer.streaming_content))
    with zipfile.ZipFile(back) as archive:
        assert archive.namelist() == ["rejected-may.csv", "rejected-july.csv"]
    may, july = ((t.headings, next(t.rows)[1]) for t in read_tables(back))
    why = ["Row in the file", "Why it was rejected"]
    assert may[0] == ["Beneficiary", "Date", "Amount", *why]
    assert may[1][:4] == ["Invented Ltd", "2026-05-02", "five", "3"]
    assert july[0] == ["Amount", "Payee name", "Payment date", *why]
    assert july[1][:4] == ["1", "Other Ltd", "soon", "2"]


@pytest.mark.parametrize(
    ("data", "kind", "words"),
    [
        (b"", "contracts-table", "The submitted file is empty"),
        (b"%PDF-1.4", "contracts-table", "This is a PDF"),
        (TABLE, "contracts-finder", "not a Contracts Finder download"),
        (TABLE, "contracts-ocds", "not a JSON file"),
        (b"Ref,Title\n", "contracts-table", "headings but no rows"),
    ],
)
def test_a_refused_file_is_said_on_the_form(client, officer, data, kind, words):
    page = send(client, data, kind).text
    assert words in page
    assert not ImportRun.objects.exists()


def test_json_that_is_not_ocds_is_refused_with_a_way_on(client, officer):
    page = client.get(send(client, b'{"a": 1}', "contracts-ocds", "a.json").url).text
    assert "This JSON is not OCDS" in page
    assert "Choose another file" in page


def test_a_publisher_is_asked_for_where_the_kind_needs_one(client, officer):
    assert "Enter who published the file" in send(client, kind="spend").text


def test_a_required_column_must_be_chosen(client, officer):
    send(client)
    run = ImportRun.objects.get()
    page = client.post(reverse("import-columns", args=[run.pk]), {"title": "Title"}).text
    assert "Choose the column that holds the reference" in page


def test_a_large_file_goes_to_the_background_and_its_page_reloads_only_when_asked(
    client, officer, monkeypatch
):
    asked = []
    monkeypatch.setattr(pages, "INLINE_BYTES", 10)
    monkeypatch.setattr(pages.plan_import, "apply_async", lambda args, **_: asked.append(args))
    send(client)
    run = ImportRun.objects.get()
    answer = choose(client, run)
    assert asked == [(str(run.pk),)]
    page = client.get(answer.url).text
    assert "http-equiv" not in page
    asked_for = client.get(answer.url, {"follow": "yes"}).text
    assert '<meta http-equiv="refresh" content="10">' in asked_for
    assert "Stop reloading" in asked_for
    assert "You can close this page" in page
    pages.plan_import(str(run.pk))
    assert "Apply only the valid rows" in client.get(answer.url).text


def test_a_broker_that_cannot_be_reached_keeps_the_run(client, officer, monkeypatch):
    def refuse(*args, **options):
        raise OperationalError("refused")

    send(client, TABLE.replace(b"31/02/2025", b""))
    run = ImportRun.objects.get()
    monkeypatch.setattr(pages.plan_import, "apply_async", refuse)
    monkeypatch.setattr(pages.apply_import, "apply_async", refuse)
    choose(client, run)
    monkeypatch.setattr(pages, "INLINE_BYTES", 10)
    page = client.post(reverse("import-check", args=[run.pk]), follow=True).text
    assert "background worker cannot be reached" in page
    assert imports.resume_stalled(now=timezone.now()) == 1
    page = client.post(reverse("import-apply", args=[run.pk]), follow=True).text
    assert "background worker cannot be reached" in page
    run.refresh_from_db()
    assert run.state == ImportRun.State.PLANNED


def test_cancelling_asks_first(client, officer):
    send(client)
    run = ImportRun.objects.get()
    assert "thrown away" in client.get(reverse("import-cancel", args=[run.pk])).text
    client.post(reverse("import-cancel", args=[run.pk]))
    run.refresh_from_db()
    assert run.state == ImportRun.State.CANCELLED
    assert "Nothing was changed" in client.get(reverse("import-detail", args=[run.pk])).text


def test_an_empty_list_says_how_to_begin(client, officer):
    assert "Nothing is changed until you have seen" in client.get(reverse("import-list")).text


PAGES = {
    "import-list": "view",
    "import-new": "run",
    "import-detail": "view",
    "import-columns": "run",
    "import-cancel": "run",
    "import-rejects": "view",
    "import-check": "run",
    "import-apply": "run",
}
VIEWERS = {"administrator", "coordinator", "star_officer", "auditor"}
RUNNERS = VIEWERS - {"auditor"}


@pytest.mark.parametrize(
    "role",
    [
        "",
        *sorted(VIEWERS),
        "contract_manager",
        "steering_member",
        "steering_chair",
        "supplier",
        "hub",
    ],
)
def test_who_may_open_what(client, role):
    run = imports.upload_file(
        kind="contracts-table",
        file=io.BytesIO(TABLE),
        name="a.csv",
        by=None,
        now=datetime.datetime(2026, 5, 1, tzinfo=datetime.UTC),
    )
    if role in ("contract_manager", "supplier", "hub"):
        client.force_login(make_user(role, make_organisation()))
    elif role:
        client.force_login(make_user(role))
    for name, need in PAGES.items():
        url = reverse(name, args=[] if name in ("import-list", "import-new") else [run.pk])
        answer = client.post(url) if name in ("import-check", "import-apply") else client.get(url)
        if not role:
            assert answer.status_code == 302
            assert "/login/" in answer.url
        elif role in (RUNNERS if need == "run" else VIEWERS):
            assert answer.status_code in (200, 302), name
        else:
            assert answer.status_code == 403, name


def test_pages_make_the_same_few_queries_however_many_rows(
    client, officer, django_assert_max_num_queries
):
    rows = b"".join(f"R{n},Title {n},Invented Ltd,5,\n".encode() for n in range(300))
    send(client, TABLE + rows)
    run = ImportRun.objects.get()
    choose(client, run)
    for show in ("new", "rejected", "changed"):
        with django_assert_max_num_queries(12):
            client.get(reverse("import-detail", args=[run.pk]), {"show": show, "page": 2})
    with django_assert_max_num_queries(8):
        client.get(reverse("import-list"))

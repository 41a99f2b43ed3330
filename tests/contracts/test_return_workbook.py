"""The round trip of a return workbook: out, filled in, back, looked at, accepted in part or whole."""

from __future__ import annotations

import datetime
import io
import re
import zipfile
from decimal import Decimal

import pytest
import python_calamine
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from contracts.imports.return_comparison import read_return_workbook
from contracts.imports.return_workbook import HEADINGS, write_return_workbook
from contracts.models import Measure, ReturnLine, ReturnUpload
from contracts.return_cells import COLUMNS, CellRefused, as_text, from_text, read_cell
from contracts.selectors.returns import return_detail
from contracts.services.return_uploads import accept_upload, keep_upload
from contracts.services.returns import LineChange, remove_line, save_lines
from tests.factories import make_organisation, make_user
from tests.factories_delivery import (
    NOON,
    Q1,
    make_commitment,
    make_line,
    make_measure,
    make_return,
)
from trafford_sv.core.models import AuditEvent
from trafford_sv.core.workbooks import FileRefused

D = Decimal
TODAY = NOON.date()
COLUMN = {heading: place for place, heading in enumerate(HEADINGS)}
NAMES = {heading: name for name, heading in COLUMNS.items()}


class Book:
    """A downloaded workbook as its rows, to be filled in and saved again by another program."""

    def __init__(self, body: bytes) -> None:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(body))
        self.lines = book.get_sheet_by_name("Lines").to_python()
        self.about = book.get_sheet_by_name("About").to_python()
        self.names = ("Lines", "About")
        self.formulas: dict[tuple[int, int], tuple[str, object]] = {}

    def put(self, row: int, heading: str, value: object) -> None:
        self.lines[row][COLUMN[heading]] = value

    def add(self, **values: object) -> int:
        row: list[object] = [""] * len(HEADINGS)
        for name, value in values.items():
            row[COLUMN[name.replace("_", " ")]] = value
        self.lines.append(row)
        return len(self.lines) - 1

    def identity(self) -> list:
        return next(row for row in self.about if row[0] == "Identity code")

    def saved(self) -> io.BytesIO:
        out = io.BytesIO()
        book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False})
        day = book.add_format({"num_format": "d mmm yyyy"})
        for name, rows in zip(self.names, (self.lines, self.about), strict=True):
            sheet = book.add_worksheet(name)
            for number, row in enumerate(rows):
                for place, value in enumerate(row):
                    formula = self.formulas.get((number, place)) if rows is self.lines else None
                    if formula:
                        sheet.write_formula(number, place, formula[0], None, formula[1])
                    elif isinstance(value, datetime.date):
                        sheet.write_datetime(number, place, value, day)
                    elif value != "":
                        sheet.write(number, place, value)
        book.close()
        out.seek(0)
        return out


@pytest.fixture
def sessions(db):
    """A draft with two lines: hours times people, and units."""
    measure = make_measure(
        counting=Measure.Counting.HOURS_PEOPLE, unit="volunteer hours", code="VH1"
    )
    first = make_commitment(measure=measure)
    second = make_commitment(
        first.contract, supplier=first.supplier, measure=make_measure(unit="trees", code="TR1")
    )
    row = make_return(first.contract, first.supplier, state="draft")
    make_line(row, first, None)
    make_line(row, second, None)
    return row


@pytest.fixture
def user(sessions):
    return make_user("supplier", sessions.supplier)


def download(row, user) -> Book:
    out = io.BytesIO()
    write_return_workbook(out, return_detail(row.pk, user))
    return Book(out.getvalue())


def preview(book, row):
    return read_return_workbook(book.saved(), row, today=TODAY)


def said(found):
    return [
        (each["line"], each["field"], each["before"], each["after"], each["outcome"])
        for each in found.cells
    ]


def keep(row, found, by):
    return keep_upload(
        delivery_return=row,
        original_name="return.xlsx",
        file_sha256="0" * 64,
        cells=found.cells,
        notes=found.notes,
        by=by,
        now=NOON,
    )


def type_in(row, number, by, **values):
    line = row.lines.get(number=number)
    save_lines(
        delivery_return=row, lines={line.pk: LineChange(line.version, values)}, by=by, now=NOON
    )


# --- out ----------------------------------------------------------------------------------


def test_what_is_in_it(sessions, user):
    book = download(sessions, user)
    assert book.lines[0] == list(HEADINGS)
    first = dict(zip(HEADINGS, book.lines[1], strict=True))
    reference = sessions.contract.reference
    assert first["Line"] == 1 and first["Commitment"] == f"{reference}/1"
    assert (first["Measure code"], first["Counted in"]) == ("VH1", "volunteer hours")
    # 100 hours promised over the four quarters of the year: 25 due in each.
    assert (first["Promised"], first["Due this quarter"]) == (100, 25)
    assert first["Delivered to date"] == "" and first["Hours"] == ""
    assert first["Share, per cent"] == 100
    assert any("Q1" in str(row[1]) for row in book.about)
    assert preview(book, sessions).cells == []


def test_text_that_a_spreadsheet_would_run_goes_out_and_comes_back(sessions, user):
    type_in(sessions, 1, user, narrative="=1+1 is what we did", place="-M33")
    book = download(sessions, user)
    assert book.lines[1][COLUMN["What you did"]] == "'=1+1 is what we did"
    assert preview(book, sessions).cells == []


@given(st.decimals(min_value=0, max_value=D("999999999999"), places=4))
def test_a_quantity_survives_its_text(number):
    text = as_text("given_quantity", number)
    assert from_text("given_quantity", text) == number
    assert read_cell("given_quantity", text, "hours") == text


@given(st.dates(min_value=datetime.date(2000, 1, 1), max_value=datetime.date(2090, 1, 1)))
def test_a_day_survives_its_text(day):
    assert from_text("happened_on", as_text("happened_on", day)) == day
    assert read_cell("happened_on", day, "") == day.isoformat()


# --- what changes -------------------------------------------------------------------------


def test_each_cell_before_and_after(sessions, user):
    type_in(sessions, 2, user, given_quantity=D(5), place="M33")
    book = download(sessions, user)
    book.put(1, "Hours", 2)
    book.put(1, "People", "8 people")
    book.put(1, "Date", datetime.datetime(2026, 5, 1))
    book.put(2, "Quantity", "1,200.5")
    book.put(2, "Place", "")
    book.put(2, "Share, per cent", "33.33%")
    assert said(preview(book, sessions)) == [
        (1, "people_quantity", "", "8", "new"),
        (1, "hours_quantity", "", "2", "new"),
        (1, "happened_on", "", "2026-05-01", "new"),
        (2, "given_quantity", "5", "1200.5", "changed"),
        (2, "place", "M33", "", "emptied"),
        (2, "attribution_share", "100", "33.33", "changed"),
    ]


def test_nothing_and_zero_are_not_the_same(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 0)
    assert said(preview(book, sessions)) == [(2, "given_quantity", "", "0", "new")]


def test_renamed_sheets_other_columns_order_and_reordered_rows(sessions, user):
    book = download(sessions, user)
    book.put(1, "Hours", 2)
    book.put(1, "People", 8)
    book.put(2, "Quantity", 3)
    order = list(reversed(range(len(HEADINGS))))
    book.lines = [[row[place] for place in order] for row in (book.lines[0], *book.lines[:0:-1])]
    book.names = ("Blatt 1", "Sonstiges")
    assert sorted(said(preview(book, sessions))) == [
        (1, "hours_quantity", "", "2", "new"),
        (1, "people_quantity", "", "8", "new"),
        (2, "given_quantity", "", "3", "new"),
    ]


@pytest.mark.parametrize(
    ("row", "heading", "value", "words"),
    [
        (2, "Quantity", -3, "cannot be negative"),
        (2, "Quantity", "about ten", "is not a number"),
        (2, "Quantity", "12 hours", "counted in trees"),
        (2, "Quantity", "1.200,5", "more than one way"),
        (2, "Quantity", datetime.datetime(2026, 5, 1), "not a number"),
        (2, "Quantity", D("0.00001"), "at most 4 decimals"),
        (2, "Quantity", 10**13, "more than the system can hold"),
        (2, "Hours", 2, "Leave “Hours” empty"),
        (1, "People", 7.5, "whole"),
        (1, "Date", "12/31/2026", "no month 31"),
        (1, "Date", datetime.datetime(2027, 1, 1), "has not come yet"),
        (1, "Place", "M33 7ZZ", "full postcode"),
        (1, "Share, per cent", 120, "above 0% and up to 100%"),
        (1, "Share, per cent", "half", "not a number"),
        (1, "What you did", "x" * 5001, "5,000 fit here"),
    ],
)
def test_what_cannot_be_taken_says_why(sessions, user, row, heading, value, words):
    book = download(sessions, user)
    book.put(row, heading, value)
    found = preview(book, sessions).cells
    assert [each["outcome"] for each in found] == ["error"]
    assert words in found[0]["sentence"]


def test_a_wrong_unit_in_its_own_column(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 40)
    book.put(2, "Counted in", "kilometres")
    [cell] = preview(book, sessions).cells
    assert cell["outcome"] == "error" and "kilometres" in cell["sentence"]


def test_a_formula_is_taken_at_its_last_result_and_said(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 3)
    book.formulas[2, COLUMN["Quantity"]] = ("=1+2", 3)
    [cell] = preview(book, sessions).cells
    assert (cell["after"], cell["outcome"]) == ("3", "new")
    assert "holds a formula" in cell["sentence"]


def test_a_formula_without_a_result_is_refused(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 3)
    book.formulas[2, COLUMN["Quantity"]] = ("=1+2", "")
    body = book.saved().getvalue()
    source, out = zipfile.ZipFile(io.BytesIO(body)), io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename.endswith("sheet1.xml"):
                content = re.sub(
                    rb'<c r="I3"[^>]*><f>1\+2</f><v></v></c>', b'<c r="I3"><f>1+2</f></c>', content
                )
                assert b'<c r="I3"><f>' in content
            target.writestr(entry.filename, content)
    out.seek(0)
    with pytest.raises(FileRefused, match=r"formulas whose results were never saved \(cell I3\)"):
        read_return_workbook(out, sessions, today=TODAY)


# --- whose it is --------------------------------------------------------------------------


def test_the_workbook_of_another_quarter_agreement_or_supplier(sessions, user):
    later = make_return(sessions.contract, sessions.supplier, Q1.next, state="draft")
    make_line(later, sessions.lines.first().commitment, None)
    elsewhere = make_commitment(supplier=sessions.supplier)
    other = make_return(elsewhere.contract, sessions.supplier, state="draft")
    make_line(other, elsewhere, None)
    theirs = make_commitment(sessions.contract, supplier=make_organisation("Quagga Holdings"))
    unseen = make_return(sessions.contract, theirs.supplier, state="draft")
    make_line(unseen, theirs, None)
    book = download(later, user)
    with pytest.raises(
        FileRefused,
        match=re.escape(f"made for {sessions.contract.reference}, {later.period.label}"),
    ):
        preview(book, sessions)
    with pytest.raises(FileRefused, match=f"made for {elsewhere.contract.reference}"):
        preview(download(other, user), sessions)
    with pytest.raises(FileRefused, match="made for another organisation") as refused:
        preview(download(unseen, make_user("supplier", theirs.supplier)), sessions)
    assert "Quagga" not in str(refused.value)


@pytest.mark.parametrize(
    ("code", "words"), [("", "no identity code"), ("rubbish", "was altered"), (None, "was altered")]
)
def test_an_identity_that_is_gone_or_altered(sessions, user, code, words):
    book = download(sessions, user)
    cell = book.identity()
    cell[1] = cell[1][:-3] + "aaa" if code is None else code
    with pytest.raises(FileRefused, match=words):
        preview(book, sessions)


def test_another_kind_of_workbook(sessions, user):
    book = download(sessions, user)
    book.lines[0][COLUMN["Commitment"]] = "Something else"
    with pytest.raises(FileRefused, match="Download the workbook again"):
        preview(book, sessions)


# --- rows ---------------------------------------------------------------------------------


def test_rows_that_do_not_fit(sessions, user):
    book = download(sessions, user)
    book.put(1, "Commitment", f"{sessions.contract.reference}/2")
    book.put(1, "Hours", 2)
    book.lines.append(list(book.lines[2]))
    book.add(Line=99, Commitment=f"{sessions.contract.reference}/1", Hours=1)
    book.add(Commitment="T-ELSE/1", Hours=1)
    book.add(Hours=1)
    found = preview(book, sessions)
    assert found.cells == []
    assert [note.split(".")[0] for note in found.notes] == [
        f"Row 2: line 1 belongs to {sessions.contract.reference}/1, not to “{sessions.contract.reference}/2”",
        "Row 4: line 2 is there twice",
        "Row 5: this return has no line “99”",
        "Row 6: “T-ELSE/1” is not a commitment of yours that is agreed here",
        "Row 7 names neither a line nor a commitment",
    ]


def test_a_row_without_a_number_is_a_new_line(sessions, user):
    book = download(sessions, user)
    book.add(Commitment=f"{sessions.contract.reference}/1", Hours=3, People=4, Place="M16")
    upload = keep(sessions, preview(book, sessions), user)
    outcome = accept_upload(upload=upload, cells=None, by=user, now=NOON)
    assert outcome.accepted == 3 and outcome.problems == ()
    line = sessions.lines.get(number=3)
    assert (line.hours_quantity, line.people_quantity, line.place) == (3, 4, "M16")
    assert line.commitment.number == 1


def test_a_line_that_was_taken_off_meanwhile(sessions, user):
    commitment = sessions.lines.get(number=1).commitment
    extra = make_line(sessions, commitment, None)
    book = download(sessions, user)
    place = next(n for n, row in enumerate(book.lines) if row[0] == extra.number)
    book.put(place, "Hours", 2)
    remove_line(line=extra, expected_version=extra.version, by=user, now=NOON)
    found = preview(book, sessions)
    assert found.cells == [] and "taken off this return meanwhile" in found.notes[0]


# --- two people ---------------------------------------------------------------------------


def test_what_somebody_else_typed_meanwhile_is_a_conflict_and_stays(sessions, user):
    type_in(sessions, 2, user, given_quantity=D(5), place="M33")
    book = download(sessions, user)
    book.put(2, "Quantity", 7)
    book.put(2, "What you did", "Planted")
    type_in(sessions, 2, user, given_quantity=D(6), place="M16")
    found = preview(book, sessions)
    # The place was left alone in the workbook, so the newer one stands without a question.
    assert said(found) == [
        (2, "given_quantity", "6", "7", "conflict"),
        (2, "narrative", "", "Planted", "new"),
    ]
    assert found.cells[0]["base"] == "5"
    upload = keep(sessions, found, user)
    assert accept_upload(upload=upload, cells=None, by=user, now=NOON).accepted == 1
    line = sessions.lines.get(number=2)
    assert (line.given_quantity, line.place, line.narrative) == (6, "M16", "Planted")
    upload.refresh_from_db()
    assert upload.state == "part"
    assert accept_upload(upload=upload, cells=["I3"], by=user, now=NOON).accepted == 1
    assert sessions.lines.get(number=2).given_quantity == 7
    upload.refresh_from_db()
    assert upload.state == "accepted"


def test_both_typed_the_same(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 7)
    type_in(sessions, 2, user, given_quantity=D(7))
    assert preview(book, sessions).cells == []


def test_a_change_between_looking_and_accepting_is_not_overwritten(sessions, user):
    book = download(sessions, user)
    book.put(1, "What you did", "A fair")
    book.put(2, "Quantity", 7)
    upload = keep(sessions, preview(book, sessions), user)
    type_in(sessions, 2, user, given_quantity=D(9))
    outcome = accept_upload(upload=upload, cells=None, by=user, now=NOON)
    assert outcome.accepted == 0 and "Somebody changed 1 of these cells" in outcome.problems[0]
    assert sessions.lines.get(number=2).given_quantity == 9
    assert sessions.lines.get(number=1).narrative == ""
    upload.refresh_from_db()
    assert [(each["field"], each["outcome"], each["before"]) for each in upload.cells] == [
        ("narrative", "new", ""),
        ("given_quantity", "conflict", "9"),
    ]


def test_a_part_that_cannot_stand_alone_is_refused_and_nothing_is_lost(sessions, user):
    book = download(sessions, user)
    book.put(1, "Hours", 2)
    book.put(1, "People", 8)
    book.put(2, "Quantity", 4)
    upload = keep(sessions, preview(book, sessions), user)
    row = ReturnLine.objects.get(delivery_return=sessions, number=2)
    ReturnLine.objects.filter(pk=row.pk).update(state="accepted")
    outcome = accept_upload(upload=upload, cells=None, by=user, now=NOON)
    assert outcome.accepted == 0 and "Line 2" in outcome.problems[0]
    assert sessions.lines.get(number=1).hours_quantity is None
    upload.refresh_from_db()
    assert upload.state == "checked" and len(upload.cells) == 3


def test_a_locked_line_cannot_be_changed(sessions, user):
    type(sessions).objects.update(state="sent_back")
    sessions.refresh_from_db()
    ReturnLine.objects.filter(number=2).update(state="accepted")
    book = download(sessions, user)
    book.put(2, "Quantity", 4)
    [cell] = preview(book, sessions).cells
    assert cell["outcome"] == "error" and "locked" in cell["sentence"]


# --- many ---------------------------------------------------------------------------------


@pytest.mark.parametrize("changed", [1, 40])
def test_as_many_queries_for_one_line_as_for_forty(sessions, user, changed):
    commitment = sessions.lines.get(number=1).commitment
    for _ in range(40):
        make_line(sessions, commitment, None)
    book = download(sessions, user)
    for place in range(1, changed + 1):
        book.put(place, "What you did", "A fair")
        ReturnLine.objects.filter(number=book.lines[place][0]).update(version=2)
    saved = book.saved()
    with CaptureQueriesContext(connection) as seen:
        found = read_return_workbook(saved, sessions, today=TODAY)
    assert len(found.cells) == changed
    assert len(seen) == 4


# --- the pages ----------------------------------------------------------------------------


def client_of(user):
    client = Client()
    client.force_login(user)
    return client


def upload(client, row, body, name="return.xlsx", **options):
    return client.post(
        reverse("supplier-return-workbook", args=[row.pk]),
        {"file": SimpleUploadedFile(name, body)},
        **options,
    )


def test_the_whole_round_trip_by_the_pages(sessions, user):
    client = client_of(user)
    response = client.get(reverse("supplier-return-workbook-file", args=[sessions.pk]))
    assert response["Content-Disposition"].startswith("attachment;")
    book = Book(response.content)
    book.put(1, "Hours", 2)
    book.put(1, "People", 8)
    book.put(2, "Quantity", "minus four")
    page = upload(client, sessions, book.saved().getvalue(), follow=True)
    text = page.content.decode()
    assert "2 cells would change and 1 cannot be taken." in text
    assert "“minus four” is not a number" in text
    assert ReturnLine.objects.filter(hours_quantity__isnull=False).count() == 0
    kept = ReturnUpload.objects.get()
    here = reverse("supplier-return-upload", args=[sessions.pk, kept.pk])
    page = client.post(here, {"action": "ticked", "cell": []})
    assert "Tick at least one change" in page.content.decode()
    client.post(here, {"action": "all"})
    line = sessions.lines.get(number=1)
    assert (line.hours_quantity, line.people_quantity) == (2, 8)
    assert AuditEvent.objects.filter(verb="return workbook accepted").count() == 1
    again = client.post(here, {"action": "all"})
    assert "already" in again.content.decode()


def test_a_refused_workbook_is_said_and_listed(sessions, user):
    client = client_of(user)
    page = upload(client, sessions, b"\xd0\xcf\x11\xe0" + b"\0" * 600)
    assert "without a password" in page.content.decode()
    assert ReturnUpload.objects.get().state == "refused"
    page = upload(client, sessions, b"", "empty.xlsx")
    assert "empty" in page.content.decode()


def test_nobody_reaches_anothers_workbook(sessions, user):
    stranger = client_of(make_user("supplier", make_organisation()))
    kept = keep(sessions, preview(download(sessions, user), sessions), user)
    for name, args in (
        ("supplier-return-workbook", [sessions.pk]),
        ("supplier-return-workbook-file", [sessions.pk]),
        ("supplier-return-upload", [sessions.pk, kept.pk]),
    ):
        assert stranger.get(reverse(name, args=args)).status_code == 404
    own = make_commitment()
    mine = make_return(own.contract, own.supplier, state="draft")
    theirs = client_of(make_user("supplier", own.supplier))
    # An upload of somebody else under one's own return.
    assert theirs.get(reverse("supplier-return-upload", args=[mine.pk, kept.pk])).status_code == 404


def test_a_submitted_return_takes_no_workbook(sessions, user):
    book = download(sessions, user)
    book.put(2, "Quantity", 4)
    type(sessions).objects.update(state="submitted")
    page = upload(client_of(user), sessions, book.saved().getvalue())
    assert "with the council" in page.content.decode()
    assert not ReturnUpload.objects.exists()


def test_cells_that_mean_nothing_are_refused():
    with pytest.raises(CellRefused):
        read_cell("given_quantity", True, "hours")
    with pytest.raises(CellRefused):
        read_cell("given_quantity", "#DIV/0!", "hours")

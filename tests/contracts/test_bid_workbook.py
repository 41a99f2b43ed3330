"""A bid filled in offline: down, up, each cell seen first, and nobody else's workbook."""

from __future__ import annotations

import datetime
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
import time_machine
import xlsxwriter
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from contracts.imports.bid_workbook import (
    Change,
    accepted,
    read_bid_workbook,
    sealed_changes,
)
from contracts.imports.bid_workbook_writing import (
    HEADINGS,
    IDENTITY,
    WHOLE,
    identity_of,
    write_bid_workbook,
)
from contracts.models import Bid, Tender
from contracts.selectors.bids import requested_rows
from tests.factories import make_organisation, make_user
from tests.factories_delivery import NOON, make_bid, make_edition, make_measure, make_tender
from trafford_sv.core.workbooks import FileRefused, read_tables

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def clock() -> Any:
    with time_machine.travel(NOON, tick=False):
        yield


def tender_of(number: int = 2) -> Tender:
    edition = make_edition()
    return make_tender(
        measures=[make_measure(edition, code=f"INV{each}") for each in range(1, number + 1)]
    )


def downloaded(bid: Bid) -> dict[str, list[list[Any]]]:
    """The sheets as a spreadsheet shows them, headings first."""
    file = io.BytesIO()
    write_bid_workbook(file, bid)
    return {
        table.sheet: [list(table.headings), *[cells for _, cells in table.rows]]
        for table in read_tables(file)
    }


def written(
    bid: Bid,
    rows: list[list[Any]],
    *,
    identity: str | None = None,
    headings: tuple[str, ...] = HEADINGS,
    names: tuple[str, str] = ("Offers", "About"),
    whole: str | None = None,
    cell: Callable[[Any, int, int, Any], None] | None = None,
) -> io.BytesIO:
    """A workbook as a bidder may send it back."""
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = book.add_worksheet(names[0])
    for number, row in enumerate([list(headings), *rows]):
        for column, value in enumerate(row):
            if value is not None:
                sheet.write(number, column, value)
    if cell:
        cell(sheet, 1, 4, book)
    if whole is not None:
        statement = book.add_worksheet("Any name")
        statement.write_string(0, 0, WHOLE)
        statement.write_string(1, 0, whole)
    about = book.add_worksheet(names[1])
    about.write_row(0, 0, ["About this workbook", "What it says"])
    if identity is None:
        identity = identity_of(bid, list(requested_rows(bid.tender)))
    if identity:
        about.write_row(1, 0, [IDENTITY, identity])
    book.close()
    file.seek(0)
    return file


def row(code: str, quantity: Any = None, statement: Any = "", partner: Any = "") -> list[Any]:
    return [code, "", "", "", quantity, statement, partner]


def test_what_is_downloaded_is_filled_in_as_far_as_the_bid_is() -> None:
    bid = make_bid(tender_of(), quantity="12.5", state="draft")
    bid.offers.update(method_statement="=Our way")
    sheets = downloaded(bid)
    offers = sheets["Offers"]
    assert offers[0] == list(HEADINGS)
    assert offers[1][0] == "INV1"
    assert (offers[1][3], offers[1][4]) == (10, Decimal("12.5"))
    assert offers[1][5] == "'=Our way"  # no spreadsheet runs it
    assert any(line[0] == IDENTITY for line in sheets["About"])


def test_values_that_may_not_be_published_are_in_no_workbook() -> None:
    edition = make_edition(values_may_be_published=False)
    bid = make_bid(make_tender(measures=[make_measure(edition, value="13")]), state="draft")
    assert downloaded(bid)["Offers"][1][3] == "Withheld"


def test_uploading_what_was_downloaded_changes_nothing() -> None:
    bid = make_bid(tender_of(), quantity="12.5", state="draft")
    bid.offers.update(method_statement="=Our way", partner_name="Invented Hub")
    bid.method_statement = "Line one\nLine two"
    bid.save()
    file = io.BytesIO()
    write_bid_workbook(file, bid)
    preview = read_bid_workbook(file, bid)
    assert preview.cells == () and preview.unchanged == 7


def test_each_cell_is_new_changed_or_wrong() -> None:
    """INV1 stood at 12.5 and becomes 20; INV2's words are new; its quantity is no number."""
    bid = make_bid(tender_of(), quantity="12.5", state="draft")
    bid.offers.filter(requested__measure__code="INV2").delete()
    preview = read_bid_workbook(
        written(bid, [row("INV1", 20), row("inv2", "a few", "With the school")], whole="All of it"),
        bid,
    )
    found = {(cell.code, cell.field): cell for cell in preview.cells}
    assert found["INV1", "quantity"].state == Change.CHANGED
    assert (found["INV1", "quantity"].stored, found["INV1", "quantity"].given) == ("12.5", "20")
    assert found["INV2", "statement"].state == Change.NEW
    assert found["INV2", "quantity"].state == Change.ERROR
    assert "not a number" in found["INV2", "quantity"].note
    assert found["", "whole"].given == "All of it"
    assert bid.offers.get().offered_quantity == Decimal("12.5")  # nothing is kept yet


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (-5, "negative"),
        ("40 days", "counted in hours"),
        (True, "not a quantity"),
        (1.23456, "four decimals"),
        (1e13, "more than this system can hold"),
    ],
)
def test_a_wrong_quantity_is_said_at_its_cell(given: Any, words: str) -> None:
    bid = make_bid(tender_of(1), quantity=None, state="draft")
    (cell,) = read_bid_workbook(written(bid, [row("INV1", given)]), bid).cells
    assert cell.state == Change.ERROR and words in cell.note


def test_nought_and_empty_stay_apart() -> None:
    bid = make_bid(tender_of(), quantity="3", state="draft")
    preview = read_bid_workbook(written(bid, [row("INV1", 0), row("INV2", None)]), bid)
    chosen = accepted(bid, sealed_changes(bid, preview), [cell.name for cell in preview.cells])
    assert [answer.quantity for answer in chosen.answers.values()] == [Decimal(0), None]


def test_renamed_sheets_and_rows_and_columns_in_another_order_are_understood() -> None:
    bid = make_bid(tender_of(3), quantity=None, state="draft")
    order = (HEADINGS[4], HEADINGS[0])
    file = written(
        bid, [[3, "INV3"], [1, "INV1"]], headings=order, names=("Our numbers", "Blatt 2")
    )
    preview = read_bid_workbook(file, bid)
    assert {(cell.code, cell.given) for cell in preview.cells} == {("INV3", "3"), ("INV1", "1")}


def test_rows_that_are_not_asked_for_or_there_twice_are_said_and_left_out() -> None:
    bid = make_bid(tender_of(1), quantity=None, state="draft")
    rows = [row("INV1", 5), row("INV1", 9), row("XX9", 1), row("", 4)]
    preview = read_bid_workbook(written(bid, rows), bid)
    assert [cell.given for cell in preview.cells] == ["5"]
    said = " ".join(preview.notes)
    assert "INV1 is there twice" in said and "“XX9” is not a measure" in said
    assert "no measure code" in said


def test_a_formula_is_taken_as_worked_out_and_pointed_at() -> None:
    bid = make_bid(tender_of(1), quantity=None, state="draft")

    def formula(sheet: Any, line: int, column: int, book: Any) -> None:
        sheet.write_formula(line, column, "=6*7", None, 42)

    (cell,) = read_bid_workbook(written(bid, [row("INV1")], cell=formula), bid).cells
    assert cell.given == "42" and "E2 holds a formula" in cell.note


@pytest.mark.parametrize("whose", ["another bidder's", "another tender's"])
def test_another_workbook_is_refused_without_a_word_of_whose_it_is(whose: str) -> None:
    tender = tender_of(1)
    bid = make_bid(tender, state="draft")
    place = tender if whose == "another bidder's" else tender_of(1)
    other = make_bid(place, make_organisation("Quagga Holdings"), state="draft")
    file = io.BytesIO()
    write_bid_workbook(file, other)
    with pytest.raises(FileRefused) as refused:
        read_bid_workbook(file, bid)
    assert "another tender or another organisation" in str(refused.value)
    assert "Quagga" not in str(refused.value)


def test_an_altered_or_missing_identity_is_refused() -> None:
    bid = make_bid(tender_of(1), state="draft")
    good = identity_of(bid, list(requested_rows(bid.tender)))
    with pytest.raises(FileRefused) as refused:
        read_bid_workbook(written(bid, [row("INV1", 5)], identity=f"x{good}"), bid)
    assert "was altered" in str(refused.value)
    with pytest.raises(FileRefused) as refused:
        read_bid_workbook(written(bid, [row("INV1", 5)], identity=""), bid)
    assert "no identity code" in str(refused.value)


@pytest.mark.parametrize("content", [b"", b"a,b\n1,2\n", b"PK\x03\x04 no more", b"\x00" * 40])
def test_a_file_that_is_no_workbook_is_refused_in_words(content: bytes) -> None:
    with pytest.raises(FileRefused):
        read_bid_workbook(io.BytesIO(content), make_bid(tender_of(1), state="draft"))


def test_what_a_colleague_changed_meanwhile_is_a_conflict_and_what_one_left_alone_is_not() -> None:
    """Downloaded at 3 and 3. A colleague makes both 5 on the page; the file says 7 and 3."""
    bid = make_bid(tender_of(), quantity="3", state="draft")
    identity = identity_of(bid, list(requested_rows(bid.tender)))
    bid.offers.update(offered_quantity=5)
    bid = Bid.objects.get(pk=bid.pk)
    file = written(bid, [row("INV1", 7), row("INV2", 3)], identity=identity)
    (cell,) = read_bid_workbook(file, bid).cells
    assert (cell.code, cell.state, cell.stored, cell.given) == ("INV1", Change.CONFLICT, "5", "7")


def test_a_preview_travels_signed_and_only_for_its_own_bid() -> None:
    bid, other = make_bid(tender_of(1), state="draft"), make_bid(tender_of(1), state="draft")
    preview = read_bid_workbook(written(bid, [row("INV1", 5)]), bid)
    sealed = sealed_changes(bid, preview)
    for each, text in ((other, sealed), (bid, f"{sealed}x")):
        with pytest.raises(FileRefused):
            accepted(each, text, ["any"])


# --- by its pages


def upload(client: Client, bid: Bid, file: io.BytesIO) -> Any:
    name = "bid.xlsx"
    return client.post(
        reverse("supplier-bid-upload", args=[bid.pk]),
        {"file": SimpleUploadedFile(name, file.getvalue())},
    )


def test_part_of_a_workbook_is_accepted(client: Client) -> None:
    bid = make_bid(tender_of(), quantity=None, state="invited")
    client.force_login(make_user("supplier", bid.organisation))
    answer = client.get(reverse("supplier-bid-workbook", args=[bid.pk]))
    assert 'filename="bid-' in answer["Content-Disposition"]
    page = upload(client, bid, written(bid, [row("INV1", 20, "Ours"), row("INV2", 30)]))
    assert page.status_code == 200 and not bid.offers.exclude(offered_quantity=None).exists()
    first, second = requested_rows(bid.tender)
    address = reverse("supplier-bid-upload", args=[bid.pk])
    values = {"changes": page.context["changes"], "cell": [f"{first.pk}:quantity"]}
    assert client.post(address, values).status_code == 302
    kept = {offer.requested_id: offer for offer in bid.offers.all()}
    assert (kept[first.pk].offered_quantity, kept[first.pk].offered_pounds) == (20, 200)
    assert kept[first.pk].method_statement == "" and kept[second.pk].offered_quantity is None
    again = client.post(address, {**values, "cell": [f"{second.pk}:quantity"]})
    assert again.status_code == 409 and "Upload it again" in again.text


def test_another_bidders_workbook_is_refused_on_the_page(client: Client) -> None:
    tender = tender_of(1)
    mine, other = make_bid(tender, state="draft"), make_bid(tender, state="draft")
    client.force_login(make_user("supplier", mine.organisation))
    file = io.BytesIO()
    write_bid_workbook(file, other)
    page = upload(client, mine, file)
    assert "another tender or another organisation" in page.text
    assert "50" not in str(page.context.get("preview", ""))


def test_a_late_workbook_is_refused_and_nothing_is_kept(client: Client) -> None:
    bid = make_bid(tender_of(1), quantity="3", state="draft")
    client.force_login(make_user("supplier", bid.organisation))
    page = upload(client, bid, written(bid, [row("INV1", 20)]))
    values = {
        "changes": page.context["changes"],
        "cell": [cell.name for cell in page.context["preview"].cells],
    }
    Tender.objects.update(closes_at=NOON - datetime.timedelta(minutes=1))
    answer = client.post(reverse("supplier-bid-upload", args=[bid.pk]), values)
    assert "Bids closed on" in answer.text
    assert bid.offers.get().offered_quantity == 3

"""A bid filled in offline: the workbook to download, with a signed identity. See `bid_workbook`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import IO

from django.core import signing
from django.utils import timezone

from trafford_sv.core.exports import neutralised

from ..licensing import may_show_value
from ..models import Bid, Offer, RequestedMeasure
from ..selectors.bids import plain, requested_rows

SALT = "contracts.bid-workbook"
CODE, QUANTITY = "Measure code", "Quantity offered"
STATEMENT, PARTNER = "How you will do it", "Community partner"
HEADINGS = (CODE, "Measure", "Counted in", "Value per unit in pounds", QUANTITY, STATEMENT, PARTNER)
IDENTITY, WHOLE = "Identity code", "Statement for the whole bid"
ABOUT = ("About this workbook", "What it says")
FIELDS = ("quantity", "statement", "partner")
FIELD_WORDS = {"quantity": QUANTITY, "statement": STATEMENT, "partner": PARTNER, "whole": WHOLE}


def normal(text: str) -> str:
    return text.replace("\r\n", "\n").strip()


def cell_digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def cell_texts(bid: Bid, asked: Iterable[RequestedMeasure]) -> dict[str, str]:
    """Every cell as text, by "key:field"; the statement for the whole bid is "0:whole"."""
    offers = {offer.requested_id: offer for offer in bid.offers.all()}
    found = {"0:whole": bid.method_statement}
    for row in asked:
        offer = offers.get(row.pk) or Offer()
        quantity = offer.offered_quantity
        found[f"{row.pk}:quantity"] = "" if quantity is None else plain(quantity)
        found[f"{row.pk}:statement"] = offer.method_statement
        found[f"{row.pk}:partner"] = offer.partner_name
    return found


def identity_of(bid: Bid, asked: Sequence[RequestedMeasure]) -> str:
    """Signed: this bid, and a digest of each cell as it was on downloading."""
    base = {
        name: cell_digest(normal(text)) for name, text in cell_texts(bid, asked).items() if text
    }
    return signing.dumps({"bid": bid.pk, "base": base}, salt=SALT, compress=True)


def write_bid_workbook(file: IO[bytes], bid: Bid) -> None:
    """The bidder's own answers so far, ready to be filled in."""
    import xlsxwriter  # heavy, and only wanted here

    tender = bid.tender
    asked = list(requested_rows(tender))
    shows_values = may_show_value(
        tender.edition.values_may_be_published, may_see_licensed=False, outward=True
    )
    book = xlsxwriter.Workbook(
        file, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    bold = book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    box = book.add_format({"text_wrap": True, "valign": "top", "bg_color": "#E6F3F5", "border": 1})
    sheet = book.add_worksheet("Offers")
    for number, (heading, width) in enumerate(
        zip(HEADINGS, (14, 44, 16, 14, 14, 60, 30), strict=True)
    ):
        sheet.set_column(number, number, width)
        sheet.write_string(0, number, heading, bold)
    sheet.freeze_panes(1, 1)
    texts = cell_texts(bid, asked)
    offers = {offer.requested_id: offer for offer in bid.offers.all()}
    for line, row in enumerate(asked, start=1):
        measure = row.measure
        for column, text in enumerate((measure.code, measure.title, measure.unit)):
            sheet.write_string(line, column, neutralised(text), wrap)
        if row.value is None:
            sheet.write_string(line, 3, "Counted, not priced", wrap)
        elif shows_values:
            sheet.write_number(line, 3, row.value.value_pounds, wrap)
        else:
            sheet.write_string(line, 3, "Withheld", wrap)
        offer = offers.get(row.pk)
        quantity = offer.offered_quantity if offer else None
        if quantity is None:
            sheet.write_blank(line, 4, None, box)
        else:
            sheet.write_number(line, 4, quantity, box)
        for column, field in ((5, "statement"), (6, "partner")):
            sheet.write_string(line, column, neutralised(texts[f"{row.pk}:{field}"]), box)
    whole = book.add_worksheet("Statement")
    whole.set_column(0, 0, 120)
    whole.write_string(0, 0, WHOLE, bold)
    whole.write_string(1, 0, neutralised(bid.method_statement), box)
    about = book.add_worksheet("About")
    about.set_column(0, 0, 28)
    about.set_column(1, 1, 100)
    for column, text in enumerate(ABOUT):
        about.write_string(0, column, text, bold)
    for line, (label, text) in enumerate(_about(bid, asked), start=1):
        about.write_string(line, 0, label, wrap)
        about.write_string(line, 1, neutralised(text), wrap)
    book.close()


def _about(bid: Bid, asked: Sequence[RequestedMeasure]) -> list[tuple[str, str]]:
    tender = bid.tender
    closes = timezone.localtime(tender.closes_at) if tender.closes_at else None
    edition = tender.edition
    return [
        ("Tender", f"{tender.contract.reference} {tender.contract.title}"),
        ("Bidder", bid.organisation.name),
        ("Bids close", f"{closes.day} {closes:%B %Y} at {closes:%H:%M}" if closes else "Not set"),
        (
            "How to fill it in",
            "Write in the shaded cells only. Leave a quantity empty to make no offer; 0 says that "
            "you offer none. Then upload it: you see every change before anything is kept.",
        ),
        ("Measures", edition.attribution or f"{edition.name}, {edition.publisher}"),
        (IDENTITY, identity_of(bid, asked)),
        ("Leave the identity code", "It says whose workbook this is. Without it, it is refused."),
    ]

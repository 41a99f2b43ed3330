"""How the figures were made, whose data they rest on, and what the words mean."""

from __future__ import annotations

import datetime

from contracts.models import MeasureEdition
from trafford_sv.core.periods import FinancialYear

from ...datasets import Bullets, Formula, Pairs, Table, Unit, Words
from ...datasets.parts import RowSet
from ..report_book import Book, day, name, shown, words

CREDITS = (
    "Contains public sector information licensed under the Open Government Licence v3.0.",
    "Contains National Statistics and OS data © Crown copyright and database right 2014, 2022, 2023 and 2025.",
    "Contains Royal Mail data © Royal Mail copyright and database right 2014 and 2025.",
    "Unit costs: © GMCA / New Economy, Unit Cost Database v1.4, CC BY 4.0, figures selected and some parts left out.",
    "Common Procurement Vocabulary 2008: © European Union, reused under Commission Decision 2011/833/EU.",
)
GLOSSARY = (
    ("Adopter", "An organisation that has adopted the Charter, on a date and by a named role."),
    (
        "Agreement",
        "A contract, a grant, a planning obligation or a pledge that carries commitments.",
    ),
    ("Charter", "What Trafford and its partners want social value to do, in a few principles."),
    ("Committed", "In the agreement: a quantity and a date that both sides accepted."),
    ("Contestable spend", "Payments for which another payee could have been chosen."),
    (
        "Edition",
        "One publication of this report. It never changes; a correction is a new edition that says what changed.",
    ),
    ("Evidence", "A file, a register or a confirmation that shows that something happened."),
    ("Hub", "A community organisation that speaks for the needs of some wards."),
    (
        "Local economic value",
        "Pounds that stay in the local economy, such as a local wage or local spend. Never added to social value.",
    ),
    (
        "Maturity Index",
        "Five stages, from Minimum to Innovator, by which an organisation judges how far social value is part of all it does.",
    ),
    (
        "Measure",
        "One thing that can be promised and counted, with a unit and, mostly, a value of one unit.",
    ),
    ("Need", "What a community asks for, in some wards, until it is met."),
    (
        "Not available",
        "Nothing is recorded, or there is nothing to divide by. It is never nothing.",
    ),
    ("Offered", "Promised in a winning bid."),
    (
        "Pledge",
        "A promise of an organisation’s own will. One made under the Charter is counted apart and never in pounds. One that "
        "is recorded as an agreement carries commitments, is in the totals, and is said apart.",
    ),
    ("Reported", "What the supplier says it has done, not checked yet."),
    (
        "Retained spend",
        "Contestable payments to payees in Trafford or the rest of Greater Manchester.",
    ),
    ("Return", "What a supplier sends for an agreement each quarter."),
    (
        "Social value",
        "What a council gets for its communities beyond what it bought, in pounds by agreed values.",
    ),
    (
        "STAR",
        "The procurement service that Trafford shares with other councils of Greater Manchester.",
    ),
    (
        "Threshold",
        "The contract value above which social value is required, as it stood on the day of the award.",
    ),
    (
        "Value of one unit",
        "The pounds that one unit of a measure stands for, fixed for a commitment on the day it was agreed.",
    ),
    ("Verified", "What an officer accepted on evidence."),
)


def add_method(book: Book, year: FinancialYear, as_of: datetime.date) -> None:
    editions = list(
        MeasureEdition.objects.filter(measures__commitments__isnull=False)
        .distinct()
        .order_by("name")
    )
    held_back = [one.name for one in editions if not one.values_may_be_published]
    book.section(
        "method",
        "How these figures were made",
        Words(
            f"The report covers 1 April {year.start_year} to 31 March {year.start_year + 1}. It was put together on {day(as_of)} from what "
            "was recorded then, and has not changed since.",
            "lead",
        ),
        Bullets(
            (
                "The value of a commitment or a delivery is its quantity times the value of one unit that was fixed when the commitment was agreed.",
                "Each line is rounded to the penny, half up, and then added. What is printed is rounded for reading; the exact amount is in the data.",
                "A return that came after its quarter was closed counts in the next open quarter.",
                "Committed counts agreements that were in force in the year. A promise that was varied counts with what was verified under it.",
                "Verified is never more than what whoever was helped has confirmed, where somebody was asked.",
                "Contract value stands on the award, excluding VAT, once for all suppliers. A framework has none of its own.",
                "A share is of what is known, and stands beside the share that is not known. Where there is nothing to divide by it is not available.",
                "A count of fewer than five people is left out.",
            )
        ),
    )
    blocks = [
        Words(
            "Each figure of this report has a name, a formula and the rows behind it. They can be opened on the site, through the "
            "programming interface, and in the data file beside this report, with which anybody can work the figures out again."
        )
    ]
    if held_back:
        blocks.append(
            Words(
                "The licences of some sets of measures keep the value of one unit back. Their lines stand together in the data, "
                "without a name, and have no pounds where one value could be told from them. Totals are then without them.",
                "note",
            )
        )
    book.section("rows-behind", "What the figures rest on", *blocks, _rows_table(book), level=3)
    _sources(book, editions)


def _rows_table(book: Book) -> Table:
    lines = []
    for rows in list(book.rows.values()):
        if rows.id == "row-sets" or not rows.words:
            continue
        lines.append(
            (
                rows,
                book.add(
                    f"rows-{rows.id}",
                    f"Rows of “{rows.title}”",
                    Unit.COUNT,
                    "record",
                    Formula("count", rows=rows.id),
                ),
            )
        )
    return Table(
        "rows-table",
        "Kinds of rows behind the figures, and how many there are",
        ("Rows", "What one row is", "How many"),
        tuple((name(rows.title), words(_plain(rows)), shown(made)) for rows, made in lines),
        (2,),
    )


def _plain(rows: RowSet) -> str:
    return rows.words


def _sources(book: Book, editions: list[MeasureEdition]) -> None:
    lines = [
        (
            name("Agreements, promises, returns and evidence"),
            name("Recorded here by the council, STAR Procurement and suppliers"),
        ),
        (name("Payments"), name("The council’s published spending files")),
        (
            name("Needs"),
            name("Community hubs and residents, through consultation rounds and hubs’ own pages"),
        ),
        (
            name("Ward boundaries"),
            name(
                "Office for National Statistics and Ordnance Survey, Open Government Licence v3.0"
            ),
        ),
        (
            name("Deprivation of wards"),
            name(
                "English Indices of Deprivation, Ministry of Housing, Communities and Local Government"
            ),
        ),
    ]
    for one in editions:
        lines.append((name(f"Values: {one.name}"), name(f"{one.publisher}, {one.licence}")))
        if one.attribution:
            book.sources[one.attribution] = None
    for credit in CREDITS:
        if not any(credit in said for said in book.sources):
            book.sources[credit] = None
    book.section(
        "sources",
        "Sources",
        Table("sources-table", "Where the data comes from", ("Data", "From"), tuple(lines)),
        level=3,
    )


def add_glossary(book: Book) -> None:
    book.section(
        "glossary",
        "Words used in this report",
        Pairs(
            "glossary-pairs",
            "Glossary",
            tuple((term, words(meaning)) for term, meaning in GLOSSARY),
            ("Word", "Meaning"),
        ),
    )

"""The committee paper: an officer's words in the Council's layout, with figures of the quarter."""

from __future__ import annotations

import datetime
from collections.abc import Mapping

from django.utils import timezone

from trafford_sv.core.periods import FinancialYear, Quarter

from ..committee_paper import (
    IMPLICATIONS,
    PaperWords,
    VariableMissing,
    WordsMissing,
    paper_of,
)
from ..datasets import Block, Bullets, Cell, Dataset, FigureCards, Pairs, Table, Words
from ..editions import NotReady, Period
from ..models import CommitteePaper
from . import report_rows as rows
from .annual.breakdowns import KINDS
from .annual.charter import add_adopters
from .annual.contracts import add_contract_figures
from .annual.needs import add_needs
from .annual.plan import add_action_figures
from .annual.spend import add_places
from .annual.value import NEVER_ADDED
from .report_book import Book, day, name, shown, where, words

KIND = "committee-paper"
CONFIRMS = (
    "To confirm that the Financial and Legal Implications have been considered and the Executive Member has cleared "
    "the report."
)


def paper_for(quarter: Quarter) -> CommitteePaper | None:
    """The draft of a quarter. One query."""
    return CommitteePaper.objects.filter(
        financial_year=quarter.start_year, quarter=quarter.number
    ).first()


def words_of(paper: CommitteePaper) -> dict[str, str]:
    """Each part by its key, as `reporting.committee_paper` knows them; an empty part is ""."""
    parts = (
        "report_to", "report_for", "author", "title", "summary", "recommendations", "contact",
        "appendices", "background_papers", "body", "other_options", "consultation", "reasons",
        "key_decision", "notice_given", "finance_clearance", "legal_clearance",
        *(f"implication_{key}" for key, _ in IMPLICATIONS),
    )  # fmt: skip
    held = {part: str(getattr(paper, part)) for part in parts}
    return {**held, "meeting_on": day(paper.meeting_on, "")}


def quarter_figures(quarter: Quarter, as_of: datetime.datetime) -> Book:
    """The rows and figures that a paper about the quarter may name."""
    year = FinancialYear(quarter.start_year)
    today = timezone.localtime(as_of).date()
    book = Book()
    book.period, book.period_code = quarter.label, quarter.code
    rows.add_commitments(book, quarter)
    rows.add_deliveries(book, quarter)
    rows.add_offers(book, quarter)
    rows.add_returns(book, quarter)
    rows.add_contracts(book, quarter)
    rows.add_spend(book, (year,))
    _value(book, quarter, year)
    add_contract_figures(book, year)
    add_places(book, "", "", where(quarter=quarter.code))
    add_needs(book, today)
    add_adopters(book, quarter)
    add_action_figures(book, quarter, today)
    return book


def _value(book: Book, quarter: Quarter, year: FinancialYear) -> None:
    book.count("returns-expected", "Returns expected for the quarter", "returns")
    book.count("returns-received", "Returns received", "returns", where(came="yes"))
    book.share(
        "returns-share", "Share of expected returns that came in", "returns-received",
        "returns-expected", reason="No return was expected for this quarter.",
    )  # fmt: skip
    expected, received = book.number("returns-expected"), book.number("returns-received")
    book.completeness = (
        f"{received:f} of {expected:f} returns received" if expected else "No returns were expected"
    )
    held, to_date = book.completeness, f"up to the end of {quarter.short}"
    for kind, key, label in KINDS:
        on = where(value_kind=kind.value)
        live = (*on, *where(in_force="yes"))
        book.sum(f"offered-{key}", f"{label} offered", "offered", "offers", "offered_pounds", on)
        book.sum(
            f"committed-{key}",
            f"{label} committed",
            "committed",
            "commitments",
            "committed_pounds",
            on,
        )
        for state in ("reported", "verified"):
            more = {"completeness": held}
            column = f"{state}_pounds"
            book.sum(f"{state}-{key}", f"{label} {state} to date", state, "deliveries", column, live,
                     period=to_date, **more)  # fmt: skip
            book.sum(f"{state}-{key}-quarter", f"{label} {state} in the quarter", state, "deliveries", column,
                     (*on, *where(quarter=quarter.code)), **more)  # fmt: skip
            book.sum(f"{state}-{key}-year", f"{label} {state} in the year so far", state, "deliveries", column,
                     (*on, *where(year=str(year))), period=f"1 April {year.start_year} to the end of {quarter.short}",
                     **more)  # fmt: skip
        book.share(
            f"kept-{key}", f"{label}: verified of committed", f"verified-{key}", f"committed-{key}",
            reason="Nothing is committed or verified yet.", completeness=held,
        )  # fmt: skip


def gather_committee(period: Period, as_of: datetime.datetime) -> Dataset:
    """A draft. Raises NotReady where the paper is not begun or not finished, or names no figure."""
    if not isinstance(period, Quarter):
        raise TypeError("The committee paper is of a quarter.")
    paper = paper_for(period)
    if paper is None:
        raise NotReady(f"The paper for {period.label} is not begun yet. Begin it, then publish it.")
    return dataset_of(words_of(paper), period, as_of)


def dataset_of(
    words: Mapping[str, str],
    period: Quarter,
    as_of: datetime.datetime,
    *,
    may_be_unfinished: bool = False,
) -> Dataset:
    """The paper with its figures. Raises NotReady with a sentence; nothing is half made."""
    book = quarter_figures(period, as_of)
    try:
        paper = paper_of(words, book.figures, may_be_unfinished=may_be_unfinished)
    except (VariableMissing, WordsMissing) as error:
        raise NotReady(str(error)) from error
    _sections(book, paper, period)
    return Dataset(
        kind=KIND,
        period=period.code,
        title=paper.words.get("title", "").strip() or "Committee paper",
        subtitle=f"Report to {paper.words.get('report_to') or 'a committee'}",
        kicker="Trafford Council",
        as_of=as_of.astimezone(datetime.UTC).isoformat(),
        sections=tuple(book.sections),
        figures=tuple(book.figures.values()),
        rows=tuple(book.rows.values()),
        headlines=("verified-social-quarter", "verified-local-quarter", "returns-received", "returns-expected"),
    )  # fmt: skip


def _said(text: str) -> list[Block]:
    """A person's paragraphs, with the points under each."""
    blocks: list[Block] = []
    for part in text.replace("\r\n", "\n").split("\n\n"):
        lines = [line.strip() for line in part.splitlines() if line.strip()]
        plain = " ".join(line for line in lines if not line.startswith("- "))
        points = tuple(line[2:] for line in lines if line.startswith("- "))
        if plain:
            blocks.append(Words(plain, is_written=True))
        if points:
            blocks.append(Bullets(points, is_written=True))
    return blocks


def _written(text: str) -> Cell:
    return Cell(text=text, is_name=True)


def _sections(book: Book, paper: PaperWords, period: Quarter) -> None:
    said = paper.words
    book.section(
        "paper", "Report",
        Pairs(
            "title-block", "Title block",
            tuple(
                (label, _written(said.get(key, "")))
                for label, key in (
                    ("Report to", "report_to"), ("Date", "meeting_on"), ("Report for", "report_for"),
                    ("Report of", "author"), ("Report title", "title"),
                )
            ),
            ("Of this report", "Is"),
        ),
    )  # fmt: skip
    book.section("summary", "Summary", *_said(said.get("summary", "")))
    book.section(
        "recommendations", "Recommendations", Words("It is recommended:"),
        *(Words(f"{mark} {line}", is_written=True) for mark, line in paper.recommendations),
    )  # fmt: skip
    book.section(
        "contact",
        "Contact person for access to background papers and further information",
        *_said(said.get("contact", "")),
    )
    if said.get("appendices", "").strip():
        book.section("appendices", "Appendices", *_said(said["appendices"]))
    book.section(
        "background-papers", "Background papers", *_said(said.get("background_papers", ""))
    )
    book.section(
        "implications", "Implications",
        Pairs("implications-table", "Implications of this report",
              tuple((label, _written(text)) for label, text in paper.implications), ("Implication", "What follows")),
    )  # fmt: skip
    for section in paper.sections:
        blocks: list[Block] = []
        for one in section.paragraphs:
            blocks.append(Words(f"{one.number} {one.text}".strip(), is_written=True))
            if one.points:
                blocks.append(Bullets(one.points, is_written=True))
        book.section(
            f"section-{section.number}",
            section.heading,
            *blocks,
            number=f"{section.number}.",
            is_name=True,
        )
    for key, title in (("other_options", "Other options"), ("consultation", "Consultation"),
                       ("reasons", "Reasons for recommendation")):  # fmt: skip
        book.section(key.replace("_", "-"), title, *_said(said.get(key, "")))
    _decision(book, said)
    _appendix(book, period)


def _decision(book: Book, said: Mapping[str, str]) -> None:
    pairs = [
        ("Key Decision (as defined in the Constitution)", _written(said.get("key_decision", "")))
    ]
    if said.get("key_decision") == "Yes":
        pairs.append(
            (
                "If Key Decision, has the required notice been given?",
                _written(said.get("notice_given", "") or "Not stated"),
            )
        )
    pairs += [
        ("Finance officer clearance", _written(said.get("finance_clearance", ""))),
        ("Legal officer clearance", _written(said.get("legal_clearance", ""))),
        ("[Corporate] Director’s signature (electronic)", words("")),
    ]
    book.section("decision", "Key decision and clearance", Pairs("decision-table", "Key decision and clearance", tuple(pairs),
                 ("Question", "Answer")), Words(CONFIRMS))  # fmt: skip


def _appendix(book: Book, period: Quarter) -> None:
    """What the paper may be asked about: the four figures, how complete they are, what they rest on."""
    states = (("Offered", "offered-{}"), ("Committed", "committed-{}"), ("Reported in the quarter", "reported-{}-quarter"),
              ("Verified in the quarter", "verified-{}-quarter"), ("Reported in the year so far", "reported-{}-year"),
              ("Verified in the year so far", "verified-{}-year"))  # fmt: skip
    table = Table(
        "four-figures", "The four figures, in pounds", ("Figure", *(label for _, _, label in KINDS)),
        tuple((name(label), *(shown(key.format(kind), "exact") for _, kind, _ in KINDS)) for label, key in states), (1, 2),
    )  # fmt: skip
    book.section(
        "quarter-in-figures", "The quarter in figures",
        FigureCards(("verified-social-quarter", "verified-local-quarter", "kept-social", "returns-share")),
        Words(f"{NEVER_ADDED} Each figure of this paper can be opened to its rows under its name in the data of this edition."),
        table, breaks=True,
    )  # fmt: skip
    book.section(
        "period",
        "Period",
        Words(
            f"These are the figures of {period.label}, as they were known when the paper was published."
        ),
        level=3,
    )

"""The annual report: what a year of social value came to, figures first and method last."""

from __future__ import annotations

import datetime

from django.utils import timezone

from trafford_sv.core.periods import FinancialYear

from ...datasets import Bullets, Dataset, Words
from .. import report_rows as sources
from ..report_book import Book, day
from .charter import add_charter, add_stories
from .closing import add_glossary, add_method
from .contracts import add_contract_list, add_contracts_chapter
from .maturity import add_maturity
from .measures import add_measures
from .needs import add_needs, add_needs_chapter
from .plan import add_plan
from .spend import add_spend_chapter, add_spend_figures, retained_words
from .value import (
    add_how_to_read,
    add_value_chapter,
    add_value_figures,
    pledged_note,
    summary_cards,
)

KIND = "annual"


def gather_annual(period: object, as_of: datetime.datetime) -> Dataset:
    """A draft for a financial year. `as_of` is the moment on which it is gathered; what has no date of
    its own (needs, the plan) is told as it stood then."""
    if not isinstance(period, FinancialYear):
        raise TypeError("The annual report is of a financial year.")
    year, today = period, timezone.localtime(as_of).date()
    book = Book()
    book.period, book.period_code = year.label, str(year)
    sources.add_commitments(book, year)
    sources.add_deliveries(book, year)
    sources.add_offers(book, year)
    sources.add_returns(book, year)
    sources.add_contracts(book, year)
    sources.add_quantities(book, year)
    sources.add_spend(book, (FinancialYear(year.start_year - 1), year))
    add_value_figures(book, year)
    add_spend_figures(book, year)
    coverage = add_needs(book, today)
    add_charter(book, year)
    add_maturity(book, year, today)
    add_plan(book, year, today)
    add_contracts_chapter(book, year)
    add_value_chapter(book, year)
    add_spend_chapter(book, year)
    add_needs_chapter(book, coverage, today)
    add_stories(book, year, today)
    add_measures(book, year, as_of)
    add_method(book, year, today)
    add_glossary(book)
    add_contract_list(book)
    told, book.sections = book.sections, []
    _summary(book, year)
    return Dataset(
        kind=KIND,
        period=str(year),
        title=f"Social value in Trafford {year.label}",
        subtitle="What was promised, what was done, and what was proved",
        kicker="Annual report",
        as_of=as_of.astimezone(datetime.UTC).isoformat(),
        sections=(*book.sections, *told),
        figures=tuple(book.figures.values()),
        rows=tuple(book.rows.values()),
        headlines=_headlines(book),
        evidence=sources.evidence_of(year),
        sources=tuple(book.sources),
        has_cover=True,
    )


def _headlines(book: Book) -> tuple[str, ...]:
    """What an e-mail says first; what is not known is not said there."""
    told = (
        "verified-social-year", "verified-local-year", "returns-received", "returns-expected",
        "spend-retained-share", "spend-known-share", "adopters",
    )  # fmt: skip
    return tuple(one for one in told if book.amount(one) is not None)


def _summary(book: Book, year: FinancialYear) -> None:
    """The year on a page."""
    if book.amount("verified-social-year") is None and book.amount("verified-local-year") is None:
        first = (
            f"A licence keeps back what was verified in {year.label}."
            if book.is_kept_back("verified-social-year", "verified-local-year")
            else f"Nothing was verified in {year.label}."
        )
    else:
        first = (
            f"In {year.label} suppliers proved [[verified-social-year]] of social value with evidence. Beside it, and never added to it, "
            "stands [[verified-local-year]] of local economic value."
        )
    charter = book.said(
        "adopters",
        "{} organisation stands behind the Charter",
        "{} organisations stand behind the Charter",
    ) + (
        book.said(
            "adopters-new",
            "; {} of them adopted it in the year.",
            "; {} of them adopted it in the year.",
        )
        if book.number("adopters-new")
        else "."
    )
    over = (
        "[[contracts-carrying]] of [[contracts-over]] contracts over the threshold carry social value."
        if book.number("contracts-over")
        else "No contract in force in the year was over the threshold."
    )
    plan = (
        book.said(
            "actions-completed",
            "{} action of the plan was completed in the year.",
            "{} actions of the plan were completed in the year.",
        )
        if book.number("actions-completed")
        else "No action of the plan was completed in the year."
    )
    needs = (
        book.said(
            "needs",
            f"Communities have {{}} published need; [[needs-open]] is open on {day_of(book)}.",
            f"Communities have {{}} published needs; [[needs-open]] of them are open on {day_of(book)}.",
        )
        if book.number("needs")
        else "No need of a community has been published yet."
    )
    book.section(
        "year",
        "The year at a glance",
        Words(first, "lead"),
        summary_cards(),
        pledged_note(book),
        Bullets((charter, over, plan, retained_words(book), needs)),
        breaks=True,
    )
    add_how_to_read(book)


def day_of(book: Book) -> str:
    """The day on which needs were read, as their figure says it."""
    return book.figures["needs"].period.removeprefix("on ")


__all__ = ["KIND", "day", "gather_annual"]

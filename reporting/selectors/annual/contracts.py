"""Contracts over the threshold: what must carry social value, and what does."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from trafford_sv.core.periods import FinancialYear

from ...datasets import Chart, FigureCards, RowsTable, Series, Table, Words
from ..report_book import Book, name, quoted, shown, where

OVER = where(over_threshold="yes")


def add_contract_figures(book: Book, year: FinancialYear) -> None:
    """Of the rows "contracts"; those awarded in the year are counted apart."""
    book.count("contracts", "Contracts in force in the year", "contracts")
    book.sum("contracts-pounds", "Value of those contracts", "award", "contracts", "value_pounds")
    book.count("contracts-over", "Contracts that must carry social value", "contracts", OVER)
    book.sum(
        "contracts-over-pounds",
        "Value of contracts that must carry social value",
        "award",
        "contracts",
        "value_pounds",
        OVER,
    )
    carrying = where(over_threshold="yes", social_value="Included")
    book.count("contracts-carrying", "Of those, with social value included", "contracts", carrying)
    book.count(
        "contracts-not-included",
        "Of those, without it",
        "contracts",
        where(over_threshold="yes", social_value="Not included"),
    )
    book.count(
        "contracts-not-recorded",
        "Of those, not recorded",
        "contracts",
        where(over_threshold="yes", social_value="Not recorded"),
    )
    book.count(
        "contracts-unjudged",
        "Contracts that cannot be judged",
        "contracts",
        where(over_threshold="cannot say"),
        note="Their value or award date is not known.",
    )
    book.share(
        "contracts-carrying-share",
        "Share of those contracts that carry social value",
        "contracts-carrying",
        "contracts-over",
        reason="No contract is over the threshold.",
    )
    awarded = where(award_year=str(year))
    book.count("contracts-awarded", "Contracts awarded in the year", "contracts", awarded)
    book.sum(
        "contracts-awarded-pounds",
        "Value awarded in the year",
        "award",
        "contracts",
        "value_pounds",
        awarded,
    )
    book.count(
        "contracts-awarded-over",
        "Of those, that must carry social value",
        "contracts",
        (*OVER, *awarded),
    )


def add_contracts_chapter(book: Book, year: FinancialYear) -> None:
    add_contract_figures(book, year)
    if not book.number("contracts"):
        book.section(
            "contracts",
            "Contracts over the threshold",
            Words(f"No contract of the council’s own was in force in {year.label}."),
            breaks=True,
        )
        return
    title = (
        "[[contracts-carrying]] of [[contracts-over]] contracts over the threshold carry social value"
        if book.number("contracts-over")
        else "No contract is over the threshold"
    )
    book.section(
        "contracts",
        title,
        Words(
            f"In {year.label} the council had [[contracts]] contracts in force. {_must(book)} "
            "The threshold is the one that was in force on the day of the award.",
            "lead",
        ),
        FigureCards(
            (
                "contracts-over",
                "contracts-over-pounds",
                "contracts-carrying-share",
                "contracts-awarded",
            )
        ),
        _gaps(book),
        breaks=True,
    )
    _by_directorate(book)
    _by_category(book)


def _must(book: Book) -> str:
    if not book.number("contracts-over"):
        return "None of them has to carry social value."
    return book.said(
        "contracts-over",
        "{} of them, worth [[contracts-over-pounds]], has to carry social value by the council’s rule.",
        "{} of them, worth [[contracts-over-pounds]], have to carry social value by the council’s rule.",
    )


def _gaps(book: Book) -> Words:
    parts = []
    if book.number("contracts-not-included"):
        parts.append(
            book.said(
                "contracts-not-included",
                "{} is recorded as without social value",
                "{} are recorded as without social value",
            )
        )
    if book.number("contracts-not-recorded"):
        parts.append(
            book.said(
                "contracts-not-recorded", "for {} nothing is recorded", "for {} nothing is recorded"
            )
        )
    if book.number("contracts-unjudged"):
        parts.append(
            book.said(
                "contracts-unjudged",
                "{} more cannot be judged, because its value or date is not known",
                "{} more cannot be judged, because their value or date is not known",
            )
        )
    if not parts:
        return Words("For every one of them social value is recorded as included.")
    said = "; ".join(parts)
    return Words(f"What is missing: {said}.")


def _groups(book: Book, column: str) -> list[str]:
    """The names of a column among contracts over the threshold, largest value first."""
    rows = book.rows["contracts"]
    at, over, value = (rows.places[one] for one in (column, "over_threshold", "value_pounds"))
    sums: Counter[str] = Counter()
    for row in rows.rows:
        if row[over] == "yes":
            sums[row[at] or ""] += Decimal(row[value] or 0)  # type: ignore[assignment]
    return sorted(sums, key=lambda group: (-sums[group], group))


def _by_directorate(book: Book) -> None:
    groups = _groups(book, "directorate")
    if not groups:
        return
    pounds, rows = [], []
    for place, group in enumerate(groups, start=1):
        on = where(over_threshold="yes", directorate=group)
        value = book.sum(
            f"directorate-{place}-over-pounds",
            f"{group}: value over the threshold",
            "award",
            "contracts",
            "value_pounds",
            on,
        )
        over = book.count(
            f"directorate-{place}-over", f"{group}: contracts over the threshold", "contracts", on
        )
        carrying = book.count(
            f"directorate-{place}-carrying",
            f"{group}: with social value",
            "contracts",
            where(over_threshold="yes", directorate=group, social_value="Included"),
        )
        pounds.append(value)
        rows.append((name(group), shown(over), shown(carrying), shown(value, "exact")))
    rows.append(
        (
            name("All directorates"),
            shown("contracts-over"),
            shown("contracts-carrying"),
            shown("contracts-over-pounds", "exact"),
        )
    )
    share = (book.amount(pounds[0]) or Decimal(0)) * 2 > book.number("contracts-over-pounds")
    answer = f"{quoted(groups[0])} holds {'more than half' if share else 'the largest part'} of the value"
    book.section(
        "contracts-by-directorate",
        "Which directorates hold them",
        Chart(
            "contracts-directorates",
            answer,
            "Value of contracts over the threshold by directorate",
            "bar",
            "Directorate",
            tuple(groups),
            (Series("Value", tuple(pounds), "VERIFIED"),),
            points_are_names=True,
            is_told_below=True,
        ),
        Table(
            "contracts-directorates-table",
            "Contracts over the threshold by directorate",
            ("Directorate", "Contracts", "Carry social value", "Value"),
            tuple(rows),
            (1, 2, 3),
        ),
        level=3,
    )


def _by_category(book: Book) -> None:
    groups = _groups(book, "category")
    if len(groups) < 2:
        return
    rows = []
    for place, group in enumerate(groups, start=1):
        on = where(over_threshold="yes", category=group)
        over = book.count(
            f"category-{place}-over", f"{group}: contracts over the threshold", "contracts", on
        )
        value = book.sum(
            f"category-{place}-over-pounds",
            f"{group}: value over the threshold",
            "award",
            "contracts",
            "value_pounds",
            on,
        )
        rows.append((name(group), shown(over), shown(value, "exact")))
    rows.append(
        (name("All categories"), shown("contracts-over"), shown("contracts-over-pounds", "exact"))
    )
    book.section(
        "contracts-by-category",
        "What is bought",
        Table(
            "contracts-categories-table",
            "Contracts over the threshold by category",
            ("Category", "Contracts", "Value"),
            tuple(rows),
            (1, 2),
        ),
        level=3,
    )


def add_contract_list(book: Book) -> None:
    """At the end of the report: every contract over the threshold."""
    source = book.rows["contracts"]
    over = source.places["over_threshold"]
    chosen = [row for row in source.rows if row[over] == "yes"]
    if not chosen:
        return
    wanted = ("title", "supplier", "directorate", "value_pounds", "end")
    rows = book.add_rows(
        "contracts-over",
        "Contracts over the threshold",
        [(column.key, column.label, column.type) for column in source.columns],
        chosen,
        "One contract in force in the year that must carry social value.",
    )
    book.section(
        "contract-list",
        "Every contract over the threshold",
        Words(
            "In the order of their references. A framework has no value of its own; each contract under it has."
        ),
        RowsTable(
            "contract-list-table",
            "Contracts in force in the year that must carry social value",
            rows.id,
            wanted,
        ),
    )

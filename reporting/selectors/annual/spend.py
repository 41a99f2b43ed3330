"""Where the council's money went, never without the share whose place is unknown."""

from __future__ import annotations

from decimal import Decimal

from contracts.retained import (
    ELSEWHERE,
    ENOUGH_KNOWN,
    EXCLUDED,
    GREATER_MANCHESTER,
    PLACES,
    TRAFFORD,
    UNKNOWN,
)
from trafford_sv.core.periods import FinancialYear

from ...datasets import Chart, FigureCards, Series, Table, Words
from ..report_book import Book, name, shown, where, words

PARTS = (
    (TRAFFORD, "trafford", "VERIFIED"),
    (GREATER_MANCHESTER, "rest", "REPORTED"),
    (ELSEWHERE, "elsewhere", "OTHER"),
    (UNKNOWN, "unknown", "UNKNOWN"),
)
CATEGORIES_SHOWN = 15


def add_places(book: Book, at: str, said: str, on: tuple[tuple[str, tuple[str, ...]], ...]) -> None:
    """The places of some payments, and the sums and shares that are made of them. `at` ends each id."""
    for place, key, _ in PARTS:
        book.sum(
            f"spend-{key}{at}",
            f"{PLACES[place]}{said}",
            "invoice",
            "spend",
            "net_pounds",
            (*on, *where(place=PLACES[place])),
        )
    book.total(
        f"spend-retained{at}",
        f"Retained in Trafford and the rest of Greater Manchester{said}",
        "invoice",
        f"spend-trafford{at}",
        f"spend-rest{at}",
    )
    book.total(
        f"spend-known{at}",
        f"Contestable spend whose place is known{said}",
        "invoice",
        f"spend-retained{at}",
        f"spend-elsewhere{at}",
    )
    book.total(
        f"spend-contestable{at}",
        f"Contestable spend{said}",
        "invoice",
        f"spend-known{at}",
        f"spend-unknown{at}",
    )
    book.share(
        f"spend-retained-share{at}",
        f"Retained, of spend whose place is known{said}",
        f"spend-retained{at}",
        f"spend-known{at}",
    )
    book.share(
        f"spend-known-share{at}",
        f"Spend whose place is known{said}",
        f"spend-known{at}",
        f"spend-contestable{at}",
    )
    book.share(
        f"spend-unknown-share{at}",
        f"Spend whose place is unknown{said}",
        f"spend-unknown{at}",
        f"spend-contestable{at}",
    )


def add_spend_figures(book: Book, year: FinancialYear) -> None:
    before = FinancialYear(year.start_year - 1)
    add_places(book, "", "", where(year=str(year)))
    add_places(book, "-before", f", {before.label}", where(year=str(before)))
    book.share(
        "spend-lowest",
        "Retained of all contestable spend, if nothing unknown is local",
        "spend-retained",
        "spend-contestable",
    )
    book.total(
        "spend-retained-or-unknown",
        "Retained or of unknown place",
        "invoice",
        "spend-retained",
        "spend-unknown",
    )
    book.share(
        "spend-highest",
        "Retained of all contestable spend, if all that is unknown is local",
        "spend-retained-or-unknown",
        "spend-contestable",
    )
    book.sum(
        "spend-excluded",
        "Payments that are not contestable",
        "invoice",
        "spend",
        "net_pounds",
        where(year=str(year), place=PLACES[EXCLUDED]),
    )
    book.sum("spend-total", "All payments", "invoice", "spend", "net_pounds", where(year=str(year)))


def enough_known(book: Book) -> bool:
    return (
        book.number("spend-known-share") >= ENOUGH_KNOWN
        and book.amount("spend-retained-share") is not None
    )


def retained_words(book: Book) -> str:
    """One sentence that never says the percentage without what is unknown."""
    if book.amount("spend-contestable") is None:
        return "No payment of the year has been imported, so nothing can be said of where the money went."
    if enough_known(book):
        return (
            "[[spend-retained-share]] of the spend that can be placed stayed in Trafford and Greater Manchester; "
            "for [[spend-unknown-share]] of it the place is unknown."
        )
    return (
        "Between [[spend-lowest]] and [[spend-highest]] of contestable spend stayed in Trafford and Greater Manchester: "
        "for [[spend-unknown-share]] of it the place is unknown."
    )


def add_spend_chapter(book: Book, year: FinancialYear) -> None:
    if book.amount("spend-contestable") is None:
        book.section(
            "spend", "Where the council’s money went", Words(retained_words(book)), breaks=True
        )
        return
    title = (
        "[[spend-retained-share]] of what can be placed stayed in Greater Manchester"
        if enough_known(book)
        else "For most of the money nobody knows yet where it went"
    )
    cards = (
        ("spend-retained-share", "spend-known-share", "spend-lowest", "spend-highest")
        if enough_known(book)
        else ("spend-lowest", "spend-highest", "spend-known-share", "spend-contestable")
    )
    at_quarters = []
    for quarter in year.quarters:
        add_places(
            book,
            f"-q{quarter.number}",
            f", {quarter.short}",
            where(year=str(year), quarter=quarter.code),
        )
        at_quarters.append((quarter.short, f"-q{quarter.number}"))
    series = tuple(
        Series(PLACES[place], tuple(f"spend-{key}{at}" for _, at in at_quarters), paint)
        for place, key, paint in PARTS
    )
    book.section(
        "spend",
        title,
        Words(
            f"{retained_words(book)} The published payments carry no addresses, so a payee’s place is known only once somebody "
            "has found it.",
            "lead",
        ),
        FigureCards(cards),
        Chart(
            "spend-quarters",
            "Where contestable spend went, quarter by quarter",
            f"Contestable payments of {year.label} by where the payee is",
            "stacked",
            "Quarter",
            tuple(label for label, _ in at_quarters),
            series,
            is_told_below=True,
        ),
        breaks=True,
    )
    rows = [
        (
            words(label),
            *(shown(f"spend-{key}{at}", "exact") for _, key, _ in PARTS),
            shown(f"spend-contestable{at}", "exact"),
        )
        for label, at in (*at_quarters, ("The year", ""))
    ]
    book.section(
        "spend-places",
        "The same in pounds",
        Table(
            "spend-table",
            "Contestable spend by quarter and place",
            ("Quarter", *(PLACES[place] for place, _, _ in PARTS), "Total"),
            tuple(rows),
            tuple(range(1, 6)),
        ),
        Words(
            "[[spend-excluded]] more was paid where nobody else could have been chosen, such as to other public bodies. "
            "It is left out of every share. In all, the council’s published payments came to [[spend-total]]."
        ),
        _year_before(book, year),
        level=3,
    )
    _categories(book, year)


def _year_before(book: Book, year: FinancialYear) -> Words | None:
    if book.amount("spend-retained-share-before") is None:
        return None
    return Words(
        f"In {FinancialYear(year.start_year - 1).label} it was [[spend-retained-share-before]] of what could be placed, with "
        "[[spend-unknown-share-before]] of unknown place."
    )


def _categories(book: Book, year: FinancialYear) -> None:
    rows = book.rows["spend"]
    at = rows.places
    sums: dict[str, Decimal] = {}
    for row in rows.rows:
        if row[at["year"]] == str(year) and row[at["place"]] != PLACES[EXCLUDED]:
            category = row[at["category"]] or ""
            sums[category] = sums.get(category, Decimal(0)) + Decimal(row[at["net_pounds"]] or 0)
    chosen = sorted(sums, key=lambda one: (-sums[one], one))
    if len(chosen) < 2:
        return
    lines = []
    for place, category in enumerate(chosen[:CATEGORIES_SHOWN], start=1):
        mark = f"-category-{place}"
        add_places(book, mark, f", {category}", where(year=str(year), category=category))
        lines.append(
            (
                name(category),
                shown(f"spend-contestable{mark}"),
                shown(f"spend-retained{mark}"),
                shown(f"spend-retained-share{mark}"),
                shown(f"spend-unknown-share{mark}"),
            )
        )
    note = "The largest categories." if len(chosen) > CATEGORIES_SHOWN else ""
    book.section(
        "spend-categories",
        "By what was bought",
        Table(
            "spend-categories-table",
            "Contestable spend by category",
            ("Category", "Contestable", "Retained", "Retained of known", "Place unknown"),
            tuple(lines),
            (1, 2, 3, 4),
            note,
        ),
        level=3,
    )

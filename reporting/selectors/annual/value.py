"""Offered, committed, reported, verified: what was promised and what was proved.

Social and local economic value stand beside one another all the way and are never added.
"""

from __future__ import annotations

from trafford_sv.core.periods import FinancialYear, Quarter

from ...datasets import Block, Chart, FigureCards, Pairs, Series, Table, Words
from ..pledged import add_pledged, pledged_words
from ..report_book import KEPT_IN_WORDS, Book, shown, where, words
from .breakdowns import KINDS, PAINTS, add_breakdowns

NEVER_ADDED = "Social value and local economic value are never added up: a wage stands in both."


def add_value_figures(book: Book, year: FinancialYear) -> None:
    """The main figures, which the summary names before their chapter does."""
    book.count("returns-expected", "Returns expected in the year", "returns")
    book.count("returns-received", "Returns received", "returns", where(came="yes"))
    book.share(
        "returns-share",
        "Share of expected returns that came in",
        "returns-received",
        "returns-expected",
        reason="No return was expected in this period.",
    )
    book.completeness = _completeness(book)
    before = FinancialYear(year.start_year - 1)
    for kind, key, label in KINDS:
        on = where(value_kind=kind.value)
        held = {"completeness": book.completeness}
        force = {"period": f"agreements in force in {year.label}"}
        book.sum(
            f"offered-{key}",
            f"{label} offered",
            "offered",
            "offers",
            "offered_pounds",
            on,
            **force,
            note="Agreements whose winning bid is recorded here, and no others.",
        )
        book.sum(
            f"committed-{key}",
            f"{label} committed",
            "committed",
            "commitments",
            "committed_pounds",
            on,
            **force,
        )
        live = (*on, *where(in_force="yes"))
        to_date = {**held, "period": f"since the beginning, up to the end of {year.label}"}
        book.sum(
            f"reported-{key}",
            f"{label} reported to date",
            "reported",
            "deliveries",
            "reported_pounds",
            live,
            **to_date,
        )
        book.sum(
            f"verified-{key}",
            f"{label} verified to date",
            "verified",
            "deliveries",
            "verified_pounds",
            live,
            **to_date,
        )
        book.share(
            f"kept-{key}",
            f"{label}: verified of committed",
            f"verified-{key}",
            f"committed-{key}",
            reason="Nothing is committed or verified yet.",
            **held,
        )
        in_year = (*on, *where(year=str(year)))
        book.sum(
            f"reported-{key}-year",
            f"{label} reported in the year",
            "reported",
            "deliveries",
            "reported_pounds",
            in_year,
            **held,
        )
        book.sum(
            f"verified-{key}-year",
            f"{label} verified in the year",
            "verified",
            "deliveries",
            "verified_pounds",
            in_year,
            **held,
        )
        book.sum(
            f"verified-{key}-before",
            f"{label} verified in the year before",
            "verified",
            "deliveries",
            "verified_pounds",
            (*on, *where(year=str(before))),
            period=before.label,
        )
        add_pledged(
            book,
            label.lower(),
            {
                f"committed-{key}": ("commitments", "committed_pounds", on),
                f"verified-{key}-year": ("deliveries", "verified_pounds", in_year),
            },
        )


def pledged_note(book: Book) -> Words | None:
    """Beside the headlines of the year."""
    return pledged_words(
        book,
        [
            (label, f"committed-{key}", f"verified-{key}-year", "in the year")
            for _, key, label in KINDS
        ],
    )


def _completeness(book: Book) -> str:
    expected, received = book.number("returns-expected"), book.number("returns-received")
    if not expected:
        return "No returns were expected"
    return f"{received:,f} of {expected:,f} returns received"


def add_value_chapter(book: Book, year: FinancialYear) -> None:
    book.section(
        "value",
        _title(book),
        Words(
            f"What suppliers offered to win, what both sides put into agreements, what suppliers say they did, and what "
            f"officers could verify with evidence. {NEVER_ADDED}",
            "lead",
        ),
        *_four_charts(book, year),
        Words(
            "Offered and committed are whole promises, which run for years. Reported and verified are what has come of "
            "them so far.",
            "note",
        ),
        pledged_note(book),
        Words(KEPT_IN_WORDS, "note") if book.leaves_out else None,
        breaks=True,
    )
    _complete(book, year)
    _quarters(book, year)
    add_breakdowns(book, year)


def _title(book: Book) -> str:
    if book.is_kept_back("verified-social-year"):
        return "A licence keeps back what was verified in the year"
    if book.amount("verified-social-year") is None:
        return "Nothing was verified in the year"
    return "Suppliers proved [[verified-social-year]] of social value in the year"


def _four_charts(book: Book, year: FinancialYear) -> list[Block]:
    points = ("Offered", "Committed", "Reported to date", "Verified to date")
    charts: list[Block] = []
    for _, key, label in KINDS:
        ids = (f"offered-{key}", f"committed-{key}", f"reported-{key}", f"verified-{key}")
        if all(book.amount(one) is None for one in ids):
            charts.append(Words(f"{label}: nothing is recorded for this period."))
            continue
        paints = ("OFFERED", "COMMITTED", "REPORTED", "VERIFIED")
        series = tuple(
            Series(
                point,
                tuple(one if place == at else "" for at in range(len(points))),
                f"{PAINTS[key]}{paint}",
            )
            for place, (point, one, paint) in enumerate(zip(points, ids, paints, strict=True))
        )
        answer = (
            f"[[kept-{key}]] of the {label.lower()} that was committed is verified so far"
            if book.amount(f"kept-{key}") is not None
            else (f"No {label.lower()} is verified yet")
        )
        charts.append(
            Chart(
                f"four-{key}",
                answer,
                f"{label}, agreements in force in {year.label}, up to its end",
                "bar",
                "Figure",
                points,
                series,
                is_told_below=True,
            )
        )
    told = ("offered-{}", "committed-{}", "reported-{}", "verified-{}", "kept-{}")
    labels = (*points, "Verified of committed")
    charts.append(
        Table(
            "four-table",
            "The four figures",
            ("Figure", *(label for _, _, label in KINDS)),
            tuple(
                (words(label), *(shown(one.format(key), "exact") for _, key, _ in KINDS))
                for label, one in zip(labels, told, strict=True)
            ),
            (1, 2),
        )
    )
    return charts


def _complete(book: Book, year: FinancialYear) -> None:
    rows = []
    for quarter in year.quarters:
        at = f"q{quarter.number}"
        expected = book.count(
            f"returns-expected-{at}",
            f"Returns expected, {quarter.short}",
            "returns",
            where(quarter=quarter.code),
        )
        came = book.count(
            f"returns-received-{at}",
            f"Returns received, {quarter.short}",
            "returns",
            where(quarter=quarter.code, came="yes"),
        )
        share = book.share(
            f"returns-share-{at}",
            f"Share received, {quarter.short}",
            came,
            expected,
            reason="No return was expected.",
        )
        rows.append((words(quarter.label), shown(expected), shown(came), shown(share)))
    rows.append(
        (
            words("The year"),
            shown("returns-expected"),
            shown("returns-received"),
            shown("returns-share"),
        )
    )
    said = (
        "Every return that was expected came in."
        if book.number("returns-expected")
        and book.number("returns-expected") == book.number("returns-received")
        else "What is not received is not known, and is not nothing."
        if book.number("returns-expected")
        else "No return was expected in the year."
    )
    book.section(
        "completeness",
        "How complete these figures are",
        Words(said),
        Table(
            "completeness-table",
            "Returns expected and received, by quarter",
            ("Quarter", "Expected", "Received", "Share"),
            tuple(rows),
            (1, 2, 3),
        ),
        level=3,
    )


def _quarters(book: Book, year: FinancialYear) -> None:
    before = FinancialYear(year.start_year - 1)
    quarters = (*before.quarters, *year.quarters)
    charts: list[Block] = []
    rows: dict[Quarter, list[str]] = {quarter: [] for quarter in quarters}
    for kind, key, label in KINDS:
        ids = []
        for quarter in quarters:
            on = where(value_kind=kind.value, quarter=quarter.code)
            at = quarter.code.lower()
            made = book.sum(
                f"verified-{key}-{at}",
                f"{label} verified, {quarter.short}",
                "verified",
                "deliveries",
                "verified_pounds",
                on,
                period=quarter.label,
                reason="No line counts in this quarter.",
            )
            ids.append(made)
            rows[quarter].append(made)
        if all(book.amount(one) is None for one in ids):
            continue
        known = [one for one in ids if book.amount(one) is not None]
        best = max(known, key=lambda one: book.number(one))
        charts.append(
            Chart(
                f"quarters-{key}",
                f"Most {label.lower()} was verified in {quarters[ids.index(best)].short}",
                f"{label} verified in each quarter of {before.label} and {year.label}",
                "column",
                "Quarter",
                tuple(quarter.short for quarter in quarters),
                (Series(label, tuple(ids), f"{PAINTS[key]}VERIFIED"),),
                is_told_below=True,
            )
        )
    if not charts:
        return
    table = Table(
        "quarters-table",
        "Verified in each quarter",
        ("Quarter", "Social value", "Local economic value"),
        tuple(
            (words(quarter.short), *(shown(one, "exact") for one in made))
            for quarter, made in rows.items()
        ),
        (1, 2),
    )
    book.section("quarters", "Quarter by quarter", *charts, table, level=3)


def add_how_to_read(book: Book) -> None:
    book.section(
        "how-to-read",
        "Four figures that are never mixed",
        Pairs(
            "four-words",
            "What each figure means",
            (
                (
                    "Offered",
                    words("What a supplier promised in its winning bid. Drawn as an outline."),
                ),
                (
                    "Committed",
                    words(
                        "What both sides put into the agreement, with a quantity and a date. Drawn with hatching."
                    ),
                ),
                (
                    "Reported",
                    words(
                        "What the supplier says it has done. Not checked yet. Drawn with a light fill."
                    ),
                ),
                (
                    "Verified",
                    words(
                        "What an officer accepted on evidence, never more than whoever was helped confirmed. Drawn solid."
                    ),
                ),
            ),
            ("Figure", "Meaning"),
        ),
        Words(
            "The more solid the drawing, the more solid the proof. Teal is social value and amber is local economic value. "
            f"{NEVER_ADDED} “Not available” means that nothing is recorded; it never stands for nothing."
        ),
        level=3,
    )


def summary_cards() -> FigureCards:
    return FigureCards(
        ("verified-social-year", "verified-local-year", "kept-social", "returns-share")
    )

"""Offered, committed, reported, verified: what was promised and what was proved.

Social and local economic value stand beside one another all the way and are never added.
"""

from __future__ import annotations

from decimal import Decimal

from contracts.valuation import Kind
from trafford_sv.core.periods import FinancialYear, Quarter

from ...datasets import Block, Chart, FigureCards, Pairs, Series, Table, Words
from .book import Book, name, shown, where, words

KINDS = ((Kind.SOCIAL, "social", "Social value"), (Kind.LOCAL_ECONOMIC, "local", "Local economic value"))
NEVER_ADDED = "Social value and local economic value are never added up: a wage stands in both."
AGREEMENTS_SHOWN = 30
PAINTS = {"social": "", "local": "local-"}


def add_value_figures(book: Book, year: FinancialYear) -> None:
    """The main figures, which the summary names before their chapter does."""
    book.count("returns-expected", "Returns expected in the year", "returns")
    book.count("returns-received", "Returns received", "returns", where(came="yes"))
    book.share("returns-share", "Share of expected returns that came in", "returns-received", "returns-expected",
               reason="No return was expected in this period.")  # fmt: skip
    book.completeness = _completeness(book)
    before = FinancialYear(year.start_year - 1)
    for kind, key, label in KINDS:
        on = where(value_kind=kind.value)
        held = {"completeness": book.completeness}
        force = {"period": f"agreements in force in {year.label}"}
        book.sum(f"offered-{key}", f"{label} offered", "offered", "offers", "offered_pounds", on, **force,
                 note="Agreements whose winning bid is recorded here, and no others.")  # fmt: skip
        book.sum(f"committed-{key}", f"{label} committed", "committed", "commitments", "committed_pounds", on, **force)
        live = (*on, *where(in_force="yes"))
        to_date = {**held, "period": f"since the beginning, up to the end of {year.label}"}
        book.sum(f"reported-{key}", f"{label} reported to date", "reported", "deliveries", "reported_pounds", live, **to_date)
        book.sum(f"verified-{key}", f"{label} verified to date", "verified", "deliveries", "verified_pounds", live, **to_date)
        book.share(f"kept-{key}", f"{label}: verified of committed", f"verified-{key}", f"committed-{key}",
                   reason="Nothing is committed or verified yet.", **held)  # fmt: skip
        in_year = (*on, *where(year=str(year)))
        book.sum(f"reported-{key}-year", f"{label} reported in the year", "reported", "deliveries", "reported_pounds", in_year, **held)
        book.sum(f"verified-{key}-year", f"{label} verified in the year", "verified", "deliveries", "verified_pounds", in_year, **held)
        book.sum(f"verified-{key}-before", f"{label} verified in the year before", "verified", "deliveries", "verified_pounds",
                 (*on, *where(year=str(before))), period=before.label)  # fmt: skip


def _completeness(book: Book) -> str:
    expected, received = book.number("returns-expected"), book.number("returns-received")
    if not expected:
        return "No returns were expected"
    return f"{received:,f} of {expected:,f} returns received"


def add_value_chapter(book: Book, year: FinancialYear) -> None:
    book.section(
        "value", _title(book),
        Words(f"What suppliers offered to win, what both sides put into agreements, what suppliers say they did, and what "
              f"officers could verify with evidence. {NEVER_ADDED}", "lead"),
        *_four_charts(book, year),
        Words("Offered and committed are whole promises, which run for years. Reported and verified are what has come of "
              "them so far.", "note"),
        breaks=True,
    )  # fmt: skip
    _complete(book, year)
    _quarters(book, year)
    _themes(book, year)
    _groups(book, "directorate", "By directorate", "Directorate", "All directorates")
    _groups(book, "agreement_kind", "By kind of agreement", "Kind of agreement", "All agreements")
    _agreements(book)
    _quantities(book)


def _title(book: Book) -> str:
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
        paints = ("offered", "committed", "reported", "verified")
        series = tuple(
            Series(point, tuple(one if place == at else "" for at in range(len(points))), f"{PAINTS[key]}{paint}")
            for place, (point, one, paint) in enumerate(zip(points, ids, paints, strict=True))
        )
        answer = f"[[kept-{key}]] of the {label.lower()} that was committed is verified so far" if book.amount(f"kept-{key}") is not None else (
            f"No {label.lower()} is verified yet"
        )
        charts.append(Chart(f"four-{key}", answer, f"{label}, agreements in force in {year.label}, up to its end", "bar",
                            "Figure", points, series))  # fmt: skip
    return charts


def _complete(book: Book, year: FinancialYear) -> None:
    rows = []
    for quarter in year.quarters:
        at = f"q{quarter.number}"
        expected = book.count(f"returns-expected-{at}", f"Returns expected, {quarter.short}", "returns", where(quarter=quarter.code))
        came = book.count(f"returns-received-{at}", f"Returns received, {quarter.short}", "returns", where(quarter=quarter.code, came="yes"))
        share = book.share(f"returns-share-{at}", f"Share received, {quarter.short}", came, expected, reason="No return was expected.")
        rows.append((words(quarter.label), shown(expected), shown(came), shown(share)))
    rows.append((words("The year"), shown("returns-expected"), shown("returns-received"), shown("returns-share")))
    said = (
        "Every return that was expected came in." if book.number("returns-expected") and book.number("returns-expected") == book.number("returns-received")
        else "What is not received is not known, and is not nothing." if book.number("returns-expected") else "No return was expected in the year."
    )
    book.section(
        "completeness", "How complete these figures are", Words(said),
        Table("completeness-table", "Returns expected and received, by quarter", ("Quarter", "Expected", "Received", "Share"),
              tuple(rows), (1, 2, 3)),
        level=3,
    )  # fmt: skip


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
            made = book.sum(f"verified-{key}-{at}", f"{label} verified, {quarter.short}", "verified", "deliveries", "verified_pounds", on,
                            period=quarter.label, reason="No line counts in this quarter.")  # fmt: skip
            ids.append(made)
            rows[quarter].append(made)
        if all(book.amount(one) is None for one in ids):
            continue
        known = [one for one in ids if book.amount(one) is not None]
        best = max(known, key=lambda one: book.number(one))
        charts.append(Chart(
            f"quarters-{key}", f"Most {label.lower()} was verified in {quarters[ids.index(best)].short}",
            f"{label} verified in each quarter of {before.label} and {year.label}", "column", "Quarter",
            tuple(quarter.short for quarter in quarters), (Series(label, tuple(ids), f"{PAINTS[key]}verified"),),
        ))  # fmt: skip
    if not charts:
        return
    table = Table(
        "quarters-table", "Verified in each quarter", ("Quarter", "Social value", "Local economic value"),
        tuple((words(quarter.short), *(shown(one, "exact") for one in made)) for quarter, made in rows.items()), (1, 2),
    )  # fmt: skip
    book.section("quarters", "Quarter by quarter", *charts, table, level=3)


def _names(book: Book, column: str) -> list[str]:
    """Every name of a column among commitments and deliveries, largest promise first."""
    sums: dict[str, Decimal] = {}
    rows = book.rows["commitments"]
    at, pounds = rows.places[column], rows.places["committed_pounds"]
    for row in rows.rows:
        sums[row[at] or ""] = sums.get(row[at] or "", Decimal(0)) + Decimal(row[pounds] or 0)
    rows = book.rows["deliveries"]
    for row in rows.rows:
        sums.setdefault(row[rows.places[column]] or "", Decimal(0))
    return sorted(sums, key=lambda group: (-sums[group], group))


def _group_rows(book: Book, column: str, key: str, kind: Kind, names: list[str], total: str) -> list[tuple[object, ...]]:
    label = dict((k, words) for _, k, words in KINDS)[key]
    rows: list[tuple[object, ...]] = []
    for place, group in enumerate(names, start=1):
        at = f"{column.replace('_', '-')}-{place}-{key}"
        on = where(value_kind=kind.value, **{column: group})
        ids = [
            book.sum(f"committed-{at}", f"{group}: {label.lower()} committed", "committed", "commitments", "committed_pounds", on),
            book.sum(f"reported-{at}", f"{group}: {label.lower()} reported in the year", "reported", "deliveries", "reported_pounds",
                     (*on, *where(year=book.period_code))),
            book.sum(f"verified-{at}", f"{group}: {label.lower()} verified in the year", "verified", "deliveries", "verified_pounds",
                     (*on, *where(year=book.period_code)), completeness=book.completeness),
        ]  # fmt: skip
        if any(book.amount(one) is not None for one in ids):
            rows.append((name(group), *(shown(one) for one in ids)))
    rows.append((name(total), shown(f"committed-{key}"), shown(f"reported-{key}-year"), shown(f"verified-{key}-year")))
    return rows


HEADINGS = ("Committed", "Reported in the year", "Verified in the year")


def _themes(book: Book, year: FinancialYear) -> None:
    names = _names(book, "theme")
    if not names:
        return
    blocks: list[Block] = []
    for kind, key, label in KINDS:
        rows = _group_rows(book, "theme", key, kind, names, "All themes")
        if len(rows) < 2:
            continue
        blocks.append(_theme_chart(book, key, label, names, year))
        blocks.append(Table(f"themes-{key}", f"{label} by theme", ("Theme", *HEADINGS), tuple(rows), (1, 2, 3)))  # type: ignore[arg-type]
    book.section("themes", "What kind of value it is", *blocks, level=3)


def _theme_chart(book: Book, key: str, label: str, names: list[str], year: FinancialYear) -> Chart:
    found = {group: f"verified-theme-{place}-{key}" for place, group in enumerate(names, start=1)}
    known = sorted((group for group in names if book.amount(found[group]) is not None), key=lambda g: (-book.number(found[g]), g))
    answer = f"Most {label.lower()} came from “{known[0]}”" if known and book.number(found[known[0]]) else f"No {label.lower()} was verified in the year"
    return Chart(f"themes-{key}-chart", answer, f"{label} verified in {year.label}, by theme", "bar", "Theme", tuple(known or names),
                 (Series("Verified", tuple(found[group] for group in known or names), f"{PAINTS[key]}verified"),))  # fmt: skip


def _groups(book: Book, column: str, title: str, heading: str, total: str) -> None:
    names = _names(book, column)
    if len(names) < 2:
        return
    blocks: list[Block] = []
    for kind, key, label in KINDS:
        rows = _group_rows(book, column, key, kind, names, total)
        if len(rows) > 1:
            blocks.append(Table(f"{column.replace('_', '-')}-{key}", f"{label} {title.lower()}", (heading, *HEADINGS), tuple(rows), (1, 2, 3)))  # type: ignore[arg-type]
    if blocks:
        book.section(column.replace("_", "-"), title, *blocks, level=3)


def _agreements(book: Book) -> None:
    rows = book.rows["commitments"]
    at = rows.places
    titles: dict[str, str] = {}
    sums: dict[str, Decimal] = {}
    for row in rows.rows:
        reference = row[at["reference"]] or ""
        titles[reference] = f"{row[at['agreement']]}, {row[at['supplier']]}"
        sums[reference] = max(sums.get(reference, Decimal(0)), Decimal(0)) + Decimal(row[at["committed_pounds"]] or 0)
    if not titles:
        return
    chosen = sorted(titles, key=lambda reference: (-sums[reference], reference))[:AGREEMENTS_SHOWN]
    lines = []
    for place, reference in enumerate(chosen, start=1):
        cells = [name(titles[reference])]
        for kind, key, label in KINDS:
            on = where(reference=reference, value_kind=kind.value)
            cells += [
                shown(book.sum(f"committed-agreement-{place}-{key}", f"{reference}: {label.lower()} committed", "committed",
                               "commitments", "committed_pounds", on)),
                shown(book.sum(f"verified-agreement-{place}-{key}", f"{reference}: {label.lower()} verified to date", "verified",
                               "deliveries", "verified_pounds", on)),
            ]  # fmt: skip
        lines.append(tuple(cells))
    note = "The largest promises. The rest is in the data beside this report." if len(titles) > AGREEMENTS_SHOWN else ""
    book.section(
        "agreements", "Agreement by agreement",
        Words("Each agreement with a promise, the largest promise first, with what was verified of it since it began. "
              "“Not available” means that nothing of that kind is recorded, which is not the same as nothing."),
        Table("agreements-table", "Committed, and verified to date, by agreement",
              ("Agreement and supplier", "Social: committed", "Social: verified", "Local economic: committed", "Local economic: verified"),
              tuple(lines), (1, 2, 3, 4), note),
        level=3,
    )  # fmt: skip


def _quantities(book: Book) -> None:
    rows = book.rows["quantities"]
    at = rows.places
    lines = []
    for row in rows.rows:
        key = f"quantity-{row[0]}"
        if row[at["too_few"]] == "yes":
            cell = words("Fewer than five")
        else:
            cell = shown(_quantity(book, key, row, at))
        lines.append((name(row[at["measure"]] or ""), words(_plain(row[at["theme"]] or "")), cell, name(row[at["unit"]] or "")))
    if not lines:
        return
    book.section(
        "quantities", "What was done",
        Words("Behind the pounds are things that happened. These are the quantities that officers verified in the year. "
              "Where fewer than five people may be meant, the number is left out so that nobody can be recognised."),
        Table("quantities-table", "Verified quantities of the year, by measure", ("Measure", "Theme", "Verified", "Unit"), tuple(lines), (2,)),
        level=3,
    )  # fmt: skip


def _quantity(book: Book, key: str, row: tuple[str | None, ...], at: dict[str, int]) -> str:
    from ...datasets import Formula, Unit

    formula = Formula("value", rows="quantities", column="quantity", where=(("key", (row[0] or "",)),))
    return book.add(key, f"{row[at['measure']]}: verified quantity ({row[at['unit']]})", Unit.COUNT, "verified", formula, places=2,
                    completeness=book.completeness, reason="Nothing was verified in this period.")  # fmt: skip


def _plain(text: str) -> str:
    return text


def add_how_to_read(book: Book) -> None:
    book.section(
        "how-to-read", "Four figures that are never mixed",
        Pairs(
            "four-words", "What each figure means",
            (
                ("Offered", words("What a supplier promised in its winning bid. Drawn as an outline.")),
                ("Committed", words("What both sides put into the agreement, with a quantity and a date. Drawn with hatching.")),
                ("Reported", words("What the supplier says it has done. Not checked yet. Drawn with a light fill.")),
                ("Verified", words("What an officer accepted on evidence, never more than whoever was helped confirmed. Drawn solid.")),
            ),
            ("Figure", "Meaning"),
        ),
        Words("The more solid the drawing, the more solid the proof. Teal is social value and amber is local economic value. "
              f"{NEVER_ADDED} “Not available” means that nothing is recorded; it never stands for nothing."),
        level=3,
    )  # fmt: skip


def summary_cards() -> FigureCards:
    return FigureCards(("verified-social-year", "verified-local-year", "kept-social", "returns-share"))

"""The four figures broken down: by theme, directorate, kind of agreement, agreement and measure."""

from __future__ import annotations

from decimal import Decimal

from contracts.models import Contract
from contracts.valuation import Kind
from trafford_sv.core.periods import FinancialYear

from ...datasets import Block, Cell, Chart, Formula, Series, Table, Unit, Words
from ..pledged import IN_TABLES
from ..report_book import Book, name, shown, where, words
from ..report_rows import HELD_BACK, UNNAMED

KINDS = (
    (Kind.SOCIAL, "social", "Social value"),
    (Kind.LOCAL_ECONOMIC, "local", "Local economic value"),
)
PAINTS = {"social": "", "local": "LOCAL_"}
AGREEMENTS_SHOWN = 30


def add_breakdowns(book: Book, year: FinancialYear) -> None:
    _themes(book, year)
    _groups(book, "directorate", "By directorate", "Directorate", "All directorates")
    _groups(book, "agreement_kind", "By kind of agreement", "Kind of agreement", "All agreements")
    _agreements(book)
    _quantities(book)


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


def _group_rows(
    book: Book, column: str, key: str, kind: Kind, names: list[str], total: str
) -> list[tuple[Cell, ...]]:
    label = {held: words for _, held, words in KINDS}[key]
    rows: list[tuple[Cell, ...]] = []
    for place, group in enumerate(names, start=1):
        at = f"{column.replace('_', '-')}-{place}-{key}"
        on = where(value_kind=kind.value, **{column: group})
        ids = [
            book.sum(
                f"committed-{at}",
                f"{group}: {label.lower()} committed",
                "committed",
                "commitments",
                "committed_pounds",
                on,
            ),
            book.sum(
                f"reported-{at}",
                f"{group}: {label.lower()} reported in the year",
                "reported",
                "deliveries",
                "reported_pounds",
                (*on, *where(year=book.period_code)),
            ),
            book.sum(
                f"verified-{at}",
                f"{group}: {label.lower()} verified in the year",
                "verified",
                "deliveries",
                "verified_pounds",
                (*on, *where(year=book.period_code)),
                completeness=book.completeness,
            ),
        ]
        if any(book.amount(one) is not None for one in ids):
            rows.append((name(group), *(shown(one, "exact") for one in ids)))
    rows.append(
        (
            name(total),
            shown(f"committed-{key}", "exact"),
            shown(f"reported-{key}-year", "exact"),
            shown(f"verified-{key}-year", "exact"),
        )
    )
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
        blocks.append(
            Table(
                f"themes-{key}", f"{label} by theme", ("Theme", *HEADINGS), tuple(rows), (1, 2, 3)
            )
        )
    book.section("themes", "What kind of value it is", *blocks, level=3)


def _theme_chart(book: Book, key: str, label: str, names: list[str], year: FinancialYear) -> Chart:
    found = {group: f"verified-theme-{place}-{key}" for place, group in enumerate(names, start=1)}
    known = sorted(
        (group for group in names if book.amount(found[group]) is not None),
        key=lambda g: (-book.number(found[g]), g),
    )
    answer = (
        f"Most {label.lower()} came from “{known[0]}”"
        if known and book.number(found[known[0]])
        else f"No {label.lower()} was verified in the year"
    )
    return Chart(
        f"themes-{key}-chart",
        answer,
        f"{label} verified in {year.label}, by theme",
        "bar",
        "Theme",
        tuple(known or names),
        (
            Series(
                "Verified",
                tuple(found[group] for group in known or names),
                f"{PAINTS[key]}VERIFIED",
            ),
        ),
        points_are_names=True,
        is_told_below=True,
    )


def _groups(book: Book, column: str, title: str, heading: str, total: str) -> None:
    names = _names(book, column)
    if len(names) < 2:
        return
    blocks: list[Block] = []
    for kind, key, label in KINDS:
        rows = _group_rows(book, column, key, kind, names, total)
        if len(rows) > 1:
            blocks.append(
                Table(
                    f"{column.replace('_', '-')}-{key}",
                    f"{label} {title.lower()}",
                    (heading, *HEADINGS),
                    tuple(rows),
                    (1, 2, 3),
                    IN_TABLES if str(Contract.Kind.PLEDGE.label) in names else "",
                )
            )
    if blocks:
        book.section(column.replace("_", "-"), title, *blocks, level=3)


def _agreements(book: Book) -> None:
    rows = book.rows["commitments"]
    at = rows.places
    titles: dict[str, str] = {}
    sums: dict[str, Decimal] = {}
    for row in rows.rows:
        reference = row[at["reference"]] or ""
        titles[reference] = _called(
            reference, row[at["agreement"]] or "", row[at["supplier"]] or ""
        )
        sums[reference] = max(sums.get(reference, Decimal(0)), Decimal(0)) + Decimal(
            row[at["committed_pounds"]] or 0
        )
    if not titles:
        return
    chosen = sorted(titles, key=lambda reference: (-sums[reference], reference))[:AGREEMENTS_SHOWN]
    lines = []
    for place, reference in enumerate(chosen, start=1):
        cells = [name(titles[reference])]
        for kind, key, label in KINDS:
            on = where(reference=reference, value_kind=kind.value)
            cells += [
                shown(
                    book.sum(
                        f"committed-agreement-{place}-{key}",
                        f"{reference}: {label.lower()} committed",
                        "committed",
                        "commitments",
                        "committed_pounds",
                        on,
                    )
                ),
                shown(
                    book.sum(
                        f"verified-agreement-{place}-{key}",
                        f"{reference}: {label.lower()} verified to date",
                        "verified",
                        "deliveries",
                        "verified_pounds",
                        on,
                    )
                ),
            ]
        lines.append(tuple(cells))
    note = (
        "The largest promises. The rest is in the data beside this report."
        if len(titles) > AGREEMENTS_SHOWN
        else ""
    )
    book.section(
        "agreements",
        "Agreement by agreement",
        Words(
            "Each agreement with a promise, the largest promise first, with what was verified of it since it began. "
            "“Not available” means that nothing of that kind is recorded, which is not the same as nothing."
        ),
        Table(
            "agreements-table",
            "Committed, and verified to date, by agreement",
            (
                "Agreement and supplier",
                "Social: committed",
                "Social: verified",
                "Local economic: committed",
                "Local economic: verified",
            ),
            tuple(lines),
            (1, 2, 3, 4),
            note,
        ),
        level=3,
    )


def _called(reference: str, agreement: str, supplier: str) -> str:
    if agreement == UNNAMED:
        return f"{reference}, {UNNAMED.lower()}"
    return reference if reference == HELD_BACK else f"{agreement}, {supplier}"


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
        lines.append(
            (
                name(row[at["measure"]] or ""),
                name(row[at["theme"]] or ""),
                cell,
                name(row[at["unit"]] or ""),
            )
        )
    if not lines:
        return
    book.section(
        "quantities",
        "What was done",
        Words(
            "Behind the pounds are things that happened. These are the quantities that officers verified in the year. "
            "Where fewer than five people may be meant, the number is left out so that nobody can be recognised."
        ),
        Table(
            "quantities-table",
            "Verified quantities of the year, by measure",
            ("Measure", "Theme", "Verified", "Unit"),
            tuple(lines),
            (2,),
        ),
        level=3,
    )


def _quantity(book: Book, key: str, row: tuple[str | None, ...], at: dict[str, int]) -> str:
    formula = Formula(
        "value", rows="quantities", column="quantity", where=(("key", (row[0] or "",)),)
    )
    return book.add(
        key,
        f"{row[at['measure']]}: verified quantity ({row[at['unit']]})",
        Unit.COUNT,
        "verified",
        formula,
        places=2,
        completeness=book.completeness,
        reason="Nothing was verified in this period.",
    )

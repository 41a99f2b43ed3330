"""The quarterly report to the STAR Board and Joint Committee: the five measures, and the quarter behind them."""

from __future__ import annotations

import datetime

from contracts.models import MeasureEdition
from contracts.valuation import Kind
from trafford_sv.core.periods import Quarter

from ...datasets import Block, Bullets, Cell, Chart, Dataset, FigureCards, Series, Table, Words
from ...editions import NotReady
from ..pledged import add_pledged, pledged_words
from ..report_book import Book, name, shown, where, words
from ..star_checks import set_ended_early
from ..star_measures import set_in_force
from . import rows as sources
from .measures import MeasureChapter

KIND = "star-quarterly"
KINDS = (
    (Kind.SOCIAL, "social", "Social value"),
    (Kind.LOCAL_ECONOMIC, "local", "Local economic value"),
)
STATES = ("offered", "committed", "reported", "verified")
SAID = {
    "offered": "Offered in winning bids",
    "committed": "Committed in agreements in force",
    "reported": "Reported in the quarter",
    "verified": "Verified in the quarter",
}
NEVER_ADDED = "Social value and local economic value are never added up: a wage stands in both."


def gather_star_quarterly(period: object, as_of: datetime.datetime) -> Dataset:
    """A draft for a quarter, for the whole council. Raises NotReady where no set is in force."""
    if not isinstance(period, Quarter):
        raise TypeError("The STAR report is of a quarter.")
    quarter = period
    held = set_in_force(quarter.end)
    if held is None:
        raise NotReady(
            set_ended_early(quarter)
            or f"No approved set of measures was in force on {quarter.end:%-d %B %Y}. Record one first."
        )
    book = Book()
    book.period, book.period_code = quarter.label, quarter.code
    chapter = add_quarter(book, quarter, as_of)
    chapter.add(held)
    measures, book.sections = book.sections, []
    _glance(book)
    glance, book.sections = book.sections, []
    _quarter(book)
    _method(book, quarter)
    return Dataset(
        kind=KIND,
        period=quarter.code,
        title="STAR quarterly report on social value",
        subtitle=quarter.label,
        kicker="Trafford Council",
        as_of=as_of.astimezone(datetime.UTC).isoformat(timespec="seconds"),
        sections=(*glance, *measures, *book.sections),
        figures=tuple(book.figures.values()),
        rows=tuple(book.rows.values()),
        headlines=(
            "verified-social", "verified-local", "reported-social", "committed-social",
            "returns-received", "returns-expected",
            *(f"measure-{one.key}" for one in held.measures.order_by("places__place")),
        ),
        evidence=sources.evidence_in(chapter.whole_quarter),
        sources=_sources(),
    )  # fmt: skip


def add_quarter(book: Book, quarter: Quarter, as_of: datetime.datetime) -> MeasureChapter:
    """The rows of the quarter and its four figures; what comes back adds measures to them."""
    chapter = MeasureChapter(book, quarter, as_of)
    for what in ("agreements", "offers", "returns"):
        chapter.rows(what, chapter.whole_quarter)
    _figures(book)
    return chapter


def _sources() -> tuple[str, ...]:
    """The libraries that promises were priced by, with what each asks to be printed. One query."""
    found = MeasureEdition.objects.filter(measures__commitments__isnull=False).distinct()
    said = [
        f"{one.name}, {one.publisher} ({one.licence}). {one.attribution}".strip()
        for one in found.order_by("name")
    ]
    return ("Suppliers’ delivery returns and the council’s own records.", *said)


def _figures(book: Book) -> None:
    """The four figures of the quarter, the two kinds of value apart."""
    expected = book.count("returns-expected", "Returns due for the quarter", "returns-quarter")
    received = book.count(
        "returns-received", "Returns that came in", "returns-quarter", where(came="yes")
    )
    if book.number(expected):
        book.completeness = (
            f"{book.number(received):,f} of {book.number(expected):,f} returns received"
        )
    else:
        book.completeness = "No returns are due"
    priced = "Each commitment at the value of one unit that was pinned when both sides agreed it"
    for kind, key, label in KINDS:
        for state in STATES:
            rows = "offers-quarter" if state == "offered" else "agreements-quarter"
            book.sum(
                f"{state}-{key}", f"{label} {state}", state, rows, state, where(value_kind=kind.value),
                completeness=book.completeness if state in ("reported", "verified") else "",
                reason=f"No {label.lower()} is {state} in this period.", measure_edition=priced,
            )  # fmt: skip
        of_kind = where(value_kind=kind.value)
        add_pledged(
            book,
            label.lower(),
            {
                f"{state}-{key}": ("agreements-quarter", state, of_kind)
                for state in ("committed", "verified")
            },
        )


def _glance(book: Book) -> None:
    if book.number("verified-social") or book.number("verified-local"):
        first = (
            "In the quarter suppliers proved [[verified-social]] of social value with evidence. Beside it "
            "stands [[verified-local]] of local economic value; the two are never added up."
        )
    elif book.is_kept_back("verified-social", "verified-local"):
        first = "A licence keeps back what was verified in the quarter."
    else:
        first = "Nothing was verified in the quarter yet."
    book.section(
        "glance",
        "The quarter at a glance",
        Words(first, "lead"),
        FigureCards(("verified-social", "reported-social", "committed-social", "offered-social")),
        pledged_words(
            book,
            [
                (label, f"committed-{key}", f"verified-{key}", "in the quarter")
                for _, key, label in KINDS
            ],
        ),
        Words(
            "[[returns-received]] of [[returns-expected]] returns that were due came in. What is missing is "
            "not known, which is not nothing."
        ),
    )  # fmt: skip


def four_figures() -> Table:
    return Table(
        "four-figures",
        "The four figures, never mixed with one another",
        ("Figure", "Social value", "Local economic value"),
        tuple(
            (words(SAID[state]), shown(f"{state}-social", "exact"), shown(f"{state}-local", "exact"))
            for state in STATES
        ),
        (1, 2),
        note=NEVER_ADDED,
    )  # fmt: skip


def _quarter(book: Book) -> None:
    book.section(
        "quarter",
        "Offered, committed, reported, verified",
        Words(
            "An offer is what a winning bid said. A commitment is what both sides agreed. Reported is what suppliers "
            "say they did. Verified is what an officer accepted of it on evidence."
        ),
        four_figures(),
    )  # fmt: skip
    for column, title, heading in (
        ("theme", "By theme", "Theme"),
        ("directorate", "By directorate", "Directorate"),
    ):
        block = _breakdown(book, column, title, heading)
        book.section(f"by-{column}", title, *block, level=3)


def _breakdown(book: Book, column: str, title: str, heading: str) -> list[Block]:
    rows = book.rows["agreements-quarter"]
    place = rows.places[column]
    names = sorted({str(row[place]) for row in rows.rows})
    lines: list[tuple[Cell, ...]] = []
    charted: list[tuple[str, str, str]] = []
    for number, held in enumerate(names, start=1):
        keys: dict[str, str] = {}
        for kind, key, label in KINDS:
            for state in ("committed", "reported", "verified"):
                keys[f"{state}-{key}"] = book.sum(
                    f"{state}-{key}-{column}-{number}", f"{held}: {label.lower()} {state}", state,
                    "agreements-quarter", state, where(value_kind=kind.value, **{column: held}),
                    completeness=book.completeness if state != "committed" else "",
                    reason=f"No {label.lower()} is {state} here.",
                )  # fmt: skip
        lines.append(
            (
                name(held), shown(keys["committed-social"]), shown(keys["reported-social"]),
                shown(keys["verified-social"]), shown(keys["verified-local"]),
            )
        )  # fmt: skip
        charted.append((held, keys["reported-social"], keys["verified-social"]))
    if not lines:
        return [Words("Nothing is recorded for the quarter.")]
    drawn = [one for one in charted if book.amount(one[1]) is not None]
    blocks: list[Block] = [
        Table(
            f"table-{column}", f"{title}, in pounds",
            (heading, "Social, committed", "Social, reported", "Social, verified",
             "Local economic, verified"),
            tuple(lines), (1, 2, 3, 4),
        )
    ]  # fmt: skip
    if drawn and column == "theme":
        blocks.append(
            Chart(
                f"chart-{column}", "Social value by theme: reported, and verified of it",
                "In the quarter", "bar", heading, tuple(one[0] for one in drawn),
                (
                    Series("Reported", tuple(one[1] for one in drawn), "REPORTED"),
                    Series("Verified", tuple(one[2] for one in drawn), "VERIFIED"),
                ),
                points_are_names=True,
            )
        )  # fmt: skip
    return blocks


def _method(book: Book, quarter: Quarter) -> None:
    book.section(
        "method",
        "How the figures are made",
        Bullets(
            (
                "A quantity is multiplied by the value of one unit that was pinned when the commitment was agreed, "
                "and rounded to the penny. Lines are added after that, so printed columns add up.",
                "What was not reported is not known. It is left out of a sum and never counts as nothing.",
                "A late return counts in the quarter that is open when it comes, and says which quarter it is about.",
                "A share whose base is empty is not available, and says why.",
                "The rows behind each figure are agreements. Single lines of returns, quantities and people are not published.",
                "What a licence keeps back stands together in one row, and has no pounds where one value could be told.",
            )
        ),
        Words(
            f"The report was gathered after the end of {quarter.label}. Every number opens to its formula and its rows "
            "where it is printed as a link.",
            "note",
        ),
    )  # fmt: skip


__all__ = ["KIND", "gather_star_quarterly"]

"""A small whole dataset for tests, and a kind of report that gathers it."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Iterator
from dataclasses import replace

from reporting import editions
from reporting.datasets import (
    Bullets,
    Cell,
    Chart,
    Dataset,
    Evidence,
    Figure,
    FigureCards,
    Formula,
    Pairs,
    RowColumn,
    RowSet,
    RowsTable,
    Section,
    Series,
    Table,
    Words,
    figure_of,
)
from trafford_sv.core.periods import Quarter

QUARTER = Quarter(2025, 4)
NOW = datetime.datetime(2026, 5, 4, 12, tzinfo=datetime.UTC)

LINES = RowSet(
    "lines",
    "What agreements delivered",
    (
        RowColumn("row", "Row"),
        RowColumn("kind", "Kind"),
        RowColumn("reported", "Reported, pounds", "decimal"),
        RowColumn("verified", "Verified, pounds", "decimal"),
        RowColumn("seen", "Decided on", "date"),
    ),
    (
        ("a", "social", "100.10", "60.05", "2026-04-02"),
        ("b", "social", "50.00", None, None),
        ("c", "local_economic", "7.50", "7.50", "2026-04-09"),
        ("d", "social", None, None, None),
    ),
)


def make_figures() -> tuple[Figure, ...]:
    """By hand: reported 100.10 + 50.00; verified 60.05; ratio 60.05 / 150.10 = 0.40006..."""
    social = (("kind", ("social",)),)
    made: list[Figure] = []
    for figure in (
        Figure("reported", "Social value reported", "pounds", "reported", None,
               Formula("sum", "lines", "reported", social), completeness="3 of 4 returns received"),
        Figure("verified", "Social value verified", "pounds", "verified", None,
               Formula("sum", "lines", "verified", social), completeness="3 of 4 returns received"),
        Figure("proven", "Verified of what was reported", "share", "mixed", None,
               Formula("ratio", figures=("verified", "reported")), places=4),
        Figure("rows", "Lines that were reported", "count", "record", None,
               Formula("count", "lines", present=("reported",)), places=0),
        Figure("none", "Grants verified", "pounds", "verified", None,
               Formula("sum", "lines", "verified", (("kind", ("grant",)),)),
               reason="No grant was reported on."),
    ):  # fmt: skip
        made.append(figure_of([LINES], made, figure))
    return tuple(made)


def make_dataset(**values: object) -> Dataset:
    made = Dataset(
        kind="star-quarterly",
        period=QUARTER.code,
        title="STAR quarterly report",
        subtitle=QUARTER.label,
        as_of="2026-05-04T12:00:00+00:00",
        figures=make_figures(),
        rows=(LINES,),
        headlines=("verified", "proven"),
        evidence=(Evidence("ab" * 32, "pdf", 1200, "lines", "a"),),
        sections=(
            Section(
                "figures",
                "The figures",
                (
                    Words("Suppliers reported [[reported]], of which [[proven]] is verified."),
                    FigureCards(("reported", "verified")),
                    Table(
                        "t",
                        "In pounds",
                        ("Figure", "Pounds"),
                        (
                            (Cell("Verified"), Cell(figure="verified", form="exact")),
                            (Cell("Grants"), Cell(figure="none")),
                        ),
                        (1,),
                    ),
                    Words("We helped 12 people.", by="An officer"),
                    Chart("c", "Verified is less than reported", "Pounds", "bar", "Figure",
                          ("Social",), (Series("Reported", ("reported",), "REPORTED"),
                                        Series("Verified", ("verified",), "VERIFIED"))),
                ),
            ),
            Section(
                "rows",
                "The rows",
                (
                    Bullets(("Counted on 4 May 2026.", "[[rows]] lines in Q4 2025/26.")),
                    Pairs("p", "About", (("By", Cell("An officer")),)),
                    RowsTable("r", "Lines", "lines", ("row", "kind", "reported")),
                ),
                level=3,
            ),
        ),
        sources=("Invented for a test.",),
    )  # fmt: skip
    return replace(made, **values)


@contextlib.contextmanager
def kind_that_gathers(dataset: Dataset, key: str = "test-report") -> Iterator[list[Dataset]]:
    """A public kind of report of its own; put another dataset into the list to change what it gathers."""
    held = [replace(dataset, kind=key)]
    before = dict(editions._KINDS)
    editions.register_kind(
        editions.EditionKind(
            key=key, name="Test report", noun="test report", is_public=True, needs_closed=False,
            gather=lambda period, as_of: held[0],
        )
    )  # fmt: skip
    try:
        yield held
    finally:
        editions._KINDS.clear()
        editions._KINDS.update(before)

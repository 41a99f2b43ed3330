"""The five STAR measures, quarter by quarter, and the published figures of record beside them."""

from __future__ import annotations

import datetime

from trafford_sv.core.periods import FinancialYear, Quarter

from ...catalogue import Unit
from ...datasets import Block, Formula, Table, Words
from ...models import StarMeasure
from ..report_book import Book, day, name, quoted, shown, words
from ..star_basis import basis_of_reading, rests_on_returns
from ..star_measures import published_figures, reading_lines, set_in_force

NOT_WORKED_OUT = "Not on record for this quarter."


def add_measures(book: Book, year: FinancialYear, as_known: datetime.datetime) -> None:
    held = set_in_force(year.end)
    blocks: list[Block] = []
    if held is None:
        blocks.append(Words(f"No set of measures was in force on {day(year.end)}."))
        title = "The STAR measures"
    else:
        measures = list(held.measures.order_by("places__place"))
        approved = (
            f"The {quoted(held.approved_by)} approved them on {day(held.approved_on)}."
            if held.approved_by
            else ""
        )
        title = (
            "The five measures of the year" if len(measures) == 5 else "The measures of the year"
        )
        blocks.append(
            Words(
                f"Five measures at a time tell the STAR Board and the Joint Committee how social value goes. {approved} Each value is what was on "
                "record when this report was made.",
                "lead",
            )
        )
        blocks.append(_table(book, measures, year, as_known))
    book.section("measures", title, *blocks, breaks=True)
    if held is not None:
        book.section(
            "measure-words",
            "What each measure means",
            Table(
                "measure-words-table",
                "Definitions of the measures",
                ("Measure", "What it says", "Made from"),
                tuple((name(one.name), name(one.words), name(_made_from(one))) for one in measures),
            ),
            level=3,
        )
    _published(book)


def _made_from(measure: StarMeasure) -> str:
    if measure.source == StarMeasure.Source.SUPPLIED:
        return "Supplied by STAR with its own evidence"
    return measure.catalogue_words()


def _table(
    book: Book, measures: list[StarMeasure], year: FinancialYear, as_known: datetime.datetime
) -> Table:
    quarters = list(year.quarters)
    readings = reading_lines([one.pk for one in measures], quarters, as_known=as_known)
    rows = []
    for measure in measures:
        for quarter in quarters:
            line = readings.get((measure.pk, quarter))
            rows.append(
                (
                    _key(measure, quarter),
                    measure.name,
                    quarter.code,
                    measure.unit,
                    line.value if line else None,
                    line.numerator if line else None,
                    line.denominator if line else None,
                    line.completeness.received if line else None,
                    line.completeness.expected if line else None,
                )
            )
    book.add_rows(
        "readings",
        "Readings of the measures",
        (
            ("key", "Row", "text"),
            ("measure", "Measure", "text"),
            ("quarter", "Quarter", "text"),
            ("unit", "Unit", "text"),
            ("value", "Value", "decimal"),
            ("numerator", "Numerator", "decimal"),
            ("denominator", "Denominator", "decimal"),
            ("received", "Returns received", "integer"),
            ("expected", "Returns expected", "integer"),
        ),
        rows,
        "What one measure said of one quarter, as known when the report was made.",
    )
    book.add_rows(
        "targets",
        "Targets of the measures",
        (("key", "Row", "text"), ("measure", "Measure", "text"), ("target", "Target", "decimal")),
        ((one.key, one.name, one.target_quantity) for one in measures),
        "The target of one measure, where it has one.",
    )
    lines = []
    for measure in measures:
        cells = [name(measure.name)]
        for quarter in quarters:
            line = readings.get((measure.pk, quarter))
            key = _key(measure, quarter)
            cells.append(
                shown(
                    _value(
                        book,
                        key,
                        f"{measure.name}, {quarter.short}",
                        measure.unit,
                        "readings",
                        "value",
                        key,
                        reason=(line.reason if line else NOT_WORKED_OUT) or "Not available.",
                        period=quarter.label,
                        basis=basis_of_reading(measure),
                        completeness=line.completeness.sentence
                        if line and rests_on_returns(measure)
                        else "",
                    )
                )
            )
        if measure.target_quantity is None:
            cells.append(words("None"))
        else:
            cells.append(
                shown(
                    _value(
                        book,
                        f"target-{measure.key}",
                        f"{measure.name}: target",
                        measure.unit,
                        "targets",
                        "target",
                        measure.key,
                    )
                )
            )
        lines.append(tuple(cells))
    return Table(
        "measures-table",
        f"The measures in each quarter of {year.label}",
        ("Measure", *(quarter.short for quarter in quarters), "Target"),
        tuple(lines),
        (1, 2, 3, 4, 5),
    )


def _key(measure: StarMeasure, quarter: Quarter) -> str:
    return f"{measure.key}-{quarter.code.lower()}"


def _value(
    book: Book,
    id: str,
    label: str,
    unit: str,
    rows: str,
    column: str,
    key: str,
    basis: str = "record",
    **more: str,
) -> str:
    formula = Formula("value", rows=rows, column=column, where=(("key", (key,)),))
    places = {Unit.COUNT: 0, Unit.POUNDS: 2}.get(Unit(unit), 4)
    return book.add(id, label, Unit(unit), basis, formula, places=places, **more)  # type: ignore[arg-type]


def _published(book: Book) -> None:
    found = published_figures()
    if not found:
        return
    book.add_rows(
        "published",
        "Published figures of record",
        (
            ("key", "Row", "text"),
            ("name", "Figure", "text"),
            ("period", "Period", "text"),
            ("value", "Value", "decimal"),
            ("source", "Source", "text"),
        ),
        ((one.key, one.name, one.period_words, one.value_quantity, one.source) for one in found),
        "A figure that was published before this software and whose formula is not known.",
    )
    lines = []
    for one in found:
        made = _value(
            book,
            f"published-{one.key}",
            one.name,
            one.unit,
            "published",
            "value",
            one.key,
            "published",
            period=one.period_words,
        )
        lines.append((name(one.name), shown(made), name(one.period_words), name(one.source)))
    book.section(
        "published-figures",
        "Figures of record",
        Words(
            "These were published before. How they were worked out is not known, so they stand as they were said and are never added to, "
            "or compared with, what is worked out here."
        ),
        Table(
            "published-table",
            "Published figures of record",
            ("Figure", "Value", "Period", "Source"),
            tuple(lines),
            (1,),
        ),
        level=3,
    )

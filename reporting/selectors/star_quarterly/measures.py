"""The five measures of the set in force: value, target, trend, commentary, completeness, and why each moved."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Any

from contracts.retained import PARTS_OF, PLACES
from contracts.valuation import Kind
from trafford_sv.core.money import percentage
from trafford_sv.core.periods import FinancialYear, Quarter

from ...catalogue import CATALOGUE, Basis, FigureGone, Unit, figure
from ...datasets import Block, Cell, Chart, Formula, Series, Table, Words
from ...datasets.words import IN_POINTS
from ...editions import NotReady
from ...models import MeasureSet, StarMeasure
from ...movements import Part
from ...star_measures import (
    PERIOD_WORDS,
    TARGET_WORDS,
    Movement,
    Period,
    first_quarter,
    target_state,
)
from .. import report_rows
from ..figures import scope_of
from ..movement_splits import by_agreement
from ..movements import part_names
from ..report_book import Book, day, name, quoted, shown, where, words
from ..star_basis import basis_of_reading, depends_on_returns, rests_on_returns
from ..star_measures import MeasureLine, figure_words, measure_lines
from . import rows as sources
from .steps import add_steps

KINDS = {"social_value": Kind.SOCIAL, "local_economic_value": Kind.LOCAL_ECONOMIC}
SPEND_PARTS = {
    "spend_contestable": "contestable", "spend_known": "known", "spend_retained": "retained",
    "spend_trafford": "trafford",
}  # fmt: skip
NOTHING = "Nothing is recorded for this period."
VALUES_NOTE = (
    "The value of one unit is pinned when a commitment is agreed. It changes only where a commitment is varied at "
    "a new value: what the new value adds over the old one stands by itself."
)
PLACES_OF_UNIT = {Unit.COUNT: 0, Unit.POUNDS: 2, Unit.SHARE: 4, Unit.RATIO: 4}


class MeasureChapter:
    """Adds the rows, figures and sections of a set of measures to a book.

    A span's rows are read once, however many measures ask for them. Raises NotReady where a
    measure names a figure that is gone.
    """

    def __init__(self, book: Book, quarter: Quarter, as_of: datetime.datetime) -> None:
        self.book, self.quarter, self.as_of = book, quarter, as_of
        self.spans: dict[tuple[object, Quarter | None], sources.Span] = {}
        self.built: dict[tuple[str, str], str] = {}
        self.whole_quarter = sources.Span("quarter", report_rows.EVERYTHING, quarter, quarter)
        self.spans[report_rows.EVERYTHING, quarter] = self.whole_quarter

    def add(self, held: MeasureSet) -> None:
        measures = list(held.measures.order_by("places__place"))
        lines = measure_lines(measures, self.quarter, as_known=self.as_of)
        self._readings(lines)
        self._targets(lines)
        try:
            values = [self._value(line) for line in lines]
        except FigureGone as error:
            raise NotReady(str(error)) from error
        approved = f"The set is “{held.name}”"
        if held.approved_by:
            approved += f", approved by the {quoted(held.approved_by)}"
            approved += f" on {day(held.approved_on)}" if held.approved_on else ""
        if held.starts > self.quarter.start:
            approved += f". It is in force since {day(held.starts)} and judges the whole quarter"
        self.book.section(
            "measures",
            "The five measures" if len(lines) == 5 else "The measures",
            Words(f"{approved}. Each measure follows with its trend and with what moved it."),
            self._overview(lines, values),
        )
        for line, value in zip(lines, values, strict=True):
            self._section(line, value)

    # --- what one measure is made from ---------------------------------------------------

    def span(self, measure: StarMeasure) -> sources.Span:
        scope, first = scope_of(measure), first_quarter(measure.period, self.quarter)
        key = (scope, first)
        if key not in self.spans:
            whole = scope == report_rows.EVERYTHING
            id = measure.period.replace("_", "-") if whole else f"of-{measure.key}"
            self.spans[key] = sources.Span(id, scope, first, self.quarter)
        return self.spans[key]

    def rows(self, what: str, span: sources.Span) -> str:
        build = {
            "agreements": sources.add_position, "offers": sources.add_offers,
            "awards": sources.add_awards, "returns": sources.add_returns,
        }[what]  # fmt: skip
        if (what, span.id) not in self.built:
            self.built[what, span.id] = build(self.book, span)
        return self.built[what, span.id]

    def formula(self, key: str, basis: str, span: sources.Span, *, over: str = "") -> Formula:
        """Of a figure of the catalogue over the rows of a span. Raises FigureGone.

        `over`: what it is divided by. Offers are measured by the value of their own contracts.
        """
        held = figure(key)
        if key in KINDS:
            if basis not in held.bases:
                raise FigureGone(f"“{held.name}” cannot be read as “{basis}”. Choose its basis.")
            what = "offers" if basis == Basis.OFFERED else "agreements"
            on = where(value_kind=KINDS[key].value)
            if basis == Basis.OFFERED and over == "tendered_value":
                on = (*on, *where(in_base="yes"))
            return Formula("sum", rows=self.rows(what, span), column=basis, where=on)
        if key in SPEND_PARTS:
            return self._spend(key, span)
        match key:
            case "contract_value":
                return Formula("sum", rows=self.rows("awards", span), column="value")
            case "tendered_value":
                on = where(in_base="yes")
                return Formula("sum", rows=self.rows("awards", span), column="value", where=on)
            case "agreements":
                return Formula("distinct", rows=self.rows("awards", span), column="reference")
            case "commitments":
                return Formula("sum", rows=self.rows("agreements", span), column="commitments")
            case "returns_expected":
                return Formula("count", rows=self.rows("returns", span))
            case "returns_received":
                return Formula("count", rows=self.rows("returns", span), where=where(came="yes"))
        raise FigureGone(f"The report does not know how to show “{held.name}” by its rows yet.")

    def _spend(self, key: str, span: sources.Span) -> Formula:
        if "spend" not in self.book.rows:
            first = span.first or Quarter(self.quarter.start_year - 10, 1)
            years = range(
                min(first.start_year, self.quarter.start_year), self.quarter.start_year + 1
            )
            report_rows.add_spend(self.book, [FinancialYear(year) for year in years])
        quarters, one = [], span.last
        for row in self.book.rows["spend"].rows:
            quarter = Quarter.parse(str(row[2]))
            if (span.first is None or quarter >= span.first) and quarter <= one:
                quarters.append(quarter.code)
        places = [PLACES[place] for place in PARTS_OF[SPEND_PARTS[key]]]
        on = where(quarter=sorted(set(quarters)) or [one.code], place=places)
        return Formula("sum", rows="spend", column="net_pounds", where=on)

    def _value(self, line: MeasureLine) -> str:
        """The id of the measure's figure, with those it is made of before it."""
        measure, book = line.measure, self.book
        if measure.source == StarMeasure.Source.SUPPLIED:
            return self._supplied(line)
        span = self.span(measure)
        said: dict[str, Any] = {
            "period": f"{self.quarter.label}, {PERIOD_WORDS[Period(measure.period)]}",
            "completeness": self._known(measure, span)
            if measure.numerator in SPEND_PARTS
            else self._completeness(span)
            if rests_on_returns(measure)
            else "",
            "measure_edition": measure.words,
        }
        over = measure.denominator if measure.is_ratio else ""
        top = self.formula(measure.numerator, measure.numerator_basis, span, over=over)
        if not measure.is_ratio:
            return book.add(
                _id(measure), measure.name, Unit(measure.unit), measure.numerator_basis, top,
                reason=NOTHING, note=measure.note, **said,
            )  # fmt: skip
        parts = []
        for end, key, basis in (
            ("counted", measure.numerator, measure.numerator_basis),
            ("divided-by", measure.denominator, measure.denominator_basis),
        ):
            formula = top if end == "counted" else self.formula(key, basis, span)
            held = CATALOGUE[key]
            said_of = _lower(figure_words(key, basis))
            known = said["completeness"]
            if key not in SPEND_PARTS and not depends_on_returns(key, basis):
                known = ""
            parts.append(
                book.add(
                    f"{_id(measure)}-{end}", f"{measure.name}: {said_of}", held.unit, basis,
                    formula, reason=NOTHING, **{**said, "completeness": known},
                )
            )  # fmt: skip
        base = _lower(CATALOGUE[measure.denominator].name)
        return book.add(
            _id(measure), measure.name, Unit(measure.unit), "mixed",
            Formula("ratio", figures=tuple(parts)), places=4, note=measure.note,
            reason=f"Not available: there is no {base} to divide by, or nothing to divide.", **said,
        )  # fmt: skip

    def _completeness(self, span: sources.Span) -> str:
        rows = self.book.rows[self.rows("returns", span)]
        came = sum(row[-1] == "yes" for row in rows.rows)
        if not rows.rows:
            return "No returns are due"
        return f"{came:,} of {len(rows.rows):,} returns received"

    def _known(self, measure: StarMeasure, span: sources.Span) -> str:
        """Of spend: the part whose place is known, without which a percentage misleads."""
        id, book = _id(measure), self.book
        for part, label in (
            ("spend_known", "contestable spend whose place is known"),
            ("spend_contestable", "contestable spend"),
        ):
            book.add(
                f"{id}-{part.replace('_', '-')}", f"{measure.name}: {label}", Unit.POUNDS, "invoice",
                self.formula(part, "invoice", span),
            )  # fmt: skip
        share = book.share(
            f"{id}-known-share", f"{measure.name}: share of contestable spend whose place is known",
            f"{id}-spend-known", f"{id}-spend-contestable",
        )  # fmt: skip
        return f"Location known for {percentage(book.amount(share))} of contestable spend"

    def _supplied(self, line: MeasureLine) -> str:
        measure, reading = line.measure, line.reading
        formula = Formula(
            "value", rows="readings", column="value",
            where=where(key=f"{measure.key}-{self.quarter.code.lower()}"),
        )  # fmt: skip
        return self.book.add(
            _id(measure), measure.name, Unit(measure.unit), "supplied", formula,
            places=PLACES_OF_UNIT[Unit(measure.unit)], measure_edition=measure.words,
            period=self.quarter.label, note=reading.evidence if reading else "",
            reason="STAR has not supplied a value for this quarter.",
        )  # fmt: skip

    # --- readings, targets ---------------------------------------------------------------

    def _readings(self, lines: list[MeasureLine]) -> None:
        self.book.add_rows(
            "readings",
            "What each measure was on record as saying",
            (
                ("key", "Row", "text"), ("measure", "Measure", "text"), ("quarter", "Quarter", "text"),
                ("value", "Value", "decimal"), ("numerator", "Counted", "decimal"),
                ("denominator", "Divided by", "decimal"), ("received", "Returns received", "integer"),
                ("expected", "Returns expected", "integer"), ("known_on", "On record since", "date"),
            ),
            (
                (
                    f"{line.measure.key}-{quarter.code.lower()}", line.measure.name, quarter.code,
                    reading.value if reading else None, reading.numerator if reading else None,
                    reading.denominator if reading else None,
                    reading.completeness.received if reading else None,
                    reading.completeness.expected if reading else None,
                    reading.known_at.date() if reading else None,
                )
                for line in lines
                for quarter, reading in line.trend
            ),
            "What one measure said of one quarter, as known when the report was gathered.",
        )  # fmt: skip

    def _targets(self, lines: list[MeasureLine]) -> None:
        self.book.add_rows(
            "targets",
            "Targets",
            (("key", "Row", "text"), ("measure", "Measure", "text"), ("target", "Target", "decimal")),
            ((line.measure.key, line.measure.name, line.measure.target_quantity) for line in lines),
            "The target of one measure, where it has one.",
        )  # fmt: skip

    def _overview(self, lines: list[MeasureLine], values: list[str]) -> Table:
        made = []
        for line, value in zip(lines, values, strict=True):
            measure = line.measure
            target: Cell = words("None")
            if measure.target_quantity is not None:
                target = shown(
                    self.book.add(
                        f"{_id(measure)}-target", f"{measure.name}: target", Unit(measure.unit),
                        "record", Formula("value", rows="targets", column="target",
                                          where=where(key=measure.key)),
                        places=PLACES_OF_UNIT[Unit(measure.unit)], period="",
                    )
                )  # fmt: skip
            state = target_state(
                self.book.amount(value), measure.target_quantity, measure.direction
            )
            completeness = self.book.figures[value].completeness
            made.append(
                (
                    name(measure.name), shown(value), target, words(TARGET_WORDS[state]),
                    name(completeness or "Does not depend on returns"),
                )
            )  # fmt: skip
        return Table(
            "measures-table",
            "The measures against their targets",
            ("Measure", "Value", "Target", "State", "Completeness"),
            tuple(made),
            (1, 2),
        )

    # --- the section of one measure ------------------------------------------------------

    def _section(self, line: MeasureLine, value: str) -> None:
        measure, book = line.measure, self.book
        blocks: list[Block] = [Words(measure.words, by="Definition, as approved")]
        held = book.figures[value]
        if held.formula.op == "ratio":
            top, base = held.formula.figures
            blocks.append(
                Table(
                    f"{_id(measure)}-made", "What it is made from", ("Part", "Amount"),
                    (
                        (name(book.figures[top].label), shown(top, "exact")),
                        (name(book.figures[base].label), shown(base, "exact")),
                        (name(measure.name), shown(value, "exact")),
                    ),
                    (1,),
                )
            )  # fmt: skip
        if f"{value}-known-share" in book.figures:
            known = f"[[{value}-known-share]] of contestable spend"
            blocks.append(
                Words(f"Where the money went is known for {known}; the rest is not in it.")
            )
        if held.value is None:
            blocks.append(Words(held.reason, by="Why there is no value"))
        blocks.append(self._trend(line))
        blocks += self._movement(line, value)
        if line.comment:
            # By the council: an officer's name is not for a published report.
            blocks.append(Words(line.comment.text, by="Commentary of the council"))
        book.section(f"measure-{measure.key}", measure.name, *blocks, level=3, is_name=True)

    def _trend(self, line: MeasureLine) -> Chart:
        measure, keys = line.measure, []
        for quarter, reading in line.trend:
            key = f"{_id(measure)}-{quarter.code.lower()}"
            if reading is None or reading.value is None:
                keys.append("")
                continue
            keys.append(
                self.book.add(
                    key, f"{measure.name}, {quarter.short}", Unit(measure.unit),
                    basis_of_reading(measure),
                    Formula("value", rows="readings", column="value",
                            where=where(key=f"{measure.key}-{quarter.code.lower()}")),
                    places=PLACES_OF_UNIT[Unit(measure.unit)], period=quarter.label,
                    completeness=reading.completeness.sentence if rests_on_returns(measure) else "",
                )
            )  # fmt: skip
        return Chart(
            id=f"{_id(measure)}-trend",
            title=quoted(measure.name),
            subtitle="As on record, quarter by quarter",
            shape="line" if sum(map(bool, keys)) > 1 else "column",
            heading="Quarter",
            points=tuple(quarter.short for quarter, _ in line.trend),
            series=(Series("Value", tuple(keys)),),
        )

    def _movement(self, line: MeasureLine, value: str) -> list[Block]:
        """Why it moved since the quarter before; nothing where there is nothing to compare."""
        measure, book = line.measure, self.book
        before = line.before
        if before is None or before.value is None or book.amount(value) is None:
            return []
        was = f"{_id(measure)}-{self.quarter.previous.code.lower()}"
        change = book.add(
            f"{_id(measure)}-change", f"{measure.name}: change since the quarter before",
            Unit(measure.unit), "mixed", Formula("difference", figures=(value, was)),
            places=PLACES_OF_UNIT[Unit(measure.unit)],
            note=IN_POINTS if measure.unit == Unit.SHARE else "",
        )  # fmt: skip
        moved = book.number(change)
        verb = "went up" if moved > 0 else "went down"
        said = (
            f"It {verb} from [[{was}]] in {self.quarter.previous.short} to [[{value}]]."
            if moved
            else f"It did not move since {self.quarter.previous.short}."
        )
        blocks: list[Block] = [Words(said)]
        if measure.is_ratio and before.numerator is not None and before.denominator is not None:
            blocks.append(self._parts_then_and_now(measure))
        split = by_agreement(measure, self.quarter.previous, self.quarter)
        if measure.is_ratio:
            blocks += add_steps(book, measure, self.quarter, before, split)
        if split is None:
            return blocks
        if any(one.is_kept_in for one in split.values()):
            told = Words("A licence keeps back a part of it, so its causes are not told apart.")
            return [*blocks, told]
        moves = {pk: one.movement for pk, one in split.items()}
        return [*blocks, *self._split(measure, moves, before.numerator)]

    def _split(
        self, measure: StarMeasure, split: dict[int, Movement], recorded: Decimal | None
    ) -> list[Block]:
        """The same parts as "Why it moved" shows. `recorded`: what was on record for the quarter before."""
        book, short = self.book, self.quarter.previous.short
        rows = sources.add_movement(book, f"movement-{measure.key}", self.quarter, split)
        names, basis, id = part_names(measure), measure.numerator_basis, _id(measure)
        lines, keys = [], []
        for part in (Part.DELIVERY, Part.NEW, Part.VALUES, Part.LATE):
            if part not in names:
                continue
            key = book.sum(
                f"{id}-moved-{part.value}", f"{measure.name}: {_lower(names[part])}", basis, rows,
                part.value, reason=NOTHING,
            )  # fmt: skip
            keys.append(key)
            lines.append((words(names[part]), shown(key, "exact")))
        whole = book.total(
            f"{id}-moved", f"{measure.name}: all of the change", basis, *keys, reason=NOTHING
        )
        lines.append((words("All of the change"), shown(whole, "exact")))
        title = "Why it moved"
        if measure.is_ratio:
            title = f"Why what it counts moved: {_lower(figure_words(measure.numerator, basis))}"
        table = Table(
            f"{id}-{'counted-' if measure.is_ratio else ''}why", title, ("Cause", "Change, pounds"),
            tuple(lines), (1,), note=VALUES_NOTE,
        )  # fmt: skip
        was = sum((one.before for one in split.values()), Decimal(0))
        if recorded is None or recorded == was:
            return [table]
        now = book.sum(
            f"{id}-moved-before", f"{measure.name}: {short} by the rows as they are now", basis, rows,
            "before", reason=NOTHING,
        )  # fmt: skip
        changed = (
            f"The rows of {short} have changed since it was put on record: they add up to [[{now}]] now. The "
            "causes are of the rows as they are now."
        )
        return [table, Words(changed, "note")]

    def _parts_then_and_now(self, measure: StarMeasure) -> Table:
        book, before = self.book, self.quarter.previous
        lines = []
        for end, column, key, basis in (
            ("counted", "numerator", measure.numerator, measure.numerator_basis),
            ("divided-by", "denominator", measure.denominator, measure.denominator_basis),
        ):
            held, said_of = CATALOGUE[key], figure_words(key, basis)
            was = book.add(
                f"{_id(measure)}-{end}-before", f"{measure.name}: {_lower(said_of)}, {before.short}",
                held.unit, basis or "record",
                Formula("value", rows="readings", column=column,
                        where=where(key=f"{measure.key}-{before.code.lower()}")),
                period=before.label,
            )  # fmt: skip
            change = book.add(
                f"{_id(measure)}-{end}-change", f"{measure.name}: change of {_lower(said_of)}",
                held.unit, "mixed", Formula("difference", figures=(f"{_id(measure)}-{end}", was)),
            )  # fmt: skip
            lines.append(
                (name(said_of), shown(was, "exact"), shown(f"{_id(measure)}-{end}", "exact"),
                 shown(change, "exact"))
            )  # fmt: skip
        return Table(
            f"{_id(measure)}-why", "Why it moved: its two parts, then and now",
            ("Part", before.short, self.quarter.short, "Change"), tuple(lines), (1, 2, 3),
        )  # fmt: skip


def _id(measure: StarMeasure) -> str:
    """Of its figure, apart from every other figure of a report."""
    return f"measure-{measure.key}"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

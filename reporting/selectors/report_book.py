"""A report being put together: rows first, then figures over them, then what is said."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Sequence
from decimal import Decimal

from trafford_sv.core.periods import Quarter

from ..datasets import Block, Cell, Figure, Formula, RowColumn, RowSet, Section, Unit, figure_of
from ..editions import Period

Where = tuple[tuple[str, tuple[str, ...]], ...]
KEPT_IN = "without what a licence keeps in"
KEPT_BACK = "A licence keeps these pounds back."
KEPT_IN_WORDS = (
    "Some pounds are not in these totals: a licence keeps them in, because few measures add to them "
    "and the value of one unit could be told."
)
Given = str | int | Decimal | datetime.date | None


def where(**columns: str | Sequence[str]) -> Where:
    """`where(kind="social", quarter=["2025-26-Q1"])` as a formula holds it."""
    return tuple(
        (name, (values,) if isinstance(values, str) else tuple(values))
        for name, values in columns.items()
    )


def quarters_of(period: Period) -> tuple[Quarter, ...]:
    """A quarter is its own only one."""
    return (period,) if isinstance(period, Quarter) else period.quarters


def text_of(value: Given) -> str | None:
    """As a row holds it: exact decimal text, ISO dates, None where nothing is known."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, datetime.date):
        return value.isoformat()
    return format(value, "f") if isinstance(value, Decimal) else str(value)


class Book:
    """Adds to itself and hands back ids, so that words and tables can name what they print."""

    def __init__(self) -> None:
        self.rows: dict[str, RowSet] = {}
        self.figures: dict[str, Figure] = {}
        self.sections: list[Section] = []
        self.sources: dict[str, None] = {}
        self.period = ""
        self.period_code = ""
        self.completeness = ""
        self._left_out: dict[tuple[str, str], list[dict[str, str]]] = {}

    def leave_out(self, rows: str, column: str, **said: str) -> None:
        """A licence keeps pounds of this column out of the rows. `said`: what is known of them, by column."""
        self._left_out.setdefault((rows, column), []).append(said)

    @property
    def leaves_out(self) -> bool:
        return bool(self._left_out)

    def is_kept_back(self, *ids: str) -> bool:
        """Whether one of the figures has no pounds because a licence keeps them in."""
        return any(self.figures[id].reason == KEPT_BACK for id in ids)

    def add_rows(
        self,
        id: str,
        title: str,
        columns: Sequence[tuple[str, str, str]],
        rows: Iterable[Sequence[Given]],
        words: str = "",
    ) -> RowSet:
        """`columns`: (key, label, type), the row's own key first."""
        made = RowSet(
            id=id,
            title=title,
            columns=tuple(RowColumn(*column) for column in columns),
            rows=tuple(tuple(text_of(cell) for cell in row) for row in rows),
            words=words,
        )
        self.rows[id] = made
        return made

    def add(
        self,
        id: str,
        label: str,
        unit: Unit,
        basis: str,
        formula: Formula,
        *,
        places: int | None = None,
        period: str | None = None,
        completeness: str = "",
        measure_edition: str = "",
        note: str = "",
        reason: str = "",
    ) -> str:
        """The figure's id; its value comes from the rows."""
        if self._is_partial(formula):
            completeness = "; ".join(part for part in (completeness, KEPT_IN) if part)
            reason = KEPT_BACK
        if places is None:
            places = {Unit.COUNT: 0, Unit.SHARE: 4}.get(unit, 2)
        bare = Figure(
            id=id,
            label=label,
            unit=unit,
            basis=basis,
            value=None,
            formula=formula,
            places=places,
            reason=reason,
            completeness=completeness,
            period=self.period if period is None else period,
            measure_edition=measure_edition,
            note=note,
        )
        over_rows = [self.rows[formula.rows]] if formula.rows else self.rows.values()
        over_figures = self.figures.values() if formula.figures else ()
        if id in self.figures:
            raise ValueError(f"The figure “{id}” is in the report already.")
        self.figures[id] = figure_of(over_rows, over_figures, bare)
        return id

    def _is_partial(self, formula: Formula) -> bool:
        """Whether something that a licence keeps in would add to it, directly or through its figures."""
        if any(KEPT_IN in self.figures[id].completeness for id in formula.figures):
            return True
        if formula.op != "sum":
            return False
        asked = dict(formula.where)
        return any(
            all(said[name] in asked[name] for name in said.keys() & asked.keys())
            for said in self._left_out.get((formula.rows, formula.column), ())
        )

    def sum(
        self,
        id: str,
        label: str,
        basis: str,
        rows: str,
        column: str,
        on: Where = (),
        **more: object,
    ) -> str:
        formula = Formula("sum", rows=rows, column=column, where=on)
        return self.add(id, label, Unit.POUNDS, basis, formula, **more)  # type: ignore[arg-type]

    def count(
        self,
        id: str,
        label: str,
        rows: str,
        on: Where = (),
        *,
        basis: str = "record",
        **more: object,
    ) -> str:
        formula = Formula("count", rows=rows, where=on)
        return self.add(id, label, Unit.COUNT, basis, formula, **more)  # type: ignore[arg-type]

    def share(self, id: str, label: str, part: str, whole: str, **more: object) -> str:
        more = {"reason": "There is nothing to divide by in this period.", **more}
        formula = Formula("ratio", figures=(part, whole))
        return self.add(id, label, Unit.SHARE, "mixed", formula, **more)  # type: ignore[arg-type]

    def total(self, id: str, label: str, basis: str, *parts: str, **more: object) -> str:
        formula = Formula("total", figures=parts)
        return self.add(id, label, Unit.POUNDS, basis, formula, **more)  # type: ignore[arg-type]

    def less(self, id: str, label: str, basis: str, first: str, second: str, **more: object) -> str:
        formula = Formula("difference", figures=(first, second))
        return self.add(id, label, Unit.POUNDS, basis, formula, **more)  # type: ignore[arg-type]

    def amount(self, id: str) -> Decimal | None:
        return self.figures[id].amount

    def number(self, id: str) -> Decimal:
        """For choosing words: what is not known chooses like nothing."""
        return self.figures[id].amount or Decimal(0)

    def said(self, id: str, one: str, many: str) -> str:
        """ "[[id]] contract" or "[[id]] contracts"; with {} the figure stands there instead."""
        words = one if self.number(id) == 1 else many
        return words.replace("{}", f"[[{id}]]") if "{}" in words else f"[[{id}]] {words}"

    def section(
        self,
        id: str,
        title: str,
        *blocks: Block | None,
        level: int = 2,
        breaks: bool = False,
        number: str = "",
        is_name: bool = False,
    ) -> None:
        kept = tuple(block for block in blocks if block is not None)
        self.sections.append(Section(id, title, kept, level, breaks, number, is_name))


def shown(figure: str, form: str = "") -> Cell:
    return Cell(figure=figure, form=form)


def name(text: str) -> Cell:
    """A proper name, which may hold digits of its own."""
    return Cell(text=text, is_name=True)


def words(text: str) -> Cell:
    return Cell(text=text)


def day(value: datetime.date | None, missing: str = "Not recorded") -> str:
    return f"{value.day} {value:%B} {value.year}" if value else missing


def quoted(text: str) -> str:
    """A name within our own words: in quotation marks where it has digits, which are no figures."""
    return f"“{text}”" if any(letter.isdigit() for letter in text) else text

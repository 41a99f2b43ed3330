"""Working a figure out again, from the rows that the dataset carries."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Context, Decimal, DecimalException

from .parts import Dataset, Figure, Formula, RowSet

EXACT = Context(prec=60, rounding=ROUND_HALF_UP)


class FormulaError(ValueError):
    """A formula that names what is not there, or goes round in circles."""


@dataclass(frozen=True)
class Recomputed:
    """`difference` is 0 where the stored value is what the rows say; None where one is missing or no number."""

    figure: Figure
    value: str | None
    problem: str = ""

    @property
    def agrees(self) -> bool:
        return not self.problem and self.value == self.figure.value

    @property
    def difference(self) -> Decimal | None:
        if self.value is None and self.figure.value is None:
            return Decimal(0)
        if self.value is None or self.figure.value is None:
            return None
        try:
            return EXACT.subtract(Decimal(self.figure.value), Decimal(self.value))
        except DecimalException:  # the stored value is no number: somebody altered it
            return None


def figure_of(rows: Iterable[RowSet], figures: Iterable[Figure], figure: Figure) -> Figure:
    """The figure with its value worked out from the rows and the figures before it.

    Where nothing comes out and no reason is given, it says so plainly.
    """
    value = _Reader({one.id: one for one in rows}, {one.id: one for one in figures}).rounded(figure)
    reason = "" if value is not None else figure.reason or "Nothing is recorded for this period."
    return replace(figure, value=value, reason=reason)


def recompute(dataset: Dataset, figure: Figure) -> Recomputed:
    """From its rows, or from the rows of the figures it is made of; never from a stored value."""
    return _recompute(_Reader(dataset.row_sets, dataset.by_id), figure)


def recompute_all(dataset: Dataset) -> list[Recomputed]:
    reader = _Reader(dataset.row_sets, dataset.by_id)
    return [_recompute(reader, figure) for figure in dataset.figures]


def _recompute(reader: _Reader, figure: Figure) -> Recomputed:
    try:
        return Recomputed(figure, reader.rounded(figure))
    except FormulaError as error:
        return Recomputed(figure, None, str(error))


class _Reader:
    def __init__(self, rows: Mapping[str, RowSet], figures: Mapping[str, Figure]) -> None:
        self.rows, self.figures = rows, figures
        self.open: list[str] = []
        self.held: dict[str, Decimal | None] = {}

    def rounded(self, figure: Figure) -> str | None:
        value = self.exact(figure)
        return None if value is None else decimal_text(value, figure.places)

    def exact(self, figure: Figure) -> Decimal | None:
        """Before it is rounded. Worked out once."""
        if figure.id in self.held:
            return self.held[figure.id]
        if figure.id in self.open:
            raise FormulaError(f"The figure “{figure.id}” is made from itself.")
        self.open.append(figure.id)
        try:
            value = self._value(figure.formula)
        finally:
            self.open.pop()
        self.held[figure.id] = value
        return value

    def _value(self, formula: Formula) -> Decimal | None:
        match formula.op:
            case "ratio" | "difference":
                if len(formula.figures) != 2:
                    raise FormulaError(f"A {formula.op} is made from two figures.")
                first, second = (self._figure(one) for one in formula.figures)
                if first is None or second is None:
                    return None
                if formula.op == "difference":
                    return EXACT.subtract(first, second)
                return None if second <= 0 else EXACT.divide(first, second)
            case "total":
                amounts = [self._figure(one) for one in formula.figures]
                return _sum(one for one in amounts if one is not None)
            case "sum" | "count" | "distinct" | "value":
                return self._of_rows(formula)
        raise FormulaError(f"“{formula.op}” is no formula that is known here.")

    def _figure(self, key: str) -> Decimal | None:
        """As it is printed: a ratio of two printed figures can be checked with a calculator."""
        if key not in self.figures:
            raise FormulaError(f"There is no figure “{key}”.")
        figure = self.figures[key]
        value = self.exact(figure)
        return None if value is None else Decimal(decimal_text(value, figure.places))

    def _of_rows(self, formula: Formula) -> Decimal | None:
        if formula.rows not in self.rows:
            raise FormulaError(f"There are no rows “{formula.rows}”.")
        rows = self.rows[formula.rows]
        picked = matching(rows, formula)
        if formula.op == "count":
            return Decimal(len(picked))
        place = _place(rows, formula.column)
        values = [row[place] for row in picked]
        known = [value for value in values if value is not None]
        if formula.op == "distinct":
            return Decimal(len(set(known)))
        if formula.op == "value" and len(values) != 1:
            raise FormulaError(f"{len(values)} rows of “{rows.id}” stand where one is meant.")
        try:
            return _sum(Decimal(value) for value in known)
        except DecimalException:
            raise FormulaError(f"A value of “{formula.column}” is not a number.") from None


def matching(rows: RowSet, formula: Formula) -> list[tuple[str | None, ...]]:
    """The rows that a formula counts. Raises FormulaError."""
    wanted = [(_place(rows, column), set(values)) for column, values in formula.where]
    present = [_place(rows, column) for column in formula.present]
    return [
        row
        for row in rows.rows
        if all(row[place] in values for place, values in wanted)
        and all(row[place] is not None for place in present)
    ]


def _place(rows: RowSet, column: str) -> int:
    if column not in rows.places:
        raise FormulaError(f"The rows “{rows.id}” have no column “{column}”.")
    return rows.places[column]


def _sum(amounts: Iterable[Decimal]) -> Decimal | None:
    total: Decimal | None = None
    for amount in amounts:
        total = amount if total is None else EXACT.add(total, amount)
    return total


def decimal_text(value: Decimal, places: int) -> str:
    """Half up, away from zero; a negative zero is plain."""
    rounded = value.quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP, context=EXACT)
    return format(EXACT.add(rounded, Decimal(0)) if rounded else abs(rounded), "f")

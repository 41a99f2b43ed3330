"""Which figures a correction changed: rows and a first section, worked out from the two frozen datasets.

They are put into the new dataset when it is published, so that page, files and e-mail say the same
without the edition before. They are made of blocks that every reader of a dataset knows.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from decimal import Decimal

from ..catalogue import Unit
from .parts import Dataset, Figure, RowColumn, RowSet, RowsTable, Section, Words
from .words import figure_words

CHANGES = "figures-changed"
SHOWN = 12  # what follows from them is in the data and in the workbook
NONE_CHANGED = "No figure changed."
_COLUMNS = (
    RowColumn("key", "Id"),
    RowColumn("label", "Figure"),
    RowColumn("before", "Before"),
    RowColumn("after", "After"),
    RowColumn("difference", "Difference"),
)


@dataclass(frozen=True)
class Change:
    """One figure as it was printed in full before and after; `difference` is empty where one is missing."""

    id: str
    label: str
    before: str
    after: str
    difference: str


def with_changes(dataset: Dataset, before: Dataset) -> Dataset:
    """The dataset with its first section saying which figures differ from those of `before`."""
    rows = tuple(
        (one.id, one.label, one.before, one.after, one.difference or None)
        for one in _changes(dataset, before)
    )
    held = RowSet(
        CHANGES,
        "Figures that changed",
        _COLUMNS,
        rows,
        "One figure whose value differs from the edition before, headlines first.",
    )
    blocks = (
        (
            Words("Each figure whose value differs from the edition before, the headlines first."),
            RowsTable(
                f"{CHANGES}-table",
                "Before and after",
                CHANGES,
                ("label", "before", "after", "difference"),
                SHOWN,
            ),
        )
        if rows
        else (Words(NONE_CHANGED),)
    )
    section = Section(CHANGES, f"Figures that changed since edition {before.number}", blocks)
    return replace(dataset, rows=(*dataset.rows, held), sections=(section, *dataset.sections))


def without_changes(dataset: Dataset) -> Dataset:
    """As it was gathered, for comparing it with another."""
    return replace(
        dataset,
        rows=tuple(one for one in dataset.rows if one.id != CHANGES),
        sections=tuple(one for one in dataset.sections if one.id != CHANGES),
    )


def changes_in(dataset: Dataset) -> tuple[Change, ...] | None:
    """What a published correction says; None where it is no correction or is older than this list."""
    held = dataset.row_sets.get(CHANGES)
    if held is None:
        return None
    return tuple(Change(*(cell or "" for cell in row)) for row in held.rows)


def _changes(dataset: Dataset, before: Dataset) -> list[Change]:
    labels = Counter(one.label for one in before.figures)
    by_label = {one.label: one for one in before.figures if labels[one.label] == 1}
    ours = {key: place for place, key in reversed(list(enumerate(dataset.headlines)))}
    found, seen = [], set()
    for figure in sorted(dataset.figures, key=lambda one: ours.get(one.id, len(ours))):
        was = _same(figure, before, by_label)
        if was is not None:
            seen.add(was.id)
        if was is None or was.value != figure.value:
            found.append(_change(figure, was, before.number))
    found += [
        Change(
            f"was-{one.id}", one.label, figure_words(one, "exact"), "no longer in the report", ""
        )
        for one in before.figures
        if one.id not in seen
    ]
    return found


def _same(figure: Figure, before: Dataset, by_label: dict[str, Figure]) -> Figure | None:
    """By its id; where another thing stands under that id now (places in a list move), by its name."""
    held = before.by_id.get(figure.id)
    if held is not None and held.label == figure.label:
        return held
    return by_label.get(figure.label)


def _change(figure: Figure, was: Figure | None, number: int) -> Change:
    after = figure_words(figure, "exact")
    if was is None:
        return Change(figure.id, figure.label, f"not in edition {number}", after, "")
    return Change(
        figure.id, figure.label, figure_words(was, "exact"), after, _difference(figure, was)
    )


def _difference(figure: Figure, was: Figure) -> str:
    if figure.amount is None or was.amount is None:
        return ""
    moved: Decimal = figure.amount - was.amount
    if figure.unit == Unit.SHARE:
        return f"{figure_words(replace(figure, value=str(moved)), 'points')} points"
    sign = "+" if moved > 0 else "−"
    return f"{sign}{figure_words(replace(figure, value=format(abs(moved), 'f')), 'exact')}"

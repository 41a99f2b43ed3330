"""How a figure is printed, and words with figures put in. The same in every kind of file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal

from trafford_sv.core.money import exact, percentage, readable

from ..catalogue import Unit
from .parts import Bullets, Cell, Chart, Dataset, Drawing, Figure, FigureCards, Pairs, Table, Words

PLACE = re.compile(r"\[\[([a-z0-9][a-z0-9-]*)(?::(exact))?\]\]")
NOT_AVAILABLE = "not available"
IN_POINTS = "In percentage points."  # the note of each figure that is a change of a share


def with_period(name: str, period: str) -> str:
    """“STAR quarterly report, Q4 2025/26”; a name that says its period already does not repeat it."""
    return name if period in name else f"{name}, {period}"


def figure_words(figure: Figure, form: str = "") -> str:
    """£1.24 million, 53.1%, 1,204; with `form` "exact" all that is stored, "points" for a change of a share."""
    value = figure.amount
    if value is None:
        return NOT_AVAILABLE
    match figure.unit:
        case Unit.POUNDS:
            return exact(value) if form == "exact" else readable(value)
        case Unit.SHARE if form == "points":
            return _points(value)
        case Unit.SHARE if is_in_points(figure):
            return f"{_points(value)} percentage points"
        case Unit.SHARE:
            return percentage(value, max(0, figure.places - 2) if form == "exact" else 1)
        case Unit.RATIO:
            return f"£{value.quantize(Decimal('0.01'), ROUND_HALF_UP):,f} for each £1"
        case _:
            text = f"{value:,f}"
            text = text.rstrip("0").rstrip(".") if "." in text else text
            return text.replace("-", "−")


def _points(value: Decimal) -> str:
    """+2.50, −0.75, 0.00: a change of a share, to the hundredth of a percentage point as it is stored."""
    points = (value * 100).quantize(Decimal("0.01"), ROUND_HALF_UP)
    sign = "−" if points < 0 else "+" if points > 0 else ""
    return f"{sign}{abs(points)}"


def filled(text: str, dataset: Dataset) -> str:
    """The words with each [[id]] as its figure reads. Raises KeyError for one that is not there."""
    return PLACE.sub(lambda found: figure_words(dataset.by_id[found[1]], found[2] or ""), text)


def mentioned(dataset: Dataset) -> list[str]:
    """The id of each figure each time that it is printed, in the order of the report."""
    found = list(dataset.headlines)
    for section in dataset.sections:
        found += _in_text(section.title)
        for block in section.blocks:
            found += _in_block(block)
    return found


def texts(dataset: Dataset) -> Iterator[tuple[str, str]]:
    """(where, words) of everything that is printed as the report's own words."""
    yield "title", dataset.title
    yield "subtitle", dataset.subtitle
    for section in dataset.sections:
        if not section.is_name:
            yield f"heading of “{section.id}”", section.title
        for block in section.blocks:
            for text in _own_words(block):
                yield f"section “{section.id}”", text


def _in_text(text: str) -> list[str]:
    return [found[1] for found in PLACE.finditer(text)]


def _in_block(block: object) -> list[str]:
    match block:
        case FigureCards():
            return list(block.figures)
        case Chart():
            drawn = [one for series in block.series for one in series.figures if one]
            return [*_in_text(block.title), *drawn]
        case Table():
            return [one for row in block.rows for cell in row for one in _in_cell(cell)]
        case Pairs():
            return [one for _, cell in block.pairs for one in _in_cell(cell)]
        case Drawing():
            return _in_block(block.table) if block.table else []
    return [one for text in _own_words(block, quoted=True) for one in _in_text(text)]


def _in_cell(cell: Cell) -> list[str]:
    return [cell.figure] if cell.figure else _in_text(cell.text)


def _own_words(block: object, *, quoted: bool = False) -> list[str]:
    match block:
        case Words():
            return [block.text] if quoted or not (block.by or block.is_written) else []
        case Bullets():
            return list(block.items) if quoted or not block.is_written else []
        case Table():
            cells = [cell.text for row in block.rows for cell in row if not cell.is_name]
            return [block.caption, block.note, *block.headings, *cells]
        case Pairs():
            return [
                block.caption,
                *(
                    text
                    for key, cell in block.pairs
                    for text in (key, "" if cell.is_name else cell.text)
                ),
            ]
        case Chart():
            points = () if block.points_are_names else block.points
            return [block.title, block.subtitle, *points, *(s.label for s in block.series)]
        case Drawing():
            return [
                block.title,
                block.alternative,
                *(_own_words(block.table) if block.table else []),
            ]
    return []


BASIS_SENTENCES = {
    "offered": "Offered in winning bids",
    "committed": "Committed in agreements",
    "reported": "Reported by suppliers, not yet checked",
    "verified": "Verified with evidence",
    "award": "As awarded",
    "invoice": "As paid",
    "record": "As recorded",
    "supplied": "Supplied by STAR",
    "published": "A published figure of record",
    "mixed": "One figure divided by another",
}


def rests_on(figure: Figure, dataset: Dataset) -> str:
    """What a figure rests on, in words for a list; what is made of two figures says how."""
    said = BASIS_SENTENCES.get(figure.basis, figure.basis)
    if figure.formula.op == "difference":
        bases = {dataset.by_id[key].basis for key in figure.formula.figures if key in dataset.by_id}
        said = "One figure less another"
        if len(bases) == 1 and bases != {"mixed"}:
            basis = bases.pop()
            sentence = BASIS_SENTENCES.get(basis, basis)
            said = f"{said}: {sentence[:1].lower()}{sentence[1:]}"
    elif is_in_points(figure):
        said = "A change of one figure divided by another"
    if figure.formula.rows == "readings" and figure.basis != "record":
        said = f"{said}, as it was put on record"
    return said


def is_in_points(figure: Figure) -> bool:
    """A change of a share, which is no share of anything."""
    return figure.unit == Unit.SHARE and (
        figure.formula.op == "difference" or figure.note == IN_POINTS
    )


def formula_words(figure: Figure, dataset: Dataset) -> str:
    """How the value comes about, in a sentence."""
    formula = figure.formula
    names = [
        f"“{dataset.by_id[key].label}”" if key in dataset.by_id else key for key in formula.figures
    ]
    match formula.op:
        case "ratio":
            return f"{names[0]} divided by {names[1]}."
        case "difference":
            return f"{names[0]} less {names[1]}."
        case "total":
            return f"{', '.join(names)} added."
    rows = dataset.row_sets[formula.rows]
    labels = {column.key: column.label for column in rows.columns}
    column = f"“{labels.get(formula.column, formula.column)}”"
    conditions = [
        f"{labels.get(key, key)} is {' or '.join(values)}" for key, values in formula.where
    ] + [f"{labels.get(key, key)} is known" for key in formula.present]
    where = f" where {' and '.join(conditions)}" if conditions else ""
    match formula.op:
        case "count":
            return f"The number of rows of “{rows.title}”{where}."
        case "distinct":
            return f"How many different {column} there are in the rows of “{rows.title}”{where}."
        case "value":
            return f"{column} of the one row of “{rows.title}”{where}."
    return f"{column} added over the rows of “{rows.title}”{where}. What is not known is left out."


def rounding_words(figure: Figure) -> str:
    """Rows first, then the sum: so that a printed column adds up to its printed total."""
    step = {
        "pounds": "the penny",
        "share": f"{max(0, figure.places - 2)} decimals of a per cent",
    }.get(figure.unit, f"{figure.places} decimals" if figure.places else "a whole number")
    if figure.formula.op == "difference":
        return f"Both figures as printed, the one less the other, to {step}."
    if figure.formula.op == "ratio":
        return f"Both figures as printed, divided, then rounded half up to {step}."
    return f"Each row was rounded when it was written; their sum is kept to {step}, half up."

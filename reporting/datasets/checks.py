"""What is wrong with a dataset, in sentences: nothing is printed that is not covered by rows."""

from __future__ import annotations

import re
from collections import Counter

from .formulas import recompute_all
from .parts import Dataset, RowsTable
from .words import PLACE, mentioned, texts

_MONTHS = "January|February|March|April|May|June|July|August|September|October|November|December"
# Digits that are no figures: days, years, quarters, paragraphs, and the clock.
NO_FIGURE = re.compile(
    rf"\b\d{{1,2}} (?:{_MONTHS})(?: \d{{4}})?\b|\b(?:{_MONTHS}) \d{{4}}\b|\bQ[1-4]\b"
    r"|\b(?:19|20)\d{2}(?:[/-]\d{2,4})?\b|\(\d{1,2}(?:\.\d{1,2})*\)|\b\d{1,2}:\d{2}\b"
    r"|“[^”]*”"  # what is quoted is a name or somebody's own words
    r"|(?:Paragraph|Section|Article|Schedule|Appendix|Act|Regulation|edition|Edition|step|Step) \d[\d.]*"
)


def problems(dataset: Dataset) -> list[str]:
    """Empty where the dataset may be published."""
    found = [*_ids(dataset), *_references(dataset)]
    if found:
        return found  # what follows would only stumble over the same
    for one in recompute_all(dataset):
        if one.problem:
            found.append(f"The figure “{one.figure.id}” cannot be worked out: {one.problem}")
        elif not one.agrees:
            found.append(
                f"The figure “{one.figure.id}” says {one.figure.value}, its rows say {one.value}."
            )
        if one.figure.value is None and not one.figure.reason:
            found.append(f"The figure “{one.figure.id}” has no value and gives no reason.")
    for where, text in texts(dataset):
        rest = NO_FIGURE.sub("", PLACE.sub("", text))
        if re.search(r"\d", rest):
            found.append(f"A number in the words is covered by no figure ({where}): {text[:120]}")
    return found


def _ids(dataset: Dataset) -> list[str]:
    found = []
    kinds = {
        "figure": [one.id for one in dataset.figures],
        "row set": [one.id for one in dataset.rows],
        "section": [one.id for one in dataset.sections],
    }
    for kind, ids in kinds.items():
        found += [f"Two of one id: {kind} “{key}”." for key, n in Counter(ids).items() if n > 1]
    for rows in dataset.rows:
        keys = Counter(row[0] for row in rows.rows)
        found += [f"Two rows of one key in “{rows.id}”: {key}." for key, n in keys.items() if n > 1]
        if any(len(row) != len(rows.columns) for row in rows.rows):
            found.append(f"A row of “{rows.id}” has more or fewer cells than columns.")
    return found


def _references(dataset: Dataset) -> list[str]:
    found = [
        f"The figure “{key}” is printed and is not in the dataset."
        for key in dict.fromkeys(mentioned(dataset))
        if key not in dataset.by_id
    ]
    for section in dataset.sections:
        for block in section.blocks:
            if isinstance(block, RowsTable):
                rows = dataset.row_sets.get(block.rows)
                if rows is None:
                    found.append(f"The table “{block.id}” prints rows that are not there.")
                elif gone := set(block.columns) - set(rows.places):
                    found.append(f"The table “{block.id}” prints no such column: {sorted(gone)}.")
    return found

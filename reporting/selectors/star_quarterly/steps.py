"""The steps in which a share moved, in percentage points: those of "Why it moved", as rows and figures of a report."""

from __future__ import annotations

from collections.abc import Mapping

from contracts.licensing import TotalReader
from trafford_sv.core.periods import Quarter

from ...catalogue import Unit
from ...datasets import Block, Formula, Table, Words
from ...datasets.words import IN_POINTS
from ...models import StarMeasure
from ...movements import Part
from ..movement_splits import AgreementMovement, together
from ..movements import KEPT_IN, WhyItMoved, part_names, why_it_moved
from ..report_book import Book, shown, where, words
from ..star_measures import ReadingLine

NOTE = "One path: the causes of what is counted first, each over the old base; then what it is divided by. The steps add up to the change."


def add_steps(
    book: Book,
    measure: StarMeasure,
    quarter: Quarter,
    before: ReadingLine,
    split: Mapping[int, AgreementMovement] | None,
) -> list[Block]:
    """Nothing where there is no path: one of the two quarters has no base by the rows as they are now.
    `before`: what was on record for the quarter before. `split`: what is counted, by agreement; None where
    it is not told so.
    """
    why = why_it_moved(
        measure, quarter.previous, quarter, reader=TotalReader(), with_agreements=False,
        top=None if split is None else together(split),
    )  # fmt: skip
    if why.reason == KEPT_IN:
        return [
            Words(
                "A licence keeps back a part of it, so its steps are not told in percentage points."
            )
        ]
    if not why.stages:
        return []
    id, rows = f"measure-{measure.key}", f"steps-{measure.key}"
    changes = {one.part: one.change for one in why.parts}
    names = part_names(measure)
    _add_rows(book, rows, why, names)
    lines, keys = [], []
    for part in changes:
        keys.append(
            book.add(
                f"{id}-points-{part.value.replace('_', '-')}",
                f"{measure.name}: {_lower(names[part])}, in percentage points", Unit.SHARE, "mixed",
                Formula("value", rows=rows, column="change", where=where(key=part.value)),
                places=4, note=IN_POINTS,
            )
        )  # fmt: skip
        lines.append((words(names[part]), shown(keys[-1], "points")))
    whole = book.add(
        f"{id}-points", f"{measure.name}: all of the change, in percentage points", Unit.SHARE, "mixed",
        Formula("total", figures=tuple(keys)), places=4, note=IN_POINTS,
    )  # fmt: skip
    lines.append((words("All of the change"), shown(whole, "points")))
    table = Table(
        f"{id}-points-why", "Why the share moved", ("Cause", "Change, percentage points"),
        tuple(lines), (1,), note=NOTE,
    )  # fmt: skip
    if why.before == before.value:
        return [table]
    was = book.add(
        f"{id}-points-before", f"{measure.name}: {quarter.previous.short} by the rows as they are now",
        Unit.SHARE, "mixed", Formula("value", rows=rows, column="value", where=where(key="start")),
        places=4, period=quarter.previous.label,
    )  # fmt: skip
    changed = (
        f"The rows of {quarter.previous.short} have changed since it was put on record: by them the share was "
        f"[[{was}:exact]]. The steps are of the rows as they are now."
    )
    return [table, Words(changed, "note")]


def _add_rows(book: Book, id: str, why: WhyItMoved, names: dict[Part, str]) -> None:
    changes = {one.part: one.change for one in why.parts}
    book.add_rows(
        id,
        f"How the share moved since {why.first.short}",
        (
            ("key", "Row", "text"), ("cause", "Cause", "text"),
            ("counted", "Counted by then", "decimal"), ("divided", "Divided by", "decimal"),
            ("value", "The share by then", "decimal"), ("change", "Change", "decimal"),
        ),
        (
            (
                stage.part.value if stage.part else "start",
                names[stage.part] if stage.part else why.first.short,
                stage.counted, stage.divided, stage.value,
                changes[stage.part] if stage.part else None,
            )
            for stage in why.stages
            if stage.part is None or stage.part in names
        ),
        "One cause: what is counted and what it is divided by once it is taken in, the share of the two, and what it "
        "adds to the share before it.",
    )  # fmt: skip


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]

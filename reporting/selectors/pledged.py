"""How much of a report's pounds is promised in voluntary pledges that are agreements.

An agreement may be a pledge: it carries commitments at a value, so it is in every total of agreements,
and a report says apart how much of them it is. A pledge of the Charter has no pounds and is in none.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from contracts.models import Contract

from ..datasets import Words
from .report_book import Book, where

IN_TABLES = "A pledge in this table is an agreement that carries commitments at a value. Pledges of the Charter are not in it."


def add_pledged(
    book: Book,
    label: str,
    parts: Mapping[str, tuple[str, str, Sequence[tuple[str, tuple[str, ...]]]]],
) -> None:
    """For each figure its part of agreements of kind pledge, as "<id>-pledged".

    `parts`: a figure's id with its row set, its column and its conditions. Its basis is that figure's.
    """
    kind = where(agreement_kind=str(Contract.Kind.PLEDGE.label))
    for id, (rows, column, on) in parts.items():
        whole = book.figures[id]
        book.sum(
            f"{id}-pledged",
            f"{whole.label}: part in agreements that are pledges",
            whole.basis,
            rows,
            column,
            (*on, *kind),
            period=whole.period,
            completeness=whole.completeness,
            reason=f"No {label} stands in an agreement that is a pledge.",
        )


def pledged_words(book: Book, kinds: Sequence[tuple[str, str, str, str]]) -> Words | None:
    """One note under the headlines; None where no agreement is a pledge.

    `kinds`: (label, id of what is committed, id of what is verified, "in the year").
    """
    said = []
    for label, committed, verified, when in kinds:
        known = [
            f"[[{id}-pledged]] of the [[{id}]] {of_what}"
            for id, of_what in ((committed, "committed"), (verified, f"verified {when}"))
            if book.amount(f"{id}-pledged") is not None and book.amount(id) is not None
        ]
        if known:
            said.append(f"{label}: {' and '.join(known)}.")
    if not said:
        return None
    return Words(
        "Some of these pounds stand in voluntary pledges that are recorded as agreements with commitments. "
        f"{' '.join(said)} Pledges made under the Charter have no pounds and are in none of these totals.",
        "note",
    )

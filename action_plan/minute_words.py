"""How minutes read when they are drafted from what was recorded. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from dataclasses import dataclass

from .words import day_words, ended


@dataclass(frozen=True)
class Decided:
    """`by_chair` on that day between meetings. `reverses`: the reference that it undoes."""

    reference: str
    words: str
    reasons: str = ""
    by_chair: datetime.date | None = None
    reverses: str = ""


@dataclass(frozen=True)
class ToDo:
    words: str
    owner: str
    due: datetime.date


@dataclass(frozen=True)
class Declared:
    who: str
    words: str
    what_follows: str


@dataclass(frozen=True)
class Came:
    """Names of seats, as the minutes list them."""

    present: Sequence[str] = ()
    substitutes: Sequence[str] = ()
    apologies: Sequence[str] = ()
    chair: str = ""


def opening(came: Came, quorum_sentence: str) -> str:
    """The first paragraph: who was there, who was not, who took the chair."""
    parts = []
    if came.chair:
        parts.append(f"In the chair: {came.chair}.")
    if came.present:
        parts.append(f"Present: {'; '.join(came.present)}.")
    if came.substitutes:
        parts.append(f"By a substitute: {'; '.join(came.substitutes)}.")
    if came.apologies:
        parts.append(f"Apologies: {'; '.join(came.apologies)}.")
    parts.append(quorum_sentence)
    return "\n".join(parts)


def section(
    decided: Sequence[Decided],
    to_do: Sequence[ToDo],
    declared: Sequence[Declared],
    *,
    is_carried: bool,
    confirmed: datetime.date | None = None,
) -> str:
    """One item: interests, decisions, who does what. Says so where nothing was recorded.

    `confirmed`: the day of the meeting whose minutes were confirmed under it.
    """
    lines = [] if confirmed is None else [f"The minutes of {day_words(confirmed)} were confirmed."]
    lines += [
        f"{one.who} declared an interest: {ended(one.words)} {ended(one.what_follows)}"
        for one in declared
    ]
    for one in decided:
        said = f"Decided ({one.reference}): {ended(one.words)}"
        if one.by_chair is not None:
            said = (
                f"The meeting heard that the chair decided on {day_words(one.by_chair)} "
                f"({one.reference}): {ended(one.words)}"
            )
        if one.reverses:
            said += f" This reverses {one.reverses}, which stays on record."
        if one.reasons:
            said += f" Reasons: {ended(one.reasons)}"
        lines.append(said)
    lines += [f"To do: {ended(one.words)} {one.owner}, by {day_words(one.due)}." for one in to_do]
    if is_carried:
        lines.append("Carried over to the next meeting.")
    return "\n".join(lines) or "Discussed. No decision was taken."

"""Days and lists in the words of letters and minutes. Pure."""

from __future__ import annotations

import datetime
from collections.abc import Sequence


def day_words(day: datetime.date) -> str:
    """ "3 May 2026"."""
    return f"{day.day} {day:%B} {day.year}"


def listed(names: Sequence[str]) -> str:
    """ "a, b and c"; "" for none."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def ended(text: str) -> str:
    """With a full stop, where it has no end of its own."""
    text = text.strip()
    return text if not text or text[-1] in ".?!:" else f"{text}."

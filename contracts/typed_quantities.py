"""A quantity as people type it: 1,200 or 12.5 or "40 hours", in the measure's own unit. Pure."""

from __future__ import annotations

import re
from decimal import Decimal

_NUMBER = re.compile(
    r"([+\-−]?)((?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?|\.[0-9]+)", re.ASCII
)
LONGEST = 40


class QuantityError(ValueError):
    """Text that is no quantity, or one in another unit; the message is for the person."""


def read_quantity(text: str, unit: str = "") -> Decimal | None:
    """The number, None where nothing was typed. Raises QuantityError.

    `unit` is what the measure is counted in: it may be typed behind the number, another may not.
    """
    typed = text.replace("\u00a0", " ").strip()
    if not typed:
        return None
    shown = typed if len(typed) <= LONGEST else f"{typed[:LONGEST]}..."
    if unit.casefold().startswith("pounds"):
        typed = typed.removeprefix("£").strip()
    match = _NUMBER.match(typed)
    if not match or len(match[2]) > LONGEST:
        raise QuantityError(
            f"“{shown}” is not a number. Type figures, like 12 or 12.5, or leave it empty."
        )
    rest = typed[match.end() :].strip()
    if rest and not _same(rest, unit):
        if rest[:1].isdigit() or rest[:1] in ".,":
            raise QuantityError(
                f"“{shown}” can be read in more than one way. Type it like 1,200 or 12.5."
            )
        counted = f"This is counted in {unit}. " if unit else ""
        raise QuantityError(f"“{shown}” is not a plain number. {counted}Type the number only.")
    number = Decimal(match[2].replace(",", ""))
    return -number if match[1] in ("-", "−") else number


def unit_problem(given: str, unit: str) -> str:
    """A sentence where the unit that came with a quantity is not the measure's; else ""."""
    if not given.strip() or _same(given, unit):
        return ""
    return (
        f"The quantity came in “{given.strip()[:LONGEST]}”, but this is counted in {unit}. "
        "Convert it, then send it again."
    )


def _same(given: str, unit: str) -> bool:
    """The same unit in any case, one or many, or its last word: "hour" is "volunteer hours"."""
    first, second = (" ".join(each.casefold().split()).rstrip(".") for each in (given, unit))
    if first in ("%", "per cent", "percent"):
        return second.startswith(("%", "per cent", "percent"))
    names = {second, second.rsplit(" ", 1)[-1]} - {""}
    return any(first == name or f"{first}s" == name or first == f"{name}s" for name in names)

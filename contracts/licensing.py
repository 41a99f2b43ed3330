"""What an edition's licence lets us show, and to whom. Pure; every page, export and API asks here.

The licence is about values per unit, and so about pounds from which one could be worked out: those
of one line, and a total over so few measures that dividing it by their quantities gives one away.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from trafford_sv.core import disclosure

# Of this many values that a licence keeps in, their sum tells none.
FEWEST_MEASURES = 3

WITHHELD = "Withheld: the licence of this edition does not allow its values to be published."
WITHHELD_TOTAL = "Withheld: dividing it would tell values that a licence keeps in"
TEXT_WITHHELD = "Withheld: the licence of this edition does not allow its text to be published."


def may_show_value(values_may_be_published: bool, *, may_see_licensed: bool, outward: bool) -> bool:
    """Whether a value per unit, or the pounds of one line, may be shown.

    `may_see_licensed`: the reader holds `see_licensed_values`. `outward`: it leaves the product
    as an export or an API answer; then the licence decides alone.
    """
    return values_may_be_published or (may_see_licensed and not outward)


@dataclass(frozen=True)
class TotalReader:
    """Who reads a total of pounds.

    `may_see_licensed`: holds `see_licensed_values`. `outward`: it leaves the product. `types_quantities`:
    it is the reader who says the quantities, and could try them one by one. `any_day`: it is the reader who says
    the day as known on which a total is told, and two days one after another differ by one line.
    """

    may_see_licensed: bool = False
    outward: bool = True
    types_quantities: bool = False
    any_day: bool = False

    @property
    def may_have_each(self) -> bool:
        """Whether every total may be told, whatever licence keeps in what it is made of."""
        return self.may_see_licensed and not self.outward

    def may_have(self, held_measures: int) -> bool:
        """Whether a total may be told that so many different values add to which a licence keeps in."""
        if held_measures == 0 or self.may_have_each:
            return True
        return held_measures >= FEWEST_MEASURES and not (self.types_quantities or self.any_day)


def withheld_parts(parts: Mapping[Any, Iterable[int]], reader: TotalReader) -> set[Any]:
    """Of a total's parts those that may not be told, by the held measures that add to each."""
    return disclosure.withheld_parts(parts, reader.may_have)


def may_show_text(text_may_be_published: bool, *, is_public: bool, outward: bool = False) -> bool:
    """Whether a measure's title and description may be shown.

    `is_public`: anyone can open it. `outward`: an export or an API answer. People who sign in
    need the words of their own commitments, so a page for them shows the text.
    """
    return text_may_be_published or not (is_public or outward)

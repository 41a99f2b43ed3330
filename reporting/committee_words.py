"""The paragraph about social value that a committee paper carries. Pure.

It names which of the four figures it is, the period, how complete it is, its source and its day.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from decimal import Decimal

from trafford_sv.core.money import exact, readable

SAID = {
    "offered": ("offered", "was offered in winning bids"),
    "committed": ("committed", "was committed in agreements that both sides accepted"),
    "reported": ("reported", "was reported by suppliers and is not all checked yet"),
    "verified": ("verified", "was verified by an officer on evidence"),
}


@dataclass(frozen=True)
class CommitteeBlock:
    """One figure with all that a reader needs to trust it. `pounds` None is "none recorded"."""

    figure: str
    period: str
    social_pounds: Decimal | None
    local_economic_pounds: Decimal | None
    committed_pounds: Decimal | None
    completeness: str
    source: str
    made_on: datetime.date

    @property
    def heading(self) -> str:
        return f"Social value {SAID[self.figure][0]}"

    @property
    def amount(self) -> str:
        return "None recorded" if self.social_pounds is None else readable(self.social_pounds)

    @property
    def sentences(self) -> tuple[str, ...]:
        """The paragraph, sentence by sentence, the source last."""
        verb = SAID[self.figure][1]
        if self.social_pounds is None:
            first = (
                f"{self.period}, no amount of social value {verb}. "
                "Nothing recorded is not the same as nothing delivered."
            )
        else:
            first = (
                f"{self.period}, {readable(self.social_pounds)} of social value "
                f"({exact(self.social_pounds)}) {verb} across the council’s agreements"
            )
            beside = self.figure in ("reported", "verified") and self.committed_pounds is not None
            first += (
                f", of {readable(self.committed_pounds)} committed."
                if beside and self.committed_pounds is not None
                else "."
            )
        found = [first]
        if self.local_economic_pounds is not None:
            found.append(
                f"Local economic value, which is never added to it, was "
                f"{readable(self.local_economic_pounds)}."
            )
        found.append(f"{self.completeness}.")
        found.append(f"Source: {self.source}, read on {_day(self.made_on)}.")
        return tuple(found)

    @property
    def text(self) -> str:
        return f"{self.heading}: {self.amount}\n{' '.join(self.sentences)}"


def _day(day: datetime.date) -> str:
    return f"{day.day} {day:%B} {day.year}"

"""The five stages of social value maturity, in their order. Pure.

The stage is the fact and its key is stored; the number is a property of an edition of the index.
"""

from __future__ import annotations

from enum import StrEnum


class Stage(StrEnum):
    """Compare stages by `rank`: as text they would stand in the order of the alphabet."""

    MINIMUM = "minimum"
    DEVELOPING = "developing"
    MATURE = "mature"
    LEADER = "leader"
    INNOVATOR = "innovator"

    @property
    def rank(self) -> int:
        """0 for minimum to 4 for innovator, whatever an edition calls them."""
        return ORDER.index(self)

    @property
    def label(self) -> str:
        return self.value.capitalize()

    @property
    def next(self) -> Stage | None:
        """The stage above, None for the highest."""
        return ORDER[self.rank + 1] if self.rank + 1 < len(ORDER) else None


ORDER: tuple[Stage, ...] = tuple(Stage)
STAGE_CHOICES = [(stage.value, stage.label) for stage in ORDER]

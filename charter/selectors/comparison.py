"""Two versions of the charter side by side."""

from __future__ import annotations

import datetime
from dataclasses import dataclass

from ..differences import Difference, changed_only, differences
from ..models import CharterVersion
from ..texts import CharterText
from .versions import charter_text


@dataclass(frozen=True)
class Comparison:
    before: CharterText
    after: CharterText
    parts: tuple[Difference, ...]

    @property
    def changed(self) -> tuple[Difference, ...]:
        return changed_only(self.parts)


def compare_versions(
    before: CharterVersion, after: CharterVersion, as_of: datetime.date
) -> Comparison:
    """Six queries, and two more for each version that was read without its end."""
    one, other = charter_text(before, as_of), charter_text(after, as_of)
    return Comparison(one, other, differences(one, other))


def neighbour_before(version: CharterVersion) -> CharterVersion | None:
    """The approved version with the highest number below this one's."""
    return (
        CharterVersion.objects.approved()
        .filter(number__lt=version.number)
        .order_by("-number")
        .first()
    )

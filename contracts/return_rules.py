"""What a supplier may still change in a return, and what it is asked about. Pure."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterable
from decimal import Decimal

from trafford_sv.core.periods import Quarter

from .counting import CountingRule, warning_for

DRAFT, SUBMITTED, SENT_BACK, PART_VERIFIED = "draft", "submitted", "sent_back", "part_verified"
OPEN_LINE, LINE_SENT_BACK = "open", "sent_back"


def return_is_editable(state: str) -> bool:
    """The narrative, and which lines there are."""
    return state in (DRAFT, SENT_BACK)


def line_is_editable(return_state: str, line_state: str) -> bool:
    """A line that an officer has accepted is locked; one that was sent back is not."""
    if line_state == LINE_SENT_BACK:
        return True
    return line_state == OPEN_LINE and return_is_editable(return_state)


def line_warnings(
    rule: CountingRule | str,
    quantity: Decimal | None,
    promised: Decimal | None,
    happened_on: datetime.date | None,
    quarter: Quarter,
) -> tuple[str, ...]:
    """Sentences that the supplier answers with a reason before the return is sent."""
    rule = CountingRule(rule)
    found = []
    large = warning_for(rule, quantity, promised)
    if large:
        found.append(large)
    # For first-year measures the day is the one on which people started, often long before.
    outside = happened_on is not None and happened_on not in quarter
    if rule == CountingRule.FIRST_YEAR:
        outside = happened_on is not None and happened_on > quarter.end
    if outside and happened_on is not None:
        found.append(
            f"{happened_on:%-d %B %Y} is not in {quarter.label}. "
            "Check the date, or say why it belongs to this return."
        )
    return tuple(found)


def fingerprint(version: int, lines: Iterable[tuple[int, int]]) -> str:
    """Short text that changes with the return or any (key, version) of its lines."""
    parts = [str(version), *(f"{pk}:{held}" for pk, held in sorted(lines))]
    return hashlib.sha256(",".join(parts).encode()).hexdigest()[:32]

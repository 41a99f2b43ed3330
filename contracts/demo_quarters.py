"""The quarters that the demo's deliveries and payments reach. Pure."""

from __future__ import annotations

import datetime

from trafford_sv.core.periods import FinancialYear, Quarter


def demo_quarters(today: datetime.date) -> tuple[Quarter, ...]:
    """Every quarter that is over, oldest first, from the first of two whole years that are closed.

    The last is left open, so that there are returns to chase and to verify; those before it, eight
    to eleven, are closed.
    """
    left_open = Quarter.of(today).previous
    last_closed = left_open.previous
    whole = last_closed.start_year if last_closed.number == 4 else last_closed.start_year - 1
    found = [FinancialYear(whole - 1).quarters[0]]
    while found[-1] != left_open:
        found.append(found[-1].next)
    return tuple(found)

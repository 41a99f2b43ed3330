"""How a value of one unit reads. Pure."""

from __future__ import annotations

from decimal import Decimal


def unit_value(amount: Decimal) -> str:
    """£24,784.50, £0.03457, £264.00: at least pence, and no digit lost."""
    text = f"{amount:,.6f}".rstrip("0")
    whole, _, decimals = text.partition(".")
    return f"£{whole}.{decimals:0<2}"

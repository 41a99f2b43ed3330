"""Pounds as Decimal: parsing what people type, rounding, shares, and two ways of reading.

Pure. A value that is not there is None and never 0.
"""

from __future__ import annotations

import re
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation

PENNY = Decimal("0.01")
LARGEST = Decimal("99999999999999.99")
_PLAIN = re.compile(r"^\d{1,3}(,\d{3})+(\.\d+)?$|^\d+(\.\d+)?$|^\.\d+$", re.ASCII)
_OTHER_CURRENCY = re.compile(r"[$€¥]|\b(USD|EUR|JPY|CHF|AUD|CAD)\b", re.IGNORECASE)
_RANGE = re.compile(r"^£?\s*[\d,.]+\s*(-|–|to)\s*£?\s*[\d,.]+$", re.IGNORECASE)


class MoneyError(ValueError):
    """Text that is not an amount in pounds; the message is for the person who typed it."""


def pounds(amount: Decimal) -> Decimal:
    """Rounded half up, away from zero, to the penny."""
    return amount.quantize(PENNY, rounding=ROUND_HALF_UP)


def share(part: Decimal | None, whole: Decimal | None) -> Decimal | None:
    """part / whole, usually in 0..1. None where the base is empty: not available, never 0."""
    if part is None or whole is None or whole <= 0:
        return None
    return part / whole


def parse_pounds(text: str) -> Decimal:
    """An amount as people write it: "1,234.00", "£500", "(500)" for minus, "-500".

    Raises MoneyError with a sentence for anything else; blank is an error here, because
    whether blank is allowed is the caller's rule.
    """
    raw = text.strip().replace("\u00a0", " ")
    if not raw:
        raise MoneyError("There is no amount here.")
    if _OTHER_CURRENCY.search(raw):
        raise MoneyError(f"“{text}” is not in pounds. Convert it to pounds first.")
    if _RANGE.match(raw):
        raise MoneyError(f"“{text}” is a range. Give one amount in pounds.")
    negative = False
    body = raw
    if body.startswith("(") and body.endswith(")"):
        negative, body = True, body[1:-1].strip()
    if body[:1] in "-−+":
        negative ^= body[0] in "-−"
        body = body[1:].strip()
    body = re.sub(r"^GBP\s*|^£\s*|\s*GBP$", "", body, flags=re.IGNORECASE).strip()
    if body[:1] in "-−" and not negative:
        negative, body = True, body[1:].strip()
    if re.fullmatch(r"[0-9.]+[eE][+-]?[0-9]+", body):
        raise MoneyError(
            f"“{text}” is in scientific notation. Write the amount in full, for example 100000."
        )
    if not _PLAIN.match(body):
        raise MoneyError(f"“{text}” is not an amount in pounds. Write it like 1234.50.")
    try:
        amount = Decimal(body.replace(",", ""))
    except InvalidOperation as error:  # pragma: no cover - the pattern above admits numbers only
        raise MoneyError(f"“{text}” is not an amount in pounds.") from error
    if amount > LARGEST:
        raise MoneyError(f"“{text}” is larger than this system can hold. Check the amount.")
    return -amount if negative else amount


def exact(amount: Decimal) -> str:
    """For checking: £1,243,118.20, −£500.00."""
    value = pounds(amount)
    return f"{'−' if value < 0 else ''}£{abs(value):,.2f}"


def readable(amount: Decimal) -> str:
    """For reading: £1.24 million, £24 million, £53,200, £742."""
    size, sign = abs(amount), "−" if amount < 0 else ""
    for floor, word in ((Decimal(10) ** 9, " billion"), (Decimal(10) ** 6, " million")):
        if size >= floor * Decimal("0.9995"):
            scaled = (size / floor).quantize(PENNY, rounding=ROUND_HALF_UP)
            return f"{sign}£{scaled:f}".rstrip("0").rstrip(".") + word
    whole = size.quantize(Decimal(1), rounding=ROUND_HALF_UP)
    return f"{sign if whole else ''}£{whole:,}"


def percentage(value: Decimal | None, places: int = 0) -> str:
    """A share of 1 as "53%"; "not available" for None."""
    if value is None:
        return "not available"
    step = Decimal(1).scaleb(-places)
    return f"{(value * 100).quantize(step, rounding=ROUND_HALF_UP):f}%".replace("-", "−")

"""Numbers that registers give organisations: one spelling each, and whether they can be right. Pure."""

from __future__ import annotations

import re

COMPANY, CHARITY, VAT, PPON, CONTRACTS_FINDER = "GB-COH", "GB-CHC", "GB-VAT", "GB-PPON", "GB-CFS"
# Strongest first. A VAT number is not here: a group of companies may share one.
STRONG = (COMPANY, CHARITY, PPON, CONTRACTS_FINDER)
_SHAPES = {
    COMPANY: (
        re.compile(r"^(?:\d{8}|(?:[A-Z]{2}|R\d)\d{6}|[A-Z]{2}\d{5}R)$"),
        "A company number has 8 characters, such as 01234567 or OC301234.",
    ),
    CHARITY: (
        re.compile(r"^(?:\d{6,7}(?:-\d{1,4})?|SC\d{6}|NIC?\d{6})$"),
        "A charity number has 6 or 7 digits, such as 1123456.",
    ),
    VAT: (re.compile(r"^(?:\d{9}|\d{12})$"), "A VAT number has 9 digits, such as 123456789."),
    PPON: (
        re.compile(r"^P[A-Z]{3}-\d{4}-[A-Z]{4}$"),
        "A public procurement organisation number looks like PABC-1234-DEFG.",
    ),
}


def clean_identifier(scheme: str, value: str) -> str:
    """The register's own spelling: no spaces, capitals, leading noughts of a company number.

    Not checked; see `identifier_problem`.
    """
    text = " ".join(value.split())
    if scheme not in _SHAPES:
        return text
    text = re.sub(r"[\s./]", "", text).upper()
    if scheme == COMPANY and text.isdigit() and 6 <= len(text) <= 7:
        # A spreadsheet drops leading noughts; the register has no shorter numbers.
        return text.zfill(8)
    if scheme == VAT:
        return re.sub(r"^GB", "", text).replace("-", "")
    if scheme == PPON and re.fullmatch(r"P[A-Z]{3}\d{4}[A-Z]{4}", text):
        return f"{text[:4]}-{text[4:8]}-{text[8:]}"
    return text


def identifier_problem(scheme: str, value: str) -> str:
    """A sentence for the person where the cleaned value cannot be right, else ""."""
    cleaned = clean_identifier(scheme, value)
    if not cleaned:
        return "Enter the number, or leave out the line."
    shape = _SHAPES.get(scheme)
    if shape is None:
        return ""
    pattern, sentence = shape
    if scheme == COMPANY and re.fullmatch(r"0+", cleaned):
        return sentence
    return "" if pattern.match(cleaned) else sentence

"""Whether a name in a spending file may be an organisation we know: a score and its reasons.

Pure. The score only orders proposals: a person decides. A VAT number or the council's own
payee number speaks for a match but never decides it alone, because groups of companies share
one VAT number and councils reuse supplier accounts.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal

from rapidfuzz import fuzz

from trafford_sv.directory.names import legal_form, name_core, name_key

CUT_AT = 35  # publishers' systems cut names at this many characters
PROPOSE_FROM = Decimal("0.600")
_TOP = Decimal("0.990")
_PER_VAT, _PER_COMPANY, _PER_NUMBER, _PER_LOCAL = (
    Decimal("0.080"),
    Decimal("0.120"),
    Decimal("0.080"),
    Decimal("0.010"),
)
_WITHHELD = ("redacted", "name withheld", "withheld", "redacted personal", "personal information")


@dataclass(frozen=True)
class Candidate:
    """An organisation as far as matching needs it. Numbers as published, without spaces."""

    names: tuple[str, ...]  # its name first, then its legal name and aliases
    vat_numbers: frozenset[str] = frozenset()
    payee_numbers: frozenset[str] = frozenset()
    location_known: bool = False


@dataclass(frozen=True)
class Match:
    """`score` in 0..0.99; `reasons` in words, the weightiest first; `name` is the one that fits."""

    score: Decimal
    reasons: tuple[str, ...]
    name: str


def is_withheld(name: str) -> bool:
    """Whether the publisher put a word in the place of the name."""
    key = name_key(name)
    return key.startswith("redacted") or key in _WITHHELD


def words_of(name: str) -> frozenset[str]:
    """The words by which candidates are looked up: longer than two letters, no legal forms."""
    return frozenset(word for word in name_core(name).split() if len(word) > 2)


def score(
    payee: str,
    candidate: Candidate,
    *,
    vat_number: str = "",
    payee_number: str = "",
) -> Match:
    """How well the payee fits the best of the candidate's names, with what speaks for it."""
    best, reasons, fitting = Decimal(0), [], ""
    for index, name in enumerate(candidate.names):
        value, reason = _name_score(payee, name, "name" if index == 0 else "other name")
        if value > best:
            best, reasons, fitting = value, [reason], name
    number = vat_number.upper().removeprefix("GB")
    if number and number in {held.upper().removeprefix("GB") for held in candidate.vat_numbers}:
        reasons.append("Same VAT number; companies of one group can share it.")
        best += _PER_VAT if best >= PROPOSE_FROM else Decimal("0.300")
    if payee_number and payee_number in candidate.payee_numbers:
        reasons.append("The council pays both under the same payee number.")
        best += _PER_NUMBER if best >= PROPOSE_FROM else Decimal("0.350")
    if candidate.location_known and best >= PROPOSE_FROM:
        best += _PER_LOCAL
        reasons.append("Its location is known.")
    if fitting and legal_form(payee) and legal_form(fitting):
        if legal_form(payee) != legal_form(fitting):
            best -= Decimal("0.150")
            reasons.append(
                f"But one is {legal_form(payee).upper()} and the other "
                f"{legal_form(fitting).upper()}: they may be two bodies."
            )
    return Match(
        max(Decimal(0), min(best, _TOP)).quantize(Decimal("0.001")), tuple(reasons), fitting
    )


def _name_score(payee: str, name: str, what: str) -> tuple[Decimal, str]:
    ours, theirs = name_key(payee), name_key(name)
    if not ours or not theirs:
        return Decimal(0), ""
    if ours == theirs:
        return Decimal("0.960"), f"Same {what}, “{name}”, apart from case, spacing or “Ltd”."
    core, other = name_core(payee), name_core(name)
    if core == other:
        return Decimal("0.900"), f"Same {what}, “{name}”, apart from its legal form."
    if len(payee.strip()) >= CUT_AT - 1 and theirs.startswith(ours) and len(theirs) > len(ours):
        return Decimal("0.930"), (
            f"The file cuts names at {CUT_AT} characters, and “{name}” begins with all of it."
        )
    shared = words_of(payee) & words_of(name)
    if not shared:
        return Decimal(0), ""
    # Both the words in any order and the letters in order; one word in common is not enough.
    tokens = Decimal(str(round(fuzz.token_set_ratio(core, other) / 100, 4)))
    letters = Decimal(str(round(fuzz.ratio(core, other) / 100, 4)))
    value = (tokens * 4 + letters * 6) / 10
    one_word = len(shared) == 1 and min(len(core.split()), len(other.split())) > 1
    if one_word and letters < Decimal("0.9"):
        value -= Decimal("0.100")
    if value < PROPOSE_FROM:
        return Decimal(0), ""
    said = int((value * 100).to_integral_value())
    return value * Decimal("0.920"), f"The {what} “{name}” is {said}% alike."


def best_matches(
    payee: str,
    candidates: Collection[tuple[int, Candidate]],
    *,
    vat_number: str = "",
    payee_number: str = "",
    limit: int = 3,
) -> list[tuple[int, Match]]:
    """The candidates worth proposing, best first; ties in the order of their keys."""
    scored = [
        (key, score(payee, candidate, vat_number=vat_number, payee_number=payee_number))
        for key, candidate in candidates
    ]
    good = [(key, match) for key, match in scored if match.score >= PROPOSE_FROM]
    return sorted(good, key=lambda pair: (-pair[1].score, pair[0]))[:limit]

"""The figures that a measure may be built from, each with its unit and what it can be narrowed to. Pure.

A measure names its numerator and, for a ratio, its denominator by the keys here; nobody writes code to
define one. A key that a stored measure names and that is gone from here is a refusal with a sentence,
never a zero.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    POUNDS = "pounds"
    COUNT = "count"
    SHARE = "share"
    RATIO = "ratio"  # pounds for each pound, read as "5.20 for each 1"


class Basis(StrEnum):
    """What a number rests on. The four value states are never mixed with one another."""

    OFFERED = "offered"
    COMMITTED = "committed"
    REPORTED = "reported"
    VERIFIED = "verified"
    AWARD = "award"
    INVOICE = "invoice"
    RECORD = "record"


class Narrowing(StrEnum):
    """What a figure can be limited to; the names are those of `contracts.selectors.position.Scope`."""

    AGREEMENT = "agreement"
    DIRECTORATE = "directorate"
    DIVISION = "division"
    THEME = "theme"
    WARD = "ward"


BASIS_WORDS: dict[Basis, str] = {
    Basis.OFFERED: "offered in winning bids",
    Basis.COMMITTED: "committed in agreements",
    Basis.REPORTED: "reported by suppliers, not yet checked",
    Basis.VERIFIED: "verified with evidence",
    Basis.AWARD: "as awarded",
    Basis.INVOICE: "as paid",
    Basis.RECORD: "as recorded",
}
_VALUE = (Basis.OFFERED, Basis.COMMITTED, Basis.REPORTED, Basis.VERIFIED)
_ALL = frozenset(Narrowing)
_PLACE_FREE = frozenset({Narrowing.AGREEMENT, Narrowing.DIRECTORATE, Narrowing.DIVISION})
NARROWING_WORDS: dict[Narrowing, str] = {
    Narrowing.AGREEMENT: "kind of agreement",
    Narrowing.DIRECTORATE: "directorate",
    Narrowing.DIVISION: "category",
    Narrowing.THEME: "theme",
    Narrowing.WARD: "ward",
}
_NONE: frozenset[Narrowing] = frozenset()


@dataclass(frozen=True)
class CatalogueFigure:
    """`words` say what is added up. `narrowings`: what it may be limited to."""

    key: str
    name: str
    words: str
    unit: Unit
    bases: tuple[Basis, ...]
    narrowings: frozenset[Narrowing] = _NONE


CATALOGUE: dict[str, CatalogueFigure] = {
    figure.key: figure
    for figure in (
        CatalogueFigure(
            "social_value",
            "Social value",
            "The pounds of social measures, at the value of one unit that was pinned when each was agreed.",
            Unit.POUNDS,
            _VALUE,
            _ALL,
        ),
        CatalogueFigure(
            "local_economic_value",
            "Local economic value",
            "The pounds of local economic measures. Never added to social value.",
            Unit.POUNDS,
            _VALUE,
            _ALL,
        ),
        CatalogueFigure(
            "contract_value",
            "Contract value",
            "The awards, excluding VAT, of agreements in force. Frameworks have no value of their own.",
            Unit.POUNDS,
            (Basis.AWARD,),
            _PLACE_FREE,
        ),
        CatalogueFigure(
            "tendered_value",
            "Value of contracts with a winning bid on record",
            "The awards of contracts whose winning bid is recorded here and whose whole value is known; "
            "no frameworks. Offers divided by it are those of the same contracts.",
            Unit.POUNDS,
            (Basis.AWARD,),
            _PLACE_FREE,
        ),
        CatalogueFigure(
            "agreements",
            "Agreements in force",
            "Awarded by the end of the period and not over before it began.",
            Unit.COUNT,
            (Basis.RECORD,),
            _PLACE_FREE,
        ),
        CatalogueFigure(
            "commitments",
            "Commitments",
            "Agreed by both sides and not withdrawn.",
            Unit.COUNT,
            (Basis.RECORD,),
            _ALL,
        ),
        CatalogueFigure(
            "returns_expected",
            "Returns that are due",
            "One for each supplier of an agreement with commitments, for the last quarter of the period.",
            Unit.COUNT,
            (Basis.RECORD,),
            _ALL,
        ),
        CatalogueFigure(
            "returns_received",
            "Returns that came in",
            "Those of the returns due that were sent.",
            Unit.COUNT,
            (Basis.RECORD,),
            _ALL,
        ),
        CatalogueFigure(
            "spend_contestable",
            "Contestable spend",
            "Payments for which another payee could have been chosen.",
            Unit.POUNDS,
            (Basis.INVOICE,),
        ),
        CatalogueFigure(
            "spend_known",
            "Contestable spend whose place is known",
            "Contestable payments to payees whose location is known.",
            Unit.POUNDS,
            (Basis.INVOICE,),
        ),
        CatalogueFigure(
            "spend_retained",
            "Spend retained in Trafford and Greater Manchester",
            "Contestable payments to payees in Trafford or the rest of Greater Manchester.",
            Unit.POUNDS,
            (Basis.INVOICE,),
        ),
        CatalogueFigure(
            "spend_trafford",
            "Spend retained in Trafford",
            "Contestable payments to payees in Trafford.",
            Unit.POUNDS,
            (Basis.INVOICE,),
        ),
    )
}


class FigureGone(ValueError):
    """A stored measure names a figure that the catalogue does not have."""


def figure(key: str) -> CatalogueFigure:
    """Raises FigureGone with a sentence for the officer."""
    try:
        return CATALOGUE[key]
    except KeyError:
        raise FigureGone(
            f"The figure “{key}” is not in the catalogue any more. Choose another for this measure."
        ) from None


def unit_of_formula(numerator: str, denominator: str) -> Unit | None:
    """Of a computed measure: anything divided is a share. None where the numerator is unknown."""
    held = CATALOGUE.get(numerator)
    if held is None:
        return None
    return Unit.SHARE if denominator else held.unit

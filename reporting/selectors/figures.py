"""The catalogue's figures, read from the one selector that each page of them uses."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from contracts.four_figures import Amounts, Completeness, ValueState
from contracts.retained import RetainedSpend
from contracts.selectors.delivery_sums import Closings
from contracts.selectors.position import (
    EVERYWHERE,
    Asked,
    Position,
    Scope,
    position,
    positions,
)
from contracts.selectors.position_report import PositionReport, completeness_of
from contracts.selectors.spend import retained_spend_everywhere
from contracts.valuation import Kind
from trafford_sv.core.access import can
from trafford_sv.core.money import percentage
from trafford_sv.core.periods import Quarter

from ..catalogue import Basis, FigureGone, figure
from ..models import StarMeasure
from ..star_measures import Reading, first_quarter, plain_reading, ratio_reading

VALUE_KINDS = {"social_value": "social", "local_economic_value": "local_economic"}

# What the list of payments calls the places of each figure of spend.
_PLACES = {
    "spend_contestable": "contestable",
    "spend_known": "known",
    "spend_retained": "retained",
    "spend_trafford": "trafford",
}


@dataclass(frozen=True)
class WorkedOut:
    """A measure's reading with the completeness that every figure lists."""

    reading: Reading
    completeness: Completeness
    known_words: str = ""


@dataclass
class FigureReader:
    """Reads figures for the whole council, or for what `user` may see. What was read once is kept: 1 query for the positions
    of a scope and a period and 1 for its returns, 1 for a quarter's spend, however many measures ask. `prepare` reads the
    positions of several scopes and periods at once. `as_known`: as known at that moment; spend is as now.
    """

    user: Any = EVERYWHERE
    outward: bool = False
    as_known: datetime.datetime | None = None
    _positions: dict[Asked, Position] = field(default_factory=dict)
    _completeness: dict[tuple[Scope, Quarter], Completeness] = field(default_factory=dict)
    _spend: dict[tuple[Quarter | None, Quarter], RetainedSpend] = field(default_factory=dict)

    def keep(self, one: Asked, report: PositionReport) -> None:
        """What the caller has read already."""
        self._positions[one] = report.position
        self._completeness[one.scope, report.quarter] = report.completeness

    def prepare(self, asked: Iterable[Asked], closings: Closings) -> None:
        """1 query, none where all is known."""
        wanted = [one for one in dict.fromkeys(asked) if one not in self._positions]
        if wanted:
            found = positions(
                self.user, wanted, outward=self.outward, as_known=self.as_known, closings=closings
            )
            self._positions.update(zip(wanted, found, strict=True))

    def position(self, scope: Scope, first: Quarter | None, last: Quarter) -> Position:
        held = Asked(scope, first, last)
        if held not in self._positions:
            self._positions[held] = position(
                self.user, scope, first=first, last=last, outward=self.outward,
                as_known=self.as_known,
            )  # fmt: skip
        return self._positions[held]

    def completeness(self, scope: Scope, last: Quarter) -> Completeness:
        if (scope, last) not in self._completeness:
            self._completeness[scope, last] = completeness_of(
                self.user, scope, last, as_known=self.as_known
            )
        return self._completeness[scope, last]

    def spend(self, first: Quarter | None, last: Quarter) -> RetainedSpend:
        if (first, last) not in self._spend:
            self._spend[first, last] = retained_spend_everywhere(first=first, last=last)
        return self._spend[first, last]

    def value(
        self,
        key: str,
        basis: str,
        scope: Scope,
        first: Quarter | None,
        last: Quarter,
        *,
        over: str = "",
    ) -> Decimal | None:
        """One figure in its unit; None where nothing is recorded. Raises FigureGone.

        `over`: the figure that it is divided by. What was offered is divided by the value of the
        contracts that it was offered for, so then only their offers count.
        """
        wanted = figure(key)
        if key.startswith("spend_"):
            return _of_spend(key, self.spend(first, last))
        if key in ("returns_expected", "returns_received"):
            came = self.completeness(scope, last)
            return Decimal(came.expected if key == "returns_expected" else came.received)
        found = self.position(scope, first, last)
        if key in ("social_value", "local_economic_value"):
            if basis not in wanted.bases:
                raise FigureGone(f"“{wanted.name}” cannot be read as “{basis}”. Choose its basis.")
            amounts = found.figures.get(basis) or Amounts()
            if basis == Basis.OFFERED and over == "tendered_value":
                amounts = found.tendered_offers or Amounts()
            return amounts.social_pounds if key == "social_value" else amounts.local_economic_pounds
        values: dict[str, Decimal | int | None] = {
            "contract_value": found.contract_value_pounds,
            "tendered_value": found.tendered_value_pounds,
            "agreements": found.counts.agreements,
            "commitments": found.counts.commitments,
        }
        value = values[key]
        return None if value is None else Decimal(value)

    def is_withheld(
        self,
        key: str,
        basis: str,
        scope: Scope,
        first: Quarter | None,
        last: Quarter,
        *,
        over: str = "",
    ) -> bool:
        """There is an amount, and a licence keeps it from this reader."""
        if key not in VALUE_KINDS:
            return False
        found, kind = self.position(scope, first, last), VALUE_KINDS[key]
        if basis == Basis.OFFERED and over == "tendered_value":
            return kind in found.tendered_withheld
        return found.figures.is_withheld(ValueState(basis), Kind(kind))

    def read(self, measure: StarMeasure, quarter: Quarter) -> WorkedOut:
        """A computed measure at the end of a quarter. Raises FigureGone."""
        first, scope = first_quarter(measure.period, quarter), scope_of(measure)
        reading = self.reading(measure, Asked(scope, first, quarter))
        known = self.known_words(measure.numerator, first, quarter)
        return WorkedOut(reading, self.completeness(scope, quarter), known)

    def reading(self, measure: StarMeasure, of: Asked) -> Reading:
        """A computed measure of a scope and a period. Raises FigureGone."""
        scope, first, quarter = of.scope, of.first, of.last
        over = measure.denominator if measure.is_ratio else ""
        top = self.value(
            measure.numerator, measure.numerator_basis, scope, first, quarter, over=over
        )
        if not measure.is_ratio:
            return plain_reading(top, name=figure(measure.numerator).name)
        base = self.value(measure.denominator, measure.denominator_basis, scope, first, quarter)
        return ratio_reading(
            top,
            base,
            numerator_name=figure(measure.numerator).name,
            denominator_name=figure(measure.denominator).name,
        )

    def known_words(self, key: str, first: Quarter | None, last: Quarter) -> str:
        """Of a spend figure: the share whose place is known, without which a percentage misleads."""
        if not key.startswith("spend_"):
            return ""
        spend = self.spend(first, last)
        return f"Location known for {percentage(spend.known_share)} of contestable spend"


def scope_of(measure: StarMeasure) -> Scope:
    return Scope(
        agreement=measure.agreement,
        directorate=measure.directorate_id,
        division=measure.division,
        theme=measure.theme,
        ward=measure.ward,
    )


def rows_behind(measure: StarMeasure, key: str, basis: str, quarter: Quarter) -> str:
    """The address of the list with exactly the rows of a figure; "" where no list has them."""
    return span_rows(scope_of(measure), key, basis, first_quarter(measure.period, quarter), quarter)


def span_rows(
    scope: Scope, key: str, basis: str, first: Quarter | None, last: Quarter, **more: str
) -> str:
    """The same from quarter to quarter; `more` narrows the list further."""
    counted = {"until": last.code, "since": first.code if first else None}
    if key in VALUE_KINDS and basis in (Basis.REPORTED, Basis.VERIFIED):
        return _address("delivery-list", scope.query(kind=VALUE_KINDS[key], **counted, **more))
    if key in VALUE_KINDS and basis == Basis.COMMITTED:
        return _address("commitment-list", scope.query(kind=VALUE_KINDS[key], **counted, **more))
    if key == "commitments":
        return _address("commitment-list", scope.query(standing="yes", **counted, **more))
    if scope.contract is not None:
        return ""  # the lists that follow are not narrowed to one agreement
    if key in ("agreements", "contract_value", "tendered_value"):
        # No part of an agreement's value is a measure's, a theme's, a ward's or a supplier's.
        if any((scope.measure, scope.theme, scope.ward, scope.edition, scope.supplier)):
            return ""
        if key == "tendered_value":
            more = {"tendered": "yes", **more}
        return _address("contract-list", scope.query(**counted, **more))
    if key.startswith("returns_"):
        if any((scope.measure, scope.edition)):
            return ""  # the list of returns is not narrowed by these
        narrowed = {
            "directorate": scope.directorate, "kind": scope.agreement, "supplier": scope.supplier,
            "division": scope.division, "theme": scope.theme, "ward": scope.ward,
        }  # fmt: skip
        said = {k: v for k, v in narrowed.items() if v}
        return _address("return-list", urlencode({"due_in": last.code, **said}))
    if key in _PLACES:
        spans = {"until": last.code, **({"since": first.code} if first else {})}
        return _address("payment-list", urlencode({"place": _PLACES[key], **spans}))
    return ""


# A supplier reads returns too, but not in the officers' list.
_ASKS = {"return-list": ("view_returns", "see_dashboard"), "payment-list": ("view_spend",)}


def rows_page(user: Any, address: str) -> str:
    """The list for this reader; "" where the page is for others. Programs have lists of their own."""
    path = address.partition("?")[0]
    shut = any(
        path == reverse(name) and not all(can(user, each) for each in asks)
        for name, asks in _ASKS.items()
    )
    return "" if shut else address


def rows_words(key: str, basis: str, first: Quarter | None, last: Quarter) -> str:
    """What the list of `span_rows` does not show by itself, or why there is none; "" where it shows all."""
    if key in VALUE_KINDS and basis == Basis.OFFERED:
        return "The lines of a bid are sealed, so they are in no list. What each agreement's winners offered is below."
    if key == "contract_value":
        return "A framework in the list has no value of its own and adds nothing."
    if key == "returns_expected":
        return (
            "A return that did not come in is on no list: the list of returns has those that came in. Those that did not are "
            f"on the page that closes {last.short}."
        )
    return ""


def _address(name: str, query: str) -> str:
    return f"{reverse(name)}?{query}" if query else reverse(name)


def _of_spend(key: str, spend: RetainedSpend) -> Decimal | None:
    if not spend.lines:
        return None
    return {
        "spend_contestable": spend.contestable_pounds,
        "spend_known": spend.known_pounds,
        "spend_retained": spend.retained_pounds,
        "spend_trafford": spend.trafford_pounds,
    }[key]

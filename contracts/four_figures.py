"""Offered, committed, reported, verified: four figures that are never mixed. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from trafford_sv.core.money import share

from .valuation import Kind, Totals, plus


class ValueState(StrEnum):
    """Which of the four a total is. Every total says so."""

    OFFERED = "offered"
    COMMITTED = "committed"
    REPORTED = "reported"
    VERIFIED = "verified"


@dataclass(frozen=True)
class Amounts:
    """One figure, its two kinds apart. None: nothing of that kind has an amount."""

    social_pounds: Decimal | None = None
    local_economic_pounds: Decimal | None = None

    @classmethod
    def of(cls, totals: Totals) -> Amounts:
        return cls(totals.social_pounds, totals.local_economic_pounds)

    def of_kind(self, kind: Kind | str) -> Decimal | None:
        return {
            Kind.SOCIAL: self.social_pounds,
            Kind.LOCAL_ECONOMIC: self.local_economic_pounds,
            Kind.RECORD_ONLY: None,
        }[Kind(kind)]

    def plus(self, other: Amounts | None) -> Amounts:
        if other is None:
            return self
        return Amounts(
            plus(self.social_pounds, other.social_pounds),
            plus(self.local_economic_pounds, other.local_economic_pounds),
        )


@dataclass(frozen=True)
class FourFigures:
    """The four of one contract, supplier, measure or portfolio. A figure that is not there is None.

    `withheld`: (state, kind) of amounts that are there and may not be told to this reader; they are
    None above. `due_to_date` is the part of `committed` that the quarterly profiles put before today.
    """

    offered: Amounts | None = None
    committed: Amounts | None = None
    reported: Amounts | None = None
    verified: Amounts | None = None
    due_to_date: Amounts | None = None
    withheld: frozenset[tuple[str, str]] = frozenset()

    def is_withheld(self, state: ValueState | str, kind: Kind | str) -> bool:
        return (ValueState(state).value, Kind(kind).value) in self.withheld

    def without(self, withheld: frozenset[tuple[str, str]]) -> FourFigures:
        """The same with these amounts left out, and said to be."""

        def left(state: ValueState) -> Amounts | None:
            held = self.get(state)
            if held is None:
                return None
            social = (state.value, Kind.SOCIAL.value) in withheld
            local = (state.value, Kind.LOCAL_ECONOMIC.value) in withheld
            return Amounts(
                None if social else held.social_pounds,
                None if local else held.local_economic_pounds,
            )

        return FourFigures(
            left(ValueState.OFFERED),
            left(ValueState.COMMITTED),
            left(ValueState.REPORTED),
            left(ValueState.VERIFIED),
            None if withheld else self.due_to_date,
            self.withheld | withheld,
        )

    def get(self, state: ValueState | str) -> Amounts | None:
        return {
            ValueState.OFFERED: self.offered,
            ValueState.COMMITTED: self.committed,
            ValueState.REPORTED: self.reported,
            ValueState.VERIFIED: self.verified,
        }[ValueState(state)]

    def pounds(self, state: ValueState | str, kind: Kind | str) -> Decimal | None:
        amounts = self.get(state)
        return None if amounts is None else amounts.of_kind(kind)

    def plus(self, other: FourFigures) -> FourFigures:
        def both(first: Amounts | None, second: Amounts | None) -> Amounts | None:
            return second if first is None else first.plus(second)

        return FourFigures(
            both(self.offered, other.offered),
            both(self.committed, other.committed),
            both(self.reported, other.reported),
            both(self.verified, other.verified),
            both(self.due_to_date, other.due_to_date),
        ).without(self.withheld | other.withheld)

    def delivery_share(self, kind: Kind | str) -> Decimal | None:
        """Verified of everything committed. None where nothing is committed or verified yet."""
        return share(
            self.pounds(ValueState.VERIFIED, kind), self.pounds(ValueState.COMMITTED, kind)
        )

    def delivery_share_to_date(self, kind: Kind | str) -> Decimal | None:
        """Verified of what was due by now. None where nothing was due."""
        due = None if self.due_to_date is None else self.due_to_date.of_kind(kind)
        return share(self.pounds(ValueState.VERIFIED, kind), due)

    def verified_share_of_reported(self, kind: Kind | str) -> Decimal | None:
        return share(self.pounds(ValueState.VERIFIED, kind), self.pounds(ValueState.REPORTED, kind))

    def committed_share_of_offered(self, kind: Kind | str) -> Decimal | None:
        return share(self.pounds(ValueState.COMMITTED, kind), self.pounds(ValueState.OFFERED, kind))


@dataclass(frozen=True)
class Completeness:
    """How many of the returns that were due have come in. Every published figure lists it."""

    expected: int
    received: int

    @property
    def share(self) -> Decimal | None:
        return share(Decimal(self.received), Decimal(self.expected))

    @property
    def missing(self) -> int:
        return max(0, self.expected - self.received)

    @property
    def is_complete(self) -> bool:
        return self.missing == 0

    @property
    def sentence(self) -> str:
        if self.expected <= 0:
            return "No returns are due yet"
        noun = "return" if self.expected == 1 else "returns"
        return f"{self.received:,} of {self.expected:,} {noun} received"

    def plus(self, other: Completeness) -> Completeness:
        return Completeness(self.expected + other.expected, self.received + other.received)


@dataclass(frozen=True)
class Settled:
    """One line after an officer and, where asked, a beneficiary have looked at it."""

    reported: Decimal | None
    verified: Decimal | None
    disputed: Decimal | None
    awaits_confirmation: bool = False


def settle(
    reported: Decimal | None,
    accepted: Decimal | None,
    confirmed: Decimal | None = None,
    *,
    confirmation_asked: bool = False,
) -> Settled:
    """What counts as verified: never above reported, accepted or, where asked, confirmed.

    `accepted` None: no officer has decided. While a confirmation that was asked for is out,
    nothing is verified: the quantity stays reported. `disputed` is what the beneficiary did not
    confirm, None until they have answered.
    """
    if reported is None:
        return Settled(None, None, None, False)
    if confirmation_asked and confirmed is None:
        return Settled(reported, None, None, True)
    disputed = None
    ceiling = reported
    if confirmation_asked and confirmed is not None:
        disputed = max(Decimal(0), reported - confirmed)
        ceiling = min(reported, confirmed)
    verified = None if accepted is None else min(accepted, ceiling)
    return Settled(reported, verified, disputed, False)

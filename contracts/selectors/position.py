"""The four figures of any scope: one contract, a supplier, a measure, or everything.

This is the one place they are read. Page, command, export and API ask here, and each figure
names the list of rows that it adds up (`/deliveries/`, `/commitments/`).

* offered: the winning bids of agreements in the scope whose award was not cancelled since.
* committed: what both sides agreed by the end of the period, on agreements in force during it.
  A commitment that was varied counts in full until its variation is agreed. From then on it
  counts with what was verified under it by the end of the period: that part of the promise was
  kept, and the variation promises what comes after. A commitment withdrawn outright counts the
  same way, so neither takes committed below verified (decision 24).
* reported: lines of submitted returns that count in the period.
* verified: the part of those that an officer accepted.

Every amount was rounded per line when it was written; here amounts are only added. Social and
local economic value stay apart. A sum over nothing is None, a sum over zeros is 0.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import (
    CharField,
    Count,
    F,
    IntegerField,
    Q,
    Sum,
    Value,
)
from django.db.models.functions import Cast

from trafford_sv.core.money import pounds, share
from trafford_sv.core.periods import Quarter

from ..four_figures import Amounts, FourFigures, ValueState
from ..licensing import TotalReader
from ..valuation import plus
from .delivery_sums import (
    NOT_REPORTED,
    UNDECIDED,
    WITHOUT_VALUE,
    Closings,
    closings_of,
    summed_quarters,
    sums_in,
)
from .position_rows import (
    POUNDS,
    awards_in,
    commitments_in,
    lines_in,
    offers_in,
    quarters_between,
    stood,
)
from .position_scope import EVERYWHERE, Scope, agreements_of, held_measure, total_reader

__all__ = [
    "EVERYWHERE",
    "Asked",
    "Counts",
    "Position",
    "Scope",
    "agreements_of",
    "amounts",
    "awards_in",
    "commitments_in",
    "lines_in",
    "offers_in",
    "position",
    "positions",
    "quarters_between",
    "stood",
]


@dataclass(frozen=True)
class Counts:
    """What the sums rest on, so that nobody takes a gap for a zero."""

    agreements: int = 0
    commitments: int = 0
    commitments_varied: int = 0  # or withdrawn, besides those; what was verified under them counts
    commitments_without_value: int = 0
    lines: int = 0
    lines_not_reported: int = 0
    lines_undecided: int = 0
    lines_without_value: int = 0


@dataclass(frozen=True)
class Position:
    """The four figures of a scope in one period, with what they rest on."""

    scope: Scope
    first: datetime.date | None
    last: datetime.date
    figures: FourFigures
    counts: Counts
    contract_value_pounds: Decimal | None
    contracts_without_value: int
    tendered_value_pounds: Decimal | None = None
    tendered_offers: Amounts | None = None
    tendered_withheld: frozenset[str] = frozenset()  # kinds of it that may not be told
    offers_left_out: int = 0  # agreements whose winning offer is in no base: see `offered_share`
    of_kind: Mapping[str, Counts] = field(default_factory=dict)  # `counts`, for each kind of value

    @property
    def offered_share(self) -> Decimal | None:
        """Social value offered for each pound of the contracts that it was offered for.

        The base are contracts with a winning bid on record whose awards are made and all have a
        value; frameworks have none. `tendered_offers` is what was offered for those contracts and
        for no others, `offers_left_out` counts the other agreements with an offer.
        """
        offered = self.tendered_offers
        return share(offered.social_pounds if offered else None, self.tendered_value_pounds)


@dataclass(frozen=True)
class Asked:
    """One scope in one period, of several that are read together. `first` None is "since the beginning"."""

    scope: Scope
    first: Quarter | None
    last: Quarter


def position(
    user: Any,
    scope: Scope,
    *,
    first: Quarter | None,
    last: Quarter,
    outward: bool = False,
    as_known: datetime.datetime | None = None,
    closings: Closings | None = None,
    with_awards: bool = True,
) -> Position:
    """The four figures from quarter to quarter; `first` None is "since the beginning". 1 query, and
    one for the quarters that are summed (`delivery_sums`), where the scope may be read from sums.
    `closings` are those, where the caller has asked already. Without awards no value of contracts and
    number of agreements.

    `outward`: for an export or an API answer. A total that would tell a value which a licence keeps
    in is None, and named in the figures' `withheld` (decision 16).

    `as_known` gives every figure, and each agreement that it is of, as known at that moment.

    A part of an agreement (a measure, a theme, a ward, one supplier's part) has no contract value.
    """
    if closings is None:
        closings = summed_quarters(user, scope, as_known=as_known) if first != last else {}
    (found,) = positions(
        user, [Asked(scope, first, last)], outward=outward, as_known=as_known, closings=closings,
        with_awards=with_awards,
    )  # fmt: skip
    return found


def positions(
    user: Any,
    asked: Sequence[Asked],
    *,
    outward: bool = False,
    as_known: datetime.datetime | None = None,
    closings: Closings | None = None,
    with_awards: bool = True,
) -> list[Position]:
    """The positions of several scopes and periods in the order they are asked, as `position` has each.
    1 query for all. `closings`: closed quarters whose sums may be read, of whichever scope they may.
    """
    branches: list[Any] = []
    for number, one in enumerate(asked):
        held = closings_of(user, one.scope, closings or {})
        branches += _branches(user, one, str(number), as_known, held, with_awards)
    found: list[dict[str, dict[str, _Sums]]] = [
        {"offered": {}, "left out": {}, "committed": {}, "delivered": {}, "awards": {}}
        for _ in asked
    ]
    for label, kind, held_measure_pk, *sums in (
        branches[0].union(*branches[1:], all=True).order_by()
    ):
        number, _, figure = label.partition(" ")
        part = _Sums.of(held_measure_pk, *sums)
        of_scope = found[int(number)][figure]
        of_scope[kind] = part.plus(of_scope.get(kind))
    reader = total_reader(user, outward=outward, any_day=as_known is not None)
    return [_position(one, sums, reader) for one, sums in zip(asked, found, strict=True)]


def _branches(
    user: Any,
    one: Asked,
    number: str,
    as_known: datetime.datetime | None,
    closings: Closings,
    with_awards: bool,
) -> Iterator[Any]:
    """What one position reads, each branch under its number."""
    scope, first, last = one.scope, one.first, one.last
    starts = first.start if first else None
    offers = offers_in(user, scope, starts, last.end, as_known=as_known)
    yield _sums(
        offers,
        f"{number} offered",
        "requested__measure",
        one="offered_pounds",
        two=Sum("offered_pounds", filter=Q(in_base=True), output_field=POUNDS),
    )
    yield _sums(
        offers.filter(in_base=False),
        f"{number} left out",
        "",
        one="offered_pounds",
        rows=Count("bid__tender__contract", distinct=True),
    )
    yield _sums(
        commitments_in(user, scope, starts, last.end, as_known=as_known),
        f"{number} committed",
        "measure",
        one="counted_pounds",
        blank=~stood(last.end, as_known),
        unpriced=Q(committed_pounds__isnull=True) & stood(last.end, as_known),
    )
    yield from _delivered(user, one, f"{number} delivered", as_known, closings)
    awards = awards_in(user, scope, starts, last.end, as_known=as_known)
    if with_awards and not awards.query.is_empty():
        # Awards made by `last` on agreements in force; `blank` are those whose value is not known.
        yield _sums(
            awards,
            f"{number} awards",
            "",
            one=Sum("value_pounds", filter=Q(of_framework=False), output_field=POUNDS),
            two=Sum("value_pounds", filter=Q(in_base=True), output_field=POUNDS),
            rows=Count("contract_id", distinct=True),
            blank=Q(value_pounds__isnull=True, of_framework=False),
        )


def _position(one: Asked, found: dict[str, dict[str, _Sums]], reader: TotalReader) -> Position:
    offered, committed, delivered = found["offered"], found["committed"], found["delivered"]
    withheld = frozenset(
        (state.value, kind)
        for state, rows, second in (
            (ValueState.OFFERED, offered, False),
            (ValueState.COMMITTED, committed, False),
            (ValueState.REPORTED, delivered, False),
            (ValueState.VERIFIED, delivered, True),
        )
        for kind, row in rows.items()
        if not reader.may_have(len(row.held_two if second else row.held_one))
    )
    untold_offers = frozenset(
        kind
        for kind, row in offered.items()
        if (ValueState.OFFERED.value, kind) in withheld or not reader.may_have(len(row.held_two))
    )
    awards = found["awards"].get("")
    return Position(
        scope=one.scope,
        first=one.first.start if one.first else None,
        last=one.last.end,
        figures=FourFigures(
            offered=amounts((kind, row.one) for kind, row in offered.items()),
            committed=amounts((kind, row.one) for kind, row in committed.items()),
            reported=amounts((kind, row.one) for kind, row in delivered.items()),
            verified=amounts((kind, row.two) for kind, row in delivered.items()),
        ).without(withheld),
        counts=_counts(committed, delivered, awards.rows if awards else 0),
        of_kind={
            kind: _counts(
                _only(kind, committed), _only(kind, delivered), awards.rows if awards else 0
            )
            for kind in {*committed, *delivered}
        },
        contract_value_pounds=_whole_pennies(awards.one if awards else None),
        contracts_without_value=awards.blank if awards else 0,
        tendered_value_pounds=_whole_pennies(awards.two if awards else None),
        tendered_offers=amounts(
            (kind, row.two) for kind, row in offered.items() if kind not in untold_offers
        ),
        tendered_withheld=untold_offers,
        offers_left_out=sum(row.rows for row in found["left out"].values()),
    )


def _whole_pennies(amount: Decimal | None) -> Decimal | None:
    return None if amount is None else pounds(amount)


def _delivered(
    user: Any, of: Asked, figure: str, as_known: datetime.datetime | None, closings: Closings
) -> Iterator[Any]:
    """Lines, and the sums of those that closed quarters hold."""
    scope, first, last = of.scope, of.first, of.last
    two = Sum("verified_pounds", output_field=POUNDS)
    yield _sums(
        lines_in(user, scope, first, last, as_known=as_known, without=closings),
        figure,
        "commitment__measure",
        one="reported_pounds",
        two=two,
        blank=NOT_REPORTED,
        undecided=UNDECIDED,
        unpriced=WITHOUT_VALUE,
    )
    if closings:
        yield _sums(
            sums_in(user, scope, first, last, closings),
            figure,
            "measure",
            kind=F("kind"),
            one="reported_pounds",
            two=two,
            rows=Sum("lines"),
            blank=Sum("lines_not_reported"),
            undecided=Sum("lines_undecided"),
            unpriced=Sum("lines_without_value"),
        )


@dataclass(frozen=True)
class _Sums:
    """What one branch of the query says of one kind of value; the same columns for each.

    `blank`: lines without a quantity, or commitments that no longer stand.
    """

    one: Decimal | None
    two: Decimal | None
    rows: int
    blank: int
    undecided: int
    unpriced: int
    held_one: frozenset[int] = frozenset()  # measures with a value that a licence keeps in,
    held_two: frozenset[int] = frozenset()  # of those that add something to the sum

    @classmethod
    def of(cls, held: int | None, one: Decimal | None, two: Decimal | None, *counts: int) -> _Sums:
        def adding(amount: Decimal | None) -> frozenset[int]:
            return frozenset([held] if held is not None and amount else [])

        rows, blank, undecided, unpriced = counts
        return cls(one, two, rows, blank, undecided, unpriced, adding(one), adding(two))

    def plus(self, other: _Sums | None) -> _Sums:
        if other is None:
            return self
        return _Sums(
            plus(self.one, other.one),
            plus(self.two, other.two),
            self.rows + other.rows,
            self.blank + other.blank,
            self.undecided + other.undecided,
            self.unpriced + other.unpriced,
            self.held_one | other.held_one,
            self.held_two | other.held_two,
        )


def _only(kind: str, found: dict[str, _Sums]) -> dict[str, _Sums]:
    return {kind: found[kind]} if kind in found else {}


def _counts(committed: dict[str, _Sums], delivered: dict[str, _Sums], agreements: int) -> Counts:
    return Counts(
        agreements=agreements,
        commitments=sum(row.rows - row.blank for row in committed.values()),
        commitments_varied=sum(row.blank for row in committed.values()),
        commitments_without_value=_unpriced(committed),
        lines=sum(row.rows for row in delivered.values()),
        lines_not_reported=sum(row.blank for row in delivered.values()),
        lines_undecided=sum(row.undecided for row in delivered.values()),
        lines_without_value=_unpriced(delivered),
    )


def _unpriced(found: dict[str, _Sums]) -> int:
    """Rows that could have pounds and have none. What is only counted never could."""
    return sum(row.unpriced for kind, row in found.items() if kind != "record_only")


_NEVER = Q(pk__in=[])


def _sums(
    of: Any,
    figure: str,
    measure: str,
    *,
    one: Any,
    two: Any = None,
    rows: Any = None,
    blank: Any = _NEVER,
    undecided: Any = _NEVER,
    unpriced: Any = _NEVER,
    kind: Any = None,
) -> Any:
    """One branch: (figure under its number, kind, held measure, two sums, four counts).

    A row for each kind of value, and one for each measure whose values a licence keeps in: so what
    adds to a sum is known without another question. `measure`: the way to it; "" for neither.
    The last three are conditions on rows, or their counts.
    """
    if kind is None:
        kind = F(f"{measure}__kind") if measure else Value("", CharField())
    held: Any = held_measure(measure) if measure else Cast(Value(None), IntegerField())
    return (
        of.annotate(
            figure=Value(figure, CharField()),
            kind_of_value=kind,
            held=held,
        )
        .values("figure", "kind_of_value", "held")
        .annotate(
            one=Sum(one, output_field=POUNDS) if isinstance(one, str) else one,
            two=two or Cast(Value(None), POUNDS),
            rows=rows or Count("pk"),
            blank=_count(blank),
            undecided=_count(undecided),
            unpriced=_count(unpriced),
        )
        .values_list(
            "figure",
            "kind_of_value",
            "held",
            "one",
            "two",
            "rows",
            "blank",
            "undecided",
            "unpriced",
        )
        .order_by()
    )


def _count(condition: Any) -> Any:
    if condition is _NEVER:
        return Value(0, IntegerField())
    return Count("pk", filter=condition) if isinstance(condition, Q) else condition


def amounts(rows: Iterable[tuple[str, Decimal | None]]) -> Amounts:
    by_kind = {kind: amount for kind, amount in rows if amount is not None}
    social, local = by_kind.get("social"), by_kind.get("local_economic")
    # SQLite adds decimals in binary; each addend was whole pennies, so the sum is too.
    return Amounts(
        None if social is None else pounds(social), None if local is None else pounds(local)
    )
